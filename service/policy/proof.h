/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The proof that a ruleset means what it should: spec section 5, for every packet that there can
 * be, whatever leases are open. What must hold is written in invariants.c, from the policy alone;
 * how rules are built is not looked at there. Pure.
 */
#include "verdict.h"

/* A packet for which something does not hold. */
struct proof_finding {
	unsigned number;      /* of the invariant; docs/security.md */
	const char *sentence; /* the invariant */
	enum rs_chain chain;  /* where the packet begins its way */
	struct packet packet;
	struct outcome outcome;
	char rule[64]; /* "rule 3 of chain output" */
};

/*
 * 0: proved; 1: it does not hold, and *ret is the first packet that was found; or -ENOMEM. Of a
 * ruleset that makes no sense (a loop): -ELOOP.
 */
int proof_run(const struct policy *p, const struct ruleset *r, struct proof_finding *ret);

/* What the invariant of that number says. */
const char *proof_sentence(unsigned number);

/* "invariant 3 does not hold: ... (uid 1000, UDP to ... is accepted by rule 3 of chain lan, ...)"
 */
void proof_describe(const struct policy *p, const struct proof_finding *f, char *buf, size_t size);
