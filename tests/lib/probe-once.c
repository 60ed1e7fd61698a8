/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * probe-once URL RESPONSE SERVER...: one check as the probe makes it, without a bus, so that many
 * can go side by side. Prints connectivity, reason, HTTP status, date, its verdict, kind and URL of
 * a portal, and how many milliseconds it took.
 */
#include "check.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>

#define EARLIEST 1764000000 /* 2025-11-24 */
#define LATEST 2400000000

static const char *or_none(const char *text)
{
	return *text ? text : "-";
}

int main(int argc, char **argv)
{
	struct check_request r = {.earliest = EARLIEST, .latest = LATEST};
	usec_t began = now_boottime(), at;
	struct http_url url;
	struct in_addr in;
	struct judge j;

	if (argc < 3 || !check_url(argv[1], &url))
		return 2;
	r.url = argv[1];
	r.response = argv[2];
	for (int i = 3; i < argc && r.n_servers < CHECK_SERVERS_MAX; i++) {
		if (inet_pton(AF_INET, argv[i], &in) != 1)
			return 2;
		r.servers[r.n_servers++] = ntohl(in.s_addr);
	}
	check_network(&r, &j, &at);
	(void)printf("%s %s %u %" PRIu64 " %s %s %s %" PRIu64 "\n", outcome_connectivity(j.outcome),
		     outcome_to_string(j.outcome), j.status, j.date,
		     or_none(date_verdict_to_string(j.date_verdict)),
		     *j.portal_url ? host_kind_to_string(j.portal_kind) : "-",
		     or_none(j.portal_url), (now_boottime() - began) / USEC_PER_MSEC);
	return EXIT_SUCCESS;
}
