/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "monitor.h"

#include "ruleset.h"

#include <ctype.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <sys/socket.h>

#define READ_SIZE (32u << 10)
#define READS_AT_ONCE 64
/* Attribute 1 is the table's name in messages about each kind of object. */
#define ATTRIBUTE_TABLE NFTA_TABLE_NAME
/* linux/netfilter/nf_tables.h: that of Debian 12 has them, older ones do not. */
#define GEN_PROC_PID 2
#define GEN_PROC_NAME 3

int monitor_open(struct monitor *m)
{
	int group = NFNLGRP_NFTABLES, r;

	*m = (struct monitor){0};
	r = nl_open(&m->nl, NETLINK_NETFILTER);
	if (r < 0)
		return r;
	if (mnl_socket_setsockopt(m->nl.socket, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) <
	    0) {
		r = -errno;
		nl_close(&m->nl);
		return r;
	}
	return 0;
}

static const struct nlattr *attribute(const struct nlmsghdr *h, uint16_t type,
				      enum mnl_attr_data_type data)
{
	const struct nlattr *a;

	mnl_attr_for_each(a, h, sizeof(struct nfgenmsg))
	{
		if (mnl_attr_get_type(a) == type)
			return mnl_attr_validate(a, data) < 0 ? NULL : a;
	}
	return NULL;
}

static bool is_ours(const struct nlmsghdr *h)
{
	const struct nfgenmsg *g = mnl_nlmsg_get_payload(h);
	const struct nlattr *a = attribute(h, ATTRIBUTE_TABLE, MNL_TYPE_NUL_STRING);

	return (g->nfgen_family == NFPROTO_INET || g->nfgen_family == NFPROTO_NETDEV) && a &&
	       strcmp(mnl_attr_get_str(a), RULESET_TABLE) == 0;
}

static uint32_t number(const struct nlmsghdr *h, uint16_t type)
{
	const struct nlattr *a = attribute(h, type, MNL_TYPE_U32);

	return a ? be32toh(mnl_attr_get_u32(a)) : 0;
}

static void read_generation(const struct nlmsghdr *h, struct change *ret)
{
	const struct nlattr *a = attribute(h, GEN_PROC_NAME, MNL_TYPE_NUL_STRING);
	const char *name = a ? mnl_attr_get_str(a) : "";

	*ret = (struct change){
		.generation = number(h, NFTA_GEN_ID),
		.pid = number(h, GEN_PROC_PID),
	};
	for (size_t i = 0; name[i] && i + 1 < sizeof(ret->name); i++)
		ret->name[i] = isgraph((unsigned char)name[i]) ? name[i] : '?';
}

static void see(struct monitor *m, const struct nlmsghdr *h, uint32_t portid, size_t *n,
		struct change *last)
{
	if (h->nlmsg_type >> 8 != NFNL_SUBSYS_NFTABLES ||
	    mnl_nlmsg_get_payload_len(h) < sizeof(struct nfgenmsg))
		return;
	if ((h->nlmsg_type & 0xff) != NFT_MSG_NEWGEN) {
		m->touched |= h->nlmsg_pid != portid && is_ours(h);
		return;
	}
	if (m->touched) {
		read_generation(h, last);
		(*n)++;
	}
	m->touched = false;
}

int monitor_read(struct monitor *m, uint32_t portid, size_t *ret_n, struct change *ret_last)
{
	static char buf[READ_SIZE] __attribute__((aligned(8)));

	*ret_n = 0;
	for (int i = 0; i < READS_AT_ONCE; i++) {
		ssize_t n = recv(mnl_socket_get_fd(m->nl.socket), buf, sizeof(buf), MSG_DONTWAIT);
		const struct nlmsghdr *h = (const void *)buf;
		int left = (int)n;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? 0 : -errno;
		if (!nl_well_formed(buf, (size_t)n))
			return -ENOBUFS; /* what it said is lost */
		for (; mnl_nlmsg_ok(h, left); h = mnl_nlmsg_next(h, &left))
			see(m, h, portid, ret_n, ret_last);
	}
	return 0;
}
