/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "egress.h"

#include "log.h"

#include <errno.h>
#include <stdio.h>
#include <sys/random.h>

/* A link may go between the list and the load; a machine has only so many that come and go. */
#define LOAD_TRIES 3
#define GONE_MAX 64

static uint32_t new_token(uint32_t old)
{
	uint32_t token = 0;

	/* Small ones say why a packet was refused. */
	while (token < COUNTER_N || token == old)
		if (getrandom(&token, sizeof(token), 0) != (ssize_t)sizeof(token))
			fatal("no random numbers: %s; the wall stays as it is", strerror(errno));
	return token;
}

static bool is_chain_of(const struct engine *e, const struct nft_link *c, const struct link *l)
{
	return strcmp(c->name, l->name) == 0 && (e->egress.by_name || c->index == l->index);
}

static bool is_covered(const struct engine *e, const struct link *l)
{
	for (size_t i = 0; i < e->egress.covered.n; i++)
		if (is_chain_of(e, &e->egress.covered.items[i], l) &&
		    e->egress.covered.items[i].bare == l->bare)
			return true;
	return false;
}

static const struct link *find_link(const struct links *all, uint32_t index)
{
	for (size_t i = 0; i < all->n; i++)
		if (all->items[i].index == index)
			return &all->items[i];
	return NULL;
}

/* The links of the list that the policy wants covered; only those that are not yet, or all. */
static struct nft_links to_cover(const struct engine *e, const struct policy *p,
				 const struct links *all, bool only_new)
{
	struct nft_links ret;
	size_t n = 0;

	if (links_to_cover(p, all, &ret) < 0)
		fatal_oom();
	for (size_t i = 0; i < ret.n; i++)
		if (!only_new || !is_covered(e, find_link(all, ret.items[i].index)))
			ret.items[n++] = ret.items[i];
	ret.n = n;
	return ret;
}

static void remember(struct engine *e, const struct nft_links *more)
{
	struct nft_links *c = &e->egress.covered;
	struct nft_link *p = reallocarray(c->items, c->n + more->n + 1, sizeof(*p));

	if (!p)
		fatal_oom();
	c->items = p;
	for (size_t i = 0; i < more->n; i++) {
		size_t at = 0;

		while (at < c->n && strcmp(p[at].name, more->items[i].name) != 0)
			at++;
		p[at] = more->items[i];
		c->n += at == c->n;
	}
}

static void forget_all(struct engine *e)
{
	free(e->egress.covered.items);
	e->egress.covered = (struct nft_links){0};
}

static void give_up(struct engine *e, const struct nl_error *error)
{
	struct nl_error ignored;

	log_error(
		"no second wall on the wire: the kernel refuses %s: %s %s; the first stands alone",
		error->object, strerror(-error->error), error->text);
	/* An old one would let nothing pass, not even Tor. */
	(void)nft_delete(&e->nft, TABLE_EGRESS, &ignored);
	e->egress.up = false;
	forget_all(e);
}

static int load(struct engine *e, const struct policy *p, const struct nft_wall *w,
		struct nl_error *error)
{
	int r = -ENOENT;

	for (int i = 0; i < LOAD_TRIES && r == -ENOENT; i++) {
		_cleanup_(links_clear) struct links all = {0};
		_cleanup_(freep) struct nft_link *items = NULL;
		struct nft_links links;

		r = link_list(&e->route, &all);
		if (r < 0) {
			*error = (struct nl_error){.error = r, .object = "the list of links"};
			return r;
		}
		links = to_cover(e, p, &all, false);
		items = links.items;
		r = nft_load_egress(&e->nft, w, &links, error);
		if (r == 0) {
			forget_all(e);
			remember(e, &links);
		}
	}
	return r;
}

static void learn(struct engine *e)
{
	struct nl_error error;
	int r = nft_egress_by_name(&e->nft, e->table_flags, &e->egress.by_name, &error);

	if (r < 0) /* to cover a link once too often does no harm */
		e->egress.by_name = false;
}

uint32_t egress_prepare(struct engine *e, const struct policy *p, const struct ruleset *r,
			bool anew)
{
	struct nft_wall w = {
		.ruleset = r,
		.flags = e->table_flags,
		.token = new_token(e->egress.token),
		/* An earlier engine's has chains that this one does not know. */
		.anew = anew || !e->egress.up,
	};
	struct nl_error error;
	int n;

	if (!p->egress.enable)
		return w.token;
	if (!e->egress.up)
		learn(e);
	n = load(e, p, &w, &error);
	if (n < 0)
		give_up(e, &error);
	else
		e->egress.up = true;
	return w.token;
}

