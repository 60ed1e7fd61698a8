/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Who is told of refused packets: subscribers by their connection, each of the own uid's or, if
 * polkit lets them, of everybody's. Nothing of what they are told is kept here.
 */
#include "manager.h"

/* A subscription for everybody's packets has to be authorized before. 0 or a refusal in *error. */
int blocked_subscribe(struct manager *m, sd_bus_message *call, uid_t uid, bool all,
		      sd_bus_error *error);
/* Whether there is room for one more of that caller. 0 or a refusal in *error. */
int blocked_has_room(const struct manager *m, sd_bus_message *call, uid_t uid, sd_bus_error *error);
void blocked_unsubscribe(struct manager *m, const char *sender);
void blocked_unsubscribe_all(struct manager *m);

/* A packet was refused: tells those who may know. */
void blocked_tell(struct manager *m, const struct wire_blocked_entry *b);

/* polkit's rules have changed: asks silently whether they still may; a plain no leaves the own. */
bool blocked_needs_recheck(const struct manager *m);
void blocked_recheck(struct manager *m);

/* One entry, as both the list and the signal have it. */
#define BLOCKED_TYPES "tttuuiyqayss"
int blocked_append(sd_bus_message *m, const struct wire_blocked_entry *b);

extern const sd_bus_vtable blocked_vtable[];
