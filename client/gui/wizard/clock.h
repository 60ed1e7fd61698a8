/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The computer's clock, through org.freedesktop.timedate1, which asks polkit, which may ask. */
#include <gio/gio.h>

/*
 * seconds since 1970. G_IO_ERROR_BUSY: the computer is to set its clock by itself. Who cancels only
 * does not hear of it.
 */
void clock_set(guint64 seconds, GCancellable *cancel, GAsyncReadyCallback done, gpointer data);
gboolean clock_set_finish(GAsyncResult *result, GError **error);

/* In the person's own words for it, in the computer's time zone. Free with g_free. */
char *clock_text(gint64 seconds);
