/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway.h"

#include "route.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#define LOOPBACK_INDEX 1u
#define WATCH_BUFFER (32 << 10)

/* Any address of the Internet of each half: it is asked for, and never sent to. */
static const uint32_t far_away[GATEWAY_WAYS] = {0x09090909, 0xc6336401};

int gateway_watch(struct nl *nl)
{
	const int groups[] = {RTNLGRP_LINK, RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV4_RULE, RTNLGRP_NEIGH};
	const int size = WATCH_BUFFER;
	int r;

	r = nl_open(nl, NETLINK_ROUTE);
	if (r < 0)
		return r;
	if (setsockopt(mnl_socket_get_fd(nl->socket), SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)) <
	    0)
		r = -errno;
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(groups); i++)
		if (mnl_socket_setsockopt(nl->socket, NETLINK_ADD_MEMBERSHIP, (void *)&groups[i],
					  sizeof(groups[i])) < 0)
			r = -errno;
	if (r < 0)
		nl_close(nl);
	return r;
}

static void take_address(struct gateway_way *w, uint32_t family, const void *bytes, size_t size)
{
	if (size > sizeof(w->address))
		return;
	w->family = family;
	memcpy(w->address, bytes, size);
}

static int see_route(const struct nlmsghdr *h, void *userdata)
{
	const struct rtmsg *m = mnl_nlmsg_get_payload(h);
	struct gateway_way *w = userdata;
	const struct nlattr *a;

	if (h->nlmsg_type != RTM_NEWROUTE || mnl_nlmsg_get_payload_len(h) < sizeof(*m) ||
	    m->rtm_type != RTN_UNICAST)
		return MNL_CB_OK;
	mnl_attr_for_each(a, h, sizeof(*m))
	{
		const uint8_t *bytes = mnl_attr_get_payload(a);
		size_t size = mnl_attr_get_payload_len(a);
		uint16_t type = mnl_attr_get_type(a);

		if (type == RTA_OIF && size == sizeof(w->link)) {
			w->link = mnl_attr_get_u32(a);
		} else if (type == RTA_GATEWAY) {
			take_address(w, AF_INET, bytes, size);
		} else if (type == RTA_VIA && size > sizeof(struct rtvia)) {
			const struct rtvia *via = (const void *)bytes;

			take_address(w, via->rtvia_family, via->rtvia_addr, size - sizeof(*via));
		}
	}
	return MNL_CB_OK;
}

static int find_route(struct nl *nl, uint32_t addr, struct gateway_way *ret)
{
	const uint32_t dst = htonl(addr);
	int r = route_ask(nl, AF_INET, &dst, sizeof(dst), see_route, ret);

	/* What the kernel says of no route, and of routes that refuse: to nowhere, all of them. */
	if (r == -EHOSTUNREACH || r == -EACCES || r == -EINVAL)
		return -ENETUNREACH;
	if (r == 0 && (!ret->link || ret->link == LOOPBACK_INDEX))
		return -ENETUNREACH;
	return r;
}

struct link_seen {
	struct gateway_way *way;
	bool carrier;
};

static int see_link(const struct nlmsghdr *h, void *userdata)
{
	const struct ifinfomsg *m = mnl_nlmsg_get_payload(h);
	struct link_seen *seen = userdata;
	struct gateway_way *w = seen->way;
	const struct nlattr *a;

	if (h->nlmsg_type != RTM_NEWLINK || mnl_nlmsg_get_payload_len(h) < sizeof(*m) ||
	    (uint32_t)m->ifi_index != w->link)
		return MNL_CB_OK;
	seen->carrier = (m->ifi_flags & IFF_UP) && (m->ifi_flags & IFF_LOWER_UP);
	mnl_attr_for_each(a, h, sizeof(*m))
	{
		uint16_t type = mnl_attr_get_type(a);

		if (type == IFLA_IFNAME && mnl_attr_validate(a, MNL_TYPE_NUL_STRING) >= 0 &&
		    mnl_attr_get_payload_len(a) <= sizeof(w->name))
			memcpy(w->name, mnl_attr_get_payload(a), mnl_attr_get_payload_len(a));
		else if (type == IFLA_CARRIER_DOWN_COUNT &&
			 mnl_attr_get_payload_len(a) == sizeof(w->carrier_losses))
			w->carrier_losses = mnl_attr_get_u32(a);
	}
	return MNL_CB_OK;
}

