/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * leaky: the command line with a wall that has holes, so that its leak test has something to find.
 * Linked with the same objects; three functions are wrapped (ld's --wrap), and do this when the
 * environment says so:
 *
 * LEAKY_ACCEPT   names of chains: each begins with a rule that accepts everything
 * LEAKY_DOOR     doors are not closed
 * LEAKY_SHUT     the wall is not opened
 */
#include "nft.h"
#include "ruleset.h"

#include <errno.h>
#include <stdio.h>

int __real_ruleset_build(const struct policy *p, struct ruleset **ret);
int __wrap_ruleset_build(const struct policy *p, struct ruleset **ret);
int __real_nft_lease_remove(struct nl *nl, const struct nft_lease *l, struct nl_error *ret_error);
int __wrap_nft_lease_remove(struct nl *nl, const struct nft_lease *l, struct nl_error *ret_error);
int __real_nft_delete(struct nl *nl, enum rs_table table, struct nl_error *ret_error);
int __wrap_nft_delete(struct nl *nl, enum rs_table table, struct nl_error *ret_error);

static bool is_named(const char *names, const char *name)
{
	size_t n = strlen(name);

	for (const char *p = names; p && *p; p += strcspn(p, " "), p += strspn(p, " "))
		if (strcspn(p, " ") == n && strncmp(p, name, n) == 0)
			return true;
	return false;
}

/* Room for one more rule, before all others of its chain. */
static int accept_first(struct ruleset *r, enum rs_chain chain)
{
	struct rs_rule *rules = reallocarray(r->rules, r->n_rules + 1, sizeof(*rules));
	size_t at = 0;

	if (!rules)
		return -ENOMEM;
	while (at < r->n_rules && rules[at].chain != chain)
		at++;
	memmove(rules + at + 1, rules + at, (r->n_rules - at) * sizeof(*rules));
	rules[at] = (struct rs_rule){
		.chain = (uint8_t)chain, .n_stmts = 1, .stmts = {{.kind = STMT_ACCEPT}}};
	r->rules = rules;
	r->capacity = ++r->n_rules;
	return 0;
}

int __wrap_ruleset_build(const struct policy *p, struct ruleset **ret)
{
	int r = __real_ruleset_build(p, ret);

	for (size_t i = 0; r == 0 && i < CHAIN_N; i++)
		if (is_named(getenv("LEAKY_ACCEPT"), rs_chain_name(i)))
			r = accept_first(*ret, i);
	return r;
}

int __wrap_nft_lease_remove(struct nl *nl, const struct nft_lease *l, struct nl_error *ret_error)
{
	return getenv("LEAKY_DOOR") ? 0 : __real_nft_lease_remove(nl, l, ret_error);
}

int __wrap_nft_delete(struct nl *nl, enum rs_table table, struct nl_error *ret_error)
{
	return getenv("LEAKY_SHUT") ? 0 : __real_nft_delete(nl, table, ret_error);
}
