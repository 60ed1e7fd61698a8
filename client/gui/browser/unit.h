/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The browser's unit, from the launcher's side: one connection to the socket of browser-wire.h,
 * which is the browser's life. Freeing it ends the browser, whatever state it is in.
 */
#include "browser-wire.h"

#include <gio/gio.h>

/*
 * What the unit says, with the descriptors that came along (the callee takes those that it sets to
 * -1); m is NULL at the connection's end, and when none could be made: then error (an errno) is not
 * 0. After NULL nothing comes any more. The callee may free the unit.
 */
typedef void (*unit_fn)(const union browser_message *m, int fds[BROWSER_FDS_MAX], int error,
			gpointer data);

struct unit;

/*
 * Asks the unit of that user for a browser on one of these displays, with that page as its first
 * ("": its own). Nothing is called before the main loop runs again. A unit that is just ending is
 * asked again for some seconds.
 */
struct unit *unit_new(const char *user, guint32 displays, const char *page, unit_fn said,
		      gpointer data);
struct unit *unit_free(struct unit *u);

/* Tells it why it is about to be freed: for the log. */
void unit_stop(struct unit *u, enum browser_stop why);

/* The path of that user's socket; NULL for a name that has none. Free with g_free(). */
char *unit_path(const char *user);
