/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a policy says, in the terms of the invariants. From the policy alone. */
#include "invariants.h"

#include <errno.h>
#include <netinet/in.h>

#define LOOPBACK_ADDR 0x7f000001u
#define LINK_LOCAL_FIRST 0xa9fe0000u
#define LINK_LOCAL_LAST 0xa9feffffu
#define PROTOCOL_DCCP 33
#define PROTOCOL_ICMPV6 58
#define PROTOCOL_SCTP 132
#define PROTOCOL_UDPLITE 136
/* FIN, SYN, RST and ACK; SYN alone opens a connection: RFC 9293, 3.5. */
#define OPENING_MASK 0x17u
#define OPENING 0x02u

/* Terms that are the same for every policy: RFC numbers and kernel headers. */
static const struct {
	enum term term;
	struct range range;
} constants[] = {
	{TERM_LO, {1, 1}},
	{TERM_V4, {2, 2}},
	{TERM_V6, {10, 10}},
	{TERM_LOCALHOST6, {1, 1}},
	{TERM_LINK_LOCAL, {LINK_LOCAL_FIRST, LINK_LOCAL_LAST}},
	{TERM_LOOPBACK, {LOOPBACK_ADDR, LOOPBACK_ADDR}},
	{TERM_WITH_PORTS, {IPPROTO_TCP, IPPROTO_TCP}},
	{TERM_WITH_PORTS, {IPPROTO_UDP, IPPROTO_UDP}},
	{TERM_WITH_PORTS, {PROTOCOL_DCCP, PROTOCOL_DCCP}},
	{TERM_WITH_PORTS, {PROTOCOL_SCTP, PROTOCOL_SCTP}},
	{TERM_WITH_PORTS, {PROTOCOL_UDPLITE, PROTOCOL_UDPLITE}},
	{TERM_NO_OPTIONS, {0x45, 0x45}},
	{TERM_TCP, {IPPROTO_TCP, IPPROTO_TCP}},
	{TERM_UDP, {IPPROTO_UDP, IPPROTO_UDP}},
	{TERM_TCP_UDP, {IPPROTO_TCP, IPPROTO_TCP}},
	{TERM_TCP_UDP, {IPPROTO_UDP, IPPROTO_UDP}},
	{TERM_PING, {IPPROTO_ICMP, IPPROTO_ICMP}},
	{TERM_TELLING, {IPPROTO_ICMP, IPPROTO_ICMP}},
	{TERM_TELLING, {IPPROTO_TCP, IPPROTO_TCP}},
	{TERM_TELLING, {PROTOCOL_ICMPV6, PROTOCOL_ICMPV6}},
	{TERM_LOCAL, {2, 2}},
	{TERM_UNICAST, {1, 1}},
	{TERM_ORIGINAL, {0, 0}},
	{TERM_REPLY, {1, 1}},
	{TERM_NEW, {8, 8}},
	{TERM_RUNNING, {2, 2}},
	{TERM_RELATED, {4, 4}},
	{TERM_NO_FLOW, {1, 1}},
	{TERM_NO_FLOW, {64, 64}},
	{TERM_UNMARKED, {0, 0}},
	{TERM_BY_TOR, {MARK_TOR, MARK_TOR}},
	{TERM_BY_LAN, {MARK_LAN, MARK_LAN}},
	{TERM_BY_LOCAL, {MARK_LOCAL, MARK_LOCAL}},
	{TERM_BY_LOCAL_TOR, {MARK_LOCAL_TOR, MARK_LOCAL_TOR}},
	{TERM_BY_LEASE, {MARK_LEASE, MARK_LEASE | ~MARK_KIND}},
	{TERM_BY_NAMESPACE, {MARK_NAMESPACE, MARK_NAMESPACE}},
	{TERM_BY_FORWARD, {MARK_FORWARD, MARK_FORWARD | ~MARK_KIND}},
	{TERM_BY_SCOPED, {MARK_SCOPED, MARK_SCOPED | ~MARK_KIND}},
	{TERM_BY_DOOR, {MARK_LEASE, MARK_SCOPED | ~MARK_KIND}},
	{TERM_LOCALLY, {MARK_LOCAL, MARK_LOCAL_TOR}},
	{TERM_FRESH_LAN, {0, 0}},
	{TERM_FRESH_LAN, {MARK_LAN, MARK_LAN}},
	{TERM_FRESH_LOCAL, {0, 0}},
	{TERM_FRESH_LOCAL, {MARK_LOCAL, MARK_LOCAL}},
	{TERM_FRESH_NAMESPACE, {0, 0}},
	{TERM_FRESH_NAMESPACE, {MARK_NAMESPACE, MARK_NAMESPACE}},
	{TERM_ABROAD, {MARK_TOR, MARK_TOR}},
	{TERM_ABROAD, {MARK_LAN, MARK_LAN}},
	{TERM_KINDS, {MARK_TOR, MARK_TOR}},
	{TERM_KINDS, {MARK_LAN, MARK_LAN}},
	{TERM_KINDS, {MARK_LOCAL, MARK_LOCAL_TOR}},
	{TERM_KINDS, {MARK_LEASE | 1, MARK_LEASE | ~MARK_KIND}},
	{TERM_KINDS, {MARK_NAMESPACE, MARK_NAMESPACE}},
	{TERM_KINDS, {MARK_SCOPED | 1, MARK_SCOPED | ~MARK_KIND}},
	{TERM_DNS_PROTOCOLS, {IPPROTO_UDP, IPPROTO_UDP}},
	{TERM_PORT_53, {53, 53}},
	{TERM_ROOT, {0, 0}},
	{TERM_ZERO, {0, 0}},
	{TERM_BROADCAST, {UINT32_MAX, UINT32_MAX}},
	{TERM_DHCP_CLIENT, {68, 68}},
	{TERM_DHCP_SERVER, {67, 67}},
	{TERM_ETHER_IPV4, {0x0800, 0x0800}},
	{TERM_ETHER_IPV6, {0x86dd, 0x86dd}},
	{TERM_ETHER_ARP, {0x0806, 0x0806}},
	{TERM_ETHER_EAPOL, {0x888e, 0x888e}},
	{TERM_ETHER_KNOWN, {0x0800, 0x0800}},
	{TERM_ETHER_KNOWN, {0x0806, 0x0806}},
	{TERM_ETHER_KNOWN, {0x888e, 0x888e}},
	{TERM_ARP_ETHERNET, {1, 1}},
	{TERM_ARP_6, {6, 6}},
	{TERM_ARP_4, {4, 4}},
	{TERM_ARP_OPERATIONS, {1, 2}},
};

