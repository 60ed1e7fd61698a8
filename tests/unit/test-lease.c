/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The lease state machine: who gets a door, for how long, and every way in which it ends. */
#include "lease.h"

#include <glib.h>

#define SECOND USEC_PER_SEC
#define START (1000 * SECOND)
#define CLEARNET 1002u
#define SECOND_CLEARNET 1003u
#define PROBE 1005u
#define HOLDER 1000u
#define OTHER 1001u
#define MARK 0x04123456u

static const uint8_t network[WIRE_NETWORK_SIZE] = {1};
static const uint8_t other_network[WIRE_NETWORK_SIZE] = {2};

static struct user clearnet_users[] = {
	{.name = "clearnet", .uid = CLEARNET},
	{.name = "second", .uid = SECOND_CLEARNET},
};
static struct user probe_users[] = {{.name = "probe", .uid = PROBE}};

static struct policy a_policy(void)
{
	return (struct policy){
		.clearnet = {clearnet_users, 2},
		.autoconfig = {probe_users, 1},
		.lease = {.default_seconds = 600, .longest_seconds = 1800, .most = 2},
	};
}

static const uint32_t servers[] = {0xc0a80101, 0x08080808};

/* With two servers, if the scope has some. */
static enum wire_refusal consider_scope(const struct lease_table *t, const struct policy *p,
					uid_t uid, uint32_t seconds, enum lease_scope scope,
					struct lease *ret, uint32_t *ret_detail)
{
	const struct lease_request request = {
		.uid = uid,
		.seconds = seconds,
		.holder = HOLDER,
		.scope = scope,
		.servers = servers,
		.n_servers = scope == SCOPE_FULL ? 0 : ARRAY_SIZE(servers),
	};

	return lease_consider(t, p, &request, MARK, START, ret, ret_detail);
}

/* With the scope that the user's role has. */
static enum wire_refusal consider(const struct lease_table *t, const struct policy *p, uid_t uid,
				  uint32_t seconds, struct lease *ret)
{
	uint32_t detail;

	return consider_scope(t, p, uid, seconds, uid == PROBE ? SCOPE_PROBE : SCOPE_FULL, ret,
			      &detail);
}

static uint64_t open_lease(struct lease_table *t, const struct policy *p, uid_t uid,
			   uint32_t seconds)
{
	struct lease l;

	g_assert_cmpint(consider(t, p, uid, seconds, &l), ==, REFUSAL_NONE);
	lease_add(t, &l);
	return l.id;
}

static void test_grant(void)
{
	struct policy p = a_policy();
	struct lease_table t = {0};
	struct lease l;

	g_assert_cmpint(consider(&t, &p, CLEARNET, 0, &l), ==, REFUSAL_NONE);
	g_assert_cmpuint(l.uid, ==, CLEARNET);
	g_assert_cmpuint(l.mark, ==, MARK);
	g_assert_cmpuint(l.holder, ==, HOLDER);
	g_assert_cmpuint(l.expires - l.started, ==, 600 * SECOND);
	g_assert_cmpuint(l.kernel_until, ==, START + LEASE_KERNEL_TIMEOUT);
	g_assert_cmpint(consider(&t, &p, CLEARNET, 3, &l), ==, REFUSAL_NONE);
	g_assert_cmpuint(l.kernel_until, ==, START + 3 * SECOND);
	g_assert_cmpuint(t.n, ==, 0);
}

static void test_refusals(void)
{
	struct policy p = a_policy();
	struct lease_table t = {0};
	struct lease l;
	uint32_t detail;

	g_assert_cmpint(consider(&t, &p, 0, 60, &l), ==, REFUSAL_NOT_A_DOOR);
	g_assert_cmpint(consider(&t, &p, HOLDER, 60, &l), ==, REFUSAL_NOT_A_DOOR);
	g_assert_cmpint(consider(&t, &p, PROBE, 10, &l), ==, REFUSAL_NO_CONSENT);
	g_assert_cmpint(consider_scope(&t, &p, CLEARNET, 1801, SCOPE_FULL, &l, &detail), ==,
			REFUSAL_TOO_LONG);
	g_assert_cmpuint(detail, ==, 1800);
	open_lease(&t, &p, CLEARNET, 60);
	g_assert_cmpint(consider(&t, &p, CLEARNET, 60, &l), ==, REFUSAL_BUSY);
	open_lease(&t, &p, SECOND_CLEARNET, 60);
	t.consent.value = CONSENT_GRANTED;
	g_assert_cmpint(consider_scope(&t, &p, PROBE, 10, SCOPE_PROBE, &l, &detail), ==,
			REFUSAL_TOO_MANY);
	g_assert_cmpuint(detail, ==, 2);
}

