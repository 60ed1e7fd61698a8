/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What NetworkManager says of DNS servers: what is taken, what is left out, what is not read. */
#include "nm-config.h"

#include <arpa/inet.h>
#include <glib.h>
#include <sys/socket.h>
#include <unistd.h>

static sd_bus *bus;
static struct nm_config config;

static sd_bus_message *begin(void)
{
	sd_bus_message *m = NULL;

	g_assert_cmpint(sd_bus_message_new_method_call(bus, &m, "a.b", "/a", "a.b", "C"), >=, 0);
	return m;
}

static int end(sd_bus_message *m, size_t most)
{
	int r;

	g_assert_cmpint(sd_bus_message_seal(m, 1, 0), >=, 0);
	g_assert_cmpint(sd_bus_message_rewind(m, 1), >=, 0);
	r = nm_config_read(m, most, &config);
	(void)sd_bus_message_unref(m);
	return r;
}

#define OPEN(m, type, contents) \
	g_assert_cmpint(sd_bus_message_open_container(m, type, contents), >=, 0)
#define CLOSE(m) g_assert_cmpint(sd_bus_message_close_container(m), >=, 0)
#define APPEND(m, ...) g_assert_cmpint(sd_bus_message_append(m, __VA_ARGS__), >=, 0)

static sd_bus_message *open_list(void)
{
	sd_bus_message *m = begin();

	OPEN(m, 'v', "aa{sv}");
	OPEN(m, 'a', "a{sv}");
	return m;
}

static int close_list(sd_bus_message *m, size_t most)
{
	CLOSE(m);
	CLOSE(m);
	return end(m, most);
}

static void entry(sd_bus_message *m, const char *link, const char *one, const char *two)
{
	APPEND(m, "a{sv}", 4, "priority", "i", 100, "nameservers", "as", 2, one, two, "interface",
	       "s", link, "domains", "as", 1, "$(reboot)");
}

static void is_server(const struct nm_link *l, size_t i, const char *text)
{
	struct dns_server s = {.family = strchr(text, ':') ? AF_INET6 : AF_INET};

	g_assert_cmpint(inet_pton(s.family, text, s.address), ==, 1);
	g_assert_cmpuint(i, <, l->n);
	g_assert_cmpmem(&l->servers[i], sizeof(s), &s, sizeof(s));
}

static void test_good(void)
{
	sd_bus_message *m = open_list();

	entry(m, "eth0", "192.0.2.1", "192.0.2.2");
	entry(m, "wlan0", "198.51.100.1", "2001:db8::1");
	entry(m, "eth0", "2001:db8::2", "192.0.2.1"); /* IPv6 comes in an entry of its own */
	APPEND(m, "a{sv}", 1, "nameservers", "as", 1, "203.0.113.1"); /* of no link */
	APPEND(m, "a{sv}", 1, "interface", "s", "tun0");
	APPEND(m, "a{sv}", 0);
	g_assert_cmpint(close_list(m, 8), ==, 0);
	g_assert_cmpuint(config.n, ==, 3);
	g_assert_cmpuint(config.left_out, ==, 0);
	g_assert_cmpstr(config.links[0].name, ==, "eth0");
	g_assert_cmpuint(config.links[0].n, ==, 3);
	g_assert_cmpuint(config.links[0].left_out, ==, 0);
	is_server(&config.links[0], 0, "192.0.2.1");
	is_server(&config.links[0], 1, "192.0.2.2");
	is_server(&config.links[0], 2, "2001:db8::2");
	is_server(&config.links[1], 1, "2001:db8::1");
	g_assert_cmpstr(config.links[2].name, ==, "tun0");
	g_assert_cmpuint(config.links[2].n, ==, 0);
	g_assert_cmpint(close_list(open_list(), 8), ==, 0);
	g_assert_cmpuint(config.n, ==, 0);
}

