/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What the service says of the wall; apart, for in its world a "service" is another thing. */
#include "output.h"

struct doctor_service {
	char *error; /* NULL: it answers */
	bool sealed, built_in;
	char digest[80];
};

/* Asks, for some seconds at most; that may start the service, as every question does. */
void doctor_service_ask(const struct invocation *inv, struct doctor_service *ret);
void doctor_service_clear(struct doctor_service *s);
