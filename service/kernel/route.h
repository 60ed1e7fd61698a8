/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What is directly connected: IPv4 routes without a gateway (linux/rtnetlink.h). */
#include "netlink.h"

/* IPv4, host order, both ends included. */
struct route_range {
	uint32_t first, last;
};

struct route_ranges {
	struct route_range *items;
	size_t n, capacity;
};

void route_ranges_clear(struct route_ranges *r);
bool route_ranges_equal(const struct route_ranges *a, const struct route_ranges *b);

/*
 * A socket that becomes readable when routes, links or this machine's addresses change. 0 or a
 * negative errno.
 */
int route_watch(struct nl *nl);
/* Reads what is there. True: addresses may have become this machine's own, or ceased to be. */
bool route_watch_read(const struct nl *nl);

/*
 * Which way the kernel would send to an address (network order): calls cb with its answer, an
 * RTM_NEWROUTE. 0 or a negative errno, of which several mean that there is no way.
 */
int route_ask(struct nl *nl, uint8_t family, const void *addr, size_t size, mnl_cb_t cb,
	      void *userdata);

struct route_way {
	uint8_t type;  /* RTN_UNICAST, RTN_LOCAL, RTN_BROADCAST, ... (linux/rtnetlink.h) */
	uint32_t link; /* the index of the link by which it would leave; 0: none was said */
};

/*
 * What kind of address that is here, and which way leads there, as the kernel's routes say. addr:
 * IPv4, host order. -ENETUNREACH: no route; where one says that there is no way, -EHOSTUNREACH,
 * -EACCES or -EINVAL.
 */
int route_lookup(struct nl *nl, uint32_t addr, struct route_way *ret);
int route_lookup_ipv6(struct nl *nl, const uint8_t addr[16], struct route_way *ret);

/*
 * The connected network, as one route has it, that holds an address (host order): the smallest one.
 * 0; -ENETUNREACH: none; or another negative errno.
 */
int route_holding(struct nl *nl, uint32_t addr, struct route_range *ret);

/*
 * The connected networks of all links but loopback, in the main table, sorted, disjoint, not
 * adjacent. nl is of NETLINK_ROUTE and not the watch. 0 or a negative errno.
 */
int route_connected(struct nl *nl, struct route_ranges *ret);
