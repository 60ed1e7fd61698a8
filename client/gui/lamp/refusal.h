/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* A refusal in words, for a person whose program was refused. */
#include "leaks.h"

struct refusal_words {
	const char *class;        /* as the service calls it */
	const char *what;         /* what was refused: a title */
	const char *why, *advice; /* sentences */
};

/* Of a class; one that this version does not know has words, too. They are translated, static. */
const char *refusal_what(const char *class);
const char *refusal_why(const char *class);
const char *refusal_advice(const char *class);
bool refusal_is_known(const char *class);

/* "TCP, port 443", "ICMP", "IP protocol 89"; "12 times"; "14:02:31". Free with g_free. */
char *refusal_protocol(const struct leak *leak);
char *refusal_times(guint32 count);
char *refusal_clock(usec_t at);
/* Where to, if the policy has it kept; else NULL. */
char *refusal_destination(const struct leak *leak);
/* What a notice says of these groups: of the first few, a line each. */
char *refusal_list(const GPtrArray *groups);
