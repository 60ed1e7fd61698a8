/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What was seen on the wire. Recorded is what comes in at the far end of the copy's links, and what
 * runs on its loopback. A mark is a frame from every CPU, because a packet waits in the backlog of
 * the CPU that sent it; it is an ARP request about no address, since those may always leave. When
 * all marks have come in, so has all that was sent before: nobody has to guess how long that takes.
 */
#include "leak-test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#define RECEIVE_BUFFER (32 << 20)
#define FRAMES_MAX (1u << 16)
#define FLUSH_USEC (3 * USEC_PER_SEC)

struct leak_wire_state {
	struct leak_frame *frames;
	uint32_t n, capacity;
	uint32_t marks[WIRE_N]; /* of this serial that came in */
	uint32_t serial;
	bool lost;
};

struct mark {
	struct ethhdr ether;
	struct arphdr arp;
	uint8_t addresses[2 * (ETH_ALEN + 4)];
	uint8_t magic[LEAK_COOKIE];
	uint32_t serial;
	uint8_t wire;
} __attribute__((packed));

static int capture_socket(int index)
{
	const struct sockaddr_ll link = {
		.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = index};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0),
	    buffer = RECEIVE_BUFFER;

	if (fd < 0)
		return -errno;
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof(buffer));
	if (bind(fd, (const struct sockaddr *)&link, sizeof(link)) < 0) {
		int r = -errno;

		close_fd(fd);
		return r;
	}
	return fd;
}

static int packet_socket(void)
{
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	return fd < 0 ? -errno : fd;
}

int leak_wire_open(struct leak_copy *c)
{
	int on = 1, r;

	c->wire = calloc(1, sizeof(*c->wire));
	if (!c->wire)
		return -ENOMEM;
	if (getrandom(c->magic, sizeof(c->magic), 0) != sizeof(c->magic) ||
	    setns(c->outside_ns, CLONE_NEWNET) < 0)
		return -errno;
	c->captures[0] = capture_socket(0);
	c->outside_packet = packet_socket();
	/* A queue would drop what comes while a link has just come up. */
	(void)setsockopt(c->outside_packet, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof(on));
	r = setns(c->host_ns, CLONE_NEWNET) < 0 ? -errno : 0;
	c->captures[1] = capture_socket((int)c->index[WIRE_LOOPBACK]);
	c->mark_socket = packet_socket();
	if (r < 0 || c->captures[0] < 0 || c->captures[1] < 0)
		return r < 0 ? r : c->captures[0] < 0 ? c->captures[0] : c->captures[1];
	return c->outside_packet < 0 ? c->outside_packet : c->mark_socket < 0 ? c->mark_socket : 0;
}

static struct leak_frame *new_frame(struct leak_wire_state *w)
{
	if (w->n == w->capacity) {
		uint32_t capacity = w->capacity ? w->capacity * 2 : 1024;
		struct leak_frame *p = NULL;

		if (capacity <= FRAMES_MAX)
			p = reallocarray(w->frames, capacity, sizeof(*p));
		if (!p) {
			w->lost = true;
			return NULL;
		}
		w->frames = p;
		w->capacity = capacity;
	}
	return &w->frames[w->n++];
}

/* What a mark has in place of a cookie's beginning. */
static void mark_magic(const struct leak_copy *c, uint8_t *ret)
{
	for (size_t i = 0; i < LEAK_COOKIE; i++)
		ret[i] = (uint8_t)~c->magic[i];
}

static bool is_mark(const struct leak_copy *c, const uint8_t *bytes, size_t size, struct mark *ret)
{
	uint8_t magic[LEAK_COOKIE];

	mark_magic(c, magic);
	if (size < sizeof(*ret))
		return false;
	memcpy(ret, bytes, sizeof(*ret));
	return ret->ether.h_proto == htons(ETH_P_ARP) && ret->wire < WIRE_N &&
	       memcmp(ret->magic, magic, sizeof(magic)) == 0;
}

static uint8_t wire_of(const struct leak_copy *c, size_t capture, int index)
{
	if (capture == 1)
		return WIRE_LOOPBACK;
	return index == (int)c->far[WIRE_LINK]     ? WIRE_LINK
	       : index == (int)c->far[WIRE_SECOND] ? WIRE_SECOND
						   : WIRE_N;
}

