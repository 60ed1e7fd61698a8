/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "portal.h"

#include "dns-message.h"
#include "log.h"
#include "nm-primary.h"
#include "tor-control.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

/* A network can make its resolver send what it likes, as often as somebody asks. */
#define SAY_EVERY (60 * USEC_PER_SEC)

_Static_assert(DNS_ADDRESSES_MAX <= WIRE_ADDRESSES_MAX, "what is read can be told");

static bool has(const uint32_t *servers, uint32_t n, uint32_t address)
{
	for (uint32_t i = 0; i < n; i++)
		if (servers[i] == address)
			return true;
	return false;
}

static _printf_(2, 3) void append(char text[static PORTAL_NETWORK_SIZE], const char *fmt, ...)
{
	size_t used = strlen(text);
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text + used, PORTAL_NETWORK_SIZE - used, fmt, ap);
	va_end(ap);
}

/* Those of one link, after the n that there are; how many there are then. */
static uint32_t add_link(const struct dns_link *l, uint32_t *servers, uint32_t n, char *text)
{
	char number[INET_ADDRSTRLEN];
	uint32_t before = n, address;

	for (size_t i = 0; i < l->n && n < WIRE_SERVERS_MAX; i++) {
		if (l->servers[i].family != AF_INET)
			continue;
		memcpy(&address, l->servers[i].address, sizeof(address));
		address = ntohl(address);
		if (has(servers, n, address) ||
		    !inet_ntop(AF_INET, l->servers[i].address, number, sizeof(number)))
			continue;
		if (n == before)
			append(text, "%s%s (%s", n ? ", " : "", l->name, number);
		else
			append(text, ", %s", number);
		servers[n++] = address;
	}
	if (n > before)
		append(text, ")");
	return n;
}

uint32_t portal_servers(const struct manager *m, uint32_t servers[static WIRE_SERVERS_MAX],
			char text[static PORTAL_NETWORK_SIZE])
{
	const struct primary *primary = nm_primary_get(m->nm_primary);
	const struct clearnet_dns *d = &m->dns;
	uint32_t n = 0;

	text[0] = '\0';
	if (*primary->name)
		append(text, "%s, ", primary->name);
	for (size_t i = 0; i < d->n; i++)
		if (clearnet_dns_is_up(d, d->links[i].name))
			n = add_link(&d->links[i], servers, n, text);
	return n;
}

/* Never what was asked for, which is what somebody did. */
static void say_unreadable(const struct wire_dns_answer *a, const char *why)
{
	static usec_t said;
	static unsigned int unsaid;
	usec_t now = now_boottime();

	if (said && now - said < SAY_EVERY) {
		unsaid++;
		return;
	}
	log_warning("lease %" PRIu64 ": a DNS answer cannot be read: %s; it opens nothing (and %u "
		    "more before)",
		    a->lease, why, unsaid);
	said = now;
	unsaid = 0;
}

void portal_dns_answer(struct manager *m, const struct wire_dns_answer *a)
{
	struct wire_dns_addresses reply = {.lease = a->lease, .packet = a->packet};
	struct dns_answer answer;
	const char *why;

	if (dns_answer_read(a->bytes, a->size, &answer, &why) < 0)
		say_unreadable(a, why);
	for (; reply.n < answer.n; reply.n++) {
		reply.items[reply.n].address = answer.addresses[reply.n].address;
		reply.items[reply.n].ttl = answer.addresses[reply.n].ttl;
	}
	/* An engine that is lost, or does not read, drops what it holds. */
	(void)engine_client_tell(m->engine, &reply.header, WIRE_DNS_ADDRESSES, sizeof(reply));
}

void portal_follow(struct manager *m)
{
	const struct held *h = m->held;

	while (h && h->scope != SCOPE_PORTAL)
		h = h->next;
	tor_control_want(m->tor, h);
}

void portal_passed(struct manager *m, const char *why)
{
	for (struct held *h = m->held; h; h = h->next) {
		if (h->scope != SCOPE_PORTAL || h->ending)
			continue;
		log_info("lease %" PRIu64 ": the portal is passed: %s", h->id, why);
		held_end(h, REASON_ONLINE);
	}
}