static const struct domain ports = {.items = &(const struct range){0, UINT16_MAX}, .n = 1};

/* And fragments, which have none. */
static const struct domain any_port = {
	.items = &(const struct range){0, UINT16_MAX}, .n = 1, .absent = true};

/* What is being gathered for one term. */
struct gathering {
	struct arena *arena;
	struct range *items;
	size_t n;
};

static struct gathering gather(struct arena *a, size_t most)
{
	return (struct gathering){.arena = a, .items = arena_ranges(a, most)};
}

static void add(struct gathering *g, uint32_t first, uint32_t last)
{
	if (g->items)
		g->items[g->n++] = (struct range){first, last};
}

static struct domain gathered(const struct gathering *g)
{
	return g->items ? domain_from(g->items, g->n) : (struct domain){0};
}

static void fill_constants(struct terms *t, struct arena *a)
{
	for (enum term term = 0; term < TERM_N; term++) {
		struct gathering g = gather(a, ARRAY_SIZE(constants));

		for (size_t i = 0; i < ARRAY_SIZE(constants); i++)
			if (constants[i].term == term)
				add(&g, constants[i].range.first, constants[i].range.last);
		t->terms[term] = gathered(&g);
	}
}

static struct domain uids(struct arena *a, const struct users *u, const struct users *more)
{
	struct gathering g = gather(a, u->n + (more ? more->n : 0));

	for (size_t i = 0; i < u->n; i++)
		add(&g, u->items[i].uid, u->items[i].uid);
	for (size_t i = 0; more && i < more->n; i++)
		add(&g, more->items[i].uid, more->items[i].uid);
	return gathered(&g);
}

static struct range subnet_range(const struct subnet *n)
{
	return (struct range){n->addr, n->addr + (uint32_t)((UINT64_C(1) << (32 - n->prefix)) - 1)};
}

static struct domain networks(struct arena *a, const struct subnets *s)
{
	struct gathering g = gather(a, s->n);

	for (size_t i = 0; i < s->n; i++) {
		struct range r = subnet_range(&s->items[i]);

		add(&g, r.first, r.last);
	}
	return gathered(&g);
}

/* Ports of [lan] refuse that are said for this protocol, or (either) for all. */
static struct domain refused(struct arena *a, const struct policy *p, uint8_t protocol, bool either)
{
	struct gathering g = gather(a, p->lan.n_refuse);

	for (size_t i = 0; i < p->lan.n_refuse; i++) {
		const struct ports *q = &p->lan.refuse[i];

		if (q->protocol == protocol || (either && q->protocol == 0))
			add(&g, q->first, q->last);
	}
	return gathered(&g);
}

