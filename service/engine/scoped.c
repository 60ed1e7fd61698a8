/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scoped.h"

#include "consent.h"
#include "log.h"

#include <arpa/inet.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <sys/socket.h>

#define DNS_PORT 53u
#define HTTP_PORT 80u
#define HTTPS_PORT 443u
#define READS_AT_ONCE 16
#define PATIENCE USEC_PER_SEC
/* A network names as much as it likes, as often as somebody asks, or it sends without. */
#define SAY_EVERY (60 * USEC_PER_SEC)

static void say_deaf(const struct nfqueue *q)
{
	log_warning("no door of a smaller scope can be opened: %s; the wall lacks nothing",
		    q->error == -EPERM || q->error == -EBUSY
			    ? "another process listens to the netfilter queue that is ours"
			    : strerror(-q->error));
}

void scoped_open(struct engine *e)
{
	int r = nfqueue_open(&e->scoped.queue);

	if (r < 0)
		e->scoped.queue.error = r;
	if (e->scoped.queue.error)
		say_deaf(&e->scoped.queue);
}

int scoped_fd(const struct engine *e)
{
	/* With enough at hand the rest waits in the kernel, which keeps a few and drops more. */
	return e->scoped.n_held < SCOPED_HELD_MAX ? nfqueue_fd(&e->scoped.queue) : -1;
}

static void decide(struct engine *e, uint32_t packet, bool accept)
{
	int r = nfqueue_verdict(&e->scoped.queue, packet, accept);

	if (r < 0)
		log_warning("a DNS answer that waits: %s; it waits until the engine ends",
			    strerror(-r));
}

static const struct lease *lease_of_mark(const struct engine *e, uint32_t mark)
{
	for (size_t i = 0; i < e->leases.n; i++)
		if (e->leases.items[i].mark == mark && e->leases.items[i].scope != SCOPE_FULL)
			return &e->leases.items[i];
	return NULL;
}

/* Whether somebody is there to read it, and it is what the wall should have sent here. */
static bool is_readable(const struct engine *e, const struct lease *l,
			const struct nfqueue_packet *p)
{
	return l && p->sport == DNS_PORT && lease_asks(l, p->source) &&
	       p->size <= WIRE_ANSWER_SIZE && e->peer >= 0 && e->greeted &&
	       e->scoped.n_held < SCOPED_HELD_MAX;
}

static void hold(const struct nfqueue_packet *packet, void *userdata)
{
	struct engine *e = userdata;
	const struct lease *l = lease_of_mark(e, packet->mark);
	struct wire_dns_answer m = {0};

	if (!is_readable(e, l, packet)) {
		log_debug("a DNS answer is dropped: nobody can read it");
		decide(e, packet->id, false);
		return;
	}
	m.lease = l->id;
	m.packet = packet->id;
	m.size = (uint32_t)packet->size;
	memcpy(m.bytes, packet->data, packet->size);
	e->scoped.held[e->scoped.n_held++] = (struct scoped_held){
		.packet = packet->id,
		.lease = l->id,
		.until = now_boottime() + PATIENCE,
	};
	wire_header_init(&m.header, WIRE_DNS_ANSWER, 0);
	/* If it lets the bus process go, the lease ends, and what it waits for. */
	engine_send(e, &m, sizeof(m), -1);
	explicit_bzero(&m, sizeof(m));
}

void scoped_read(struct engine *e)
{
	size_t room = SCOPED_HELD_MAX - e->scoped.n_held;
	int r = nfqueue_read(&e->scoped.queue, room < READS_AT_ONCE ? room : READS_AT_ONCE, hold,
			     e);

	if (r < 0)
		log_warning("DNS answers: %s", strerror(-r));
}

/* Takes what waits at *i out of the list. */
static struct scoped_held take(struct engine *e, size_t i)
{
	struct scoped_held h = e->scoped.held[i];

	e->scoped.held[i] = e->scoped.held[--e->scoped.n_held];
	return h;
}

void scoped_ended(struct engine *e, uint64_t lease)
{
	for (size_t i = 0; i < e->scoped.n_held;)
		if (e->scoped.held[i].lease == lease)
			decide(e, take(e, i).packet, false);
		else
			i++;
}

void scoped_tick(struct engine *e, usec_t now)
{
	for (size_t i = 0; i < e->scoped.n_held;)
		if (e->scoped.held[i].until <= now) {
			log_debug("a DNS answer is dropped: the bus process has not read it");
			decide(e, take(e, i).packet, false);
		} else {
			i++;
		}
}

