/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The display gateway: the browser's windows on this session's display, without anything of the
 * session being opened to the browser's user. The runner listens where the browser looks for a
 * display and passes what listens; here each connection is accepted, one to the own compositor or
 * X server is made for it, and bytes and descriptors go both ways. What goes through is not read
 * but for the beginning of an X11 connection, where the cookie is put in. With the gateway, and
 * with this program, every connection of it is closed at once, and with those its windows, unless
 * an X11 client has asked for them to stay.
 *
 * In one thread, that of the default main context.
 */
#include "browser-wire.h"

#include <glib.h>

#define GATEWAY_CONNECTIONS_MAX 64

typedef struct DisplayGateway DisplayGateway;

/*
 * The displays that this session has for a browser, as a set for BROWSER_START: Wayland alone where
 * there is a compositor that answers, for X11 keeps no window from another; else X11; 0: none.
 */
guint32 display_gateway_available(void);

/* Takes what listens for that display. Only connections of uid are served. */
DisplayGateway *display_gateway_new(enum browser_display which, int listening, uid_t uid);

/* Closes everything; NULL is none. */
void display_gateway_free(DisplayGateway *g);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DisplayGateway, display_gateway_free)

/* How many connections there are now. */
guint display_gateway_connections(const DisplayGateway *g);
