/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Attempts by packet sockets, which go round the output hook, and by the kernel itself. */
#include "leak-test.h"

#include "link.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <netinet/icmp6.h>
#include <sys/socket.h>

#define ETHER_SIZE 14
#define IP6_SIZE 40
#define MULTICAST_REPORT 143 /* RFC 3810 */
#define LINK_UP_USEC (100 * USEC_PER_MSEC)

static void put_udp(const struct leak_try *t, struct leak_packet *p)
{
	size_t from = p->size;

	leak_put_ip(p, IPPROTO_UDP, 64, leak_own_address(t->copy),
		    leak_target_address(t->copy, TO_INTERNET));
	leak_put_udp(p, leak_port(t->copy, t->id), 5000);
	leak_put(p, t->cookie, LEAK_COOKIE);
	leak_seal(p, from);
}

static void put_udp6(const struct leak_try *t, struct leak_packet *p)
{
	struct leak_attempt self = {.to = TO_SELF6}, far = {.to = TO_INTERNET6};
	struct leak_try from = *t, to = *t;
	union leak_address src, dst;
	size_t at = p->size;

	from.a = &self;
	to.a = &far;
	(void)leak_address(&from, &src);
	(void)leak_address(&to, &dst);
	leak_put_ip6(p, IPPROTO_UDP, 64, src.in6.sin6_addr.s6_addr, dst.in6.sin6_addr.s6_addr);
	leak_put_udp(p, leak_port(t->copy, t->id), 5000);
	leak_put(p, t->cookie, LEAK_COOKIE);
	leak_seal(p, at);
}

static void put_dhcp(const struct leak_try *t, struct leak_packet *p)
{
	static const uint8_t rest[200];
	size_t from = p->size;

	leak_put_ip(p, IPPROTO_UDP, 64, 0, INADDR_BROADCAST);
	leak_put_udp(p, 68, 67);
	leak_put(p, t->cookie, LEAK_COOKIE);
	leak_put(p, rest, sizeof(rest));
	leak_seal(p, from);
}

static void put_arp(const struct leak_try *t, struct leak_packet *p, uint16_t protocol,
		    uint8_t length, uint16_t operation)
{
	const struct arphdr head = {.ar_hrd = htons(ARPHRD_ETHER),
				    .ar_pro = htons(protocol),
				    .ar_hln = ETH_ALEN,
				    .ar_pln = length,
				    .ar_op = htons(operation)};

	leak_put(p, &head, sizeof(head));
	for (size_t i = 0; i < 6; i++)
		leak_put(p, t->cookie, LEAK_COOKIE);
}

static void put_payload(const struct leak_try *t, struct leak_packet *p)
{
	const uint8_t tag[] = {0, 5, ETH_P_IP >> 8, ETH_P_IP & 0xff};

	switch ((enum leak_payload)t->a->proto) {
	case PAYLOAD_UDP:
		put_udp(t, p);
		break;
	case PAYLOAD_UDP6:
		put_udp6(t, p);
		break;
	case PAYLOAD_DHCP:
		put_dhcp(t, p);
		break;
	case PAYLOAD_TAGGED:
		leak_put(p, tag, sizeof(tag));
		put_udp(t, p);
		break;
	case PAYLOAD_ARP6:
		put_arp(t, p, ETH_P_IPV6, 16, ARPOP_REQUEST);
		break;
	case PAYLOAD_ARP_REVERSE:
		put_arp(t, p, ETH_P_IP, 4, ARPOP_RREQUEST);
		break;
	case PAYLOAD_BYTES:
		for (size_t i = 0; i < 8; i++)
			leak_put(p, t->cookie, LEAK_COOKIE);
		break;
	}
}

/* One for each process: to close a packet socket takes the kernel many milliseconds. */
static int packet_socket(void)
{
	static int fd = -1;

	if (fd < 0)
		fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	return fd;
}

/* port: what the frame says that it is; value: what the socket says. */
int leak_try_frame(const struct leak_try *t)
{
	int fd = packet_socket(), bypass = (t->a->how & HOW_BYPASS) != 0;
	uint32_t mark = t->a->how & HOW_TOKEN ? t->copy->token : 0;
	const struct sockaddr_ll link = {.sll_family = AF_PACKET,
					 .sll_protocol = htons((uint16_t)t->a->value),
					 .sll_ifindex = (int)t->copy->index[WIRE_LINK]};
	uint16_t type = htons(t->a->port);
	struct leak_packet p = {0};

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_MARK, &mark, sizeof(mark)) < 0 ||
	    setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &bypass, sizeof(bypass)) < 0)
		return -errno;
	leak_put(&p, leak_far_mac, LEAK_MAC);
	leak_put(&p, leak_near_mac, LEAK_MAC);
	leak_put(&p, &type, sizeof(type));
	put_payload(t, &p);
	return sendto(fd, p.bytes, p.size, 0, (const struct sockaddr *)&link, sizeof(link)) < 0
		       ? -errno
		       : 0;
}

/* A link comes up, and IPv6 speaks by itself: once for all attempts that look at it. */
int leak_try_link_up(const struct leak_try *t)
{
	struct nl nl = t->copy->route;
	uint32_t index = t->copy->index[WIRE_SECOND];
	usec_t now = now_boottime();
	static usec_t last;
	int r;

	if (!t->copy->ipv6)
		return -EAFNOSUPPORT;
	if (now - last < LINK_UP_USEC)
		return 0;
	last = now;
	r = link_set_up(&nl, index, false);
	return r < 0 ? r : link_set_up(&nl, index, true);
}

/* The type of an ICMPv6 message, which may come after hop-by-hop options, and its source; or 0. */
static uint8_t icmp6_type(const struct leak_frame *f, struct in6_addr *ret_source)
{
	const uint8_t *ip = f->bytes + ETHER_SIZE;
	size_t at = IP6_SIZE;
	uint8_t next = ip[6];

	if (f->size < ETHER_SIZE + IP6_SIZE + 16 || f->bytes[12] != ETH_P_IPV6 >> 8 ||
	    f->bytes[13] != (ETH_P_IPV6 & 0xff))
		return 0;
	if (next == IPPROTO_HOPOPTS) {
		next = ip[IP6_SIZE];
		at += 8;
	}
	memcpy(ret_source, ip + 8, sizeof(*ret_source));
	return next == IPPROTO_ICMPV6 ? ip[at] : 0;
}

bool leak_is_router_solicitation(const struct leak_frame *f)
{
	struct in6_addr source;

	return icmp6_type(f, &source) == ND_ROUTER_SOLICIT;
}

bool leak_is_duplicate_detection(const struct leak_frame *f)
{
	struct in6_addr source;

	return icmp6_type(f, &source) == ND_NEIGHBOR_SOLICIT && IN6_IS_ADDR_UNSPECIFIED(&source);
}

bool leak_is_listener_report(const struct leak_frame *f)
{
	struct in6_addr source;

	return icmp6_type(f, &source) == MULTICAST_REPORT;
}

bool leak_is_advertisement(const struct leak_frame *f)
{
	struct in6_addr source;

	return icmp6_type(f, &source) == ND_NEIGHBOR_ADVERT;
}
