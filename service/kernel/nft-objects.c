/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Each object of the ruleset as messages of a batch. */
#include "nft-objects.h"

#include "nft-expr.h"

#include <libnftnl/chain.h>
#include <libnftnl/common.h>
#include <libnftnl/object.h>
#include <libnftnl/rule.h>
#include <libnftnl/set.h>
#include <libnftnl/table.h>
#include <libnftnl/udata.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <stdio.h>

const uint16_t nft_families[TABLE_N] = {
	[TABLE_WALL] = NFPROTO_INET,
	[TABLE_EGRESS] = NFPROTO_NETDEV,
};

static uint32_t key_type(const struct rs_set_info *info)
{
	uint32_t type = 0;

	for (size_t i = 0; i < info->n_fields; i++)
		if (rs_fields[info->fields[i]].type)
			type = type << 6 | rs_fields[info->fields[i]].type_number;
	return type;
}

uint32_t nft_key_size(const struct rs_set_info *info)
{
	return info->n_fields == 1 ? rs_fields[info->fields[0]].size : info->n_fields * 4u;
}

uint32_t nft_key_parts(const struct rs_set_info *info, uint8_t sizes[RS_KEY_MAX])
{
	uint32_t n = 0;

	for (size_t i = 0; i < info->n_fields; i++)
		if (nft_loaders[info->fields[i]].loader != LOAD_REST)
			sizes[n++] = nft_load_size(info->fields[i]);
	return n;
}

static void encode_key(const struct rs_set_info *info, const uint32_t *key, uint8_t *buf)
{
	for (size_t i = 0; i < info->n_fields; i++)
		nft_encode(info->fields[i], key[i], buf + i * 4, 4);
}

void nft_put_table(struct batch *b, enum rs_table table, const char *name, uint16_t type,
		   uint16_t flags, const uint32_t *table_flags)
{
	struct nftnl_table *t = nftnl_table_alloc();
	struct nlmsghdr *h = batch_put(b, type, nft_families[table], flags, "table %s", name);

	if (!t)
		b->out_of_memory = true;
	if (t && h) {
		nftnl_table_set_str(t, NFTNL_TABLE_NAME, name);
		nftnl_table_set_u32(t, NFTNL_TABLE_FAMILY, nft_families[table]);
		if (table_flags)
			nftnl_table_set_u32(t, NFTNL_TABLE_FLAGS, *table_flags);
		nftnl_table_nlmsg_build_payload(h, t);
		batch_done(b);
	}
	if (t)
		nftnl_table_free(t);
}

void nft_put_counter(struct batch *b, enum rs_counter counter)
{
	uint16_t family = nft_families[rs_counter_table(counter)];
	struct nftnl_obj *o = nftnl_obj_alloc();
	struct nlmsghdr *h = batch_put(b, NFT_MSG_NEWOBJ, family, NLM_F_CREATE, "counter %s",
				       rs_counter_name(counter));

	if (!o)
		b->out_of_memory = true;
	if (o && h) {
		nftnl_obj_set_str(o, NFTNL_OBJ_TABLE, RULESET_TABLE);
		nftnl_obj_set_str(o, NFTNL_OBJ_NAME, rs_counter_name(counter));
		nftnl_obj_set_u32(o, NFTNL_OBJ_FAMILY, family);
		nftnl_obj_set_u32(o, NFTNL_OBJ_TYPE, NFT_OBJECT_COUNTER);
		nftnl_obj_nlmsg_build_payload(h, o);
		batch_done(b);
	}
	if (o)
		nftnl_obj_free(o);
}

static uint16_t set_family(enum rs_set set)
{
	return nft_families[rs_set_table(set)];
}

static struct nftnl_set *set_ref(struct batch *b, enum rs_set set)
{
	struct nftnl_set *s = nftnl_set_alloc();

