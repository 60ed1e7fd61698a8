/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Why a program may, or may not, begin a flow: the verdict on its first packet, in sentences for
 * people. Pure.
 */
#include "verdict.h"
#include "wire.h"

/* What is asked about. Addresses of IPv6 other than ::1 are not told apart: all are refused. */
struct question {
	uid_t uid;
	const char *user; /* name, for the sentences */
	bool ipv6, loopback6;
	uint32_t addr; /* IPv4, host order */
	char text[64]; /* the address as it was written */
	uint8_t protocol;
	uint16_t port;     /* of protocols that have ports */
	uint8_t addr_type; /* RTN_*, as the kernel's routes say; 0: guessed from the address */
	char link[POLICY_LINK_MAX + 1]; /* by which it would leave; "": not known */
};

struct explanation {
	struct outcome outcome;
	bool passes;               /* it leaves, or reaches the service */
	bool door;                 /* the user is one who can be given a door */
	bool with_door;            /* it would pass with a lease */
	char rule[WIRE_RULE_SIZE]; /* "rule 3 of chain lan" */
	char why[WIRE_SENTENCE_SIZE];
	char remedy[WIRE_SENTENCE_SIZE]; /* which verb or setting would allow it; "" if it passes */
	char who[WIRE_SENTENCE_SIZE];    /* who may do that */
};

/* kept: the elements of leases and on-link networks, SET_N lists; those of others are not looked
 * at. 0 or -ENOMEM. */
int explain(const struct policy *p, const struct ruleset *r, const struct rs_elements *kept,
	    const struct question *q, struct explanation *ret);

/* Elements of the sets that a load keeps, when no lease is open and every network is on-link; or
 * with a lease for that uid. The caller owns nothing. */
struct kept_sets {
	struct rs_elements sets[SET_N];
	struct rs_element grant, lease, live, on_link;
};
void kept_sets_init(struct kept_sets *k, const uid_t *leased);
