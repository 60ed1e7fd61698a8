/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Which network this is, put together from what the engine sees of the kernel and what
 * NetworkManager says of its connections; and what ends with it. The engine watches the kernel by
 * itself. A profile that takes another's place on the same link and gateway only NetworkManager
 * knows of: then consent is ended from here.
 */
#include "manager.h"

/* The engine: another number is another network; 0: none, or nobody knows. */
void network_number_changed(struct manager *m, uint32_t number);
/* NetworkManager, or that it has gone. */
void network_primary_changed(struct manager *m);
/* A door for the portal of another network than this one ends. */
void network_judge_doors(struct manager *m);
/* Consent was given, for the connection of that UUID ("": it is not known, and will be learnt). */
void network_consented(struct manager *m, const char *uuid);
/* Tries again what could not be asked. */
void network_retry(struct manager *m);

/*
 * Whether consent may be for a network of that name now: a UUID has to be the primary connection's
 * if NetworkManager is there. On success the connection's UUID, or "", is in uuid.
 */
int network_check(const struct manager *m, const char *name, char uuid[NETWORK_NAME_MAX + 1],
		  sd_bus_error *error);

extern const sd_bus_vtable network_vtable[];
