/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "watch-doors.h"

#include "texts.h"

#include <glib/gi18n-lib.h>
#include <unistd.h>

/* Nobody tells of a second door, or of more time for one: it is asked for while there are any. */
#define ASK_SECONDS 5
#define CLOSE_ACTION "close"

struct watch {
	GuiService *service;
	LampItem *item;
	LampMenu *menu;
	LampNotices *notices;
	struct lamp_doors doors;
	gboolean known, asking; /* whose they are */
	guint timer, ticks;     /* runs while a door is open */
	char *shown;            /* by the notification; NULL: there is none */
	gboolean dismissed;     /* the person has taken it away: until the last minute */
	enum lamp_light light;
};

static void hide_notice(struct watch *w)
{
	g_clear_pointer(&w->shown, g_free);
	w->dismissed = FALSE;
	lamp_notices_hide(w->notices, NOTICE_DOOR);
}

/* In steps, so that it does not come up each second. */
static void show_notice(struct watch *w, enum lamp_light light, usec_t now)
{
	g_autofree char *text = lamp_doors_text(&w->doors, now, true);
	gboolean own = w->doors.own && w->doors.own->len;
	const struct lamp_words words = {
		.title = lamp_doors_title(&w->doors),
		.text = text,
		.urgency = URGENCY_NORMAL,
		.stays = true,
		.action = own ? CLOSE_ACTION : NULL,
		.label = _("Close now"),
		.otherwise = own ? _("To close it now, close the program that opened it.") : NULL,
	};

	if (light == LAMP_LAST && w->light != LAMP_LAST)
		w->dismissed = FALSE;
	if (w->dismissed || g_strcmp0(w->shown, text) == 0)
		return;
	g_free(w->shown);
	w->shown = g_steal_pointer(&text);
	lamp_notices_show(w->notices, NOTICE_DOOR, &words);
}

static void show(struct watch *w)
{
	usec_t now = now_boottime();
	enum lamp_light light = lamp_doors_light(&w->doors, now);
	g_autofree char *text = lamp_doors_text(&w->doors, now, false);

	if (light != LAMP_OFF && !w->known)
		return; /* whose it is comes in a moment */
	lamp_menu_set(w->menu, &w->doors, now);
	lamp_item_set(w->item, light, lamp_doors_title(&w->doors), text);
	if (light == LAMP_OFF || lamp_item_has_tray(w->item))
		hide_notice(w);
	else
		show_notice(w, light, now);
	w->light = light;
}

static void on_leases(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(GVariant) reply =
		gui_service_call_finish(GUI_SERVICE(source), result, NULL, NULL);
	struct watch *w = data;

	w->asking = FALSE;
	if (!w->doors.open)
		return;
	/* Without an answer what was known of one's own stays so. */
	if (reply) {
		g_clear_pointer(&w->doors.own, g_ptr_array_unref);
		w->doors.own = lamp_doors_read(reply, getuid());
	}
	w->known = TRUE;
	show(w);
}

static void ask(struct watch *w)
{
	if (w->asking || !w->doors.open)
		return;
	w->asking = TRUE;
	gui_service_call(w->service, GUI_CLEARNET, "ListLeases", NULL, GUI_QUICK, NULL, on_leases,
			 w);
}

static gboolean on_tick(gpointer data)
{
	struct watch *w = data;

	if (++w->ticks % ASK_SECONDS == 0)
		ask(w);
	show(w);
	return G_SOURCE_CONTINUE;
}

static void on_changed(struct watch *w)
{
	gboolean open = gui_service_door_open(w->service);

	if (open == w->doors.open)
		return;
	w->doors.open = open;
	w->known = FALSE;
	g_clear_pointer(&w->doors.own, g_ptr_array_unref);
	g_clear_handle_id(&w->timer, g_source_remove);
	lamp_notices_hide(w->notices, NOTICE_FAILURE);
	if (open) {
		w->timer = g_timeout_add_seconds(1, on_tick, w);
		ask(w);
	}
	show(w);
}

static void on_closed(GObject *source, GAsyncResult *result, gpointer data)
{
	struct watch *w = data;
	g_autoptr(GError) error = NULL;
	g_autoptr(GVariant) reply =
		gui_service_call_finish(GUI_SERVICE(source), result, NULL, &error);
	g_autofree char *text = NULL;

	ask(w);
	/* It has ended by itself meanwhile: that is what was wanted. */
	if (reply || g_error_matches(error, GUI_ERROR, GUI_ERROR_NO_SUCH_LEASE))
		return;
	text = g_strjoin("\n", error->message, gui_error_advice(error), NULL);
	lamp_notices_show(w->notices, NOTICE_FAILURE,
			  &(struct lamp_words){.title = _("The door could not be closed"),
					       .text = text,
					       .urgency = URGENCY_CRITICAL});
}

static void close_door(struct watch *w, const struct lamp_door *door)
{
	const char *confined = lamp_door_namespace(door);

	gui_service_call(w->service, GUI_CLEARNET,
			 confined ? "DisableClearnetNamespace" : "DisableClearnetUser",
			 g_variant_new("(s)", confined ? confined : door->user), GUI_QUICK, NULL,
			 on_closed, w);
}

/* user: whose door, NULL for all of one's own. */
static void on_close(struct watch *w, const char *user)
{
	for (guint i = 0; w->doors.own && i < w->doors.own->len; i++) {
		const struct lamp_door *door = w->doors.own->pdata[i];

		if (!user || g_str_equal(door->user, user))
			close_door(w, door);
	}
}

static void on_action(struct watch *w, int notice)
{
	if (notice == NOTICE_DOOR)
		on_close(w, NULL);
}

static void on_dismissed(struct watch *w, int notice)
{
	if (notice == NOTICE_DOOR)
		w->dismissed = TRUE;
}

void watch_doors(GuiService *service, LampItem *item, LampMenu *menu, LampNotices *notices)
{
	struct watch *w = g_new0(struct watch, 1);

	w->service = service;
	w->item = item;
	w->menu = menu;
	w->notices = notices;
	g_signal_connect_swapped(service, "changed", G_CALLBACK(on_changed), w);
	g_signal_connect_swapped(item, "tray", G_CALLBACK(show), w);
	g_signal_connect_swapped(menu, "opened", G_CALLBACK(show), w);
	g_signal_connect_swapped(menu, "close", G_CALLBACK(on_close), w);
	g_signal_connect_swapped(notices, "action", G_CALLBACK(on_action), w);
	g_signal_connect_swapped(notices, "closed", G_CALLBACK(on_dismissed), w);
	show(w);
}
