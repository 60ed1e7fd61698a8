/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nft.h"

#include "nft-expr.h"

#include <errno.h>
#include <libnftnl/chain.h>
#include <libnftnl/common.h>
#include <libnftnl/gen.h>
#include <libnftnl/object.h>
#include <libnftnl/rule.h>
#include <libnftnl/set.h>
#include <libnftnl/table.h>
#include <libnftnl/udata.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#define FAMILY NFPROTO_INET
#define REPORTED_MAX 4096
#define REPORTED_TIMEOUT_MS 60000
#define KEY_BYTES (RS_KEY_MAX * 4)
#define VERDICT_DATA_LEN 16

/* Numbers of nft(8)'s own data types; the kernel only keeps them, for `nft list`. */
static uint32_t datatype(enum rs_field field)
{
	switch (field) {
	case FIELD_IP_SADDR:
	case FIELD_IP_DADDR:
		return 7;
	case FIELD_L4PROTO:
		return 12;
	case FIELD_TH_SPORT:
	case FIELD_TH_DPORT:
		return 13;
	case FIELD_CT_MARK:
		return 19;
	case FIELD_SKUID:
		return 24;
	case FIELD_NONE:
	case FIELD_IIF:
	case FIELD_OIF:
	case FIELD_NFPROTO:
	case FIELD_FIB_DADDR_TYPE:
	case FIELD_CT_STATE:
	case FIELD_CT_DIRECTION:
	case FIELD_CT_STATUS:
	case FIELD_CT_ORIGINAL_DADDR:
	case FIELD_CT_ORIGINAL_DPORT:
	case FIELD_IP6_SADDR:
	case FIELD_IP6_DADDR:
	case FIELD_TCP_FLAGS:
	case FIELD_N:
		break;
	}
	return 0;
}

static uint32_t key_type(const struct rs_set_info *info)
{
	uint32_t type = 0;

	for (size_t i = 0; i < info->n_fields; i++)
		type = type << 6 | datatype(info->fields[i]);
	return type;
}

static uint32_t key_size(const struct rs_set_info *info)
{
	return info->n_fields == 1 ? rs_fields[info->fields[0]].size : info->n_fields * 4u;
}

static void encode_key(const struct rs_set_info *info, const uint32_t *key, uint8_t *buf)
{
	for (size_t i = 0; i < info->n_fields; i++)
		nft_encode(info->fields[i], key[i], buf + i * 4, 4);
}

static void put_table(struct batch *b, uint16_t type, uint16_t flags, const char *name,
		      const uint32_t *table_flags)
{
	struct nftnl_table *t = nftnl_table_alloc();
	struct nlmsghdr *h = batch_put(b, type, FAMILY, flags, "table %s", name);

	if (!t)
		b->out_of_memory = true;
	if (t && h) {
		nftnl_table_set_str(t, NFTNL_TABLE_NAME, name);
		nftnl_table_set_u32(t, NFTNL_TABLE_FAMILY, FAMILY);
		if (table_flags)
			nftnl_table_set_u32(t, NFTNL_TABLE_FLAGS, *table_flags);
		nftnl_table_nlmsg_build_payload(h, t);
		batch_done(b);
	}
	if (t)
		nftnl_table_free(t);
}

static void put_counter(struct batch *b, enum rs_counter counter)
{
	struct nftnl_obj *o = nftnl_obj_alloc();
	struct nlmsghdr *h = batch_put(b, NFT_MSG_NEWOBJ, FAMILY, NLM_F_CREATE, "counter %s",
				       rs_counter_name(counter));

	if (!o)
		b->out_of_memory = true;
	if (o && h) {
		nftnl_obj_set_str(o, NFTNL_OBJ_TABLE, RULESET_TABLE);
		nftnl_obj_set_str(o, NFTNL_OBJ_NAME, rs_counter_name(counter));
		nftnl_obj_set_u32(o, NFTNL_OBJ_FAMILY, FAMILY);
		nftnl_obj_set_u32(o, NFTNL_OBJ_TYPE, NFT_OBJECT_COUNTER);
		nftnl_obj_nlmsg_build_payload(h, o);
		batch_done(b);
	}
	if (o)
		nftnl_obj_free(o);
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
	nftnl_set_set_u32(s, NFTNL_SET_FAMILY, FAMILY);
	nftnl_set_set_u32(s, NFTNL_SET_ID, (uint32_t)set + 1);
	return s;
}

