/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "link.h"

#include "route.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_arp.h>
#include <linux/ip.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

void links_clear(struct links *l)
{
	free(l->items);
	*l = (struct links){0};
}

static struct link *links_add(struct links *l)
{
	if (l->n == l->capacity) {
		size_t capacity = l->capacity ? l->capacity * 2 : 16;
		struct link *p = reallocarray(l->items, capacity, sizeof(*p));

		if (!p)
			return NULL;
		l->items = p;
		l->capacity = capacity;
	}
	l->items[l->n] = (struct link){0};
	return &l->items[l->n++];
}

/* IFLA_INET_CONF: a number for each of IPV4_DEVCONF_*, which begin at 1 (linux/ip.h). */
static bool see_forwarding(const struct nlattr *families)
{
	const struct nlattr *family, *a;
	uint32_t value = 0;
	size_t offset = (IPV4_DEVCONF_FORWARDING - 1) * sizeof(value);

	mnl_attr_for_each_nested(family, families)
	{
		if (mnl_attr_get_type(family) != AF_INET)
			continue;
		mnl_attr_for_each_nested(a, family)
		{
			if (mnl_attr_get_type(a) == IFLA_INET_CONF &&
			    mnl_attr_get_payload_len(a) >= offset + sizeof(value))
				memcpy(&value, (const char *)mnl_attr_get_payload(a) + offset,
				       sizeof(value));
		}
	}
	return value != 0;
}

static int see_link(const struct nlmsghdr *h, void *userdata)
{
	const struct ifinfomsg *m = mnl_nlmsg_get_payload(h);
	const struct nlattr *a, *lost = NULL;
	const char *name = NULL;
	bool port = false, forwards = false;
	struct link *l;

	if (mnl_nlmsg_get_payload_len(h) < sizeof(*m) || h->nlmsg_type != RTM_NEWLINK)
		return MNL_CB_OK;
	mnl_attr_for_each(a, h, sizeof(*m))
	{
		if (mnl_attr_get_type(a) == IFLA_IFNAME &&
		    mnl_attr_validate(a, MNL_TYPE_NUL_STRING) >= 0)
			name = mnl_attr_get_str(a);
		else if (mnl_attr_get_type(a) == IFLA_MASTER)
			port = true;
		else if (mnl_attr_get_type(a) == IFLA_AF_SPEC)
			forwards = see_forwarding(a);
		else if (mnl_attr_get_type(a) == IFLA_CARRIER_DOWN_COUNT &&
			 mnl_attr_validate(a, MNL_TYPE_U32) >= 0)
			lost = a;
	}
	if (!name || strlen(name) > POLICY_LINK_MAX)
		return MNL_CB_OK;
	l = links_add(userdata);
	if (!l) {
		errno = ENOMEM;
		return MNL_CB_ERROR;
	}
	l->index = (uint32_t)m->ifi_index;
	l->up = m->ifi_flags & IFF_UP;
	l->bare = m->ifi_type != ARPHRD_ETHER;
	l->carrier = m->ifi_flags & IFF_LOWER_UP;
	l->port = port;
	l->forwards = forwards;
	l->lost = lost ? mnl_attr_get_u32(lost) : 0;
	memcpy(l->name, name, strlen(name));
	return MNL_CB_OK;
}

int link_list(struct nl *nl, struct links *ret)
{
	char buf[256] __attribute__((aligned(8)));
	struct nlmsghdr *h = mnl_nlmsg_put_header(buf);
	struct ifinfomsg *m;
	int r;

	*ret = (struct links){0};
	h->nlmsg_type = RTM_GETLINK;
	h->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	m = mnl_nlmsg_put_extra_header(h, sizeof(*m));
	m->ifi_family = AF_UNSPEC;
	r = nl_dump(nl, h, see_link, ret);
	if (r < 0)
		links_clear(ret);
	return r;
}

int links_to_cover(const struct policy *p, const struct links *all, struct nft_links *ret)
{
	*ret = (struct nft_links){.items = calloc(all->n ? all->n : 1, sizeof(*ret->items))};
	if (!ret->items)
		return -ENOMEM;
	for (size_t i = 0; i < all->n; i++) {
		const struct link *l = &all->items[i];

		if (!policy_covers(p, l->name))
			continue;
		ret->items[ret->n] = (struct nft_link){.index = l->index, .bare = l->bare};
		memcpy(ret->items[ret->n++].name, l->name, sizeof(l->name));
	}
	return 0;
}

int link_set_up(struct nl *nl, uint32_t index, bool up)
{
	char buf[256] __attribute__((aligned(8)));
	struct nlmsghdr *h = mnl_nlmsg_put_header(buf);
	struct ifinfomsg *m;

	h->nlmsg_type = RTM_NEWLINK;
	h->nlmsg_flags = NLM_F_REQUEST;
	m = mnl_nlmsg_put_extra_header(h, sizeof(*m));
	m->ifi_family = AF_UNSPEC;
	m->ifi_index = (int)index;
	m->ifi_change = IFF_UP;
	m->ifi_flags = up ? IFF_UP : 0;
	return nl_request(nl, h);
}

int link_set_forwards(struct nl *nl, uint32_t index, bool forwards)
{
	char buf[256] __attribute__((aligned(8)));
	struct nlmsghdr *h = mnl_nlmsg_put_header(buf);
	struct nlattr *spec, *family, *conf;
	struct ifinfomsg *m;

	h->nlmsg_type = RTM_SETLINK;
	h->nlmsg_flags = NLM_F_REQUEST;
	m = mnl_nlmsg_put_extra_header(h, sizeof(*m));
	m->ifi_family = AF_UNSPEC;
	m->ifi_index = (int)index;
	spec = mnl_attr_nest_start(h, IFLA_AF_SPEC);
	family = mnl_attr_nest_start(h, AF_INET);
	conf = mnl_attr_nest_start(h, IFLA_INET_CONF);
	mnl_attr_put_u32(h, IPV4_DEVCONF_FORWARDING, forwards);
	mnl_attr_nest_end(h, conf);
	mnl_attr_nest_end(h, family);
	mnl_attr_nest_end(h, spec);
	return nl_request(nl, h);
}

static int see_way(const struct nlmsghdr *h, void *userdata)
{
	const struct nlattr *a;

	if (h->nlmsg_type != RTM_NEWROUTE || mnl_nlmsg_get_payload_len(h) < sizeof(struct rtmsg))
		return MNL_CB_OK;
	mnl_attr_for_each(a, h, sizeof(struct rtmsg))
	{
		if (mnl_attr_get_type(a) == RTA_OIF && mnl_attr_validate(a, MNL_TYPE_U32) == 0)
			*(uint32_t *)userdata = mnl_attr_get_u32(a);
	}
	return MNL_CB_OK;
}

int link_towards(struct nl *nl, uint32_t addr, char ret_name[POLICY_LINK_MAX + 1])
{
	_cleanup_(links_clear) struct links all = {0};
	const uint32_t dst = htonl(addr);
	uint32_t index = 0;
	int r;

	ret_name[0] = '\0';
	/* An error of this one says that there is no way. */
	if (route_ask(nl, AF_INET, &dst, sizeof(dst), see_way, &index) < 0 || !index)
		return 0;
	r = link_list(nl, &all);
	for (size_t i = 0; i < all.n; i++)
		if (all.items[i].index == index)
			memcpy(ret_name, all.items[i].name, sizeof(all.items[i].name));
	return r;
}
