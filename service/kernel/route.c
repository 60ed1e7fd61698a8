/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "route.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#define LOOPBACK_INDEX 1u
#define READ_SIZE (32u << 10)
#define READS_AT_ONCE 64

void route_ranges_clear(struct route_ranges *r)
{
	free(r->items);
	*r = (struct route_ranges){0};
}

bool route_ranges_equal(const struct route_ranges *a, const struct route_ranges *b)
{
	return a->n == b->n &&
	       (a->n == 0 || memcmp(a->items, b->items, a->n * sizeof(*a->items)) == 0);
}

int route_watch(struct nl *nl)
{
	const int groups[] = {RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV4_RULE, RTNLGRP_LINK,
			      RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR};
	int r;

	r = nl_open(nl, NETLINK_ROUTE);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(groups); i++)
		if (mnl_socket_setsockopt(nl->socket, NETLINK_ADD_MEMBERSHIP, (void *)&groups[i],
					  sizeof(groups[i])) < 0) {
			r = -errno;
			nl_close(nl);
		}
	return r;
}

static bool is_of_addresses(const struct nlmsghdr *h)
{
	const struct rtmsg *m = mnl_nlmsg_get_payload(h);

	if (h->nlmsg_type == RTM_NEWADDR || h->nlmsg_type == RTM_DELADDR)
		return true;
	return (h->nlmsg_type == RTM_NEWROUTE || h->nlmsg_type == RTM_DELROUTE) &&
	       mnl_nlmsg_get_payload_len(h) >= sizeof(*m) && m->rtm_type != RTN_UNICAST;
}

bool route_watch_read(const struct nl *nl)
{
	static char buf[READ_SIZE] __attribute__((aligned(8)));
	bool addresses = false;

	for (int i = 0; i < READS_AT_ONCE; i++) {
		ssize_t n = recv(mnl_socket_get_fd(nl->socket), buf, sizeof(buf), MSG_DONTWAIT);
		const struct nlmsghdr *h = (const void *)buf;
		int left = (int)n;

		if (n < 0 && errno == EAGAIN)
			break;
		/* What was lost, or makes no sense, may have been of addresses. */
		if (n < 0 || !nl_well_formed(buf, (size_t)n)) {
			addresses |= n >= 0 || errno != EINTR;
			continue;
		}
		for (; mnl_nlmsg_ok(h, left); h = mnl_nlmsg_next(h, &left))
			addresses |= is_of_addresses(h);
	}
	return addresses;
}

struct collector {
	struct route_ranges *ranges;
	bool out_of_memory;
};

static void collect(struct collector *c, struct route_range range)
{
	struct route_ranges *r = c->ranges;

	if (r->n == r->capacity) {
		size_t capacity = r->capacity ? r->capacity * 2 : 16;
		struct route_range *p = reallocarray(r->items, capacity, sizeof(*p));

		if (!p) {
			c->out_of_memory = true;
			return;
		}
		r->items = p;
		r->capacity = capacity;
	}
	r->items[r->n++] = range;
}

static int see_route(const struct nlmsghdr *h, void *userdata)
{
	const struct rtmsg *m = mnl_nlmsg_get_payload(h);
	uint32_t dst = 0, oif = LOOPBACK_INDEX, mask;
	const struct nlattr *a;
	bool direct = true;

	if (mnl_nlmsg_get_payload_len(h) < sizeof(*m) || m->rtm_family != AF_INET ||
	    m->rtm_table != RT_TABLE_MAIN || m->rtm_type != RTN_UNICAST ||
	    m->rtm_scope != RT_SCOPE_LINK || m->rtm_dst_len == 0 || m->rtm_dst_len > 32)
		return MNL_CB_OK;
	mnl_attr_for_each(a, h, sizeof(*m))
	{
		uint16_t type = mnl_attr_get_type(a);

		if (type == RTA_GATEWAY || type == RTA_MULTIPATH || type == RTA_VIA)
			direct = false;
		else if (type == RTA_DST && mnl_attr_get_payload_len(a) == sizeof(dst))
			dst = ntohl(mnl_attr_get_u32(a));
		else if (type == RTA_OIF && mnl_attr_get_payload_len(a) == sizeof(oif))
			oif = mnl_attr_get_u32(a);
	}
	if (!direct || oif == LOOPBACK_INDEX)
		return MNL_CB_OK;
	mask = UINT32_MAX << (32 - m->rtm_dst_len);
	collect(userdata, (struct route_range){dst & mask, dst | ~mask});
	return MNL_CB_OK;
}