usec_t scoped_next(const struct engine *e)
{
	usec_t next = USEC_INFINITY;

	for (size_t i = 0; i < e->scoped.n_held; i++)
		if (e->scoped.held[i].until < next)
			next = e->scoped.held[i].until;
	return next;
}

/* --- where to */

static bool put_reach(struct nft_reach *r, uint32_t addr, uint8_t protocol, uint16_t port,
		      usec_t now, usec_t until)
{
	*r = (struct nft_reach){
		.addr = addr,
		.port = port,
		.protocol = protocol,
		/* Rounded down: the kernel may close early, never late; 0 would mean for ever. */
		.timeout_ms = until > now ? (until - now) / USEC_PER_MSEC : 0,
	};
	return r->timeout_ms > 0;
}

/* The ports that an address may be reached at by what it was named for. */
static size_t reach_address(const struct lease *l, const struct lease_address *a, usec_t now,
			    usec_t until, struct nft_reach *ret)
{
	static const uint16_t ports[] = {HTTP_PORT, HTTPS_PORT};
	size_t n_ports = l->scope == SCOPE_PROBE ? 1 : ARRAY_SIZE(ports), n = 0;

	for (size_t i = 0; i < n_ports; i++)
		n += put_reach(&ret[n], a->addr, IPPROTO_TCP, ports[i], now,
			       a->until < until ? a->until : until);
	return n;
}

size_t scoped_reach(const struct lease *l, usec_t now, usec_t since, usec_t until,
		    struct nft_reach *ret)
{
	size_t n = 0;

	for (size_t i = 0; i < l->n_servers; i++)
		n += put_reach(&ret[n], l->servers[i], IPPROTO_UDP, DNS_PORT, now, until);
	for (size_t i = 0; i < l->n_addresses; i++)
		if (l->addresses[i].until > since)
			n += reach_address(l, &l->addresses[i], now, until, &ret[n]);
	return n;
}

/* --- what may be named */

static const struct gateway *network_of(const struct engine *e, const struct lease *l)
{
	return l->scope == SCOPE_PROBE ? &e->consent.network : &e->scoped.network;
}

/* The connected networks of the gateways that the lease's network has. */
static size_t own_networks(struct engine *e, const struct lease *l, struct range ret[GATEWAY_WAYS])
{
	const struct gateway *g = network_of(e, l);
	size_t n = 0;

	for (size_t i = 0; i < GATEWAY_WAYS; i++) {
		struct route_range range;
		uint32_t addr;

		if (g->ways[i].family != AF_INET)
			continue;
		memcpy(&addr, g->ways[i].address, sizeof(addr));
		if (route_holding(&e->route, ntohl(addr), &range) == 0)
			ret[n++] = (struct range){range.first, range.last};
	}
	return n;
}

/*
 * Not an address of this machine, nor of all machines of a network, as the routes say; and not
 * behind another link: what somebody has agreed to is for one network.
 */
static bool is_of_network(struct engine *e, const struct lease *l, uint32_t addr)
{
	const struct gateway *g = network_of(e, l);
	struct route_way way;

	if (route_lookup(&e->route, addr, &way) < 0 || way.type != RTN_UNICAST || !way.link)
		return false;
	for (size_t i = 0; i < GATEWAY_WAYS; i++)
		if (g->ways[i].link == way.link)
			return true;
	return false;
}

static bool may_reach(struct engine *e, const struct lease *l, uint32_t addr)
{
	struct range own[GATEWAY_WAYS];
	size_t n = lease_is_private(addr) ? own_networks(e, l, own) : 0;

	return lease_may_reach(addr, own, n) && is_of_network(e, l, addr);
}

/* Answers repeat themselves; the kernel is told once. */
static bool is_repeated(const struct wire_dns_addresses *m, uint32_t i)
{
	for (uint32_t k = 0; k < i; k++)
		if (m->items[k].address == m->items[i].address)
			return true;
	return false;
}

static void say_full(const struct lease *l, usec_t now)
{
	static usec_t said;

	if (said && now - said < SAY_EVERY)
		return;
	log_warning("lease %llu: more than %d addresses at once; the rest stays closed",
		    (unsigned long long)l->id, LEASE_ADDRESSES_MAX);
	said = now;
}

/* Those of an answer that may be reached. How many. */
static size_t choose(struct engine *e, const struct lease *l, const struct wire_dns_addresses *m,
		     struct wire_dns_address ret[WIRE_ADDRESSES_MAX])
{
	size_t n = 0;

	for (uint32_t i = 0; i < m->n; i++)
		if (!is_repeated(m, i) && may_reach(e, l, m->items[i].address))
			ret[n++] = m->items[i];
	return n;
}

