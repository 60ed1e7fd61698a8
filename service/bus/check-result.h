/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* A result of the probe on the bus, read and written; nothing of it is taken on trust. */
#include "http-url.h"

#include <systemd/sd-bus.h>

struct check_result {
	const char *connectivity; /* none, portal, limited or full */
	uint64_t date;            /* seconds since 1970; 0: none that is believed */
	usec_t date_at;           /* when that came */
	usec_t at;                /* when the result came */
	uint32_t status;          /* of HTTP; 0: no answer */
	char reason[32], date_reason[32];
	char portal_url[HTTP_URL_SIZE];
	const char *portal_kind; /* NULL: no URL */
};

/* The body of an answer. 0 or a negative errno. */
int check_result_read(sd_bus_message *m, uint64_t earliest, uint64_t latest,
		      struct check_result *ret);
/* As "sta{sv}". */
int check_result_append(sd_bus_message *m, const struct check_result *c);
