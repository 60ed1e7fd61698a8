/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The wizard's pure parts: which page is to be seen, and what a bridge is. */
#include "bridge-lines.h"
#include "wizard-state.h"

#define FPR "0123456789ABCDEF0123456789abcdef01234567"

/* A network, its servers, a Tor that talks; somebody has consented; all is well. */
#define UP .known = true, .sealed = true, .network = GUI_NETWORK_UP
#define DNS .has_dns = true
#define TALKS .link = TOR_LINK_TALKS
#define GRANTED UP, .consent = GUI_CONSENT_GRANTED
#define HIDDEN UP, .consent = GUI_CONSENT_HIDDEN
#define FULL GRANTED, DNS, .connectivity = GUI_CONNECTIVITY_FULL
#define PORTAL GRANTED, DNS, .connectivity = GUI_CONNECTIVITY_PORTAL

static const struct {
	struct facts facts;
	enum page page;
} pages[] = {
	{{.known = false}, PAGE_STARTING},
	{{.known = true}, PAGE_NO_SERVICE},
	{{.known = true, .tor_connected = true}, PAGE_NO_SERVICE},
	{{.known = true, .sealed = true}, PAGE_NO_NETWORK},
	{{.known = true, .sealed = true, .network = GUI_NETWORK_CONNECTING}, PAGE_CONNECTING},
	{{.known = true, .sealed = true, .way = WAY_BRIDGES, TALKS}, PAGE_NO_NETWORK},
	{{.known = true, .sealed = true, .tor_connected = true, TALKS}, PAGE_NO_NETWORK},
	{{UP, DNS, TALKS}, PAGE_QUESTION},
	{{UP, .link = TOR_LINK_ABSENT}, PAGE_QUESTION},
	{{UP, DNS, TALKS, .connectivity = GUI_CONNECTIVITY_FULL}, PAGE_QUESTION},
	{{UP, TALKS, .built_in = true}, PAGE_BUILT_IN},
	{{UP, TALKS, .built_in = true, .way = WAY_TOR}, PAGE_PROGRESS},
	{{HIDDEN, DNS, TALKS}, PAGE_HIDDEN},
	{{HIDDEN, DNS, TALKS, .check = CHECK_RUNNING}, PAGE_HIDDEN},
	{{HIDDEN, DNS, TALKS, .way = WAY_ASK}, PAGE_QUESTION},
	{{PORTAL, .way = WAY_ASK}, PAGE_PORTAL},
	{{HIDDEN, DNS, TALKS, .way = WAY_BRIDGES}, PAGE_BRIDGES},
	{{HIDDEN, DNS, TALKS, .way = WAY_TOR}, PAGE_PROGRESS},
	{{UP, TALKS, .tor_connected = true}, PAGE_CONNECTED},
	{{UP, TALKS, .tor_connected = true, .way = WAY_BRIDGES}, PAGE_BRIDGES},
	{{GRANTED, DNS}, PAGE_CHECKING},
	{{GRANTED}, PAGE_NO_SERVERS},
	{{PORTAL, .check = CHECK_RUNNING}, PAGE_CHECKING},
	{{GRANTED, DNS, .check = CHECK_FAILED}, PAGE_CHECK_FAILED},
	{{PORTAL}, PAGE_PORTAL},
	{{PORTAL, .logging_in = true}, PAGE_LOGIN},
	{{PORTAL, .tor_connected = true}, PAGE_CONNECTED},
	{{GRANTED, DNS, .connectivity = GUI_CONNECTIVITY_LIMITED}, PAGE_LIMITED},
	{{GRANTED, DNS, .connectivity = GUI_CONNECTIVITY_NONE}, PAGE_UNREACHED},
	{{GRANTED, .connectivity = GUI_CONNECTIVITY_NONE}, PAGE_NO_SERVERS},
	{{FULL, TALKS}, PAGE_PROGRESS},
	{{FULL, TALKS, .logging_in = true}, PAGE_PROGRESS},
	{{FULL, TALKS, .clock_wrong = true}, PAGE_CLOCK},
	{{FULL, .link = TOR_LINK_UNKNOWN}, PAGE_STARTING},
	{{FULL, .link = TOR_LINK_ABSENT}, PAGE_TOR_ABSENT},
	{{FULL, .link = TOR_LINK_DENIED}, PAGE_TOR_DENIED},
	{{FULL, .link = TOR_LINK_REFUSED}, PAGE_TOR_REFUSED},
	{{FULL, TALKS, .tor_connected = true}, PAGE_CONNECTED},
	{{FULL, .way = WAY_BRIDGES, .link = TOR_LINK_DENIED}, PAGE_TOR_DENIED},
};

