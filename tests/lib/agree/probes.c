/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The test's own table. Its chains stand right before and behind the wall's; each rule puts one
 * property of the packet into the packet mark, which the kernel's trace of the rule then says. A
 * property that the packet has not ends the rule, and nothing is said. What reads the properties
 * here is written apart from kernel/nft-expr.c.
 */
#include "agree.h"
#include "expr.h"
#include "marks.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libnftnl/chain.h>
#include <libnftnl/common.h>
#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <libnftnl/table.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter_ipv4.h>
#include <stdio.h>

#define EGRESS_HOOK 1u

enum property { META, CT, CT_ORIGINAL, FIB, LL, TRANSPORT, ZERO };

struct probe_rule {
	const char *chain;
	struct probe probe;
	enum property source;
	uint32_t key, length; /* payload: offset and bytes */
};

#define AT(chain_, hook_, kind_, field_, source_, key_, length_)                               \
	{                                                                                      \
		chain_, {PROBE_##kind_, CHAIN_##hook_, FIELD_##field_}, source_, key_, length_ \
	}
#define COMMON(chain, hook)                                                    \
	AT(chain, hook, BEGIN, CT_STATE, CT, NFT_CT_STATE, 0),                 \
		AT(chain, hook, FIELD, SKUID, META, NFT_META_SKUID, 0),        \
		AT(chain, hook, FIELD, L4PROTO, META, NFT_META_L4PROTO, 0),    \
		AT(chain, hook, FIELD, CT_DIRECTION, CT, NFT_CT_DIRECTION, 0), \
		AT(chain, hook, FIELD, CT_MARK, CT, NFT_CT_MARK, 0)
#define AFTER_NAT(chain, hook)                                                               \
	AT(chain, hook, FIELD, CT_STATUS, CT, NFT_CT_STATUS, 0),                             \
		AT(chain, hook, FIELD, CT_ORIGINAL_DADDR, CT_ORIGINAL, NFT_CT_DST_IP, 0),    \
		AT(chain, hook, FIELD, CT_ORIGINAL_DPORT, CT_ORIGINAL, NFT_CT_PROTO_DST, 0), \
		AT(chain, hook, FIELD, FIB_DADDR_TYPE, FIB, NFT_FIB_RESULT_ADDRTYPE, 0),     \
		AT(chain, hook, FIELD, TH_SPORT, TRANSPORT, 0, 2),                           \
		AT(chain, hook, FIELD, TH_DPORT, TRANSPORT, 2, 2),                           \
		AT(chain, hook, FIELD, TCP_FLAGS, TRANSPORT, 13, 1)
#define AFTER(chain, hook)                                        \
	AT(chain, hook, MARK_AFTER, CT_MARK, CT, NFT_CT_MARK, 0), \
		AT(chain, hook, END, NONE, ZERO, 0, 0)

static const struct probe_rule inet_rules[] = {
	COMMON("before_output", OUTPUT),   AFTER_NAT("at_output", OUTPUT),
	AFTER("behind_output", OUTPUT),    COMMON("before_input", INPUT),
	AFTER_NAT("before_input", INPUT),  AFTER("behind_input", INPUT),
	COMMON("before_forward", FORWARD), AFTER_NAT("before_forward", FORWARD),
	AFTER("behind_forward", FORWARD),
};

static const struct probe_rule frame_rules[] = {
	AT("", EGRESS, FIELD, SKUID, META, NFT_META_SKUID, 0),
	AT("", EGRESS, FIELD, PROTOCOL, META, NFT_META_PROTOCOL, 0),
	AT("", EGRESS, FIELD, RTCLASSID, META, NFT_META_RTCLASSID, 0),
	AT("", EGRESS, FIELD, L4PROTO, META, NFT_META_L4PROTO, 0),
	AT("", EGRESS, FIELD, ETHER_TYPE, LL, 12, 2),
	AT("", EGRESS, FIELD, TH_SPORT, TRANSPORT, 0, 2),
	AT("", EGRESS, FIELD, TH_DPORT, TRANSPORT, 2, 2),
};

static const struct base {
	const char *name;
	uint32_t hook;
	int32_t priority;
} bases[] = {
	{"untrack", NF_INET_LOCAL_OUT, NF_IP_PRI_RAW},
	{"mark_output", NF_INET_LOCAL_OUT, NF_IP_PRI_MANGLE},
	{"mark_input", NF_INET_PRE_ROUTING, NF_IP_PRI_MANGLE},
	{"before_output", NF_INET_LOCAL_OUT, NF_IP_PRI_NAT_DST - 1},
	{"at_output", NF_INET_LOCAL_OUT, NF_IP_PRI_FILTER - 1},
	{"behind_output", NF_INET_LOCAL_OUT, NF_IP_PRI_FILTER + 1},
	{"before_input", NF_INET_LOCAL_IN, NF_IP_PRI_FILTER - 1},
	{"behind_input", NF_INET_LOCAL_IN, NF_IP_PRI_FILTER + 1},
	{"before_forward", NF_INET_FORWARD, NF_IP_PRI_FILTER - 1},
	{"behind_forward", NF_INET_FORWARD, NF_IP_PRI_FILTER + 1},
};

static void trace_on(struct nftnl_rule *r)
{
	expr_number(r, 1);
	expr_meta_set(r, NFT_META_NFTRACE);
}

static void read_property(struct nftnl_rule *r, const struct probe_rule *p)
{
	struct nftnl_expr *e;

	switch (p->source) {
	case META:
		expr_meta_get(r, p->key);
		break;
	case CT:
	case CT_ORIGINAL:
		e = expr_add(r, "ct");
		if (!e)
			return;
		nftnl_expr_set_u32(e, NFTNL_EXPR_CT_KEY, p->key);
		nftnl_expr_set_u32(e, NFTNL_EXPR_CT_DREG, NFT_REG_1);
		if (p->source == CT_ORIGINAL)
			nftnl_expr_set_u8(e, NFTNL_EXPR_CT_DIR, 0);
		break;
	case FIB:
		expr_keyed(r, "fib", NFTNL_EXPR_FIB_RESULT, p->key, NFTNL_EXPR_FIB_DREG);
		break;
	case LL:
		expr_payload(r, NFT_PAYLOAD_LL_HEADER, p->key, p->length);
		break;
	case TRANSPORT:
		expr_payload(r, NFT_PAYLOAD_TRANSPORT_HEADER, p->key, p->length);
		break;
	case ZERO:
		expr_number(r, 0);
		break;
	}
	expr_meta_set(r, NFT_META_MARK);
}

struct table {
	struct batch *b;
	uint16_t family;
};

static void put_chain(const struct table *t, const char *name, const struct base *base,
		      const char *link)
{
	struct nlmsghdr *h =
		batch_put(t->b, NFT_MSG_NEWCHAIN, t->family, NLM_F_CREATE, "chain %s", name);
	struct nftnl_chain *c = nftnl_chain_alloc();

	if (!h || !c)
		return;
	nftnl_chain_set_str(c, NFTNL_CHAIN_TABLE, PROBE_TABLE);
	nftnl_chain_set_str(c, NFTNL_CHAIN_NAME, name);
	nftnl_chain_set_str(c, NFTNL_CHAIN_TYPE, "filter");
	nftnl_chain_set_u32(c, NFTNL_CHAIN_HOOKNUM, base->hook);
	nftnl_chain_set_s32(c, NFTNL_CHAIN_PRIO, base->priority);
	nftnl_chain_set_u32(c, NFTNL_CHAIN_POLICY, NF_ACCEPT);
	if (link)
		nftnl_chain_set_str(c, NFTNL_CHAIN_DEV, link);
	nftnl_chain_nlmsg_build_payload(h, c);
	batch_done(t->b);
	nftnl_chain_free(c);
}

static struct nftnl_rule *rule_new(const char *chain)
{
	struct nftnl_rule *r = nftnl_rule_alloc();

	if (r) {
		nftnl_rule_set_str(r, NFTNL_RULE_TABLE, PROBE_TABLE);
		nftnl_rule_set_str(r, NFTNL_RULE_CHAIN, chain);
	}
	return r;
}

static void put_rule(const struct table *t, const char *chain, struct nftnl_rule *r)
{
	struct nlmsghdr *h = batch_put(t->b, NFT_MSG_NEWRULE, t->family,
				       NLM_F_CREATE | NLM_F_APPEND, "rule of %s", chain);

	if (!h || !r)
		return;
	nftnl_rule_set_u32(r, NFTNL_RULE_FAMILY, t->family);
	nftnl_rule_nlmsg_build_payload(h, r);
	batch_done(t->b);
	nftnl_rule_free(r);
}

static void put_table(const struct table *t)
{
	struct nlmsghdr *h = batch_put(t->b, NFT_MSG_NEWTABLE, t->family, NLM_F_CREATE, "table");
	struct nftnl_table *n = nftnl_table_alloc();

	if (!h || !n)
		return;
	nftnl_table_set_str(n, NFTNL_TABLE_NAME, PROBE_TABLE);
	nftnl_table_nlmsg_build_payload(h, n);
	batch_done(t->b);
	nftnl_table_free(n);
}

/* Flows that another table has marked, or taken out of conntrack: as the sender's SO_MARK says. */
static void put_foreign(const struct table *t)
{
	static const uint32_t untrack = SO_MARK_UNTRACK, zero = SO_MARK_ZERO, none = 0;
	struct nftnl_rule *r = rule_new("untrack");

	expr_meta_get(r, NFT_META_MARK);
	expr_compare(r, NFT_CMP_EQ, &untrack, sizeof(untrack));
	(void)expr_add(r, "notrack");
	put_rule(t, "untrack", r);
	r = rule_new("mark_output");
	expr_meta_get(r, NFT_META_MARK);
	expr_compare(r, NFT_CMP_EQ, &zero, sizeof(zero));
	expr_number(r, 0);
	expr_ct_mark_set(r);
	put_rule(t, "mark_output", r);
	r = rule_new("mark_output");
	expr_meta_get(r, NFT_META_MARK);
	expr_compare(r, NFT_CMP_NEQ, &none, sizeof(none));
	expr_compare(r, NFT_CMP_NEQ, &zero, sizeof(zero));
	expr_ct_mark_set(r);
	put_rule(t, "mark_output", r);
	for (size_t i = 0; i < ARRAY_SIZE(tos_marks); i++) {
		const uint8_t tos = TOS_OF(i);

		r = rule_new("mark_input");
		expr_payload(r, NFT_PAYLOAD_NETWORK_HEADER, 1, 1);
		expr_compare(r, NFT_CMP_EQ, &tos, sizeof(tos));
		expr_number(r, tos_marks[i]);
		expr_ct_mark_set(r);
		put_rule(t, "mark_input", r);
	}
}

static void put_probe(const struct table *t, const char *chain, const struct probe_rule *p)
{
	struct nftnl_rule *r = rule_new(chain);

	if (p->probe.kind == PROBE_BEGIN)
		trace_on(r);
	read_property(r, p);
	put_rule(t, chain, r);
}

/* The wall looks at the mark of frames: it is put aside, in the queueing priority. */
static void put_frames(const struct table *t, const char *link)
{
	static const struct base base = {NULL, EGRESS_HOOK, -1};
	struct nftnl_rule *r;

	put_chain(t, link, &base, link);
	r = rule_new(link);
	trace_on(r);
	put_rule(t, link, r);
	r = rule_new(link);
	expr_meta_get(r, NFT_META_MARK);
	expr_meta_set(r, NFT_META_PRIORITY);
	put_rule(t, link, r);
	for (size_t i = 0; i < ARRAY_SIZE(frame_rules); i++)
		put_probe(t, link, &frame_rules[i]);
	r = rule_new(link);
	expr_meta_get(r, NFT_META_PRIORITY);
	expr_meta_set(r, NFT_META_MARK);
	put_rule(t, link, r);
}

struct rule_seen {
	rule_fn fn;
	void *userdata;
};

static int see_rule(const struct nlmsghdr *h, void *userdata)
{
	const struct rule_seen *seen = userdata;
	struct nftnl_rule *r = nftnl_rule_alloc();

	if (!r)
		return MNL_CB_ERROR;
	if (nftnl_rule_nlmsg_parse(h, r) == 0)
		seen->fn(nftnl_rule_get_str(r, NFTNL_RULE_CHAIN),
			 nftnl_rule_get_u64(r, NFTNL_RULE_HANDLE), seen->userdata);
	nftnl_rule_free(r);
	return MNL_CB_OK;
}

int each_rule(struct nl *nl, uint16_t family, const char *table, rule_fn fn, void *userdata)
{
	char buf[256] __attribute__((aligned(8)));
	struct rule_seen seen = {fn, userdata};
	struct nlmsghdr *h = nftnl_nlmsg_build_hdr(buf, NFT_MSG_GETRULE, family, NLM_F_DUMP, 0);

	mnl_attr_put_strz(h, NFTA_RULE_TABLE, table);
	return nl_dump(nl, h, see_rule, &seen);
}

struct filling {
	struct probes *probes;
	const char *chain;
	char name[32];
	size_t n;
};

static void take_inet(const char *chain, uint64_t handle, void *userdata)
{
	struct filling *f = userdata;
	size_t k = 0;

	if (strcmp(f->name, chain) != 0) {
		(void)snprintf(f->name, sizeof(f->name), "%s", chain);
		f->n = 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(inet_rules); i++)
		if (strcmp(inet_rules[i].chain, chain) == 0 && k++ == f->n && handle < HANDLES_MAX)
			f->probes->inet[handle] = inet_rules[i].probe;
	f->n++;
}

static void take_frame(const char *chain, uint64_t handle, void *userdata)
{
	struct filling *f = userdata;

	if (strcmp(f->name, chain) != 0) {
		(void)snprintf(f->name, sizeof(f->name), "%s", chain);
		f->n = 0;
	}
	if (handle >= HANDLES_MAX)
		return;
	if (f->n == 0)
		f->probes->netdev[handle] = (struct probe){PROBE_BEGIN, CHAIN_EGRESS, 0};
	else if (f->n >= 2 && f->n - 2 < ARRAY_SIZE(frame_rules))
		f->probes->netdev[handle] = frame_rules[f->n - 2].probe;
	f->n++;
}

int probes_load(struct nl *nl, struct probes *ret, struct nl_error *ret_error)
{
	_cleanup_(batch_clear) struct batch b = {0};
	const struct table inet = {&b, NFPROTO_INET}, netdev = {&b, NFPROTO_NETDEV};
	struct filling f = {.probes = ret};
	int r;

	*ret = (struct probes){0};
	batch_begin(&b, nl);
	put_table(&inet);
	for (size_t i = 0; i < ARRAY_SIZE(bases); i++)
		put_chain(&inet, bases[i].name, &bases[i], NULL);
	put_foreign(&inet);
	for (size_t i = 0; i < ARRAY_SIZE(inet_rules); i++)
		put_probe(&inet, inet_rules[i].chain, &inet_rules[i]);
	put_table(&netdev);
	for (size_t i = 0; i < LINKS; i++)
		put_frames(&netdev, links[i]);
	r = batch_commit(&b, ret_error);
	if (r == 0)
		r = each_rule(nl, NFPROTO_INET, PROBE_TABLE, take_inet, &f);
	f = (struct filling){.probes = ret};
	return r < 0 ? r : each_rule(nl, NFPROTO_NETDEV, PROBE_TABLE, take_frame, &f);
}
