/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Leases as elements of the wall's sets. */
#include "nft-objects.h"

#include "nft.h"

#include <errno.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netlink.h>

static uint64_t timeout_of(uint16_t type, uint64_t timeout_ms)
{
	return type == NFT_MSG_NEWSETELEM ? timeout_ms : 0;
}

/* What the map says of a lease of a smaller scope: where a new flow may go to. */
static void put_reach(struct batch *b, uint16_t type, uint16_t flags, const struct nft_lease *l,
		      const struct nft_reach *reach)
{
	const struct nft_element element = {
		.key = {l->uid, reach->addr, reach->protocol, reach->port},
		.mark = l->mark,
		.timeout_ms = timeout_of(type, reach->timeout_ms),
	};

	nft_put_element(b, type, flags, SET_SCOPED, &element);
}

static void fill(struct nft_lease_element *e, enum rs_set set, const uint32_t *key, size_t n,
		 uint32_t data)
{
	*e = (struct nft_lease_element){.set = set, .element.data = data};
	memcpy(e->element.key, key, n * sizeof(*key));
	memcpy(e->element.end, key, n * sizeof(*key));
}

size_t nft_lease_elements(const struct nft_lease *l,
			  struct nft_lease_element ret[NFT_LEASE_ELEMENTS])
{
	uint32_t key[RS_LINK_WORDS + 2] = {l->mark};

	if (l->is_namespace) {
		/* A flow's packets out, and its answers; a new flow. */
		rs_link_words(l->link, key + 1);
		key[RS_LINK_WORDS + 1] = l->peer;
		fill(&ret[0], SET_FORWARDING, key, RS_LINK_WORDS + 2, 0);
		fill(&ret[1], SET_FORWARDED, key, RS_LINK_WORDS + 2, 0);
		fill(&ret[2], SET_FORWARDS, key + 1, RS_LINK_WORDS + 1, l->mark);
		return 3;
	}
	/* A packet without owner, an owned packet; a new flow, or why there is none. */
	fill(&ret[0], SET_LIVE, &l->mark, 1, 0);
	fill(&ret[1], SET_LEASES, (const uint32_t[]){l->uid, l->mark}, 2, 0);
	fill(&ret[2], l->scoped ? SET_NARROW : SET_GRANTS, &l->uid, 1, l->scoped ? 0 : l->mark);
	return 3;
}

void nft_put_lease(struct batch *b, uint16_t type, uint16_t flags, const struct nft_lease *l)
{
	struct nft_lease_element elements[NFT_LEASE_ELEMENTS];
	size_t n = nft_lease_elements(l, elements);

	for (size_t i = 0; i < n; i++) {
		struct nft_element element = {
			.mark = elements[i].element.data,
			.timeout_ms = timeout_of(type, l->timeout_ms),
		};

		memcpy(element.key, elements[i].element.key, sizeof(element.key));
		nft_put_element(b, type, flags, elements[i].set, &element);
	}
	for (size_t i = 0; i < l->n_reach; i++)
		put_reach(b, type, flags, l, &l->reach[i]);
}

int nft_lease_add(struct nl *nl, const struct nft_lease *l, struct nl_error *ret_error)
{
	_cleanup_(batch_clear) struct batch b = {0};

	batch_begin(&b, nl);
	nft_put_lease(&b, NFT_MSG_NEWSETELEM, NLM_F_CREATE | NLM_F_EXCL, l);
	return batch_commit(&b, ret_error);
}

int nft_lease_renew(struct nl *nl, const struct nft_lease *l, struct nl_error *ret_error)
{
	_cleanup_(batch_clear) struct batch b = {0};

	/* Kernels before 6.12 ignore a new timeout of an old element, hence both. */
	batch_begin(&b, nl);
	nft_put_lease(&b, NFT_MSG_DELSETELEM, 0, l);
	nft_put_lease(&b, NFT_MSG_NEWSETELEM, NLM_F_CREATE, l);
	return batch_commit(&b, ret_error);
}

int nft_lease_reach(struct nl *nl, const struct nft_lease *l, struct nl_error *ret_error)
{
	static const struct {
		uint16_t type, flags;
	} steps[] = {
		/* It may be there, or just have gone: after the first step it is there. */
		{NFT_MSG_NEWSETELEM, NLM_F_CREATE},
		{NFT_MSG_DELSETELEM, 0},
		{NFT_MSG_NEWSETELEM, NLM_F_CREATE},
	};
	_cleanup_(batch_clear) struct batch b = {0};

	batch_begin(&b, nl);
	for (size_t k = 0; k < ARRAY_SIZE(steps); k++)
		for (size_t i = 0; i < l->n_reach; i++)
			put_reach(&b, steps[k].type, steps[k].flags, l, &l->reach[i]);
	return batch_commit(&b, ret_error);
}

int nft_lease_remove(struct nl *nl, const struct nft_lease *l, struct nl_error *ret_error)
{
	_cleanup_(batch_clear) struct batch b = {0};
	_cleanup_(freep) struct nft_reach *reach = NULL;
	struct nft_lease brief = *l;
	int r;

	batch_begin(&b, nl);
	nft_put_lease(&b, NFT_MSG_DELSETELEM, 0, l);
	r = batch_commit(&b, ret_error);
	if (r != -ENOENT)
		return r;
	/* Some have timed out. What is added and deleted in one transaction never exists. */
	reach = calloc(l->n_reach + 1, sizeof(*reach));
	if (!reach) {
		*ret_error = (struct nl_error){.error = -ENOMEM};
		return -ENOMEM;
	}
	for (size_t i = 0; i < l->n_reach; i++) {
		reach[i] = l->reach[i];
		reach[i].timeout_ms = 1;
	}
	brief.timeout_ms = 1;
	brief.reach = reach;
	batch_begin(&b, nl);
	nft_put_lease(&b, NFT_MSG_NEWSETELEM, NLM_F_CREATE, &brief);
	nft_put_lease(&b, NFT_MSG_DELSETELEM, 0, l);
	return batch_commit(&b, ret_error);
}
