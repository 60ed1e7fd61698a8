/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The network's links (linux/rtnetlink.h). */
#include "nft.h"

struct link {
	uint32_t index;
	char name[POLICY_LINK_MAX + 1];
	bool up;   /* administratively */
	bool bare; /* without Ethernet's header: a tunnel */
	bool carrier;
	bool port;     /* of a bridge or the like */
	bool forwards; /* IPv4 packets that come by it and are for others */
	uint32_t lost; /* how often it has lost its carrier */
};

struct links {
	struct link *items;
	size_t n, capacity;
};

void links_clear(struct links *l);

/* All links, loopback too. nl is of NETLINK_ROUTE. 0 or a negative errno. */
int link_list(struct nl *nl, struct links *ret);

/*
 * Those of the list on which the policy wants the second wall, for the caller to free: 0 or
 * -ENOMEM.
 */
int links_to_cover(const struct policy *p, const struct links *all, struct nft_links *ret);

/* By which link the kernel would send to an address (IPv4, host order); "": by none. As above. */
int link_towards(struct nl *nl, uint32_t addr, char ret_name[POLICY_LINK_MAX + 1]);

/*
 * Whether IPv4 packets that come by it are forwarded: net.ipv4.conf.LINK.forwarding. 0 or a
 * negative errno.
 */
int link_set_forwards(struct nl *nl, uint32_t index, bool forwards);

/* Sets a link up or down. 0 or a negative errno. */
int link_set_up(struct nl *nl, uint32_t index, bool up);
