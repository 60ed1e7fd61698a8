/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Apart from the rest: the policy has services, too. */
#include "refusal-class.h"

#include "ruleset.h"

const char *refusal_what(const char *class)
{
	for (size_t i = 0; i < COUNTER_N; i++)
		if (strcmp(rs_counter_name(i), class) == 0)
			return rs_counter_what(i);
	return class;
}