static bool receive(struct leak_copy *c, size_t capture)
{
	struct leak_wire_state *w = c->wire;
	struct sockaddr_ll from = {0};
	socklen_t size = sizeof(from);
	uint8_t bytes[LEAK_SNAP];
	struct leak_frame *f;
	struct mark m;
	uint8_t wire;
	ssize_t n = recvfrom(c->captures[capture], bytes, sizeof(bytes), 0,
			     (struct sockaddr *)&from, &size);

	if (n < 0)
		return false;
	wire = wire_of(c, capture, from.sll_ifindex);
	if (from.sll_pkttype == PACKET_OUTGOING || wire == WIRE_N)
		return true;
	if (is_mark(c, bytes, (size_t)n, &m)) {
		w->marks[m.wire] += m.serial == w->serial;
		return true;
	}
	f = new_frame(w);
	if (f) {
		*f = (struct leak_frame){.wire = wire, .size = (uint16_t)n};
		memcpy(f->bytes, bytes, (size_t)n);
	}
	return true;
}

static void receive_all(struct leak_copy *c)
{
	for (size_t i = 0; i < ARRAY_SIZE(c->captures); i++) {
		struct tpacket_stats s = {0};
		socklen_t size = sizeof(s);

		while (receive(c, i))
			;
		if (getsockopt(c->captures[i], SOL_PACKET, PACKET_STATISTICS, &s, &size) == 0 &&
		    s.tp_drops > 0)
			c->wire->lost = true;
	}
}

static int send_mark(struct leak_copy *c, enum leak_wire wire)
{
	const struct sockaddr_ll link = {.sll_family = AF_PACKET,
					 .sll_protocol = htons(ETH_P_ARP),
					 .sll_ifindex = (int)c->index[wire]};
	struct mark m = {.ether = {.h_proto = htons(ETH_P_ARP)},
			 .arp = {.ar_hrd = htons(ARPHRD_ETHER),
				 .ar_pro = htons(ETH_P_IP),
				 .ar_hln = ETH_ALEN,
				 .ar_pln = 4,
				 .ar_op = htons(ARPOP_REQUEST)},
			 .serial = c->wire->serial,
			 .wire = (uint8_t)wire};

	memset(m.ether.h_dest, 0xff, sizeof(m.ether.h_dest));
	mark_magic(c, m.magic);
	return sendto(c->mark_socket, &m, sizeof(m), 0, (const struct sockaddr *)&link,
		      sizeof(link)) < 0
		       ? -errno
		       : 0;
}

/* From each CPU that may have sent something. */
static int send_marks(struct leak_copy *c, int *ret_n)
{
	size_t size = CPU_ALLOC_SIZE(LEAK_CPUS_MAX);
	cpu_set_t *all = CPU_ALLOC(LEAK_CPUS_MAX), *one = CPU_ALLOC(LEAK_CPUS_MAX);
	int r = all && one ? 0 : -ENOMEM;

	*ret_n = 0;
	if (r == 0 && sched_getaffinity(0, size, all) < 0)
		r = -errno;
	for (size_t cpu = 0; r == 0 && cpu < LEAK_CPUS_MAX; cpu++) {
		if (!CPU_ISSET_S(cpu, size, all))
			continue;
		CPU_ZERO_S(size, one);
		CPU_SET_S(cpu, size, one);
		if (sched_setaffinity(0, size, one) < 0)
			r = -errno;
		for (size_t i = 0; r == 0 && i < WIRE_N; i++)
			r = send_mark(c, i);
		++*ret_n;
	}
	if (r == 0 && sched_setaffinity(0, size, all) < 0)
		r = -errno;
	CPU_FREE(all);
	CPU_FREE(one);
	return r;
}

void leak_wire_wait(struct leak_copy *c, usec_t until)
{
	usec_t now = now_boottime();
	struct pollfd p[ARRAY_SIZE(c->captures)];

	for (size_t i = 0; i < ARRAY_SIZE(c->captures); i++)
		p[i] = (struct pollfd){.fd = c->captures[i], .events = POLLIN};
	if (until > now)
		(void)poll(p, ARRAY_SIZE(p), (int)((until - now) / USEC_PER_MSEC) + 1);
	receive_all(c);
}

int leak_wire_flush(struct leak_copy *c)
{
	usec_t until = now_boottime() + FLUSH_USEC;
	struct leak_wire_state *w = c->wire;
	bool all = false;
	int n, r;

	w->serial++;
	memset(w->marks, 0, sizeof(w->marks));
	r = send_marks(c, &n);
	if (r < 0)
		return r;
	while (!all && now_boottime() < until) {
		leak_wire_wait(c, until);
		all = true;
		for (size_t i = 0; i < WIRE_N; i++)
			all &= w->marks[i] >= (uint32_t)n;
	}
	return w->lost ? -ENOBUFS : all ? 0 : -ETIMEDOUT;
}

uint32_t leak_wire_n(const struct leak_copy *c)
{
	return c->wire->n;
}

const struct leak_frame *leak_wire_frame(const struct leak_copy *c, uint32_t i)
{
	return &c->wire->frames[i];
}

void leak_wire_forget(struct leak_copy *c)
{
	c->wire->n = c->judged = 0;
}
