/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bytes from a peer: exact size, then version, side, cookie, then the range of each field. */
#include "wire.h"

#include <errno.h>
#include <glib.h>
#include <sys/socket.h>

static union {
	uint8_t bytes[WIRE_SIZE_MAX + 8];
	struct wire_header header;
	struct wire_lease_open open;
	struct wire_dns_answer answer;
	struct wire_dns_addresses addresses;
	struct wire_lease_end end;
	struct wire_lease_ended ended;
	struct wire_lease_extend extend;
	struct wire_limits limits;
	struct wire_set_consent set;
	struct wire_consent consent;
	struct wire_reloaded reloaded;
	struct wire_refused refused;
	struct wire_verified verified;
	struct wire_counters counters;
	struct wire_get_blocked get_blocked;
	struct wire_blocked_list list;
	struct wire_blocked blocked;
	struct wire_check_address check_address;
	struct wire_address address;
	struct wire_links links;
} m;

static int check(size_t size, enum wire_side side)
{
	const struct wire_message *message;
	const char *why = NULL;
	int r = wire_check(m.bytes, size, side, &message, &why);

	g_assert_true((r == 0) == (why == NULL));
	return r;
}

static size_t good(enum wire_type type)
{
	memset(&m, 0, sizeof(m));
	wire_header_init(&m.header, type, 1);
	if (type == WIRE_SET_CONSENT)
		m.set.value = CONSENT_GRANTED;
	if (type == WIRE_REFUSED)
		m.refused.refusal = REFUSAL_BUSY;
	if (type == WIRE_BLOCKED)
		m.blocked.entry.family = AF_INET;
	if (type == WIRE_CHECK_ADDRESS)
		m.check_address.family = AF_INET;
	return wire_message((uint16_t)type)->size;
}

static void test_sizes(void)
{
	for (size_t i = 0; i < wire_messages_n; i++) {
		const struct wire_message *w = &wire_messages[i];
		size_t size = good((enum wire_type)w->type);

		g_assert_cmpuint(size, <=, WIRE_SIZE_MAX);
		g_assert_cmpint(check(size, w->side), ==, 0);
		g_assert_cmpint(check(size - 1, w->side), ==, -EPROTO);
		g_assert_cmpint(check(size + 1, w->side), ==, -EPROTO);
		g_assert_cmpint(check(0, w->side), ==, -EPROTO);
		g_assert_cmpint(check(sizeof(struct wire_header) - 1, w->side), ==, -EPROTO);
		g_assert_cmpint(check(size, w->side == TO_BUS ? TO_ENGINE : TO_BUS), ==, -EPROTO);
		m.header.version = WIRE_VERSION + 1;
		g_assert_cmpint(check(size, w->side), ==, -EPROTO);
		g_assert_true(*w->why_safe);
	}
}

static void test_headers(void)
{
	size_t size = good(WIRE_HEARTBEAT);

	m.header.cookie = 0;
	g_assert_cmpint(check(size, TO_ENGINE), ==, -EPROTO);
	for (uint32_t type = 0; type <= UINT16_MAX; type++) {
		m.header.type = (uint16_t)type;
		if (!wire_message((uint16_t)type))
			g_assert_cmpint(check(size, TO_ENGINE), ==, -EPROTO);
	}
	/* An event has no cookie. */
	size = good(WIRE_LEASE_ENDED);
	m.header.cookie = 0;
	g_assert_cmpint(check(size, TO_BUS), ==, 0);
}

#define REJECTS(type, side, assignment)                           \
	do {                                                      \
		size_t size_ = good(type);                        \
		assignment;                                       \
		g_assert_cmpint(check(size_, side), ==, -EPROTO); \
	} while (0)

