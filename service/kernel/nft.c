/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nft.h"

#include "nft-expr.h"
#include "nft-objects.h"

#include <errno.h>
#include <libnftnl/common.h>
#include <libnftnl/table.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

/* Of no use to anybody else: it never exists. */
#define PROBE_TABLE "sallyport-probe"
#define PROBE_LINK "sallyport-probe"

static bool holds_leases(enum rs_set set)
{
	const struct rs_set_info *info = rs_set_info(set);

	return (info->flags & RS_TIMEOUT) && !(info->flags & RS_DYNAMIC);
}

/* What every ruleset has. Nothing of it changes what is there already. */
static void put_frame(struct batch *b, enum rs_table table)
{
	for (size_t i = 0; i < COUNTER_N; i++)
		if (rs_counter_table(i) == table)
			nft_put_counter(b, i);
	for (size_t i = 0; i < SET_N; i++)
		if (rs_set_table(i) == table)
			nft_put_set(b, i);
	for (size_t i = 0; i < CHAIN_N; i++)
		if (rs_chain_table(i) == table)
			nft_put_chain(b, i);
}

/* The policy's elements; in_force: what is there already, or NULL. */
static void put_sets(struct batch *b, const struct ruleset *r, const struct ruleset *in_force,
		     enum rs_table table)
{
	for (size_t i = 0; i < SET_N; i++) {
		if (rs_set_table(i) != table || (rs_set_info(i)->flags & RS_KEPT) ||
		    (in_force && ruleset_same_elements(r, in_force, i)))
			continue;
		nft_put_set_flush(b, i);
		nft_put_set_elements(b, &r->elements[i], i);
	}
}

/* The leases that there are, and no others. */
static void put_leases(struct batch *b, const struct nft_leases *leases)
{
	for (size_t i = 0; i < SET_N; i++)
		if (rs_set_table(i) == TABLE_WALL && holds_leases(i))
			nft_put_set_flush(b, i);
	for (size_t i = 0; i < leases->n; i++)
		nft_put_lease(b, NFT_MSG_NEWSETELEM, NLM_F_CREATE, &leases->items[i]);
}

int nft_table_flags(struct nl *nl, uint32_t *ret_flags, struct nl_error *ret_error)
{
	_cleanup_(batch_clear) struct batch b = {0};
	uint32_t flags = NFT_FLAG_OWNER | NFT_FLAG_PERSIST;
	int r;

	/* The second message aborts the first: deleted twice is deleted once too often. */
	batch_begin(&b, nl);
	nft_put_table(&b, TABLE_WALL, PROBE_TABLE, NFT_MSG_NEWTABLE, NLM_F_CREATE | NLM_F_EXCL,
		      &flags);
	nft_put_table(&b, TABLE_WALL, PROBE_TABLE, NFT_MSG_DELTABLE, 0, NULL);
	nft_put_table(&b, TABLE_WALL, PROBE_TABLE, NFT_MSG_DELTABLE, 0, NULL);
	r = batch_commit(&b, ret_error);
	*ret_flags = r == -ENOENT ? flags : 0;
	/* Kernels without the flag say the one or the other. */
	return r == -ENOENT || r == -EOPNOTSUPP || r == -EINVAL ? 0 : r;
}

/* Anew: what is made first is there to be deleted, whether there was a table or not. */
static void put_table(struct batch *b, enum rs_table table, const struct nft_wall *w)
{
	nft_put_table(b, table, RULESET_TABLE, NFT_MSG_NEWTABLE, NLM_F_CREATE, &w->flags);
	if (!w->anew)
		return;
	nft_put_table(b, table, RULESET_TABLE, NFT_MSG_DELTABLE, 0, NULL);
	nft_put_table(b, table, RULESET_TABLE, NFT_MSG_NEWTABLE, NLM_F_CREATE, &w->flags);
}

static const struct rs_rule queue_rule = {
	.chain = CHAIN_INPUT_OTHER,
	.n_stmts = 1,
	.stmts = {{.kind = STMT_QUEUE}},
};

/* Whether the kernel takes a queue in that way; asked in a transaction that always aborts. */
static bool takes_queue(struct nl *nl, const struct nft_wall *w, enum nft_queue how)
{
	const struct ruleset only = {.rules = (struct rs_rule *)(uintptr_t)&queue_rule,
				     .n_rules = 1};
	_cleanup_(batch_clear) struct batch b = {0};
	struct nl_error error;
	int r;

	nl->queue = (uint8_t)how;
	batch_begin(&b, nl);
	nft_put_table(&b, TABLE_WALL, RULESET_TABLE, NFT_MSG_NEWTABLE, NLM_F_CREATE, &w->flags);
	nft_put_chain(&b, CHAIN_INPUT_OTHER);
	nft_put_rules(&b, &only, TABLE_WALL, w->token);
	nft_put_table(&b, TABLE_WALL, PROBE_TABLE, NFT_MSG_DELTABLE, 0, NULL);
	r = batch_commit(&b, &error);
	return r == -ENOENT && strncmp(error.object, "table", 5) == 0;
}

