/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an answer to the connection check means, and when no more of it is wanted. */
#include "judge.h"

#include <glib.h>

#define EARLIEST 1764000000 /* 2025-11-24 */
#define LATEST 2400000000
#define OK "HTTP/1.1 200 OK\r\n"
#define DATE "Date: Wed, 25 Nov 2026 09:00:00 GMT\r\n"
#define GOOD 1795597200
#define MOVED "HTTP/1.1 302 Found\r\nLocation: "

/* Feeds head line by line and body piece by piece; how many bytes of the body were wanted. */
static size_t feed(struct judge *j, const char *response, const char *head, const char *body,
		   size_t piece)
{
	static const char base[] = "http://check.example/nm";
	static struct http_url url;
	size_t at = 0, n;

	g_assert_true(http_url_parse(base, strlen(base), &url));
	judge_begin(j, &(struct expectation){response, EARLIEST, LATEST, &url});
	for (; *head; head += n) {
		n = (size_t)(strchr(head, '\n') - head) + 1;
		if (!judge_header(j, head, n)) {
			judge_end(j, OUTCOME_N);
			return 0;
		}
	}
	for (; at < strlen(body); at += n) {
		n = strlen(body) - at < piece ? strlen(body) - at : piece;
		if (!judge_body(j, body + at, n)) {
			at += n;
			break;
		}
	}
	judge_end(j, OUTCOME_N);
	return at;
}

static const struct {
	const char *response, *head, *body, *reason, *connectivity;
} cases[] = {
	{"NM is on", OK "\r\n", "NM is online\n", "expected", "full"},
	{"NM is on", OK "\r\n", "NM is off\n", "other-body", "portal"},
	{"NM is on", OK "\r\n", "NM is o", "short-body", "portal"},
	{"NM is on", OK "\r\n", "", "short-body", "portal"},
	{"x", "HTTP/1.0 200 OK\n\n", "x", "expected", "full"},
	{"x", "HTTP/1.1 100 Continue\r\n\r\n" OK "\r\n", "x", "expected", "full"},
	{"x", OK "x-networkmanager-status: Online\r\n\r\n", "", "status-header", "full"},
	{"x", "HTTP/1.1 500 No\r\nX-NetworkManager-Status: online\r\n\r\n", "", "http-error",
	 "limited"},
	{"x", OK "X-NetworkManager-Status: onlinex\r\n\r\n", "y", "other-body", "portal"},
	{"", "HTTP/1.1 204 No Content\r\n\r\n", "", "empty", "full"},
	{"", OK "\r\n", "", "empty", "full"},
	{"", OK "\r\n", "log in here", "other-body", "portal"},
	{"x", MOVED "http://portal.example/\r\n\r\n", "", "redirect", "portal"},
	{"x", MOVED "http://portal.example/\r\n\r\n", "x", "redirect", "portal"},
	{"x", MOVED "/login\r\n\r\n", "", "redirect", "portal"},
	{"x", MOVED "http://192.168.1.1/\r\n\r\n", "", "redirect-lan", "portal"},
	{"x", MOVED "http://127.0.0.1:9051/\r\n\r\n", "", "redirect-loopback", "portal"},
	{"x", MOVED "http://2130706433/\r\n\r\n", "", "redirect-bad", "portal"},
	{"x", MOVED "javascript:x\r\n\r\n", "", "redirect-bad", "portal"},
	{"x", "HTTP/1.1 304 Not Modified\r\n\r\n", "", "http-error", "limited"},
	{"x", "HTTP/1.1 511 Network Authentication Required\r\n\r\n", "y", "login-required",
	 "portal"},
	{"x", "HTTP/1.1 404 Not Found\r\n\r\n", "y", "http-error", "limited"},
	{"x", "HTTP/1.1 503 Busy\r\n\r\n", "", "http-error", "limited"},
	{"x", "ICY 200 OK\r\n\r\n", "x", "malformed", "limited"},
	{"x", "HTTP/1.1 2OO OK\r\n\r\n", "x", "malformed", "limited"},
	{"x", "HTTP/2.0 200 OK\r\n\r\n", "x", "malformed", "limited"},
	{"x", OK "Transfer-Encoding: Chunked\r\n\r\n", "x", "expected", "full"},
	{"x", OK "transfer-encoding: gzip\r\n\r\n", "x", "malformed", "limited"},
	{"x", OK "Transfer-Encoding: zstd, chunked\r\n\r\n", "x", "malformed", "limited"},
	{"x", OK DATE, "", "cut", "limited"},
	{"x", "HTTP/1.1 100 Continue\r\n\r\n", "", "cut", "limited"},
	{"x", "", "", "no-response", "none"},
};

static void test_outcomes(void)
{
	struct judge j;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		for (size_t piece = 1; piece < 20; piece += 9) {
			(void)feed(&j, cases[i].response, cases[i].head, cases[i].body, piece);
			g_assert_cmpstr(outcome_to_string(j.outcome), ==, cases[i].reason);
			g_assert_cmpstr(outcome_connectivity(j.outcome), ==, cases[i].connectivity);
		}
}

