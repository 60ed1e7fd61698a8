/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Which network this is, as the kernel knows it: how IPv4 packets go to the Internet now, by which
 * link and whose gateway (linux/rtnetlink.h). Nothing is sent to find it out.
 */
#include "link.h"

#define GATEWAY_ADDRESS_MAX 16
#define GATEWAY_MAC_MAX 32
/* A VPN may leave the default route alone, and put one for each half of IPv4 before it. */
#define GATEWAY_WAYS 2

struct gateway_way {
	uint32_t link; /* its index */
	char name[POLICY_LINK_MAX + 1];
	uint32_t carrier_losses; /* of the link, ever: seen even if it is back when one looks */
	uint32_t family;         /* of the gateway's address; 0: there is none */
	uint8_t address[GATEWAY_ADDRESS_MAX];
	uint32_t mac_size; /* 0: not known */
	uint8_t mac[GATEWAY_MAC_MAX];
};

struct gateway {
	struct gateway_way ways[GATEWAY_WAYS];
};

/*
 * A socket that becomes readable when links, IPv4 routes, rules or neighbours change. Its buffer is
 * small: what counts is how things are, not what it says. 0 or a negative errno.
 */
int gateway_watch(struct nl *nl);

/*
 * The present one. nl is of NETLINK_ROUTE and not the watch. -ENETUNREACH when there is no default
 * route, or no carrier on its link; 0, or another negative errno: it is not known.
 */
int gateway_find(struct nl *nl, struct gateway *ret);

/*
 * Whether that is the same network still. A hardware address that was not known is learnt, and one
 * that is not known any more is remembered: neither is a change.
 */
bool gateway_follow(struct gateway *known, const struct gateway *now);
