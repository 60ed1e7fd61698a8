/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the copy is, and where an attempt goes. */
#include "leak-test.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <stdio.h>

/* RFC 5737, RFC 3849: nobody's. From the LAN's network on: the last byte. */
static const char *const fixed[TO_N] = {
	[TO_INTERNET] = "203.0.113.5",    [TO_PEER] = "198.51.100.7",
	[TO_CGNAT] = "100.64.1.1",        [TO_LINK_LOCAL] = "169.254.169.254",
	[TO_MDNS] = "224.0.0.251",        [TO_LLMNR] = "224.0.0.252",
	[TO_SSDP] = "239.255.255.250",    [TO_BROADCAST] = "255.255.255.255",
	[TO_LOOPBACK] = "127.0.0.1",      [TO_LOOPBACK_OTHER] = "127.0.0.53",
	[TO_INTERNET6] = "2001:db8:1::5", [TO_LAN6] = "2001:db8:77::20",
	[TO_LINK_LOCAL6] = "fe80::20",    [TO_MDNS6] = "ff02::fb",
	[TO_LLMNR6] = "ff02::1:3",        [TO_MAPPED6] = "::ffff:203.0.113.5",
	[TO_LOOPBACK6] = "::1",           [TO_SELF6] = "2001:db8:77::10",
};
static const uint8_t on_lan[TO_N] = {
	[TO_GATEWAY] = 1, [TO_SELF] = 10, [TO_LAN] = 20, [TO_SUBNET] = 255};

bool leak_is_ipv6(enum leak_target to)
{
	return to >= TO_INTERNET6;
}

uint32_t leak_own_address(const struct leak_copy *c)
{
	return c->lan | on_lan[TO_SELF];
}

uint32_t leak_target_address(const struct leak_copy *c, enum leak_target to)
{
	const struct listen *service = leak_service(c->policy);
	struct in_addr a = {0};

	if (on_lan[to])
		return c->lan | on_lan[to];
	if (to == TO_AUTOMAP)
		return c->policy->automap.range.addr + 1;
	if (to == TO_SERVICE)
		return service ? service->addr : 0;
	if (fixed[to])
		(void)inet_pton(AF_INET, fixed[to], &a);
	return ntohl(a.s_addr);
}

static uint16_t target_port(const struct leak_try *t)
{
	const struct listen *service = leak_service(t->copy->policy);

	if (t->a->to == TO_SERVICE)
		return service ? service->first : 0;
	/* Tor's TransPort, which nobody reaches but by redirection. */
	return t->a->port || t->a->to != TO_LOOPBACK ? t->a->port : t->copy->policy->automap.port;
}

static socklen_t address6(const struct leak_try *t, union leak_address *ret)
{
	static const uint8_t group[2] = {0xff, 0x05}, prefix[6] = {0x20, 0x01, 0x0d, 0xb8, 0, 0x77};
	struct in6_addr *a = &ret->in6.sin6_addr;

	*ret = (union leak_address){
		.in6 = {.sin6_family = AF_INET6, .sin6_port = htons(target_port(t))}};
	if (fixed[t->a->to]) {
		(void)inet_pton(AF_INET6, fixed[t->a->to], a);
	} else {
		/* The kernel's own packets about an address have it in them. */
		if (t->a->to == TO_MULTICAST6)
			memcpy(a->s6_addr, group, sizeof(group));
		else
			memcpy(a->s6_addr, prefix, sizeof(prefix));
		memcpy(a->s6_addr + 8, t->cookie, LEAK_COOKIE);
	}
	if (IN6_IS_ADDR_LINKLOCAL(a) || IN6_IS_ADDR_MULTICAST(a))
		ret->in6.sin6_scope_id = t->copy->index[WIRE_LINK];
	return sizeof(ret->in6);
}

socklen_t leak_address(const struct leak_try *t, union leak_address *ret)
{
	uint32_t a = leak_target_address(t->copy, t->a->to);

	if (leak_is_ipv6(t->a->to))
		return address6(t, ret);
	if (t->a->to == TO_MULTICAST)
		a = 0xef4d0000u + ((uint32_t)t->copy->round << 16) + t->id;
	*ret = (union leak_address){.in = {
					    .sin_family = AF_INET,
					    .sin_port = htons(target_port(t)),
					    .sin_addr = {htonl(a)},
				    }};
	return sizeof(ret->in);
}

uint32_t leak_choose_lan(const struct policy *p)
{
	static const uint32_t networks[] = {0xc0a84d00u, 0x0a4d4d00u, 0xac144d00u};

	for (size_t i = 0; i < ARRAY_SIZE(networks); i++)
		if (leak_is_lan(p, networks[i] | on_lan[TO_LAN]))
			return networks[i];
	return networks[0];
}

/* As the machine's default route has it: the policy may speak of the link by name. */
void leak_choose_link(char *buf, size_t size)
{
	FILE *f = fopen("/proc/net/route", "re");
	char line[256], name[IF_NAMESIZE];
	unsigned long dst;

	(void)snprintf(buf, size, "eth0");
	while (f && fgets(line, sizeof(line), f)) {
		char *rest;
		size_t n = strcspn(line, "\t ");

		if (n == 0 || n >= sizeof(name) || strcmp(line, "Iface") == 0)
			continue;
		memcpy(name, line, n);
		name[n] = '\0';
		dst = strtoul(line + n, &rest, 16);
		if (rest == line + n || dst != 0)
			continue;
		(void)snprintf(buf, size, "%s", name);
		break;
	}
	if (f)
		(void)fclose(f);
}
