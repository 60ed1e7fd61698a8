/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nflog-origin.h"

#include "verdict.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

/* linux/rtnetlink.h */
#define FIB_BROADCAST 3u
#define FIB_MULTICAST 5u
/* Of IPv6 addresses rules know ::1 from all others. */
#define ANOTHER_ADDRESS 2u

static uint32_t address4(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static uint32_t address6(const uint8_t *p)
{
	return memcmp(p, &in6addr_loopback, sizeof(in6addr_loopback)) == 0 ? 1 : ANOTHER_ADDRESS;
}

/* As far as it can be told: what goes through lo is for an address of this machine's. */
static uint32_t fib_type(const struct nflog_packet *packet, uint32_t destination)
{
	if (destination >> 28 == 0xe)
		return FIB_MULTICAST;
	if (destination == UINT32_MAX)
		return FIB_BROADCAST;
	return packet->oif == RS_LOOPBACK_INDEX ? RS_FIB_LOCAL : RS_FIB_UNICAST;
}

static void set(struct packet *p, enum rs_field field, uint32_t value)
{
	p->value[field] = value;
	p->lacks[field] = false;
}

static void set_addresses(struct packet *p, const struct nflog_packet *packet)
{
	uint32_t destination = address4(packet->destination);

	if (packet->family == AF_INET6) {
		set(p, FIELD_IP6_SADDR, address6(packet->source));
		set(p, FIELD_IP6_DADDR, address6(packet->destination));
		return;
	}
	set(p, FIELD_IP_START, packet->ip_start);
	set(p, FIELD_IP_SADDR, address4(packet->source));
	set(p, FIELD_IP_DADDR, destination);
	set(p, FIELD_CT_ORIGINAL_DADDR, destination);
	set(p, FIELD_FIB_DADDR_TYPE, fib_type(packet, destination));
}

/* The first packet of a flow that nothing has admitted yet. */
static void as_new_flow(const struct nflog_packet *packet, struct packet *p)
{
	for (size_t i = 0; i < FIELD_N; i++) {
		p->value[i] = 0;
		p->lacks[i] = true;
	}
	set(p, FIELD_NFPROTO, packet->family == AF_INET ? RS_NFPROTO_IPV4 : RS_NFPROTO_IPV6);
	set(p, FIELD_OIF, packet->oif);
	set(p, FIELD_L4PROTO, packet->protocol);
	set(p, FIELD_CT_STATE, RS_CT_NEW);
	set(p, FIELD_CT_DIRECTION, RS_CT_ORIGINAL);
	set(p, FIELD_CT_STATUS, 0);
	set(p, FIELD_CT_MARK, 0);
	set(p, FIELD_META_MARK, 0);
	if (packet->uid != NFLOG_NO_UID)
		set(p, FIELD_SKUID, packet->uid);
	set_addresses(p, packet);
	if (packet->has_ports) {
		set(p, FIELD_TH_SPORT, packet->sport);
		set(p, FIELD_TH_DPORT, packet->dport);
		set(p, FIELD_CT_ORIGINAL_DPORT, packet->dport);
	}
	if (packet->protocol == IPPROTO_TCP)
		set(p, FIELD_TCP_FLAGS, packet->tcp_flags);
}

static struct origin first_of_class(const struct ruleset *r, uint32_t counter)
{
	for (size_t i = 0; i < r->n_rules; i++)
		for (size_t j = 0; j < r->rules[i].n_stmts; j++)
			if (r->rules[i].stmts[j].kind == STMT_COUNT &&
			    r->rules[i].stmts[j].object == counter)
				return r->rules[i].origin;
	return (struct origin){0};
}

/* 0, or -ENOMEM. */
static int judge(const struct ruleset *r, const struct route_ranges *on_link,
		 const struct nflog_packet *packet, struct outcome *ret)
{
	size_t n = on_link->n;
	_cleanup_(freep) struct rs_element *connected = calloc(n ? n : 1, sizeof(*connected));
	struct rs_elements kept[SET_N] = {[SET_ON_LINK] = {.items = connected, .n = n}};
	struct packet p;
	struct world w;
	int error;

	if (!connected)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		connected[i].key[0] = on_link->items[i].first;
		connected[i].end[0] = on_link->items[i].last;
	}
	error = world_init(&w, r, kept);
	if (error < 0)
		return error;
	as_new_flow(packet, &p);
	error = verdict_of(&w, CHAIN_OUTPUT, &p, ret);
	explicit_bzero(&p, sizeof(p));
	world_clear(&w);
	return error;
}

struct origin nflog_origin(const struct ruleset *r, const struct route_ranges *on_link,
			   const struct nflog_packet *packet)
{
	struct outcome outcome;

	if (judge(r, on_link, packet, &outcome) == 0 && outcome.counter == (int)packet->counter)
		return outcome.origin;
	return first_of_class(r, packet->counter);
}
