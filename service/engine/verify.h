/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Is the wall in the kernel the one that was sent, and does it mean what it should? It is read
 * back, decoded, compared, and the invariants are proved on what was read.
 */
#include "engine.h"

struct verification {
	enum verify_outcome outcome;
	uint32_t generation; /* of nf_tables */
	uint32_t n_rules, n_elements;
	usec_t took;
	char text[WIRE_TEXT_SIZE]; /* the first difference, or what does not hold; no end */
};

/*
 * Against ruleset, which p gives, and against what the engine says of leases, links and marks.
 * What is the same as a ruleset that was proved already is not proved again.
 */
void verify_ruleset(struct engine *e, const struct policy *p, const struct ruleset *ruleset,
		    struct verification *ret);
/* What is in force, and proves it anew; a difference is logged, and the wall soon loaded again. */
void verify_now(struct engine *e, struct verification *ret);
