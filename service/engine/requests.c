/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The permit table: which request may come, from when on, and who answers it. In every handler:
 * refuse by state, ask the policy, act, answer. channel_receive() has checked size and ranges.
 */
#include "blocked.h"
#include "channel.h"
#include "consent.h"
#include "engine.h"
#include "links.h"
#include "log.h"
#include "questions.h"
#include "scoped.h"
#include "verify.h"

#include <errno.h>
#include <stdio.h>

typedef void (*handler_fn)(struct engine *e, const void *message);

static uint32_t cookie_of(const void *message)
{
	struct wire_header h;

	memcpy(&h, message, sizeof(h));
	return h.cookie;
}

static void refuse(struct engine *e, const void *request, enum wire_refusal why, uint32_t detail)
{
	struct wire_refused m = {.refusal = why, .detail = detail};

	wire_header_init(&m.header, WIRE_REFUSED, cookie_of(request));
	engine_send(e, &m, sizeof(m), -1);
}

static void add_doors(struct wire_limits *m, const struct users *u, enum wire_role role)
{
	for (size_t i = 0; i < u->n && m->n_doors < WIRE_DOORS_MAX; i++) {
		struct wire_door *d = &m->doors[m->n_doors++];

		d->uid = u->items[i].uid;
		d->role = role;
		(void)snprintf(d->name, sizeof(d->name), "%s", u->items[i].name);
	}
}

/* In place of a uid each has the number of its section. */
static void add_namespaces(struct wire_limits *m, const struct policy *p)
{
	for (size_t i = 0; i < p->n_namespaces && m->n_doors < WIRE_DOORS_MAX; i++) {
		struct wire_door *d = &m->doors[m->n_doors];

		if (!p->namespaces[i].door)
			continue;
		d->uid = WIRE_NAMESPACE_BASE + (uint32_t)i;
		d->role = ROLE_NAMESPACE;
		(void)snprintf(d->name, sizeof(d->name), "%s", p->namespaces[i].name);
		m->n_doors++;
	}
}

/* Whose door the unsafe browser goes through: one of the clearnet users, counted from 1. */
static uint32_t browser_door(const struct wire_limits *m, const struct policy *p)
{
	const struct users *u = &p->browser.user;

	for (uint32_t i = 0; u->n && i < m->n_doors; i++)
		if (m->doors[i].role == ROLE_CLEARNET && m->doors[i].uid == u->items[0].uid)
			return i + 1;
	return 0;
}

/* Before the limits, so that both are of the same policy when these have come. */
static void tell_autoconfig(struct engine *e)
{
	const struct policy *p = e->policy;
	struct wire_autoconfig m = {.latest = p->autoconfig_check.latest};

	if (p->autoconfig_check.url)
		(void)snprintf(m.url, sizeof(m.url), "%s", p->autoconfig_check.url);
	if (p->autoconfig_check.response)
		(void)snprintf(m.response, sizeof(m.response), "%s", p->autoconfig_check.response);
	wire_header_init(&m.header, WIRE_AUTOCONFIG, 0);
	engine_send(e, &m, sizeof(m), -1);
}

static void handle_get_limits(struct engine *e, const void *message)
{
	const struct policy *p = e->policy;
	struct wire_limits m = {
		.default_seconds = p->lease.default_seconds,
		.longest_seconds = p->lease.longest_seconds,
		.most_leases = p->lease.most,
		.dns_most = p->clearnet_dns.most,
		.sealed = 1,
		.built_in = e->built_in,
	};

	e->greeted = true;
	links_tell(e, true);
	tell_autoconfig(e);
	memcpy(m.digest, e->ruleset->digest, sizeof(m.digest));
	add_doors(&m, &p->clearnet, ROLE_CLEARNET);
	add_doors(&m, &p->autoconfig, ROLE_AUTOCONFIG);
	add_namespaces(&m, p);
	m.browser = browser_door(&m, p);
	wire_header_init(&m.header, WIRE_LIMITS, cookie_of(message));
	engine_send(e, &m, sizeof(m), -1);
}