static void test_ranges(void)
{
	REJECTS(WIRE_LEASE_OPEN, TO_ENGINE, m.open.uid = UINT32_MAX);
	REJECTS(WIRE_LEASE_OPEN, TO_ENGINE, m.open.holder = UINT32_MAX);
	REJECTS(WIRE_LEASE_OPEN, TO_ENGINE, m.open.pad = 1);
	REJECTS(WIRE_LEASE_OPEN, TO_ENGINE, m.open.scope = SCOPE_N);
	REJECTS(WIRE_LEASE_OPEN, TO_ENGINE, m.open.n_servers = 1);
	REJECTS(WIRE_LEASE_OPEN, TO_ENGINE, m.open.servers[0] = 1);
	REJECTS(WIRE_DNS_ANSWER, TO_BUS, m.answer.size = WIRE_ANSWER_SIZE + 1);
	REJECTS(WIRE_DNS_ADDRESSES, TO_ENGINE, m.addresses.n = WIRE_ADDRESSES_MAX + 1);
	REJECTS(WIRE_DNS_ADDRESSES, TO_ENGINE, m.addresses.items[0].ttl = 1);
	REJECTS(WIRE_LEASE_EXTEND, TO_ENGINE, m.extend.pad = 1);
	REJECTS(WIRE_LEASE_END, TO_ENGINE, m.end.reason = REASON_N);
	REJECTS(WIRE_LEASE_END, TO_ENGINE, m.end.pad = 1);
	REJECTS(WIRE_LEASE_ENDED, TO_BUS, m.ended.reason = REASON_N);
	REJECTS(WIRE_LEASE_ENDED, TO_BUS, m.ended.pad = 1);
	REJECTS(WIRE_SET_CONSENT, TO_ENGINE, m.set.value = CONSENT_UNKNOWN);
	REJECTS(WIRE_SET_CONSENT, TO_ENGINE, m.set.value = CONSENT_N);
	REJECTS(WIRE_SET_CONSENT, TO_ENGINE, m.set.who = UINT32_MAX);
	REJECTS(WIRE_SET_CONSENT, TO_ENGINE, m.set.lift = 2);
	REJECTS(WIRE_SET_CONSENT, TO_ENGINE, m.set.pad = 1);
	REJECTS(WIRE_CONSENT, TO_BUS, m.consent.value = CONSENT_N);
	REJECTS(WIRE_CONSENT, TO_BUS, m.consent.ended = ENDED_N);
	REJECTS(WIRE_CONSENT, TO_BUS, m.consent.pad = 1);
	REJECTS(WIRE_RELOADED, TO_BUS, m.reloaded.outcome = RELOAD_N);
	REJECTS(WIRE_RELOADED, TO_BUS, memset(m.reloaded.text, 'x', sizeof(m.reloaded.text)));
	REJECTS(WIRE_VERIFIED, TO_BUS, m.verified.outcome = VERIFY_N);
	REJECTS(WIRE_VERIFIED, TO_BUS, memset(m.verified.text, 'x', sizeof(m.verified.text)));
	REJECTS(WIRE_REFUSED, TO_BUS, m.refused.refusal = REFUSAL_NONE);
	REJECTS(WIRE_REFUSED, TO_BUS, m.refused.refusal = REFUSAL_N);
	REJECTS(WIRE_LIMITS, TO_BUS, m.limits.n_doors = WIRE_DOORS_MAX + 1);
	REJECTS(WIRE_LIMITS, TO_BUS, m.limits.sealed = 2);
	REJECTS(WIRE_LIMITS, TO_BUS, m.limits.built_in = 2);
	REJECTS(WIRE_LIMITS, TO_BUS, m.limits.browser = 1);
	REJECTS(WIRE_LIMITS, TO_BUS,
		(m.limits.n_doors = 2, m.limits.browser = 2, m.limits.doors[1].role = 1));
	REJECTS(WIRE_LIMITS, TO_BUS, (m.limits.n_doors = 1, m.limits.doors[0].role = ROLE_N));
	REJECTS(WIRE_LIMITS, TO_BUS,
		(m.limits.n_doors = 1, memset(m.limits.doors[0].name, 'x', WIRE_NAME_SIZE)));
	REJECTS(WIRE_COUNTERS, TO_BUS, m.counters.n = WIRE_COUNTERS_MAX + 1);
	REJECTS(WIRE_COUNTERS, TO_BUS, m.counters.pad = 1);
	REJECTS(WIRE_COUNTERS, TO_BUS,
		(m.counters.n = 1, memset(m.counters.items[0].name, 'x', WIRE_CLASS_SIZE)));
	REJECTS(WIRE_GET_BLOCKED, TO_ENGINE, m.get_blocked.pad = 1);
	REJECTS(WIRE_BLOCKED_LIST, TO_BUS, m.list.n = WIRE_BLOCKED_MAX + 1);
	REJECTS(WIRE_BLOCKED_LIST, TO_BUS, m.list.n = 1);
	REJECTS(WIRE_BLOCKED, TO_BUS, m.blocked.entry.family = AF_UNIX);
	REJECTS(WIRE_BLOCKED, TO_BUS, m.blocked.entry.has_destination = 2);
	REJECTS(WIRE_BLOCKED, TO_BUS, m.blocked.entry.destination[3] = 1);
	REJECTS(WIRE_BLOCKED, TO_BUS, memset(m.blocked.entry.class, 'x', WIRE_CLASS_SIZE));
	REJECTS(WIRE_BLOCKED, TO_BUS, memset(m.blocked.entry.origin, 'x', WIRE_LINE_SIZE));
	REJECTS(WIRE_CHECK_ADDRESS, TO_ENGINE, m.check_address.family = AF_UNIX);
	REJECTS(WIRE_CHECK_ADDRESS, TO_ENGINE, m.check_address.pad = 1);
	REJECTS(WIRE_CHECK_ADDRESS, TO_ENGINE, m.check_address.address[4] = 1);
	REJECTS(WIRE_ADDRESS, TO_BUS, m.address.kind = ADDRESS_KIND_N);
	REJECTS(WIRE_ADDRESS, TO_BUS, m.address.pad = 1);
	REJECTS(WIRE_LINKS, TO_BUS, m.links.n = WIRE_LINKS_MAX + 1);
	REJECTS(WIRE_LINKS, TO_BUS, m.links.pad = 1);
	REJECTS(WIRE_LINKS, TO_BUS,
		(m.links.n = 1, memset(m.links.items[0].name, 'x', WIRE_LINK_SIZE)));
}

static void test_names(void)
{
	for (int i = 0; i < REASON_N; i++) {
		enum wire_reason r;

		g_assert_cmpint(
			wire_reason_from_string(wire_reason_to_string((enum wire_reason)i), &r), ==,
			0);
		g_assert_cmpint(r, ==, i);
	}
	for (int i = 0; i < CONSENT_N; i++) {
		enum consent_value c;

		g_assert_cmpint(
			wire_consent_from_string(wire_consent_to_string((enum consent_value)i), &c),
			==, 0);
		g_assert_cmpint(c, ==, i);
	}
	for (int i = 0; i < VERIFY_N; i++) {
		enum verify_outcome o;

		g_assert_cmpint(verify_outcome_from_string(
					verify_outcome_to_string((enum verify_outcome)i), &o),
				==, 0);
		g_assert_cmpint(o, ==, i);
	}
	for (int i = 0; i < REFUSAL_N; i++)
		g_assert_true(*wire_refusal_to_string((enum wire_refusal)i));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/wire/sizes", test_sizes);
	g_test_add_func("/wire/headers", test_headers);
	g_test_add_func("/wire/ranges", test_ranges);
	g_test_add_func("/wire/names", test_names);
	return g_test_run();
}
