/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Is there a packet in the class? What it must be an element of is tried element by element; for
 * the rest a value is looked for, field by field, that no element holds that it must not be.
 */
#include "class.h"

#include <arpa/inet.h>
#include <stdio.h>

/* What a reader understands at once, if the class has it. */
static const uint32_t preferred[CLASS_FIELDS] = {
	[FIELD_IIF] = 2,
	[FIELD_OIF] = 2,
	[FIELD_IIFNAME] = 0x65746830, /* eth0 */
	[FIELD_OIFNAME] = 0x65746830,
	[FIELD_NFPROTO] = RS_NFPROTO_IPV4,
	[FIELD_L4PROTO] = IPPROTO_TCP,
	[FIELD_SKUID] = 1000,
	[FIELD_FIB_DADDR_TYPE] = RS_FIB_UNICAST,
	[FIELD_CT_STATE] = RS_CT_NEW,
	[FIELD_IP_START] = RS_IP_PLAIN,
	[FIELD_IP_SADDR] = 0xc0000202,
	[FIELD_IP_DADDR] = 0xc633640a, /* 198.51.100.10, RFC 5737 */
	[FIELD_TH_SPORT] = 40000,
	[FIELD_TH_DPORT] = 443,
	[FIELD_TCP_FLAGS] = 2,
	[FIELD_PROTOCOL] = 0x0800,
	[FIELD_ETHER_TYPE] = 0x0800,
};

static bool pick(const struct domain *d, size_t field, uint32_t *ret)
{
	if (!d->n)
		return false;
	*ret = domain_has(d, preferred[field]) ? preferred[field] : d->items[0].first;
	return true;
}

static void set_value(struct packet *p, size_t field, uint32_t v)
{
	if (field == CLASS_NEW_MARK)
		return;
	p->value[field] = v;
	p->lacks[field] = false;
}

static void set_lacking(struct packet *p, size_t field)
{
	if (field == CLASS_NEW_MARK)
		return;
	p->value[field] = 0;
	p->lacks[field] = true;
}

static void pick_all(const struct class *c, struct packet *p)
{
	for (size_t i = 1; i < CLASS_FIELDS; i++) {
		uint32_t v;

		if (pick(&c->fields[i], i, &v))
			set_value(p, i, v);
		else
			set_lacking(p, i);
	}
}

/* An element that the packet must not be. */
struct hole {
	const struct relation *relation;
	const struct rs_element *element;
};

struct search {
	struct arena *arena;
	const struct class *c;
	uint8_t fields[CLASS_FIELDS]; /* that holes speak of */
	size_t n_fields;
	struct packet *packet;
};

/* The range of the hole in that field; false: any value. */
static bool hole_range(const struct hole *h, size_t field, struct range *ret)
{
	for (size_t i = 0; i < h->relation->n_fields; i++)
		if (h->relation->fields[i] == field) {
			*ret = (struct range){h->element->key[i], h->element->end[i]};
			return true;
		}
	return false;
}

static bool search(struct search *s, size_t level, const struct hole *holes, size_t n);

/* The field gets this value, or is lacking: goes on with the holes that are still about. */
static bool try_value(struct search *s, size_t level, const struct hole *holes, size_t n,
		      const uint32_t *value)
{
	_cleanup_(freep) struct hole *left = calloc(n, sizeof(*left));
	size_t field = s->fields[level], n_left = 0;

	if (!left) {
		s->arena->out_of_memory = true;
		return false;
	}
	for (size_t i = 0; i < n; i++) {
		struct range r;
		bool bound = hole_range(&holes[i], field, &r);

		if (!bound || (value && r.first <= *value && *value <= r.last))
			left[n_left++] = holes[i];
	}
	if (value)
		set_value(s->packet, field, *value);
	else
		set_lacking(s->packet, field);
	return search(s, level + 1, left, n_left);
}

/* One value of each part into which the holes cut the field's domain. */
static bool try_parts(struct search *s, size_t level, const struct hole *holes, size_t n)
{
	const struct domain *d = &s->c->fields[s->fields[level]];
	struct range *points = arena_ranges(s->arena, d->n + 2 * n);
	size_t n_points = 0;

	if (!points)
		return false;
	for (size_t i = 0; i < d->n; i++)
		points[n_points++] = (struct range){d->items[i].first, d->items[i].first};
	for (size_t i = 0; i < n; i++) {
		struct range r;

		if (!hole_range(&holes[i], s->fields[level], &r))
			continue;
		if (domain_has(d, r.first))
			points[n_points++] = (struct range){r.first, r.first};
		if (r.last != UINT32_MAX && domain_has(d, r.last + 1))
			points[n_points++] = (struct range){r.last + 1, r.last + 1};
	}
	for (size_t i = 0; i < n_points; i++)
		if (try_value(s, level, holes, n, &points[i].first))
			return true;
	return false;
}

