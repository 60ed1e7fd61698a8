/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * A door that this program holds: it is open while the lease's descriptor and this program's bus
 * connection are. The descriptor's hang-up is the truth of its end; LeaseEnded says why.
 */
#include "service.h"

#define GUI_TYPE_DOOR (gui_door_get_type())
G_DECLARE_FINAL_TYPE(GuiDoor, gui_door, GUI, DOOR, GObject)

/*
 * Signal "ended" (reason): once, when it has ended by whatever but gui_door_close(); the reason of
 * LeaseEnded, or NULL where the service did not say one.
 *
 * gui_door_open() asks for one: user, scope ("portal", "full"), 0 seconds for the policy's usual. A
 * person may be asked meanwhile. gui_door_open_finish() returns it, the caller's, or NULL and the
 * error.
 */
void gui_door_open(GuiService *s, const char *user, const char *scope, guint seconds,
		   GCancellable *cancel, GAsyncReadyCallback done, gpointer data);
GuiDoor *gui_door_open_finish(GuiService *s, GAsyncResult *result, GError **error);

/* For more time, from now; the policy's longest is the end. NULL, or the error in finish. */
void gui_door_extend(GuiDoor *door, guint seconds, GAsyncReadyCallback done, gpointer data);
gboolean gui_door_extend_finish(GuiDoor *door, GAsyncResult *result, GError **error);

/* Seconds until it ends by itself, by CLOCK_BOOTTIME; 0 once it has ended. */
guint gui_door_left(GuiDoor *door);
gboolean gui_door_is_open(GuiDoor *door);

/* Closes it, at once. The last unref does so, too. */
void gui_door_close(GuiDoor *door);
