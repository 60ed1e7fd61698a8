/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a Tor says: which lines count, however they are cut, and any bytes at all. */
#include "tor-lines.h"

#include <glib.h>

#define LONG_SIZE (TOR_LINE_SIZE * 3UL)

static struct tor_text lines;

/* The last news in a text that comes so many bytes at a time. */
static enum tor_news read_all(const char *text, size_t n, size_t step)
{
	enum tor_news news = TOR_NOTHING;

	for (size_t at = 0; at < n; at += step) {
		size_t left = step < n - at ? step : n - at;
		void *exact = g_memdup2(text + at, left);
		const char *data = exact;

		while (left > 0) {
			enum tor_news one = tor_lines_read(&lines, &data, &left);

			news = one == TOR_NOTHING ? news : one;
		}
		g_free(exact);
	}
	return news;
}

static const struct {
	const char *text;
	enum tor_news news;
} said[] = {
	{"250 OK\r\n", TOR_NOTHING},
	{"250-status/bootstrap-phase=NOTICE BOOTSTRAP PROGRESS=0 TAG=starting SUMMARY=\"S\"\r\n",
	 TOR_CONNECTING},
	{"250-status/bootstrap-phase=NOTICE BOOTSTRAP PROGRESS=100 TAG=done SUMMARY=\"Done\"\r\n",
	 TOR_CONNECTED},
	{"250-status/bootstrap-phase=WARN BOOTSTRAP TAG=done PROGRESS=100\n", TOR_CONNECTED},
	{"250-status/bootstrap-phase=\r\n", TOR_NOTHING},
	{"250-status/bootstrap-phase=BOOTSTRAP PROGRESS=100\r\n", TOR_NOTHING},
	{"650 STATUS_CLIENT NOTICE BOOTSTRAP PROGRESS=100 TAG=done SUMMARY=\"Done\"\r\n",
	 TOR_CONNECTS},
	{"650 STATUS_CLIENT NOTICE CIRCUIT_ESTABLISHED\r\n", TOR_CONNECTS},
	{"650 STATUS_CLIENT NOTICE CIRCUIT_ESTABLISHED REASON=x\r\n", TOR_CONNECTS},
	{"650 STATUS_CLIENT NOTICE CIRCUIT_ESTABLISHED_NOT\r\n", TOR_NOTHING},
	{"650 STATUS_CLIENT NOTICE CIRCUIT_NOT_ESTABLISHED\r\n", TOR_NOTHING},
	{"650 STATUS_CLIENT NOTICE BOOTSTRAP PROGRESS=99 TAG=x\r\n", TOR_NOTHING},
	{"650 STATUS_CLIENT NOTICE BOOTSTRAP PROGRESS=1000 TAG=x\r\n", TOR_NOTHING},
	{"650 STATUS_CLIENT NOTICE BOOTSTRAP PROGRESS=1 SUMMARY=\" PROGRESS=100 \"\r\n",
	 TOR_NOTHING},
	{"650 STATUS_CLIENT NOTICE BOOTSTRAP TAG=XPROGRESS=100\r\n", TOR_NOTHING},
	{"650 STATUS_CLIENT CIRCUIT_ESTABLISHED\r\n", TOR_NOTHING},
	{"650 STATUS_SERVER NOTICE CIRCUIT_ESTABLISHED\r\n", TOR_NOTHING},
	{"650 STATUS_CLIENT \r\n", TOR_NOTHING},
	{"650 STATUS_CLIENT  \r\n", TOR_NOTHING},
	{"x650 STATUS_CLIENT NOTICE CIRCUIT_ESTABLISHED\r\n", TOR_NOTHING},
	{"650+STATUS_CLIENT\r\n650 STATUS_CLIENT NOTICE CIRCUIT_ESTABLISHED\r\n.\r\n", TOR_NOTHING},
	{"250+x=\r\n..\r\n515 no\r\n.\r\n", TOR_NOTHING},
	{"515 Authentication failed\r\n", TOR_REFUSED},
	{"451 x\r\n", TOR_REFUSED},
	{"552-x\r\n", TOR_REFUSED},
	{"5xx x\r\n", TOR_NOTHING},
	{"51\r\n", TOR_NOTHING},
	{"\r\n\n\r\n", TOR_NOTHING},
};

static void test_lines(void)
{
	static const size_t steps[] = {1, 2, 7, 4096};

	for (size_t i = 0; i < G_N_ELEMENTS(said); i++)
		for (size_t j = 0; j < G_N_ELEMENTS(steps); j++) {
			lines = (struct tor_text){0};
			g_assert_cmpint(read_all(said[i].text, strlen(said[i].text), steps[j]), ==,
					said[i].news);
		}
}

