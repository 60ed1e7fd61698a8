/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* One rule of somebody else: what it does, and where it jumps. Pure. */
#include "survey.h"

struct survey_rule {
	uint32_t effects;
	bool anywhere;      /* jumps to what a map says */
	const char *target; /* jumps there; points into the message; NULL: nowhere */
};

/* expressions: the attribute NFTA_RULE_EXPRESSIONS. What cannot be read is EFFECT_OTHER. */
void survey_rule(const struct nlattr *expressions, uint8_t family, struct survey_rule *ret);

/* The attributes of a nest by type; those from n on are left out. */
void survey_attributes(const struct nlattr *nest, const struct nlattr **tb, size_t n);
/* NULL if it is not there or no text. */
const char *survey_string(const struct nlattr *a);
/* 0 if it is not there. */
uint32_t survey_u32(const struct nlattr *a);
