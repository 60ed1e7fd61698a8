/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* This session's own display servers, as its environment names them. */
#include "browser-wire.h"
#include "x11-setup.h"

#include <glib.h>

/* A connection that does not block, or a negative errno: -ENOENT where the session has none. */
int server_connect(enum browser_display which);

/*
 * What authorizes a client of $DISPLAY: the cookie of $XAUTHORITY, or nothing, with which a server
 * asks the kernel who connects.
 */
void server_authorization(struct x11_auth *ret);
