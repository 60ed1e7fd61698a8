/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What a door's scope means to those who ask for it: an option, an action of polkit, details. */
#include "wire.h"

#include <systemd/sd-bus.h>

/* EnableClearnetUser's options, a{sv}. 0, or negative with *error set for what is not understood.
 */
int scope_read_options(sd_bus_message *m, enum lease_scope *ret, sd_bus_error *error);

/* Of a uid's door, or a namespace's. NULL: nobody may ask for it. */
const char *scope_action(uint32_t uid, enum lease_scope s);

/* What polkit is shown. Points to what it was made of. */
struct scope_details {
	char duration[24];
	const char *pairs[9];
};
/* user: as it is called to people. network: for SCOPE_PORTAL alone. */
void scope_details(struct scope_details *d, uint32_t uid, const char *user, uint32_t seconds,
		   enum lease_scope scope, const char *network);