/*
 * Safe: it only keeps open what the policy has allowed, and not beyond its deadline. What counts is
 * when it was sent: an engine that was stopped for long finds old ones.
 */
static void handle_heartbeat(struct engine *e, const void *message)
{
	const struct wire_heartbeat *beat = message;
	struct wire_alive m = {0};

	if (beat->sent > now_boottime()) {
		engine_drop_peer(e, "its HEARTBEAT is from the future");
		return;
	}
	if (beat->sent > e->heartbeat)
		e->heartbeat = beat->sent;
	links_heard(e);
	wire_header_init(&m.header, WIRE_ALIVE, beat->header.cookie);
	engine_send(e, &m, sizeof(m), -1);
}

/* 1: the name means another uid than when the policy was loaded, and is nobody's door. Or 0, or a
 * negative errno: nobody knows. */
static int user_changed(const struct policy *p, uid_t uid)
{
	bool autoconfig;
	const struct user *u = policy_door(p, uid, &autoconfig);
	uid_t now;
	int r;

	if (!u || u->by_number)
		return 0;
	r = resolve_user(NULL, u->name, &now);
	if (r < 0 && r != -ESRCH) {
		log_error("user %s cannot be looked up: %s; its door stays closed, or is closed",
			  u->name, strerror(-r));
		return r;
	}
	return r < 0 || now != uid;
}

/*
 * Safe: the uid must have a door in the administrator's file, for no longer than that file says;
 * what goes back is the read end of a pipe that nobody can write to.
 */
static void handle_lease_open(struct engine *e, const void *message)
{
	const struct wire_lease_open *m = message;
	const struct lease_request request = {
		.uid = m->uid,
		.seconds = m->seconds,
		.holder = m->holder,
		.scope = (enum lease_scope)m->scope,
		.servers = m->servers,
		.n_servers = m->n_servers,
	};
	struct wire_lease_opened answer = {0};
	_cleanup_(closep) int fd = -1;
	enum wire_refusal refusal;
	struct lease l;
	uint32_t detail;
	int r;

	if (e->built_in) {
		refuse(e, m, REFUSAL_NO_POLICY, 0);
		return;
	}
	/* What has just changed, and nobody has read yet, counts. */
	consent_look(e);
	refusal = lease_consider(&e->leases, e->policy, &request, engine_new_mark(e, &request),
				 now_boottime(), &l, &detail);
	if (refusal == REFUSAL_NONE)
		refusal = scoped_prepare(e, &l, &detail);
	r = refusal == REFUSAL_NONE ? user_changed(e->policy, m->uid) : 0;
	if (r < 0) {
		refuse(e, m, REFUSAL_ENGINE_FAILURE, (uint32_t)-r);
		return;
	}
	if (r > 0)
		refusal = REFUSAL_USER_CHANGED;
	if (refusal != REFUSAL_NONE) {
		log_info("lease for uid %u, asked by uid %u: refused, %s", m->uid, m->holder,
			 wire_refusal_to_string(refusal));
		refuse(e, m, refusal, detail);
		return;
	}
	r = engine_grant(e, &l, &fd);
	if (r < 0) {
		refuse(e, m, REFUSAL_ENGINE_FAILURE, (uint32_t)-r);
		return;
	}
	log_info("lease %llu: uid %u for %llu s, scope %s, asked by uid %u",
		 (unsigned long long)l.id, l.uid,
		 (unsigned long long)((l.expires - l.started) / USEC_PER_SEC),
		 lease_scope_to_string(l.scope), l.holder);
	answer.id = l.id;
	answer.started = l.started;
	answer.expires = l.expires;
	wire_header_init(&answer.header, WIRE_LEASE_OPENED, m->header.cookie);
	engine_send(e, &answer, sizeof(answer), fd);
}

/*
 * The kernel's time ends up to some milliseconds before ours: what it has closed already has ended
 * as it would have, and is not opened again.
 */
static void refuse_over(struct engine *e, const void *request, const struct lease *before)
{
	engine_end(e, before->id,
		   before->kernel_until < before->expires ? REASON_BUS_SILENT : REASON_DEADLINE, 0);
	refuse(e, request, REFUSAL_NO_SUCH_LEASE, 0);
}