static struct domain one(struct arena *a, uint32_t v)
{
	struct gathering g = gather(a, 1);

	add(&g, v, v);
	return gathered(&g);
}

/* Ports of 127.0.0.1 that Tor may use for itself: those that are nobody's. */
static struct domain tor_loopback(struct arena *a, const struct policy *p)
{
	size_t n = 2;
	struct gathering g;
	struct domain taken;

	if (!p->tor_may.loopback || !p->tor.n)
		return (struct domain){0};
	for (size_t i = 0; i < p->n_services; i++)
		n += p->services[i].n_listens;
	g = gather(a, n);
	add(&g, 53, 53);
	add(&g, p->automap.port, p->automap.port);
	for (size_t i = 0; i < p->n_services; i++)
		for (size_t j = 0; j < p->services[i].n_listens; j++) {
			const struct listen *l = &p->services[i].listens[j];

			if (!l->ipv6 && l->addr == LOOPBACK_ADDR && l->protocol == IPPROTO_TCP)
				add(&g, l->first, l->last);
		}
	taken = gathered(&g);
	return domain_minus(a, &ports, &taken);
}

static void fill_users(struct terms *t, struct arena *a, const struct policy *p)
{
	t->terms[TERM_TOR] = uids(a, &p->tor, NULL);
	t->terms[TERM_DOORS] = uids(a, &p->clearnet, &p->autoconfig);
	t->terms[TERM_PROBES] = uids(a, &p->autoconfig, NULL);
	t->terms[TERM_AUTOMAP] = uids(a, &p->automap.users, NULL);
	t->terms[TERM_DNS] = uids(a, &p->dns.users, NULL);
}

static void fill_networks(struct terms *t, struct arena *a, const struct policy *p)
{
	struct domain ranges = networks(a, &p->lan.ranges), exclude = networks(a, &p->lan.exclude);
	struct gathering g = gather(a, 1), peers = gather(a, p->n_namespaces);
	struct range automap = subnet_range(&p->automap.range);

	for (size_t i = 0; i < p->n_namespaces; i++)
		add(&peers, p->namespaces[i].peer, p->namespaces[i].peer);
	t->terms[TERM_PEERS] = gathered(&peers);
	t->terms[TERM_LAN] = domain_minus(a, &ranges, &exclude);
	add(&g, automap.first, automap.last);
	t->terms[TERM_AUTOMAP_RANGE] = gathered(&g);
}

static void fill_ports(struct terms *t, struct arena *a, const struct policy *p)
{
	t->terms[TERM_REFUSED_TCP] = refused(a, p, IPPROTO_TCP, true);
	t->terms[TERM_REFUSED_UDP] = refused(a, p, IPPROTO_UDP, true);
	t->terms[TERM_REFUSED_ALL] = refused(a, p, 0, true);
	t->terms[TERM_OPEN_TCP] = domain_minus(a, &ports, &t->terms[TERM_REFUSED_TCP]);
	t->terms[TERM_OPEN_UDP] = domain_minus(a, &ports, &t->terms[TERM_REFUSED_UDP]);
	/* Without its users that port may be anything, the DNSPort for one. */
	if (p->automap.users.n)
		t->terms[TERM_AUTOMAP_PORT] = one(a, p->automap.port);
	t->terms[TERM_DNS_PORT] = one(a, p->dns.port);
	t->terms[TERM_TOR_UDP] = p->tor_may.udp   ? any_port
				 : p->tor_may.dns ? t->terms[TERM_PORT_53]
						  : (struct domain){0};
	t->terms[TERM_TOR_LOOPBACK] = tor_loopback(a, p);
	if (p->dns.tcp)
		t->terms[TERM_DNS_PROTOCOLS] = t->terms[TERM_TCP_UDP];
}

static void fill_bits(struct terms *t, struct arena *a)
{
	const struct domain bytes = RANGES({0, UINT8_MAX});

	(void)domain_masked(a, &bytes, OPENING_MASK, OPENING, &t->terms[TERM_SYN]);
	(void)domain_masked(a, &bytes, RS_CT_STATUS_DNAT, RS_CT_STATUS_DNAT,
			    &t->terms[TERM_REDIRECTED]);
}

/* One more, to be filled in; NULL: out of memory. */
static struct rs_element *grant_new(struct rs_elements *v)
{
	if (v->n == v->capacity) {
		size_t capacity = v->capacity ? 2 * v->capacity : 64;
		struct rs_element *p = reallocarray(v->items, capacity, sizeof(*p));

		if (!p)
			return NULL;
		v->items = p;
		v->capacity = capacity;
	}
	v->items[v->n] = (struct rs_element){0};
	return &v->items[v->n++];
}

