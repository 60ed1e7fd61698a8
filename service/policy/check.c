/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What contradicts what. Each error names the line that has to give way. */
#include "config-private.h"

#include <netinet/in.h>

#define LOOPBACK_ADDR 0x7f000001u
#define LOOPBACK_NET 0x7f000000u
#define LOOPBACK_PREFIX 8
#define DNS_PORT 53
#define WIDEST_LAN 8

static uint32_t first_of(const struct subnet *n)
{
	return n->addr;
}

static uint32_t last_of(const struct subnet *n)
{
	return n->addr | (n->prefix ? ~(UINT32_MAX << (32 - n->prefix)) : UINT32_MAX);
}

static bool overlap(const struct subnet *a, const struct subnet *b)
{
	return first_of(a) <= last_of(b) && first_of(b) <= last_of(a);
}

static const struct user *common_user(const struct users *a, const struct users *b)
{
	for (size_t i = 0; i < a->n; i++)
		if (users_contain(b, a->items[i].uid))
			return &a->items[i];
	return NULL;
}

static size_t namespace_doors(const struct policy *q)
{
	size_t n = 0;

	for (size_t i = 0; i < q->n_namespaces; i++)
		n += q->namespaces[i].door;
	return n;
}

static void check_roles(struct parser *p, const struct policy *q)
{
	const struct {
		const char *name;
		const struct users *users;
	} doors[] = {{"clearnet", &q->clearnet}, {"autoconfig", &q->autoconfig}},
	  others[] = {{"tor", &q->tor}, {"desktop", &q->desktop}};
	const struct user *u;

	for (size_t i = 0; i < ARRAY_SIZE(doors); i++) {
		for (size_t j = 0; j < ARRAY_SIZE(others); j++) {
			u = common_user(doors[i].users, others[j].users);
			if (u)
				config_error(p, u->origin,
					     "user \"%s\" is both %s and %s; take one away",
					     u->name, doors[i].name, others[j].name);
		}
		for (size_t j = 0; j < doors[i].users->n; j++)
			if (doors[i].users->items[j].uid == 0)
				config_error(
					p, doors[i].users->items[j].origin,
					"root cannot be %s: it would be given a door; write a user "
					"made for it",
					doors[i].name);
	}
	u = common_user(&q->autoconfig, &q->clearnet);
	if (u)
		config_error(p, u->origin,
			     "user \"%s\" is both autoconfig and clearnet; take one away", u->name);
	u = common_user(&q->tor, &q->desktop);
	if (u)
		config_error(p, u->origin, "user \"%s\" is both tor and desktop; take one away",
			     u->name);
	if (q->clearnet.n + q->autoconfig.n + namespace_doors(q) > POLICY_DOORS_MAX)
		config_error(p, p->singles[SECTION_USERS].origin,
			     "more than %d clearnet and autoconfig users and namespaces with a "
			     "door; take some away",
			     POLICY_DOORS_MAX);
	if (!q->tor.n)
		config_warning(
			p, p->singles[SECTION_USERS].origin,
			"there is no tor user: nothing reaches the Internet; write [users] tor "
			"= debian-tor");
}

/* A user with a door never reaches this machine itself: a grant to it would be a lie. */
static void check_no_door(struct parser *p, const struct policy *q, const struct users *users,
			  const char *what)
{
	bool autoconfig;

	for (size_t i = 0; i < users->n; i++)
		if (policy_door(q, users->items[i].uid, &autoconfig))
			config_error(
				p, users->items[i].origin,
				"user \"%s\" is %s, and such a user never reaches this machine "
				"itself; take it out of %s",
				users->items[i].name, autoconfig ? "autoconfig" : "clearnet", what);
}

static bool listens_on(const struct listen *l, uint8_t protocol, uint16_t port)
{
	return !l->ipv6 && l->addr == LOOPBACK_ADDR && l->protocol == protocol &&
	       l->first <= port && port <= l->last;
}

static void check_listen(struct parser *p, const struct policy *q, const struct listen *l)
{
	const struct subnet host = {.addr = l->addr, .prefix = 32};

	if (l->ipv6)
		return;
	if (overlap(&host, &q->automap.range))
		config_error(p, l->origin,
			     "that address is in [automap] range, which is Tor's; write 127.0.0.1");
	if (listens_on(l, l->protocol, DNS_PORT))
		config_error(
			p, l->origin,
			"port 53 of 127.0.0.1 is redirected to Tor; write [dns] users instead");
	if (listens_on(l, IPPROTO_TCP, q->automap.port))
		config_error(
			p, l->origin,
			"port %u is Tor's TransPort, which is reached by redirection only; write "
			"[automap] users instead",
			q->automap.port);
	if (q->dns.users.n && (listens_on(l, IPPROTO_UDP, q->dns.port) ||
			       (q->dns.tcp && listens_on(l, IPPROTO_TCP, q->dns.port))))
		config_error(
			p, l->origin,
			"port %u is Tor's DNSPort, which is reached by redirection only; write "
			"[dns] users instead",
			q->dns.port);
}

