/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Each class that the first ruleset tells apart is followed through the second one; what comes out
 * differently, and has a packet in it, is a difference.
 */
#include "difference.h"

#include <errno.h>
#include <netinet/in.h>

#define DIFFERENCES_MAX 2000
#define PARTS 5

struct finder {
	struct world before, after;
	enum situation situation;
	enum rs_chain chain;
	bool ipv6;
	struct outcome outcome; /* of the first */
	struct differences *found;
};

struct restriction {
	uint8_t field;
	struct range range;
};

/* What belongs to the situation; the family comes besides. */
static const struct {
	enum rs_chain chain;
	bool inet;
	struct restriction of[6];
} situations[SITUATION_N] = {
	[SITUATION_BEGIN] = {CHAIN_OUTPUT,
			     true,
			     {{FIELD_CT_STATE, {RS_CT_NEW, RS_CT_NEW}},
			      {FIELD_CT_DIRECTION, {RS_CT_ORIGINAL, RS_CT_ORIGINAL}},
			      {FIELD_CT_STATUS, {0, 0}},
			      {FIELD_CT_MARK, {0, 0}},
			      {FIELD_TCP_FLAGS, {2, 2}}}},
	[SITUATION_REDIRECT] = {CHAIN_NAT_OUTPUT,
				true,
				{{FIELD_CT_STATE, {RS_CT_NEW, RS_CT_NEW}},
				 {FIELD_CT_DIRECTION, {RS_CT_ORIGINAL, RS_CT_ORIGINAL}},
				 {FIELD_TCP_FLAGS, {2, 2}}}},
	[SITUATION_ANSWER] = {CHAIN_OUTPUT,
			      true,
			      {{FIELD_CT_STATE, {RS_CT_ESTABLISHED, RS_CT_ESTABLISHED}},
			       {FIELD_CT_DIRECTION, {RS_CT_REPLY, RS_CT_REPLY}},
			       {FIELD_CT_MARK, {MARK_LOCAL, MARK_LOCAL_TOR}},
			       {FIELD_OIF, {RS_LOOPBACK_INDEX, RS_LOOPBACK_INDEX}}}},
	[SITUATION_COMES] = {CHAIN_INPUT,
			     true,
			     {{FIELD_CT_STATE, {RS_CT_ESTABLISHED, RS_CT_ESTABLISHED}},
			      {FIELD_CT_DIRECTION, {RS_CT_REPLY, RS_CT_REPLY}},
			      {FIELD_IIF, {RS_LOOPBACK_INDEX + 1, UINT32_MAX}}}},
	[SITUATION_CONFINED] = {CHAIN_INPUT,
				true,
				{{FIELD_CT_STATE, {RS_CT_NEW, RS_CT_NEW}},
				 {FIELD_CT_DIRECTION, {RS_CT_ORIGINAL, RS_CT_ORIGINAL}},
				 {FIELD_CT_STATUS, {0, 0}},
				 {FIELD_CT_MARK, {0, 0}},
				 {FIELD_TCP_FLAGS, {2, 2}},
				 {FIELD_IIF, {RS_LOOPBACK_INDEX + 1, UINT32_MAX}}}},
	[SITUATION_TO_CONFINED] = {CHAIN_OUTPUT,
				   true,
				   {{FIELD_CT_STATE, {RS_CT_ESTABLISHED, RS_CT_ESTABLISHED}},
				    {FIELD_CT_DIRECTION, {RS_CT_REPLY, RS_CT_REPLY}},
				    {FIELD_CT_MARK, {MARK_NAMESPACE, MARK_NAMESPACE}},
				    {FIELD_OIF, {RS_LOOPBACK_INDEX + 1, UINT32_MAX}}}},
	[SITUATION_THROUGH] = {CHAIN_FORWARD,
			       true,
			       {{FIELD_CT_STATE, {RS_CT_NEW, RS_CT_NEW}},
				{FIELD_CT_DIRECTION, {RS_CT_ORIGINAL, RS_CT_ORIGINAL}},
				{FIELD_CT_STATUS, {0, 0}},
				{FIELD_CT_MARK, {0, 0}},
				{FIELD_TCP_FLAGS, {2, 2}}}},
	[SITUATION_BACK] = {CHAIN_FORWARD,
			    true,
			    {{FIELD_CT_STATE, {RS_CT_ESTABLISHED, RS_CT_ESTABLISHED}},
			     {FIELD_CT_DIRECTION, {RS_CT_REPLY, RS_CT_REPLY}},
			     {FIELD_CT_MARK, {MARK_FORWARD | 1, MARK_FORWARD | ~MARK_KIND}}}},
	[SITUATION_FRAME] = {CHAIN_EGRESS, false, {{0}}},
};

