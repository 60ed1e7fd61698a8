/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nft-read.h"

#include "nft-decode.h"
#include "nft-elements.h"
#include "nft-objects.h"
#include "nft-reader.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libnftnl/common.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdarg.h>
#include <stdio.h>

#define TRIES 10

void nft_fault(struct nft_reader *r, const char *format, ...)
{
	va_list ap;

	if (*r->seen->fault)
		return;
	va_start(ap, format);
	(void)vsnprintf(r->seen->fault, sizeof(r->seen->fault), format, ap);
	va_end(ap);
	/* Whoever changed it chose the names. */
	clean_text(r->seen->fault);
}

void *nft_grow(struct nft_reader *r, void *items, size_t n, size_t size)
{
	void *p = items;

	/* Sizes double, so powers of two are full. */
	if (!(n & (n - 1)))
		p = reallocarray(items, n ? n * 2 : 1, size);
	if (!p)
		r->out_of_memory = true;
	return p;
}

static void see_table(struct nft_reader *r, enum rs_table table, struct nft_attrs *a)
{
	uint32_t flags = 0;

	(void)nft_take_u32(a, NFTA_TABLE_FLAGS, &flags);
	r->seen->tables[table].there = true;
	r->seen->tables[table].flags = flags;
}

/* What a base chain says of itself. */
struct hook {
	const char *type, *device;
	uint32_t number, policy;
	int32_t priority;
};

static bool take_hook(struct nft_attrs *a, struct hook *ret)
{
	struct nft_attrs hook;
	uint32_t priority;

	*ret = (struct hook){.type = "", .device = ""};
	if (!nft_take_nest(a, NFTA_CHAIN_HOOK, &hook) ||
	    !nft_take_text(a, NFTA_CHAIN_TYPE, &ret->type) ||
	    !nft_take_u32(a, NFTA_CHAIN_POLICY, &ret->policy) ||
	    !nft_take_u32(&hook, NFTA_HOOK_HOOKNUM, &ret->number) ||
	    !nft_take_u32(&hook, NFTA_HOOK_PRIORITY, &priority))
		return false;
	ret->priority = (int32_t)priority;
	/* A chain on several links has no single one. */
	(void)nft_take_text(&hook, NFTA_HOOK_DEV, &ret->device);
	return true;
}

static void check_hook(struct nft_reader *r, const char *name, const struct hook *h,
		       const struct rs_base *should)
{
	static const char *const policies[] = {"drop", "accept"};
	uint32_t policy = should->drops ? NF_DROP : NF_ACCEPT;

	if (strcmp(h->type, should->type) != 0)
		nft_fault(r, "chain %s is of type %s, not %s", name, h->type, should->type);
	else if (h->number != should->hook)
		nft_fault(r, "chain %s hooks at place %u, not %u", name, h->number, should->hook);
	else if (h->priority != should->priority)
		nft_fault(r, "chain %s hooks at priority %d, not %d", name, h->priority,
			  should->priority);
	else if (h->policy != policy)
		nft_fault(r, "chain %s has policy %s, not %s", name,
			  h->policy < ARRAY_SIZE(policies) ? policies[h->policy] : "unknown",
			  policies[policy]);
}

static void see_link(struct nft_reader *r, const char *name, struct nft_attrs *a)
{
	static const struct rs_base egress = {"filter", NFT_HOOK_EGRESS, 0, true};
	const char *link = name + strlen(NFT_LINK_CHAIN);
	struct nft_seen *s = r->seen;
	struct nft_seen_link *p;
	struct hook hook;

	if (!take_hook(a, &hook) || strlen(link) > POLICY_LINK_MAX ||
	    strlen(hook.device) > POLICY_LINK_MAX) {
		nft_fault(r, "chain %s does not hook at a link as ours do", name);
		return;
	}
	check_hook(r, name, &hook, &egress);
	p = nft_grow(r, s->links, s->n_links, sizeof(*p));
	if (!p)
		return;
	s->links = p;
	p = &p[s->n_links++];
	*p = (struct nft_seen_link){0};
	memcpy(p->name, link, strlen(link));
	memcpy(p->device, hook.device, strlen(hook.device));
}

static void see_chain(struct nft_reader *r, enum rs_table table, struct nft_attrs *a)
{
	const struct rs_base *base;
	uint32_t flags = 0;
	enum rs_chain c;
	struct hook hook;
	const char *name;

	if (!nft_take_text(a, NFTA_CHAIN_NAME, &name))
		return;
	(void)nft_take_u32(a, NFTA_CHAIN_FLAGS, &flags);
	if (flags & ~1u) /* NFT_CHAIN_BASE */
		nft_fault(r, "chain %s has flags (%u) that none of ours has", name, flags);
	if (table == TABLE_EGRESS && strncmp(name, NFT_LINK_CHAIN, strlen(NFT_LINK_CHAIN)) == 0) {
		see_link(r, name, a);
		return;
	}
	if (!nft_find_chain(name, &c) || rs_chain_table(c) != table) {
		nft_fault(r, "chain %s of table %s is none of ours", name, rs_table_name(table));
		return;
	}
	r->chains[c] = true;
	base = rs_chain_base(c);
	if (!base && a->at[NFTA_CHAIN_HOOK])
		nft_fault(r, "chain %s hooks, and should not", name);
	else if (base && !take_hook(a, &hook))
		nft_fault(r, "chain %s hooks nowhere", name);
	else if (base)
		check_hook(r, name, &hook, base);
}