static void test_pages(void)
{
	for (size_t i = 0; i < G_N_ELEMENTS(pages); i++) {
		g_test_message("case %zu", i);
		g_assert_cmpint(page_of(&pages[i].facts), ==, pages[i].page);
	}
}

/*
 * Whatever is so: nothing is asked of a network without consent, and no page of a network is there
 * without one. Every page can be reached.
 */
static void test_all(void)
{
	bool seen[PAGE_N] = {false};

	for (guint n = 0; n < 1U << 21; n++) {
		struct facts f = {
			.known = n & 1,
			.sealed = n & 2,
			.built_in = n & 4,
			.network = (n >> 3 & 3) % GUI_NETWORK_N,
			.consent = (n >> 5 & 3) % GUI_CONSENT_N,
			.connectivity = (n >> 7 & 7) % GUI_CONNECTIVITY_N,
			.has_dns = n & 1 << 10,
			.way = n >> 11 & 3,
			.check = (n >> 13 & 3) % CHECK_N,
			.logging_in = n & 1 << 15,
			.clock_wrong = n & 1 << 16,
			.link = (n >> 17 & 7) % TOR_LINK_N,
			.tor_connected = n & 1 << 20,
		};
		enum page page = page_of(&f);

		if (page >= PAGE_N)
			g_assert_not_reached();
		seen[page] = true;
		if (page >= PAGE_NO_SERVERS && page <= PAGE_CLOCK)
			g_assert_cmpint(f.consent, ==, GUI_CONSENT_GRANTED);
		if (page > PAGE_CONNECTING)
			g_assert_cmpint(f.network, ==, GUI_NETWORK_UP);
		if (page == PAGE_CONNECTED)
			g_assert_true(f.tor_connected);
	}
	for (size_t i = 0; i < G_N_ELEMENTS(seen); i++)
		g_assert_true(seen[i]);
}

static void test_standing(void)
{
	struct facts f = {.consent = GUI_CONSENT_GRANTED};

	g_assert_cmpint(standing_of(&f), ==, STANDING_UNKNOWN);
	f.known = f.sealed = true;
	g_assert_cmpint(standing_of(&f), ==, STANDING_ALLOWED);
	f.consent = GUI_CONSENT_HIDDEN;
	g_assert_cmpint(standing_of(&f), ==, STANDING_HIDDEN);
	f.consent = GUI_CONSENT_UNKNOWN;
	g_assert_cmpint(standing_of(&f), ==, STANDING_CLOSED);
}

static void test_clock(void)
{
	g_assert_false(clock_is_wrong(1800000000, 0));
	g_assert_false(clock_is_wrong(1800000000, 1800000000));
	g_assert_false(clock_is_wrong(1800000000, 1800001800));
	g_assert_true(clock_is_wrong(1800000000, 1800001801));
	g_assert_false(clock_is_wrong(1800001800, 1800000000));
	g_assert_true(clock_is_wrong(1800001801, 1800000000));
	g_assert_true(clock_is_wrong(0, 1800000000));
}

