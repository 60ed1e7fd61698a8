/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The elements of a ruleset's sets. On lack of memory these set ruleset.out_of_memory and go on.
 */
#include "ruleset.h"

void elements_append(struct ruleset *r, enum rs_set set, const struct rs_element *e);
/* One element whose fields are single values; key has as many numbers as the set has fields. */
void elements_add(struct ruleset *r, enum rs_set set, const uint32_t *key, uint32_t data,
		  struct origin origin);

/* Everything that users, services, networks and ports of the policy put into sets. */
void elements_from_policy(struct ruleset *r, const struct policy *p);

/* In the order of the keys alone: negative, 0 or positive; as the kernel has them. */
int elements_compare_keys(const struct rs_element *a, const struct rs_element *b);
bool elements_same(const struct rs_element *a, const struct rs_element *b);

/* Sorts by key. */
void elements_order(struct rs_elements *v);
/* Sorts each set by key and drops doubles, so that equal policies give equal rulesets. */
void elements_sort(struct ruleset *r);

/* Fills ruleset.digest. */
void ruleset_digest(struct ruleset *r);
