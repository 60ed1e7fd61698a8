/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The indicator in a tray: an org.kde.StatusNotifierItem, under a name of its own that it has
 * while there is something to show, so that it is gone at once from trays that know no "Passive".
 */
#include "doors.h"

#include <gio/gio.h>

/* Signal "tray" (): whether there is one has changed. */
#define LAMP_TYPE_ITEM (lamp_item_get_type())
G_DECLARE_FINAL_TYPE(LampItem, lamp_item, LAMP, ITEM, GObject)

/* menu: the object path of its com.canonical.dbusmenu. */
LampItem *lamp_item_new(GDBusConnection *session, const char *menu);
void lamp_item_set(LampItem *item, enum lamp_light light, const char *title, const char *text);
/* A tray is there that shows such indicators. */
gboolean lamp_item_has_tray(LampItem *item);