static bool same(const struct outcome *a, const struct outcome *b)
{
	return a->verdict == b->verdict && a->redirected == b->redirected &&
	       (!a->redirected || a->port == b->port) && a->admitted == b->admitted &&
	       a->ttl == b->ttl;
}

static void take(struct differences *d, const struct domain *from, struct domain *ret)
{
	struct range *items = arena_ranges(&d->arena, from->n);

	*ret = (struct domain){.absent = from->absent};
	if (!items)
		return;
	memcpy(items, from->items, from->n * sizeof(*items));
	ret->items = items;
	ret->n = from->n;
}

static struct difference *append(struct differences *d)
{
	if (d->n == DIFFERENCES_MAX) {
		d->dropped++;
		return NULL;
	}
	if (d->n == d->capacity) {
		size_t capacity = d->capacity ? 2 * d->capacity : 32;
		struct difference *p = reallocarray(d->items, capacity, sizeof(*p));

		if (!p) {
			d->arena.out_of_memory = true;
			return NULL;
		}
		d->items = p;
		d->capacity = capacity;
	}
	return &d->items[d->n++];
}

/* What is not by a confined program's link is said by a line about that link. */
static bool of_links(const struct relation *r)
{
	return r->n_fields == RS_LINK_WORDS &&
	       (r->fields[0] == FIELD_IIFNAME || r->fields[0] == FIELD_OIFNAME);
}

/* Elements that the class is not, and could be. */
static size_t count_holes(const struct class *c)
{
	size_t n = 0, from, to;

	for (size_t i = 0; i < c->n_facts; i++) {
		const struct relation *r = &c->facts[i].relation;

		if (c->facts[i].in || of_links(r))
			continue;
		for (relation_candidates(c, r, &from, &to); from < to; from++)
			n += relation_touches(c, r, &r->items[from]);
	}
	return n;
}

/* The only link of a class, if there is one. */
static void take_link(const struct class *c, enum rs_field first, char ret[RS_LINK_CHARS + 1])
{
	uint32_t words[RS_LINK_WORDS];

	for (size_t i = 0; i < RS_LINK_WORDS; i++) {
		const struct domain *d = &c->fields[first + i];

		if (!domain_single(d))
			return;
		words[i] = d->items[0].first;
	}
	rs_link_name(words, ret);
}

static void report(struct finder *f, const struct class *c, const struct outcome *after,
		   const struct packet *example)
{
	bool back = f->situation == SITUATION_TO_CONFINED || f->situation == SITUATION_BACK;
	bool out = f->situation == SITUATION_CONFINED || f->situation == SITUATION_THROUGH;
	bool theirs = f->situation == SITUATION_ANSWER || f->situation == SITUATION_COMES || back;
	uint64_t lease = UINT64_C(1) << (f->situation == SITUATION_THROUGH ? SET_FORWARDS
					 : f->situation == SITUATION_BACK  ? SET_FORWARDED
									   : SET_GRANTS);
	struct difference *d = append(f->found);

	if (!d)
		return;
	*d = (struct difference){
		.situation = f->situation,
		.ipv6 = f->ipv6,
		.with_door = c->in & lease,
		.without_door = c->not_in & lease,
		.before = f->outcome,
		.after = *after,
		.except = count_holes(c),
		.example = *example,
	};
	take_link(c, f->chain == CHAIN_INPUT || out ? FIELD_IIFNAME : FIELD_OIFNAME, d->link);
	take(f->found, &c->fields[FIELD_SKUID], &d->uids);
	take(f->found, &c->fields[FIELD_L4PROTO], &d->protocols);
	take(f->found, &c->fields[theirs ? FIELD_IP_SADDR : FIELD_IP_DADDR], &d->addresses);
	take(f->found, &c->fields[theirs ? FIELD_TH_SPORT : FIELD_TH_DPORT], &d->ports);
	if (out || back)
		take(f->found, &c->fields[theirs ? FIELD_IP_DADDR : FIELD_IP_SADDR], &d->programs);
}

