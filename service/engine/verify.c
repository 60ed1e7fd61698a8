/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify.h"

#include "log.h"
#include "nft-prove.h"
#include "scoped.h"

#include <errno.h>
#include <stdio.h>

#define READ_TRIES 3
/* The kernel's time may run a little before ours, but never behind. */
#define LEASE_SLACK (100 * USEC_PER_MSEC)

static void leases_clear(struct nft_leases *l)
{
	free(l->items);
}

static bool may_be_gone(usec_t until, usec_t now)
{
	return until <= now + LEASE_SLACK;
}

/* Timeouts of 1 for what must be there, of 0 for what may have ended. */
static size_t known_reach(const struct lease *l, usec_t now, struct nft_reach *ret)
{
	/* As if it were long ago, so that nothing is left out. */
	size_t n = scoped_reach(l, 0, 0, l->kernel_until, ret);

	for (size_t i = 0; i < n; i++)
		ret[i].timeout_ms = may_be_gone(ret[i].timeout_ms * USEC_PER_MSEC, now) ? 0 : 1;
	return n;
}

/* All leases, those that are about to end, too: the kernel may have ended them, or not yet. */
static struct nft_leases known_leases(const struct engine *e)
{
	size_t size = sizeof(struct nft_lease) + SCOPED_REACH_MAX * sizeof(struct nft_reach);
	struct nft_leases ret = {.items = calloc(e->leases.n + 1, size)};
	usec_t now = now_boottime();
	struct nft_reach *reach;

	if (!ret.items)
		fatal_oom();
	reach = (void *)(ret.items + e->leases.n);
	for (size_t i = 0; i < e->leases.n; i++, reach += SCOPED_REACH_MAX) {
		const struct lease *l = &e->leases.items[i];

		ret.items[ret.n++] = (struct nft_lease){
			.uid = l->uid,
			.mark = l->mark,
			.timeout_ms = may_be_gone(l->kernel_until, now) ? 0 : 1,
			.scoped = l->scope != SCOPE_FULL,
			.is_namespace = l->is_namespace,
			.peer = l->peer,
			.reach = reach,
			.n_reach = known_reach(l, now, reach),
		};
		memcpy(ret.items[ret.n - 1].link, l->link, sizeof(l->link));
	}
	return ret;
}

/* Only of what is the same: the digest is of what was sent. 0 or -ENOMEM. */
static int prove(struct engine *e, const struct policy *p, const struct nft_expected *should,
		 const struct nft_seen *seen, struct verification *ret)
{
	int r;

	if (memcmp(e->proved, should->ruleset->digest, sizeof(e->proved)) == 0)
		return 0;
	r = nft_prove(p, should, seen, ret->text);
	if (r == 0)
		memcpy(e->proved, should->ruleset->digest, sizeof(e->proved));
	if (r > 0)
		ret->outcome = VERIFY_UNPROVED;
	return r < 0 ? r : 0;
}

/* 0 with the outcome, or a negative errno. */
static int judge(struct engine *e, const struct policy *p, const struct ruleset *ruleset,
		 const struct nft_seen *seen, struct verification *ret)
{
	_cleanup_(leases_clear) struct nft_leases leases = known_leases(e);
	_cleanup_(links_clear) struct links links = {0};
	const struct nft_expected should = {
		.ruleset = ruleset,
		.flags = e->table_flags,
		.leases = &leases,
		.lease_timeout_ms = LEASE_KERNEL_TIMEOUT / USEC_PER_MSEC,
		.on_link = e->on_link_known ? &e->on_link : NULL,
		.egress = e->egress.up,
		.token = e->egress.token,
		.previous = e->egress.previous,
		.covered = &e->egress.covered,
		.by_name = e->egress.by_name,
		.links = &links,
	};
	int r = e->egress.up ? link_list(&e->route, &links) : 0;

	if (r < 0)
		return r;
	if (!nft_compare(&should, seen, ret->text))
		return prove(e, p, &should, seen, ret);
	ret->outcome = VERIFY_DIFFERS;
	return 0;
}

void verify_ruleset(struct engine *e, const struct policy *p, const struct ruleset *ruleset,
		    struct verification *ret)
{
	_cleanup_(nft_seen_clear) struct nft_seen seen = {0};
	usec_t since = now_boottime();
	int r = -EINTR;

	*ret = (struct verification){.outcome = VERIFY_SAME};
	/* A lost answer is no news of the wall; one that does not come has been waited for. */
	for (int i = 0; i < READ_TRIES && r < 0 && r != -ENOMEM && r != -ETIMEDOUT; i++)
		r = nft_read(&e->nft, e->egress.token, &seen);
	if (r == 0) {
		ret->generation = seen.generation;
		ret->n_rules = (uint32_t)seen.ruleset->n_rules;
		ret->n_elements = (uint32_t)seen.n_elements;
		r = judge(e, p, ruleset, &seen, ret);
	}
	if (r == -ENOMEM)
		fatal_oom();
	if (r < 0) {
		ret->outcome = VERIFY_UNREADABLE;
		(void)snprintf(ret->text, sizeof(ret->text), "%s",
			       r == -EINTR ? "others change tables of the kernel all the time"
					   : strerror(-r));
	}
	ret->took = now_boottime() - since;
}

void verify_now(struct engine *e, struct verification *ret)
{
	memset(e->proved, 0, sizeof(e->proved));
	verify_ruleset(e, e->policy, e->ruleset, ret);
	if (ret->outcome == VERIFY_SAME)
		return;
	log_error("verify: %s: %s", verify_outcome_to_string(ret->outcome), ret->text);
	if (ret->outcome == VERIFY_DIFFERS)
		e->repair_at = now_boottime();
}
