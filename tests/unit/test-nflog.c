/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reports of refused packets: what they say, whatever is cut off; and the ring that keeps them. */
#include "blocked-ring.h"
#include "nflog-origin.h"
#include "policy-text.h"

#include <arpa/inet.h>
#include <glib.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_log.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <sys/socket.h>

/* A datagram under construction. */
static char buf[4096] __attribute__((aligned(8)));
static struct nlmsghdr *h;
static struct nflog_packet got;
static size_t n_got;

static void begin_group(uint16_t group)
{
	struct nfgenmsg *g;

	memset(buf, 0, sizeof(buf));
	h = mnl_nlmsg_put_header(buf);
	h->nlmsg_type = NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_PACKET;
	g = mnl_nlmsg_put_extra_header(h, sizeof(*g));
	*g = (struct nfgenmsg){AF_INET, NFNETLINK_V0, htons(group)};
}

static void begin(uint32_t uid, uint32_t counter)
{
	begin_group(RULESET_LOG_GROUP);
	mnl_attr_put_u32(h, NFULA_UID, htonl(uid));
	if (counter)
		mnl_attr_put_u32(h, NFULA_MARK, htonl(counter));
}

static void see(const struct nflog_packet *p, void *userdata)
{
	(void)userdata;
	got = *p;
	n_got++;
}

static size_t parse(size_t size)
{
	n_got = 0;
	got = (struct nflog_packet){0};
	return nflog_parse(buf, size, see, NULL);
}

/* A packet's bytes as the payload; whether it is taken. */
static bool takes(const uint8_t *packet, size_t size)
{
	begin(1000, COUNTER_INTERNET);
	mnl_attr_put(h, NFULA_PAYLOAD, size, packet);
	return parse(h->nlmsg_len) == 0 && n_got == 1;
}

/* 192.168.77.10:50000 -> 198.51.100.7:443, SYN */
static const uint8_t tcp4[] = {
	0x45, 0, 0,    60, 0, 0,    0x40, 0, 64, IPPROTO_TCP, 0, 0, 192, 168, 77,   10, 198, 51,
	100,  7, 0xc3, 80, 1, 0xbb, 0,    0, 0,  1,           0, 0, 0,   0,   0xa0, 2,  0,   0,
};

static void test_tcp4(void)
{
	static const uint8_t destination[NFLOG_ADDRESS_SIZE] = {198, 51, 100, 7};

	g_assert_true(takes(tcp4, sizeof(tcp4)));
	g_assert_cmpuint(got.uid, ==, 1000);
	g_assert_cmpuint(got.counter, ==, COUNTER_INTERNET);
	g_assert_cmpuint(got.family, ==, AF_INET);
	g_assert_cmpuint(got.protocol, ==, IPPROTO_TCP);
	g_assert_true(got.has_ports);
	g_assert_cmpuint(got.sport, ==, 50000);
	g_assert_cmpuint(got.dport, ==, 443);
	g_assert_cmpuint(got.tcp_flags, ==, 2);
	g_assert_cmpmem(got.destination, 16, destination, 16);
}

static void test_cut(void)
{
	uint8_t packet[sizeof(tcp4)];

	/* The header is whole from 20 bytes on, its ports from 24, its flags from 34. */
	for (size_t size = 0; size <= sizeof(tcp4); size++) {
		g_assert_true(takes(tcp4, size) == (size >= 20));
		g_assert_true(got.has_ports == (size >= 24));
		g_assert_cmpuint(got.tcp_flags, ==, size >= 34 ? 2 : 0);
	}
	/* Lies about the header's length, a version that is none, a later fragment. */
	memcpy(packet, tcp4, sizeof(packet));
	packet[0] = 0x44;
	g_assert_false(takes(packet, sizeof(packet)));
	packet[0] = 0x4f;
	g_assert_false(takes(packet, sizeof(packet)));
	packet[0] = 0x55;
	g_assert_false(takes(packet, sizeof(packet)));
	packet[0] = 0x45;
	packet[7] = 1;
	g_assert_true(takes(packet, sizeof(packet)));
	g_assert_false(got.has_ports);
	/* An ICMP message has no ports, whatever stands there. */
	packet[7] = 0;
	packet[9] = IPPROTO_ICMP;
	g_assert_true(takes(packet, sizeof(packet)));
	g_assert_false(got.has_ports);
	g_assert_cmpuint(got.dport, ==, 0);
}

