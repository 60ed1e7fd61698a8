/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "engine.h"

#include "channel.h"
#include "conntrack.h"
#include "consent.h"
#include "cut.h"
#include "forward.h"
#include "log.h"
#include "scoped.h"
#include "tamper.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <sys/random.h>
#include <unistd.h>

#define REMOVE_TRIES 3

static void open_socket(struct nl *nl, int bus)
{
	int r = nl_open(nl, bus);

	if (r < 0)
		fatal("no netlink socket: %s; the wall stays as it is", strerror(-r));
}

void engine_init(struct engine *e)
{
	e->peer = -1;
	e->repair_at = USEC_INFINITY;
	open_socket(&e->route, NETLINK_ROUTE);
}

void engine_open_wall(struct engine *e)
{
	struct nl_error error;
	int r;

	open_socket(&e->nft, NETLINK_NETFILTER);
	r = nft_table_flags(&e->nft, &e->table_flags, &error);
	if (r < 0)
		fatal("the kernel refuses %s: %s; the wall stays as it is", error.object,
		      strerror(-r));
}

void engine_open(struct engine *e)
{
	open_socket(&e->work, NETLINK_NETFILTER);
	open_socket(&e->diag, NETLINK_SOCK_DIAG);
}

uint32_t engine_new_mark(const struct engine *e, const struct lease_request *request)
{
	uint32_t kind = wire_is_namespace(request->uid) ? MARK_FORWARD
			: request->scope == SCOPE_FULL  ? MARK_LEASE
							: MARK_SCOPED;

	for (;;) {
		uint32_t mark = 0;
		bool used = false;

		if (getrandom(&mark, sizeof(mark), 0) != (ssize_t)sizeof(mark))
			fatal("no random numbers: %s; the wall stays as it is", strerror(errno));
		mark = kind | (mark & ~MARK_KIND);
		for (size_t i = 0; i < e->leases.n; i++)
			used |= e->leases.items[i].mark == mark;
		if (!used && mark != kind)
			return mark;
	}
}

static uint64_t milliseconds(usec_t from, usec_t to)
{
	/* Rounded down: the kernel may close early, never late. */
	return to > from ? (to - from) / USEC_PER_MSEC : 0;
}

/* As the kernel should have it until then; since: scoped_reach(), which fills reach. */
static struct nft_lease kernel_lease(const struct lease *l, usec_t now, usec_t since, usec_t until,
				     struct nft_reach reach[SCOPED_REACH_MAX])
{
	struct nft_lease ret = {
		.uid = l->uid,
		.mark = l->mark,
		.timeout_ms = milliseconds(now, until),
		.scoped = l->scope != SCOPE_FULL,
		.is_namespace = l->is_namespace,
		.peer = l->peer,
		.reach = reach,
		.n_reach = scoped_reach(l, now, since, until, reach),
	};

	memcpy(ret.link, l->link, sizeof(ret.link));
	return ret;
}

void engine_kernel_leases(const struct engine *e, struct nft_leases *ret)
{
	size_t size = sizeof(struct nft_lease) + SCOPED_REACH_MAX * sizeof(struct nft_reach);
	usec_t now = now_boottime();
	struct nft_reach *reach;

	ret->n = 0;
	/* What they reach lies behind them all. */
	ret->items = calloc(e->leases.n ? e->leases.n : 1, size);
	if (!ret->items)
		fatal_oom();
	reach = (void *)(ret->items + e->leases.n);
	for (size_t i = 0; i < e->leases.n; i++) {
		const struct lease *from = &e->leases.items[i];
		struct nft_lease l = kernel_lease(from, now, now, from->kernel_until, reach);

		/* One that is over is about to end; 0 would mean for ever. */
		if (!l.timeout_ms)
			continue;
		ret->items[ret->n++] = l;
		reach += SCOPED_REACH_MAX;
	}
}

