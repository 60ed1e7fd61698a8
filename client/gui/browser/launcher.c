/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "launcher.h"

#include "countdown.h"
#include "texts.h"
#include "unit.h"
#include "view.h"

#include <glib/gi18n-lib.h>

#define TIME_NOTE "time"  /* the notification of the time that is left */
#define NOTE_FROM_SEC 120 /* from when on there is one: the window may be behind the browser */

struct launcher {
	GApplication *app;
	GuiWindow *window; /* NULL once it is closed */
	GuiService *service;
	struct run *run;
	char *watched; /* the user whose unit's socket is watched; NULL for none */
	GFileMonitor *watch;
	struct browser_facts facts;
	struct content shown;
	guint looking;        /* the source of the next look(); 0 for none */
	GtkWidget *countdown; /* of the page that is shown; NULL if it has none */
};

static void changed(struct launcher *l);

static void read_facts(struct launcher *l)
{
	const char *user = gui_service_browser(l->service);
	enum gui_network network = gui_service_network(l->service, NULL, NULL);
	g_autofree char *socket = unit_path(user);

	l->facts = (struct browser_facts){
		.known = gui_service_known(l->service),
		.sealed = gui_service_sealed(l->service),
		.built_in = gui_service_built_in(l->service),
		.configured = *user,
		.portal = gui_service_offers(l->service, user, "portal"),
		.full = gui_service_offers(l->service, user, "full"),
		.unit = socket && g_file_test(socket, G_FILE_TEST_EXISTS),
		.connecting = network == GUI_NETWORK_CONNECTING,
		.up = network == GUI_NETWORK_UP,
		.dns = gui_service_has_dns(l->service),
		.door_open = gui_service_door_open(l->service),
	};
}

/* The socket comes and goes with its unit, and nobody tells of that but the file itself. */
static void watch_unit(struct launcher *l)
{
	const char *user = gui_service_browser(l->service);
	g_autofree char *path = unit_path(user);
	g_autoptr(GFile) file = NULL;

	if (g_strcmp0(user, l->watched) == 0)
		return;
	g_free(l->watched);
	l->watched = g_strdup(user);
	g_clear_object(&l->watch);
	if (!path)
		return;
	file = g_file_new_for_path(path);
	l->watch = g_file_monitor_file(file, G_FILE_MONITOR_NONE, NULL, NULL);
	if (l->watch)
		g_signal_connect_swapped(l->watch, "changed", G_CALLBACK(changed), l);
}

static void on_mark(guint left, gpointer data)
{
	struct launcher *l = data;
	g_autofree char *span = gui_span_text(left);
	g_autofree char *text = g_strdup_printf(_("The Unsafe Browser closes in %s"), span);
	g_autoptr(GNotification) note = NULL;

	if (left > NOTE_FROM_SEC)
		return;
	note = g_notification_new(text);
	g_notification_set_body(note, _("Log in before that, or ask for more time."));
	g_notification_set_default_action(note, "app.show");
	g_notification_add_button(note, _("More time"), "app.more-time");
	g_application_send_notification(l->app, TIME_NOTE, note);
}

static void did(enum deed deed, gpointer data);

static void show(struct launcher *l)
{
	GuiPage *page = view_new(&l->shown, did, l);
	gboolean here = l->shown.page == BROWSER_PAGE_RUNNING;

	l->countdown = here ? countdown_new(run_door(l->run), on_mark, l) : NULL;
	if (here)
		gui_page_add(page, l->countdown);
	else
		g_application_withdraw_notification(l->app, TIME_NOTE);
	gui_window_show(l->window, page);
	/* Why a browser has gone is not to be looked for behind other windows. */
	if (l->shown.page == BROWSER_PAGE_OVER)
		gtk_window_present(GTK_WINDOW(l->window));
}

static void update(struct launcher *l)
{
	struct content now = content_of(&l->facts, l->service, l->run);

	if (!l->window || content_equal(&now, &l->shown)) {
		content_clear(&now);
		return;
	}
	content_clear(&l->shown);
	l->shown = now;
	show(l);
}

