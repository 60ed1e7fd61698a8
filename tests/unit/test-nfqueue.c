/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packets of the queue: what they say, whatever is cut off, and that the rest is dropped. */
#include "nfqueue.h"

#include "ruleset.h"

#include <arpa/inet.h>
#include <glib.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_queue.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <sys/socket.h>

#define ID 0x01020304u
#define FLOW 0x05aabbccu

/* A datagram under construction. */
static char buf[4096] __attribute__((aligned(8)));
static struct nlmsghdr *h;
static struct nfqueue_packet got;
static size_t n_got, n_dropped;

static void begin(uint16_t queue)
{
	const struct nfqnl_msg_packet_hdr header = {htonl(ID), htons(0x0800), 1};
	struct nfgenmsg *g;

	memset(buf, 0, sizeof(buf));
	h = mnl_nlmsg_put_header(buf);
	h->nlmsg_type = NFNL_SUBSYS_QUEUE << 8 | NFQNL_MSG_PACKET;
	g = mnl_nlmsg_put_extra_header(h, sizeof(*g));
	*g = (struct nfgenmsg){AF_INET, NFNETLINK_V0, htons(queue)};
	mnl_attr_put(h, NFQA_PACKET_HDR, sizeof(header), &header);
	mnl_attr_put_u32(h, NFQA_MARK, htonl(FLOW));
}

static void see(const struct nfqueue_packet *p, void *userdata)
{
	(void)userdata;
	got = *p;
	n_got++;
}

static void drop(uint32_t id, void *userdata)
{
	(void)userdata;
	g_assert_cmphex(id, ==, ID);
	n_dropped++;
}

static size_t parse(size_t size)
{
	n_got = n_dropped = 0;
	got = (struct nfqueue_packet){0};
	return nfqueue_parse(buf, size, see, drop, NULL);
}

/* A packet's bytes as the payload: it is taken, or it is dropped by its number. */
static bool takes(const uint8_t *packet, size_t size)
{
	size_t garbage;

	begin(RULESET_QUEUE);
	mnl_attr_put(h, NFQA_PAYLOAD, size, packet);
	garbage = parse(h->nlmsg_len);
	g_assert_cmpuint(n_got + n_dropped, ==, 1);
	g_assert_cmpuint(garbage, ==, n_dropped);
	return n_got == 1;
}

/* 10.7.7.1:53 -> 192.168.77.10:40000, four bytes behind the header. */
static const uint8_t answer[] = {
	0x45, 0,   0,  32, 0, 0,  0x40, 0,    64, IPPROTO_UDP, 0, 0, 10,  7,   7,   1,
	192,  168, 77, 10, 0, 53, 0x9c, 0x40, 0,  12,          0, 0, 'd', 'a', 't', 'a',
};

static void test_answer(void)
{
	g_assert_true(takes(answer, sizeof(answer)));
	g_assert_cmphex(got.id, ==, ID);
	g_assert_cmphex(got.mark, ==, FLOW);
	g_assert_cmphex(got.source, ==, 0x0a070701);
	g_assert_cmphex(got.destination, ==, 0xc0a84d0a);
	g_assert_cmpuint(got.sport, ==, 53);
	g_assert_cmpuint(got.dport, ==, 40000);
	g_assert_cmpmem(got.data, got.size, "data", 4);
}

static void test_cut(void)
{
	for (size_t size = 0; size < sizeof(answer); size++)
		g_assert_false(takes(answer, size));
}

/* What is behind the packet's end, as a link's padding, is not of it. */
static void test_longer(void)
{
	uint8_t packet[sizeof(answer) + 6] = {0};

	memcpy(packet, answer, sizeof(answer));
	g_assert_true(takes(packet, sizeof(packet)));
	g_assert_cmpuint(got.size, ==, 4);
}

static void test_lies(void)
{
	static const struct {
		size_t at;
		uint8_t value;
	} lies[] = {
		{0, 0x65},        {0, 0x44}, {0, 0x4f}, {2, 1},  {3, 33}, {3, 19},
		{3, 27},          {3, 31},   {6, 0x20}, {7, 1},  {9, 6},  {9, 1},
		{9, IPPROTO_TCP}, {24, 1},   {25, 13},  {25, 7}, {25, 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(lies); i++) {
		uint8_t packet[sizeof(answer)];

		memcpy(packet, answer, sizeof(packet));
		packet[lies[i].at] = lies[i].value;
		g_test_message("byte %zu is %u", lies[i].at, lies[i].value);
		g_assert_false(takes(packet, sizeof(packet)));
	}
}

static void test_messages(void)
{
	static const uint8_t nothing[20] = {0};

	/* Another queue's packet is nobody's. */
	begin(RULESET_QUEUE + 1);
	mnl_attr_put(h, NFQA_PAYLOAD, sizeof(answer), answer);
	g_assert_cmpuint(parse(h->nlmsg_len), ==, 1);
	g_assert_cmpuint(n_got + n_dropped, ==, 0);
	/* Cut off by the kernel; two payloads; none. */
	begin(RULESET_QUEUE);
	mnl_attr_put(h, NFQA_PAYLOAD, sizeof(answer), answer);
	mnl_attr_put_u32(h, NFQA_CAP_LEN, htonl(2000));
	g_assert_cmpuint(parse(h->nlmsg_len), ==, 1);
	g_assert_cmpuint(n_dropped, ==, 1);
	begin(RULESET_QUEUE);
	mnl_attr_put(h, NFQA_PAYLOAD, sizeof(answer), answer);
	mnl_attr_put(h, NFQA_PAYLOAD, sizeof(answer), answer);
	g_assert_cmpuint(parse(h->nlmsg_len), ==, 1);
	g_assert_cmpuint(n_got, ==, 0);
	begin(RULESET_QUEUE);
	g_assert_cmpuint(parse(h->nlmsg_len), ==, 1);
	g_assert_cmpuint(n_dropped, ==, 1);
	/* Cut off anywhere; and lengths that lead beyond the end. */
	begin(RULESET_QUEUE);
	mnl_attr_put(h, NFQA_PAYLOAD, sizeof(answer), answer);
	for (size_t size = 0; size < h->nlmsg_len; size++)
		g_assert_true(size == 0 || parse(size) == 1);
	h->nlmsg_len = UINT32_MAX;
	g_assert_cmpuint(parse(sizeof(buf)), ==, 1);
	g_assert_cmpuint(n_got, ==, 0);
	memcpy(buf, nothing, sizeof(nothing));
	g_assert_cmpuint(parse(sizeof(nothing)), ==, 1);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/nfqueue/answer", test_answer);
	g_test_add_func("/nfqueue/cut", test_cut);
	g_test_add_func("/nfqueue/longer", test_longer);
	g_test_add_func("/nfqueue/lies", test_lies);
	g_test_add_func("/nfqueue/messages", test_messages);
	return g_test_run();
}