/* key: uid, address, protocol; of ::1 without the address. */
static bool grant_add(struct rs_elements *v, uid_t uid, const struct listen *l)
{
	struct rs_element *e = grant_new(v);
	size_t n = 0;

	if (!e)
		return false;
	e->origin = l->origin;
	e->key[n++] = uid;
	if (!l->ipv6)
		e->key[n++] = l->addr;
	e->key[n++] = l->protocol;
	memcpy(e->end, e->key, sizeof(e->end));
	e->key[n] = l->first;
	e->end[n] = l->last;
	return true;
}

static bool grant_users(struct rs_elements *v, const struct users *u, const struct listen *l)
{
	for (size_t i = 0; i < u->n; i++)
		if (!grant_add(v, u->items[i].uid, l))
			return false;
	return true;
}

static bool grant_services(struct terms *t, const struct policy *p)
{
	for (size_t i = 0; i < p->n_services; i++)
		for (size_t j = 0; j < p->services[i].n_listens; j++) {
			const struct service *s = &p->services[i];
			const struct listen *l = &s->listens[j];
			bool ok = true;

			if (!l->ipv6)
				ok = grant_users(&t->grants[GRANT_SERVICES], &s->users, l) &&
				     grant_users(&t->grants[GRANT_LOCAL], &s->users, l);
			else
				ok = grant_users(&t->grants[GRANT_SERVICES6], &s->users, l);
			if (!ok ||
			    !grant_users(&t->grants[l->ipv6 ? GRANT_ANSWERS6 : GRANT_ANSWERS],
					 &s->server, l))
				return false;
		}
	return true;
}

/* A port of Tor's that is reached by redirection; root or Tor answers there. */
static bool grant_redirected(struct terms *t, const struct policy *p, const struct users *u,
			     uint8_t protocol, uint16_t port, struct origin origin)
{
	const struct listen l = {
		.addr = LOOPBACK_ADDR,
		.first = port,
		.last = port,
		.protocol = protocol,
		.origin = origin,
	};

	return u->n == 0 || (grant_users(&t->grants[GRANT_LOCAL], u, &l) &&
			     grant_users(&t->grants[GRANT_ANSWERS], &p->tor, &l) &&
			     grant_add(&t->grants[GRANT_ANSWERS], 0, &l));
}

/* A link, whichever packets: their first numbers are its name. */
static struct rs_element *grant_link(struct rs_elements *v, const char *link)
{
	struct rs_element *e = grant_new(v);

	for (size_t i = 0; e && link[i]; i++)
		e->key[i / 4] |= (uint32_t)(unsigned char)link[i] << (24 - 8 * (i % 4));
	if (e)
		memcpy(e->end, e->key, sizeof(e->end));
	return e;
}

static bool grant_confined(struct rs_elements *v, const struct namespace *n, const struct listen *l)
{
	struct rs_element *e = grant_link(v, n->interface);
	size_t k = RS_LINK_WORDS;

	if (!e)
		return false;
	e->key[k] = e->end[k] = n->peer;
	e->key[k + 1] = e->end[k + 1] = l->addr;
	e->key[k + 2] = e->end[k + 2] = l->protocol;
	e->key[k + 3] = l->first;
	e->end[k + 3] = l->last;
	e->origin = l->origin;
	return true;
}

static bool grant_door(struct rs_elements *v, const struct namespace *n)
{
	struct rs_element *e = grant_link(v, n->interface);

	if (!e)
		return false;
	e->key[RS_LINK_WORDS] = e->end[RS_LINK_WORDS] = n->peer;
	return true;
}

static bool grant_namespaces(struct terms *t, const struct policy *p)
{
	for (size_t i = 0; i < p->n_namespaces; i++) {
		const struct namespace *n = &p->namespaces[i];

		if (!grant_link(&t->grants[GRANT_FROM_LINK], n->interface) ||
		    !grant_link(&t->grants[GRANT_TO_LINK], n->interface))
			return false;
		if (n->door && (!grant_door(&t->grants[GRANT_NAMESPACE_DOORS], n) ||
				!grant_door(&t->grants[GRANT_NAMESPACE_DOORS_BACK], n)))
			return false;
		for (size_t j = 0; j < n->n_listens; j++) {
			const struct listen *l = &n->listens[j];

			/* Whose port it is, is asked of an answer on loopback, too. */
			if (!grant_confined(&t->grants[GRANT_CONFINED_IN], n, l) ||
			    !grant_confined(&t->grants[GRANT_CONFINED_OUT], n, l) ||
			    !grant_users(&t->grants[GRANT_CONFINED_ANSWERS], &n->server, l) ||
			    !grant_users(&t->grants[GRANT_ANSWERS], &n->server, l))
				return false;
		}
	}
	return true;
}

