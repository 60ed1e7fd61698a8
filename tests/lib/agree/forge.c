/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packets made by hand, with right checksums unless a wrong one is wanted. */
#include "agree.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>

static const uint8_t protocols[] = {
	IPPROTO_TCP, IPPROTO_TCP, IPPROTO_UDP, IPPROTO_UDP, IPPROTO_ICMP, 33,  132,
	136,         47,          50,          2,           58,           255, 4};

static uint32_t sum_of(const uint8_t *bytes, size_t n)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += i & 1 ? bytes[i] : (uint32_t)bytes[i] << 8;
	return sum;
}

static uint16_t folded(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons((uint16_t)~sum);
}

static void append(struct forged *f, const void *data, size_t n)
{
	if (n > sizeof(f->bytes) - f->n)
		n = sizeof(f->bytes) - f->n;
	if (n)
		memcpy(f->bytes + f->n, data, n);
	f->n += n;
}

static void checksum_at(struct forged *f, size_t transport, size_t offset, uint32_t pseudo)
{
	uint16_t sum = folded(pseudo + sum_of(f->bytes + transport, f->n - transport));

	memcpy(f->bytes + transport + offset, &sum, sizeof(sum));
}

static void begin4(struct forged *f, uint32_t from, uint32_t to, uint8_t protocol)
{
	struct iphdr ip = {
		.version = 4,
		.ihl = 5,
		.ttl = 64,
		.protocol = protocol,
		.saddr = htonl(from),
		.daddr = htonl(to),
		.id = (uint16_t)dice(65536),
	};

	f->n = 0;
	append(f, &ip, sizeof(ip));
}

void forge_finish4(struct forged *f)
{
	struct iphdr *ip = (void *)f->bytes;

	ip->tot_len = htons((uint16_t)f->n);
	ip->check = 0;
	ip->check = folded(sum_of(f->bytes, (size_t)ip->ihl * 4));
}

static uint32_t pseudo4(const struct forged *f, uint8_t protocol)
{
	return sum_of(f->bytes + 12, 8) + protocol + (uint32_t)(f->n - sizeof(struct iphdr));
}

void forge_segment(struct forged *f, const struct ends4 *e, uint32_t seq, uint32_t ack,
		   uint8_t flags, const void *data, size_t n)
{
	struct tcphdr t = {
		.source = htons(e->sport),
		.dest = htons(e->dport),
		.seq = htonl(seq),
		.ack_seq = htonl(ack),
		.doff = 5,
		.window = htons(60000),
	};

	begin4(f, e->from, e->to, IPPROTO_TCP);
	t.th_flags = flags;
	append(f, &t, sizeof(t));
	append(f, data, n);
	checksum_at(f, sizeof(struct iphdr), 16, pseudo4(f, IPPROTO_TCP));
	forge_finish4(f);
}

void forge_datagram(struct forged *f, const struct ends4 *e, const void *data, size_t n)
{
	struct udphdr u = {
		.source = htons(e->sport),
		.dest = htons(e->dport),
		.len = htons((uint16_t)(sizeof(u) + n)),
	};

	begin4(f, e->from, e->to, IPPROTO_UDP);
	append(f, &u, sizeof(u));
	append(f, data, n);
	checksum_at(f, sizeof(struct iphdr), 6, pseudo4(f, IPPROTO_UDP));
	forge_finish4(f);
}

void forge_icmp(struct forged *f, uint32_t from, uint32_t to, uint8_t type, uint8_t code,
		const void *data, size_t n)
{
	struct icmphdr i = {.type = type, .code = code};

	begin4(f, from, to, IPPROTO_ICMP);
	append(f, &i, type == ICMP_ECHO || type == ICMP_ECHOREPLY ? 4 : sizeof(i));
	append(f, data, n);
	checksum_at(f, sizeof(struct iphdr), 2, 0);
	forge_finish4(f);
}

static void some_bytes(struct forged *f, uint32_t most)
{
	for (uint32_t i = dice(most); i > 0; i--)
		append(f, &(uint8_t){(uint8_t)dice(256)}, 1);
}

static uint8_t random_flags(void)
{
	static const uint8_t usual[] = {TH_SYN,          TH_SYN,           TH_ACK,
					TH_RST,          TH_FIN,           TH_SYN | TH_ACK,
					TH_FIN | TH_ACK, TH_RST | TH_ACK,  0,
					TH_SYN | TH_FIN, TH_SYN | TH_PUSH, TH_PUSH | TH_ACK};

	return one_in(6) ? (uint8_t)dice(256) : PICK(usual);
}

