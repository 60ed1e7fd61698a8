/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the policy allows, told apart from what leaks; docs/security.md in a few functions. Not made
 * of the ruleset: what is wrong there must not be right here. Where this says no and the wall lets
 * pass, a leak is shown; where it says yes too often, an attempt is missing, which is listed.
 */
#include "leak-test.h"

#define DNS_PORT 53
#define SOURCE_ROUTED (HOW_ROUTE_LOOSE | HOW_ROUTE_STRICT)

static bool subnet_has(const struct subnet *n, uint32_t address)
{
	return n->prefix == 0 || ((n->addr ^ address) >> (32 - n->prefix)) == 0;
}

bool leak_is_lan(const struct policy *p, uint32_t address)
{
	bool in = false;

	for (size_t i = 0; i < p->lan.ranges.n; i++)
		in |= subnet_has(&p->lan.ranges.items[i], address);
	for (size_t i = 0; i < p->lan.exclude.n; i++)
		in &= !subnet_has(&p->lan.exclude.items[i], address);
	return in;
}

const struct listen *leak_service(const struct policy *p)
{
	for (size_t i = 0; i < p->n_services; i++)
		for (size_t j = 0; j < p->services[i].n_listens; j++) {
			const struct listen *l = &p->services[i].listens[j];

			if (!l->ipv6 && l->protocol == IPPROTO_TCP)
				return l;
		}
	return NULL;
}

/* [lan] refuse: with a protocol, or for each that has ports. */
static bool is_refused_port(const struct policy *p, uint8_t protocol, uint16_t port)
{
	static const uint8_t streams[] = {IPPROTO_TCP, IPPROTO_DCCP, IPPROTO_SCTP};
	uint8_t like = protocol == IPPROTO_UDPLITE ? IPPROTO_UDP : protocol;

	for (size_t i = 0; i < ARRAY_SIZE(streams); i++)
		if (protocol == streams[i])
			like = IPPROTO_TCP;
	for (size_t i = 0; i < p->lan.n_refuse; i++) {
		const struct ports *q = &p->lan.refuse[i];

		if ((q->protocol == 0 || q->protocol == like) && port >= q->first &&
		    port <= q->last)
			return true;
	}
	return false;
}

static bool is_unicast(enum leak_target to)
{
	return to != TO_MULTICAST && to != TO_MDNS && to != TO_LLMNR && to != TO_SSDP &&
	       to != TO_BROADCAST && to != TO_SUBNET;
}

static const char *allowed_to_tor(const struct policy *p, const struct leak_attempt *a)
{
	if (!is_unicast(a->to) || a->to == TO_LOOPBACK)
		return NULL;
	if (a->proto == IPPROTO_TCP)
		return "Tor may use TCP";
	if (a->proto == IPPROTO_UDP && p->tor_may.udp)
		return "Tor may use UDP: [tor] udp";
	if (a->proto == IPPROTO_UDP && a->port == DNS_PORT && p->tor_may.dns)
		return "Tor may use DNS: [tor] dns";
	return NULL;
}

static const char *allowed_on_lan(const struct leak_copy *c, const struct leak_attempt *a)
{
	enum leak_target to = (enum leak_target)a->to;
	uint32_t address = leak_target_address(c, to);
	bool on_link = to == TO_LAN || to == TO_GATEWAY || to == TO_LINK_LOCAL;

	/* A segment of no connection begins no flow, wherever it goes. */
	if (!is_unicast(to) || (a->try == leak_try_segment && a->value != 0x02) ||
	    a->try == leak_try_rider || a->try == leak_try_icmp_error || (a->how & SOURCE_ROUTED))
		return NULL;
	if (!leak_is_lan(c->policy, address) || (c->policy->lan.on_link && !on_link) ||
	    is_refused_port(c->policy, (uint8_t)a->proto, a->port))
		return NULL;
	return "the policy opens the local network: [lan]";
}

static bool is_granted(const struct policy *p, uid_t uid, const struct listen *to)
{
	for (size_t i = 0; i < p->n_services; i++) {
		const struct service *s = &p->services[i];

		for (size_t j = 0; users_contain(&s->users, uid) && j < s->n_listens; j++) {
			const struct listen *l = &s->listens[j];

			if (l->ipv6 == to->ipv6 && l->addr == to->addr &&
			    l->protocol == to->protocol && to->first >= l->first &&
			    to->first <= l->last)
				return true;
		}
	}
	return false;
}

static const char *allowed_locally(const struct leak_copy *c, const struct leak_attempt *a,
				   const struct leak_user *u)
{
	const struct policy *p = c->policy;
	const struct listen *service = leak_service(p);
	struct listen to = {.ipv6 = leak_is_ipv6(a->to), .first = a->port, .protocol = a->proto};

	if (!to.ipv6)
		to.addr = leak_target_address(c, a->to);
	if (a->to == TO_SERVICE && !service)
		return "the policy has no local service";
	if (a->to == TO_SERVICE)
		to.first = service->first;
	else if (a->to == TO_LOOPBACK && !a->port)
		to.first = p->automap.port;
	if (u->role == LEAK_DOOR)
		return NULL;
	if (is_granted(p, u->uid, &to))
		return "a service is granted to that user";
	if (a->to == TO_LOOPBACK && a->port == DNS_PORT && users_contain(&p->dns.users, u->uid))
		return "that user resolves through Tor: [dns]";
	if (a->to == TO_AUTOMAP && users_contain(&p->automap.users, u->uid))
		return "that user may: [automap]";
	return NULL;
}

const char *leak_allowed(const struct leak_copy *c, const struct leak_attempt *a,
			 const struct leak_user *u)
{
	struct leak_attempt as = *a;

	/* However it is written, it leaves as IPv4. */
	if (a->to == TO_MAPPED6)
		as.to = TO_INTERNET;
	if (a->where == AS_FRAME)
		return policy_covers(c->policy, c->link)
			       ? NULL
			       : "the policy has no second wall here: [egress]";
	if (a->where == ON_LOOPBACK)
		return allowed_locally(c, &as, u);
	if (u->role == LEAK_DOOR || u->role >= LEAK_KERNEL || leak_is_ipv6(as.to))
		return NULL;
	return u->role == LEAK_TOR ? allowed_to_tor(c->policy, &as) : allowed_on_lan(c, &as);
}
