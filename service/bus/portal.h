/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Doors of the scope "portal": of which network, to what its resolvers have named, and until the
 * portal is passed. What an answer opens is the engine's decision; here it is only read, by the
 * process that has nothing to lose.
 */
#include "manager.h"

/*
 * The saved IPv4 servers of the links that are up, and of which network these are, as far as that
 * is known: "cafe, eth0 (192.0.2.1)". How many; the text holds as many as there can be.
 */
uint32_t portal_servers(const struct manager *m, uint32_t servers[static WIRE_SERVERS_MAX],
			char text[static PORTAL_NETWORK_SIZE]);

/* An answer that the engine holds back. It always gets its addresses, perhaps none. */
void portal_dns_answer(struct manager *m, const struct wire_dns_answer *a);

/* Whether there are such doors has changed: until they are passed Tor is followed. */
void portal_follow(struct manager *m);

/* The network is open: ends every door that was for its portal. why: the rest of a sentence. */
void portal_passed(struct manager *m, const char *why);