static void plain_transport(struct forged *f, const struct ends4 *e)
{
	const uint16_t ports[] = {htons(e->sport), htons(e->dport)};

	begin4(f, e->from, e->to, e->protocol);
	append(f, ports, sizeof(ports));
	some_bytes(f, 30);
	forge_finish4(f);
}

/* Fragments, lies about checksums, headers that are cut off. */
static void spoil(struct forged *f)
{
	static const uint16_t fragments[] = {IP_MF, 1, 8 | IP_MF, 100, IP_DF};
	struct iphdr *ip = (void *)f->bytes;

	switch (dice(12)) {
	case 0:
		f->bytes[f->n - 1] ^= 0x55;
		break;
	case 1:
	case 2:
		ip->frag_off = htons(PICK(fragments));
		break;
	case 3:
		f->n = sizeof(*ip) + dice((uint32_t)(f->n - sizeof(*ip)) + 1);
		break;
	default:
		return;
	}
	forge_finish4(f);
}

void forge_options4(struct forged *f)
{
	struct iphdr *ip = (void *)f->bytes;
	const size_t header = sizeof(*ip), more = 4;

	if (f->n + more > sizeof(f->bytes))
		return;
	memmove(f->bytes + header + more, f->bytes + header, f->n - header);
	memset(f->bytes + header, IPOPT_NOP, more);
	f->n += more;
	ip->ihl = (header + more) / 4;
	forge_finish4(f);
}

void forge_random4(struct forged *f, const struct ends4 *ends)
{
	struct ends4 e = *ends;
	uint8_t data[12];

	if (one_in(4))
		e.protocol = PICK(protocols);
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)dice(256);
	switch (e.protocol) {
	case IPPROTO_TCP:
		forge_segment(f, &e, dice_u32(), dice_u32(), random_flags(), data,
			      dice(sizeof(data)));
		break;
	case IPPROTO_UDP:
		forge_datagram(f, &e, data, dice(sizeof(data)));
		break;
	case IPPROTO_ICMP:
		forge_icmp(f, e.from, e.to, one_in(2) ? ICMP_ECHO : (uint8_t)dice(20),
			   (uint8_t)dice(4), data, sizeof(data));
		break;
	default:
		plain_transport(f, &e);
	}
	spoil(f);
}

void forge_random6(struct forged *f, const uint8_t from[16], const uint8_t to[16], uint16_t dport)
{
	static const uint8_t next[] = {
		IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMPV6, IPPROTO_NONE, 0, IPPROTO_ROUTING, 47};
	struct ip6_hdr ip = {.ip6_nxt = PICK(next), .ip6_hlim = 64};
	const uint16_t ports[] = {htons((uint16_t)dice(65536)), htons(dport)};
	size_t offset = ip.ip6_nxt == IPPROTO_TCP ? 16 : ip.ip6_nxt == IPPROTO_UDP ? 6 : 2;

	ip.ip6_vfc = 0x60;
	memcpy(&ip.ip6_src, from, 16);
	memcpy(&ip.ip6_dst, to, 16);
	f->n = 0;
	append(f, &ip, sizeof(ip));
	append(f, ports, sizeof(ports));
	for (size_t i = 0; i < 20; i++)
		append(f, &(uint8_t){0}, 1);
	/* The kernel does not trace a packet whose extension header leads beyond its end. */
	if (ip.ip6_nxt == 0 || ip.ip6_nxt == IPPROTO_ROUTING) {
		f->bytes[sizeof(ip)] = one_in(2) ? IPPROTO_UDP : IPPROTO_NONE;
		f->bytes[sizeof(ip) + 1] = 0;
	}
	f->bytes[sizeof(ip) + 12] = 0x50;
	f->bytes[sizeof(ip) + 13] = random_flags();
	if (ip.ip6_nxt == IPPROTO_UDP)
		f->bytes[sizeof(ip) + 5] = 24;
	checksum_at(f, sizeof(ip), offset,
		    sum_of(f->bytes + 8, 32) + ip.ip6_nxt + (uint32_t)(f->n - sizeof(ip)));
	((struct ip6_hdr *)f->bytes)->ip6_plen = htons((uint16_t)(f->n - sizeof(ip)));
}