/* One range of ports of one section, for finding those that share a port. */
struct claim {
	const struct listen *listen;
	const char *section, *name;
	const struct users *server;
};

static int compare_claims(const void *pa, const void *pb)
{
	const struct listen *a = ((const struct claim *)pa)->listen;
	const struct listen *b = ((const struct claim *)pb)->listen;
	const int64_t keys[][2] = {
		{a->ipv6, b->ipv6},
		{a->addr, b->addr},
		{a->protocol, b->protocol},
		{a->first, b->first},
	};

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (keys[i][0] != keys[i][1])
			return keys[i][0] < keys[i][1] ? -1 : 1;
	return 0;
}

static bool same_users(const struct users *a, const struct users *b)
{
	for (size_t i = 0; i < a->n; i++)
		if (!users_contain(b, a->items[i].uid))
			return false;
	for (size_t i = 0; i < b->n; i++)
		if (!users_contain(a, b->items[i].uid))
			return false;
	return true;
}

static struct claim *all_claims(const struct policy *q, size_t *ret_n)
{
	struct claim *claims;
	size_t most = 0, n = 0;

	for (size_t i = 0; i < q->n_services; i++)
		most += q->services[i].n_listens;
	for (size_t i = 0; i < q->n_namespaces; i++)
		most += q->namespaces[i].n_listens;
	claims = calloc(most ? most : 1, sizeof(*claims));
	for (size_t i = 0; claims && i < q->n_services; i++) {
		const struct service *s = &q->services[i];

		for (size_t j = 0; j < s->n_listens; j++)
			claims[n++] =
				(struct claim){&s->listens[j], "service", s->name, &s->server};
	}
	for (size_t i = 0; claims && i < q->n_namespaces; i++) {
		const struct namespace *s = &q->namespaces[i];

		for (size_t j = 0; j < s->n_listens; j++)
			claims[n++] =
				(struct claim){&s->listens[j], "namespace", s->name, &s->server};
	}
	*ret_n = n;
	return claims;
}

/* Grants to one port add up; who answers on it can only be one. */
static void check_servers(struct parser *p, const struct policy *q)
{
	size_t n;
	_cleanup_(freep) struct claim *claims = all_claims(q, &n);
	const struct claim *widest = NULL;

	if (!claims) {
		p->out_of_memory = true;
		return;
	}
	qsort(claims, n, sizeof(*claims), compare_claims);
	for (size_t i = 0; i < n; i++) {
		const struct listen *l = claims[i].listen;
		bool shared = widest && widest->listen->ipv6 == l->ipv6 &&
			      widest->listen->addr == l->addr &&
			      widest->listen->protocol == l->protocol &&
			      l->first <= widest->listen->last;

		if (shared && !same_users(widest->server, claims[i].server))
			config_error(p, l->origin,
				     "%s \"%s\" and %s \"%s\" share port %u, but not their server; "
				     "write the same server for both",
				     widest->section, widest->name, claims[i].section,
				     claims[i].name, l->first);
		if (!shared || l->last > widest->listen->last)
			widest = &claims[i];
	}
}

/* Of two lines that contradict each other the later one has to give way. */
static struct origin later(struct origin a, struct origin b)
{
	if (a.line == 0 || b.line == 0)
		return a.line ? a : b;
	return a.file > b.file || (a.file == b.file && a.line > b.line) ? a : b;
}

static void check_confined(struct parser *p, const struct policy *q, const struct namespace *n)
{
	const struct subnet loopback = {.addr = LOOPBACK_NET, .prefix = LOOPBACK_PREFIX};

	for (size_t i = 0; i < n->n_listens; i++) {
		const struct listen *l = &n->listens[i];
		const struct subnet host = {.addr = l->addr, .prefix = 32};

		if (l->ipv6)
			config_error(p, l->origin,
				     "a confined program has no IPv6; write an IPv4 address");
		else if (overlap(&host, &loopback))
			config_error(
				p, l->origin,
				"no packet for 127.0.0.0/8 comes in by a link; write this machine's "
				"address on %s, and let the service listen there",
				*n->interface ? n->interface : "the pair");
		else if (l->addr == n->peer)
			config_error(p, l->origin,
				     "that is the program's own address; write this machine's on "
				     "the pair");
	}
	check_no_door(p, q, &n->server, "server");
	if (n->door && strlen(n->name) > POLICY_NAME_MAX)
		config_error(p, n->door_at,
			     "\"%s\" is too long a name for a namespace with a door; %d "
			     "characters are read",
			     n->name, POLICY_NAME_MAX);
}

