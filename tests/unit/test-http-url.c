/* SPDX-License-Identifier: GPL-2.0-or-later */
/* URLs that may be shown to somebody, and where they lead, however they are written. */
#include "http-url.h"

#include <glib.h>

static const struct {
	const char *text, *host;
	uint16_t port;
	enum host_kind kind;
	const char *rest;
} good[] = {
	{"http://example.org", "example.org", 0, HOST_NAME, ""},
	{"HTTPS://Login.Example:8443/a?b=c#d", "Login.Example", 8443, HOST_NAME, "/a?b=c#d"},
	{"http://198.51.100.7/x", "198.51.100.7", 0, HOST_INTERNET, "/x"},
	{"http://192.168.0.1?q", "192.168.0.1", 0, HOST_LAN, "?q"},
	{"http://10.0.0.1:80/", "10.0.0.1", 80, HOST_LAN, "/"},
	{"http://172.31.0.1/", "172.31.0.1", 0, HOST_LAN, "/"},
	{"http://172.32.0.1/", "172.32.0.1", 0, HOST_INTERNET, "/"},
	{"http://100.64.0.1/", "100.64.0.1", 0, HOST_LAN, "/"},
	{"http://169.254.169.254/latest", "169.254.169.254", 0, HOST_LAN, "/latest"},
	{"http://127.0.0.1:631/", "127.0.0.1", 631, HOST_LOOPBACK, "/"},
	{"http://0.0.0.0/", "0.0.0.0", 0, HOST_LOOPBACK, "/"},
	{"http://localhost/", "localhost", 0, HOST_LOOPBACK, "/"},
	{"http://x.LocalHost/", "x.LocalHost", 0, HOST_LOOPBACK, "/"},
	{"http://notlocalhost/", "notlocalhost", 0, HOST_NAME, "/"},
	{"http://[::1]:8080/", "::1", 8080, HOST_LOOPBACK, "/"},
	{"http://[::ffff:127.0.0.1]/", "::ffff:127.0.0.1", 0, HOST_LOOPBACK, "/"},
	{"http://[::ffff:10.0.0.1]/", "::ffff:10.0.0.1", 0, HOST_LAN, "/"},
	{"http://[fe80::1]/", "fe80::1", 0, HOST_LAN, "/"},
	{"http://[fd00::1]/", "fd00::1", 0, HOST_LAN, "/"},
	{"http://[2001:db8::1]/", "2001:db8::1", 0, HOST_INTERNET, "/"},
};

static const char *const bad[] = {
	"",
	"http://",
	"http:///x",
	"http:/example.org",
	"ftp://example.org",
	"javascript:alert(1)",
	"file:///etc/passwd",
	"//example.org",
	"http://user@example.org/",
	"http://example.org:@127.0.0.1/",
	"http://example.org\\@127.0.0.1/",
	"http://example.org:0/",
	"http://example.org:65536/",
	"http://example.org:80x/",
	"http://example.org:/",
	"http://exa mple.org/",
	"http://example.org/a b",
	"http://example.org/\x1b[31m",
	"http://ex\xc3\xa4mple.org/",
	"http://example.org/<script>",
	"http://example..org/",
	"http://.example.org/",
	"http://localhost./",
	/* What browsers read as addresses. */
	"http://2130706433/",
	"http://0x7f000001/",
	"http://0x7f.1/",
	"http://127.1/",
	"http://0177.0.0.1/",
	"http://1.2.3.4.5/",
	"http://256.0.0.1/",
	"http://example.1/",
	"http://[::1/",
	"http://[::1]x/",
	"http://[fe80::1%25eth0]/",
	"http://[127.0.0.1]/",
};

static void test_parse(void)
{
	struct http_url url;

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		g_assert_true(http_url_parse(good[i].text, strlen(good[i].text), &url));
		g_assert_cmpstr(url.host, ==, good[i].host);
		g_assert_cmpuint(url.port, ==, good[i].port);
		g_assert_cmpint(http_host_kind(&url), ==, good[i].kind);
		g_assert_cmpmem(url.rest, url.rest_size, good[i].rest, strlen(good[i].rest));
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		g_assert_false(http_url_parse(bad[i], strlen(bad[i]), &url));
	g_assert_false(http_url_parse("http://a\0b/", 11, &url));
}

static void test_resolve(void)
{
	static const char base[] = "http://check.example/a/b?c";
	static const struct {
		const char *location, *whole; /* NULL: none */
	} cases[] = {
		{"http://portal.example/login", "http://portal.example/login"},
		{"https://[2001:db8::1]:8443/", "https://[2001:db8::1]:8443/"},
		{"//portal.example/x", "http://portal.example/x"},
		{"/login?u=http://x", "http://check.example/login?u=http://x"},
		{"login", "http://check.example/a/login"},
		{"?q=1", "http://check.example/a/b?q=1"},
		{"javascript:alert(1)", NULL},
		{"mailto:a", NULL},
		{"http://user@x.example/", NULL},
		{"//127.1/", NULL},
		{"/a b", NULL},
		{"", NULL},
	};
	char buf[HTTP_URL_SIZE], *longest = g_strnfill(HTTP_URL_SIZE, '/');
	struct http_url url, again;

	g_assert_true(http_url_parse(base, strlen(base), &url));
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		bool ok = http_url_resolve(&url, cases[i].location, strlen(cases[i].location), buf);

		g_assert_true(ok == (cases[i].whole != NULL));
		if (!ok)
			continue;
		g_assert_cmpstr(buf, ==, cases[i].whole);
		g_assert_true(http_url_parse(buf, strlen(buf), &again));
	}
	g_assert_false(http_url_resolve(&url, longest, strlen(longest), buf));
	g_assert_false(http_url_resolve(&url, longest, HTTP_URL_SIZE - 5, buf));
	g_free(longest);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/http-url/parse", test_parse);
	g_test_add_func("/http-url/resolve", test_resolve);
	return g_test_run();
}
