/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as the expressions of a rule of somebody else: no crash, and only effects there are. */
#include "fuzz.h"
#include "survey-rule.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t length = size + sizeof(struct nlattr);
	struct survey_rule rule;
	struct nlattr *a;

	if (length > UINT16_MAX)
		return 0;
	a = malloc(length);
	if (!a)
		return 0;
	*a = (struct nlattr){.nla_len = (uint16_t)length};
	if (size)
		memcpy(a + 1, data, size);
	survey_rule(a, size ? data[0] : 0, &rule);
	if (rule.effects >> EFFECT_N)
		abort();
	if (rule.target && strlen(rule.target) > size)
		abort();
	free(a);
	return 0;
}