static const struct {
	const char *arguments, *value; /* of NAME; NULL: there is none */
} arguments[] = {
	{" NAME=x", "x"},
	{"A=1 NAME=x B", "x"},
	{"NAME=", ""},
	{" NAME=\"a b\" C=d", "a b"},
	{" NAME=\"a \\\"b\\\\ NAME=c", "a \"b\\ NAME=c"},
	{" A=\"x NAME=1 \" NAME=2", "2"},
	{" A=\"x \\\" NAME=1\" B", NULL},
	{" A=\"x NAME=1", NULL},
	{" XNAME=1 NAMEX=2 NAME", NULL},
	{" NAME=\"\\", "\\"},
	{" NAME=a\033[m", "a?[m"},
	{" NAME=123456789", "1234567"},
	{"", NULL},
};

static void test_arguments(void)
{
	for (size_t i = 0; i < G_N_ELEMENTS(arguments); i++) {
		char value[24] = "?";
		size_t size = strstr(arguments[i].arguments, "123") ? 8 : sizeof(value);
		g_autofree char *exact = g_strdup(arguments[i].arguments);
		bool found = tor_text_argument(exact, "NAME", value, size);

		g_assert_cmpint(found, ==, arguments[i].value != NULL);
		g_assert_cmpstr(value, ==, found ? arguments[i].value : "");
	}
}

/* All in one go: each says what it says, whatever was said before. */
static void test_many(void)
{
	lines = (struct tor_text){0};
	for (size_t i = 0; i < G_N_ELEMENTS(said); i++)
		g_assert_cmpint(read_all(said[i].text, strlen(said[i].text), 5), ==, said[i].news);
}

/* A line that is too long, or has a NUL, says nothing; the next one does. */
static void test_long(void)
{
	static const char connects[] = "650 STATUS_CLIENT NOTICE CIRCUIT_ESTABLISHED\r\n";
	g_autofree char *text = g_malloc(LONG_SIZE);

	lines = (struct tor_text){0};
	memset(text, ' ', LONG_SIZE);
	memcpy(text, connects, sizeof(connects) - 3);
	text[LONG_SIZE - 1] = '\n';
	g_assert_cmpint(read_all(text, LONG_SIZE, 100), ==, TOR_NOTHING);
	g_assert_cmpint(read_all(connects, sizeof(connects) - 1, 100), ==, TOR_CONNECTS);
	g_assert_cmpint(read_all("650 STATUS_CLIENT NOTICE CIRCUIT_ESTABLISHED \0\n", 47, 100), ==,
			TOR_NOTHING);
	g_assert_cmpint(read_all(connects, sizeof(connects) - 1, 100), ==, TOR_CONNECTS);
	/* Its beginning counts: what comes is still its data. */
	(void)g_strlcpy(text, "250+", LONG_SIZE);
	text[4] = ' ';
	g_assert_cmpint(read_all(text, LONG_SIZE, 100), ==, TOR_NOTHING);
	g_assert_cmpint(read_all(connects, sizeof(connects) - 1, 100), ==, TOR_NOTHING);
	g_assert_cmpint(read_all(".\r\n", 3, 100), ==, TOR_NOTHING);
	g_assert_cmpint(read_all(connects, sizeof(connects) - 1, 100), ==, TOR_CONNECTS);
}

/* Bytes of the alphabet that counts, and of any: nothing is read or written outside. */
static void test_noise(void)
{
	static const char *const pieces[] = {"650",
					     " ",
					     "-",
					     "+",
					     "\r\n",
					     "\n",
					     ".",
					     "\"",
					     "STATUS_CLIENT",
					     "BOOTSTRAP",
					     " PROGRESS=100",
					     "NOTICE",
					     "250",
					     "5",
					     "\xff"};
	GRand *rand = g_rand_new_with_seed(1);

	lines = (struct tor_text){0};
	for (int i = 0; i < 200000; i++) {
		gint32 n = g_rand_int_range(rand, 0, G_N_ELEMENTS(pieces) + 1);
		char any = (char)g_rand_int(rand);

		if (n == G_N_ELEMENTS(pieces))
			(void)read_all(&any, 1, 1);
		else
			(void)read_all(pieces[n], strlen(pieces[n]), 64);
		g_assert_cmpuint(lines.n, <, TOR_LINE_SIZE);
	}
	g_rand_free(rand);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/tor-lines/lines", test_lines);
	g_test_add_func("/tor-lines/arguments", test_arguments);
	g_test_add_func("/tor-lines/many", test_many);
	g_test_add_func("/tor-lines/long", test_long);
	g_test_add_func("/tor-lines/noise", test_noise);
	return g_test_run();
}