static int compare_grants(const void *pa, const void *pb)
{
	const struct rs_element *a = pa, *b = pb;

	for (size_t i = 0; i < RS_KEY_MAX; i++)
		if (a->key[i] != b->key[i])
			return a->key[i] < b->key[i] ? -1 : 1;
	return 0;
}

/* Ranges of one key that overlap become one: relations are searched. */
static void merge(struct rs_elements *v, size_t last)
{
	size_t n = 0;

	if (!v->n)
		return;
	qsort(v->items, v->n, sizeof(*v->items), compare_grants);
	for (size_t i = 1; i < v->n; i++) {
		struct rs_element *before = &v->items[n], *e = &v->items[i];
		bool same = memcmp(before->key, e->key, last * sizeof(e->key[0])) == 0;

		if (!same || e->key[last] > before->end[last])
			v->items[++n] = *e;
		else if (e->end[last] > before->end[last])
			before->end[last] = e->end[last];
	}
	v->n = n + 1;
}

static const struct {
	uint8_t fields[RS_KEY_MAX];
	uint8_t n;
} keys[GRANT_N] = {
	[GRANT_SERVICES] = {{FIELD_SKUID, FIELD_IP_DADDR, FIELD_L4PROTO, FIELD_TH_DPORT}, 4},
	[GRANT_LOCAL] = {{FIELD_SKUID, FIELD_IP_DADDR, FIELD_L4PROTO, FIELD_TH_DPORT}, 4},
	[GRANT_ANSWERS] = {{FIELD_SKUID, FIELD_IP_SADDR, FIELD_L4PROTO, FIELD_TH_SPORT}, 4},
	[GRANT_SERVICES6] = {{FIELD_SKUID, FIELD_L4PROTO, FIELD_TH_DPORT}, 3},
	[GRANT_ANSWERS6] = {{FIELD_SKUID, FIELD_L4PROTO, FIELD_TH_SPORT}, 3},
	[GRANT_CONFINED_IN] = {{RS_IIFNAME, FIELD_IP_SADDR, FIELD_IP_DADDR, FIELD_L4PROTO,
				FIELD_TH_DPORT},
			       8},
	[GRANT_CONFINED_OUT] = {{RS_OIFNAME, FIELD_IP_DADDR, FIELD_IP_SADDR, FIELD_L4PROTO,
				 FIELD_TH_SPORT},
				8},
	[GRANT_CONFINED_ANSWERS] = {{FIELD_SKUID, FIELD_IP_SADDR, FIELD_L4PROTO, FIELD_TH_SPORT},
				    4},
	[GRANT_FROM_LINK] = {{RS_IIFNAME}, 4},
	[GRANT_TO_LINK] = {{RS_OIFNAME}, 4},
	[GRANT_NAMESPACE_DOORS] = {{RS_IIFNAME, FIELD_IP_SADDR}, 5},
	[GRANT_NAMESPACE_DOORS_BACK] = {{RS_OIFNAME, FIELD_IP_DADDR}, 5},
};

static bool fill_grants(struct terms *t, const struct policy *p)
{
	bool ok = grant_services(t, p) && grant_namespaces(t, p) &&
		  grant_redirected(t, p, &p->automap.users, IPPROTO_TCP, p->automap.port,
				   p->automap.origin) &&
		  grant_redirected(t, p, &p->dns.users, IPPROTO_UDP, p->dns.port, p->dns.origin) &&
		  (!p->dns.tcp ||
		   grant_redirected(t, p, &p->dns.users, IPPROTO_TCP, p->dns.port, p->dns.tcp_at));

	for (size_t i = 0; i < GRANT_N && ok; i++) {
		merge(&t->grants[i], keys[i].n - 1u);
		t->relations[i] = relation_of(&t->grants[i], keys[i].fields, keys[i].n);
	}
	return ok;
}

int terms_init(struct terms *t, struct arena *a, const struct policy *p)
{
	*t = (struct terms){.policy = p};
	fill_constants(t, a);
	fill_users(t, a, p);
	fill_networks(t, a, p);
	fill_ports(t, a, p);
	fill_bits(t, a);
	if (fill_grants(t, p) && !a->out_of_memory)
		return 0;
	terms_clear(t);
	return -ENOMEM;
}

void terms_clear(struct terms *t)
{
	for (size_t i = 0; i < GRANT_N; i++)
		free(t->grants[i].items);
	*t = (struct terms){0};
}
