/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lease.h"

static usec_t earlier(usec_t a, usec_t b)
{
	return a < b ? a : b;
}

static const struct lease *find_uid(const struct lease_table *t, uid_t uid)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->items[i].uid == uid)
			return &t->items[i];
	return NULL;
}

struct lease *lease_find(struct lease_table *t, uint64_t id)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->items[i].id == id)
			return &t->items[i];
	return NULL;
}

static uint32_t at_most(enum lease_scope scope, uint32_t seconds)
{
	return scope == SCOPE_PROBE && seconds > LEASE_PROBE_SECONDS ? LEASE_PROBE_SECONDS
								     : seconds;
}

static enum wire_refusal check_seconds(const struct policy *p, enum lease_scope scope,
				       uint32_t *seconds, uint32_t *ret_detail)
{
	if (*seconds == 0)
		*seconds = at_most(scope, p->lease.default_seconds);
	*ret_detail = at_most(scope, p->lease.longest_seconds);
	if (*seconds > *ret_detail)
		return REFUSAL_TOO_LONG;
	*ret_detail = 0;
	return REFUSAL_NONE;
}

static bool may_ask_all(const struct lease_request *r)
{
	for (size_t i = 0; i < r->n_servers; i++)
		if (!lease_may_ask(r->servers[i]))
			return false;
	return r->n_servers > 0 && r->n_servers <= WIRE_SERVERS_MAX;
}

/* Fills in what the policy says of the door of l->uid; false: there is none that reaches so far. */
static bool find_door(const struct policy *p, struct lease *l)
{
	const struct namespace *n = policy_namespace_door(p, l->uid);
	const struct user *u = policy_door(p, l->uid, &l->autoconfig);

	if (n) {
		l->is_namespace = true;
		memcpy(l->user, n->name, strlen(n->name) + 1);
		memcpy(l->link, n->interface, sizeof(l->link));
		l->peer = n->peer;
		return l->scope == SCOPE_FULL;
	}
	if (!u)
		return false;
	memcpy(l->user, u->name, sizeof(l->user));
	return lease_scope_fits(l->scope, l->autoconfig);
}

enum wire_refusal lease_consider(const struct lease_table *t, const struct policy *p,
				 const struct lease_request *request, uint32_t mark, usec_t now,
				 struct lease *ret, uint32_t *ret_detail)
{
	uint32_t seconds = request->seconds;
	enum wire_refusal refusal;
	struct lease l = {.uid = request->uid, .scope = request->scope};

	*ret_detail = 0;
	if (!find_door(p, &l))
		return REFUSAL_NOT_A_DOOR;
	if (l.autoconfig && t->consent.value != CONSENT_GRANTED)
		return REFUSAL_NO_CONSENT;
	if (request->scope != SCOPE_FULL && !may_ask_all(request))
		return REFUSAL_NO_SERVERS;
	refusal = check_seconds(p, request->scope, &seconds, ret_detail);
	if (refusal != REFUSAL_NONE)
		return refusal;
	if (find_uid(t, request->uid))
		return REFUSAL_BUSY;
	*ret_detail = p->lease.most;
	if (t->n >= p->lease.most || t->n >= ARRAY_SIZE(t->items))
		return REFUSAL_TOO_MANY;
	*ret_detail = 0;
	l.id = t->last_id + 1;
	l.mark = mark;
	l.holder = request->holder;
	l.started = now;
	l.expires = now + seconds * USEC_PER_SEC;
	*ret = l;
	if (request->scope != SCOPE_FULL) {
		ret->n_servers = request->n_servers;
		memcpy(ret->servers, request->servers, request->n_servers * sizeof(*ret->servers));
	}
	ret->kernel_until = lease_kernel_until(ret, now);
	return REFUSAL_NONE;
}

void lease_add(struct lease_table *t, const struct lease *l)
{
	t->items[t->n++] = *l;
	t->last_id = l->id;
	if (l->autoconfig)
		t->consent.uses++;
}

enum wire_refusal lease_extend(struct lease_table *t, const struct policy *p, uint64_t id,
			       uint32_t seconds, usec_t now, usec_t *ret_expires,
			       uint32_t *ret_detail)
{
	struct lease *l = lease_find(t, id);
	enum wire_refusal refusal;

	*ret_detail = 0;
	if (!l || l->expires <= now)
		return REFUSAL_NO_SUCH_LEASE;
	refusal = check_seconds(p, l->scope, &seconds, ret_detail);
	/* A probe is over, or has failed: it is never given more time. */
	if (refusal == REFUSAL_NONE && l->scope == SCOPE_PROBE)
		refusal = REFUSAL_TOO_LONG;
	if (refusal != REFUSAL_NONE) {
		*ret_detail = at_most(l->scope, p->lease.longest_seconds);
		return refusal;
	}
	l->expires = now + seconds * USEC_PER_SEC;
	*ret_expires = l->expires;
	return REFUSAL_NONE;
}

void lease_renewed(struct lease_table *t, uint64_t id, usec_t until)
{
	struct lease *l = lease_find(t, id);

	if (l)
		l->kernel_until = until;
}

bool lease_remove(struct lease_table *t, uint64_t id)
{
	struct lease *l = lease_find(t, id);

	if (!l)
		return false;
	*l = t->items[--t->n];
	return true;
}