static void test_ids_are_never_used_again(void)
{
	struct policy p = a_policy();
	struct lease_table t = {0};
	uint64_t first = open_lease(&t, &p, CLEARNET, 60);

	g_assert_true(lease_remove(&t, first));
	g_assert_false(lease_remove(&t, first));
	g_assert_cmpuint(open_lease(&t, &p, CLEARNET, 60), !=, first);
}

static void test_extend(void)
{
	struct policy p = a_policy();
	struct lease_table t = {0};
	uint64_t id = open_lease(&t, &p, CLEARNET, 60);
	usec_t expires = 0;
	uint32_t detail;

	g_assert_cmpint(lease_extend(&t, &p, id, 1800, START + 50 * SECOND, &expires, &detail), ==,
			REFUSAL_NONE);
	g_assert_cmpuint(expires, ==, START + 1850 * SECOND);
	g_assert_cmpuint(lease_find(&t, id)->mark, ==, MARK);
	g_assert_cmpint(lease_extend(&t, &p, id, 1801, START, &expires, &detail), ==,
			REFUSAL_TOO_LONG);
	g_assert_cmpint(lease_extend(&t, &p, id + 1, 60, START, &expires, &detail), ==,
			REFUSAL_NO_SUCH_LEASE);
	/* Its time is up, even if nobody has ended it yet. */
	g_assert_cmpint(lease_extend(&t, &p, id, 60, START + 1850 * SECOND, &expires, &detail), ==,
			REFUSAL_NO_SUCH_LEASE);
}

static void test_renewal_needs_a_heartbeat(void)
{
	struct policy p = a_policy();
	struct lease_table t = {0};
	uint64_t id = open_lease(&t, &p, CLEARNET, 600);
	struct lease_effects e;

	lease_tick(&t, START, START + 4 * SECOND, &e);
	g_assert_cmpuint(e.n, ==, 0);
	lease_tick(&t, START + 4 * SECOND, START + 5 * SECOND, &e);
	g_assert_cmpuint(e.n, ==, 1);
	g_assert_cmpint(e.items[0].kind, ==, EFFECT_RENEW);
	g_assert_cmpuint(e.items[0].until, ==, START + 20 * SECOND);
	/* The last heartbeat is five seconds old: no renewal any more. */
	lease_tick(&t, START, START + 5 * SECOND, &e);
	g_assert_cmpuint(e.n, ==, 0);
	lease_tick(&t, START, START + 15 * SECOND, &e);
	g_assert_cmpuint(e.n, ==, 1);
	g_assert_cmpint(e.items[0].kind, ==, EFFECT_END);
	g_assert_cmpint(e.items[0].reason, ==, REASON_BUS_SILENT);
	g_assert_cmpuint(e.items[0].id, ==, id);
}

static void test_deadline(void)
{
	struct policy p = a_policy();
	struct lease_table t = {0};
	uint64_t id = open_lease(&t, &p, CLEARNET, 10);
	struct lease_effects e;

	lease_tick(&t, START + 9 * SECOND, START + 10 * SECOND - 1, &e);
	g_assert_cmpuint(e.n, ==, 0);
	lease_tick(&t, START + 9 * SECOND, START + 10 * SECOND, &e);
	g_assert_cmpuint(e.n, ==, 1);
	g_assert_cmpint(e.items[0].reason, ==, REASON_DEADLINE);
	/* Asleep for an hour: the clock went on. */
	lease_tick(&t, START, START + 3600 * SECOND, &e);
	g_assert_cmpint(e.items[0].reason, ==, REASON_DEADLINE);
	g_assert_cmpuint(e.items[0].id, ==, id);
}

/*
 * A heartbeat a second, and a tick at each and whenever lease_next() says: the lease is renewed
 * before the kernel closes it, and ends on time, not later.
 */
