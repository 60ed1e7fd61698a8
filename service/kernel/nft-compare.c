/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nft-compare.h"

#include "compare.h"
#include "elements.h"

#include <linux/netfilter/nf_tables.h>
#include <stdio.h>

_Static_assert(COMPARE_TEXT_SIZE == NFT_FAULT_SIZE, "one sentence fits where the other does");

#define PREVIOUS_MS 1000u

/* An element that should be in a kept set. */
struct wanted {
	struct rs_element element;
	uint64_t longest_ms; /* it ends by itself before; 0: it never does */
	bool may_be_gone;
};

struct wanted_list {
	const struct wanted *items;
	size_t n;
};

static bool differ(enum rs_set set, const char *what, const struct rs_element *e,
		   char buf[NFT_FAULT_SIZE])
{
	char text[160];

	rs_element_to_text(set, e, text, sizeof(text));
	(void)snprintf(buf, NFT_FAULT_SIZE, "set %s %s: %s", rs_set_info(set)->name, what, text);
	return true;
}

static const struct wanted *find_wanted(const struct wanted_list *should,
					const struct rs_element *e)
{
	for (size_t i = 0; i < should->n; i++)
		if (elements_same(&should->items[i].element, e))
			return &should->items[i];
	return NULL;
}

static bool is_there(const struct nft_kept_list *is, const struct rs_element *e)
{
	for (size_t i = 0; i < is->n; i++)
		if (elements_same(&is->items[i].element, e))
			return true;
	return false;
}

/* more: what an element is that nobody wants. */
static bool compare_kept(enum rs_set set, const struct wanted_list *should,
			 const struct nft_kept_list *is, const char *more, char buf[NFT_FAULT_SIZE])
{
	for (size_t i = 0; i < is->n; i++) {
		const struct nft_kept *k = &is->items[i];
		const struct wanted *w = find_wanted(should, &k->element);

		if (!w)
			return differ(set, more, &k->element, buf);
		if (w->longest_ms ? !k->timeout_ms || k->timeout_ms > w->longest_ms
				  : k->timeout_ms != 0)
			return differ(set, "holds for another time than it should", &k->element,
				      buf);
	}
	for (size_t i = 0; i < should->n; i++)
		if (!should->items[i].may_be_gone && !is_there(is, &should->items[i].element))
			return differ(set, "lacks what it should hold", &should->items[i].element,
				      buf);
	return false;
}

/* What leases put into the sets that are theirs. */
static const enum rs_set lease_sets[] = {SET_GRANTS, SET_LEASES,   SET_LIVE,       SET_NARROW,
					 SET_SCOPED, SET_FORWARDS, SET_FORWARDING, SET_FORWARDED};

/* The elements of a lease in one of them; how many they are. */
static size_t wanted_of(const struct nft_expected *should, const struct nft_lease *l,
			enum rs_set set, struct wanted *ret)
{
	struct wanted w = {
		.longest_ms = should->lease_timeout_ms,
		.may_be_gone = l->timeout_ms == 0,
	};
	struct nft_lease_element elements[NFT_LEASE_ELEMENTS];
	size_t n;

	if (set == SET_SCOPED) {
		for (size_t i = 0; i < l->n_reach; i++) {
			const struct nft_reach *r = &l->reach[i];
			const struct rs_element e = {{l->uid, r->addr, r->protocol, r->port},
						     {l->uid, r->addr, r->protocol, r->port},
						     .data = l->mark};

			w.element = e;
			w.may_be_gone = r->timeout_ms == 0;
			ret[i] = w;
		}
		return l->n_reach;
	}
	n = nft_lease_elements(l, elements);
	for (size_t i = 0; i < n; i++)
		if (elements[i].set == set) {
			w.element = elements[i].element;
			*ret = w;
			return 1;
		}
	return 0;
}

static bool compare_leases(const struct nft_expected *should, const struct nft_seen *is,
			   char buf[NFT_FAULT_SIZE])
{
	_cleanup_(freep) struct wanted *items = NULL;
	size_t most = 1;

	for (size_t i = 0; i < should->leases->n; i++)
		most += 1 + should->leases->items[i].n_reach;
	items = calloc(most, sizeof(*items));
	if (!items) {
		(void)snprintf(buf, NFT_FAULT_SIZE, "leases cannot be compared: out of memory");
		return true;
	}
	for (size_t s = 0; s < ARRAY_SIZE(lease_sets); s++) {
		struct wanted_list list = {.items = items};

		for (size_t i = 0; i < should->leases->n; i++)
			list.n += wanted_of(should, &should->leases->items[i], lease_sets[s],
					    &items[list.n]);
		if (compare_kept(lease_sets[s], &list, &is->kept[lease_sets[s]],
				 "holds what no lease accounts for", buf))
			return true;
	}
	return false;
}

static bool compare_on_link(const struct route_ranges *should, const struct nft_kept_list *is,
			    char buf[NFT_FAULT_SIZE])
{
	size_t n = should->n;
	_cleanup_(freep) struct wanted *items = calloc(n ? n : 1, sizeof(*items));

	if (!items) {
		(void)snprintf(buf, NFT_FAULT_SIZE, "networks cannot be compared: out of memory");
		return true;
	}
	for (size_t i = 0; i < n; i++)
		items[i].element = (struct rs_element){
			{should->items[i].first},
			{should->items[i].last},
			.data = 0,
		};
	return compare_kept(SET_ON_LINK, &(struct wanted_list){items, n}, is,
			    "holds what is not connected", buf);
}

