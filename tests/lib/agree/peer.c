/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The other end of the links: every address of the world, by one packet socket and no memory. It
 * answers ARP, echoes UDP, TCP and pings, sends ICMP errors, or keeps silent; and it sends what
 * nobody asked for.
 */
#include "agree.h"
#include "marks.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#define RECENT 32

struct link_end {
	int index;
	uint8_t host[ETH_ALEN];
};

static int fd = -1;
static struct link_end ends[LINKS];
static const uint8_t own_mac[ETH_ALEN] = {2, 0, 0, 0, 0, 1};
/* Packets of the host, that errors and answers can be about. */
static struct recent {
	uint8_t bytes[64];
	size_t n;
	unsigned link;
} recent[RECENT];
static size_t n_recent;
uint64_t peer_frames;

static int mac_of(const char *name, uint8_t mac[ETH_ALEN])
{
	int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), r;
	struct ifreq q = {0};

	memcpy(q.ifr_name, name, strlen(name) + 1);
	r = s < 0 ? -1 : ioctl(s, SIOCGIFHWADDR, &q);
	memcpy(mac, q.ifr_hwaddr.sa_data, ETH_ALEN);
	close_fd(s);
	return r;
}

int peer_open(struct scene *s)
{
	static const char *const names[] = {"far0", "far1"};

	n_recent = 0;
	for (size_t i = 0; i < LINKS; i++)
		if (mac_of(links[i], ends[i].host) < 0)
			return -1;
	if (setns(s->peer, CLONE_NEWNET) < 0)
		return -1;
	fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, htons(ETH_P_ALL));
	for (size_t i = 0; i < LINKS; i++)
		ends[i].index = (int)if_nametoindex(names[i]);
	return setns(s->host, CLONE_NEWNET) < 0 || fd < 0 ? -1 : 0;
}

void peer_close(void)
{
	fd = close_fd(fd);
}

int peer_fd(void)
{
	return fd;
}

static void send_frame(unsigned link, uint16_t protocol, const void *data, size_t n,
		       const uint8_t *to)
{
	struct sockaddr_ll at = {
		.sll_family = AF_PACKET,
		.sll_ifindex = ends[link].index,
		.sll_halen = ETH_ALEN,
	};
	uint8_t frame[sizeof(struct ethhdr) + 256];
	struct ethhdr eth = {.h_proto = htons(protocol)};

	if (n > sizeof(frame) - sizeof(eth))
		return;
	memcpy(eth.h_dest, to ? to : ends[link].host, ETH_ALEN);
	memcpy(eth.h_source, own_mac, ETH_ALEN);
	memcpy(frame, &eth, sizeof(eth));
	memcpy(frame + sizeof(eth), data, n);
	(void)sendto(fd, frame, sizeof(eth) + n, 0, (void *)&at, sizeof(at));
}

static void answer_arp(unsigned link, const uint8_t *bytes, size_t n)
{
	uint8_t reply[28];

	/* Of another's address: the host asks whether it has its own for itself. */
	if (n < sizeof(reply) || bytes[7] != ARPOP_REQUEST ||
	    memcmp(bytes + 14, bytes + 24, 4) == 0)
		return;
	memcpy(reply, bytes, 8);
	reply[7] = ARPOP_REPLY;
	memcpy(reply + 8, own_mac, ETH_ALEN);
	memcpy(reply + 14, bytes + 24, 4);
	memcpy(reply + 18, bytes + 8, 10);
	send_frame(link, ETH_P_ARP, reply, sizeof(reply), NULL);
}

static void random_tos(struct forged *f, uint32_t n)
{
	if (!one_in(n))
		return;
	f->bytes[1] = TOS_OF(dice(ARRAY_SIZE(tos_marks)));
	forge_finish4(f);
}

static void send4(unsigned link, struct forged *f)
{
	random_tos(f, 8);
	send_frame(link, ETH_P_IP, f->bytes, f->n, NULL);
}

