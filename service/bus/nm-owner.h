/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Who is NetworkManager on the bus. Only root's is followed, and only the present owner of its
 * name: whoever else sends its signals is not heard.
 */
#include "util.h"

#include <systemd/sd-bus.h>

#define NM "org.freedesktop.NetworkManager"
#define NM_PATH "/org/freedesktop/NetworkManager"
#define DBUS_PROPERTIES "org.freedesktop.DBus.Properties"

struct nm_owner;

/* changed: there is another one now, or nobody. */
struct nm_owner *nm_owner_new(sd_bus *bus, void (*changed)(void *userdata), void *userdata);
struct nm_owner *nm_owner_free(struct nm_owner *o);

/* Its unique name; NULL: nobody, or not root's. */
const char *nm_owner_name(const struct nm_owner *o);
/* Whether it has sent that message. */
bool nm_owner_sent(const struct nm_owner *o, sd_bus_message *m);