static int compare_ranges(const void *pa, const void *pb)
{
	const struct route_range *a = pa, *b = pb;

	return a->first < b->first ? -1 : a->first > b->first;
}

static void merge(struct route_ranges *r)
{
	size_t n = 0;

	if (!r->n)
		return;
	qsort(r->items, r->n, sizeof(*r->items), compare_ranges);
	for (size_t i = 1; i < r->n; i++) {
		struct route_range *last = &r->items[n], *next = &r->items[i];

		if (next->first <= last->last || next->first - last->last == 1) {
			if (next->last > last->last)
				last->last = next->last;
		} else {
			r->items[++n] = *next;
		}
	}
	r->n = n + 1;
}

/* The connected networks, route by route. */
static int collect_all(struct nl *nl, struct route_ranges *ret)
{
	char buf[256] __attribute__((aligned(8)));
	struct collector c = {.ranges = ret};
	struct nlmsghdr *h = mnl_nlmsg_put_header(buf);
	struct rtmsg *m;
	int r;

	*ret = (struct route_ranges){0};
	h->nlmsg_type = RTM_GETROUTE;
	h->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	m = mnl_nlmsg_put_extra_header(h, sizeof(*m));
	m->rtm_family = AF_INET;
	r = nl_dump(nl, h, see_route, &c);
	if (r == 0 && c.out_of_memory)
		r = -ENOMEM;
	if (r < 0)
		route_ranges_clear(ret);
	return r;
}

int route_connected(struct nl *nl, struct route_ranges *ret)
{
	int r = collect_all(nl, ret);

	if (r == 0)
		merge(ret);
	return r;
}

int route_holding(struct nl *nl, uint32_t addr, struct route_range *ret)
{
	_cleanup_(route_ranges_clear) struct route_ranges all = {0};
	uint32_t size = UINT32_MAX;
	int r = collect_all(nl, &all);

	if (r < 0)
		return r;
	r = -ENETUNREACH;
	for (size_t i = 0; i < all.n; i++) {
		const struct route_range *range = &all.items[i];

		if (addr < range->first || range->last < addr || range->last - range->first > size)
			continue;
		size = range->last - range->first;
		*ret = *range;
		r = 0;
	}
	return r;
}

static int see_way(const struct nlmsghdr *h, void *userdata)
{
	const struct rtmsg *m = mnl_nlmsg_get_payload(h);
	const struct nlattr *attr;
	struct route_way *way = userdata;

	if (h->nlmsg_type != RTM_NEWROUTE || mnl_nlmsg_get_payload_len(h) < sizeof(*m))
		return MNL_CB_OK;
	way->type = m->rtm_type;
	mnl_attr_for_each(attr, h, sizeof(*m))
	{
		if (mnl_attr_get_type(attr) == RTA_OIF &&
		    mnl_attr_validate(attr, MNL_TYPE_U32) >= 0)
			way->link = mnl_attr_get_u32(attr);
	}
	return MNL_CB_OK;
}

int route_ask(struct nl *nl, uint8_t family, const void *addr, size_t size, mnl_cb_t cb,
	      void *userdata)
{
	char buf[256] __attribute__((aligned(8)));
	struct nlmsghdr *h = mnl_nlmsg_put_header(buf);
	struct rtmsg *m;

	h->nlmsg_type = RTM_GETROUTE;
	h->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	m = mnl_nlmsg_put_extra_header(h, sizeof(*m));
	m->rtm_family = family;
	m->rtm_dst_len = (uint8_t)(size * 8);
	mnl_attr_put(h, RTA_DST, size, addr);
	return nl_dump(nl, h, cb, userdata);
}

static int lookup(struct nl *nl, uint8_t family, const void *addr, size_t size,
		  struct route_way *ret)
{
	int r;

	*ret = (struct route_way){0};
	r = route_ask(nl, family, addr, size, see_way, ret);
	return r < 0 ? r : ret->type ? 0 : -ENETUNREACH;
}

int route_lookup(struct nl *nl, uint32_t addr, struct route_way *ret)
{
	const uint32_t dst = htonl(addr);

	return lookup(nl, AF_INET, &dst, sizeof(dst), ret);
}

int route_lookup_ipv6(struct nl *nl, const uint8_t addr[16], struct route_way *ret)
{
	return lookup(nl, AF_INET6, addr, 16, ret);
}
