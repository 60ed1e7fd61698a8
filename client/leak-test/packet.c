/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packets byte by byte: RFC 791, 768, 9293, 792, 8200. */
#include "leak-test.h"

#include <arpa/inet.h>

#define IP_SIZE 20
#define IP6_SIZE 40

void leak_put(struct leak_packet *p, const void *bytes, size_t size)
{
	if (size > sizeof(p->bytes) - p->size)
		size = sizeof(p->bytes) - p->size;
	memcpy(p->bytes + p->size, bytes, size);
	p->size += size;
}

static void put16(struct leak_packet *p, uint16_t n)
{
	n = htons(n);
	leak_put(p, &n, sizeof(n));
}

static void put32(struct leak_packet *p, uint32_t n)
{
	n = htonl(n);
	leak_put(p, &n, sizeof(n));
}

void leak_put_ip(struct leak_packet *p, uint8_t protocol, uint8_t ttl, uint32_t src, uint32_t dst)
{
	const uint8_t head[] = {0x45, 0, 0, 0, 0x12, 0x34, 0, 0, ttl, protocol, 0, 0};

	leak_put(p, head, sizeof(head));
	put32(p, src);
	put32(p, dst);
}

void leak_put_ip6(struct leak_packet *p, uint8_t protocol, uint8_t ttl, const uint8_t *src,
		  const uint8_t *dst)
{
	const uint8_t head[] = {0x60, 0, 0, 0, 0, 0, protocol, ttl};

	leak_put(p, head, sizeof(head));
	leak_put(p, src, sizeof(struct in6_addr));
	leak_put(p, dst, sizeof(struct in6_addr));
}

void leak_put_udp(struct leak_packet *p, uint16_t sport, uint16_t dport)
{
	put16(p, sport);
	put16(p, dport);
	put32(p, 0); /* length and checksum: leak_seal() */
}

void leak_put_tcp(struct leak_packet *p, uint16_t sport, uint16_t dport, uint8_t flags)
{
	const uint8_t rest[] = {5 << 4, flags, 0x10, 0, 0, 0, 0, 0};

	put16(p, sport);
	put16(p, dport);
	put32(p, 1000);
	put32(p, 2000);
	leak_put(p, rest, sizeof(rest));
}

void leak_put_icmp(struct leak_packet *p, uint8_t type, uint16_t id)
{
	const uint8_t head[] = {type, 0, 0, 0};

	leak_put(p, head, sizeof(head));
	put16(p, id);
	put16(p, 1);
}

static uint32_t sum(const uint8_t *bytes, size_t size)
{
	uint32_t s = 0;

	for (size_t i = 0; i < size; i++)
		s += i % 2 ? bytes[i] : (uint32_t)bytes[i] << 8;
	return s;
}

static void set16(uint8_t *at, uint32_t n)
{
	at[0] = (uint8_t)(n >> 8);
	at[1] = (uint8_t)n;
}

static uint16_t fold(uint32_t s)
{
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	return (uint16_t)~s;
}

/* Of what is above IP: its checksum covers the two addresses, except that of ICMP. */
static void seal_body(uint8_t *body, size_t size, uint8_t protocol, uint32_t addresses)
{
	size_t at = protocol == IPPROTO_UDP      ? 6
		    : protocol == IPPROTO_TCP    ? 16
		    : protocol == IPPROTO_ICMP   ? 2
		    : protocol == IPPROTO_ICMPV6 ? 2
						 : 0;

	if (!at || size < at + 2)
		return;
	if (protocol == IPPROTO_UDP)
		set16(body + 4, (uint32_t)size);
	if (protocol == IPPROTO_ICMP)
		addresses = 0;
	else
		addresses += protocol + (uint32_t)size;
	set16(body + at, 0);
	set16(body + at, fold(sum(body, size) + addresses));
}

void leak_seal(struct leak_packet *p, size_t from)
{
	uint8_t *ip = p->bytes + from;
	size_t size = p->size - from;

	if (ip[0] >> 4 == 4) {
		set16(ip + 2, (uint32_t)size);
		seal_body(ip + IP_SIZE, size - IP_SIZE, ip[9], sum(ip + 12, 8));
		set16(ip + 10, 0);
		set16(ip + 10, fold(sum(ip, IP_SIZE)));
	} else {
		set16(ip + 4, (uint32_t)(size - IP6_SIZE));
		seal_body(ip + IP6_SIZE, size - IP6_SIZE, ip[6], sum(ip + 8, 32));
	}
}
