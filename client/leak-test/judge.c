/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whose the frames were. Each attempt has a cookie in its packets, or a port or identifier of its
 * own; some of the kernel's are known by what they are. With the wall up everything that left and
 * is neither of an attempt nor ARP is nobody's, and a leak.
 */
#include "leak-test.h"

#include <arpa/inet.h>
#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <stdio.h>

#define ETHER_SIZE 14
#define IP6_SIZE 40
#define PORT_UP 10000
#define PORT_OPEN 20000
#define ID_SIZE 2

uint16_t leak_port(const struct leak_copy *c, uint16_t id)
{
	return (uint16_t)((c->round == ROUND_UP ? PORT_UP : PORT_OPEN) + id);
}

/* Another one in each round: what comes late is not taken for the next round's. */
void leak_cookie(const struct leak_copy *c, uint16_t id, uint8_t *ret)
{
	uint16_t n = htons(id);

	memcpy(ret, c->magic, LEAK_COOKIE - ID_SIZE);
	ret[LEAK_COOKIE - ID_SIZE - 1] ^= (uint8_t)c->round;
	memcpy(ret + LEAK_COOKIE - ID_SIZE, &n, ID_SIZE);
}

static uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static uint16_t ethertype(const struct leak_frame *f)
{
	return f->size >= ETHER_SIZE ? get16(f->bytes + ETHER_SIZE - 2) : 0;
}

struct parsed {
	uint8_t version, protocol;
	const uint8_t *body;
	size_t size;
};

static bool parse(const struct leak_frame *f, struct parsed *ret)
{
	const uint8_t *ip = f->bytes + ETHER_SIZE;
	size_t left = f->size > ETHER_SIZE ? f->size - ETHER_SIZE : 0, header;

	if (ethertype(f) == ETH_P_IP && left >= 20) {
		header = (size_t)(ip[0] & 0xf) * 4;
		*ret = (struct parsed){.version = 4, .protocol = ip[9]};
	} else if (ethertype(f) == ETH_P_IPV6 && left >= IP6_SIZE) {
		header = IP6_SIZE;
		*ret = (struct parsed){.version = 6, .protocol = ip[6]};
	} else {
		return false;
	}
	if (left > header) {
		ret->body = ip + header;
		ret->size = left - header;
	}
	return true;
}

static bool has_ports(uint8_t protocol)
{
	return protocol == IPPROTO_TCP || protocol == IPPROTO_UDP || protocol == IPPROTO_UDPLITE ||
	       protocol == IPPROTO_SCTP || protocol == IPPROTO_DCCP;
}

static uint16_t id_of_port(const struct leak_copy *c, uint16_t port)
{
	uint16_t first = leak_port(c, 0);

	return port > first && port <= first + c->run->n_cases ? (uint16_t)(port - first) : 0;
}

/* The port of the one side or the other; source_only: on loopback a refusal has it, too. */
static uint16_t by_port(const struct leak_copy *c, const struct leak_frame *f, bool source_only)
{
	struct parsed p;
	uint16_t id = 0;

	if (!parse(f, &p) || p.size < 8)
		return 0;
	if (has_ports(p.protocol)) {
		id = id_of_port(c, get16(p.body));
		return id || source_only ? id : id_of_port(c, get16(p.body + 2));
	}
	if (p.protocol != IPPROTO_ICMP && p.protocol != IPPROTO_ICMPV6)
		return 0;
	if (source_only && p.body[0] != ICMP_ECHO && p.body[0] != ICMP6_ECHO_REQUEST)
		return 0;
	return id_of_port(c, get16(p.body + 4));
}

static uint16_t by_kind(const struct leak_copy *c, const struct leak_frame *f)
{
	for (size_t i = 0; i < c->run->n_cases; i++) {
		const struct leak_attempt *a = &leak_attempts[c->run->cases[i].attempt];

		if (a->is && a->is(f))
			return (uint16_t)(i + 1);
	}
	return 0;
}

