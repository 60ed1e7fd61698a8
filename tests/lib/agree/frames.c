/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Frames that go round the first wall: by packet sockets, with lies about marks and protocols. */
#include "agree.h"
#include "marks.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <netinet/in.h>
#include <sys/fsuid.h>
#include <sys/socket.h>
#include <unistd.h>

#define DHCP_ONE_IN 24 /* the wall passes ten a second, and that limit is not what is compared */

static void random_arp(struct forged *f)
{
	uint8_t arp[28] = {0, 1, 8, 0, 6, 4, 0, 1};

	for (size_t i = 8; i < sizeof(arp); i++)
		arp[i] = (uint8_t)dice(256);
	if (one_in(3))
		arp[dice(8)] = (uint8_t)dice(4);
	memcpy(f->bytes, arp, sizeof(arp));
	f->n = one_in(8) ? dice(28) : sizeof(arp);
}

static void random_packet(struct forged *f, const struct pools *p)
{
	struct ends4 e = {
		.from = random_own_address(),
		.to = p->addresses[dice((uint32_t)p->n_addresses)],
		.sport = (uint16_t)p->ports[dice((uint32_t)p->n_ports)],
		.dport = (uint16_t)p->ports[dice((uint32_t)p->n_ports)],
		.protocol = one_in(2) ? IPPROTO_TCP : IPPROTO_UDP,
	};

	if (one_in(DHCP_ONE_IN)) {
		e = (struct ends4){0, 0xffffffff, 68, 67, IPPROTO_UDP};
		forge_datagram(f, &e, "discover", 8);
		return;
	}
	forge_random4(f, &e);
}

void frame_random(const struct scene *s, const struct pools *p)
{
	static const uint16_t protocols[] = {ETH_P_IP,  ETH_P_IP,   ETH_P_IP,  ETH_P_ARP,
					     ETH_P_ARP, ETH_P_IPV6, ETH_P_PAE, ETH_P_LLDP,
					     0,         ETH_P_8021Q};
	static const uint32_t owners[] = {0, 0, 1000, 901};
	uint16_t said = PICK(protocols), type = one_in(5) ? PICK(protocols) : said;
	struct sockaddr_ll at = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(said),
		.sll_ifindex = (int)(LINK_INDEX + dice(LINKS)),
		.sll_halen = ETH_ALEN,
		.sll_addr = {2, 0, 0, 0, 0, 1},
	};
	uint8_t frame[ETH_HLEN + sizeof(((struct forged *)NULL)->bytes)] = {2, 0, 0, 0, 0, 1,
									    2, 0, 0, 0, 0, 2};
	uint32_t mark = one_in(2) ? TOKEN : one_in(2) ? dice_u32() : 0;
	struct forged f = {.n = 20};
	int fd;

	(void)s;
	(void)setfsuid(PICK(owners));
	fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	(void)setfsuid(0);
	(void)setsockopt(fd, SOL_SOCKET, SO_MARK, &mark, sizeof(mark));
	if (type == ETH_P_ARP)
		random_arp(&f);
	else if (type == ETH_P_IP)
		random_packet(&f, p);
	else
		memset(f.bytes, 0, f.n);
	type = htons(type);
	memcpy(frame + 12, &type, sizeof(type));
	memcpy(frame + ETH_HLEN, f.bytes, f.n);
	(void)sendto(fd, frame, ETH_HLEN + f.n, 0, (void *)&at, sizeof(at));
	close_fd(fd);
}
