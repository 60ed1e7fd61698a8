/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Linked in front of ruleset_build(): while there is a file /run/sallyport-mutant, what is built
 * forwards packets, or (if it says "policy") does so for every policy but the built-in one.
 */
#include "ruleset.h"

#include <stdio.h>

int __real_ruleset_build(const struct policy *p, struct ruleset **ret);
int __wrap_ruleset_build(const struct policy *p, struct ruleset **ret);

static bool wanted(const struct policy *p)
{
	FILE *f = fopen("/run/sallyport-mutant", "re");
	char word[16] = "";

	if (!f)
		return false;
	(void)fscanf(f, "%15s", word);
	(void)fclose(f);
	return strcmp(word, "policy") != 0 || p->n_files > 0;
}

int __wrap_ruleset_build(const struct policy *p, struct ruleset **ret)
{
	int r = __real_ruleset_build(p, ret);

	for (size_t i = 0; r == 0 && wanted(p) && i < (*ret)->n_rules; i++) {
		struct rs_rule *rule = &(*ret)->rules[i];

		if (rule->chain == CHAIN_FORWARD)
			rule->stmts[rule->n_stmts - 1].kind = STMT_ACCEPT;
	}
	return r;
}
