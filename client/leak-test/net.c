/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The copy's network: two links of the host, whose far ends are outside. Hardware addresses are
 * known from the start, so that nothing has to be asked for and waited for.
 */
#include "leak-test.h"

#include "link.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define LINK_INDEX 101
#define SECOND_INDEX 102
#define UP_USEC (3 * USEC_PER_SEC)
#define ADDRESS6_DIGITS 32
#define ADDRESSES6 2 /* ours, and the link's own */
#define FAR "far"
#define FAR_SECOND "far-in"

const uint8_t leak_near_mac[LEAK_MAC] = {0x02, 0, 0, 0, 0, 0x01};
const uint8_t leak_far_mac[LEAK_MAC] = {0x02, 0, 0, 0, 0, 0x02};

static void put_link_name(struct nlmsghdr *h, const char *name, const uint8_t *mac)
{
	mnl_attr_put_strz(h, IFLA_IFNAME, name);
	mnl_attr_put(h, IFLA_ADDRESS, LEAK_MAC, mac);
}

/*
 * The number of one end must not be that of the other, or the kernel takes its time (a second) to
 * notice that the link is up.
 */
static int make_link(struct leak_copy *c, const char *name, uint32_t index, const char *far)
{
	char buf[1024] __attribute__((aligned(8)));
	struct nlmsghdr *h = mnl_nlmsg_put_header(buf);
	struct nlattr *info, *data, *peer;
	struct ifinfomsg *m;

	h->nlmsg_type = RTM_NEWLINK;
	h->nlmsg_flags = NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL;
	m = mnl_nlmsg_put_extra_header(h, sizeof(*m));
	m->ifi_index = (int)index;
	put_link_name(h, name, leak_near_mac);
	info = mnl_attr_nest_start(h, IFLA_LINKINFO);
	mnl_attr_put_strz(h, IFLA_INFO_KIND, "veth");
	data = mnl_attr_nest_start(h, IFLA_INFO_DATA);
	peer = mnl_attr_nest_start(h, VETH_INFO_PEER);
	(void)mnl_nlmsg_put_extra_header(h, sizeof(struct ifinfomsg));
	put_link_name(h, far, leak_far_mac);
	mnl_attr_put_u32(h, IFLA_NET_NS_FD, (uint32_t)c->outside_ns);
	mnl_attr_nest_end(h, peer);
	mnl_attr_nest_end(h, data);
	mnl_attr_nest_end(h, info);
	return nl_request(&c->route, h);
}

/* An address as text; IPv4 addresses of the LAN are given as their last byte: ".10". */
static size_t parse(const struct leak_copy *c, const char *text, uint8_t *ret)
{
	uint32_t a = htonl(c->lan | (uint32_t)strtoul(text + 1, NULL, 10));

	if (text[0] == '.') {
		memcpy(ret, &a, sizeof(a));
		return sizeof(a);
	}
	if (inet_pton(AF_INET, text, ret) == 1)
		return sizeof(struct in_addr);
	(void)inet_pton(AF_INET6, text, ret);
	return sizeof(struct in6_addr);
}

static uint8_t family_of(size_t size)
{
	return size == sizeof(struct in_addr) ? AF_INET : AF_INET6;
}

static int add_address(struct nl *nl, const struct leak_copy *c, uint32_t index, const char *text,
		       uint8_t prefix)
{
	char buf[256] __attribute__((aligned(8)));
	struct nlmsghdr *h = mnl_nlmsg_put_header(buf);
	uint8_t address[sizeof(struct in6_addr)];
	size_t size = parse(c, text, address);
	struct ifaddrmsg *m;
	uint8_t all[4];

	h->nlmsg_type = RTM_NEWADDR;
	h->nlmsg_flags = NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL;
	m = mnl_nlmsg_put_extra_header(h, sizeof(*m));
	*m = (struct ifaddrmsg){.ifa_family = family_of(size),
				.ifa_prefixlen = prefix,
				.ifa_flags = size == sizeof(all) ? 0 : IFA_F_NODAD,
				.ifa_index = index};
	mnl_attr_put(h, IFA_LOCAL, size, address);
	mnl_attr_put(h, IFA_ADDRESS, size, address);
	if (size == sizeof(all)) {
		memcpy(all, address, sizeof(all));
		all[3] = 255;
		mnl_attr_put(h, IFA_BROADCAST, sizeof(all), all);
	}
	return nl_request(nl, h);
}