static void test_life(void)
{
	struct policy p = a_policy();
	struct lease_table t = {0};
	usec_t now = START, heartbeat = START;
	uint64_t id = open_lease(&t, &p, CLEARNET, 60);
	struct lease_effects e;
	unsigned renewals = 0;

	g_assert_cmpuint(lease_next(&(struct lease_table){0}, START, START), ==, USEC_INFINITY);
	while (lease_find(&t, id)) {
		now = MIN(heartbeat + SECOND, lease_next(&t, heartbeat, now));
		heartbeat = MAX(heartbeat, now - now % SECOND);
		g_assert_cmpuint(now, <=, lease_find(&t, id)->kernel_until);
		lease_tick(&t, heartbeat, now, &e);
		if (e.n && e.items[0].kind == EFFECT_RENEW) {
			lease_renewed(&t, id, e.items[0].until);
			renewals++;
		} else if (e.n) {
			g_assert_cmpint(e.items[0].reason, ==, REASON_DEADLINE);
			lease_remove(&t, id);
		}
	}
	g_assert_cmpuint(now, ==, START + 60 * SECOND);
	g_assert_cmpuint(renewals, ==, 9);
}

/* A renewal that was due, and missed until the last heartbeat was too old, is due no more. */
static void test_no_tick_in_the_past(void)
{
	struct policy p = a_policy();
	struct lease_table t = {0};
	usec_t heartbeat = START + SECOND, now = heartbeat + LEASE_HEARTBEAT_MAX;
	struct lease_effects e;

	open_lease(&t, &p, CLEARNET, 600);
	g_assert_cmpuint(lease_next(&t, heartbeat, START + 2 * SECOND), ==,
			 START + LEASE_RENEW_AFTER);
	lease_tick(&t, heartbeat, now, &e);
	g_assert_cmpuint(e.n, ==, 0);
	g_assert_cmpuint(lease_next(&t, heartbeat, now), ==, START + LEASE_KERNEL_TIMEOUT);
}

static void test_reload(void)
{
	struct policy p = a_policy(), q = a_policy();
	struct lease_table t = {0};
	uint64_t first = open_lease(&t, &p, CLEARNET, 600);
	uint64_t second = open_lease(&t, &p, SECOND_CLEARNET, 60);
	struct lease_effects e;

	lease_reconsider(&t, &p, START, &e);
	g_assert_cmpuint(e.n, ==, 0);
	q.clearnet.n = 1;
	lease_reconsider(&t, &q, START, &e);
	g_assert_cmpuint(e.n, ==, 1);
	g_assert_cmpuint(e.items[0].id, ==, second);
	g_assert_cmpint(e.items[0].reason, ==, REASON_POLICY);
	q = a_policy();
	q.lease.longest_seconds = 300;
	lease_reconsider(&t, &q, START, &e);
	g_assert_cmpuint(e.n, ==, 1);
	g_assert_cmpuint(e.items[0].id, ==, first);
	q = a_policy();
	q.lease.most = 1;
	lease_reconsider(&t, &q, START, &e);
	g_assert_cmpuint(e.n, ==, 1);
}

/* Two users have changed numbers: neither has asked for what is open for the other. */
static void test_reload_with_other_numbers(void)
{
	struct user users[] = {
		{.name = "clearnet", .uid = SECOND_CLEARNET},
		{.name = "second", .uid = CLEARNET},
	};
	struct policy p = a_policy(), q = a_policy();
	struct lease_table t = {0};
	uint64_t id = open_lease(&t, &p, CLEARNET, 600);
	struct lease_effects e;

	q.clearnet.items = users;
	lease_reconsider(&t, &q, START, &e);
	g_assert_cmpuint(e.n, ==, 1);
	g_assert_cmpuint(e.items[0].id, ==, id);
	g_assert_cmpint(e.items[0].reason, ==, REASON_POLICY);
}

/* A table with consent in each of its states, as it may have come there. */
static struct lease_table with_consent(enum consent_value value)
{
	struct lease_table t = {0};
	struct lease_effects e;

	if (value == CONSENT_GRANTED)
		g_assert_cmpint(consent_grant(&t, HOLDER, network, false, START, &e), ==,
				REFUSAL_NONE);
	if (value == CONSENT_HIDDEN)
		consent_hide(&t, HOLDER, START, &e);
	g_assert_cmpint(t.consent.value, ==, value);
	return t;
}