static gboolean look(gpointer data)
{
	struct launcher *l = data;

	l->looking = 0;
	watch_unit(l);
	read_facts(l);
	run_look(l->run, &l->facts);
	update(l);
	return G_SOURCE_REMOVE;
}

/* One change comes in pieces: that a service has gone, from each of its interfaces. */
static void changed(struct launcher *l)
{
	if (!l->looking)
		l->looking = g_idle_add(look, l);
}

static void on_run(gpointer data)
{
	update(data);
}

static void on_more(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(GtkWidget) countdown = data;
	g_autoptr(GError) error = NULL;
	g_autofree char *span = NULL, *text = NULL;

	if (!gui_door_extend_finish(GUI_DOOR(source), result, &error)) {
		countdown_say(countdown, gui_error_advice(error));
		return;
	}
	g_application_withdraw_notification(g_application_get_default(), TIME_NOTE);
	span = gui_span_text(gui_door_left(GUI_DOOR(source)));
	text = g_strdup_printf(_("%s left"), span);
	countdown_say(countdown, text);
}

void launcher_more_time(struct launcher *l)
{
	GuiDoor *door = run_door(l->run);
	guint usual, longest;

	if (!door || !l->countdown)
		return;
	gui_service_limits(l->service, &usual, &longest);
	gui_door_extend(door, MIN(gui_door_left(door) + usual, longest), on_more,
			g_object_ref(l->countdown));
}

static void did(enum deed deed, gpointer data)
{
	struct launcher *l = data;

	switch (deed) {
	case DEED_OPEN_PORTAL:
		run_open(l->run, "portal");
		break;
	case DEED_OPEN_FULL:
		run_open(l->run, "full");
		break;
	case DEED_WARN_FULL:
		run_warn(l->run);
		break;
	case DEED_BACK:
	case DEED_RETRY:
	case DEED_AGAIN:
		run_back(l->run);
		break;
	case DEED_MORE_TIME:
		launcher_more_time(l);
		break;
	case DEED_STOP:
	case DEED_ABORT:
		run_stop(l->run, BROWSER_STOP_ASKED);
		break;
	case DEED_CANCEL:
	case DEED_CLOSE:
		gtk_window_close(GTK_WINDOW(l->window));
		break;
	case DEED_NONE:
	case DEED_N:
		break;
	}
}

/* Nobody could see it any more, or end it. */
static void on_destroy(struct launcher *l)
{
	l->window = NULL;
	l->countdown = NULL;
	run_stop(l->run, BROWSER_STOP_ASKED);
}

struct launcher *launcher_new(AdwApplication *app)
{
	struct launcher *l = g_new0(struct launcher, 1);

	l->app = G_APPLICATION(app);
	l->service = gui_service_new();
	l->run = run_new(l->service, on_run, l);
	l->window = gui_window_new(GTK_APPLICATION(app), _("Unsafe Browser"));
	g_signal_connect_swapped(l->service, "changed", G_CALLBACK(changed), l);
	g_signal_connect_swapped(l->window, "destroy", G_CALLBACK(on_destroy), l);
	l->shown.page = BROWSER_PAGE_N;
	update(l);
	return l;
}

void launcher_present(struct launcher *l)
{
	if (l->window)
		gtk_window_present(GTK_WINDOW(l->window));
}

void launcher_set_page(struct launcher *l, const char *url)
{
	run_set_page(l->run, url);
	update(l);
}

struct launcher *launcher_free(struct launcher *l, enum browser_stop why)
{
	if (!l)
		return NULL;
	g_signal_handlers_disconnect_by_data(l->service, l);
	if (l->window)
		g_signal_handlers_disconnect_by_data(l->window, l);
	if (l->watch)
		g_signal_handlers_disconnect_by_data(l->watch, l);
	g_clear_object(&l->watch);
	g_clear_handle_id(&l->looking, g_source_remove);
	l->run = run_free(l->run, why);
	g_application_withdraw_notification(l->app, TIME_NOTE);
	g_object_unref(l->service);
	content_clear(&l->shown);
	g_free(l->watched);
	g_free(l);
	return NULL;
}
