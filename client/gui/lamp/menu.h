/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The indicator's menu (com.canonical.dbusmenu): each door with its countdown, and what to do. */
#include "doors.h"

#include <gio/gio.h>

#define LAMP_MENU_PATH "/MenuBar"

/*
 * Signals:
 *   "opened" ()      somebody looks: what it says should be true now
 *   "close" (user)   this door of one's own is to be closed
 *   "explain" ()     the window is wanted
 */
#define LAMP_TYPE_MENU (lamp_menu_get_type())
G_DECLARE_FINAL_TYPE(LampMenu, lamp_menu, LAMP, MENU, GObject)

LampMenu *lamp_menu_new(void);
void lamp_menu_set(LampMenu *menu, const struct lamp_doors *doors, usec_t now);