static void answer_segment(unsigned link, const struct ends4 *back, const struct tcphdr *t,
			   const uint8_t *data, size_t n)
{
	uint32_t seq = ntohl(t->ack_seq), next = ntohl(t->seq) + (uint32_t)n + t->syn + t->fin;
	struct forged f;

	if (t->rst)
		return;
	if (t->syn && one_in(5))
		forge_segment(&f, back, 0, next, TH_RST | TH_ACK, NULL, 0);
	else if (t->syn)
		forge_segment(&f, back, dice_u32(), next, TH_SYN | TH_ACK, NULL, 0);
	else if (t->fin)
		forge_segment(&f, back, seq, next, TH_FIN | TH_ACK, NULL, 0);
	else if (n)
		forge_segment(&f, back, seq, next, TH_PUSH | TH_ACK, data, n);
	else
		return;
	send4(link, &f);
}

static void answer4(unsigned link, const uint8_t *bytes, size_t n)
{
	const struct iphdr *ip = (const void *)bytes;
	size_t header = (size_t)ip->ihl * 4, left = n - header;
	const uint8_t *transport = bytes + header;
	struct ends4 back = {.from = ntohl(ip->daddr), .to = ntohl(ip->saddr)};
	struct forged f;

	if (one_in(10)) {
		forge_icmp(&f, back.from, back.to, ICMP_DEST_UNREACH, (uint8_t)dice(4), bytes,
			   n < 28 ? n : 28);
		send4(link, &f);
		return;
	}
	if (left >= sizeof(struct udphdr)) {
		back.sport = ntohs(*(const uint16_t *)(const void *)(transport + 2));
		back.dport = ntohs(*(const uint16_t *)(const void *)transport);
	}
	if (ip->protocol == IPPROTO_TCP && left >= sizeof(struct tcphdr)) {
		const struct tcphdr *t = (const void *)transport;
		size_t offset = (size_t)t->doff * 4 <= left ? (size_t)t->doff * 4 : left;

		answer_segment(link, &back, t, transport + offset, left - offset);
	} else if (ip->protocol == IPPROTO_UDP && left >= sizeof(struct udphdr)) {
		forge_datagram(&f, &back, "echo", 4);
		send4(link, &f);
	} else if (ip->protocol == IPPROTO_ICMP && left >= 8 && transport[0] == ICMP_ECHO) {
		forge_icmp(&f, back.from, back.to, ICMP_ECHOREPLY, 0, transport + 4, left - 4);
		send4(link, &f);
	}
}

static void remember(unsigned link, const uint8_t *bytes, size_t n)
{
	struct recent *r = &recent[n_recent++ % RECENT];

	r->n = n < sizeof(r->bytes) ? n : sizeof(r->bytes);
	r->link = link;
	memcpy(r->bytes, bytes, r->n);
}

bool peer_answer(void)
{
	static uint8_t frame[2048] __attribute__((aligned(8)));
	/* The packet, where words are aligned. */
	static uint8_t bytes[2048] __attribute__((aligned(8)));
	struct sockaddr_ll from = {0};
	socklen_t len = sizeof(from);
	ssize_t n = recvfrom(fd, frame, sizeof(frame), 0, (void *)&from, &len);
	const struct ethhdr *eth = (const void *)frame;
	unsigned link = from.sll_ifindex == ends[1].index;
	size_t size;

	if (n < 0)
		return false;
	if (from.sll_pkttype == PACKET_OUTGOING || (size_t)n < sizeof(*eth))
		return true;
	peer_frames++;
	size = (size_t)n - sizeof(*eth);
	memcpy(bytes, frame + sizeof(*eth), size);
	if (eth->h_proto == htons(ETH_P_ARP)) {
		answer_arp(link, bytes, size);
	} else if (eth->h_proto == htons(ETH_P_IP) && size >= 20 &&
		   ((size_t)bytes[0] & 15) * 4 <= size) {
		remember(link, bytes, size);
		if (!one_in(8))
			answer4(link, bytes, size);
	}
	return true;
}

/* About, or as an answer to, a packet that the host has sent. */
static void intrude_known(void)
{
	const struct recent *r = &recent[dice(n_recent < RECENT ? (uint32_t)n_recent : RECENT)];
	const struct iphdr *ip = (const void *)r->bytes;
	struct ends4 back = {
		.from = ntohl(ip->daddr), .to = ntohl(ip->saddr), .protocol = ip->protocol};
	struct forged f;

	if (r->n < 24)
		return;
	back.sport = (uint16_t)(r->bytes[22] << 8 | r->bytes[23]);
	back.dport = (uint16_t)(r->bytes[20] << 8 | r->bytes[21]);
	if (one_in(3))
		forge_icmp(&f, one_in(2) ? back.from : 0xc0a84d01, back.to, ICMP_DEST_UNREACH,
			   (uint8_t)dice(16), r->bytes, r->n < 28 ? r->n : 28);
	else
		forge_random4(&f, &back);
	random_tos(&f, 2);
	send4(r->link, &f);
}