/* Every state, and everything that can happen to it. */
static void test_consent_transitions(void)
{
	static const struct {
		enum consent_value from;
		bool lift;
		enum wire_refusal refusal;
	} grants[] = {
		{CONSENT_UNKNOWN, false, REFUSAL_NONE},  {CONSENT_UNKNOWN, true, REFUSAL_NONE},
		{CONSENT_GRANTED, false, REFUSAL_NONE},  {CONSENT_GRANTED, true, REFUSAL_NONE},
		{CONSENT_HIDDEN, false, REFUSAL_HIDDEN}, {CONSENT_HIDDEN, true, REFUSAL_NONE},
	};
	const usec_t later = START + SECOND;
	struct lease_effects e;

	for (size_t i = 0; i < G_N_ELEMENTS(grants); i++) {
		struct lease_table t = with_consent(grants[i].from), before = t;

		g_assert_cmpint(consent_grant(&t, OTHER, other_network, grants[i].lift, later, &e),
				==, grants[i].refusal);
		if (grants[i].refusal != REFUSAL_NONE) {
			g_assert_cmpmem(&t, sizeof(t), &before, sizeof(before));
			continue;
		}
		g_assert_cmpint(t.consent.value, ==, CONSENT_GRANTED);
		g_assert_cmpuint(t.consent.who, ==, OTHER);
		g_assert_cmpuint(t.consent.since, ==, later);
		g_assert_cmpmem(t.consent.network, WIRE_NETWORK_SIZE, other_network,
				WIRE_NETWORK_SIZE);
	}
	for (int value = 0; value < CONSENT_N; value++) {
		struct lease_table t = with_consent((enum consent_value)value), u = t;
		struct lease_table before = t;
		bool ends = value == CONSENT_GRANTED;

		/* Anybody may, at any time. */
		consent_hide(&t, OTHER, later, &e);
		g_assert_cmpint(t.consent.value, ==, CONSENT_HIDDEN);
		g_assert_cmpuint(t.consent.who, ==, OTHER);
		g_assert_cmpuint(t.consent.since, ==, later);
		/* What ends by itself is never hidden, and what is hidden never ends by itself. */
		g_assert_cmpint(consent_end(&u, ENDED_NETWORK, later, &e), ==, ends);
		if (!ends) {
			g_assert_cmpmem(&u, sizeof(u), &before, sizeof(before));
			continue;
		}
		g_assert_cmpint(u.consent.value, ==, CONSENT_UNKNOWN);
		g_assert_cmpint(u.consent.ended, ==, ENDED_NETWORK);
		g_assert_cmpuint(u.consent.who, ==, HOLDER);
		g_assert_cmpuint(u.consent.since, ==, later);
	}
}

/* What becomes of the leases, in each case: the probe's end, a clearnet user's never. */
static void test_consent_and_leases(void)
{
	struct policy p = a_policy();
	struct lease_table t = with_consent(CONSENT_GRANTED), u;
	struct lease_effects e;
	uint64_t door = open_lease(&t, &p, CLEARNET, 60), probe = open_lease(&t, &p, PROBE, 10);

	g_assert_cmpint(consent_grant(&t, OTHER, network, false, START, &e), ==, REFUSAL_NONE);
	g_assert_cmpuint(e.n, ==, 0);
	u = t;
	g_assert_cmpint(consent_grant(&u, HOLDER, other_network, false, START, &e), ==,
			REFUSAL_NONE);
	g_assert_cmpuint(e.n, ==, 1);
	u = t;
	g_assert_true(consent_end(&u, ENDED_NETWORK, START, &e));
	g_assert_cmpuint(e.n, ==, 1);
	consent_hide(&t, HOLDER, START, &e);
	g_assert_cmpuint(e.n, ==, 1);
	g_assert_cmpuint(e.items[0].id, ==, probe);
	g_assert_cmpint(e.items[0].reason, ==, REASON_CONSENT);
	g_assert_nonnull(lease_find(&t, door));
}