/* A value that is in none of the holes that speak of the field. */
static bool value_outside(struct search *s, size_t level, const struct hole *holes, size_t n,
			  uint32_t *ret)
{
	size_t field = s->fields[level], n_taken = 0;
	struct range *taken = arena_ranges(s->arena, n);
	struct domain all, left;

	if (!taken)
		return false;
	for (size_t i = 0; i < n; i++)
		if (hole_range(&holes[i], field, &taken[n_taken]))
			n_taken++;
	all = domain_from(taken, n_taken);
	left = domain_minus(s->arena, &s->c->fields[field], &all);
	return pick(&left, field, ret);
}

/* The easy ways first: without the field; a value that no hole has. */
static bool search(struct search *s, size_t level, const struct hole *holes, size_t n)
{
	struct arena_mark mark = arena_mark(s->arena);
	const struct domain *d;
	bool found = false;
	uint32_t v;

	if (!n)
		return true;
	if (level == s->n_fields)
		return false;
	d = &s->c->fields[s->fields[level]];
	if (value_outside(s, level, holes, n, &v))
		found = try_value(s, level, holes, n, &v);
	else if (d->n)
		found = try_parts(s, level, holes, n);
	if (!found && d->absent)
		found = try_value(s, level, holes, n, NULL);
	arena_release(s->arena, mark);
	return found;
}

static void add_field(struct search *s, uint8_t field)
{
	for (size_t i = 0; i < s->n_fields; i++)
		if (s->fields[i] == field)
			return;
	s->fields[s->n_fields++] = field;
}

/* The facts that the packet is no element of. */
static bool outside_example(struct arena *a, const struct class *c, struct packet *ret)
{
	struct search s = {.arena = a, .c = c, .packet = ret};
	_cleanup_(freep) struct hole *holes = NULL;
	size_t n = 0, capacity = 0;

	pick_all(c, ret);
	for (size_t i = 0; i < c->n_facts; i++) {
		const struct relation *r = &c->facts[i].relation;
		size_t from, to;

		if (c->facts[i].in)
			continue;
		relation_candidates(c, r, &from, &to);
		for (size_t k = 0; k < r->n_fields && from < to; k++)
			add_field(&s, r->fields[k]);
		for (; from < to; from++) {
			if (!relation_touches(c, r, &r->items[from]))
				continue;
			if (n == capacity) {
				struct hole *p;

				capacity = capacity ? 2 * capacity : 16;
				p = reallocarray(holes, capacity, sizeof(*holes));
				if (!p) {
					a->out_of_memory = true;
					return false;
				}
				holes = p;
			}
			holes[n++] = (struct hole){r, &r->items[from]};
		}
	}
	return search(&s, 0, holes, n);
}

/* No packet that is this element is outside of what it must not be. */
static bool hopeless(const struct class *c, const struct relation *r, const struct rs_element *e)
{
	for (size_t i = 0; i < c->n_facts; i++)
		if (!c->facts[i].in && relation_covers(&c->facts[i].relation, r, e))
			return true;
	return false;
}

/* The facts from first on that the packet is an element of, one after the other. */
static bool inside_example(struct arena *a, const struct class *c, size_t first, struct packet *ret)
{
	const struct relation *r;
	size_t from, to;

	while (first < c->n_facts && !c->facts[first].in)
		first++;
	if (first == c->n_facts)
		return outside_example(a, c, ret);
	r = &c->facts[first].relation;
	for (relation_candidates(c, r, &from, &to); from < to; from++) {
		const struct rs_element *e = &r->items[from];
		struct arena_mark mark = arena_mark(a);
		struct class part;
		bool found;

		if (!relation_touches(c, r, e) || hopeless(c, r, e))
			continue;
		part = *c;
		for (size_t k = 0; k < r->n_fields; k++) {
			struct domain d = RANGES({e->key[k], e->end[k]});

			class_keep(a, &part, r->fields[k], &d);
		}
		found = inside_example(a, &part, first + 1, ret);
		arena_release(a, mark);
		if (found)
			return true;
	}
	return false;
}

bool class_example(struct arena *a, const struct class *c, struct packet *ret)
{
	return !class_empty(c) && inside_example(a, c, 0, ret);
}