static void see_counter(struct nft_reader *r, enum rs_table table, struct nft_attrs *a)
{
	enum rs_counter c;
	const char *name;

	if (!nft_take_text(a, NFTA_OBJ_NAME, &name))
		return;
	if (!nft_take_is(a, NFTA_OBJ_TYPE, NFT_OBJECT_COUNTER) || !nft_find_counter(name, &c) ||
	    rs_counter_table(c) != table)
		nft_fault(r, "object %s of table %s is none of ours", name, rs_table_name(table));
	else
		r->counters[c] = true;
}

/* The chain of a link has one rule: to the chain that judges. */
static void see_link_rule(struct nft_reader *r, const char *chain, const struct rs_rule *rule)
{
	const char *link = chain + strlen(NFT_LINK_CHAIN);
	const struct rs_stmt *s = &rule->stmts[0];

	for (size_t i = 0; i < r->seen->n_links; i++) {
		struct nft_seen_link *l = &r->seen->links[i];

		if (strcmp(l->name, link) != 0)
			continue;
		if (++l->n_rules > 1 || rule->n_stmts != 1 || s->kind != STMT_GOTO ||
		    (s->object != CHAIN_EGRESS && s->object != CHAIN_EGRESS_BARE))
			nft_fault(r, "chain %s does more than to go to the one that judges", chain);
		l->bare = s->object == CHAIN_EGRESS_BARE;
		return;
	}
}

static void see_rule(struct nft_reader *r, enum rs_table table, struct nft_attrs *a)
{
	struct ruleset *rs = r->seen->ruleset;
	struct rs_rule rule = {0}, *p;
	char why[NFT_WHY_SIZE];
	const char *name;
	enum rs_chain c;
	bool known;

	if (!nft_take_text(a, NFTA_RULE_CHAIN, &name))
		return;
	known = nft_find_chain(name, &c) && rs_chain_table(c) == table;
	if (known)
		r->n_rules[c]++;
	if (!nft_decode_rule(a->at[NFTA_RULE_EXPRESSIONS], r->token, &rule, why)) {
		nft_fault(r, "rule %zu of chain %s: %s", known ? r->n_rules[c] : 1, name, why);
		return;
	}
	if (!known) {
		if (table == TABLE_EGRESS &&
		    strncmp(name, NFT_LINK_CHAIN, strlen(NFT_LINK_CHAIN)) == 0)
			see_link_rule(r, name, &rule);
		return;
	}
	p = nft_grow(r, rs->rules, rs->n_rules, sizeof(*p));
	if (!p)
		return;
	rs->rules = p;
	rule.chain = (uint8_t)c;
	rs->rules[rs->n_rules++] = rule;
}

int nft_reader_message(const struct nlmsghdr *h, void *userdata)
{
	static void (*const see[NFT_MSG_MAX])(struct nft_reader *, enum rs_table,
					      struct nft_attrs *) = {
		[NFT_MSG_NEWTABLE] = see_table, [NFT_MSG_NEWCHAIN] = see_chain,
		[NFT_MSG_NEWOBJ] = see_counter, [NFT_MSG_NEWRULE] = see_rule,
		[NFT_MSG_NEWSET] = nft_see_set, [NFT_MSG_NEWSETELEM] = nft_see_elements,
	};
	const struct nfgenmsg *g = mnl_nlmsg_get_payload(h);
	uint16_t type = h->nlmsg_type & 0xff;
	struct nft_reader *r = userdata;
	struct nft_attrs a;

	/* A dump that begins anew repeats what it has said. */
	r->torn |= r->seq && r->seq != h->nlmsg_seq;
	r->seq = h->nlmsg_seq;
	nft_attrs_of_message(h, sizeof(*g), &a);
	if (type == NFT_MSG_NEWGEN)
		(void)nft_take_u32(&a, NFTA_GEN_ID, &r->generation);
	/* The name of the table is the first attribute of all the others. */
	if (type >= NFT_MSG_MAX || !see[type] ||
	    !nft_take_is_text(&a, NFTA_TABLE_NAME, RULESET_TABLE))
		return MNL_CB_OK;
	for (enum rs_table t = 0; t < TABLE_N; t++)
		if (nft_families[t] == g->nfgen_family)
			see[type](r, t, &a);
	if (!r->out_of_memory)
		return MNL_CB_OK;
	errno = ENOMEM;
	return MNL_CB_ERROR;
}

