/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "elements.h"

#include <netinet/in.h>

#define LOOPBACK_ADDR 0x7f000001u
/* Up to this many ports a range is single elements: a hash is faster than a tree of ranges. */
#define SINGLES_MAX 16u

void elements_append(struct ruleset *r, enum rs_set set, const struct rs_element *e)
{
	struct rs_elements *v = &r->elements[set];

	if (v->n == v->capacity) {
		size_t capacity = v->capacity ? v->capacity * 2 : 16;
		struct rs_element *p = reallocarray(v->items, capacity, sizeof(*p));

		if (!p) {
			r->out_of_memory = true;
			return;
		}
		v->items = p;
		v->capacity = capacity;
	}
	v->items[v->n++] = *e;
}

void elements_add(struct ruleset *r, enum rs_set set, const uint32_t *key, uint32_t data,
		  struct origin origin)
{
	struct rs_element e = {.data = data, .origin = origin};
	size_t size = rs_set_info(set)->n_fields * sizeof(*key);

	memcpy(e.key, key, size);
	memcpy(e.end, key, size);
	elements_append(r, set, &e);
}

static void add_users(struct ruleset *r, enum rs_set set, const struct users *u, uint32_t data)
{
	for (size_t i = 0; i < u->n; i++)
		elements_add(r, set, &(uint32_t){u->items[i].uid}, data, u->items[i].origin);
}

/* A range of numbers that belongs to a key; the raw material of sets that hold ranges. */
struct span {
	uint32_t key[3];
	uint32_t first, last;
	struct origin origin;
};

struct spans {
	struct span *items;
	size_t n, capacity;
};

static void spans_clear(struct spans *s)
{
	free(s->items);
}

static void spans_add(struct ruleset *r, struct spans *s, const struct span *span)
{
	if (s->n == s->capacity) {
		size_t capacity = s->capacity ? s->capacity * 2 : 64;
		struct span *p = reallocarray(s->items, capacity, sizeof(*p));

		if (!p) {
			r->out_of_memory = true;
			return;
		}
		s->items = p;
		s->capacity = capacity;
	}
	s->items[s->n++] = *span;
}

static int compare_u32(uint32_t a, uint32_t b)
{
	return a < b ? -1 : a > b;
}

static int compare_spans(const void *pa, const void *pb)
{
	const struct span *a = pa, *b = pb;

	for (size_t i = 0; i < ARRAY_SIZE(a->key); i++)
		if (a->key[i] != b->key[i])
			return compare_u32(a->key[i], b->key[i]);
	return compare_u32(a->first, b->first);
}

/* Makes spans of one key disjoint and not adjacent: the kernel refuses overlapping ranges. */
static void spans_merge(struct spans *s)
{
	size_t n = 0;

	if (!s->n)
		return;
	qsort(s->items, s->n, sizeof(*s->items), compare_spans);
	for (size_t i = 1; i < s->n; i++) {
		struct span *last = &s->items[n], *next = &s->items[i];
		bool touch = next->first <= last->last || next->first - last->last == 1;

		if (memcmp(last->key, next->key, sizeof(last->key)) == 0 && touch) {
			if (next->last > last->last)
				last->last = next->last;
		} else {
			s->items[++n] = *next;
		}
	}
	s->n = n + 1;
}

/* Where a service's grants go: IPv4 or ::1, single ports or ranges. */
struct target {
	enum rs_set single, wide;
};

static const struct target grants4 = {SET_SERVICES, SET_SERVICES_WIDE};
static const struct target grants6 = {SET_SERVICES6, SET_SERVICES6_WIDE};
static const struct target answers4 = {SET_SERVERS, SET_SERVERS_WIDE};
static const struct target answers6 = {SET_SERVERS6, SET_SERVERS6_WIDE};

/* Key of a span: uid, address, protocol. The sets of ::1 have no address. */
static void emit_service_span(struct ruleset *r, const struct target *t, const struct span *s)
{
	bool ipv6 = rs_set_info(t->single)->n_fields == 3;
	struct rs_element e = {.origin = s->origin};
	size_t n = 0;

	e.key[n++] = s->key[0];
	if (!ipv6)
		e.key[n++] = s->key[1];
	e.key[n++] = s->key[2];
	memcpy(e.end, e.key, sizeof(e.end));
	if (s->last - s->first >= SINGLES_MAX) {
		e.key[n] = s->first;
		e.end[n] = s->last;
		elements_append(r, t->wide, &e);
		return;
	}
	for (uint32_t port = s->first; port <= s->last; port++) {
		e.key[n] = e.end[n] = port;
		elements_append(r, t->single, &e);
	}
}

/* number: the first one of the key. */
static void add_listens(struct ruleset *r, struct spans *s, const struct listen *listens, size_t n,
			uint32_t number, bool ipv6)
{
	for (size_t i = 0; i < n; i++) {
		const struct listen *l = &listens[i];

		if (l->ipv6 != ipv6)
			continue;
		spans_add(r, s,
			  &(struct span){
				  .key = {number, l->addr, l->protocol},
				  .first = l->first,
				  .last = l->last,
				  .origin = l->origin,
			  });
	}
}

