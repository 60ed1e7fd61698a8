/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Follows a local Tor's control socket, where an administrator has granted it, to learn when Tor
 * has connected. It asks for nothing else, and changes nothing. Without the grant, or without a
 * Tor, it is not followed, and that is all.
 */
#include "util.h"

#include <systemd/sd-event.h>

struct tor_control;

/* connected: called when Tor has connected while it was wanted to be known, perhaps repeatedly. */
struct tor_control *tor_control_new(sd_event *event, void (*connected)(void *userdata),
				    void *userdata);
struct tor_control *tor_control_free(struct tor_control *t);

/* From now on it is to be known, or is not any more. */
void tor_control_want(struct tor_control *t, bool wanted);
/* A second has passed: tries again what may have changed. */
void tor_control_retry(struct tor_control *t);