/* Hop-by-hop options, a fragment header, then UDP to port 53. */
static void test_extensions(void)
{
	uint8_t packet[64] = {0x60};

	packet[6] = IPPROTO_HOPOPTS;
	packet[39] = 1;
	packet[40] = IPPROTO_FRAGMENT;
	packet[48] = IPPROTO_UDP;
	packet[59] = 53;
	g_assert_true(takes(packet, sizeof(packet)));
	g_assert_cmpuint(got.family, ==, AF_INET6);
	g_assert_cmpuint(got.protocol, ==, IPPROTO_UDP);
	g_assert_cmpuint(got.dport, ==, 53);
	g_assert_cmpuint(got.destination[15], ==, 1);
	/* A later fragment of it. */
	packet[51] = 8;
	g_assert_true(takes(packet, sizeof(packet)));
	g_assert_cmpuint(got.protocol, ==, IPPROTO_UDP);
	g_assert_false(got.has_ports);
	/* Options that are longer than what was copied; a header that is cut off. */
	packet[41] = 200;
	g_assert_true(takes(packet, sizeof(packet)));
	g_assert_cmpuint(got.protocol, ==, IPPROTO_HOPOPTS);
	g_assert_true(takes(packet, 44));
	g_assert_cmpuint(got.protocol, ==, IPPROTO_HOPOPTS);
	g_assert_false(takes(packet, 39));
}

static void test_endless_extensions(void)
{
	uint8_t packet[40 + 8 * (NFLOG_HEADERS_MAX + 2)] = {0x60};

	packet[6] = IPPROTO_DSTOPTS;
	for (size_t at = 40; at < sizeof(packet); at += 8)
		packet[at] = IPPROTO_DSTOPTS;
	g_assert_true(takes(packet, sizeof(packet)));
	g_assert_cmpuint(got.protocol, ==, IPPROTO_DSTOPTS);
	g_assert_false(got.has_ports);
}

static void test_attributes(void)
{
	/* No socket, and counter 0, which the kernel does not write. */
	begin_group(RULESET_LOG_GROUP);
	mnl_attr_put(h, NFULA_PAYLOAD, sizeof(tcp4), tcp4);
	g_assert_cmpuint(parse(h->nlmsg_len), ==, 0);
	g_assert_cmpuint(got.uid, ==, NFLOG_NO_UID);
	g_assert_cmpuint(got.counter, ==, COUNTER_IPV6);

	begin_group(RULESET_LOG_GROUP + 1);
	mnl_attr_put(h, NFULA_PAYLOAD, sizeof(tcp4), tcp4);
	g_assert_cmpuint(parse(h->nlmsg_len), ==, 1);

	begin(1000, COUNTER_N);
	mnl_attr_put(h, NFULA_PAYLOAD, sizeof(tcp4), tcp4);
	g_assert_cmpuint(parse(h->nlmsg_len), ==, 1);

	begin(1000, COUNTER_DNS);
	g_assert_cmpuint(parse(h->nlmsg_len), ==, 1);

	begin_group(RULESET_LOG_GROUP);
	mnl_attr_put_u16(h, NFULA_UID, 1);
	mnl_attr_put(h, NFULA_PAYLOAD, sizeof(tcp4), tcp4);
	g_assert_cmpuint(parse(h->nlmsg_len), ==, 1);
	g_assert_cmpuint(n_got, ==, 0);
}

static void test_datagrams(void)
{
	size_t one;

	/* Two in a row, and the kernel's end of several. */
	g_assert_true(takes(tcp4, sizeof(tcp4)));
	one = MNL_ALIGN(h->nlmsg_len);
	memcpy(buf + one, buf, one);
	h = mnl_nlmsg_put_header(buf + 2 * one);
	h->nlmsg_type = NLMSG_DONE;
	g_assert_cmpuint(parse(2 * one + h->nlmsg_len), ==, 0);
	g_assert_cmpuint(n_got, ==, 2);

	/* Lengths that are too short, too long, and negative to whoever takes them for an int. */
	h = (void *)(buf + one);
	for (size_t i = 0; i < 4; i++) {
		h->nlmsg_len = (const uint32_t[]){0, 15, (uint32_t)one + 1, 0x80000000u}[i];
		g_assert_cmpuint(parse(2 * one), ==, 1);
		g_assert_cmpuint(n_got, ==, 1);
	}
	g_assert_cmpuint(parse(7), ==, 1);
	g_assert_cmpuint(parse(0), ==, 0);
	g_assert_true(takes(tcp4, sizeof(tcp4)));
	h->nlmsg_type = 1 << 8;
	g_assert_cmpuint(parse(h->nlmsg_len), ==, 1);
}