/* What the second wall lets through. */
static bool compare_admitted(const struct nft_expected *should, const struct nft_kept_list *is,
			     char buf[NFT_FAULT_SIZE])
{
	const struct wanted items[] = {
		{.element = {{should->token}, {should->token}, .data = 0}},
		{
			.element = {{should->previous}, {should->previous}, .data = 0},
			.longest_ms = PREVIOUS_MS,
			.may_be_gone = true,
		},
	};
	size_t n = should->previous && should->previous != should->token ? 2 : 1;

	return compare_kept(SET_ADMITTED, &(struct wanted_list){items, n}, is,
			    "lets through what the wall has not admitted", buf);
}

static const struct nft_seen_link *find_seen(const struct nft_seen *is, const char *name)
{
	for (size_t i = 0; i < is->n_links; i++)
		if (strcmp(is->links[i].name, name) == 0)
			return &is->links[i];
	return NULL;
}

static const struct nft_link *find_covered(const struct nft_expected *should, const char *name)
{
	for (size_t i = 0; i < should->covered->n; i++)
		if (strcmp(should->covered->items[i].name, name) == 0)
			return &should->covered->items[i];
	return NULL;
}

/* Where the chain of a link hooks: at its name, or at what the link is called now. NULL: gone. */
static const char *device_of(const struct nft_expected *should, const struct nft_link *l)
{
	if (should->by_name)
		return l->name;
	for (size_t i = 0; i < should->links->n; i++)
		if (should->links->items[i].index == l->index)
			return should->links->items[i].name;
	return NULL;
}

static bool compare_link(const struct nft_link *l, const char *device,
			 const struct nft_seen_link *is, char buf[NFT_FAULT_SIZE])
{
	if (!is && device)
		(void)snprintf(buf, NFT_FAULT_SIZE, "link %s has no chain of the second wall",
			       device);
	else if (is && device && strcmp(is->device, device) != 0)
		(void)snprintf(buf, NFT_FAULT_SIZE, "chain link_%s hooks at %s, not %s", l->name,
			       is->device, device);
	else if (is && (!is->n_rules || is->bare != l->bare))
		(void)snprintf(buf, NFT_FAULT_SIZE, "chain link_%s does not go to %s", l->name,
			       rs_chain_name(l->bare ? CHAIN_EGRESS_BARE : CHAIN_EGRESS));
	else
		return false;
	return true;
}

static bool compare_links(const struct nft_expected *should, const struct nft_seen *is,
			  char buf[NFT_FAULT_SIZE])
{
	for (size_t i = 0; i < should->covered->n; i++) {
		const struct nft_link *l = &should->covered->items[i];

		if (compare_link(l, device_of(should, l), find_seen(is, l->name), buf))
			return true;
	}
	for (size_t i = 0; i < is->n_links; i++)
		if (!find_covered(should, is->links[i].name)) {
			(void)snprintf(buf, NFT_FAULT_SIZE,
				       "chain link_%s is for no link that is to be covered",
				       is->links[i].name);
			return true;
		}
	return false;
}

static bool compare_table(const struct nft_expected *should, const struct nft_seen *is,
			  enum rs_table table, char buf[NFT_FAULT_SIZE])
{
	bool wanted = table == TABLE_WALL || should->egress;
	uint32_t flags = is->tables[table].flags;

	if (is->tables[table].there != wanted)
		(void)snprintf(buf, NFT_FAULT_SIZE, "table %s is %sthere", rs_table_name(table),
			       wanted ? "not " : "");
	else if (wanted && (flags & NFT_TABLE_F_DORMANT))
		(void)snprintf(buf, NFT_FAULT_SIZE, "table %s is asleep", rs_table_name(table));
	else if (wanted && (flags & should->flags) != should->flags)
		(void)snprintf(buf, NFT_FAULT_SIZE, "table %s has flags %#x, and should have %#x",
			       rs_table_name(table), flags, should->flags);
	else
		return false;
	return true;
}

bool nft_compare(const struct nft_expected *should, const struct nft_seen *is,
		 char buf[NFT_FAULT_SIZE])
{
	for (enum rs_table t = 0; t < TABLE_N; t++)
		if (compare_table(should, is, t, buf))
			return true;
	if (*is->fault) {
		memcpy(buf, is->fault, NFT_FAULT_SIZE);
		return true;
	}
	for (enum rs_table t = 0; t < TABLE_N; t++)
		if (is->tables[t].there && (compare_rules(should->ruleset, is->ruleset, t, buf) ||
					    compare_sets(should->ruleset, is->ruleset, t, buf)))
			return true;
	if (compare_leases(should, is, buf))
		return true;
	if (should->on_link && compare_on_link(should->on_link, &is->kept[SET_ON_LINK], buf))
		return true;
	return should->egress && (compare_admitted(should, &is->kept[SET_ADMITTED], buf) ||
				  compare_links(should, is, buf));
}
