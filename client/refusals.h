/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Refused packets as the service tells of them, and as they are shown. */
#include "service.h"

#include <arpa/inet.h>

struct refusal {
	uint64_t number;
	usec_t first, last;
	uint32_t count, uid; /* uid UINT32_MAX: no owner */
	int32_t family;
	uint8_t protocol;
	uint16_t port;                      /* 0: none */
	char destination[INET6_ADDRSTRLEN]; /* "": not kept */
	char class[32], origin[128];
};

struct refusals {
	struct refusal *items;
	size_t n;
};

/*
 * The members of one, which a signal has, and a structure in the list; the list, sorted by time.
 * Negative errno for what makes no sense.
 */
int refusal_read(sd_bus_message *m, struct refusal *ret);
int refusals_read(sd_bus_message *m, struct refusals *ret);
void refusals_clear(struct refusals *l);

void refusals_heading(void);
void refusal_print(const struct refusal *r);
/* What to ask to know more; the address is left for whoever knows it. */
void refusal_hints(const struct refusal *r);
json_object *refusal_json(const struct refusal *r);
