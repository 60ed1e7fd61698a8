/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Leases of a smaller scope: whom they may ask, and where what was answered lets them go. */
#include "lease.h"

/* Never asked and never named: this network, loopback, link-local, multicast and all above. */
static const struct range never[] = {
	{0x00000000u, 0x00ffffffu},
	{0x7f000000u, 0x7fffffffu},
	{0xa9fe0000u, 0xa9feffffu},
	{0xe0000000u, 0xffffffffu},
};

/* Of somebody's own network: RFC 1918, and RFC 6598 of providers. */
static const struct range private_networks[] = {
	{0x0a000000u, 0x0affffffu},
	{0xac100000u, 0xac1fffffu},
	{0xc0a80000u, 0xc0a8ffffu},
	{0x64400000u, 0x647fffffu},
};

static bool within(uint32_t addr, const struct range *ranges, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (ranges[i].first <= addr && addr <= ranges[i].last)
			return true;
	return false;
}

bool lease_may_ask(uint32_t addr)
{
	return !within(addr, never, ARRAY_SIZE(never));
}

bool lease_is_private(uint32_t addr)
{
	return within(addr, private_networks, ARRAY_SIZE(private_networks));
}

bool lease_may_reach(uint32_t addr, const struct range *own, size_t n)
{
	return lease_may_ask(addr) && (!lease_is_private(addr) || within(addr, own, n));
}

bool lease_scope_fits(enum lease_scope scope, bool autoconfig)
{
	return (scope == SCOPE_PROBE) == autoconfig;
}

static usec_t lifetime(uint32_t ttl)
{
	usec_t t = (usec_t)ttl * USEC_PER_SEC;

	if (t < LEASE_ADDRESS_SHORTEST)
		return LEASE_ADDRESS_SHORTEST;
	return t < LEASE_ADDRESS_LONGEST ? t : LEASE_ADDRESS_LONGEST;
}

/* What has ended by itself. */
static void forget(struct lease *l, usec_t now)
{
	size_t n = 0;

	for (size_t i = 0; i < l->n_addresses; i++)
		if (l->addresses[i].until > now)
			l->addresses[n++] = l->addresses[i];
	l->n_addresses = n;
}

const struct lease_address *lease_name(struct lease *l, uint32_t addr, uint32_t ttl, usec_t now)
{
	usec_t until = now + lifetime(ttl);
	struct lease_address *a;
	size_t i = 0;

	forget(l, now);
	while (i < l->n_addresses && l->addresses[i].addr != addr)
		i++;
	if (i == LEASE_ADDRESSES_MAX)
		return NULL;
	a = &l->addresses[i];
	if (i == l->n_addresses) {
		*a = (struct lease_address){.addr = addr};
		l->n_addresses++;
	}
	if (a->until < until)
		a->until = until;
	return a;
}

bool lease_asks(const struct lease *l, uint32_t addr)
{
	for (size_t i = 0; i < l->n_servers; i++)
		if (l->servers[i] == addr)
			return true;
	return false;
}

bool lease_has_network(const struct lease *l)
{
	return l->scope == SCOPE_PORTAL || l->is_namespace;
}

void lease_end_portals(const struct lease_table *t, struct lease_effects *ret)
{
	ret->n = 0;
	for (size_t i = 0; i < t->n; i++)
		if (lease_has_network(&t->items[i]))
			ret->items[ret->n++] = (struct lease_effect){
				.kind = EFFECT_END,
				.id = t->items[i].id,
				.reason = REASON_NETWORK,
			};
}