static void test_stops(void)
{
	char *much = g_strnfill((gsize)JUDGE_BODY_MAX * 3, 'x');
	struct judge j;

	/* As soon as it is known, one way or the other. */
	g_assert_cmpuint(feed(&j, "abc", OK "\r\n", "abcdefgh", 1), ==, 3);
	g_assert_cmpuint(feed(&j, "abc", OK "\r\n", "abxdefgh", 1), ==, 3);
	g_assert_cmpuint(feed(&j, "abc", OK "\r\n", "xbcdefgh", 1), ==, 1);
	g_assert_cmpuint(feed(&j, "abc", MOVED "/\r\n\r\n", "x", 1), ==, 1);
	g_assert_cmpuint(feed(&j, "", OK "\r\n", much, 1000), <=, JUDGE_BODY_MAX + 1000);
	g_assert_cmpint(j.outcome, ==, OUTCOME_LONG_BODY);
	/* What went wrong afterwards does not count, what did before does. */
	(void)feed(&j, "a", OK "\r\n", "a", 1);
	judge_end(&j, OUTCOME_SLOW);
	g_assert_cmpint(j.outcome, ==, OUTCOME_EXPECTED);
	judge_begin(&j, &(struct expectation){"a", EARLIEST, LATEST, NULL});
	g_assert_true(judge_header(&j, OK, strlen(OK)));
	judge_end(&j, OUTCOME_SLOW);
	g_assert_cmpint(j.outcome, ==, OUTCOME_SLOW);
	g_free(much);
}

static void test_bounds(void)
{
	char *line = g_strnfill(JUDGE_LINE_MAX + 1, 'x');
	GString *head = g_string_new(OK);
	struct judge j;

	line[JUDGE_LINE_MAX] = '\n';
	for (size_t i = 0; i < JUDGE_LINES_MAX - 1; i++)
		(void)g_string_append(head, i < JUDGE_LINES_MAX - 2 ? "A: b\r\n" : "\r\n");
	(void)feed(&j, "x", head->str, "x", 1);
	g_assert_cmpint(j.outcome, ==, OUTCOME_EXPECTED);
	(void)g_string_insert(head, (gssize)strlen(OK), "A: b\r\n");
	(void)feed(&j, "x", head->str, "x", 1);
	g_assert_cmpint(j.outcome, ==, OUTCOME_MANY_HEADERS);
	/* An interim response does not begin a new account. */
	(void)g_string_append(g_string_set_size(head, 0), OK);
	for (size_t i = 0; i < JUDGE_LINES_MAX; i++)
		(void)g_string_append(head, "HTTP/1.1 100 Continue\r\n");
	(void)feed(&j, "x", head->str, "x", 1);
	g_assert_cmpint(j.outcome, ==, OUTCOME_MANY_HEADERS);
	judge_begin(&j, &(struct expectation){"x", EARLIEST, LATEST, NULL});
	g_assert_true(judge_header(&j, OK, strlen(OK)));
	g_assert_false(judge_header(&j, line, JUDGE_LINE_MAX + 1));
	g_assert_cmpint(j.outcome, ==, OUTCOME_LONG_HEADER);
	judge_begin(&j, &(struct expectation){"x", EARLIEST, LATEST, NULL});
	g_assert_true(judge_header(&j, OK, strlen(OK)));
	g_assert_false(judge_header(&j, "A: \0b\r\n", 7));
	g_assert_cmpint(j.outcome, ==, OUTCOME_MALFORMED);
	g_free(line);
	(void)g_string_free(head, TRUE);
}

static void test_dates(void)
{
	static const struct {
		const char *head, *reason;
		uint64_t date;
	} dates[] = {
		{OK DATE "\r\n", "", GOOD},
		{OK "date:\tWed, 25 Nov 2026 09:00:00 GMT \r\n\r\n", "", GOOD},
		{OK "\r\n", "no-date", 0},
		{OK "Date: Wed, 25 Nov 2026 09:00:00 +0000\r\n\r\n", "bad-date", 0},
		{OK "Date: tomorrow\r\n" DATE "\r\n", "bad-date", 0},
		{OK "Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n\r\n", "early-date", 0},
		{OK "Date: Fri, 31 Dec 9999 23:59:59 GMT\r\n\r\n", "late-date", 0},
		{OK DATE "Date: Thu, 26 Nov 2026 09:00:00 GMT\r\n\r\n", "", GOOD},
		{"HTTP/1.1 103 Early Hints\r\n" DATE "\r\n" OK "\r\n", "no-date", 0},
		{OK "X-NetworkManager-Status: online\r\n" DATE, "", GOOD},
		{OK "Expires: Wed, 25 Nov 2026 09:00:00 GMT\r\n\r\n", "no-date", 0},
		{MOVED "/\r\n" DATE "\r\n", "", GOOD},
	};
	struct judge j;

	for (size_t i = 0; i < ARRAY_SIZE(dates); i++) {
		(void)feed(&j, "x", dates[i].head, "x", 1);
		g_assert_cmpstr(date_verdict_to_string(j.date_verdict), ==, dates[i].reason);
		g_assert_cmpuint(j.date, ==, dates[i].date);
	}
}

/* A trailer behind the body is no header. */
static void test_trailer(void)
{
	struct judge j;

	judge_begin(&j, &(struct expectation){"xyz", EARLIEST, LATEST, NULL});
	g_assert_true(judge_header(&j, OK, strlen(OK)));
	g_assert_true(judge_header(&j, "\r\n", 2));
	g_assert_true(judge_body(&j, "xy", 2));
	g_assert_true(judge_header(&j, DATE, strlen(DATE)));
	g_assert_true(judge_header(&j, "HTTP/1.1 302 Found\r\n", 20));
	judge_end(&j, OUTCOME_N);
	g_assert_cmpint(j.outcome, ==, OUTCOME_SHORT_BODY);
	g_assert_cmpint(j.date_verdict, ==, DATE_NONE);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/judge/outcomes", test_outcomes);
	g_test_add_func("/judge/stops", test_stops);
	g_test_add_func("/judge/bounds", test_bounds);
	g_test_add_func("/judge/dates", test_dates);
	g_test_add_func("/judge/trailer", test_trailer);
	return g_test_run();
}