/* A kernel that will not close a door is left to its timeouts, and to a new engine. */
static void close_door(struct engine *e, const struct lease *l)
{
	struct nft_reach reach[SCOPED_REACH_MAX];
	struct nft_lease kl = kernel_lease(l, 0, 0, USEC_INFINITY, reach);
	struct nl_error error = {0};

	for (int i = 0; i < REMOVE_TRIES; i++)
		if (nft_lease_remove(&e->nft, &kl, &error) == 0)
			return;
	fatal("lease %llu: the kernel refuses to delete %s: %s; the door closes by itself within "
	      "%llu s",
	      (unsigned long long)l->id, error.object, strerror(-error.error),
	      (unsigned long long)(LEASE_KERNEL_TIMEOUT / USEC_PER_SEC));
}

int engine_grant(struct engine *e, const struct lease *l, int *ret_fd)
{
	_cleanup_(closep) int read_end = -1, write_end = -1;
	struct nft_reach reach[SCOPED_REACH_MAX];
	struct nft_lease kl = kernel_lease(l, l->started, l->started, l->kernel_until, reach);
	struct nl_error error;
	int fds[2], r;

	if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) < 0) {
		r = -errno;
		log_error("lease %llu: no pipe: %s; the door stays closed",
			  (unsigned long long)l->id, strerror(-r));
		return r;
	}
	read_end = fds[0];
	write_end = fds[1];
	r = l->is_namespace ? forward_follow(e, l) : 0;
	if (r < 0) {
		(void)forward_follow(e, NULL);
		return r;
	}
	r = nft_lease_add(&e->nft, &kl, &error);
	if (r < 0) {
		if (l->is_namespace)
			(void)forward_follow(e, NULL);
		/* When the answer was lost the kernel may have opened it, for nobody. */
		if (r == -ENOBUFS)
			close_door(e, l);
		log_error("lease %llu: the kernel refuses %s: %s; the door stays closed",
			  (unsigned long long)l->id, error.object, strerror(-r));
		return r;
	}
	lease_add(&e->leases, l);
	e->pipes[e->n_pipes++] = (struct lease_pipe){.id = l->id, .fd = TAKE_FD(write_end)};
	*ret_fd = TAKE_FD(read_end);
	return 0;
}

int engine_renew(struct engine *e, uint64_t id)
{
	const struct lease *l = lease_find(&e->leases, id);
	usec_t now = now_boottime(), until, since;
	struct nft_reach reach[SCOPED_REACH_MAX];
	struct nft_lease kl;
	struct nl_error error;
	int r;

	if (!l)
		return -ENOENT;
	until = lease_kernel_until(l, now);
	/* What ends by itself before both is left alone: it may have ended. */
	since = l->kernel_until < until ? l->kernel_until : until;
	kl = kernel_lease(l, now, since, until, reach);
	r = nft_lease_renew(&e->nft, &kl, &error);
	if (r == -ENOENT)
		return r; /* its time was up in the kernel */
	if (r < 0) {
		log_error("lease %llu: the kernel refuses to renew %s: %s", (unsigned long long)id,
			  error.object, strerror(-r));
		return r;
	}
	lease_renewed(&e->leases, id, until);
	return 0;
}

/* The holder reads the end of its pipe. */
static void close_pipe(struct engine *e, uint64_t id)
{
	for (size_t i = 0; i < e->n_pipes; i++)
		if (e->pipes[i].id == id) {
			close_fd(e->pipes[i].fd);
			e->pipes[i] = e->pipes[--e->n_pipes];
			return;
		}
}

static void forget_flows(struct engine *e, const struct lease *l)
{
	int r = conntrack_delete(&e->work, l->mark, UINT32_MAX);

	if (r < 0)
		log_warning("lease %llu: its conntrack entries were left to time out: %s",
			    (unsigned long long)l->id, strerror(-r));
}