struct nft_reader *nft_reader_new(uint32_t token, struct nft_seen *seen)
{
	struct nft_reader *r = calloc(1, sizeof(*r));

	*seen = (struct nft_seen){.ruleset = calloc(1, sizeof(*seen->ruleset))};
	if (!r || !seen->ruleset) {
		free(r);
		nft_seen_clear(seen);
		return NULL;
	}
	r->token = token;
	r->seen = seen;
	return r;
}

/* What every table of ours has. */
static void check_complete(struct nft_reader *r)
{
	for (enum rs_chain c = 0; c < CHAIN_N; c++)
		if (r->seen->tables[rs_chain_table(c)].there && !r->chains[c])
			nft_fault(r, "chain %s is not there", rs_chain_name(c));
	for (enum rs_set s = 0; s < SET_N; s++)
		if (r->seen->tables[rs_set_table(s)].there && !r->sets[s])
			nft_fault(r, "set %s is not there", rs_set_info(s)->name);
	for (enum rs_counter c = 0; c < COUNTER_N; c++)
		if (r->seen->tables[rs_counter_table(c)].there && !r->counters[c])
			nft_fault(r, "counter %s is not there", rs_counter_name(c));
}

int nft_reader_end(struct nft_reader *r)
{
	int ret;

	nft_elements_end(r);
	check_complete(r);
	ret = r->out_of_memory ? -ENOMEM : 0;
	free(r->items);
	free(r);
	return ret;
}

void nft_seen_clear(struct nft_seen *s)
{
	for (size_t i = 0; i < SET_N; i++)
		free(s->kept[i].items);
	free(s->links);
	(void)ruleset_free(s->ruleset);
	*s = (struct nft_seen){0};
}

/* A question about a table, or about one of its sets. */
static int ask(struct nl *nl, struct nft_reader *r, uint16_t type, enum rs_table table,
	       const char *set)
{
	char buf[512] __attribute__((aligned(8)));
	struct nlmsghdr *h = nftnl_nlmsg_build_hdr(
		buf, type, nft_families[table],
		NLM_F_REQUEST | (type == NFT_MSG_GETGEN ? NLM_F_ACK : NLM_F_DUMP), 0);

	r->seq = 0;
	/* NFTA_TABLE_NAME and the like are 1 in all of them. */
	if (type != NFT_MSG_GETGEN && type != NFT_MSG_GETTABLE)
		mnl_attr_put_strz(h, NFTA_TABLE_NAME, RULESET_TABLE);
	if (set)
		mnl_attr_put_strz(h, NFTA_SET_ELEM_LIST_SET, set);
	return nl_dump(nl, h, nft_reader_message, r);
}

/* Chains before rules, sets before elements. */
static int ask_for_table(struct nl *nl, struct nft_reader *r, enum rs_table table)
{
	static const uint16_t types[] = {NFT_MSG_GETTABLE, NFT_MSG_GETCHAIN, NFT_MSG_GETSET,
					 NFT_MSG_GETOBJ, NFT_MSG_GETRULE};
	int n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(types) && n >= 0; i++)
		if (types[i] == NFT_MSG_GETTABLE || r->seen->tables[table].there)
			n = ask(nl, r, types[i], table, NULL);
	for (enum rs_set s = 0; s < SET_N && n >= 0; s++)
		if (r->sets[s] && rs_set_table(s) == table && !(rs_set_info(s)->flags & RS_DYNAMIC))
			n = ask(nl, r, NFT_MSG_GETSETELEM, table, rs_set_info(s)->name);
	return n;
}

/* 0, or -EINTR: not of one generation; or another negative errno. */
static int read_once(struct nl *nl, uint32_t token, struct nft_seen *ret)
{
	struct nft_reader *r = nft_reader_new(token, ret);
	bool torn;
	int n, end;

	if (!r)
		return -ENOMEM;
	n = ask(nl, r, NFT_MSG_GETGEN, TABLE_WALL, NULL);
	ret->generation = r->generation;
	for (enum rs_table t = 0; t < TABLE_N && n >= 0; t++)
		n = ask_for_table(nl, r, t);
	if (n >= 0)
		n = ask(nl, r, NFT_MSG_GETGEN, TABLE_WALL, NULL);
	torn = r->torn || r->generation != ret->generation;
	end = nft_reader_end(r);
	if (n >= 0)
		n = end;
	/* What has gone between two questions. */
	if (n == -ENOENT || (n >= 0 && torn))
		n = -EINTR;
	if (n < 0)
		nft_seen_clear(ret);
	return n;
}

int nft_read(struct nl *nl, uint32_t token, struct nft_seen *ret)
{
	int n = -EINTR;

	for (int i = 0; i < TRIES && n == -EINTR; i++)
		n = read_once(nl, token, ret);
	return n;
}
