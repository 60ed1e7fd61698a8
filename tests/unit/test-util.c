/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "util.h"

#include <errno.h>
#include <glib.h>

static void test_u32(void)
{
	static const struct {
		const char *text;
		int r;
		uint32_t value;
	} cases[] = {
		{"0", 0, 0},
		{"4294967295", 0, 4294967295u},
		{"007", 0, 7},
		{"", -EINVAL, 0},
		{"-1", -EINVAL, 0},
		{"+1", -EINVAL, 0},
		{" 1", -EINVAL, 0},
		{"1 ", -EINVAL, 0},
		{"1x", -EINVAL, 0},
		{"0x10", -EINVAL, 0},
		{"4294967296", -ERANGE, 0},
		{"99999999999999999999", -ERANGE, 0},
	};
	uint32_t v;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		g_assert_cmpint(parse_u32(cases[i].text, UINT32_MAX, &v), ==, cases[i].r);
		if (cases[i].r == 0)
			g_assert_cmpuint(v, ==, cases[i].value);
	}
	g_assert_cmpint(parse_u32("10", 9, &v), ==, -ERANGE);
	g_assert_cmpint(parse_u32("9", 9, &v), ==, 0);
}

static void test_seconds(void)
{
	static const struct {
		const char *text;
		int r;
		uint32_t seconds;
	} cases[] = {
		{"90", 0, 90},
		{"90s", 0, 90},
		{"10min", 0, 600},
		{"10 min", 0, 600},
		{"1h", 0, 3600},
		{"2d", 0, 172800},
		{"10minutes", -EINVAL, 0},
		{"", -EINVAL, 0},
		{"min", -EINVAL, 0},
		{"-5s", -EINVAL, 0},
		{"1.5h", -EINVAL, 0},
		{"5000000000", -ERANGE, 0},
		{"4294967295d", -ERANGE, 0},
	};
	uint32_t v;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		g_assert_cmpint(parse_seconds(cases[i].text, &v), ==, cases[i].r);
		if (cases[i].r == 0)
			g_assert_cmpuint(v, ==, cases[i].seconds);
	}
}

/* What is printed is read back as the same. */
static void test_format_seconds(void)
{
	static const uint32_t values[] = {0, 1, 59, 60, 61, 600, 3600, 3660, 86400, 4294967295u};
	char buf[24];
	uint32_t v;

	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		format_seconds(values[i], buf, sizeof(buf));
		g_assert_cmpint(parse_seconds(buf, &v), ==, 0);
		g_assert_cmpuint(v, ==, values[i]);
	}
	format_seconds(600, buf, sizeof(buf));
	g_assert_cmpstr(buf, ==, "10min");
}

static void test_users(void)
{
	char buf[40];
	uid_t uid = 1;

	g_assert_cmpint(resolve_user(NULL, "root", &uid), ==, 0);
	g_assert_cmpuint(uid, ==, 0);
	g_assert_cmpint(resolve_user(NULL, "no-such-user-here", &uid), ==, -ESRCH);
	format_user(0, buf, sizeof(buf));
	g_assert_cmpstr(buf, ==, "root");
	format_user(4000000000u, buf, sizeof(buf));
	g_assert_cmpstr(buf, ==, "4000000000");
}

static void test_nearest(void)
{
	static const char *const names[] = {"users", "service", "dns"};

	g_assert_cmpstr(nearest("user", names, ARRAY_SIZE(names)), ==, "users");
	g_assert_cmpstr(nearest("servcie", names, ARRAY_SIZE(names)), ==, "service");
	g_assert_null(nearest("automobile", names, ARRAY_SIZE(names)));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/util/u32", test_u32);
	g_test_add_func("/util/seconds", test_seconds);
	g_test_add_func("/util/format-seconds", test_format_seconds);
	g_test_add_func("/util/users", test_users);
	g_test_add_func("/util/nearest", test_nearest);
	return g_test_run();
}