/* Once for each socket: what a kernel can do stays. */
static void find_queue(struct nl *nl, const struct nft_wall *w)
{
	if (nl->queue != NFT_QUEUE_UNKNOWN)
		return;
	if (!takes_queue(nl, w, NFT_QUEUE_NATIVE) && !takes_queue(nl, w, NFT_QUEUE_TARGET))
		nl->queue = NFT_QUEUE_BARE;
}

bool nft_has_queue(const struct nl *nl)
{
	return nl->queue == NFT_QUEUE_NATIVE || nl->queue == NFT_QUEUE_TARGET;
}

int nft_load(struct nl *nl, const struct nft_wall *w, struct nl_error *ret_error)
{
	_cleanup_(batch_clear) struct batch b = {0};
	bool rules = !w->in_force || !ruleset_same_rules(w->ruleset, w->in_force);

	find_queue(nl, w);
	batch_begin(&b, nl);
	put_table(&b, TABLE_WALL, w);
	if (!w->in_force)
		put_frame(&b, TABLE_WALL);
	if (rules)
		nft_put_flush_rules(&b, TABLE_WALL);
	put_sets(&b, w->ruleset, w->in_force, TABLE_WALL);
	if (w->leases)
		put_leases(&b, w->leases);
	if (rules)
		nft_put_rules(&b, w->ruleset, TABLE_WALL, w->token);
	return batch_commit(&b, ret_error);
}

int nft_load_egress(struct nl *nl, const struct nft_wall *w, const struct nft_links *links,
		    struct nl_error *ret_error)
{
	const struct nft_element token = {.key = {w->token}};
	_cleanup_(batch_clear) struct batch b = {0};

	batch_begin(&b, nl);
	put_table(&b, TABLE_EGRESS, w);
	put_frame(&b, TABLE_EGRESS);
	nft_put_flush_rules(&b, TABLE_EGRESS);
	put_sets(&b, w->ruleset, NULL, TABLE_EGRESS);
	nft_put_element(&b, NFT_MSG_NEWSETELEM, NLM_F_CREATE, SET_ADMITTED, &token);
	nft_put_rules(&b, w->ruleset, TABLE_EGRESS, w->token);
	for (size_t i = 0; i < links->n; i++)
		nft_put_link(&b, links->items[i].name, links->items[i].bare);
	return batch_commit(&b, ret_error);
}

int nft_egress_token(struct nl *nl, uint32_t token, uint32_t previous, struct nl_error *ret_error)
{
	const struct nft_element now = {.key = {token}};
	/* A packet may be between the two walls. */
	const struct nft_element before = {.key = {previous}, .timeout_ms = 1000};
	_cleanup_(batch_clear) struct batch b = {0};

	batch_begin(&b, nl);
	nft_put_set_flush(&b, SET_ADMITTED);
	nft_put_element(&b, NFT_MSG_NEWSETELEM, NLM_F_CREATE, SET_ADMITTED, &now);
	if (previous && previous != token)
		nft_put_element(&b, NFT_MSG_NEWSETELEM, NLM_F_CREATE, SET_ADMITTED, &before);
	return batch_commit(&b, ret_error);
}

int nft_egress_by_name(struct nl *nl, uint32_t flags, bool *ret, struct nl_error *ret_error)
{
	_cleanup_(batch_clear) struct batch b = {0};
	int r;

	/* The last message aborts the others; the first one that fails is the answer. */
	batch_begin(&b, nl);
	nft_put_table(&b, TABLE_EGRESS, RULESET_TABLE, NFT_MSG_NEWTABLE, NLM_F_CREATE, &flags);
	nft_put_link(&b, PROBE_LINK, false);
	nft_put_table(&b, TABLE_EGRESS, PROBE_TABLE, NFT_MSG_DELTABLE, 0, NULL);
	r = batch_commit(&b, ret_error);
	*ret = r == -ENOENT && strncmp(ret_error->object, "chain", 5) != 0;
	return r == -ENOENT ? 0 : r;
}

int nft_egress_cover(struct nl *nl, const struct nft_links *links, struct nl_error *ret_error)
{
	_cleanup_(batch_clear) struct batch b = {0};

	batch_begin(&b, nl);
	for (size_t i = 0; i < links->n; i++)
		nft_put_link(&b, links->items[i].name, links->items[i].bare);
	return batch_commit(&b, ret_error);
}

int nft_egress_uncover(struct nl *nl, const char *link, struct nl_error *ret_error)
{
	_cleanup_(batch_clear) struct batch b = {0};

	batch_begin(&b, nl);
	nft_put_link_gone(&b, link);
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
	nft_put_set_flush(&b, SET_ON_LINK);
	nft_put_set_elements(&b, &elements, SET_ON_LINK);
	return batch_commit(&b, ret_error);
}

int nft_delete(struct nl *nl, enum rs_table table, struct nl_error *ret_error)
{
	_cleanup_(batch_clear) struct batch b = {0};

	batch_begin(&b, nl);
	nft_put_table(&b, table, RULESET_TABLE, NFT_MSG_DELTABLE, 0, NULL);
	return batch_commit(&b, ret_error);
}
