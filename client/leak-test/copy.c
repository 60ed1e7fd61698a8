/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The copy, and the two rounds in it. This is the first process of a process namespace: with it end
 * all others, and with them the network namespaces, which have no other name. It ends with the
 * command that started it.
 */
#include "leak-test.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* How long silence is listened to after the last attempt; with the wall away no longer. */
#define LISTEN_USEC (300 * USEC_PER_MSEC)
#define AGAIN_USEC (60 * USEC_PER_MSEC)

uint64_t leak_namespace(void)
{
	struct stat s;

	return stat("/proc/self/ns/net", &s) < 0 ? 0 : s.st_ino;
}

bool leak_is_home(const struct leak_copy *c)
{
	uint64_t here = leak_namespace();

	return here == 0 || here == c->home;
}

/* To whoever shows it; it is no matter if there is no more room. */
static void tell(struct leak_copy *c, enum leak_stage what)
{
	const uint8_t byte = (uint8_t)what;

	(void)!write(c->progress, &byte, 1);
}

void leak_progress(struct leak_copy *c)
{
	(void)__atomic_add_fetch(&c->run->done, 1, __ATOMIC_RELAXED);
	tell(c, STAGE_N);
}

/* The first that fails is why. */
void leak_failed(struct leak_copy *c, const char *what, int error)
{
	if (!*c->run->error)
		(void)snprintf(c->run->error, sizeof(c->run->error), "%s: %s", what,
			       strerror(-error));
}

_noreturn_ static void give_up(struct leak_copy *c, const char *what, int error)
{
	leak_failed(c, what, error);
	_exit(EXIT_FAILURE);
}

_noreturn_ static void refused(struct leak_copy *c, const struct nl_error *e, int error)
{
	char what[sizeof(e->object) + sizeof(e->text) + 32];

	(void)snprintf(what, sizeof(what), "the kernel refuses %s%s%s", e->object,
		       *e->text ? ", " : "", e->text);
	give_up(c, what, error);
}

static int new_namespace(struct leak_copy *c)
{
	int fd;

	if (unshare(CLONE_NEWNET) < 0)
		return -errno;
	if (leak_is_home(c))
		return -EPERM;
	fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* A socket that nobody reads: the kernel completes connections, and takes datagrams. */
static int serve(int type)
{
	const struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(LEAK_PEER_PORT)};
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (const struct sockaddr *)&any, sizeof(any)) < 0 ||
	    (type == SOCK_STREAM && listen(fd, LEAK_USERS_MAX * 2) < 0))
		return -errno;
	return fd;
}

static int make_namespaces(struct leak_copy *c)
{
	int r;

	c->outside_ns = new_namespace(c);
	r = c->outside_ns < 0 ? c->outside_ns : nl_open(&c->outside_route, NETLINK_ROUTE);
	r = r < 0 ? r : serve(SOCK_STREAM);
	r = r < 0 ? r : serve(SOCK_DGRAM);
	c->host_ns = r < 0 ? r : new_namespace(c);
	r = c->host_ns < 0 ? c->host_ns : nl_open(&c->route, NETLINK_ROUTE);
	r = r < 0 ? r : nl_open(&c->nft, NETLINK_NETFILTER);
	r = r < 0 ? r : serve(SOCK_STREAM);
	return r < 0 ? r : 0;
}

/* The wall is there before the links come up, as it is at boot. */
static void make(struct leak_copy *c)
{
	struct nl_error error;
	const char *what;
	int r;

	r = make_namespaces(c);
	if (r < 0)
		give_up(c, "no network namespaces for the copy", r);
	r = leak_net_make(c, &what);
	if (r < 0)
		give_up(c, what, r);
	r = leak_wire_open(c);
	if (r < 0)
		give_up(c, "no look at the copy's wire", r);
	tell(c, STAGE_LOADING);
	r = leak_wall_load(c, &error);
	if (r < 0)
		refused(c, &error, r);
	r = leak_net_up(c, &what);
	if (r < 0)
		give_up(c, what, r);
	r = leak_wall_on_link(c, &error);
	if (r < 0)
		refused(c, &error, r);
	r = leak_workers_start(c);
	if (r < 0)
		give_up(c, "no processes for the users", r);
}

