/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The one HTTP request, by libcurl, as NetworkManager sends it. */
#include "judge.h"

#include <netinet/in.h>

/*
 * Asks the host of url at that address (host order), for at most so many milliseconds, and has the
 * answer judged; j has begun. *ret_date_at: when the Date header came, on CLOCK_BOOTTIME. Blocks.
 */
void fetch(const char *url, const struct http_url *parsed, uint32_t address, long milliseconds,
	   struct judge *j, usec_t *ret_date_at);