static uint32_t set_flags(const struct rs_set_info *info)
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
	struct nftnl_udata_buf *u;

	if (info->n_fields != 1 || rs_fields[info->fields[0]].network)
		return;
	u = nftnl_udata_buf_alloc(NFT_USERDATA_MAXLEN);
	if (!u)
		return;
	nftnl_udata_put_u32(u, NFTNL_UDATA_SET_KEYBYTEORDER, 1);
	if (info->data == DATA_MARK)
		nftnl_udata_put_u32(u, NFTNL_UDATA_SET_DATABYTEORDER, 1);
	nftnl_set_set_data(s, NFTNL_SET_USERDATA, nftnl_udata_buf_data(u), nftnl_udata_buf_len(u));
	nftnl_udata_buf_free(u);
}

static void put_set(struct batch *b, enum rs_set set)
{
	const struct rs_set_info *info = rs_set_info(set);
	uint8_t field_sizes[RS_KEY_MAX] = {0};
	struct nftnl_set *s = set_ref(b, set);
	struct nlmsghdr *h =
		batch_put(b, NFT_MSG_NEWSET, FAMILY, NLM_F_CREATE, "set %s", info->name);

	if (!s || !h) {
		if (s)
			nftnl_set_free(s);
		return;
	}
	nftnl_set_set_u32(s, NFTNL_SET_FLAGS, set_flags(info));
	nftnl_set_set_u32(s, NFTNL_SET_KEY_TYPE, key_type(info));
	nftnl_set_set_u32(s, NFTNL_SET_KEY_LEN, key_size(info));
	if (info->data == DATA_MARK) {
		nftnl_set_set_u32(s, NFTNL_SET_DATA_TYPE, datatype(FIELD_CT_MARK));
		nftnl_set_set_u32(s, NFTNL_SET_DATA_LEN, sizeof(uint32_t));
	} else if (info->data == DATA_CHAIN) {
		nftnl_set_set_u32(s, NFTNL_SET_DATA_TYPE, NFT_DATA_VERDICT);
		nftnl_set_set_u32(s, NFTNL_SET_DATA_LEN, VERDICT_DATA_LEN);
	}
	if (info->flags & RS_DYNAMIC) {
		nftnl_set_set_u32(s, NFTNL_SET_DESC_SIZE, REPORTED_MAX);
		nftnl_set_set_u64(s, NFTNL_SET_TIMEOUT, REPORTED_TIMEOUT_MS);
	}
	if ((info->flags & RS_INTERVAL) && info->n_fields > 1) {
		for (size_t i = 0; i < info->n_fields; i++)
			field_sizes[i] = rs_fields[info->fields[i]].size;
		nftnl_set_set_data(s, NFTNL_SET_DESC_CONCAT, field_sizes, info->n_fields);
	}
	set_byte_order(s, info);
	nftnl_set_nlmsg_build_payload(h, s);
	batch_done(b);
	nftnl_set_free(s);
}

