/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes as an answer to the connection check, cut into lines and pieces as libcurl does: no
 * crash, no more than is wanted, and nothing is said that must not be.
 */
#include "fuzz.h"
#include "judge.h"

#include <stdlib.h>

#define EARLIEST 1764000000
#define LATEST 2400000000

static void look(const struct judge *j)
{
	struct http_url url;

	if (j->outcome >= OUTCOME_N || !outcome_to_string(j->outcome))
		abort();
	if (j->date && (j->date < EARLIEST || j->date > LATEST || j->date_verdict != DATE_GOOD))
		abort();
	if (*j->portal_url && (!http_url_parse(j->portal_url, strlen(j->portal_url), &url) ||
			       http_host_kind(&url) != j->portal_kind))
		abort();
	if (j->outcome == OUTCOME_REDIRECT && j->portal_kind == HOST_LOOPBACK)
		abort();
}

/* The first byte says what is expected and how the body is cut. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const responses[] = {"NetworkManager is online", "", "x"};
	static const char base[] = "http://check.example/a/b?c";
	const char *at = (const char *)data + 1, *end = (const char *)data + size, *newline;
	struct http_url url;
	struct judge j;
	size_t piece;

	if (size < 2 || !http_url_parse(base, strlen(base), &url))
		return 0;
	piece = (size_t)(data[0] >> 2) + 1;
	judge_begin(&j, &(struct expectation){responses[data[0] % 3], EARLIEST, LATEST, &url});
	while (at < end && (newline = memchr(at, '\n', (size_t)(end - at)))) {
		size_t n = (size_t)(newline - at) + 1;
		bool last = n <= 2;

		if (!judge_header(&j, at, n))
			break;
		at += n;
		if (last)
			break;
	}
	while (at < end && j.outcome == OUTCOME_N) {
		size_t n = (size_t)(end - at) < piece ? (size_t)(end - at) : piece;

		if (!judge_body(&j, at, n))
			break;
		at += n;
	}
	judge_end(&j, at < end ? OUTCOME_CUT : OUTCOME_N);
	look(&j);
	return 0;
}