/* What follows when the kernel has no elements of it any more. */
static void ended(struct engine *e, const struct lease *l, enum wire_reason reason, uint32_t cookie)
{
	struct wire_lease_ended m = {.id = l->id, .reason = reason};

	lease_remove(&e->leases, l->id);
	close_pipe(e, l->id);
	scoped_ended(e, l->id);
	forget_flows(e, l);
	if (l->is_namespace)
		log_info("lease %llu of namespace %s ended: %s", (unsigned long long)l->id, l->user,
			 wire_reason_to_string(reason));
	else
		log_info("lease %llu of uid %u ended: %s", (unsigned long long)l->id, l->uid,
			 wire_reason_to_string(reason));
	wire_header_init(&m.header, WIRE_LEASE_ENDED, cookie);
	engine_send(e, &m, sizeof(m), -1);
	/* The packets have stopped; now the programs learn of it. */
	if (l->is_namespace)
		(void)forward_follow(e, NULL);
	else
		cut_begin(e, l->uid);
}

void engine_end(struct engine *e, uint64_t id, enum wire_reason reason, uint32_t cookie)
{
	const struct lease *found = lease_find(&e->leases, id);
	struct lease l;

	if (!found)
		return;
	l = *found;
	close_door(e, &l);
	ended(e, &l, reason, cookie);
}

void engine_end_probes(struct engine *e)
{
	for (size_t i = 0; i < e->leases.n;) {
		struct lease l = e->leases.items[i];

		if (l.scope == SCOPE_PROBE)
			ended(e, &l, REASON_FAILURE, 0);
		else
			i++;
	}
}

void engine_apply(struct engine *e, const struct lease_effects *effects)
{
	for (size_t i = 0; i < effects->n; i++) {
		const struct lease_effect *f = &effects->items[i];

		switch (f->kind) {
		case EFFECT_RENEW:
			if (engine_renew(e, f->id) < 0)
				engine_end(e, f->id, REASON_FAILURE, 0);
			break;
		case EFFECT_END:
			engine_end(e, f->id, f->reason, 0);
			break;
		}
	}
}

void engine_end_all(struct engine *e, enum wire_reason reason)
{
	struct lease_effects effects;

	lease_end_all(&e->leases, reason, &effects);
	engine_apply(e, &effects);
	/* There is no tick any more. */
	while (reason == REASON_SHUTDOWN && cut_step(e))
		;
}

void engine_pipe_closed(struct engine *e, uint64_t id)
{
	engine_end(e, id, REASON_CLOSED, 0);
}

void engine_tick(struct engine *e, usec_t now)
{
	struct lease_effects effects;

	lease_tick(&e->leases, e->heartbeat, now, &effects);
	engine_apply(e, &effects);
	scoped_tick(e, now);
	(void)cut_step(e);
	if (now >= e->repair_at)
		tamper_repair(e);
	if (e->peer >= 0 && now >= e->heartbeat + LEASE_KERNEL_TIMEOUT)
		engine_drop_peer(e, "it has been silent");
}

usec_t engine_next(const struct engine *e)
{
	usec_t next = e->cuts ? 0 : lease_next(&e->leases, e->heartbeat, now_boottime());

	if (e->repair_at < next)
		next = e->repair_at;
	if (scoped_next(e) < next)
		next = scoped_next(e);
	if (e->peer < 0 && e->deaf_until > now_boottime() && e->deaf_until < next)
		next = e->deaf_until;
	if (e->peer >= 0 && e->heartbeat + LEASE_KERNEL_TIMEOUT < next)
		next = e->heartbeat + LEASE_KERNEL_TIMEOUT;
	return next;
}

void engine_take_peer(struct engine *e, int fd)
{
	e->peer = fd;
	e->greeted = false;
	e->heartbeat = now_boottime();
	log_info("the bus process has connected");
}

void engine_drop_peer(struct engine *e, const char *why)
{
	if (e->peer < 0)
		return;
	log_info("the bus process is let go: %s", why);
	e->peer = close_fd(e->peer);
	e->greeted = false;
	engine_end_all(e, REASON_BUS_GONE);
	consent_lose(e, ENDED_BUS_GONE);
}

void engine_send(struct engine *e, const void *message, size_t size, int fd)
{
	int r;

	if (e->peer < 0)
		return;
	r = channel_send(e->peer, message, size, fd);
	if (r < 0)
		engine_drop_peer(e, r == -EAGAIN ? "it does not read" : strerror(-r));
}
