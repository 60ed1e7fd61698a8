/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Attempts by whole packets through raw sockets: the output hook sees them, no socket layer does.
 */
#include "leak-test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/icmp6.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#define TTL 64
#define FOREIGN 0xcb007163u /* 203.0.113.99 */
#define LOOPBACK 0x7f000001u

static uint32_t source(const struct leak_try *t)
{
	if (t->a->how & HOW_FOREIGN)
		return FOREIGN;
	return t->a->how & HOW_LINK ? LOOPBACK : leak_own_address(t->copy);
}

static int raw_socket(const struct leak_try *t, int family)
{
	int fd = socket(family, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_RAW), on = 1;
	const char *link = t->copy->link;
	int r = 0;

	if (fd < 0)
		return -errno;
	(void)setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &on, sizeof(on));
	if (family == AF_INET6)
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_HDRINCL, &on, sizeof(on));
	if (t->a->how & HOW_NO_DEFRAG)
		(void)setsockopt(fd, IPPROTO_IP, IP_NODEFRAG, &on, sizeof(on));
	if ((t->a->how & HOW_LINK) &&
	    setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, link, (socklen_t)strlen(link) + 1) < 0)
		r = -errno;
	if (r == 0 && (t->a->how & HOW_TOKEN) &&
	    setsockopt(fd, SOL_SOCKET, SO_MARK, &t->copy->token, sizeof(t->copy->token)) < 0)
		r = -errno;
	if (r < 0) {
		close_fd(fd);
		return r;
	}
	return fd;
}

static int send_packet(const struct leak_try *t, const struct leak_packet *p)
{
	bool v6 = leak_is_ipv6(t->a->to);
	_cleanup_(closep) int fd = raw_socket(t, v6 ? AF_INET6 : AF_INET);
	union leak_address to;
	socklen_t size = leak_address(t, &to);

	if (fd < 0)
		return fd;
	if (v6)
		to.in6.sin6_port = 0;
	return sendto(fd, p->bytes, p->size, 0, &to.any, size) < 0 ? -errno : 0;
}

static void begin(const struct leak_try *t, struct leak_packet *p)
{
	leak_put_ip(p, (uint8_t)t->a->proto, TTL, source(t),
		    leak_target_address(t->copy, t->a->to));
}

static void put_cookie(const struct leak_try *t, struct leak_packet *p)
{
	leak_put(p, t->cookie, LEAK_COOKIE);
}

int leak_try_udp_packet(const struct leak_try *t)
{
	struct leak_packet p = {0};

	begin(t, &p);
	leak_put_udp(&p, leak_port(t->copy, t->id), t->a->port);
	put_cookie(t, &p);
	leak_seal(&p, 0);
	return send_packet(t, &p);
}

/* value: its flags. */
int leak_try_segment(const struct leak_try *t)
{
	struct leak_packet p = {0};

	begin(t, &p);
	leak_put_tcp(&p, leak_port(t->copy, t->id), t->a->port, (uint8_t)t->a->value);
	put_cookie(t, &p);
	leak_seal(&p, 0);
	return send_packet(t, &p);
}

static int send_fragment(const struct leak_try *t, uint16_t flags_and_offset)
{
	uint16_t where = htons(flags_and_offset), id = htons(leak_port(t->copy, t->id));
	struct leak_packet p = {0};

	begin(t, &p);
	memcpy(p.bytes + 4, &id, sizeof(id));
	memcpy(p.bytes + 6, &where, sizeof(where));
	/* The first eight bytes are sealed as if they were a header, which in the first they are.
	 */
	if (!(flags_and_offset & IP_OFFMASK))
		leak_put_udp(&p, leak_port(t->copy, t->id), t->a->port);
	else
		put_cookie(t, &p);
	put_cookie(t, &p);
	leak_seal(&p, 0);
	return send_packet(t, &p);
}

/* value: one fragment with these flags and offset; 0: two, which are a packet. */
int leak_try_fragment(const struct leak_try *t)
{
	int r;

	if (t->a->value)
		return send_fragment(t, (uint16_t)t->a->value);
	r = send_fragment(t, IP_MF);
	return r < 0 ? r : send_fragment(t, 2);
}

/* With the addresses and ports of Tor's connection, by somebody else. value: TCP's flags. */
int leak_try_rider(const struct leak_try *t)
{
	struct leak_packet p = {0};

	if (!t->flow)
		return -ENOENT;
	begin(t, &p);
	if (t->a->proto == IPPROTO_TCP)
		leak_put_tcp(&p, leak_port(t->copy, t->flow), t->a->port, (uint8_t)t->a->value);
	else
		leak_put_udp(&p, leak_port(t->copy, t->flow), t->a->port);
	put_cookie(t, &p);
	leak_seal(&p, 0);
	return send_packet(t, &p);
}

/* As if something that Tor's peer had sent were wrong: a packet that conntrack calls RELATED. */
int leak_try_icmp_error(const struct leak_try *t)
{
	uint32_t self = leak_own_address(t->copy), peer = leak_target_address(t->copy, TO_PEER);
	struct leak_packet p = {0};
	size_t cited;

	if (!t->flow)
		return -ENOENT;
	begin(t, &p);
	leak_put_icmp(&p, (uint8_t)t->a->value, 0);
	cited = p.size;
	leak_put_ip(&p, IPPROTO_TCP, TTL, peer, self);
	leak_put_tcp(&p, LEAK_PEER_PORT, leak_port(t->copy, t->flow), TH_ACK);
	leak_seal(&p, cited);
	put_cookie(t, &p);
	leak_seal(&p, 0);
	return send_packet(t, &p);
}

/* value: the header that comes first; UDP follows it. */
int leak_try_packet6(const struct leak_try *t)
{
	/* Next header, length, and what makes the header one that is well formed. */
	const uint8_t options[8] = {IPPROTO_UDP, 0, 1, 4}, route[8] = {IPPROTO_UDP, 0, 4, 0};
	/* The only one of its packet: of others conntrack waits for the rest. */
	const uint8_t fragment[8] = {IPPROTO_UDP, 0, 0, 0, 0x12, 0x34, 0x56, 0x78};
	uint8_t first = (uint8_t)t->a->value;
	struct leak_packet p = {0};
	struct leak_try own = *t;
	struct leak_attempt self = {.to = TO_SELF6};
	union leak_address src, dst;

	own.a = &self;
	(void)leak_address(&own, &src);
	(void)leak_address(t, &dst);
	leak_put_ip6(&p, first, TTL, src.in6.sin6_addr.s6_addr, dst.in6.sin6_addr.s6_addr);
	if (first == IPPROTO_HOPOPTS)
		leak_put(&p, options, sizeof(options));
	else if (first == IPPROTO_ROUTING)
		leak_put(&p, route, sizeof(route));
	else if (first == IPPROTO_FRAGMENT)
		leak_put(&p, fragment, sizeof(fragment));
	leak_put_udp(&p, leak_port(t->copy, t->id), t->a->port);
	put_cookie(t, &p);
	leak_seal(&p, 0);
	return send_packet(t, &p);
}
