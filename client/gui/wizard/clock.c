/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "clock.h"

#include <glib/gi18n-lib.h>

#define TIMEDATE "org.freedesktop.timedate1"
#define PERSON_MSEC (120 * 1000)
/* What it says while the computer is to set its clock by itself. */
#define AUTOMATIC TIMEDATE ".AutomaticTimeSyncEnabled"

static void on_set(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(GTask) task = data;
	GError *error = NULL;
	g_autofree char *name = NULL;
	g_autoptr(GVariant) reply =
		g_dbus_connection_call_finish(G_DBUS_CONNECTION(source), result, &error);

	if (reply) {
		g_task_return_boolean(task, TRUE);
		return;
	}
	name = g_dbus_error_get_remote_error(error);
	if (g_strcmp0(name, AUTOMATIC) == 0) {
		g_error_free(error);
		error = g_error_new_literal(G_IO_ERROR, G_IO_ERROR_BUSY, AUTOMATIC);
	}
	g_dbus_error_strip_remote_error(error);
	g_task_return_error(task, error);
}

static void on_bus(GObject *source, GAsyncResult *result, gpointer data)
{
	GTask *task = data;
	GError *error = NULL;
	g_autoptr(GDBusConnection) bus = g_bus_get_finish(result, &error);
	guint64 *seconds = g_task_get_task_data(task);

	(void)source;
	if (!bus) {
		g_task_return_error(task, error);
		g_object_unref(task);
		return;
	}
	g_dbus_connection_call(
		bus, TIMEDATE, "/org/freedesktop/timedate1", TIMEDATE, "SetTime",
		g_variant_new("(xbb)", (gint64)(*seconds * G_USEC_PER_SEC), FALSE, TRUE), NULL,
		G_DBUS_CALL_FLAGS_ALLOW_INTERACTIVE_AUTHORIZATION, PERSON_MSEC, NULL, on_set, task);
}

void clock_set(guint64 seconds, GCancellable *cancel, GAsyncReadyCallback done, gpointer data)
{
	GTask *task = g_task_new(NULL, cancel, done, data);

	g_task_set_task_data(task, g_memdup2(&seconds, sizeof(seconds)), g_free);
	g_bus_get(G_BUS_TYPE_SYSTEM, NULL, on_bus, task);
}

gboolean clock_set_finish(GAsyncResult *result, GError **error)
{
	return g_task_propagate_boolean(G_TASK(result), error);
}

char *clock_text(gint64 seconds)
{
	g_autoptr(GDateTime) time = g_date_time_new_from_unix_local(seconds);
	char *text = NULL;

	if (time)
		/* Translators: a day and a time, see g_date_time_format(). */
		text = g_date_time_format(time, _("%A, %-d %B %Y, %H:%M"));
	return text ? text : g_strdup("?");
}
