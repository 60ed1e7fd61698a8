/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Doors of a smaller scope: the DNS answers of their servers wait in the kernel until the bus
 * process, which has no privilege, has read them; what they name is checked again here and put into
 * the kernel's map; then they go on. Nothing waits for longer than a second, and what is not
 * answered for is dropped.
 */
#include "engine.h"

#define SCOPED_REACH_MAX (WIRE_SERVERS_MAX + 2 * LEASE_ADDRESSES_MAX)

void scoped_open(struct engine *e);
/* To be polled; -1: nothing is read now. */
int scoped_fd(const struct engine *e);
void scoped_read(struct engine *e);

/*
 * Whether that lease can be had here and now, and for a portal or a namespace, which network it is
 * for. Of its servers those remain that the network's own links lead to. REFUSAL_NONE, or why not.
 */
enum wire_refusal scoped_prepare(struct engine *e, struct lease *l, uint32_t *ret_detail);

/*
 * Where the kernel lets a lease go to, with timeouts from now that end no later than until; at most
 * SCOPED_REACH_MAX. Without what ends by itself before since. How many.
 */
size_t scoped_reach(const struct lease *l, usec_t now, usec_t since, usec_t until,
		    struct nft_reach *ret);

/* What the bus process has read in an answer. */
void scoped_named(struct engine *e, const struct wire_dns_addresses *m);
/* A lease has ended: what waits for it is dropped. */
void scoped_ended(struct engine *e, uint64_t lease);

/* What has waited for too long is dropped; and when to be called again. */
void scoped_tick(struct engine *e, usec_t now);
usec_t scoped_next(const struct engine *e);

/* Whether a portal's or a namespace's lease stands on the network; what it is now, or an errno: the
 * lease ends if it is another. */
bool scoped_stands(const struct engine *e);
void scoped_follow(struct engine *e, int error, const struct gateway *now);