static void test_consent_uses(void)
{
	struct policy p = a_policy();
	struct lease_table t = with_consent(CONSENT_GRANTED);
	struct lease_effects e;
	struct lease l;

	lease_remove(&t, open_lease(&t, &p, PROBE, 10));
	lease_remove(&t, open_lease(&t, &p, CLEARNET, 60));
	lease_remove(&t, open_lease(&t, &p, PROBE, 10));
	g_assert_cmpuint(t.consent.uses, ==, 2);
	/* The same once more; what has ended is still told; another begins anew. */
	g_assert_cmpint(consent_grant(&t, HOLDER, network, false, START, &e), ==, REFUSAL_NONE);
	g_assert_cmpuint(t.consent.uses, ==, 2);
	g_assert_true(consent_end(&t, ENDED_BUS_GONE, START, &e));
	g_assert_cmpuint(t.consent.uses, ==, 2);
	g_assert_cmpint(consider(&t, &p, PROBE, 10, &l), ==, REFUSAL_NO_CONSENT);
	g_assert_cmpint(consent_grant(&t, HOLDER, network, false, START, &e), ==, REFUSAL_NONE);
	g_assert_cmpuint(t.consent.uses, ==, 0);
	g_assert_cmpint(t.consent.ended, ==, ENDED_NOT);
	consent_hide(&t, HOLDER, START, &e);
	g_assert_cmpint(consider(&t, &p, PROBE, 10, &l), ==, REFUSAL_NO_CONSENT);
}

static void test_end_all(void)
{
	struct policy p = a_policy();
	struct lease_table t = {0};
	struct lease_effects e;

	open_lease(&t, &p, CLEARNET, 60);
	open_lease(&t, &p, SECOND_CLEARNET, 60);
	lease_end_all(&t, REASON_SUSPEND, &e);
	g_assert_cmpuint(e.n, ==, 2);
	g_assert_cmpint(e.items[1].reason, ==, REASON_SUSPEND);
}

static void test_scopes_of_roles(void)
{
	static const struct {
		uid_t uid;
		enum lease_scope scope;
		enum wire_refusal refusal;
	} all[] = {
		{CLEARNET, SCOPE_FULL, REFUSAL_NONE},
		{CLEARNET, SCOPE_PORTAL, REFUSAL_NONE},
		{CLEARNET, SCOPE_PROBE, REFUSAL_NOT_A_DOOR},
		{PROBE, SCOPE_FULL, REFUSAL_NOT_A_DOOR},
		{PROBE, SCOPE_PORTAL, REFUSAL_NOT_A_DOOR},
		{PROBE, SCOPE_PROBE, REFUSAL_NONE},
	};
	struct lease_table t = {.consent.value = CONSENT_GRANTED};
	struct policy p = a_policy();
	struct lease l;
	uint32_t detail;

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		g_assert_cmpint(consider_scope(&t, &p, all[i].uid, 10, all[i].scope, &l, &detail),
				==, all[i].refusal);
	/* The probe's time is short, whatever the policy says, and is not extended. */
	g_assert_cmpint(consider_scope(&t, &p, PROBE, 0, SCOPE_PROBE, &l, &detail), ==,
			REFUSAL_NONE);
	g_assert_cmpuint(l.expires - l.started, ==, 12 * SECOND);
	g_assert_cmpuint(l.kernel_until, ==, l.expires);
	g_assert_cmpint(consider_scope(&t, &p, PROBE, 13, SCOPE_PROBE, &l, &detail), ==,
			REFUSAL_TOO_LONG);
	g_assert_cmpuint(detail, ==, 12);
}

static void test_no_extension_of_a_probe(void)
{
	struct lease_table t = {.consent.value = CONSENT_GRANTED};
	struct policy p = a_policy();
	uint64_t id = open_lease(&t, &p, PROBE, 10);
	uint32_t detail;
	usec_t expires;

	g_assert_cmpint(lease_extend(&t, &p, id, 5, START + SECOND, &expires, &detail), ==,
			REFUSAL_TOO_LONG);
	g_assert_cmpuint(lease_find(&t, id)->expires, ==, START + 10 * SECOND);
}