static void intrude_v6(void)
{
	static const uint8_t from[16] = {0x20, 1, 0xd, 0xb8, 0, 0x77, [15] = 1};
	static const uint8_t to[16] = {0x20, 1, 0xd, 0xb8, 0, 0x77, [15] = 0x10};
	static const uint8_t all[16] = {0xff, 2, [15] = 1};
	static const uint8_t group[ETH_ALEN] = {0x33, 0x33, 0, 0, 0, 1};
	bool multicast = one_in(3);
	struct forged f;

	forge_random6(&f, from, multicast ? all : to, (uint16_t)dice(65536));
	send_frame(0, ETH_P_IPV6, f.bytes, f.n, multicast ? group : NULL);
}

void peer_intrude(const struct pools *p)
{
	static const uint32_t groups[] = {0xe00000fb, 0xe0000001, 0xc0a84dff, 0xffffffff,
					  0xc0a84d09};
	static const uint8_t every[ETH_ALEN] = {255, 255, 255, 255, 255, 255};
	struct ends4 e = {
		.from = p->addresses[dice((uint32_t)p->n_addresses)],
		.to = one_in(3)   ? PICK(groups)
		      : one_in(6) ? p->addresses[dice((uint32_t)p->n_addresses)]
				  : random_own_address(),
		.sport = (uint16_t)p->ports[dice((uint32_t)p->n_ports)],
		.dport = (uint16_t)p->ports[dice((uint32_t)p->n_ports)],
		.protocol = one_in(2) ? IPPROTO_TCP : IPPROTO_UDP,
	};
	struct forged f;

	if (n_recent && one_in(2)) {
		intrude_known();
		return;
	}
	if (one_in(6)) {
		intrude_v6();
		return;
	}
	forge_random4(&f, &e);
	random_tos(&f, 3);
	send_frame(dice(LINKS), ETH_P_IP, f.bytes, f.n, one_in(4) ? every : NULL);
}

/* The link of an element whose key begins with its name. */
static bool link_of(const struct rs_element *e, unsigned *ret)
{
	uint32_t words[RS_LINK_WORDS];

	for (*ret = 0; *ret < LINKS; (*ret)++) {
		rs_link_words(links[*ret], words);
		if (memcmp(words, e->key, sizeof(words)) == 0)
			return true;
	}
	return false;
}

bool peer_confined(const struct ruleset *r)
{
	const struct rs_elements *v = &r->elements[SET_NAMESPACES];
	const struct rs_element *e = v->n ? &v->items[dice((uint32_t)v->n)] : NULL;
	const uint32_t *key = e ? e->key + RS_LINK_WORDS : NULL;
	struct forged f;
	struct ends4 to;
	unsigned link;

	if (!e || !link_of(e, &link))
		return false;
	to = (struct ends4){
		.from = key[0],
		.to = key[1],
		.sport = (uint16_t)(30000 + (one_in(2) ? 0 : dice(20))),
		.dport = (uint16_t)(key[3] +
				    (one_in(2) ? 0 : dice(e->end[RS_LINK_WORDS + 3] - key[3] + 1))),
		.protocol = (uint8_t)key[2],
	};
	if (one_in(6))
		to.to = random_own_address();
	if (one_in(6))
		to.dport++;
	if (one_in(6))
		to.from++;
	if (to.protocol == IPPROTO_UDP)
		forge_datagram(&f, &to, "confined", 8);
	else
		forge_segment(&f, &to, dice_u32(), dice_u32(), one_in(4) ? TH_ACK : TH_SYN, NULL,
			      0);
	random_tos(&f, 10);
	send_frame(one_in(8) ? dice(LINKS) : link, ETH_P_IP, f.bytes, f.n, NULL);
	return true;
}
