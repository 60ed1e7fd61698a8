/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "class.h"

static const struct range everything = {0, UINT32_MAX};
static const struct range bytes = {0, UINT8_MAX}, words = {0, UINT16_MAX};
static const struct range owners = {0, RS_NOBODY - 1};
static const struct range directions = {RS_CT_ORIGINAL, RS_CT_REPLY};

/* What a packet may lack: an owner, ports (a fragment), a route. */
static bool may_lack(size_t field)
{
	static const bool lacking[CLASS_FIELDS] = {
		[FIELD_L4PROTO] = true, /* IPv6 whose extension headers lead beyond its end */
		[FIELD_SKUID] = true,     [FIELD_TH_SPORT] = true,  [FIELD_TH_DPORT] = true,
		[FIELD_TCP_FLAGS] = true, [FIELD_RTCLASSID] = true,
	};

	return lacking[field];
}

void class_all(struct class *c)
{
	/* One bit for each state of a packet: linux/netfilter/nf_conntrack_common.h, nft_ct.c. */
	static const struct range states[] = {{1, 2}, {4, 4}, {8, 8}, {64, 64}};

	memset(c, 0, sizeof(*c));
	for (size_t i = 1; i < CLASS_FIELDS; i++) {
		uint8_t size = i < FIELD_N ? rs_fields[i].size : 4;

		c->fields[i] = (struct domain){
			.items = size == 1   ? &bytes
				 : size == 2 ? &words
					     : &everything,
			.n = 1,
			.absent = may_lack(i),
		};
	}
	c->fields[FIELD_CT_STATE] = (struct domain){states, ARRAY_SIZE(states), false};
	/* The lower bits of enum ip_conntrack_status are all that a rule can mean. */
	c->fields[FIELD_CT_STATUS] = (struct domain){&bytes, 1, false};
	c->fields[FIELD_SKUID].items = &owners;
	c->fields[FIELD_CT_DIRECTION] = (struct domain){&directions, 1, false};
}

void class_of(struct arena *a, struct class *c, const struct packet *p)
{
	class_all(c);
	for (size_t i = 1; i < FIELD_N; i++) {
		struct range *r = p->lacks[i] ? NULL : arena_ranges(a, 1);

		c->fields[i] = (struct domain){.items = r, .n = r ? 1 : 0, .absent = p->lacks[i]};
		if (r)
			*r = (struct range){p->value[i], p->value[i]};
	}
}

void class_keep(struct arena *a, struct class *c, size_t field, const struct domain *d)
{
	bool absent = c->fields[field].absent && d->absent;

	c->fields[field] = domain_and(a, &c->fields[field], d);
	c->fields[field].absent = absent;
}

void class_drop(struct arena *a, struct class *c, size_t field, const struct domain *d)
{
	bool absent = c->fields[field].absent && !d->absent;

	c->fields[field] = domain_minus(a, &c->fields[field], d);
	c->fields[field].absent = absent;
}

bool class_empty(const struct class *c)
{
	for (size_t i = 1; i < CLASS_FIELDS; i++)
		if (domain_empty(&c->fields[i]))
			return true;
	return (c->in & c->not_in) != 0;
}

static bool overlaps(const struct domain *d, uint32_t first, uint32_t last)
{
	size_t low = 0, high = d->n;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (first > d->items[middle].last)
			low = middle + 1;
		else
			high = middle;
	}
	return low < d->n && d->items[low].first <= last;
}

/* Keys are sorted; that all but the last number of each is single makes them searchable. */
static bool regular(const struct rs_elements *v, size_t n_fields)
{
	for (size_t i = 0; i < v->n; i++)
		for (size_t k = 0; k + 1 < n_fields; k++)
			if (v->items[i].key[k] != v->items[i].end[k])
				return false;
	return true;
}

struct relation relation_of(const struct rs_elements *elements, const uint8_t *fields, size_t n)
{
	struct relation r = {
		.items = elements->items,
		.n = elements->n,
		.n_fields = (uint8_t)n,
		.regular = regular(elements, n),
	};

	memcpy(r.fields, fields, n);
	return r;
}