static void put_set_flush(struct batch *b, enum rs_set set)
{
	struct nftnl_set *s = set_ref(b, set);
	struct nlmsghdr *h = batch_put(b, NFT_MSG_DELSETELEM, FAMILY, 0, "old elements of set %s",
				       rs_set_info(set)->name);

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
	e = elem_new(b, s, key, key_size(info));
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
	uint8_t key[KEY_BYTES], end[KEY_BYTES];
	struct nftnl_set_elem *e;

	encode_key(info, re->key, key);
	e = elem_new(b, s, key, key_size(info));
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
		nftnl_set_elem_set(e, NFTNL_SET_ELEM_KEY_END, end, key_size(info));
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
		struct nlmsghdr *h = batch_put(b, type, FAMILY, flags, "elements of set %s",
					       rs_set_info(set)->name);

		if (!h)
			break;
		more = nftnl_set_elems_nlmsg_build_payload_iter(h, iter);
		batch_done(b);
	}
	if (iter)
		nftnl_set_elems_iter_destroy(iter);
	nftnl_set_free(s);
}

static void put_set_elements(struct batch *b, const struct rs_elements *elements, enum rs_set set)
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

static void put_chain(struct batch *b, enum rs_chain chain)
{
	const struct rs_base *base = rs_chain_base(chain);
	struct nftnl_chain *c = nftnl_chain_alloc();
	struct nlmsghdr *h = batch_put(b, NFT_MSG_NEWCHAIN, FAMILY, NLM_F_CREATE, "chain %s",
				       rs_chain_name(chain));

	if (!c)
		b->out_of_memory = true;
	if (c && h) {
		nftnl_chain_set_str(c, NFTNL_CHAIN_TABLE, RULESET_TABLE);
		nftnl_chain_set_str(c, NFTNL_CHAIN_NAME, rs_chain_name(chain));
		if (base) {
			nftnl_chain_set_str(c, NFTNL_CHAIN_TYPE, base->type);
			nftnl_chain_set_u32(c, NFTNL_CHAIN_HOOKNUM, base->hook);
			nftnl_chain_set_s32(c, NFTNL_CHAIN_PRIO, base->priority);
			nftnl_chain_set_u32(c, NFTNL_CHAIN_POLICY,
					    base->drops ? NF_DROP : NF_ACCEPT);
		}
		nftnl_chain_nlmsg_build_payload(h, c);
		batch_done(b);
	}
	if (c)
		nftnl_chain_free(c);
}

static struct nftnl_rule *rule_ref(struct batch *b, const char *chain)
{
	struct nftnl_rule *nr = nftnl_rule_alloc();

	if (!nr) {
		b->out_of_memory = true;
		return NULL;
	}
	nftnl_rule_set_str(nr, NFTNL_RULE_TABLE, RULESET_TABLE);
	nftnl_rule_set_u32(nr, NFTNL_RULE_FAMILY, FAMILY);
	if (chain)
		nftnl_rule_set_str(nr, NFTNL_RULE_CHAIN, chain);
	return nr;
}

static void put_flush_rules(struct batch *b)
{
	struct nftnl_rule *nr = rule_ref(b, NULL);
	struct nlmsghdr *h = batch_put(b, NFT_MSG_DELRULE, FAMILY, 0, "all old rules");

	if (nr && h) {
		nftnl_rule_nlmsg_build_payload(h, nr);
		batch_done(b);
	}
	if (nr)
		nftnl_rule_free(nr);
}

static void put_rule(struct batch *b, const struct rs_rule *rule, size_t number)
{
	const char *chain = rs_chain_name(rule->chain);
	struct nftnl_rule *nr = rule_ref(b, chain);
	struct nlmsghdr *h;

	if (!nr)
		return;
	h = batch_put(b, NFT_MSG_NEWRULE, FAMILY, NLM_F_CREATE | NLM_F_APPEND,
		      "rule %zu of chain %s", number, chain);
	if (h && nft_expressions(nr, rule) == 0) {
		nftnl_rule_nlmsg_build_payload(h, nr);
		batch_done(b);
	} else {
		b->out_of_memory = true;
	}
	nftnl_rule_free(nr);
}

static void put_rules(struct batch *b, const struct ruleset *r)
{
	size_t numbers[CHAIN_N] = {0};

	for (size_t i = 0; i < r->n_rules; i++)
		put_rule(b, &r->rules[i], ++numbers[r->rules[i].chain]);
}

