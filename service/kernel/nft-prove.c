/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nft-prove.h"

#include "elements.h"
#include "proof.h"

#include <errno.h>
#include <linux/netfilter/nf_tables.h>
#include <stdarg.h>
#include <stdio.h>

/* The sentences of the invariants that sets and links can break. */
#define LEASE_ENDED 6u
#define LEASE_OPEN 15u
#define NOT_ON_LINK 1u
#define LAN_OPEN 14u
#define LINK_CARRIES 11u
#define LINK_PASSES 19u

struct proving {
	const struct policy *policy;
	const struct nft_expected *should;
	const struct nft_seen *is;
	char *buf;
};

static _printf_(3, 4) bool broken(const struct proving *p, unsigned number, const char *format, ...)
{
	size_t used;
	va_list ap;

	(void)snprintf(p->buf, NFT_FAULT_SIZE, "invariant %u does not hold: %s; but ", number,
		       proof_sentence(number));
	used = strlen(p->buf);
	va_start(ap, format);
	(void)vsnprintf(p->buf + used, NFT_FAULT_SIZE - used, format, ap);
	va_end(ap);
	return true;
}

static bool reaches(const struct nft_lease *l, const struct rs_element *e)
{
	for (size_t i = 0; i < l->n_reach; i++)
		if (e->key[0] == l->uid && e->key[1] == l->reach[i].addr &&
		    e->key[2] == l->reach[i].protocol && e->key[3] == l->reach[i].port)
			return e->data == l->mark;
	return false;
}

static bool accounts_for(const struct nft_lease *l, enum rs_set set, const struct rs_element *e)
{
	struct nft_lease_element elements[NFT_LEASE_ELEMENTS];
	size_t n = nft_lease_elements(l, elements);

	if (set == SET_SCOPED)
		return reaches(l, e);
	for (size_t i = 0; i < n; i++)
		if (elements[i].set == set && elements_same(&elements[i].element, e))
			return true;
	return false;
}

/* Whether a lease that there is accounts for the element, and for its time. */
static bool of_a_lease(const struct proving *p, enum rs_set set, const struct nft_kept *k)
{
	if (!k->timeout_ms || k->timeout_ms > p->should->lease_timeout_ms)
		return false;
	for (size_t i = 0; i < p->should->leases->n; i++)
		if (accounts_for(&p->should->leases->items[i], set, &k->element))
			return true;
	return false;
}

/* Whether the map has all that the lease reaches. */
static bool all_reached(const struct proving *p, const struct nft_lease *l)
{
	const struct nft_kept_list *is = &p->is->kept[SET_SCOPED];
	size_t n = 0, wanted = 0;

	for (size_t i = 0; i < l->n_reach; i++)
		wanted += l->reach[i].timeout_ms != 0;
	for (size_t i = 0; i < is->n; i++)
		n += reaches(l, &is->items[i].element);
	return n >= wanted;
}

/* Whether it is in each of its sets, once. */
static bool all_there(const struct proving *p, const struct nft_lease *l)
{
	struct nft_lease_element elements[NFT_LEASE_ELEMENTS];
	size_t n = nft_lease_elements(l, elements);

	for (size_t i = 0; i < n; i++) {
		const struct nft_kept_list *is = &p->is->kept[elements[i].set];
		size_t times = 0;

		for (size_t k = 0; k < is->n; k++)
			times += elements_same(&is->items[k].element, &elements[i].element);
		if (times != 1)
			return false;
	}
	return true;
}

static bool leases_broken(const struct proving *p)
{
	static const enum rs_set sets[] = {SET_GRANTS, SET_LEASES,   SET_LIVE,       SET_NARROW,
					   SET_SCOPED, SET_FORWARDS, SET_FORWARDING, SET_FORWARDED};

	for (size_t s = 0; s < ARRAY_SIZE(sets); s++)
		for (size_t i = 0; i < p->is->kept[sets[s]].n; i++)
			if (!of_a_lease(p, sets[s], &p->is->kept[sets[s]].items[i]))
				return broken(p, LEASE_ENDED, "set %s holds an element of no lease",
					      rs_set_info(sets[s])->name);
	for (size_t i = 0; i < p->should->leases->n; i++) {
		const struct nft_lease *l = &p->should->leases->items[i];

		if (l->timeout_ms && (!all_there(p, l) || !all_reached(p, l)))
			return broken(p, LEASE_OPEN, "the lease of uid %u is not in all its sets",
				      l->uid);
	}
	return false;
}

