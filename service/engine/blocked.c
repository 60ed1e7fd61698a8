/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "blocked.h"

#include "counters.h"
#include "log.h"
#include "nflog-origin.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>

/* The kernel sends fifteen at once, and then six a second; forged ones wait for their turn. */
#define READS_AT_ONCE 32
/* Whoever forges reports must not fill the bus process's socket, for then it would be let go. */
#define TOLD_PER_SECOND 32

_Static_assert(COUNTER_N <= WIRE_COUNTERS_MAX, "every counter fits into its message");
_Static_assert(BLOCKED_ORIGIN_SIZE == WIRE_LINE_SIZE, "origins travel whole");
_Static_assert(NFLOG_ADDRESS_SIZE == WIRE_ADDRESS_SIZE, "addresses travel whole");

static void say_deaf(const struct nflog *l)
{
	log_warning("refused packets are not reported: %s; nothing else is missing",
		    l->error == -EPERM || l->error == -EBUSY
			    ? "another process listens to the group that is ours in the "
			      "netfilter log"
			    : strerror(-l->error));
}

void blocked_open(struct engine *e)
{
	bool locked;
	int r;

	e->blocked = blocked_ring_new(now_boottime(), &locked);
	if (!e->blocked)
		fatal_oom();
	log_debug("what was refused %s", locked ? "is never swapped out" : "may be swapped out");
	r = nflog_open(&e->nflog);
	if (r < 0)
		e->nflog.error = r;
	if (e->nflog.error)
		say_deaf(&e->nflog);
}

static void fill_entry(const struct blocked *b, struct wire_blocked_entry *ret)
{
	*ret = (struct wire_blocked_entry){
		.number = b->number,
		.first = b->first,
		.last = b->last,
		.count = b->count,
		.uid = b->uid,
		.family = b->family,
		.protocol = b->protocol,
		.port = b->port,
		.has_destination = b->has_destination,
	};
	memcpy(ret->destination, b->destination, sizeof(ret->destination));
	memcpy(ret->origin, b->origin, sizeof(ret->origin));
	(void)snprintf(ret->class, sizeof(ret->class), "%s", rs_counter_name(b->counter));
}

static void tell(struct engine *e, const struct blocked *b)
{
	struct wire_blocked m = {0};

	if (b->last - e->told_since >= USEC_PER_SEC) {
		e->told_since = b->last;
		e->n_told = 0;
	}
	if (e->n_told++ >= TOLD_PER_SECOND)
		return;

	fill_entry(b, &m.entry);
	wire_header_init(&m.header, WIRE_BLOCKED, 0);
	engine_send(e, &m, sizeof(m), -1);
	explicit_bzero(&m, sizeof(m));
}

static void see(const struct nflog_packet *packet, void *userdata)
{
	struct engine *e = userdata;
	char origin[PATH_MAX + 16];
	struct blocked b;

	policy_format_origin(e->policy, nflog_origin(e->ruleset, &e->on_link, packet), origin,
			     sizeof(origin));
	blocked_from_packet(packet, e->policy->report.destinations, origin, now_boottime(), &b);
	tell(e, blocked_ring_add(e->blocked, &b));
	explicit_bzero(&b, sizeof(b));
}

void blocked_read(struct engine *e)
{
	int r = nflog_read(&e->nflog, READS_AT_ONCE, see, e);

	if (r < 0)
		log_warning("reports of refused packets: %s", strerror(-r));
}

void blocked_reconsider(struct engine *e)
{
	if (!e->policy->report.destinations)
		blocked_ring_forget_destinations(e->blocked);
}

/* Whoever had the group may have gone. */
static void listen_again(struct engine *e)
{
	if (nflog_fd(&e->nflog) >= 0 && e->nflog.error && nflog_listen(&e->nflog) == 0)
		log_info("refused packets are reported again");
}

void blocked_list(struct engine *e, const struct wire_get_blocked *request,
		  struct wire_blocked_list *ret)
{
	const struct blocked *b = blocked_ring_from(e->blocked, request->from, request->uid);

	listen_again(e);
	ret->error = (uint32_t)-e->nflog.error;
	for (; b && ret->n < WIRE_BLOCKED_MAX;
	     b = blocked_ring_from(e->blocked, b->number + 1, request->uid))
		fill_entry(b, &ret->items[ret->n++]);
	ret->next = b ? b->number : 0;
}

int blocked_counters(struct engine *e, struct wire_counters *ret)
{
	struct counters counters;
	int r;

	r = counters_read(&e->work, &counters);
	if (r < 0)
		return r;
	for (; ret->n < COUNTER_N; ret->n++) {
		struct wire_count *c = &ret->items[ret->n];

		c->packets = counters.items[ret->n].packets;
		c->bytes = counters.items[ret->n].bytes;
		(void)snprintf(c->name, sizeof(c->name), "%s", rs_counter_name(ret->n));
	}
	return 0;
}