static void flush(struct leak_copy *c)
{
	int r = leak_wire_flush(c);

	if (r == -ENOBUFS)
		give_up(c, "the wire was not seen whole", r);
	if (r < 0)
		give_up(c, "the copy's wire does not answer", r);
}

static void step(struct leak_copy *c, enum leak_step s)
{
	for (size_t i = 0; i < c->run->users.n; i++)
		if (c->workers[i] < 0)
			leak_try_all(c, i, s);
	if (leak_workers_step(c, s) < 0)
		give_up(c, "a process that tried has ended", -EPIPE);
	flush(c);
}

static void doors(struct leak_copy *c, int (*change)(struct leak_copy *, size_t, struct nl_error *))
{
	struct nl_error error;
	int r = 0;

	for (size_t i = 0; r == 0 && c->round == ROUND_UP && i < c->run->users.n; i++)
		if (c->run->users.items[i].role == LEAK_DOOR)
			r = change(c, i, &error);
	if (r < 0)
		refused(c, &error, r);
}

/* What was sent before that belongs to a door that was open. */
static void from_now_on(struct leak_copy *c)
{
	for (size_t i = 0; i < c->run->n_cases; i++)
		if (leak_attempts[c->run->cases[i].attempt].step == STEP_LATER)
			c->run->cases[i].from = leak_wire_n(c);
}

static bool all_seen(const struct leak_copy *c)
{
	for (size_t i = 0; i < c->run->n_cases; i++) {
		const struct leak_case *k = &c->run->cases[i];

		if (k->expect != EXPECT_NOTHING && !k->seen[c->round])
			return false;
	}
	return true;
}

static void steps(struct leak_copy *c)
{
	step(c, STEP_FIRST);
	doors(c, leak_door_open);
	step(c, STEP_DOOR_OPEN);
	doors(c, leak_door_close);
	flush(c);
	from_now_on(c);
	step(c, STEP_LATER);
	leak_judge(c);
}

/* What was not seen may be late; or swallowed by what is left of the wall for a moment. */
static void listen_for(struct leak_copy *c)
{
	usec_t until = now_boottime() + LISTEN_USEC, again = now_boottime() + AGAIN_USEC;

	tell(c, c->round == ROUND_UP ? STAGE_LISTENING : STAGE_LISTENING_AGAIN);
	while (now_boottime() < until && !(c->round == ROUND_OPEN && all_seen(c))) {
		leak_wire_wait(c, c->round == ROUND_OPEN ? again : until);
		leak_judge(c);
		if (c->round == ROUND_OPEN && now_boottime() >= again && !all_seen(c)) {
			steps(c);
			again = now_boottime() + AGAIN_USEC;
		}
	}
	flush(c);
	leak_judge(c);
}

static void run_round(struct leak_copy *c, enum leak_round round)
{
	c->round = round;
	c->run->done = 0;
	for (size_t i = 0; i < c->run->n_cases; i++)
		c->run->cases[i].from = 0;
	tell(c, round == ROUND_UP ? STAGE_UP : STAGE_OPEN);
	steps(c);
	listen_for(c);
}

void leak_copy_run(struct leak_copy *c)
{
	struct pollfd parent = {.fd = c->progress};
	struct nl_error error;
	int r;

	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		give_up(c, "the copy would outlive this command", -errno);
	/* It may have ended before that. */
	if (poll(&parent, 1, 0) < 0 || parent.revents & (POLLERR | POLLHUP))
		_exit(EXIT_FAILURE);
	tell(c, STAGE_MAKING);
	make(c);
	run_round(c, ROUND_UP);
	tell(c, STAGE_OPENING);
	leak_wire_forget(c);
	r = leak_wall_open(c, &error);
	if (r < 0)
		refused(c, &error, r);
	run_round(c, ROUND_OPEN);
	c->run->finished = true;
	_exit(EXIT_SUCCESS);
}