/* To a network by way of a gateway, or directly; type RTN_LOCAL: those addresses are ours. */
static int add_route(struct nl *nl, const struct leak_copy *c, uint32_t index, const char *to,
		     uint8_t prefix, const char *gateway, uint8_t type)
{
	char buf[256] __attribute__((aligned(8)));
	struct nlmsghdr *h = mnl_nlmsg_put_header(buf);
	uint8_t address[sizeof(struct in6_addr)];
	size_t size = parse(c, to, address);
	struct rtmsg *m;

	h->nlmsg_type = RTM_NEWROUTE;
	h->nlmsg_flags = NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL;
	m = mnl_nlmsg_put_extra_header(h, sizeof(*m));
	*m = (struct rtmsg){.rtm_family = family_of(size),
			    .rtm_dst_len = prefix,
			    .rtm_table = type == RTN_LOCAL ? RT_TABLE_LOCAL : RT_TABLE_MAIN,
			    .rtm_protocol = RTPROT_STATIC,
			    .rtm_scope = type == RTN_LOCAL ? RT_SCOPE_HOST
					 : gateway         ? RT_SCOPE_UNIVERSE
							   : RT_SCOPE_LINK,
			    .rtm_type = type};
	if (prefix)
		mnl_attr_put(h, RTA_DST, size, address);
	if (gateway) {
		size = parse(c, gateway, address);
		mnl_attr_put(h, RTA_GATEWAY, size, address);
	}
	mnl_attr_put_u32(h, RTA_OIF, index);
	return nl_request(nl, h);
}

static int add_neighbour(struct nl *nl, const struct leak_copy *c, uint32_t index, const char *text,
			 const uint8_t *mac)
{
	char buf[256] __attribute__((aligned(8)));
	struct nlmsghdr *h = mnl_nlmsg_put_header(buf);
	uint8_t address[sizeof(struct in6_addr)];
	size_t size = parse(c, text, address);
	struct ndmsg *m;

	h->nlmsg_type = RTM_NEWNEIGH;
	h->nlmsg_flags = NLM_F_REQUEST | NLM_F_CREATE | NLM_F_REPLACE;
	m = mnl_nlmsg_put_extra_header(h, sizeof(*m));
	*m = (struct ndmsg){.ndm_family = family_of(size),
			    .ndm_ifindex = (int)index,
			    .ndm_state = NUD_PERMANENT};
	mnl_attr_put(h, NDA_DST, size, address);
	mnl_attr_put(h, NDA_LLADDR, LEAK_MAC, mac);
	return nl_request(nl, h);
}

int leak_net_make(struct leak_copy *c, const char **ret_what)
{
	int r;

	*ret_what = "its switches in /proc/sys/net";
	r = leak_set_switches(c, true);
	if (r < 0)
		return r;
	*ret_what = "its links (veth)";
	c->index[WIRE_LINK] = LINK_INDEX;
	c->index[WIRE_SECOND] = SECOND_INDEX;
	r = make_link(c, c->link, LINK_INDEX, FAR);
	if (r == 0)
		r = make_link(c, LEAK_SECOND, SECOND_INDEX, FAR_SECOND);
	c->index[WIRE_LOOPBACK] = c->far[WIRE_LOOPBACK] = if_nametoindex("lo");
	return r < 0 || !c->ipv6 ? r : leak_set_link_switches(c);
}

static int outside_up(struct leak_copy *c)
{
	struct nl *nl = &c->outside_route;
	int r;

	c->far[WIRE_LINK] = if_nametoindex(FAR);
	c->far[WIRE_SECOND] = if_nametoindex(FAR_SECOND);
	r = leak_set_switches(c, false);
	r = r < 0 ? r : link_set_up(nl, c->far[WIRE_LOOPBACK], true);
	r = r < 0 ? r : link_set_up(nl, c->far[WIRE_LINK], true);
	r = r < 0 ? r : link_set_up(nl, c->far[WIRE_SECOND], true);
	r = r < 0 ? r : add_address(nl, c, c->far[WIRE_LINK], ".1", 24);
	r = r < 0 ? r : add_address(nl, c, c->far[WIRE_LINK], ".20", 24);
	r = r < 0 ? r : add_address(nl, c, c->far[WIRE_SECOND], "198.18.77.2", 24);
	r = r < 0 ? r : add_neighbour(nl, c, c->far[WIRE_LINK], ".10", leak_near_mac);
	return r < 0 ? r
		     : add_route(nl, c, c->far[WIRE_LOOPBACK], "198.51.100.0", 24, NULL, RTN_LOCAL);
}