static void add_confined_answers(struct ruleset *r, struct spans *s, const struct policy *p)
{
	for (size_t i = 0; i < p->n_namespaces; i++) {
		const struct namespace *n = &p->namespaces[i];

		for (size_t j = 0; j < n->server.n; j++)
			add_listens(r, s, n->listens, n->n_listens, n->server.items[j].uid, false);
	}
}

/* Tor opens its listeners as root or as itself, depending on how it was started. */
static void add_tor_answers(struct ruleset *r, struct spans *s, const struct policy *p,
			    uint16_t port, uint8_t protocol, struct origin origin)
{
	struct span span = {
		.key = {0, LOOPBACK_ADDR, protocol},
		.first = port,
		.last = port,
		.origin = origin,
	};

	spans_add(r, s, &span);
	for (size_t i = 0; i < p->tor.n; i++) {
		span.key[0] = p->tor.items[i].uid;
		spans_add(r, s, &span);
	}
}

/* One direction (grants or answers) of one family, of all services. */
static void services_spans(struct ruleset *r, const struct policy *p, bool answers, bool ipv6)
{
	const struct target *t = answers ? ipv6 ? &answers6 : &answers4
				 : ipv6  ? &grants6
					 : &grants4;
	_cleanup_(spans_clear) struct spans s = {0};

	for (size_t i = 0; i < p->n_services; i++) {
		const struct service *service = &p->services[i];
		const struct users *u = answers ? &service->server : &service->users;

		for (size_t j = 0; j < u->n; j++)
			add_listens(r, &s, service->listens, service->n_listens, u->items[j].uid,
				    ipv6);
	}
	if (answers && !ipv6)
		add_confined_answers(r, &s, p);
	if (answers && !ipv6 && p->automap.users.n)
		add_tor_answers(r, &s, p, p->automap.port, IPPROTO_TCP, p->automap.origin);
	if (answers && !ipv6 && p->dns.users.n) {
		add_tor_answers(r, &s, p, p->dns.port, IPPROTO_UDP, p->dns.origin);
		if (p->dns.tcp)
			add_tor_answers(r, &s, p, p->dns.port, IPPROTO_TCP, p->dns.origin);
	}
	spans_merge(&s);
	for (size_t i = 0; i < s.n; i++)
		emit_service_span(r, t, &s.items[i]);
}

/* A [namespace]: link, address, and where it may connect. Key of a span: which one, address,
 * protocol. */
static void emit_confined(struct ruleset *r, const struct policy *p, const struct span *s)
{
	const struct namespace *n = &p->namespaces[s->key[0]];
	struct rs_element e = {.origin = s->origin};
	size_t k = RS_LINK_WORDS;

	rs_link_words(n->interface, e.key);
	e.key[k++] = n->peer;
	e.key[k++] = s->key[1];
	e.key[k++] = s->key[2];
	memcpy(e.end, e.key, sizeof(e.end));
	e.key[k] = s->first;
	e.end[k] = s->last;
	elements_append(r, SET_NAMESPACES, &e);
}

static void namespaces(struct ruleset *r, const struct policy *p)
{
	_cleanup_(spans_clear) struct spans s = {0};

	for (size_t i = 0; i < p->n_namespaces; i++) {
		const struct namespace *n = &p->namespaces[i];
		uint32_t link[RS_LINK_WORDS + 1];

		rs_link_words(n->interface, link);
		elements_add(r, SET_CONFINED_LINKS, link, 0, n->interface_at);
		elements_add(r, SET_CONFINED_PEERS, &n->peer, 0, n->peer_at);
		if (n->door) {
			link[RS_LINK_WORDS] = n->peer;
			elements_add(r, SET_NAMESPACE_DOORS, link, 0, n->door_at);
		}
		add_listens(r, &s, n->listens, n->n_listens, (uint32_t)i, false);
	}
	spans_merge(&s);
	for (size_t i = 0; i < s.n; i++)
		emit_confined(r, p, &s.items[i]);
}

static void emit_ranges(struct ruleset *r, enum rs_set set, struct spans *s)
{
	spans_merge(s);
	for (size_t i = 0; i < s->n; i++)
		elements_append(r, set,
				&(struct rs_element){
					.key = {s->items[i].first},
					.end = {s->items[i].last},
					.origin = s->items[i].origin,
				});
}

/* Ports of 127.0.0.1 that belong to somebody: not for Tor's own use of loopback. */
static void claimed_ports(struct ruleset *r, const struct policy *p)
{
	const struct span fixed[] = {
		{.first = 53, .last = 53},
		{.first = p->automap.port, .last = p->automap.port, .origin = p->automap.origin},
	};
	_cleanup_(spans_clear) struct spans s = {0};

	for (size_t i = 0; i < ARRAY_SIZE(fixed); i++)
		spans_add(r, &s, &fixed[i]);
	for (size_t i = 0; i < p->n_services; i++)
		for (size_t j = 0; j < p->services[i].n_listens; j++) {
			const struct listen *l = &p->services[i].listens[j];

			if (l->ipv6 || l->addr != LOOPBACK_ADDR || l->protocol != IPPROTO_TCP)
				continue;
			spans_add(r, &s,
				  &(struct span){
					  .first = l->first,
					  .last = l->last,
					  .origin = l->origin,
				  });
		}
	emit_ranges(r, SET_CLAIMED, &s);
}