/* What the kernel asks and answers for IPv4 to work at all. */
static bool is_arp(const struct leak_frame *f)
{
	struct arphdr a;

	if (ethertype(f) != ETH_P_ARP || f->size < ETHER_SIZE + sizeof(a) + 20)
		return false;
	memcpy(&a, f->bytes + ETHER_SIZE, sizeof(a));
	return a.ar_hrd == htons(ARPHRD_ETHER) && a.ar_pro == htons(ETH_P_IP) &&
	       a.ar_hln == ETH_ALEN && a.ar_pln == 4 &&
	       (a.ar_op == htons(ARPOP_REQUEST) || a.ar_op == htons(ARPOP_REPLY));
}

static void describe(const struct leak_frame *f, char *buf, size_t size)
{
	const uint8_t *ip = f->bytes + ETHER_SIZE;
	char src[INET6_ADDRSTRLEN], dst[INET6_ADDRSTRLEN];
	struct parsed p;

	if (!parse(f, &p)) {
		(void)snprintf(buf, size, "a frame of type 0x%04x", ethertype(f));
		return;
	}
	(void)inet_ntop(p.version == 4 ? AF_INET : AF_INET6, ip + (p.version == 4 ? 12 : 8), src,
			sizeof(src));
	(void)inet_ntop(p.version == 4 ? AF_INET : AF_INET6, ip + (p.version == 4 ? 16 : 24), dst,
			sizeof(dst));
	if (has_ports(p.protocol) && p.size >= 4)
		(void)snprintf(buf, size, "IPv%u, protocol %u, from %s port %u to %s port %u",
			       p.version, p.protocol, src, get16(p.body), dst, get16(p.body + 2));
	else
		(void)snprintf(buf, size, "IPv%u, protocol %u, from %s to %s", p.version,
			       p.protocol, src, dst);
}

/* The attempt number id has left the machine, as this frame says. False: there is no such one. */
static bool claim(struct leak_copy *c, uint32_t i, uint16_t id)
{
	const struct leak_frame *f = leak_wire_frame(c, i);
	struct leak_case *k;

	if (!id || id > c->run->n_cases)
		return false;
	k = &c->run->cases[id - 1];
	/* Before its time it is what the door let through. */
	if (i < k->from || k->seen[c->round] ||
	    (f->wire == WIRE_LOOPBACK && leak_attempts[k->attempt].where != ON_LOOPBACK))
		return true;
	k->seen[c->round] = true;
	if (c->round == ROUND_UP)
		describe(f, k->frame, sizeof(k->frame));
	return true;
}

/* Each number that follows these bytes: a report of the kernel's is about many. */
static bool claim_after(struct leak_copy *c, uint32_t i, const uint8_t *bytes, size_t size)
{
	const struct leak_frame *f = leak_wire_frame(c, i);
	const uint8_t *at = f->bytes, *end = f->bytes + f->size;
	bool claimed = false;

	while ((at = memmem(at, (size_t)(end - at), bytes, size)) && at + size + ID_SIZE <= end) {
		at += size;
		claimed |= claim(c, i, get16(at));
	}
	return claimed;
}

static bool claim_groups(struct leak_copy *c, uint32_t i)
{
	const uint8_t group[] = {0xef, (uint8_t)(0x4d + c->round)};
	struct parsed p;

	return parse(leak_wire_frame(c, i), &p) && p.protocol == IPPROTO_IGMP &&
	       claim_after(c, i, group, sizeof(group));
}

static void judge_frame(struct leak_copy *c, uint32_t i)
{
	const struct leak_frame *f = leak_wire_frame(c, i);
	uint8_t cookie[LEAK_COOKIE];

	leak_cookie(c, 0, cookie);
	if (f->wire == WIRE_LOOPBACK) {
		(void)claim(c, i, by_port(c, f, true));
		return;
	}
	if (claim_after(c, i, cookie, LEAK_COOKIE - ID_SIZE) || claim_groups(c, i) ||
	    claim(c, i, by_port(c, f, false)) || claim(c, i, by_kind(c, f)) ||
	    c->round == ROUND_OPEN || is_arp(f))
		return;
	if (!c->run->n_unclaimed++)
		describe(f, c->run->unclaimed, sizeof(c->run->unclaimed));
}

void leak_judge(struct leak_copy *c)
{
	for (; c->judged < leak_wire_n(c); c->judged++)
		judge_frame(c, c->judged);
}
