/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The check: one DNS question, one connection, ten seconds. */
#include "judge.h"

#define CHECK_SERVERS_MAX 8

struct check_request {
	const char *url, *response;
	uint32_t servers[CHECK_SERVERS_MAX]; /* IPv4, host order */
	size_t n_servers;
	uint64_t earliest, latest;
};

/* Whether a URL is one that can be checked: http, a host's name, no port. */
bool check_url(const char *text, struct http_url *ret);

/* Blocks until it is done. The URL has been looked at. */
void check_network(const struct check_request *request, struct judge *ret, usec_t *ret_date_at);