static struct blocked entry(uint32_t uid, uint16_t port, usec_t now)
{
	const struct nflog_packet p = {
		.uid = uid,
		.counter = COUNTER_INTERNET,
		.family = AF_INET,
		.protocol = IPPROTO_TCP,
		.has_ports = true,
		.dport = port,
		.destination = {198, 51, 100, 7},
	};
	struct blocked b;

	blocked_from_packet(&p, true, "/etc/sallyport/policy.conf:7", now, &b);
	return b;
}

static const struct blocked *add(struct blocked_ring *r, uint32_t uid, uint16_t port, usec_t now)
{
	struct blocked b = entry(uid, port, now);

	return blocked_ring_add(r, &b);
}

static void test_ring(void)
{
	bool locked;
	struct blocked_ring *r = blocked_ring_new(1000, &locked);
	const struct blocked *b;
	uint64_t first;

	g_assert_null(blocked_ring_from(r, 0, NFLOG_NO_UID));
	first = add(r, 1, 80, 10)->number;
	g_assert_cmpuint(first, >, 1000);
	b = add(r, 1, 80, 20);
	g_assert_cmpuint(b->number, ==, first);
	g_assert_cmpuint(b->count, ==, 2);
	g_assert_cmpuint(b->first, ==, 10);
	g_assert_cmpuint(b->last, ==, 20);
	g_assert_cmpuint(add(r, 2, 80, 30)->number, ==, first + 1);
	g_assert_cmpuint(add(r, 1, 81, 40)->number, ==, first + 2);
	g_assert_cmpuint(blocked_ring_from(r, first + 1, 1)->port, ==, 81);
	g_assert_cmpuint(blocked_ring_from(r, 0, 2)->number, ==, first + 1);
	g_assert_null(blocked_ring_from(r, first + 2, 2));

	/* Full: what was last seen longest ago goes, not what came first. */
	add(r, 1, 80, 50);
	for (uint16_t i = 0; i < BLOCKED_MAX - 2; i++)
		add(r, 3, i, 100u + i);
	g_assert_cmpuint(r->n, ==, BLOCKED_MAX);
	g_assert_null(blocked_ring_from(r, 0, 2));
	g_assert_cmpuint(blocked_ring_from(r, 0, 1)->number, ==, first);
	for (size_t i = 1; i < r->n; i++)
		g_assert_cmpuint(r->items[i].number, >, r->items[i - 1].number);
	g_assert_null(blocked_ring_free(r));
}

static void test_destinations(void)
{
	static const uint8_t address[] = {198, 51, 100, 7};
	bool locked;
	struct blocked_ring *r = blocked_ring_new(0, &locked);
	const struct nflog_packet p = {.family = AF_INET, .destination = {198, 51, 100, 7}};
	struct blocked b;

	blocked_from_packet(&p, false, "built-in", 1, &b);
	g_assert_false(b.has_destination);
	g_assert_null(memmem(&b, sizeof(b), address, sizeof(address)));
	add(r, 1, 80, 1);
	add(r, 1, 81, 2);
	g_assert_nonnull(memmem(r, sizeof(*r), address, sizeof(address)));
	blocked_ring_forget_destinations(r);
	g_assert_null(memmem(r, sizeof(*r), address, sizeof(address)));
	g_assert_cmpuint(r->n, ==, 2);
	g_assert_false(r->items[0].has_destination);
	g_assert_null(blocked_ring_free(r));
}

static void test_origins(void)
{
	const struct nflog_packet p = {.family = AF_INET};
	char text[2 * BLOCKED_ORIGIN_SIZE];
	struct blocked b;

	memset(text, 'x', sizeof(text));
	memcpy(text + sizeof(text) - 8, ".conf:7", 8);
	blocked_from_packet(&p, false, text, 1, &b);
	g_assert_cmpuint(strlen(b.origin), ==, BLOCKED_ORIGIN_SIZE - 1);
	g_assert_true(g_str_has_prefix(b.origin, "...xx"));
	g_assert_true(g_str_has_suffix(b.origin, "xx.conf:7"));
}