static bool kept(enum rs_set set, bool end_leases)
{
	const struct rs_set_info *info = rs_set_info(set);

	if (end_leases && (info->flags & RS_TIMEOUT) && !(info->flags & RS_DYNAMIC))
		return false;
	return info->flags & RS_KEPT;
}

static bool same_rules(const struct ruleset *a, const struct ruleset *b)
{
	if (a->n_rules != b->n_rules)
		return false;
	for (size_t i = 0; i < a->n_rules; i++)
		if (a->rules[i].chain != b->rules[i].chain ||
		    a->rules[i].n_stmts != b->rules[i].n_stmts ||
		    memcmp(a->rules[i].stmts, b->rules[i].stmts, sizeof(a->rules[i].stmts)) != 0)
			return false;
	return true;
}

static bool same_elements(const struct rs_elements *a, const struct rs_elements *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (memcmp(a->items[i].key, b->items[i].key, sizeof(a->items[i].key)) != 0 ||
		    memcmp(a->items[i].end, b->items[i].end, sizeof(a->items[i].end)) != 0 ||
		    a->items[i].data != b->items[i].data)
			return false;
	return true;
}

/* What every ruleset has. Nothing of it changes what is there already. */
static void put_frame(struct batch *b)
{
	for (size_t i = 0; i < COUNTER_N; i++)
		put_counter(b, i);
	for (size_t i = 0; i < SET_N; i++)
		put_set(b, i);
	for (size_t i = 0; i < CHAIN_N; i++)
		put_chain(b, i);
}

int nft_load(struct nl *nl, const struct ruleset *r, const struct ruleset *in_force, uint32_t flags,
	     bool end_leases, struct nl_error *ret_error)
{
	_cleanup_(batch_clear) struct batch b = {0};
	bool rules = !in_force || !same_rules(r, in_force);

	batch_begin(&b, nl);
	put_table(&b, NFT_MSG_NEWTABLE, NLM_F_CREATE, RULESET_TABLE, &flags);
	if (!in_force)
		put_frame(&b);
	if (rules)
		put_flush_rules(&b);
	for (size_t i = 0; i < SET_N; i++) {
		if (kept(i, end_leases) ||
		    (in_force && same_elements(&r->elements[i], &in_force->elements[i])))
			continue;
		put_set_flush(&b, i);
		put_set_elements(&b, &r->elements[i], i);
	}
	if (rules)
		put_rules(&b, r);
	return batch_commit(&b, ret_error);
}

/* The three elements that are a lease: a new flow, an owned packet, a packet without owner. */
static void put_lease(struct batch *b, uint16_t type, uint16_t flags, const struct nft_lease *l,
		      uint64_t timeout_ms)
{
	static const enum rs_set sets[] = {SET_LIVE, SET_LEASES, SET_GRANTS};
	const uint32_t keys[][2] = {{l->mark, 0}, {l->uid, l->mark}, {l->uid, 0}};

	for (size_t i = 0; i < ARRAY_SIZE(sets); i++) {
		const struct rs_set_info *info = rs_set_info(sets[i]);
		struct nftnl_set *s = set_ref(b, sets[i]);
		uint8_t key[KEY_BYTES];
		struct nftnl_set_elem *e;

		if (!s)
			return;
		encode_key(info, keys[i], key);
		e = elem_new(b, s, key, key_size(info));
		if (e && info->data == DATA_MARK && type == NFT_MSG_NEWSETELEM)
			nftnl_set_elem_set(e, NFTNL_SET_ELEM_DATA, &l->mark, sizeof(l->mark));
		if (e && timeout_ms)
			nftnl_set_elem_set_u64(e, NFTNL_SET_ELEM_TIMEOUT, timeout_ms);
		put_elements(b, type, flags, s, sets[i]);
	}
}

