/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Why a program may connect somewhere, or may not, as the service says it. */
#include "output.h"
#include "wire.h"

/* What is printed, whoever said it. */
struct answer {
	char verdict[16];
	bool passes, door, with_door;
	bool live, open; /* of the ruleset in force; the user's door is open */
	char origin[WIRE_ORIGIN_SIZE], rule[WIRE_RULE_SIZE];
	char why[WIRE_SENTENCE_SIZE], remedy[WIRE_SENTENCE_SIZE], who[WIRE_SENTENCE_SIZE];
};

struct live_question {
	uid_t uid;
	uint8_t protocol;
	int family;          /* AF_INET or AF_INET6 */
	uint8_t address[16]; /* network order */
	size_t size;         /* of the address */
	uint16_t port;
};

/* EXIT_DONE, or an exit code with what is wrong said. */
int answer_from_service(const struct invocation *inv, const struct live_question *q,
			struct answer *ret);