/* How an element's key compares with a prefix of numbers, and then with the last one. */
static int compare_key(const struct rs_element *e, const uint32_t *prefix, size_t n_prefix)
{
	for (size_t i = 0; i < n_prefix; i++)
		if (e->key[i] != prefix[i])
			return e->key[i] < prefix[i] ? -1 : 1;
	return 0;
}

/* The first element that is not before prefix, and, if last is given, does not end before it. */
static size_t lower_bound(const struct relation *r, const uint32_t *prefix, size_t n_prefix,
			  const uint32_t *last)
{
	size_t low = 0, high = r->n;

	while (low < high) {
		size_t middle = (low + high) / 2;
		int c = compare_key(&r->items[middle], prefix, n_prefix);

		if (c < 0 || (c == 0 && last && r->items[middle].end[n_prefix] < *last))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static size_t upper_bound(const struct relation *r, const uint32_t *prefix, size_t n_prefix,
			  const uint32_t *last)
{
	size_t low = 0, high = r->n;

	while (low < high) {
		size_t middle = (low + high) / 2;
		int c = compare_key(&r->items[middle], prefix, n_prefix);

		if (c < 0 || (c == 0 && (!last || r->items[middle].key[n_prefix] <= *last)))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

void relation_candidates(const struct class *c, const struct relation *r, size_t *ret_from,
			 size_t *ret_to)
{
	uint32_t prefix[RS_KEY_MAX], first, last;
	const struct domain *d;
	size_t n = 0;

	*ret_from = 0;
	*ret_to = r->n;
	if (!r->regular)
		return;
	while (n + 1u < r->n_fields && domain_single(&c->fields[r->fields[n]])) {
		prefix[n] = c->fields[r->fields[n]].items[0].first;
		n++;
	}
	d = &c->fields[r->fields[n]];
	if (n + 1u < r->n_fields || !d->n) {
		*ret_from = lower_bound(r, prefix, n, NULL);
		*ret_to = d->n ? upper_bound(r, prefix, n, NULL) : *ret_from;
		return;
	}
	first = d->items[0].first;
	last = d->items[d->n - 1].last;
	*ret_from = lower_bound(r, prefix, n, &first);
	*ret_to = upper_bound(r, prefix, n, &last);
}

bool relation_touches(const struct class *c, const struct relation *r, const struct rs_element *e)
{
	for (size_t i = 0; i < r->n_fields; i++)
		if (!overlaps(&c->fields[r->fields[i]], e->key[i], e->end[i]))
			return false;
	return true;
}

bool relation_covers(const struct relation *r, const struct relation *other,
		     const struct rs_element *e)
{
	size_t last = r->n_fields - 1u;
	uint32_t from = e->key[last];

	if (!r->regular || !other->regular || r->n_fields != other->n_fields ||
	    memcmp(r->fields, other->fields, r->n_fields) != 0)
		return false;
	/* Neighbours may hold it together. */
	for (size_t i = lower_bound(r, e->key, last, &from); i < r->n; i++) {
		if (compare_key(&r->items[i], e->key, last) != 0 || r->items[i].key[last] > from)
			return false;
		if (r->items[i].end[last] >= e->end[last])
			return true;
		from = r->items[i].end[last] + 1;
	}
	return false;
}

bool class_touches(const struct class *c, const struct relation *relation)
{
	size_t from, to;

	relation_candidates(c, relation, &from, &to);
	for (size_t i = from; i < to; i++)
		if (relation_touches(c, relation, &relation->items[i]))
			return true;
	return false;
}

void class_relate(struct class *c, const struct relation *relation, bool in)
{
	if (c->n_facts == CLASS_FACTS_MAX) {
		c->too_many = true;
		return;
	}
	c->facts[c->n_facts++] = (struct fact){.relation = *relation, .in = in};
	if (!in)
		return;
	for (size_t i = 0; i < relation->n_fields; i++)
		c->fields[relation->fields[i]].absent = false;
}

const struct rs_element *relation_find(const struct relation *relation, const struct packet *p)
{
	for (size_t i = 0; i < relation->n; i++) {
		const struct rs_element *e = &relation->items[i];
		bool same = true;

		for (size_t k = 0; k < relation->n_fields && same; k++) {
			uint8_t field = relation->fields[k];

			same = !p->lacks[field] && e->key[k] <= p->value[field] &&
			       p->value[field] <= e->end[k];
		}
		if (same)
			return e;
	}
	return NULL;
}
