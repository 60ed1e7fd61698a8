/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "links.h"

#include "log.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <sys/socket.h>

#define TOLD_AT_ONCE 8
#define LOOPBACK_INDEX 1u

void links_open(struct engine *e)
{
	int r;

	r = route_watch(&e->route_watch);
	if (r < 0)
		fatal("no route socket: %s; the wall stays as it is", strerror(-r));
}

void links_read(struct engine *e)
{
	e->told_links.addresses += route_watch_read(&e->route_watch);
}

void links_refresh(struct engine *e)
{
	_cleanup_(route_ranges_clear) struct route_ranges now = {0};
	struct nl_error error;
	int r;

	if (!e->policy->lan.on_link)
		return;
	r = route_connected(&e->route, &now);
	if (r < 0)
		log_error("connected networks: %s; no LAN until they are known", strerror(-r));
	else if (e->on_link_known && route_ranges_equal(&now, &e->on_link))
		return;
	r = nft_on_link(&e->nft, &now, &error);
	if (r < 0) {
		log_error("connected networks: the kernel refuses %s: %s; the old ones stay",
			  error.object, strerror(-r));
		return;
	}
	route_ranges_clear(&e->on_link);
	e->on_link = now;
	e->on_link_known = true;
	now = (struct route_ranges){0};
}

static void add_links(struct wire_links *m, const struct links *all, bool ports)
{
	for (size_t i = 0; i < all->n && m->n < WIRE_LINKS_MAX; i++) {
		const struct link *l = &all->items[i];
		struct wire_link *w = &m->items[m->n];

		if (!l->up || !l->carrier || l->port != ports || l->index == LOOPBACK_INDEX)
			continue;
		(void)snprintf(w->name, sizeof(w->name), "%s", l->name);
		w->index = l->index;
		w->lost = l->lost;
		m->n++;
	}
}

/* 0: none, or none that is known. */
static uint32_t network_number(struct engine *e)
{
	struct gateway now;
	int r;

	r = gateway_find(&e->route, &now);
	if (r < 0) {
		if (r != -ENETUNREACH)
			log_error("which network this is: %s; the bus process is told of none",
				  strerror(-r));
		e->told_links.has_network = false;
		return 0;
	}
	if (!e->told_links.has_network || !gateway_follow(&e->told_links.network, &now)) {
		e->told_links.network = now;
		e->told_links.has_network = true;
		if (++e->told_links.n_networks == 0)
			e->told_links.n_networks = 1;
	}
	return e->told_links.n_networks;
}

void links_tell(struct engine *e, bool anyhow)
{
	_cleanup_(links_clear) struct links all = {0};
	struct wire_links m = {.addresses = e->told_links.addresses};
	int r;

	if (!e->greeted)
		return;
	r = link_list(&e->route, &all);
	if (r < 0) {
		log_error("links: %s; the bus process is told later", strerror(-r));
		e->told_links.owed = true;
		return;
	}
	add_links(&m, &all, false);
	add_links(&m, &all, true);
	m.network = network_number(e);
	wire_header_init(&m.header, WIRE_LINKS, 0);
	if (!anyhow && memcmp(&m, &e->told_links.last, sizeof(m)) == 0)
		return;
	if (!anyhow && e->told_links.n_told >= TOLD_AT_ONCE) {
		e->told_links.owed = true;
		return;
	}
	e->told_links.last = m;
	e->told_links.owed = false;
	e->told_links.n_told++;
	engine_send(e, &m, sizeof(m), -1);
}

void links_heard(struct engine *e)
{
	e->told_links.n_told = 0;
	if (e->told_links.owed)
		links_tell(e, false);
}

static enum address_kind kind_of(uint8_t type)
{
	switch (type) {
	case RTN_LOCAL:
	case RTN_ANYCAST:
		return ADDRESS_OWN;
	case RTN_BROADCAST:
		return ADDRESS_BROADCAST;
	case RTN_MULTICAST:
		return ADDRESS_MULTICAST;
	default:
		return ADDRESS_OTHER;
	}
}

int links_check_address(struct engine *e, uint32_t family, const uint8_t *address,
			enum address_kind *ret)
{
	struct route_way way = {0};
	uint32_t a;
	int r;

	if (family == AF_INET) {
		memcpy(&a, address, sizeof(a));
		r = route_lookup(&e->route, be32toh(a), &way);
	} else {
		r = route_lookup_ipv6(&e->route, address, &way);
	}
	/* No way leads there: that is no address of ours. */
	if (r == -ENETUNREACH || r == -EHOSTUNREACH || r == -EACCES || r == -EINVAL)
		r = 0;
	if (r == 0)
		*ret = kind_of(way.type);
	return r;
}