static const struct {
	const char *line;
	enum bridge_verdict verdict;
	const char *text, *transport; /* NULL: not looked at */
} bridges[] = {
	{"192.0.2.1:443", BRIDGE_GOOD, "192.0.2.1:443", ""},
	{"192.0.2.1:443 " FPR, BRIDGE_GOOD, "192.0.2.1:443 " FPR, ""},
	{"  Bridge\t192.0.2.1:443  " FPR "\r", BRIDGE_GOOD, "192.0.2.1:443 " FPR, ""},
	{"[2001:db8::1]:9001 " FPR, BRIDGE_GOOD, "[2001:db8::1]:9001 " FPR, ""},
	{"obfs4 192.0.2.1:443 " FPR " cert=a+b/c iat-mode=0", BRIDGE_GOOD,
	 "obfs4 192.0.2.1:443 " FPR " cert=a+b/c iat-mode=0", "obfs4"},
	{"bridge obfs4 192.0.2.1:443 cert=abc", BRIDGE_GOOD, "obfs4 192.0.2.1:443 cert=abc",
	 "obfs4"},
	{"webtunnel [2001:db8::1]:443 " FPR " url=https://a.example/b ver=0.0.1", BRIDGE_GOOD, NULL,
	 "webtunnel"},
	{"snowflake 192.0.2.3:80 " FPR " fingerprint=" FPR
	 " url=https://x.example/ ice=stun:a:1,stun:b:2",
	 BRIDGE_GOOD, NULL, "snowflake"},
	{"meek_lite 192.0.2.20:80 url=https://x.example front=y.example", BRIDGE_GOOD, NULL,
	 "meek_lite"},
	{"", BRIDGE_BLANK, NULL, NULL},
	{" \t ", BRIDGE_BLANK, NULL, NULL},
	{" # 192.0.2.1:443", BRIDGE_BLANK, NULL, NULL},
	{"192.0.2.1:443\n", BRIDGE_BAD_CHARACTER, NULL, NULL},
	{"obfs4 192.0.2.1:443 cert=\"a\"", BRIDGE_BAD_CHARACTER, NULL, NULL},
	{"obfs4 192.0.2.1:443 cert=a\\b", BRIDGE_BAD_CHARACTER, NULL, NULL},
	{"obfs4 192.0.2.1:443 cert=\xc3\xa4", BRIDGE_BAD_CHARACTER, NULL, NULL},
	{"192.0.2.1:443 # mine", BRIDGE_BAD_CHARACTER, NULL, NULL},
	{"obfs-4 192.0.2.1:443 " FPR, BRIDGE_BAD_TRANSPORT, NULL, NULL},
	{"averylongnameofatransportthatnobodyhas 192.0.2.1:443", BRIDGE_BAD_TRANSPORT, NULL, NULL},
	{"bridges.example:443", BRIDGE_BAD_TRANSPORT, NULL, NULL},
	{"obfs4", BRIDGE_NO_ADDRESS, NULL, NULL},
	{"Bridge", BRIDGE_NO_ADDRESS, NULL, NULL},
	{"192.0.2.1", BRIDGE_BAD_ADDRESS, NULL, NULL},
	{"192.0.2.1:", BRIDGE_BAD_ADDRESS, NULL, NULL},
	{"192.0.2.1:0", BRIDGE_BAD_ADDRESS, NULL, NULL},
	{"192.0.2.1:65536", BRIDGE_BAD_ADDRESS, NULL, NULL},
	{"192.0.2.1:-1", BRIDGE_BAD_ADDRESS, NULL, NULL},
	{"192.0.2.256:443", BRIDGE_BAD_ADDRESS, NULL, NULL},
	{"2001:db8::1:443", BRIDGE_BAD_ADDRESS, NULL, NULL},
	{"[]:443", BRIDGE_BAD_ADDRESS, NULL, NULL},
	{"[:443", BRIDGE_BAD_ADDRESS, NULL, NULL},
	{"obfs4 example.org:443 " FPR, BRIDGE_BAD_ADDRESS, NULL, NULL},
	{"192.0.2.1:443 0123", BRIDGE_BAD_FINGERPRINT, NULL, NULL},
	{"192.0.2.1:443 G123456789ABCDEF0123456789abcdef01234567", BRIDGE_BAD_FINGERPRINT, NULL,
	 NULL},
	{"192.0.2.1:443 " FPR " a=b", BRIDGE_BAD_ARGUMENT, NULL, NULL},
	{"192.0.2.1:443 " FPR " DisableNetwork=0", BRIDGE_BAD_ARGUMENT, NULL, NULL},
	{"obfs4 192.0.2.1:443 " FPR " cert=a mode", BRIDGE_BAD_ARGUMENT, NULL, NULL},
	{"obfs4 192.0.2.1:443 " FPR " =a", BRIDGE_BAD_ARGUMENT, NULL, NULL},
	{"obfs4 192.0.2.1:443 " FPR, BRIDGE_MISSING_ARGUMENT, NULL, NULL},
	{"obfs4 192.0.2.1:443 " FPR " cert=", BRIDGE_MISSING_ARGUMENT, NULL, NULL},
	{"webtunnel 192.0.2.1:443 " FPR " cert=a", BRIDGE_MISSING_ARGUMENT, NULL, NULL},
};