static void test_servers(void)
{
	static const uint32_t bad[] = {0,          0x00010203, 0x7f000001, 0x7f000035,
				       0xa9fe0101, 0xe00000fb, 0xf0000001, 0xffffffff};
	struct policy p = a_policy();
	struct lease_table t = {0};
	struct lease l;
	uint32_t detail;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		const uint32_t list[] = {0x08080808, bad[i]};
		struct lease_request r = {.uid = CLEARNET,
					  .scope = SCOPE_PORTAL,
					  .servers = list,
					  .n_servers = ARRAY_SIZE(list)};

		g_assert_cmpint(lease_consider(&t, &p, &r, MARK, START, &l, &detail), ==,
				REFUSAL_NO_SERVERS);
		r.n_servers = 1;
		g_assert_cmpint(lease_consider(&t, &p, &r, MARK, START, &l, &detail), ==,
				REFUSAL_NONE);
		g_assert_true(lease_asks(&l, 0x08080808));
		g_assert_false(lease_asks(&l, bad[i]));
		r.n_servers = 0;
		g_assert_cmpint(lease_consider(&t, &p, &r, MARK, START, &l, &detail), ==,
				REFUSAL_NO_SERVERS);
	}
}

static void test_reach(void)
{
	static const struct range own[] = {{0xc0a80100, 0xc0a801ff}};
	static const struct {
		uint32_t addr;
		bool may;
	} all[] = {
		{0x08080808, true},  {0xc0a80101, true},  {0xc0a801ff, true},  {0xc0a80201, false},
		{0xc0a800ff, false}, {0x0a000001, false}, {0xac100001, false}, {0xac1fffff, false},
		{0xac200000, true},  {0x64400001, false}, {0x647fffff, false}, {0x64800000, true},
		{0x643fffff, true},  {0x7f000001, false}, {0xa9fe0001, false}, {0xe0000001, false},
		{0xffffffff, false}, {0x00000001, false}, {0x01000000, true},
	};

	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		g_test_message("%08x", all[i].addr);
		g_assert_true(lease_may_reach(all[i].addr, own, ARRAY_SIZE(own)) == all[i].may);
		g_assert_true(lease_may_reach(all[i].addr, NULL, 0) ==
			      (all[i].may && !lease_is_private(all[i].addr)));
	}
}

static void test_names(void)
{
	const struct lease_address *a;
	struct lease l = {0};

	/* Never shorter than a minute, nor longer than five. */
	a = lease_name(&l, 1, 0, START);
	g_assert_cmpuint(a->until, ==, START + 60 * SECOND);
	g_assert_cmpuint(lease_name(&l, 2, 90, START)->until, ==, START + 90 * SECOND);
	g_assert_cmpuint(lease_name(&l, 3, UINT32_MAX, START)->until, ==, START + 300 * SECOND);
	g_assert_cmpuint(l.n_addresses, ==, 3);
	/* Named again: longer, never shorter, and once. */
	g_assert_cmpuint(lease_name(&l, 3, 0, START + SECOND)->until, ==, START + 300 * SECOND);
	g_assert_cmpuint(lease_name(&l, 1, 0, START + SECOND)->until, ==, START + 61 * SECOND);
	g_assert_cmpuint(l.n_addresses, ==, 3);
	/* What has ended makes room. */
	g_assert_nonnull(lease_name(&l, 4, 0, START + 61 * SECOND));
	g_assert_cmpuint(l.n_addresses, ==, 3);
	for (uint32_t i = 10; l.n_addresses < 64; i++)
		g_assert_nonnull(lease_name(&l, i, 300, START + 61 * SECOND));
	g_assert_null(lease_name(&l, 5, 0, START + 61 * SECOND));
	g_assert_nonnull(lease_name(&l, 4, 0, START + 61 * SECOND));
	g_assert_cmpuint(l.n_addresses, ==, 64);
	g_assert_nonnull(lease_name(&l, 5, 0, START + 400 * SECOND));
	g_assert_cmpuint(l.n_addresses, ==, 1);
}

static void test_portals_end(void)
{
	struct policy p = a_policy();
	struct lease_table t = {0};
	struct lease_effects effects;
	struct lease l;
	uint32_t detail;

	open_lease(&t, &p, CLEARNET, 60);
	g_assert_cmpint(consider_scope(&t, &p, SECOND_CLEARNET, 60, SCOPE_PORTAL, &l, &detail), ==,
			REFUSAL_NONE);
	lease_add(&t, &l);
	lease_end_portals(&t, &effects);
	g_assert_cmpuint(effects.n, ==, 1);
	g_assert_cmpuint(effects.items[0].id, ==, l.id);
	g_assert_cmpint(effects.items[0].reason, ==, REASON_NETWORK);
}