/* A link or an address leads to one program. */
static void check_namespaces(struct parser *p, const struct policy *q)
{
	for (size_t i = 0; i < q->n_namespaces; i++) {
		const struct namespace *a = &q->namespaces[i];

		check_confined(p, q, a);
		for (size_t j = 0; j < i; j++) {
			const struct namespace *b = &q->namespaces[j];

			if (*a->interface && strcmp(a->interface, b->interface) == 0)
				config_error(p, later(a->interface_at, b->interface_at),
					     "namespaces \"%s\" and \"%s\" have the same "
					     "interface; write one for each",
					     b->name, a->name);
			if (a->peer && a->peer == b->peer)
				config_error(p, later(a->peer_at, b->peer_at),
					     "namespaces \"%s\" and \"%s\" have the same peer; "
					     "write one for each",
					     b->name, a->name);
		}
	}
}

static void check_automap(struct parser *p, const struct policy *q)
{
	const struct subnet loopback = {.addr = LOOPBACK_NET, .prefix = LOOPBACK_PREFIX};
	const struct subnet host = {.addr = LOOPBACK_ADDR, .prefix = 32};
	const struct subnet *r = &q->automap.range;

	if (r->prefix <= LOOPBACK_PREFIX || !overlap(r, &loopback) || overlap(r, &host))
		config_error(
			p, r->origin,
			"[automap] range has to lie inside 127.0.0.0/8, without 127.0.0.1; write "
			"127.192.0.0/10");
	if (q->dns.users.n && q->dns.port == DNS_PORT)
		config_error(p, q->dns.port_at,
			     "port %d of 127.0.0.1 is where programs ask, to be redirected; write "
			     "another one, which is torrc's DNSPort: 5353",
			     DNS_PORT);
	if (q->automap.users.n && q->dns.users.n && q->dns.tcp && q->automap.port == q->dns.port)
		config_error(p, later(q->automap.port_at, later(q->dns.port_at, q->dns.tcp_at)),
			     "[dns] and [automap] have the same TCP port; Tor has two");
}

static void check_lan(struct parser *p, const struct policy *q)
{
	static const struct {
		struct subnet net;
		const char *what;
	} never[] = {
		{{.addr = 0, .prefix = 8}, "0.0.0.0/8, which is no network"},
		{{.addr = LOOPBACK_NET, .prefix = 8}, "127.0.0.0/8, this machine itself"},
		{{.addr = 0xa9fe0000u, .prefix = 16}, "169.254.0.0/16, link-local addresses"},
		{{.addr = 0xe0000000u, .prefix = 3}, "multicast and reserved addresses"},
	};

	for (size_t i = 0; i < q->lan.ranges.n; i++) {
		const struct subnet *r = &q->lan.ranges.items[i];

		if (r->prefix < WIDEST_LAN) {
			config_error(
				p, r->origin,
				"a LAN of more than 16,777,216 addresses is the Internet; write a "
				"network with a prefix of /8 or longer");
			continue;
		}
		for (size_t j = 0; j < ARRAY_SIZE(never); j++)
			if (overlap(r, &never[j].net))
				config_error(p, r->origin, "a LAN cannot contain %s; take it out",
					     never[j].what);
	}
}

/* For anybody else no door would be opened; where nobody has one there is no browser either. */
static void check_browser(struct parser *p, const struct policy *q)
{
	const struct users *u = &q->browser.user;

	if (u->n && q->clearnet.n && !users_contain(&q->clearnet, u->items[0].uid))
		config_error(p, u->items[0].origin,
			     "user \"%s\" of [browser] is not clearnet; write one of [users] "
			     "clearnet",
			     u->items[0].name);
}

void check_policy(struct parser *p, const struct policy *q)
{
	check_roles(p, q);
	check_browser(p, q);
	check_no_door(p, q, &q->automap.users, "[automap] users");
	check_no_door(p, q, &q->dns.users, "[dns] users");
	for (size_t i = 0; i < q->n_services; i++) {
		const struct service *s = &q->services[i];

		check_no_door(p, q, &s->users, "users");
		check_no_door(p, q, &s->server, "server");
		for (size_t j = 0; j < s->n_listens; j++)
			check_listen(p, q, &s->listens[j]);
	}
	check_namespaces(p, q);
	check_servers(p, q);
	check_automap(p, q);
	check_lan(p, q);
	if (q->lease.default_seconds > q->lease.longest_seconds)
		config_error(p, later(q->lease.default_at, q->lease.longest_at),
			     "[lease] default is longer than longest; write a shorter default");
}