static void test_bridges(void)
{
	struct bridge bridge;

	for (size_t i = 0; i < G_N_ELEMENTS(bridges); i++) {
		size_t n = strlen(bridges[i].line);
		g_autofree char *exact = g_memdup2(bridges[i].line, n);

		g_test_message("%s", bridges[i].line);
		g_assert_cmpint(bridge_line_parse(exact, n, &bridge), ==, bridges[i].verdict);
		if (bridges[i].text)
			g_assert_cmpstr(bridge.text, ==, bridges[i].text);
		if (bridges[i].transport)
			g_assert_cmpstr(bridge.transport, ==, bridges[i].transport);
	}
}

static void test_long_bridge(void)
{
	g_autofree char *line = g_strnfill(BRIDGE_LINE_MAX + 1, 'x');
	static const char begin[] = "obfs4 192.0.2.1:443 cert=";
	struct bridge bridge;

	memcpy(line, begin, sizeof(begin) - 1);
	g_assert_cmpint(bridge_line_parse(line, BRIDGE_LINE_MAX + 1, &bridge), ==, BRIDGE_TOO_LONG);
	g_assert_cmpint(bridge_line_parse(line, BRIDGE_LINE_MAX, &bridge), ==, BRIDGE_GOOD);
	g_assert_cmpuint(strlen(bridge.text), ==, BRIDGE_LINE_MAX);
}

static const struct {
	const char *code, *lines;
} codes[] = {
	{"['obfs4 a', 'obfs4 b']", "obfs4 a\nobfs4 b\n"},
	{" [ \"a\",\n\"b\" ]\n", "a\nb\n"},
	{"['a]b', \"c'd\"] 'e'", "a]b\nc'd\n"},
	{"['a", "a"},
	{"[]", "[]"},
	{"[2001:db8::1]:443", "[2001:db8::1]:443"},
	{"obfs4 'a'", "obfs4 'a'"},
	{"", ""},
	{"[", "["},
};

static void test_codes(void)
{
	for (size_t i = 0; i < G_N_ELEMENTS(codes); i++) {
		g_autofree char *text = g_strdup(codes[i].code);

		bridge_text_unlist(text);
		g_assert_cmpstr(text, ==, codes[i].lines);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/wizard/pages", test_pages);
	g_test_add_func("/wizard/all", test_all);
	g_test_add_func("/wizard/standing", test_standing);
	g_test_add_func("/wizard/clock", test_clock);
	g_test_add_func("/wizard/bridges", test_bridges);
	g_test_add_func("/wizard/long-bridge", test_long_bridge);
	g_test_add_func("/wizard/codes", test_codes);
	return g_test_run();
}
