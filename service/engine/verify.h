/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Is the wall in the kernel the one that was sent? It is read back, decoded and compared. */
#include "engine.h"

struct verification {
	enum verify_outcome outcome;
	uint32_t generation; /* of nf_tables */
	uint32_t n_rules, n_elements;
	usec_t took;
	char text[WIRE_TEXT_SIZE]; /* the first difference, or why it cannot be read; no end */
};

/* Against ruleset, and against what the engine says of leases, links and marks. Changes nothing. */
void verify_ruleset(struct engine *e, const struct ruleset *ruleset, struct verification *ret);
/* What is in force; a difference is logged, and the wall soon loaded again. */
void verify_now(struct engine *e, struct verification *ret);