int nft_lease_add(struct nl *nl, const struct nft_lease *l, uint64_t timeout_ms,
		  struct nl_error *ret_error)
{
	_cleanup_(batch_clear) struct batch b = {0};

	batch_begin(&b, nl);
	put_lease(&b, NFT_MSG_NEWSETELEM, NLM_F_CREATE | NLM_F_EXCL, l, timeout_ms);
	return batch_commit(&b, ret_error);
}

int nft_lease_renew(struct nl *nl, const struct nft_lease *l, uint64_t timeout_ms,
		    struct nl_error *ret_error)
{
	_cleanup_(batch_clear) struct batch b = {0};

	/* Kernels before 6.12 ignore a new timeout of an old element, hence both. */
	batch_begin(&b, nl);
	put_lease(&b, NFT_MSG_DELSETELEM, 0, l, 0);
	put_lease(&b, NFT_MSG_NEWSETELEM, NLM_F_CREATE, l, timeout_ms);
	return batch_commit(&b, ret_error);
}

int nft_lease_remove(struct nl *nl, const struct nft_lease *l, struct nl_error *ret_error)
{
	_cleanup_(batch_clear) struct batch b = {0};
	int r;

	batch_begin(&b, nl);
	put_lease(&b, NFT_MSG_DELSETELEM, 0, l, 0);
	r = batch_commit(&b, ret_error);
	if (r != -ENOENT)
		return r;
	/* Some have timed out. What is added and deleted in one transaction never exists. */
	batch_begin(&b, nl);
	put_lease(&b, NFT_MSG_NEWSETELEM, NLM_F_CREATE, l, 1);
	put_lease(&b, NFT_MSG_DELSETELEM, 0, l, 0);
	return batch_commit(&b, ret_error);
}

int nft_on_link(struct nl *nl, const struct route_ranges *ranges, struct nl_error *ret_error)
{
	_cleanup_(batch_clear) struct batch b = {0};
	size_t n = ranges->n;
	_cleanup_(freep) struct rs_element *items = calloc(n ? n : 1, sizeof(*items));
	struct rs_elements elements = {.items = items, .n = n};

	if (!items) {
		*ret_error = (struct nl_error){.error = -ENOMEM};
		return -ENOMEM;
	}
	for (size_t i = 0; i < n; i++) {
		items[i].key[0] = ranges->items[i].first;
		items[i].end[0] = ranges->items[i].last;
	}
	batch_begin(&b, nl);
	put_set_flush(&b, SET_ON_LINK);
	put_set_elements(&b, &elements, SET_ON_LINK);
	return batch_commit(&b, ret_error);
}

int nft_delete(struct nl *nl, struct nl_error *ret_error)
{
	_cleanup_(batch_clear) struct batch b = {0};

	batch_begin(&b, nl);
	put_table(&b, NFT_MSG_DELTABLE, 0, RULESET_TABLE, NULL);
	return batch_commit(&b, ret_error);
}

static int see_table(const struct nlmsghdr *h, void *userdata)
{
	(void)h;
	*(bool *)userdata = true;
	return MNL_CB_OK;
}

int nft_exists(struct nl *nl)
{
	char buf[512] __attribute__((aligned(8)));
	struct nftnl_table *t = nftnl_table_alloc();
	struct nlmsghdr *h;
	bool found = false;
	int r;

	if (!t)
		return -ENOMEM;
	h = nftnl_nlmsg_build_hdr(buf, NFT_MSG_GETTABLE, FAMILY, NLM_F_REQUEST | NLM_F_ACK, 0);
	nftnl_table_set_str(t, NFTNL_TABLE_NAME, RULESET_TABLE);
	nftnl_table_nlmsg_build_payload(h, t);
	nftnl_table_free(t);
	r = nl_dump(nl, h, see_table, &found);
	if (r == -ENOENT)
		return 0;
	return r < 0 ? r : found;
}