/* A section is known by its number, and a lease of it by all that the kernel was told. */
static void test_namespaces(void)
{
	static char shut[] = "shut", ajar[] = "open", other[] = "other";
	static struct namespace sections[] = {
		{.name = shut, .interface = "v0", .peer = 0x0a000002},
		{.name = ajar, .interface = "v1", .peer = 0x0a000102, .door = true},
	};
	static struct namespace others[] = {
		{.name = ajar, .interface = "v1", .peer = 0x0a000103, .door = true},
		{.name = ajar, .interface = "v2", .peer = 0x0a000102, .door = true},
		{.name = other, .interface = "v1", .peer = 0x0a000102, .door = true},
		{.name = ajar, .interface = "v1", .peer = 0x0a000102},
	};
	struct policy p = a_policy(), q;
	struct lease_table t = {0};
	struct lease_effects e;
	struct lease l;
	uint32_t detail;

	p.namespaces = sections;
	p.n_namespaces = ARRAY_SIZE(sections);
	q = p;
	g_assert_cmpint(consider(&t, &p, WIRE_NAMESPACE_BASE, 60, &l), ==, REFUSAL_NOT_A_DOOR);
	g_assert_cmpint(consider(&t, &p, WIRE_NAMESPACE_BASE + 2, 60, &l), ==, REFUSAL_NOT_A_DOOR);
	g_assert_cmpint(
		consider_scope(&t, &p, WIRE_NAMESPACE_BASE + 1, 60, SCOPE_PORTAL, &l, &detail), ==,
		REFUSAL_NOT_A_DOOR);
	g_assert_cmpint(consider(&t, &p, WIRE_NAMESPACE_BASE + 1, 60, &l), ==, REFUSAL_NONE);
	g_assert_cmpstr(l.user, ==, "open");
	g_assert_cmpstr(l.link, ==, "v1");
	g_assert_cmphex(l.peer, ==, 0x0a000102);
	lease_add(&t, &l);
	g_assert_cmpint(consider(&t, &p, WIRE_NAMESPACE_BASE + 1, 60, &l), ==, REFUSAL_BUSY);
	lease_reconsider(&t, &p, START, &e);
	g_assert_cmpuint(e.n, ==, 0);
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		struct namespace changed[] = {sections[0], others[i]};

		q.namespaces = changed;
		lease_reconsider(&t, &q, START, &e);
		g_assert_cmpuint(e.n, ==, 1);
		g_assert_cmpint(e.items[0].reason, ==, REASON_POLICY);
	}
	lease_end_portals(&t, &e);
	g_assert_cmpuint(e.n, ==, 1);
	g_assert_cmpint(e.items[0].reason, ==, REASON_NETWORK);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/lease/grant", test_grant);
	g_test_add_func("/lease/refusals", test_refusals);
	g_test_add_func("/lease/ids", test_ids_are_never_used_again);
	g_test_add_func("/lease/extend", test_extend);
	g_test_add_func("/lease/heartbeat", test_renewal_needs_a_heartbeat);
	g_test_add_func("/lease/deadline", test_deadline);
	g_test_add_func("/lease/life", test_life);
	g_test_add_func("/lease/next", test_no_tick_in_the_past);
	g_test_add_func("/lease/reload", test_reload);
	g_test_add_func("/lease/reload-numbers", test_reload_with_other_numbers);
	g_test_add_func("/consent/transitions", test_consent_transitions);
	g_test_add_func("/consent/leases", test_consent_and_leases);
	g_test_add_func("/consent/uses", test_consent_uses);
	g_test_add_func("/lease/end-all", test_end_all);
	g_test_add_func("/scope/roles", test_scopes_of_roles);
	g_test_add_func("/scope/probe", test_no_extension_of_a_probe);
	g_test_add_func("/scope/servers", test_servers);
	g_test_add_func("/scope/reach", test_reach);
	g_test_add_func("/scope/names", test_names);
	g_test_add_func("/scope/portals", test_portals_end);
	g_test_add_func("/lease/namespaces", test_namespaces);
	return g_test_run();
}