static int find_link(struct nl *nl, struct gateway_way *w)
{
	char buf[256] __attribute__((aligned(8)));
	struct nlmsghdr *h = mnl_nlmsg_put_header(buf);
	struct link_seen seen = {.way = w};
	struct ifinfomsg *m;
	int r;

	h->nlmsg_type = RTM_GETLINK;
	h->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	m = mnl_nlmsg_put_extra_header(h, sizeof(*m));
	m->ifi_family = AF_UNSPEC;
	m->ifi_index = (int)w->link;
	r = nl_dump(nl, h, see_link, &seen);
	/* It went away since its route was found. */
	if (r == -ENODEV || (r == 0 && !seen.carrier))
		return -ENETUNREACH;
	return r;
}

static int see_neighbour(const struct nlmsghdr *h, void *userdata)
{
	const struct ndmsg *m = mnl_nlmsg_get_payload(h);
	struct gateway_way *w = userdata;
	const struct nlattr *a;

	if (h->nlmsg_type != RTM_NEWNEIGH || mnl_nlmsg_get_payload_len(h) < sizeof(*m) ||
	    (m->ndm_state & (NUD_NONE | NUD_INCOMPLETE | NUD_FAILED)))
		return MNL_CB_OK;
	mnl_attr_for_each(a, h, sizeof(*m))
	{
		size_t size = mnl_attr_get_payload_len(a);

		if (mnl_attr_get_type(a) == NDA_LLADDR && size <= sizeof(w->mac)) {
			memcpy(w->mac, mnl_attr_get_payload(a), size);
			w->mac_size = (uint32_t)size;
		}
	}
	return MNL_CB_OK;
}

static int find_neighbour(struct nl *nl, struct gateway_way *w)
{
	char buf[256] __attribute__((aligned(8)));
	struct nlmsghdr *h = mnl_nlmsg_put_header(buf);
	struct ndmsg *m;
	int r;

	if (!w->family)
		return 0;
	h->nlmsg_type = RTM_GETNEIGH;
	h->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	m = mnl_nlmsg_put_extra_header(h, sizeof(*m));
	m->ndm_family = (uint8_t)w->family;
	m->ndm_ifindex = (int)w->link;
	mnl_attr_put(h, NDA_DST, w->family == AF_INET ? 4 : 16, w->address);
	r = nl_dump(nl, h, see_neighbour, w);
	/* Nobody has asked for it yet, or the link went away. */
	return r == -ENOENT || r == -ENODEV ? 0 : r;
}

int gateway_find(struct nl *nl, struct gateway *ret)
{
	int r = 0;

	*ret = (struct gateway){0};
	for (size_t i = 0; r == 0 && i < GATEWAY_WAYS; i++) {
		r = find_route(nl, far_away[i], &ret->ways[i]);
		if (r == 0)
			r = find_link(nl, &ret->ways[i]);
		if (r == 0)
			r = find_neighbour(nl, &ret->ways[i]);
	}
	return r;
}

static bool same_way(const struct gateway_way *a, const struct gateway_way *b)
{
	return a->link == b->link && strcmp(a->name, b->name) == 0 &&
	       a->carrier_losses == b->carrier_losses && a->family == b->family &&
	       memcmp(a->address, b->address, sizeof(a->address)) == 0;
}

bool gateway_follow(struct gateway *known, const struct gateway *now)
{
	for (size_t i = 0; i < GATEWAY_WAYS; i++) {
		struct gateway_way *a = &known->ways[i];
		const struct gateway_way *b = &now->ways[i];

		if (!same_way(a, b))
			return false;
		if (!b->mac_size)
			continue;
		if (a->mac_size &&
		    (a->mac_size != b->mac_size || memcmp(a->mac, b->mac, a->mac_size) != 0))
			return false;
		a->mac_size = b->mac_size;
		memcpy(a->mac, b->mac, sizeof(a->mac));
	}
	return true;
}
