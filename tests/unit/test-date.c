/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Dates: exactly of their form, and the same second as everybody's. */
#include "date.h"

#include <glib.h>
#include <time.h>

static void test_http(void)
{
	static const char *const bad[] = {
		"",
		"Sun, 06 Nov 1994 08:49:37 UTC",
		"Mon, 06 Nov 1994 08:49:37 GMT", /* it was a Sunday */
		"Sun, 6 Nov 1994 08:49:37 GMT",
		"Sun, 06 nov 1994 08:49:37 GMT",
		"Sunday, 06-Nov-94 08:49:37 GMT",
		"Sun Nov  6 08:49:37 1994",
		"Sun, 06 Nov 1994 24:49:37 GMT",
		"Sun, 06 Nov 1994 08:60:37 GMT",
		"Sun, 06 Nov 1994 08:49:61 GMT",
		"Sun, 00 Nov 1994 08:49:37 GMT",
		"Sun, 31 Nov 1994 08:49:37 GMT",
		"Sun, 06 Nov -994 08:49:37 GMT",
		"Sun, 06 Nov 1994 08:49:37 GMT ",
		"Sun, 29 Feb 2100 00:00:00 GMT",
		"Wed, 31 Dec 1969 23:59:59 GMT",
		"Sun, 06 Nov 1994 08:49:37\0GMT",
	};
	uint64_t t = 1;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		g_assert_false(date_parse_http(bad[i], strlen(bad[i]), &t));
	g_assert_false(date_parse_http("Sun, 06 Nov 1994 08:49:37\0GMT", 29, &t));
	g_assert_true(date_parse_http("Sun, 06 Nov 1994 08:49:37 GMT", 29, &t));
	g_assert_cmpuint(t, ==, 784111777);
	g_assert_true(date_parse_http("Thu, 01 Jan 1970 00:00:00 GMT", 29, &t));
	g_assert_cmpuint(t, ==, 0);
	/* A leap second is the one after it. */
	g_assert_true(date_parse_http("Sat, 31 Dec 2016 23:59:60 GMT", 29, &t));
	g_assert_cmpuint(t, ==, 1483228800);
}

/* Beside the C library, over eight thousand years. */
static void test_same(void)
{
	char http[64], mine[DATE_TEXT_SIZE], its[64];
	uint64_t parsed;

	for (time_t t = 0; t < 253402300800; t += 86400 * 1301 + 4567) {
		struct tm tm;

		g_assert_nonnull(gmtime_r(&t, &tm));
		g_assert_cmpuint(strftime(http, sizeof(http), "%a, %d %b %Y %T GMT", &tm), ==, 29);
		g_assert_true(date_parse_http(http, 29, &parsed));
		g_assert_cmpuint(parsed, ==, (uint64_t)t);
		date_format((uint64_t)t, mine);
		g_assert_cmpuint(strftime(its, sizeof(its), "%FT%TZ", &tm), ==, 20);
		g_assert_cmpstr(mine, ==, its);
		g_assert_true(date_parse_rfc3339(mine, &parsed));
		g_assert_cmpuint(parsed, ==, (uint64_t)t);
	}
}

static void test_rfc3339(void)
{
	static const struct {
		const char *text;
		uint64_t value;
	} good[] = {
		{"1970-01-01", 0},
		{"2040-01-01", 2208988800},
		{"2040-01-01T00:00:00Z", 2208988800},
		{"2040-01-01T02:00:00+02:00", 2208988800},
		{"2039-12-31T16:30:00-07:30", 2208988800},
	};
	static const char *const bad[] = {
		"",
		"2040",
		"2040-1-1",
		"2040-13-01",
		"2040-02-30",
		"2040-01-01T",
		"2040-01-01T00:00:00",
		"2040-01-01 00:00:00Z",
		"2040-01-01T00:00:00z",
		"2040-01-01T00:00:00+0200",
		"2040-01-01T00:00:00+24:00",
		"2040-01-01Z",
		"1970-01-01T00:00:00+00:01",
		"soon",
	};
	uint64_t t;

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		g_assert_true(date_parse_rfc3339(good[i].text, &t));
		g_assert_cmpuint(t, ==, good[i].value);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		g_assert_false(date_parse_rfc3339(bad[i], &t));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/date/http", test_http);
	g_test_add_func("/date/same", test_same);
	g_test_add_func("/date/rfc3339", test_rfc3339);
	return g_test_run();
}
