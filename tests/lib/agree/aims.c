/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where packets go: to what the ruleset names, right beside it, and elsewhere. */
#include "agree.h"

#include <netinet/in.h>

static void add(uint32_t *pool, size_t size, size_t *n, uint32_t v)
{
	for (size_t i = 0; i < *n; i++)
		if (pool[i] == v)
			return;
	if (*n < size)
		pool[(*n)++] = v;
}

static void add_uid(struct pools *p, uint32_t uid)
{
	if (uid != RS_NOBODY)
		add(p->uids, ARRAY_SIZE(p->uids), &p->n_uids, uid);
}

static void add_address(struct pools *p, uint32_t address)
{
	add(p->addresses, ARRAY_SIZE(p->addresses), &p->n_addresses, address);
}

static void add_port(struct pools *p, uint32_t port)
{
	if (port <= UINT16_MAX)
		add(p->ports, ARRAY_SIZE(p->ports), &p->n_ports, port);
}

/* Both ends of a range, and what is right outside. */
static void add_number(struct pools *p, enum rs_field field, uint32_t first, uint32_t last)
{
	switch (field) {
	case FIELD_SKUID:
		add_uid(p, first);
		break;
	case FIELD_IP_DADDR:
	case FIELD_IP_SADDR:
		add_address(p, first);
		add_address(p, last);
		if (first != last) {
			add_address(p, first - 1);
			add_address(p, last + 1);
			add_address(p, first + (last - first) / 2);
		}
		break;
	case FIELD_TH_DPORT:
	case FIELD_TH_SPORT:
		add_port(p, first);
		add_port(p, last);
		add_port(p, first - 1);
		add_port(p, last + 1);
		break;
	default:
		break;
	}
}

static void add_elements(struct pools *p, enum rs_set set, const struct rs_elements *v)
{
	const struct rs_set_info *info = rs_set_info(set);

	for (size_t i = 0; i < v->n; i++)
		for (size_t k = 0; k < info->n_fields; k++)
			add_number(p, info->fields[k], v->items[i].key[k], v->items[i].end[k]);
}

static void add_rules(struct pools *p, const struct ruleset *r)
{
	for (size_t i = 0; i < r->n_rules; i++)
		for (size_t k = 0; k < r->rules[i].n_stmts; k++) {
			const struct rs_stmt *s = &r->rules[i].stmts[k];

			if (s->kind == STMT_REDIRECT)
				add_port(p, s->value);
			else if (s->kind == STMT_IS && s->mask)
				add_number(p, s->fields[0], s->value, s->value | ~s->mask);
			else if (s->kind == STMT_IS)
				add_number(p, s->fields[0], s->value, s->value);
		}
}

void pools_fill(struct pools *p, const struct ruleset *r)
{
	static const uint32_t uids[] = {0,    1,    33,   901,   902,        905,
					1000, 1003, 5001, 60000, 4294967294u};
	static const uint32_t addresses[] = {
		0x7f000001, 0x7f000002, 0x7f090909, 0xc0a84d01, 0xc0a84d14, 0xc0a84d0a,
		0xc0a84dff, 0x0a090807, 0x0a090809, 0xac140001, 0xac140009, 0xcb007105,
		0xcb007106, 0xc6336401, 0x08080808, 0x64400001, 0xe00000fb, 0xefffffff,
		0xffffffff, 0xa9fe0101, 0xa9fe0001, 0x00000000, 0x7fffffff, 0x7f000035,
	};
	static const uint32_t ports[] = {1,   53,   67,   68,   80,   443,
					 853, 5353, 7777, 9040, 9050, 40000};

	*p = (struct pools){0};
	for (size_t i = 0; i < ARRAY_SIZE(uids); i++)
		add_uid(p, uids[i]);
	for (size_t i = 0; i < ARRAY_SIZE(addresses); i++)
		add_address(p, addresses[i]);
	for (size_t i = 0; i < ARRAY_SIZE(ports); i++)
		add_port(p, ports[i]);
	for (size_t i = 0; i < SET_N; i++)
		add_elements(p, i, &r->elements[i]);
	add_rules(p, r);
}

/* An element of a set that names owner, address, protocol and port, as a place to go to. */
static bool aim_at_element(const struct ruleset *r, enum rs_set set, struct aim *ret)
{
	const struct rs_set_info *info = rs_set_info(set);
	const struct rs_elements *v = &r->elements[set];
	const struct rs_element *e;
	uint32_t width;

	if (!v->n)
		return false;
	e = &v->items[dice((uint32_t)v->n)];
	ret->ipv6 = true;
	for (size_t k = 0; k < info->n_fields; k++)
		switch (info->fields[k]) {
		case FIELD_SKUID:
			ret->uid = e->key[k];
			break;
		case FIELD_IP_DADDR:
		case FIELD_IP_SADDR:
			ret->address = e->key[k];
			ret->ipv6 = false;
			break;
		case FIELD_L4PROTO:
			ret->protocol = (uint8_t)e->key[k];
			break;
		case FIELD_TH_SPORT:
		case FIELD_TH_DPORT:
			width = e->end[k] - e->key[k] + 1;
			ret->port = (uint16_t)(e->key[k] + (width ? dice(width) : 0));
			break;
		default:
			break;
		}
	return true;
}

