/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * What an answer to the connection check means. Pure: header lines and pieces of the body as they
 * come, then how it ended; no descriptor, no clock, no libcurl. When to stop is as NetworkManager
 * does (src/core/nm-connectivity.c), since that can be seen from outside; what to make of it is
 * not.
 */
#include "http-url.h"

#define JUDGE_LINES_MAX 100
#define JUDGE_LINE_MAX 8192
#define JUDGE_HEADER_MAX 65536
#define JUDGE_BODY_MAX 102400 /* where none is expected; NetworkManager's figure */

enum connectivity {
	CONNECTIVITY_NONE,
	CONNECTIVITY_PORTAL,
	CONNECTIVITY_LIMITED,
	CONNECTIVITY_FULL
};

/* X(NAME, reason, connectivity); docs/autoconfig.md says what each means. */
#define OUTCOMES(X)                                       \
	X(EXPECTED, "expected", FULL)                     \
	X(STATUS_HEADER, "status-header", FULL)           \
	X(EMPTY, "empty", FULL)                           \
	X(REDIRECT, "redirect", PORTAL)                   \
	X(REDIRECT_LAN, "redirect-lan", PORTAL)           \
	X(REDIRECT_LOOPBACK, "redirect-loopback", PORTAL) \
	X(REDIRECT_BAD, "redirect-bad", PORTAL)           \
	X(LOGIN_REQUIRED, "login-required", PORTAL)       \
	X(OTHER_BODY, "other-body", PORTAL)               \
	X(SHORT_BODY, "short-body", PORTAL)               \
	X(LONG_BODY, "body-too-long", PORTAL)             \
	X(HTTP_ERROR, "http-error", LIMITED)              \
	X(MANY_HEADERS, "too-many-headers", LIMITED)      \
	X(LONG_HEADER, "header-too-long", LIMITED)        \
	X(MALFORMED, "malformed", LIMITED)                \
	X(CUT, "cut", LIMITED)                            \
	X(SLOW, "slow", LIMITED)                          \
	X(NO_RESPONSE, "no-response", NONE)               \
	X(CONNECT_REFUSED, "connect-refused", NONE)       \
	X(CONNECT_TIMEOUT, "connect-timeout", NONE)       \
	X(UNREACHABLE, "unreachable", NONE)               \
	X(BUDGET, "budget", NONE)                         \
	X(NO_SERVERS, "no-servers", NONE)                 \
	X(DNS_TIMEOUT, "dns-timeout", NONE)               \
	X(DNS_REFUSED, "dns-refused", NONE)               \
	X(DNS_ERROR, "dns-error", NONE)                   \
	X(DNS_NO_NAME, "dns-no-such-name", NONE)          \
	X(DNS_NO_ADDRESS, "dns-no-address", NONE)         \
	X(DNS_MALFORMED, "dns-malformed", NONE)           \
	X(DNS_BAD_ADDRESS, "dns-bad-address", NONE)

enum outcome {
#define X(NAME, reason, connectivity) OUTCOME_##NAME,
	OUTCOMES(X)
#undef X
		OUTCOME_N /* not decided */
};

/* What became of the Date header. */
#define DATES(X)                 \
	X(GOOD, "")              \
	X(NONE, "no-date")       \
	X(MALFORMED, "bad-date") \
	X(EARLY, "early-date")   \
	X(LATE, "late-date")

enum date_verdict {
#define X(NAME, reason) DATE_##NAME,
	DATES(X)
#undef X
		DATE_N
};

/* How the response is expected to begin; empty: there is none. Dates outside are not believed. */
struct expectation {
	const char *response;
	uint64_t earliest, latest;
	const struct http_url *url; /* that was asked for */
};

struct judge {
	struct expectation expected;
	uint32_t status; /* 0: no status line yet */
	size_t lines, header_size, body_size, matched;
	bool header_done, online, other, too_long;
	enum date_verdict date_verdict;
	uint64_t date; /* 0: none that is believed */
	bool has_location;
	char portal_url[HTTP_URL_SIZE]; /* empty: none that is to be shown */
	enum host_kind portal_kind;
	enum outcome outcome;
};

void judge_begin(struct judge *j, const struct expectation *expected);
/* A whole line with its end, or a piece of the body. False: the answer is known, stop. */
bool judge_header(struct judge *j, const char *line, size_t size);
bool judge_body(struct judge *j, const char *data, size_t size);
/* The end. why: what went wrong, or OUTCOME_N when all has come; it counts if nothing did before.
 */
void judge_end(struct judge *j, enum outcome why);

const char *outcome_to_string(enum outcome o);
const char *outcome_connectivity(enum outcome o);
bool outcome_is_portal(enum outcome o);
const char *date_verdict_to_string(enum date_verdict d);
