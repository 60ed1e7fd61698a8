/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The beginning of an X11 connection with another cookie in it, and what is no beginning. */
#include "x11-setup.h"

#include <glib.h>
#include <string.h>

static const struct x11_auth cookie = {
	.name = "MIT-MAGIC-COOKIE-1",
	.name_size = 18,
	.data = "0123456789abcdef",
	.data_size = 16,
};
static const struct x11_auth nothing;

static const char made_little[] = "l\0\v\0\0\0\x12\0\x10\0\0\0MIT-MAGIC-COOKIE-1\0\0"
				  "0123456789abcdef";
static const char made_big[] = "B\0\0\v\0\0\0\x12\0\x10\0\0MIT-MAGIC-COOKIE-1\0\0"
			       "0123456789abcdef";

static void test_made(void)
{
	static const struct {
		const char *in;
		gsize size, used;
		const struct x11_auth *auth;
		const char *made;
		gsize made_size;
	} cases[] = {
		{"l\0\v\0\0\0\0\0\0\0\0\0", 12, 12, &cookie, made_little, 48},
		{"B\0\0\v\0\0\0\0\0\0\0\0more", 16, 12, &cookie, made_big, 48},
		{"l\0\v\0\0\0\5\0\1\0\0\0names\0\0\0d\0\0\0", 24, 24, &cookie, made_little, 48},
		{"l\0\v\0\0\0\5\0\1\0\0\0names\0\0\0d\0\0\0", 24, 24, &nothing,
		 "l\0\v\0\0\0\0\0\0\0\0\0", 12},
		{made_big, 48, 48, &cookie, made_big, 48},
	};
	guint8 out[X11_MADE_MAX];
	gsize used, made;

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		const guint8 *in = (const guint8 *)cases[i].in;

		/* Byte by byte, as a slow client would send it. */
		for (gsize n = 0; n < cases[i].used; n++)
			g_assert_cmpint(
				x11_setup_authorize(in, n, cases[i].auth, out, &used, &made), ==,
				X11_SETUP_MORE);
		g_assert_cmpint(
			x11_setup_authorize(in, cases[i].size, cases[i].auth, out, &used, &made),
			==, X11_SETUP_DONE);
		g_assert_cmpuint(used, ==, cases[i].used);
		g_assert_cmpmem(out, made, cases[i].made, cases[i].made_size);
	}
}

static void test_bad(void)
{
	static const struct {
		const char *in;
		gsize size;
	} cases[] = {
		{"x", 1},
		{"", 1},
		{"l\0\v\0\0\0\xff\xff\0\0\0\0", 12},
		{"l\0\v\0\0\0\0\0\xf5\3\0\0", 12},
		{"B\0\0\v\0\0\3\xf5\0\0\0\0", 12},
	};
	guint8 out[X11_MADE_MAX];
	gsize used, made;

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
		g_assert_cmpint(x11_setup_authorize((const guint8 *)cases[i].in, cases[i].size,
						    &cookie, out, &used, &made),
				==, X11_SETUP_BAD);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/x11-setup/made", test_made);
	g_test_add_func("/x11-setup/bad", test_bad);
	return g_test_run();
}