static void test_no_servers(void)
{
	static const char *const bad[] = {
		"",
		"127.0.0.1",
		"0.0.0.0",
		"224.0.0.1",
		"255.255.255.255",
		"::1",
		"::",
		"ff02::fb",
		"fe80::1",
		"::ffff:127.0.0.1",
		"1.2.3",
		"1.2.3.4.5",
		"0x7f.1",
		"1.2.3.4 ",
		"dns+tls://192.0.2.1",
		"fe80::1%1",
		"192.0.2.1:53",
		"dns.example",
		"$(reboot)",
		"192.0.2.1\nnameserver 1",
		"1.2.3.256",
		"01.2.3.4567",
		"[2001:db8::1]",
		"::1.2.3.4",
	};
	sd_bus_message *m = open_list();

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		entry(m, "eth0", bad[i], "192.0.2.1");
	g_assert_cmpint(close_list(m, 8), ==, 0);
	g_assert_cmpuint(config.n, ==, 1);
	g_assert_cmpuint(config.links[0].n, ==, 1);
	g_assert_cmpuint(config.links[0].left_out, ==, ARRAY_SIZE(bad));
}

static void test_bounds(void)
{
	sd_bus_message *m = open_list();
	char one[32], two[32];

	for (unsigned int i = 0; i < 100; i++) {
		(void)g_snprintf(one, sizeof(one), "192.0.2.%u", i);
		(void)g_snprintf(two, sizeof(two), "198.51.100.%u", i);
		entry(m, "eth0", one, two);
	}
	for (unsigned int i = 1; i < 100; i++) {
		(void)g_snprintf(one, sizeof(one), "eth%u", i);
		entry(m, one, "192.0.2.1", "192.0.2.1");
	}
	entry(m, "lo", "192.0.2.1", "192.0.2.1");
	entry(m, "../etc", "192.0.2.1", "192.0.2.1");
	entry(m, "sixteen-letters-", "192.0.2.1", "192.0.2.1");
	g_assert_cmpint(close_list(m, 1000), ==, 0);
	g_assert_cmpuint(config.links[0].n, ==, DNS_SERVERS_MAX);
	g_assert_cmpuint(config.links[0].left_out, ==, 200 - DNS_SERVERS_MAX);
	g_assert_cmpuint(config.n, ==, DNS_LINKS_MAX);
	g_assert_cmpuint(config.left_out, ==, 100 - DNS_LINKS_MAX + 3);

	m = open_list();
	entry(m, "eth0", "192.0.2.1", "192.0.2.2");
	g_assert_cmpint(close_list(m, 1), ==, 0);
	g_assert_cmpuint(config.links[0].n, ==, 1);
	m = open_list();
	entry(m, "eth0", "192.0.2.1", "192.0.2.2");
	g_assert_cmpint(close_list(m, 0), ==, 0);
	g_assert_cmpuint(config.links[0].n, ==, 0);
}

static void test_wrong_types(void)
{
	sd_bus_message *m = begin();

	APPEND(m, "v", "s", "nothing");
	g_assert_cmpint(end(m, 8), <, 0);
	m = begin();
	APPEND(m, "v", "a{sv}", 0);
	g_assert_cmpint(end(m, 8), <, 0);
	g_assert_cmpint(end(begin(), 8), <, 0);

	m = open_list();
	APPEND(m, "a{sv}", 2, "interface", "s", "eth0", "nameservers", "s", "192.0.2.1");
	g_assert_cmpint(close_list(m, 8), <, 0);
	m = open_list();
	APPEND(m, "a{sv}", 1, "nameservers", "au", 1, 1);
	g_assert_cmpint(close_list(m, 8), <, 0);
	m = open_list();
	APPEND(m, "a{sv}", 1, "interface", "u", 1);
	g_assert_cmpint(close_list(m, 8), <, 0);
	/* What is not looked at may be anything. */
	m = open_list();
	APPEND(m, "a{sv}", 2, "interface", "s", "eth0", "vpn", "a(su)", 1, "x", 1);
	g_assert_cmpint(close_list(m, 8), ==, 0);
}

/* Messages are made for a bus; nobody is at its other end. */
static void open_bus(int other[2])
{
	g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM, 0, other), ==, 0);
	g_assert_cmpint(sd_bus_new(&bus), >=, 0);
	g_assert_cmpint(sd_bus_set_fd(bus, other[0], other[0]), >=, 0);
	g_assert_cmpint(sd_bus_start(bus), >=, 0);
}

int main(int argc, char **argv)
{
	int fds[2], r;

	open_bus(fds);
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/nm-config/good", test_good);
	g_test_add_func("/nm-config/no-servers", test_no_servers);
	g_test_add_func("/nm-config/bounds", test_bounds);
	g_test_add_func("/nm-config/wrong-types", test_wrong_types);
	r = g_test_run();
	(void)sd_bus_close_unref(bus);
	(void)close(fds[1]);
	return r;
}