static bool networks_broken(const struct proving *p)
{
	const struct nft_kept_list *is = &p->is->kept[SET_ON_LINK];
	const struct route_ranges *should = p->should->on_link;

	for (size_t i = 0; i < is->n; i++) {
		bool connected = false;

		for (size_t k = 0; k < should->n; k++)
			connected |= should->items[k].first == is->items[i].element.key[0] &&
				     should->items[k].last == is->items[i].element.end[0];
		if (!connected)
			return broken(p, NOT_ON_LINK, "a network is taken for on-link, and is not");
	}
	return is->n != should->n &&
	       broken(p, LAN_OPEN, "a network that is on-link is not taken for one");
}

static bool marks_broken(const struct proving *p)
{
	const struct nft_kept_list *is = &p->is->kept[SET_ADMITTED];
	bool ours = false;

	for (size_t i = 0; i < is->n; i++) {
		uint32_t mark = is->items[i].element.key[0];

		if (mark == p->should->token && !is->items[i].timeout_ms)
			ours = true;
		else if (mark != p->should->previous || !is->items[i].timeout_ms)
			return broken(p, LINK_CARRIES, "a mark passes that the wall does not give");
	}
	return !ours && broken(p, LINK_PASSES, "the mark that the wall gives does not pass");
}

static const struct nft_seen_link *chain_at(const struct proving *p, const char *device)
{
	for (size_t i = 0; i < p->is->n_links; i++)
		if (strcmp(p->is->links[i].device, device) == 0)
			return &p->is->links[i];
	return NULL;
}

static bool links_broken(const struct proving *p)
{
	for (size_t i = 0; i < p->should->covered->n; i++) {
		const struct nft_link *l = &p->should->covered->items[i];
		const struct nft_seen_link *seen = chain_at(p, l->name);
		bool there = false;

		for (size_t k = 0; k < p->should->links->n; k++)
			there |= strcmp(p->should->links->items[k].name, l->name) == 0;
		if (there && (!seen || !seen->n_rules || seen->bare != l->bare))
			return broken(p, LINK_CARRIES, "nothing judges what link %s carries",
				      l->name);
	}
	for (size_t i = 0; i < p->is->n_links; i++)
		if (!policy_covers(p->policy, p->is->links[i].device))
			return broken(p, LINK_PASSES, "link %s is excepted, and has a chain",
				      p->is->links[i].device);
	return false;
}

static bool tables_broken(const struct proving *p)
{
	for (enum rs_table t = 0; t < TABLE_N; t++)
		if ((t == TABLE_WALL || p->should->egress) &&
		    (!p->is->tables[t].there || (p->is->tables[t].flags & NFT_TABLE_F_DORMANT))) {
			(void)snprintf(p->buf, NFT_FAULT_SIZE,
				       "there is no table %s that does anything", rs_table_name(t));
			return true;
		}
	if (!*p->is->fault)
		return false;
	(void)snprintf(p->buf, NFT_FAULT_SIZE, "it cannot be understood: %.400s", p->is->fault);
	return true;
}

int nft_prove(const struct policy *p, const struct nft_expected *should, const struct nft_seen *is,
	      char buf[NFT_FAULT_SIZE])
{
	const struct proving proving = {p, should, is, buf};
	struct proof_finding finding;
	int r;

	if (tables_broken(&proving))
		return 1;
	r = proof_run(p, is->ruleset, &finding);
	if (r > 0)
		proof_describe(p, &finding, buf, NFT_FAULT_SIZE);
	else if (r < 0 && r != -ENOMEM)
		(void)snprintf(buf, NFT_FAULT_SIZE, "no packet comes to its end: %s", strerror(-r));
	if (r != 0)
		return r == -ENOMEM ? r : 1;
	return leases_broken(&proving) || (should->on_link && networks_broken(&proving)) ||
	       (should->egress && (marks_broken(&proving) || links_broken(&proving)));
}
