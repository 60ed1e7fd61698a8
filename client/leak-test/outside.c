/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What comes in from outside, and should be neither answered nor passed on. */
#include "leak-test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <netinet/icmp6.h>
#include <sys/socket.h>

#define GUEST 0xc6124d02u /* 198.18.77.2, of RFC 2544 */
#define HOP_LIMIT 255     /* what neighbours ask each other has come over no router */

static void put_body(const struct leak_try *t, struct leak_packet *p)
{
	uint16_t port = leak_port(t->copy, t->id);

	if (t->a->proto == IPPROTO_UDP)
		leak_put_udp(p, port, t->a->port);
	else if (t->a->proto == IPPROTO_TCP)
		leak_put_tcp(p, port, t->a->port, (uint8_t)t->a->value);
	else if (t->a->proto == IPPROTO_ICMP || t->a->proto == IPPROTO_ICMPV6)
		leak_put_icmp(p, (uint8_t)t->a->value, port);
}

static void build6(const struct leak_try *t, struct leak_packet *p)
{
	const uint8_t link_address[8] = {1, 1, 0x02, 0, 0, 0, 0, 0x02};
	struct leak_attempt lan = {.to = TO_LAN6};
	struct leak_try from = *t;
	union leak_address src, dst;

	from.a = &lan;
	(void)leak_address(&from, &src);
	(void)leak_address(t, &dst);
	leak_put_ip6(p, (uint8_t)t->a->proto, HOP_LIMIT, src.in6.sin6_addr.s6_addr,
		     dst.in6.sin6_addr.s6_addr);
	if (t->a->proto == IPPROTO_ICMPV6 && t->a->value == ND_NEIGHBOR_SOLICIT) {
		/* The reserved word is no identifier, and the target follows it. */
		leak_put_icmp(p, ND_NEIGHBOR_SOLICIT, 0);
		leak_put(p, &dst.in6.sin6_addr, sizeof(dst.in6.sin6_addr));
		leak_put(p, link_address, sizeof(link_address));
		return;
	}
	put_body(t, p);
	leak_put(p, t->cookie, LEAK_COOKIE);
}

static void build(const struct leak_try *t, struct leak_packet *p)
{
	bool forward = t->a->how & HOW_FORWARD;
	uint32_t src = forward ? GUEST : leak_target_address(t->copy, TO_LAN);

	leak_put_ip(p, (uint8_t)t->a->proto, t->a->how & HOW_LAST_HOP ? 1 : HOP_LIMIT, src,
		    leak_target_address(t->copy, t->a->to));
	put_body(t, p);
	leak_put(p, t->cookie, LEAK_COOKIE);
}

int leak_try_outside(const struct leak_try *t)
{
	bool v6 = leak_is_ipv6(t->a->to);
	enum leak_wire wire = t->a->how & HOW_FORWARD ? WIRE_SECOND : WIRE_LINK;
	const struct sockaddr_ll link = {.sll_family = AF_PACKET,
					 .sll_ifindex = (int)t->copy->far[wire]};
	uint16_t type = htons(v6 ? ETH_P_IPV6 : ETH_P_IP);
	struct leak_packet p = {0};
	size_t at;

	if (v6 && !t->copy->ipv6)
		return -EAFNOSUPPORT;
	leak_put(&p, leak_near_mac, LEAK_MAC);
	leak_put(&p, leak_far_mac, LEAK_MAC);
	leak_put(&p, &type, sizeof(type));
	at = p.size;
	if (v6)
		build6(t, &p);
	else
		build(t, &p);
	leak_seal(&p, at);
	return sendto(t->copy->outside_packet, p.bytes, p.size, 0, (const struct sockaddr *)&link,
		      sizeof(link)) < 0
		       ? -errno
		       : 0;
}