	if (!s) {
		b->out_of_memory = true;
		return NULL;
	}
	nftnl_set_set_str(s, NFTNL_SET_TABLE, RULESET_TABLE);
	nftnl_set_set_str(s, NFTNL_SET_NAME, rs_set_info(set)->name);
	nftnl_set_set_u32(s, NFTNL_SET_FAMILY, set_family(set));
	nftnl_set_set_u32(s, NFTNL_SET_ID, (uint32_t)set + 1);
	return s;
}

uint32_t nft_set_flags(const struct rs_set_info *info)
{
	uint32_t flags = 0;

	if (info->flags & RS_INTERVAL)
		flags |= NFT_SET_INTERVAL;
	if ((info->flags & RS_INTERVAL) && info->n_fields > 1)
		flags |= NFT_SET_CONCAT;
	if (info->flags & RS_TIMEOUT)
		flags |= NFT_SET_TIMEOUT;
	if (info->flags & RS_DYNAMIC)
		flags |= NFT_SET_EVAL;
	if (info->data != DATA_NONE)
		flags |= NFT_SET_MAP;
	return flags;
}

/* Tells nft(8) that keys (and marks) are in the machine's byte order; the kernel does not care. */
static void set_byte_order(struct nftnl_set *s, const struct rs_set_info *info)
{
	bool key = info->n_fields == 1 && !rs_fields[info->fields[0]].network;
	struct nftnl_udata_buf *u;

	if (!key && info->data != DATA_MARK)
		return;
	u = nftnl_udata_buf_alloc(NFT_USERDATA_MAXLEN);
	if (!u)
		return;
	if (key)
		nftnl_udata_put_u32(u, NFTNL_UDATA_SET_KEYBYTEORDER, 1);
	if (info->data == DATA_MARK)
		nftnl_udata_put_u32(u, NFTNL_UDATA_SET_DATABYTEORDER, 1);
	nftnl_set_set_data(s, NFTNL_SET_USERDATA, nftnl_udata_buf_data(u), nftnl_udata_buf_len(u));
	nftnl_udata_buf_free(u);
}

void nft_put_set(struct batch *b, enum rs_set set)
{
	const struct rs_set_info *info = rs_set_info(set);
	uint8_t sizes[RS_KEY_MAX];
	struct nftnl_set *s = set_ref(b, set);
	struct nlmsghdr *h =
		batch_put(b, NFT_MSG_NEWSET, set_family(set), NLM_F_CREATE, "set %s", info->name);

	if (!s || !h) {
		if (s)
			nftnl_set_free(s);
		return;
	}
	nftnl_set_set_u32(s, NFTNL_SET_FLAGS, nft_set_flags(info));
	nftnl_set_set_u32(s, NFTNL_SET_KEY_TYPE, key_type(info));
	nftnl_set_set_u32(s, NFTNL_SET_KEY_LEN, nft_key_size(info));
	if (info->data == DATA_MARK) {
		nftnl_set_set_u32(s, NFTNL_SET_DATA_TYPE, rs_fields[FIELD_CT_MARK].type_number);
		nftnl_set_set_u32(s, NFTNL_SET_DATA_LEN, sizeof(uint32_t));
	} else if (info->data == DATA_CHAIN) {
		nftnl_set_set_u32(s, NFTNL_SET_DATA_TYPE, NFT_DATA_VERDICT);
		nftnl_set_set_u32(s, NFTNL_SET_DATA_LEN, NFT_VERDICT_LEN);
	}
	if (info->flags & RS_DYNAMIC) {
		nftnl_set_set_u32(s, NFTNL_SET_DESC_SIZE, NFT_REPORTED_MAX);
		nftnl_set_set_u64(s, NFTNL_SET_TIMEOUT, NFT_REPORTED_MS);
	}
	if ((info->flags & RS_INTERVAL) && info->n_fields > 1)
		nftnl_set_set_data(s, NFTNL_SET_DESC_CONCAT, sizes, nft_key_parts(info, sizes));
	set_byte_order(s, info);
	nftnl_set_nlmsg_build_payload(h, s);
	batch_done(b);
	nftnl_set_free(s);
}

