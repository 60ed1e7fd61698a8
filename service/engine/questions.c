/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "questions.h"

#include "elements.h"
#include "explain.h"
#include "link.h"
#include "scoped.h"

#include <errno.h>
#include <stdio.h>

/* Elements of the sets that loads keep, as the kernel has them now. */
struct now {
	struct rs_elements sets[SET_N];
	struct rs_element grants[WIRE_LEASES_MAX], leases[WIRE_LEASES_MAX], live[WIRE_LEASES_MAX];
	struct rs_element narrow[WIRE_LEASES_MAX];
	struct rs_element *on_link, *scoped;
};

static void now_clear(struct now *now)
{
	free(now->on_link);
	free(now->scoped);
}

static int compare_keys(const void *pa, const void *pb)
{
	return elements_compare_keys(pa, pb);
}

static void put(struct now *now, enum rs_set set, struct rs_element *items, size_t n)
{
	qsort(items, n, sizeof(*items), compare_keys);
	now->sets[set] = (struct rs_elements){.items = items, .n = n, .capacity = n};
}

/* Where its user may go; how many elements. */
static size_t reach_of(const struct lease *l, struct rs_element *ret)
{
	struct nft_reach reach[SCOPED_REACH_MAX];
	usec_t now = now_boottime();
	size_t n = scoped_reach(l, now, now, l->kernel_until, reach);

	for (size_t i = 0; i < n; i++) {
		const struct nft_reach *r = &reach[i];

		ret[i] = (struct rs_element){{l->uid, r->addr, r->protocol, r->port},
					     {l->uid, r->addr, r->protocol, r->port},
					     l->mark,
					     {0}};
	}
	return n;
}

static int now_init(struct now *now, const struct engine *e)
{
	size_t n = e->leases.n, n_open = 0, n_grants = 0, n_narrow = 0, n_scoped = 0;

	*now = (struct now){0};
	now->on_link = calloc(e->on_link.n + 1, sizeof(*now->on_link));
	now->scoped = calloc(n * SCOPED_REACH_MAX + 1, sizeof(*now->scoped));
	if (!now->on_link || !now->scoped)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		const struct lease *l = &e->leases.items[i];
		const struct rs_element grant = {{l->uid}, {l->uid}, l->mark, {0}};

		/* What leaves this machine's own programs is asked about, not what is forwarded. */
		if (l->is_namespace)
			continue;
		if (l->scope == SCOPE_FULL)
			now->grants[n_grants++] = grant;
		else
			now->narrow[n_narrow++] = grant;
		n_scoped += reach_of(l, &now->scoped[n_scoped]);
		now->leases[n_open] =
			(struct rs_element){{l->uid, l->mark}, {l->uid, l->mark}, 0, {0}};
		now->live[n_open++] = (struct rs_element){{l->mark}, {l->mark}, 0, {0}};
	}
	for (size_t i = 0; i < e->on_link.n; i++) {
		now->on_link[i].key[0] = e->on_link.items[i].first;
		now->on_link[i].end[0] = e->on_link.items[i].last;
	}
	put(now, SET_GRANTS, now->grants, n_grants);
	put(now, SET_NARROW, now->narrow, n_narrow);
	put(now, SET_SCOPED, now->scoped, n_scoped);
	put(now, SET_LEASES, now->leases, n_open);
	put(now, SET_LIVE, now->live, n_open);
	put(now, SET_ON_LINK, now->on_link, e->on_link.n);
	return 0;
}

static void format_address(const struct wire_explain *q, char *buf, size_t size)
{
	uint32_t a = q->addr;

	if (q->family == EXPLAIN_IPV4)
		(void)snprintf(buf, size, "%u.%u.%u.%u", a >> 24, a >> 16 & 0xff, a >> 8 & 0xff,
			       a & 0xff);
	else
		(void)snprintf(buf, size, "%s",
			       q->family == EXPLAIN_LOOPBACK6 ? "::1" : "that address");
}

static void fill(const struct engine *e, const struct explanation *x, uid_t uid,
		 struct wire_explained *ret)
{
	static const enum explain_verdict verdicts[VERDICT_N] = {
		[VERDICT_ACCEPT] = EXPLAIN_ACCEPTED,
		[VERDICT_DROP] = EXPLAIN_DROPPED,
		[VERDICT_REFUSE] = EXPLAIN_REFUSED,
	};

	ret->verdict = verdicts[x->outcome.verdict];
	ret->door = x->door;
	ret->with_door = x->with_door;
	for (size_t i = 0; i < e->leases.n; i++)
		ret->open |= e->leases.items[i].uid == uid;
	policy_format_origin(e->policy, x->outcome.origin, ret->origin, sizeof(ret->origin));
	(void)snprintf(ret->rule, sizeof(ret->rule), "%s", x->rule);
	(void)snprintf(ret->why, sizeof(ret->why), "%s", x->why);
	(void)snprintf(ret->remedy, sizeof(ret->remedy), "%s", x->remedy);
	(void)snprintf(ret->who, sizeof(ret->who), "%s", x->who);
}

int questions_answer(struct engine *e, const struct wire_explain *q, struct wire_explained *ret)
{
	_cleanup_(now_clear) struct now now;
	char user[POLICY_NAME_MAX + 1];
	struct question question = {
		.uid = q->uid,
		.user = user,
		.ipv6 = q->family != EXPLAIN_IPV4,
		.loopback6 = q->family == EXPLAIN_LOOPBACK6,
		.addr = q->addr,
		.protocol = (uint8_t)q->protocol,
		.port = q->port,
	};
	struct route_way way;
	struct explanation x;
	int r;

	format_user(q->uid, user, sizeof(user));
	format_address(q, question.text, sizeof(question.text));
	if (!question.ipv6 && route_lookup(&e->route, q->addr, &way) == 0)
		question.addr_type = way.type;
	r = question.ipv6 ? 0 : link_towards(&e->route, q->addr, question.link);
	if (r == 0)
		r = now_init(&now, e);
	if (r == 0)
		r = explain(e->policy, e->ruleset, now.sets, &question, &x);
	if (r == 0)
		fill(e, &x, q->uid, ret);
	return r;
}
