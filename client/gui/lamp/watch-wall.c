/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "watch-wall.h"

#include "paths.h"
#include "util.h"

#include <glib/gi18n-lib.h>
#include <unistd.h>

#define UNSEALED_PATH RUN_DIR "/unsealed"
/* A service that is started anew, as by an update, is back before anybody needs to know. */
#define LOST_SECONDS 5

struct watch {
	GuiService *service;
	LampNotices *notices;
	guint patience; /* once, while it may be on its way; 0: is not waited for */
	gboolean lost;  /* and the person was told */
	gboolean open;  /* that an administrator did it */
	GFileMonitor *unsealed;
};

static gboolean is_unsealed(void)
{
	return access(UNSEALED_PATH, F_OK) == 0;
}

static void show_lost(struct watch *w)
{
	gboolean open = is_unsealed();
	const struct lamp_words words = {
		.title = open ? _("The wall is down") : _("The network guard does not answer"),
		.text = open ? _("An administrator has taken it down: programs can reach the Internet "
				 "without Tor until the computer is restarted. If you did not want "
				 "that, restart it now.")
			     : _("The wall stays closed and Tor goes on, but no door can be opened, "
				 "and those that were open are closed. Wait a moment; if it stays so, "
				 "restart the computer."),
		.urgency = open ? URGENCY_CRITICAL : URGENCY_NORMAL,
		.stays = true,
	};

	w->lost = TRUE;
	w->open = open;
	lamp_notices_show(w->notices, NOTICE_WALL, &words);
}

static gboolean on_patience(gpointer data)
{
	struct watch *w = data;

	w->patience = 0;
	show_lost(w);
	return G_SOURCE_REMOVE;
}

static void on_changed(struct watch *w)
{
	if (gui_service_sealed(w->service)) {
		g_clear_handle_id(&w->patience, g_source_remove);
		if (w->lost)
			lamp_notices_hide(w->notices, NOTICE_WALL);
		w->lost = FALSE;
	} else if (!w->lost && !w->patience) {
		w->patience = g_timeout_add_seconds(LOST_SECONDS, on_patience, w);
	}
}

/* The wall may be taken down, or put up again, after its guard has gone. */
static void on_unsealed(struct watch *w)
{
	if (w->lost && w->open != is_unsealed())
		show_lost(w);
}

/* Its name is whatever that program calls itself. */
static char *tamper_text(const char *name, guint32 pid, gboolean repaired)
{
	g_autofree char *who = NULL, *clean = g_strdup(name);

	clean_text(clean);
	if (pid)
		/* Translators: a program's name, then its number. */
		who = g_strdup_printf(_("It was \"%s\" (process %u)."), clean, pid);
	else
		who = g_strdup(_("Which program it was is not known."));
	return g_strjoin(
		" ", who,
		repaired
			? _("The wall was put right at once. Only a program of an administrator "
			    "can do that: if nobody has just changed the firewall, tell whoever "
			    "administers this computer.")
			: _("The wall could not be put right. Disconnect from the network now, then "
			    "restart the computer."),
		NULL);
}

static void on_tamper(struct watch *w, int interface, const char *name, GVariant *values)
{
	g_autofree char *text = NULL;
	const char *program;
	gboolean repaired;
	guint32 pid;

	(void)interface;
	(void)name;
	if (!g_variant_is_of_type(values, G_VARIANT_TYPE("(uusb)")))
		return;
	g_variant_get(values, "(uu&sb)", NULL, &pid, &program, &repaired);
	text = tamper_text(program, pid, repaired);
	lamp_notices_show(w->notices, NOTICE_WALL,
			  &(struct lamp_words){
				  .title = _("Another program has changed the wall"),
				  .text = text,
				  .urgency = repaired ? URGENCY_NORMAL : URGENCY_CRITICAL,
				  .stays = true,
			  });
}

void watch_wall(GuiService *service, LampNotices *notices)
{
	g_autoptr(GFile) file = g_file_new_for_path(UNSEALED_PATH);
	struct watch *w = g_new0(struct watch, 1);

	w->service = service;
	w->notices = notices;
	w->unsealed = g_file_monitor_file(file, G_FILE_MONITOR_NONE, NULL, NULL);
	if (w->unsealed)
		g_signal_connect_swapped(w->unsealed, "changed", G_CALLBACK(on_unsealed), w);
	g_signal_connect_swapped(service, "changed", G_CALLBACK(on_changed), w);
	g_signal_connect_swapped(service, "signal::TamperDetected", G_CALLBACK(on_tamper), w);
}