/* Whose line an element is. */
static void take_origin(struct finder *f, const struct relation *r, const struct rs_element *e,
			struct outcome *after)
{
	for (size_t i = 0; i < SET_N; i++) {
		if (f->before.relations[i].items == r->items)
			f->outcome.origin = e->origin;
		if (f->after.relations[i].items == r->items)
			after->origin = e->origin;
	}
}

/* A class that is made of elements is said element by element. */
static void report_elements(struct finder *f, const struct class *c, const struct outcome *after)
{
	struct arena *a = &f->after.arena;
	struct packet example;
	size_t first = 0, from, to;

	while (first < c->n_facts && !c->facts[first].in)
		first++;
	if (first == c->n_facts) {
		if (class_example(a, c, &example))
			report(f, c, after, &example);
		return;
	}
	for (relation_candidates(c, &c->facts[first].relation, &from, &to); from < to; from++) {
		const struct relation *r = &c->facts[first].relation;
		struct arena_mark mark = arena_mark(a);
		struct class part = *c;
		struct outcome its;

		if (!relation_touches(c, r, &r->items[from]))
			continue;
		for (size_t k = 0; k < r->n_fields; k++) {
			struct domain d = RANGES({r->items[from].key[k], r->items[from].end[k]});

			class_keep(a, &part, r->fields[k], &d);
		}
		part.facts[first] = part.facts[--part.n_facts];
		its = *after;
		take_origin(f, r, &r->items[from], &its);
		report_elements(f, &part, &its);
		arena_release(a, mark);
	}
}

static int see_after(const struct class *c, const struct outcome *o, void *userdata)
{
	struct finder *f = userdata;

	if (!same(&f->outcome, o))
		report_elements(f, c, o);
	return 0;
}

static int see_before(const struct class *c, const struct outcome *o, void *userdata)
{
	struct finder *f = userdata;
	static const struct range everything = {0, UINT32_MAX};
	const struct domain any = {&everything, 1, false};
	struct class again = *c;

	f->outcome = *o;
	/* The mark that the first has given is not there for the second. */
	again.fields[CLASS_NEW_MARK] = any;
	return verdict_follow(&f->after, f->chain, &again, see_after, f);
}

/* Whether the packet goes to this machine, and whether it goes through lo, is the same question. */
static int find_ends(struct finder *f, const struct class *c)
{
	static const struct range lo = {RS_LOOPBACK_INDEX, RS_LOOPBACK_INDEX};
	static const struct range local = {RS_FIB_LOCAL, RS_FIB_LOCAL};
	const struct domain los = {&lo, 1, false}, locals = {&local, 1, false};
	struct arena *a = &f->before.arena;
	struct class here = *c, there = *c;
	int r;

	class_keep(a, &here, FIELD_OIF, &los);
	class_drop(a, &there, FIELD_OIF, &los);
	if (!f->ipv6) {
		class_keep(a, &here, FIELD_FIB_DADDR_TYPE, &locals);
		class_drop(a, &there, FIELD_FIB_DADDR_TYPE, &locals);
	}
	r = verdict_follow(&f->before, f->chain, &here, see_before, f);
	return r < 0 ? r : verdict_follow(&f->before, f->chain, &there, see_before, f);
}

static int find_in(struct finder *f, enum situation situation, bool ipv6)
{
	const struct domain family = RANGES({ipv6 ? RS_NFPROTO_IPV6 : RS_NFPROTO_IPV4,
					     ipv6 ? RS_NFPROTO_IPV6 : RS_NFPROTO_IPV4});
	struct arena *a = &f->before.arena;
	struct arena_mark mark = arena_mark(a);
	struct class c;
	int r;

	f->situation = situation;
	f->chain = situations[situation].chain;
	f->ipv6 = ipv6;
	class_all(&c);
	/* No lease has a flow before it begins. */
	if (situation == SITUATION_BEGIN)
		c.not_in = UINT64_C(1) << SET_LEASES | UINT64_C(1) << SET_LIVE;
	/* A flow that begins elsewhere has no socket here yet; one that passes by has none. */
	if (situation == SITUATION_CONFINED || situations[situation].chain == CHAIN_FORWARD)
		c.fields[FIELD_SKUID] = (struct domain){.absent = true};
	if (situations[situation].inet)
		class_keep(a, &c, FIELD_NFPROTO, &family);
	/* Of IPv4 the protocol is always known. */
	if (situations[situation].inet && !ipv6)
		c.fields[FIELD_L4PROTO].absent = false;
	for (size_t i = 0; i < ARRAY_SIZE(situations[0].of); i++) {
		const struct restriction *of = &situations[situation].of[i];
		const struct domain d = {&of->range, 1, of->field == FIELD_TCP_FLAGS};

		if (of->field)
			class_keep(a, &c, of->field, &d);
	}
	r = situations[situation].inet && situations[situation].chain != CHAIN_INPUT &&
			    situations[situation].chain != CHAIN_FORWARD
		    ? find_ends(f, &c)
		    : verdict_follow(&f->before, f->chain, &c, see_before, f);
	arena_release(a, mark);
	return r;
}