/* Safe: the mark stays, the end never lies beyond the policy's longest from now. */
static void handle_lease_extend(struct engine *e, const void *message)
{
	const struct wire_lease_extend *m = message;
	struct wire_lease_extended answer = {.id = m->id};
	const struct lease *l = lease_find(&e->leases, m->id);
	struct lease before = l ? *l : (struct lease){0};
	enum wire_refusal refusal;
	uint32_t detail;
	int r;

	r = l ? user_changed(e->policy, l->uid) : 0;
	if (r < 0) {
		engine_end(e, m->id, REASON_FAILURE, 0);
		refuse(e, m, REFUSAL_ENGINE_FAILURE, (uint32_t)-r);
		return;
	}
	if (r > 0) {
		refuse(e, m, REFUSAL_USER_CHANGED, 0);
		return;
	}
	refusal = lease_extend(&e->leases, e->policy, m->id, m->seconds, now_boottime(),
			       &answer.expires, &detail);
	if (refusal != REFUSAL_NONE) {
		refuse(e, m, refusal, detail);
		return;
	}
	r = engine_renew(e, m->id);
	if (r == -ENOENT) {
		refuse_over(e, m, &before);
		return;
	}
	if (r < 0) {
		engine_end(e, m->id, REASON_FAILURE, 0);
		refuse(e, m, REFUSAL_ENGINE_FAILURE, (uint32_t)-r);
		return;
	}
	wire_header_init(&answer.header, WIRE_LEASE_EXTENDED, m->header.cookie);
	engine_send(e, &answer, sizeof(answer), -1);
}

/* Safe: closing always is. */
static void handle_lease_end(struct engine *e, const void *message)
{
	const struct wire_lease_end *m = message;

	if (!lease_find(&e->leases, m->id))
		refuse(e, m, REFUSAL_NO_SUCH_LEASE, 0);
	else
		engine_end(e, m->id, (enum wire_reason)m->reason, m->header.cookie);
}

/*
 * Safe: it opens nothing; without it the probe's uid has no lease. Withdrawn, theirs end first, and
 * whoever gives it again must have been let to.
 */
static void handle_set_consent(struct engine *e, const void *message)
{
	enum wire_refusal refusal;
	uint32_t detail;

	refusal = consent_set(e, message, &detail);
	if (refusal != REFUSAL_NONE)
		refuse(e, message, refusal, detail);
	else
		consent_send(e, cookie_of(message));
}

/* Safe: closing always is. It may be given again, if somebody is asked. */
static void handle_end_consent(struct engine *e, const void *message)
{
	consent_lose(e, ENDED_NETWORK);
	consent_send(e, cookie_of(message));
}

static void handle_get_consent(struct engine *e, const void *message)
{
	consent_send(e, cookie_of(message));
}

/* Safe: the files belong to root, and with an error in them nothing changes. */
static void handle_reload(struct engine *e, const void *message)
{
	struct wire_reloaded m = {0};
	struct load_report report;

	engine_reload(e, &report);
	m.outcome = report.outcome;
	m.n_errors = report.n_errors;
	(void)snprintf(m.text, sizeof(m.text), "%s", report.text);
	wire_header_init(&m.header, WIRE_RELOADED, cookie_of(message));
	engine_send(e, &m, sizeof(m), -1);
}

/* Safe: the ruleset in force is read as data, with the leases that are open. */
static void handle_explain(struct engine *e, const void *message)
{
	struct wire_explained answer = {0};
	int r;

	r = questions_answer(e, message, &answer);
	if (r < 0) {
		refuse(e, message, REFUSAL_ENGINE_FAILURE, (uint32_t)-r);
		return;
	}
	wire_header_init(&answer.header, WIRE_EXPLAINED, cookie_of(message));
	engine_send(e, &answer, sizeof(answer), -1);
}

/* Safe: it reads. A wall that is not as it was is loaded again, which can only close. */
static void handle_verify(struct engine *e, const void *message)
{
	struct wire_verified m = {0};
	struct verification v;

	verify_now(e, &v);
	m.outcome = v.outcome;
	m.generation = v.generation;
	m.n_rules = v.n_rules;
	m.n_elements = v.n_elements;
	m.took = v.took;
	memcpy(m.text, v.text, sizeof(m.text));
	wire_header_init(&m.header, WIRE_VERIFIED, cookie_of(message));
	engine_send(e, &m, sizeof(m), -1);
}