static int host_up6(struct leak_copy *c)
{
	static const char *const neighbours[] = {"fe80::1", "fe80::20", "2001:db8:77::20"};
	struct nl *nl = &c->route;
	uint32_t link = c->index[WIRE_LINK];
	int r;

	r = add_address(nl, c, link, "2001:db8:77::10", 64);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(neighbours); i++)
		r = add_neighbour(nl, c, link, neighbours[i], leak_far_mac);
	return r < 0 ? r : add_route(nl, c, link, "::", 0, "fe80::1", RTN_UNICAST);
}

static int host_up(struct leak_copy *c)
{
	static const char *const neighbours[] = {".1", ".20", "169.254.169.254"};
	struct nl *nl = &c->route;
	uint32_t link = c->index[WIRE_LINK];
	int r;

	r = link_set_up(nl, c->index[WIRE_LOOPBACK], true);
	r = r < 0 ? r : add_address(nl, c, link, ".10", 24);
	r = r < 0 ? r : link_set_up(nl, link, true);
	r = r < 0 ? r : link_set_up(nl, c->index[WIRE_SECOND], true);
	r = r < 0 ? r : add_address(nl, c, c->index[WIRE_SECOND], "198.18.77.1", 24);
	r = r < 0 ? r : add_route(nl, c, link, "0.0.0.0", 0, ".1", RTN_UNICAST);
	r = r < 0 ? r : add_route(nl, c, link, "169.254.0.0", 16, NULL, RTN_UNICAST);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(neighbours); i++)
		r = add_neighbour(nl, c, link, neighbours[i], leak_far_mac);
	return r < 0 || !c->ipv6 ? r : host_up6(c);
}

static bool is_running(const struct leak_copy *c, enum leak_wire wire)
{
	_cleanup_(closep) int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq r = {0};

	if (fd < 0 || !if_indextoname(c->index[wire], r.ifr_name))
		return false;
	return ioctl(fd, SIOCGIFFLAGS, &r) == 0 && (r.ifr_flags & IFF_RUNNING);
}

/* /proc/net/if_inet6: address, link, prefix, scope, flags, name. */
static bool has_addresses6(const struct leak_copy *c)
{
	FILE *f = fopen("/proc/net/if_inet6", "re");
	char line[128], *rest;
	size_t n = 0;

	while (f && fgets(line, sizeof(line), f)) {
		unsigned long link, flags;

		if (strlen(line) <= ADDRESS6_DIGITS)
			continue;
		link = strtoul(line + ADDRESS6_DIGITS, &rest, 16);
		(void)strtoul(rest, &rest, 16);
		(void)strtoul(rest, &rest, 16);
		flags = strtoul(rest, NULL, 16);
		n += link == c->index[WIRE_LINK] && !(flags & IFA_F_TENTATIVE);
	}
	if (f)
		(void)fclose(f);
	return n >= ADDRESSES6;
}

/* What is tried before there is a link, or an address, does not leave, wall or not. */
static int wait_until_up(const struct leak_copy *c)
{
	const struct timespec moment = {.tv_nsec = 1000000};
	usec_t until = now_boottime() + UP_USEC;

	while (!is_running(c, WIRE_LINK) || !is_running(c, WIRE_SECOND) ||
	       (c->ipv6 && !has_addresses6(c))) {
		if (now_boottime() > until)
			return -ETIMEDOUT;
		(void)nanosleep(&moment, NULL);
	}
	return 0;
}

int leak_net_up(struct leak_copy *c, const char **ret_what)
{
	int r;

	*ret_what = "what is outside of it";
	if (setns(c->outside_ns, CLONE_NEWNET) < 0)
		return -errno;
	r = outside_up(c);
	if (setns(c->host_ns, CLONE_NEWNET) < 0)
		return -errno;
	if (r < 0)
		return r;
	r = leak_set_flow_switches();
	if (r < 0)
		return r;
	*ret_what = "its addresses and routes";
	r = host_up(c);
	return r < 0 ? r : wait_until_up(c);
}
