/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Follows NetworkManager's primary connection (org.freedesktop.NetworkManager.xml): the profile
 * whose default route counts. What a profile is called is told as it is told there, to everybody.
 */
#include "manager.h"

struct nm_primary;

struct primary {
	bool known;                      /* NetworkManager is there, and has said it */
	bool connecting;                 /* a connection that may become the primary one */
	char name[NETWORK_NAME_MAX + 1]; /* empty: none, or not one to be shown */
	char uuid[NETWORK_NAME_MAX + 1]; /* empty: none */
};

struct nm_primary *nm_primary_new(struct manager *m);
struct nm_primary *nm_primary_free(struct nm_primary *p);

/* As it was read last. */
const struct primary *nm_primary_get(const struct nm_primary *p);

/* There is another NetworkManager now, or none. */
void nm_primary_owner_changed(struct nm_primary *p);
/* Tries again what has failed. */
void nm_primary_retry(struct nm_primary *p);

/*
 * Whoever knows already that something has changed is not to be judged by what was before: while
 * it is being read the call is kept, and comes anew when it has been. 1: kept, the handler returns
 * 1; 0: go on; negative with *error set: too many wait.
 */
int nm_primary_settle(struct nm_primary *p, sd_bus_message *call, sd_bus_error *error);