void egress_settle(struct engine *e, const struct policy *p, uint32_t token)
{
	struct nl_error error;
	int r;

	if (!p->egress.enable) {
		r = nft_delete(&e->nft, TABLE_EGRESS, &error);
		if (r < 0 && r != -ENOENT)
			log_error("the second wall stays: the kernel refuses %s: %s", error.object,
				  strerror(-r));
		e->egress.up = false;
		forget_all(e);
	} else if (e->egress.up) {
		r = nft_egress_token(&e->nft, token, e->egress.token, &error);
		if (r < 0)
			log_warning("old packet marks still pass the second wall: the kernel "
				    "refuses %s: %s",
				    error.object, strerror(-r));
	}
	e->egress.previous = e->egress.token;
	e->egress.token = token;
}

static bool is_there(const struct engine *e, const struct links *all, const struct nft_link *c)
{
	for (size_t i = 0; i < all->n; i++)
		if (is_chain_of(e, c, &all->items[i]))
			return true;
	return false;
}

/*
 * Chains that the policy no longer wants; and those of links that have gone. Where they belong to
 * names they wait, unless they are many: a link that comes back is covered from its first frame on.
 * Elsewhere one may still be there, on a link that has another name now. Each with its own
 * transaction, for where the chain went with its link the kernel says no.
 */
static void uncover(struct engine *e, const struct links *all)
{
	struct nft_links *c = &e->egress.covered;
	bool wait = e->egress.by_name && c->n <= all->n + GONE_MAX;
	struct nl_error error;
	size_t n = 0;

	for (size_t i = 0; i < c->n; i++) {
		struct nft_link l = c->items[i];

		if (policy_covers(e->policy, l.name) && (wait || is_there(e, all, &l)))
			c->items[n++] = l;
		else
			(void)nft_egress_uncover(&e->nft, l.name, &error);
	}
	c->n = n;
}

/* Remembered, so that it comes up again whatever happens before it is covered. */
static void lower(struct engine *e, const struct link *l)
{
	int r;

	if (!l->up)
		return;
	log_info("link %s came up before it was covered: down until it is", l->name);
	r = link_set_up(&e->route, l->index, false);
	if (r < 0)
		log_error("link %s cannot be set down until it is covered: %s", l->name,
			  strerror(-r));
	else if (e->egress.n_lowered < ARRAY_SIZE(e->egress.lowered))
		e->egress.lowered[e->egress.n_lowered++] = l->index;
	else
		log_error("link %s stays down: set it up by hand", l->name);
}

static void raise_covered(struct engine *e, const struct links *all)
{
	size_t n = 0;
	int r;

	for (size_t i = 0; i < e->egress.n_lowered; i++) {
		const struct link *l = find_link(all, e->egress.lowered[i]);

		if (!l)
			continue; /* it has gone */
		if (policy_covers(e->policy, l->name) && !is_covered(e, l)) {
			e->egress.lowered[n++] = l->index;
			continue;
		}
		r = link_set_up(&e->route, l->index, true);
		if (r < 0)
			log_error("link %s cannot be set up again: %s", l->name, strerror(-r));
	}
	e->egress.n_lowered = n;
}

/* Each with its own transaction: one that has gone is no reason to leave the others bare. */
static void cover(struct engine *e, struct nft_link *link)
{
	const struct nft_links one = {link, 1};
	struct nl_error error;
	int r = nft_egress_cover(&e->nft, &one, &error);

	if (r == 0)
		remember(e, &one);
	else if (r != -ENOENT)
		log_error("link %s stays down: the kernel refuses %s: %s", link->name, error.object,
			  strerror(-r));
}

void egress_refresh(struct engine *e)
{
	_cleanup_(links_clear) struct links all = {0};
	_cleanup_(freep) struct nft_link *items = NULL;
	struct nft_links links;
	int r;

	if (!e->egress.up)
		return;
	r = link_list(&e->route, &all);
	if (r < 0) {
		log_error("links: %s; new ones are not covered by the second wall", strerror(-r));
		return;
	}
	links = to_cover(e, e->policy, &all, true);
	items = links.items;
	for (size_t i = 0; i < links.n; i++)
		lower(e, find_link(&all, links.items[i].index));
	/* Not before: a renamed link that is up may have no other chain than its old name's. */
	uncover(e, &all);
	for (size_t i = 0; i < links.n; i++)
		cover(e, &links.items[i]);
	raise_covered(e, &all);
}