static void refused_ports(struct ruleset *r, const struct policy *p, enum rs_set set,
			  uint8_t protocol)
{
	_cleanup_(spans_clear) struct spans s = {0};

	for (size_t i = 0; i < p->lan.n_refuse; i++) {
		const struct ports *q = &p->lan.refuse[i];

		if (q->protocol == 0 || q->protocol == protocol)
			spans_add(r, &s,
				  &(struct span){
					  .first = q->first,
					  .last = q->last,
					  .origin = q->origin,
				  });
	}
	emit_ranges(r, set, &s);
}

static struct span subnet_span(const struct subnet *n)
{
	uint32_t host = n->prefix ? ~(UINT32_MAX << (32 - n->prefix)) : UINT32_MAX;

	return (struct span){.first = n->addr, .last = n->addr | host, .origin = n->origin};
}

/* What is left of whole when the sorted, disjoint holes are cut out of it. */
static void subtract(struct ruleset *r, struct spans *out, struct span whole,
		     const struct spans *holes)
{
	for (size_t i = 0; i < holes->n; i++) {
		const struct span *hole = &holes->items[i];

		if (hole->last < whole.first || hole->first > whole.last)
			continue;
		if (hole->first > whole.first) {
			struct span before = whole;

			before.last = hole->first - 1;
			spans_add(r, out, &before);
		}
		if (hole->last >= whole.last)
			return;
		whole.first = hole->last + 1;
	}
	spans_add(r, out, &whole);
}

static void lan_ranges(struct ruleset *r, const struct policy *p)
{
	_cleanup_(spans_clear) struct spans holes = {0}, left = {0};

	for (size_t i = 0; i < p->lan.exclude.n; i++) {
		struct span hole = subnet_span(&p->lan.exclude.items[i]);

		spans_add(r, &holes, &hole);
	}
	spans_merge(&holes);
	for (size_t i = 0; i < p->lan.ranges.n; i++)
		subtract(r, &left, subnet_span(&p->lan.ranges.items[i]), &holes);
	emit_ranges(r, SET_LAN, &left);
}

void elements_from_policy(struct ruleset *r, const struct policy *p)
{
	add_users(r, SET_OWNERS, &p->clearnet, CHAIN_DOOR);
	add_users(r, SET_OWNERS, &p->autoconfig, CHAIN_PROBE);
	add_users(r, SET_OWNERS, &p->tor, CHAIN_TOR);
	add_users(r, SET_DOORS, &p->clearnet, 0);
	add_users(r, SET_DOORS, &p->autoconfig, 0);
	add_users(r, SET_TOR, &p->tor, 0);
	add_users(r, SET_AUTOMAP, &p->automap.users, 0);
	add_users(r, SET_DNS, &p->dns.users, 0);
	for (int answers = 0; answers < 2; answers++)
		for (int ipv6 = 0; ipv6 < 2; ipv6++)
			services_spans(r, p, answers, ipv6);
	namespaces(r, p);
	claimed_ports(r, p);
	lan_ranges(r, p);
	refused_ports(r, p, SET_REFUSE_STREAM, IPPROTO_TCP);
	refused_ports(r, p, SET_REFUSE_DATAGRAM, IPPROTO_UDP);
}

int elements_compare_keys(const struct rs_element *a, const struct rs_element *b)
{
	for (size_t i = 0; i < RS_KEY_MAX; i++)
		if (a->key[i] != b->key[i])
			return compare_u32(a->key[i], b->key[i]);
	return 0;
}

bool elements_same(const struct rs_element *a, const struct rs_element *b)
{
	return memcmp(a->key, b->key, sizeof(a->key)) == 0 &&
	       memcmp(a->end, b->end, sizeof(a->end)) == 0 && a->data == b->data;
}

static int compare_elements(const void *pa, const void *pb)
{
	const struct rs_element *a = pa, *b = pb;
	int r = elements_compare_keys(a, b);

	/* A user with a door has it before any other role; the parser refuses such a policy. */
	return r ? r : compare_u32(a->data, b->data);
}

void elements_order(struct rs_elements *v)
{
	if (v->n)
		qsort(v->items, v->n, sizeof(*v->items), compare_elements);
}

void elements_sort(struct ruleset *r)
{
	for (size_t i = 0; i < SET_N; i++) {
		struct rs_elements *v = &r->elements[i];
		size_t n = 0;

		if (!v->n)
			continue;
		elements_order(v);
		for (size_t j = 1; j < v->n; j++)
			if (memcmp(v->items[n].key, v->items[j].key, sizeof(v->items[j].key)) != 0)
				v->items[++n] = v->items[j];
		v->n = n + 1;
	}
}