/* Puts what may be reached into the kernel's map. 0, or a negative errno: it may lack some. */
static int let_reach(struct engine *e, struct lease *l, const struct wire_dns_addresses *m)
{
	struct nft_reach reach[2 * WIRE_ADDRESSES_MAX];
	struct nft_lease kl = {.uid = l->uid, .mark = l->mark, .scoped = true, .reach = reach};
	struct wire_dns_address chosen[WIRE_ADDRESSES_MAX];
	size_t n = choose(e, l, m, chosen);
	usec_t now = now_boottime(); /* after the kernel was asked: no time is too long by that */
	struct nl_error error;
	int r;

	for (size_t i = 0; i < n; i++) {
		const struct lease_address *a =
			lease_name(l, chosen[i].address, chosen[i].ttl, now);

		if (!a)
			say_full(l, now);
		else
			kl.n_reach += reach_address(l, a, now, l->kernel_until, &reach[kl.n_reach]);
	}
	if (!kl.n_reach)
		return 0;
	r = nft_lease_reach(&e->nft, &kl, &error);
	if (r < 0)
		log_error("lease %llu: the kernel refuses %s: %s; it ends",
			  (unsigned long long)l->id, error.object, strerror(-r));
	return r;
}

void scoped_named(struct engine *e, const struct wire_dns_addresses *m)
{
	struct lease *l = lease_find(&e->leases, m->lease);
	size_t i = 0;
	int r;

	while (i < e->scoped.n_held &&
	       (e->scoped.held[i].packet != m->packet || e->scoped.held[i].lease != m->lease))
		i++;
	/* It was too late, or the lease has ended. */
	if (i == e->scoped.n_held || !l)
		return;
	(void)take(e, i);
	r = let_reach(e, l, m);
	decide(e, m->packet, r == 0);
	if (r < 0)
		engine_end(e, m->lease, REASON_FAILURE, 0);
}

/* --- opening, and the network */

/* 0, or an errno: why no answer would come to us. */
static uint32_t has_queue(struct engine *e)
{
	int r;

	if (!nft_has_queue(&e->nft) || nfqueue_fd(&e->scoped.queue) < 0)
		return EOPNOTSUPP;
	r = nfqueue_listen(&e->scoped.queue);
	if (r < 0)
		say_deaf(&e->scoped.queue);
	return (uint32_t)-r;
}

static int find_network(struct engine *e)
{
	int r;

	/* First: what changes after this is news. What was until now may be of consent. */
	nl_drain(&e->consent.watch);
	r = gateway_find(&e->route, &e->scoped.network);
	consent_look(e);
	return r;
}

/* The servers of other networks are left out: to ask them would tell them. */
static enum wire_refusal keep_servers(struct engine *e, struct lease *l)
{
	size_t n = 0;

	for (size_t i = 0; i < l->n_servers; i++)
		if (is_of_network(e, l, l->servers[i]))
			l->servers[n++] = l->servers[i];
	l->n_servers = n;
	return n > 0 ? REFUSAL_NONE : REFUSAL_NO_SERVERS;
}

enum wire_refusal scoped_prepare(struct engine *e, struct lease *l, uint32_t *ret_detail)
{
	int r;

	if (l->scope == SCOPE_FULL && !l->is_namespace)
		return REFUSAL_NONE;
	*ret_detail = l->is_namespace ? 0 : has_queue(e);
	if (*ret_detail)
		return REFUSAL_ENGINE_FAILURE;
	r = l->scope != SCOPE_PROBE && !scoped_stands(e) ? find_network(e) : 0;
	if (r == -ENETUNREACH)
		return REFUSAL_NO_NETWORK;
	*ret_detail = (uint32_t)-r;
	if (r < 0)
		return REFUSAL_ENGINE_FAILURE;
	return l->is_namespace ? REFUSAL_NONE : keep_servers(e, l);
}

bool scoped_stands(const struct engine *e)
{
	for (size_t i = 0; i < e->leases.n; i++)
		if (lease_has_network(&e->leases.items[i]))
			return true;
	return false;
}

void scoped_follow(struct engine *e, int error, const struct gateway *now)
{
	struct lease_effects effects;

	if (error == 0 && gateway_follow(&e->scoped.network, now))
		return;
	/* A network that cannot be known may be any. */
	if (error < 0 && error != -ENETUNREACH)
		log_error("the network that portals are for: %s", strerror(-error));
	lease_end_portals(&e->leases, &effects);
	engine_apply(e, &effects);
}