/* What is redirected; those rules are the first. */
static void aim_at_redirect(const struct ruleset *r, struct aim *a)
{
	const struct rs_rule *rule = &r->rules[dice(3)];

	if (rule->chain != CHAIN_NAT_OUTPUT)
		return;
	a->ipv6 = false;
	for (size_t k = 0; k < rule->n_stmts; k++) {
		const struct rs_stmt *s = &rule->stmts[k];

		if (s->kind == STMT_IS && s->fields[0] == FIELD_IP_DADDR)
			a->address = s->value | (s->mask ? dice_u32() & ~s->mask : 0);
		else if (s->kind == STMT_IS && s->fields[0] == FIELD_L4PROTO)
			a->protocol = (uint8_t)s->value;
		else if (s->kind == STMT_IS && s->fields[0] == FIELD_TH_DPORT)
			a->port = (uint16_t)s->value;
		else if (s->kind == STMT_IN && r->elements[s->object].n)
			a->uid = r->elements[s->object]
					 .items[dice((uint32_t)r->elements[s->object].n)]
					 .key[0];
	}
}

struct aim aim_random(const struct pools *p, const struct ruleset *r)
{
	static const enum rs_set sets[] = {
		SET_SERVICES,  SET_SERVICES_WIDE, SET_SERVERS,  SET_SERVERS_WIDE,
		SET_SERVICES6, SET_SERVERS6,      SET_SERVICES,
	};
	struct aim a = {
		.uid = p->uids[dice((uint32_t)p->n_uids)],
		.address = p->addresses[dice((uint32_t)p->n_addresses)],
		.port = (uint16_t)p->ports[dice((uint32_t)p->n_ports)],
		.protocol = one_in(2) ? IPPROTO_TCP : IPPROTO_UDP,
		.ipv6 = one_in(8),
	};
	const struct aim any = a;

	if (one_in(6))
		aim_at_redirect(r, &a);
	else if (one_in(2))
		(void)aim_at_element(r, PICK(sets), &a);
	if (one_in(8))
		a.uid = any.uid;
	if (one_in(10))
		a.address = any.address;
	if (one_in(10))
		a.port = any.port;
	return a;
}

void aim_at_reach(const struct scene *s, struct aim *ret)
{
	const struct nft_lease *l =
		s->n_leases ? &s->leases[dice((uint32_t)s->n_leases)].lease : NULL;
	const struct nft_reach *r = l && l->n_reach ? &l->reach[dice((uint32_t)l->n_reach)] : NULL;

	if (r)
		*ret = (struct aim){l->uid, r->addr, r->port, r->protocol, false};
}

static const struct rs_element *answering(const struct ruleset *r, const struct aim *a,
					  enum rs_set set)
{
	const struct rs_elements *v = &r->elements[set];
	size_t n = rs_set_info(set)->n_fields, start = v->n ? dice((uint32_t)v->n) : 0;

	for (size_t i = 0; i < v->n; i++) {
		const struct rs_element *e = &v->items[(start + i) % v->n];

		if ((n == 3 || e->key[1] == a->address) && e->key[n - 2] == a->protocol &&
		    e->key[n - 1] <= a->port && a->port <= e->end[n - 1])
			return e;
	}
	return NULL;
}

bool aim_confined(const struct ruleset *r, struct aim *ret)
{
	const struct rs_elements *v = &r->elements[SET_NAMESPACES];
	const struct rs_element *e = v->n ? &v->items[dice((uint32_t)v->n)] : NULL;
	const uint32_t *key = e ? e->key + RS_LINK_WORDS : NULL;

	if (!e)
		return false;
	*ret = (struct aim){
		.address = key[1], .protocol = (uint8_t)key[2], .port = (uint16_t)key[3]};
	e = answering(r, ret, SET_SERVERS);
	if (!e)
		e = answering(r, ret, SET_SERVERS_WIDE);
	ret->uid = e ? e->key[0] : 0;
	return true;
}

static bool visit_service(const struct ruleset *r, struct aim *ret, uint32_t *ret_server)
{
	static const struct {
		enum rs_set grants, answers;
	} kinds[] = {
		{SET_SERVICES, SET_SERVERS},
		{SET_SERVICES_WIDE, SET_SERVERS_WIDE},
		{SET_SERVICES6, SET_SERVERS6},
		{SET_SERVICES6_WIDE, SET_SERVERS6_WIDE},
	};
	uint32_t k = dice(ARRAY_SIZE(kinds));
	const struct rs_element *e;

	if (!aim_at_element(r, kinds[k].grants, ret))
		return false;
	e = answering(r, ret, kinds[k].answers);
	*ret_server = e ? e->key[0] : 0;
	return true;
}

/* Tor's own listeners: behind a redirect, or for its transports. */
static bool visit_tor(const struct policy *p, const struct ruleset *r, struct aim *ret,
		      uint32_t *ret_server, uint16_t *ret_port)
{
	const struct rs_rule *rule = &r->rules[dice(3)];

	if (!p->tor.n)
		return false;
	*ret_server = p->tor.items[dice((uint32_t)p->tor.n)].uid;
	if (rule->chain == CHAIN_NAT_OUTPUT && !one_in(3)) {
		*ret = (struct aim){.uid = 1000};
		aim_at_redirect(r, ret);
		while (!ret->address)
			aim_at_redirect(r, ret);
		*ret_port = ret->protocol == IPPROTO_TCP && ret->port == 0 ? p->automap.port
									   : p->dns.port;
		ret->port = ret->port ? ret->port : 80;
		return true;
	}
	*ret_port = (uint16_t)(20000 + dice(8));
	*ret = (struct aim){*ret_server, 0x7f000001, *ret_port, IPPROTO_TCP, false};
	return true;
}

bool aim_visit(const struct policy *p, const struct ruleset *r, struct aim *ret,
	       uint32_t *ret_server, uint16_t *ret_port)
{
	if (one_in(3))
		return visit_tor(p, r, ret, ret_server, ret_port);
	if (!visit_service(r, ret, ret_server))
		return false;
	*ret_port = ret->port;
	return true;
}