void nft_put_set_flush(struct batch *b, enum rs_set set)
{
	struct nftnl_set *s = set_ref(b, set);
	struct nlmsghdr *h = batch_put(b, NFT_MSG_DELSETELEM, set_family(set), 0,
				       "old elements of set %s", rs_set_info(set)->name);

	if (s && h) {
		nftnl_set_nlmsg_build_payload(h, s);
		batch_done(b);
	}
	if (s)
		nftnl_set_free(s);
}

static struct nftnl_set_elem *elem_new(struct batch *b, struct nftnl_set *s, const void *key,
				       uint32_t size)
{
	struct nftnl_set_elem *e = nftnl_set_elem_alloc();

	if (!e) {
		b->out_of_memory = true;
		return NULL;
	}
	nftnl_set_elem_set(e, NFTNL_SET_ELEM_KEY, key, size);
	nftnl_set_elem_add(s, e);
	return e;
}

/* In a tree of ranges: from this number on nothing is in the set, until the next range. */
static void elem_outside_from(struct batch *b, struct nftnl_set *s, const struct rs_set_info *info,
			      uint32_t number)
{
	struct nftnl_set_elem *e;
	uint8_t key[4];

	nft_encode(info->fields[0], number, key, sizeof(key));
	e = elem_new(b, s, key, nft_key_size(info));
	if (e)
		nftnl_set_elem_set_u32(e, NFTNL_SET_ELEM_FLAGS, NFT_SET_ELEM_INTERVAL_END);
}

static void elem_range_end(struct batch *b, struct nftnl_set *s, const struct rs_set_info *info,
			   uint32_t last)
{
	uint32_t max = rs_fields[info->fields[0]].size == 2 ? UINT16_MAX : UINT32_MAX;

	if (last != max)
		elem_outside_from(b, s, info, last + 1);
}

static void elem_from_data(struct batch *b, struct nftnl_set *s, const struct rs_set_info *info,
			   const struct rs_element *re)
{
	uint8_t key[NFT_KEY_BYTES], end[NFT_KEY_BYTES];
	struct nftnl_set_elem *e;

	encode_key(info, re->key, key);
	e = elem_new(b, s, key, nft_key_size(info));
	if (!e)
		return;
	if (info->data == DATA_CHAIN) {
		nftnl_set_elem_set_u32(e, NFTNL_SET_ELEM_VERDICT, (uint32_t)NFT_GOTO);
		nftnl_set_elem_set_str(e, NFTNL_SET_ELEM_CHAIN, rs_chain_name(re->data));
	}
	if (!(info->flags & RS_INTERVAL))
		return;
	if (info->n_fields > 1) {
		encode_key(info, re->end, end);
		nftnl_set_elem_set(e, NFTNL_SET_ELEM_KEY_END, end, nft_key_size(info));
	} else {
		elem_range_end(b, s, info, re->end[0]);
	}
}

/* Elements in as many messages as their 16-bit lengths need. Frees the set. */
static void put_elements(struct batch *b, uint16_t type, uint16_t flags, struct nftnl_set *s,
			 enum rs_set set)
{
	struct nftnl_set_elems_iter *iter = nftnl_set_elems_iter_create(s);
	int more = 1;

	if (!iter)
		b->out_of_memory = true;
	while (iter && more > 0 && !b->out_of_memory) {
		struct nlmsghdr *h = batch_put(b, type, set_family(set), flags,
					       "elements of set %s", rs_set_info(set)->name);

		if (!h)
			break;
		more = nftnl_set_elems_nlmsg_build_payload_iter(h, iter);
		batch_done(b);
	}
	if (iter)
		nftnl_set_elems_iter_destroy(iter);
	nftnl_set_free(s);
}

void nft_put_set_elements(struct batch *b, const struct rs_elements *elements, enum rs_set set)
{
	const struct rs_set_info *info = rs_set_info(set);
	struct nftnl_set *s;

	if (!elements->n)
		return;
	s = set_ref(b, set);
	if (!s)
		return;
	/* A tree of ranges is read from its ends: what is below the first range is outside. */
	if ((info->flags & RS_INTERVAL) && info->n_fields == 1 && elements->items[0].key[0] > 0)
		elem_outside_from(b, s, info, 0);
	for (size_t i = 0; i < elements->n; i++)
		elem_from_data(b, s, info, &elements->items[i]);
	put_elements(b, NFT_MSG_NEWSETELEM, NLM_F_CREATE, s, set);
}

