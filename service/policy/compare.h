/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What is there, held against what should be. Pure. */
#include "ruleset.h"

#define COMPARE_TEXT_SIZE 480

/*
 * The first difference of a table's rules, or of its sets, as a sentence; kept sets are left out.
 * Both rulesets' elements are sorted. True: there is one.
 */
bool compare_rules(const struct ruleset *should, const struct ruleset *is, enum rs_table table,
		   char buf[COMPARE_TEXT_SIZE]);
bool compare_sets(const struct ruleset *should, const struct ruleset *is, enum rs_table table,
		  char buf[COMPARE_TEXT_SIZE]);