/* Safe: how much, not who. */
static void handle_get_counters(struct engine *e, const void *message)
{
	struct wire_counters m = {0};
	int r = blocked_counters(e, &m);

	if (r < 0) {
		refuse(e, message, REFUSAL_ENGINE_FAILURE, (uint32_t)-r);
		return;
	}
	wire_header_init(&m.header, WIRE_COUNTERS, cookie_of(message));
	engine_send(e, &m, sizeof(m), -1);
}

/* Safe: the bus process sees what it may pass on to root, and asks polkit who else may. */
static void handle_get_blocked(struct engine *e, const void *message)
{
	struct wire_blocked_list m = {0};

	blocked_list(e, message, &m);
	wire_header_init(&m.header, WIRE_BLOCKED_LIST, cookie_of(message));
	engine_send(e, &m, sizeof(m), -1);
	explicit_bzero(&m, sizeof(m));
}

/* Safe: it asks the kernel where a packet would go, and sends none. */
static void handle_check_address(struct engine *e, const void *message)
{
	const struct wire_check_address *m = message;
	struct wire_address answer = {0};
	enum address_kind kind;
	int r;

	r = links_check_address(e, m->family, m->address, &kind);
	if (r < 0) {
		refuse(e, m, REFUSAL_ENGINE_FAILURE, (uint32_t)-r);
		return;
	}
	answer.kind = kind;
	wire_header_init(&answer.header, WIRE_ADDRESS, m->header.cookie);
	engine_send(e, &answer, sizeof(answer), -1);
}

/* Safe: each address is checked again, and may be reached for a while by that lease's user. */
static void handle_dns_addresses(struct engine *e, const void *message)
{
	scoped_named(e, message);
}

static const handler_fn handlers[WIRE_TYPE_N] = {
	/* clang-format off */
	[WIRE_GET_LIMITS] = handle_get_limits,
	[WIRE_HEARTBEAT] = handle_heartbeat,
	[WIRE_LEASE_OPEN] = handle_lease_open,
	[WIRE_LEASE_EXTEND] = handle_lease_extend,
	[WIRE_LEASE_END] = handle_lease_end,
	[WIRE_SET_CONSENT] = handle_set_consent,
	[WIRE_GET_CONSENT] = handle_get_consent,
	[WIRE_END_CONSENT] = handle_end_consent,
	[WIRE_RELOAD] = handle_reload,
	[WIRE_VERIFY] = handle_verify,
	[WIRE_EXPLAIN] = handle_explain,
	[WIRE_GET_COUNTERS] = handle_get_counters,
	[WIRE_GET_BLOCKED] = handle_get_blocked,
	[WIRE_CHECK_ADDRESS] = handle_check_address,
	[WIRE_DNS_ADDRESSES] = handle_dns_addresses,
	/* clang-format on */
};

void engine_handle_peer(struct engine *e)
{
	char buf[WIRE_SIZE_MAX] __attribute__((aligned(8)));
	const struct wire_message *message;
	_cleanup_(closep) int fd = -1;
	const char *why;
	char text[160];
	ssize_t n;

	n = channel_receive(e->peer, TO_ENGINE, buf, &message, &fd, &why);
	if (n == -EAGAIN)
		return;
	if (n == 0) {
		engine_drop_peer(e, "it has closed the connection");
		return;
	}
	if (n < 0) {
		(void)snprintf(text, sizeof(text), "its message %s is %s",
			       message ? message->name : "(unknown)",
			       why ? why : strerror((int)-n));
		engine_drop_peer(e, text);
		return;
	}
	if (!handlers[message->type] || (message->legal == LEGAL_GREETED && !e->greeted)) {
		(void)snprintf(text, sizeof(text), "%s is not legal now", message->name);
		engine_drop_peer(e, text);
		return;
	}
	handlers[message->type](e, buf);
}