void nft_put_element(struct batch *b, uint16_t type, uint16_t flags, enum rs_set set,
		     const struct nft_element *element)
{
	const struct rs_set_info *info = rs_set_info(set);
	struct nftnl_set *s = set_ref(b, set);
	uint8_t key[NFT_KEY_BYTES];
	struct nftnl_set_elem *e;

	if (!s)
		return;
	encode_key(info, element->key, key);
	e = elem_new(b, s, key, nft_key_size(info));
	if (e && info->data == DATA_MARK && type == NFT_MSG_NEWSETELEM)
		nftnl_set_elem_set(e, NFTNL_SET_ELEM_DATA, &element->mark, sizeof(element->mark));
	if (e && element->timeout_ms)
		nftnl_set_elem_set_u64(e, NFTNL_SET_ELEM_TIMEOUT, element->timeout_ms);
	put_elements(b, type, flags, s, set);
}

/* A chain of that name, to be filled in; *ret_h is its message. NULL: out of memory. */
static struct nftnl_chain *chain_ref(struct batch *b, uint16_t type, uint16_t flags,
				     enum rs_table table, const char *name, struct nlmsghdr **ret_h)
{
	struct nftnl_chain *c = nftnl_chain_alloc();

	*ret_h = batch_put(b, type, nft_families[table], flags, "chain %s of table %s", name,
			   rs_table_name(table));
	if (!c || !*ret_h) {
		b->out_of_memory = true;
		if (c)
			nftnl_chain_free(c);
		return NULL;
	}
	nftnl_chain_set_str(c, NFTNL_CHAIN_TABLE, RULESET_TABLE);
	nftnl_chain_set_str(c, NFTNL_CHAIN_NAME, name);
	return c;
}

static void chain_done(struct batch *b, struct nftnl_chain *c, struct nlmsghdr *h)
{
	nftnl_chain_nlmsg_build_payload(h, c);
	batch_done(b);
	nftnl_chain_free(c);
}

void nft_put_chain(struct batch *b, enum rs_chain chain)
{
	const struct rs_base *base = rs_chain_base(chain);
	struct nlmsghdr *h;
	struct nftnl_chain *c = chain_ref(b, NFT_MSG_NEWCHAIN, NLM_F_CREATE, rs_chain_table(chain),
					  rs_chain_name(chain), &h);

	if (!c)
		return;
	if (base) {
		nftnl_chain_set_str(c, NFTNL_CHAIN_TYPE, base->type);
		nftnl_chain_set_u32(c, NFTNL_CHAIN_HOOKNUM, base->hook);
		nftnl_chain_set_s32(c, NFTNL_CHAIN_PRIO, base->priority);
		nftnl_chain_set_u32(c, NFTNL_CHAIN_POLICY, base->drops ? NF_DROP : NF_ACCEPT);
	}
	chain_done(b, c, h);
}

static struct nftnl_rule *rule_ref(struct batch *b, enum rs_table table, const char *chain)
{
	struct nftnl_rule *nr = nftnl_rule_alloc();

	if (!nr) {
		b->out_of_memory = true;
		return NULL;
	}
	nftnl_rule_set_str(nr, NFTNL_RULE_TABLE, RULESET_TABLE);
	nftnl_rule_set_u32(nr, NFTNL_RULE_FAMILY, nft_families[table]);
	if (chain)
		nftnl_rule_set_str(nr, NFTNL_RULE_CHAIN, chain);
	return nr;
}

