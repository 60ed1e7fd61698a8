/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "compare.h"

#include "elements.h"

#include <stdio.h>

#define ITEM_SIZE 200

/* The next rule of a chain from *at on, which moves behind it; NULL: there is none. */
static const struct rs_rule *next_rule(const struct ruleset *r, enum rs_chain chain, size_t *at)
{
	while (*at < r->n_rules)
		if (r->rules[(*at)++].chain == chain)
			return &r->rules[*at - 1];
	return NULL;
}

static bool same_rule(const struct rs_rule *a, const struct rs_rule *b)
{
	return a && b && a->n_stmts == b->n_stmts &&
	       memcmp(a->stmts, b->stmts, sizeof(a->stmts)) == 0;
}

static void say_rule(enum rs_chain chain, size_t number, const struct rs_rule *should,
		     const struct rs_rule *is, char buf[COMPARE_TEXT_SIZE])
{
	char a[ITEM_SIZE] = "", b[ITEM_SIZE] = "";

	if (should)
		rs_rule_to_text(should, a, sizeof(a));
	if (is)
		rs_rule_to_text(is, b, sizeof(b));
	if (!is)
		(void)snprintf(buf, COMPARE_TEXT_SIZE,
			       "chain %s, rule %zu: should be `%s`, is not there",
			       rs_chain_name(chain), number, a);
	else if (!should)
		(void)snprintf(buf, COMPARE_TEXT_SIZE, "chain %s, rule %zu: is one too many, `%s`",
			       rs_chain_name(chain), number, b);
	else
		(void)snprintf(buf, COMPARE_TEXT_SIZE,
			       "chain %s, rule %zu: should be `%s`, is `%s`", rs_chain_name(chain),
			       number, a, b);
}

static bool compare_chain(const struct ruleset *should, const struct ruleset *is,
			  enum rs_chain chain, char buf[COMPARE_TEXT_SIZE])
{
	size_t at_should = 0, at_is = 0;

	for (size_t number = 1;; number++) {
		const struct rs_rule *a = next_rule(should, chain, &at_should);
		const struct rs_rule *b = next_rule(is, chain, &at_is);

		if (!a && !b)
			return false;
		if (!same_rule(a, b)) {
			say_rule(chain, number, a, b, buf);
			return true;
		}
	}
}

bool compare_rules(const struct ruleset *should, const struct ruleset *is, enum rs_table table,
		   char buf[COMPARE_TEXT_SIZE])
{
	for (enum rs_chain c = 0; c < CHAIN_N; c++)
		if (rs_chain_table(c) == table && compare_chain(should, is, c, buf))
			return true;
	return false;
}

static void say_element(enum rs_set set, const struct rs_element *should,
			const struct rs_element *is, char buf[COMPARE_TEXT_SIZE])
{
	char a[ITEM_SIZE] = "", b[ITEM_SIZE] = "";
	int order = !should ? 1 : !is ? -1 : elements_compare_keys(should, is);

	if (should)
		rs_element_to_text(set, should, a, sizeof(a));
	if (is)
		rs_element_to_text(set, is, b, sizeof(b));
	if (order > 0)
		(void)snprintf(buf, COMPARE_TEXT_SIZE,
			       "set %s holds what the policy does not grant: %s",
			       rs_set_info(set)->name, b);
	else if (order < 0)
		(void)snprintf(buf, COMPARE_TEXT_SIZE, "set %s lacks what it should hold: %s",
			       rs_set_info(set)->name, a);
	else
		(void)snprintf(buf, COMPARE_TEXT_SIZE, "set %s holds %s, and should hold %s",
			       rs_set_info(set)->name, b, a);
}

static bool compare_set(const struct rs_elements *should, const struct rs_elements *is,
			enum rs_set set, char buf[COMPARE_TEXT_SIZE])
{
	for (size_t i = 0; i < should->n || i < is->n; i++) {
		const struct rs_element *a = i < should->n ? &should->items[i] : NULL;
		const struct rs_element *b = i < is->n ? &is->items[i] : NULL;

		if (a && b && elements_same(a, b))
			continue;
		say_element(set, a, b, buf);
		return true;
	}
	return false;
}

bool compare_sets(const struct ruleset *should, const struct ruleset *is, enum rs_table table,
		  char buf[COMPARE_TEXT_SIZE])
{
	for (enum rs_set s = 0; s < SET_N; s++)
		if (rs_set_table(s) == table && !(rs_set_info(s)->flags & RS_KEPT) &&
		    compare_set(&should->elements[s], &is->elements[s], s, buf))
			return true;
	return false;
}
