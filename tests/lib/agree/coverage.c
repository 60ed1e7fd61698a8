/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which rules have matched, over all policies: rules that differ only in what a policy says are
 * one. */
#include "agree.h"

#include <stdio.h>

#define SHAPES_MAX 512

static struct shape {
	struct rs_rule rule;
	size_t number; /* in its chain, when it was first seen */
	uint64_t hits;
} shapes[SHAPES_MAX];
static size_t n_shapes;

/* What a policy puts into rules: addresses and ports. */
static bool of_policy(enum rs_field field)
{
	return field == FIELD_IP_DADDR || field == FIELD_TH_DPORT ||
	       field == FIELD_CT_ORIGINAL_DADDR;
}

static struct rs_rule shape_of(const struct rs_rule *r)
{
	struct rs_rule shape = *r;

	shape.origin = (struct origin){0};
	for (size_t i = 0; i < shape.n_stmts; i++)
		if (of_policy(shape.stmts[i].fields[0]) || shape.stmts[i].kind == STMT_REDIRECT)
			shape.stmts[i].mask = shape.stmts[i].value = 0;
	return shape;
}

static struct shape *find(const struct ruleset *r, size_t rule)
{
	struct rs_rule shape = shape_of(&r->rules[rule]);
	size_t number = 1;

	for (size_t i = 0; i < n_shapes; i++)
		if (shapes[i].rule.chain == shape.chain &&
		    shapes[i].rule.n_stmts == shape.n_stmts &&
		    memcmp(shapes[i].rule.stmts, shape.stmts,
			   shape.n_stmts * sizeof(shape.stmts[0])) == 0)
			return &shapes[i];
	if (n_shapes == SHAPES_MAX)
		return NULL;
	for (size_t i = 0; i < rule; i++)
		number += r->rules[i].chain == r->rules[rule].chain;
	shapes[n_shapes] = (struct shape){.number = number};
	memcpy(&shapes[n_shapes].rule, &shape, sizeof(shape));
	return &shapes[n_shapes++];
}

void coverage_add(const struct ruleset *r, const uint64_t *hits)
{
	for (size_t i = 0; i < r->n_rules; i++) {
		struct shape *s = find(r, i);

		if (s)
			s->hits += hits[i];
	}
}

void coverage_report(void)
{
	size_t never = 0;

	for (size_t i = 0; i < n_shapes; i++) {
		if (shapes[i].hits)
			continue;
		if (!never++)
			(void)printf("# never matched:");
		(void)printf(" %s/%zu", rs_chain_name(shapes[i].rule.chain), shapes[i].number);
	}
	(void)printf("%s# of %zu kinds of rules %zu matched\n", never ? "\n" : "", n_shapes,
		     n_shapes - never);
}