static void flush_rules(struct batch *b, enum rs_table table, const char *chain)
{
	struct nftnl_rule *nr = rule_ref(b, table, chain);
	struct nlmsghdr *h = batch_put(b, NFT_MSG_DELRULE, nft_families[table], 0,
				       "old rules of %s", chain ? chain : rs_table_name(table));

	if (nr && h) {
		nftnl_rule_nlmsg_build_payload(h, nr);
		batch_done(b);
	}
	if (nr)
		nftnl_rule_free(nr);
}

void nft_put_flush_rules(struct batch *b, enum rs_table table)
{
	flush_rules(b, table, NULL);
}

static void put_rule(struct batch *b, const struct rs_rule *rule, size_t number, uint32_t token)
{
	enum rs_table table = rs_chain_table(rule->chain);
	const char *chain = rs_chain_name(rule->chain);
	struct nftnl_rule *nr = rule_ref(b, table, chain);
	struct nlmsghdr *h;

	if (!nr)
		return;
	h = batch_put(b, NFT_MSG_NEWRULE, nft_families[table], NLM_F_CREATE | NLM_F_APPEND,
		      "rule %zu of chain %s", number, chain);
	if (h && nft_expressions(nr, rule, token, b->nl->queue) == 0) {
		nftnl_rule_nlmsg_build_payload(h, nr);
		batch_done(b);
	} else {
		b->out_of_memory = true;
	}
	nftnl_rule_free(nr);
}

void nft_put_rules(struct batch *b, const struct ruleset *r, enum rs_table table, uint32_t token)
{
	size_t numbers[CHAIN_N] = {0};

	for (size_t i = 0; i < r->n_rules; i++)
		if (rs_chain_table(r->rules[i].chain) == table)
			put_rule(b, &r->rules[i], ++numbers[r->rules[i].chain], token);
}

static void link_chain_name(const char *link, char *buf, size_t size)
{
	(void)snprintf(buf, size, NFT_LINK_CHAIN "%s", link);
}

/* The one rule of a link's chain: to the chain that judges. */
static void put_link_rule(struct batch *b, const char *name, bool bare)
{
	struct nftnl_rule *nr = rule_ref(b, TABLE_EGRESS, name);
	struct nlmsghdr *h;

	if (!nr)
		return;
	h = batch_put(b, NFT_MSG_NEWRULE, nft_families[TABLE_EGRESS], NLM_F_CREATE | NLM_F_APPEND,
		      "the rule of chain %s", name);
	if (h && nft_goto(nr, bare ? CHAIN_EGRESS_BARE : CHAIN_EGRESS) == 0) {
		nftnl_rule_nlmsg_build_payload(h, nr);
		batch_done(b);
	} else {
		b->out_of_memory = true;
	}
	nftnl_rule_free(nr);
}

void nft_put_link(struct batch *b, const char *link, bool bare)
{
	char name[64];
	struct nlmsghdr *h;
	struct nftnl_chain *c;

	link_chain_name(link, name, sizeof(name));
	c = chain_ref(b, NFT_MSG_NEWCHAIN, NLM_F_CREATE, TABLE_EGRESS, name, &h);
	if (!c)
		return;
	nftnl_chain_set_str(c, NFTNL_CHAIN_TYPE, "filter");
	nftnl_chain_set_u32(c, NFTNL_CHAIN_HOOKNUM, NFT_HOOK_EGRESS);
	nftnl_chain_set_s32(c, NFTNL_CHAIN_PRIO, 0);
	nftnl_chain_set_str(c, NFTNL_CHAIN_DEV, link);
	nftnl_chain_set_u32(c, NFTNL_CHAIN_POLICY, NF_DROP);
	chain_done(b, c, h);
	flush_rules(b, TABLE_EGRESS, name);
	put_link_rule(b, name, bare);
}

void nft_put_link_gone(struct batch *b, const char *link)
{
	char name[64];
	struct nlmsghdr *h;
	struct nftnl_chain *c;

	link_chain_name(link, name, sizeof(name));
	flush_rules(b, TABLE_EGRESS, name);
	c = chain_ref(b, NFT_MSG_DELCHAIN, 0, TABLE_EGRESS, name, &h);
	if (c)
		chain_done(b, c, h);
}
