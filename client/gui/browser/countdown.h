/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The time that a door has left, as minutes and seconds that change every second. To a screen
 * reader it is a timer, which is read when the person goes to it; what is said without being asked
 * is said at a few marks only, as an alert.
 */
#include "door.h"

#include <gtk/gtk.h>

typedef void (*countdown_fn)(guint left, gpointer data);

/* mark: called at each mark, with the seconds that are left. */
GtkWidget *countdown_new(GuiDoor *door, countdown_fn mark, gpointer data);

/* An alert of this text, which stays until the next one. */
void countdown_say(GtkWidget *countdown, const char *text);