/* Of a refused packet of that uid, to 10.0.0.1, the line that refuses it. */
static uint32_t line_of(const struct policy *p, enum rs_counter counter, uint32_t uid,
			uint8_t protocol, uint16_t port)
{
	const struct route_ranges nothing = {0};
	const struct nflog_packet packet = {
		.uid = uid,
		.counter = counter,
		.oif = 2,
		.family = AF_INET,
		.ip_start = RS_IP_PLAIN,
		.protocol = protocol,
		.tcp_flags = protocol == IPPROTO_TCP ? 2 : 0,
		.has_ports = true,
		.sport = 50000,
		.dport = port,
		.source = {192, 0, 2, 1},
		.destination = {10, 0, 0, 1},
	};
	struct ruleset *r;
	struct origin o;

	g_assert_cmpint(ruleset_build(p, &r), ==, 0);
	o = nflog_origin(r, &nothing, &packet);
	(void)ruleset_free(r);
	return o.line;
}

static void test_lines(void)
{
	struct policy *p = good_policy("[users]\n"
				       "tor = debian-tor\n"
				       "desktop = amnesia\n"
				       "clearnet = clearnet\n"
				       "[lan]\n"
				       "refuse = 53\n"
				       "refuse = 80/tcp\n"
				       "exclude = 10.0.0.0/24\n"
				       "[dns]\n");
	struct policy *q = good_policy("[users]\ntor = debian-tor\n[lan]\nrefuse = 53\n"
				       "refuse = 80/tcp\non-link = yes\n");
	const uint32_t tor = p->tor.items[0].uid, door = p->clearnet.items[0].uid;

	g_assert_cmpuint(line_of(p, COUNTER_DOOR_CLOSED, door, IPPROTO_TCP, 443), ==, 4);
	g_assert_cmpuint(line_of(p, COUNTER_TOR, tor, IPPROTO_UDP, 443), ==, 2);
	g_assert_cmpuint(line_of(p, COUNTER_INTERNET, 1000, IPPROTO_TCP, 443), ==, 0);
	g_assert_cmpuint(line_of(q, COUNTER_INTERNET, 1000, IPPROTO_TCP, 443), ==, 6);
	/* Judged as a new flow it would be of another class: the first rule of this one. */
	g_assert_cmpuint(line_of(p, COUNTER_DNS, 1000, IPPROTO_UDP, 53), ==, 9);
	g_assert_cmpuint(line_of(p, COUNTER_STALE, door, IPPROTO_TCP, 443), ==, 0);
	(void)policy_free(p);
	(void)policy_free(q);
}

static void test_connected(void)
{
	struct route_range range = {0x0a000000, 0x0a0000ff};
	const struct route_ranges connected = {.items = &range, .n = 1};
	const struct nflog_packet packet = {
		.uid = 1000,
		.counter = COUNTER_LAN_PORT,
		.oif = 2,
		.family = AF_INET,
		.ip_start = RS_IP_PLAIN,
		.protocol = IPPROTO_TCP,
		.tcp_flags = 2,
		.has_ports = true,
		.dport = 80,
		.destination = {10, 0, 0, 1},
	};
	struct policy *p = good_policy("[users]\ntor = debian-tor\n[lan]\nrefuse = 53\n"
				       "refuse = 80/tcp\non-link = yes\n");
	struct ruleset *r;

	g_assert_cmpint(ruleset_build(p, &r), ==, 0);
	g_assert_cmpuint(nflog_origin(r, &connected, &packet).line, ==, 5);
	(void)ruleset_free(r);
	(void)policy_free(p);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/nflog/tcp4", test_tcp4);
	g_test_add_func("/nflog/cut", test_cut);
	g_test_add_func("/nflog/extensions", test_extensions);
	g_test_add_func("/nflog/endless-extensions", test_endless_extensions);
	g_test_add_func("/nflog/attributes", test_attributes);
	g_test_add_func("/nflog/datagrams", test_datagrams);
	g_test_add_func("/nflog/lines", test_lines);
	g_test_add_func("/nflog/connected", test_connected);
	g_test_add_func("/blocked/ring", test_ring);
	g_test_add_func("/blocked/destinations", test_destinations);
	g_test_add_func("/blocked/origins", test_origins);
	return g_test_run();
}