usec_t lease_kernel_until(const struct lease *l, usec_t now)
{
	return earlier(now + LEASE_KERNEL_TIMEOUT, l->expires);
}

static void effect(struct lease_effects *e, struct lease_effect item)
{
	e->items[e->n++] = item;
}

static void effect_end(struct lease_effects *e, const struct lease *l, enum wire_reason reason)
{
	effect(e, (struct lease_effect){.kind = EFFECT_END, .id = l->id, .reason = reason});
}

/* When the elements of a lease should be renewed, if the bus process is heard of. */
static usec_t renew_at(const struct lease *l)
{
	if (l->kernel_until == l->expires)
		return USEC_INFINITY;
	return l->kernel_until - (LEASE_KERNEL_TIMEOUT - LEASE_RENEW_AFTER);
}

static bool heard_at(usec_t heartbeat, usec_t when)
{
	return when < heartbeat + LEASE_HEARTBEAT_MAX;
}

void lease_tick(const struct lease_table *t, usec_t heartbeat, usec_t now,
		struct lease_effects *ret)
{
	bool heard = heard_at(heartbeat, now);

	ret->n = 0;
	for (size_t i = 0; i < t->n; i++) {
		const struct lease *l = &t->items[i];

		if (now >= l->expires)
			effect_end(ret, l, REASON_DEADLINE);
		else if (now >= l->kernel_until)
			effect_end(ret, l, REASON_BUS_SILENT);
		else if (heard && now >= renew_at(l))
			effect(ret, (struct lease_effect){
					    .kind = EFFECT_RENEW,
					    .id = l->id,
					    .until = lease_kernel_until(l, now),
				    });
	}
}

usec_t lease_next(const struct lease_table *t, usec_t heartbeat, usec_t now)
{
	usec_t next = USEC_INFINITY;

	for (size_t i = 0; i < t->n; i++) {
		const struct lease *l = &t->items[i];
		usec_t renew = renew_at(l);

		next = earlier(next, earlier(l->expires, l->kernel_until));
		/* Not heard of now or by then: the next heartbeat calls the tick. */
		if (heard_at(heartbeat, now) && heard_at(heartbeat, renew))
			next = earlier(next, renew);
	}
	return next;
}

/* Still a door, of the same kind, and for the user, or namespace, that it was granted for. */
static bool same_door(const struct lease *l, const struct policy *p)
{
	struct lease now = {.uid = l->uid, .scope = l->scope};

	return find_door(p, &now) && now.autoconfig == l->autoconfig &&
	       now.is_namespace == l->is_namespace && strcmp(now.user, l->user) == 0 &&
	       strcmp(now.link, l->link) == 0 && now.peer == l->peer;
}

void lease_reconsider(const struct lease_table *t, const struct policy *p, usec_t now,
		      struct lease_effects *ret)
{
	size_t kept = 0;

	ret->n = 0;
	for (size_t i = 0; i < t->n; i++) {
		const struct lease *l = &t->items[i];
		usec_t left = l->expires > now ? l->expires - now : 0;

		if (same_door(l, p) && left <= p->lease.longest_seconds * USEC_PER_SEC &&
		    kept < p->lease.most)
			kept++;
		else
			effect_end(ret, l, REASON_POLICY);
	}
}

void lease_end_all(const struct lease_table *t, enum wire_reason reason, struct lease_effects *ret)
{
	ret->n = 0;
	for (size_t i = 0; i < t->n; i++)
		effect_end(ret, &t->items[i], reason);
}

static void end_autoconfig(const struct lease_table *t, struct lease_effects *ret)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->items[i].autoconfig)
			effect_end(ret, &t->items[i], REASON_CONSENT);
}

enum wire_refusal consent_grant(struct lease_table *t, uid_t who,
				const uint8_t network[WIRE_NETWORK_SIZE], bool lift, usec_t now,
				struct lease_effects *ret)
{
	struct consent *c = &t->consent;
	bool again =
		c->value == CONSENT_GRANTED && memcmp(c->network, network, WIRE_NETWORK_SIZE) == 0;

	ret->n = 0;
	if (c->value == CONSENT_HIDDEN && !lift)
		return REFUSAL_HIDDEN;
	/* Another network's consent does not carry a running lease. */
	if (!again)
		end_autoconfig(t, ret);
	*c = (struct consent){
		.value = CONSENT_GRANTED,
		.who = who,
		.since = now,
		.uses = again ? c->uses : 0,
	};
	memcpy(c->network, network, WIRE_NETWORK_SIZE);
	return REFUSAL_NONE;
}

void consent_hide(struct lease_table *t, uid_t who, usec_t now, struct lease_effects *ret)
{
	ret->n = 0;
	end_autoconfig(t, ret);
	t->consent = (struct consent){.value = CONSENT_HIDDEN, .who = who, .since = now};
}

bool consent_end(struct lease_table *t, enum consent_ended why, usec_t now,
		 struct lease_effects *ret)
{
	ret->n = 0;
	if (t->consent.value != CONSENT_GRANTED)
		return false;
	end_autoconfig(t, ret);
	t->consent.value = CONSENT_UNKNOWN;
	t->consent.since = now;
	t->consent.ended = why;
	return true;
}