static bool equal(const struct domain *a, const struct domain *b)
{
	return a->n == b->n && a->absent == b->absent &&
	       (a->n == 0 || memcmp(a->items, b->items, a->n * sizeof(*a->items)) == 0);
}

static struct domain *part_of(struct difference *d, size_t i)
{
	struct domain *const parts[PARTS] = {&d->uids, &d->protocols, &d->addresses, &d->ports,
					     &d->programs};

	return parts[i];
}

static bool same_line(struct origin a, struct origin b)
{
	return a.file == b.file && a.line == b.line;
}

static bool same_but_for_parts(const struct difference *a, const struct difference *b)
{
	return a->situation == b->situation && a->ipv6 == b->ipv6 && a->with_door == b->with_door &&
	       a->without_door == b->without_door && a->except == b->except &&
	       strcmp(a->link, b->link) == 0 && same(&a->before, &b->before) &&
	       same(&a->after, &b->after) && same_line(a->before.origin, b->before.origin) &&
	       same_line(a->after.origin, b->after.origin);
}

static bool unite(struct differences *d, struct domain *a, const struct domain *b)
{
	struct range *items = arena_ranges(&d->arena, a->n + b->n);
	bool absent = a->absent || b->absent;

	if (!items)
		return false;
	memcpy(items, a->items, a->n * sizeof(*items));
	memcpy(items + a->n, b->items, b->n * sizeof(*items));
	*a = domain_from(items, a->n + b->n);
	a->absent = absent;
	return true;
}

/* Two that differ in one part only become one. */
static bool join(struct differences *d, struct difference *a, struct difference *b)
{
	size_t differ = 0, which = 0;

	if (!same_but_for_parts(a, b))
		return false;
	for (size_t i = 0; i < PARTS; i++)
		if (!equal(part_of(a, i), part_of(b, i))) {
			differ++;
			which = i;
		}
	return !differ || (differ == 1 && unite(d, part_of(a, which), part_of(b, which)));
}

static void join_all(struct differences *d)
{
	bool again = true;

	while (again) {
		again = false;
		for (size_t i = 0; i < d->n; i++)
			for (size_t j = i + 1; j < d->n;)
				if (join(d, &d->items[i], &d->items[j])) {
					memmove(&d->items[j], &d->items[j + 1],
						(--d->n - j) * sizeof(*d->items));
					again = true;
				} else {
					j++;
				}
	}
}

int differences_find(const struct ruleset *before, const struct ruleset *after,
		     struct differences *ret)
{
	struct finder f = {.found = ret};
	int r;

	*ret = (struct differences){0};
	r = world_init(&f.before, before, NULL);
	if (r == 0) {
		r = world_init(&f.after, after, NULL);
		f.before.within_limits = f.after.within_limits = true;
		for (enum situation s = 0; s < SITUATION_N && r == 0; s++)
			for (int v6 = 0; v6 < (situations[s].inet ? 2 : 1) && r == 0; v6++)
				r = find_in(&f, s, v6);
		world_clear(&f.after);
	}
	world_clear(&f.before);
	if (r == 0)
		join_all(ret);
	if (r == 0 && ret->arena.out_of_memory)
		r = -ENOMEM;
	if (r < 0)
		differences_clear(ret);
	return r;
}

void differences_clear(struct differences *d)
{
	free(d->items);
	arena_clear(&d->arena);
	*d = (struct differences){0};
}
