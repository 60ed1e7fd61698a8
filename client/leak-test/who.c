/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who tries: the users that the policy speaks of, and a process for each. */
#include "leak-test.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOBODY 65534
#define STEP_BITS 4

static void add(struct leak_users *v, enum leak_role role, uid_t uid)
{
	struct leak_user *u;

	if (v->n == LEAK_USERS_MAX)
		return;
	u = &v->items[v->n++];
	*u = (struct leak_user){.role = role, .uid = uid};
	if (role == LEAK_KERNEL || role == LEAK_OUTSIDE)
		(void)snprintf(u->name, sizeof(u->name), "%s",
			       role == LEAK_KERNEL ? "the kernel" : "the network");
	else
		format_user(uid, u->name, sizeof(u->name));
}

static bool has_role(const struct policy *p, uid_t uid)
{
	return uid == 0 || users_contain(&p->tor, uid) || users_contain(&p->desktop, uid) ||
	       users_contain(&p->clearnet, uid) || users_contain(&p->autoconfig, uid);
}

static bool has_service(const struct policy *p, uid_t uid)
{
	bool has = users_contain(&p->dns.users, uid) || users_contain(&p->automap.users, uid);

	for (size_t i = 0; i < p->n_services; i++)
		has |= users_contain(&p->services[i].users, uid) ||
		       users_contain(&p->services[i].server, uid);
	return has;
}

static void add_service_user(const struct policy *p, struct leak_users *v)
{
	for (size_t i = 0; i < p->n_services; i++)
		for (size_t j = 0; j < p->services[i].users.n; j++) {
			uid_t uid = p->services[i].users.items[j].uid;

			if (has_role(p, uid))
				continue;
			add(v, LEAK_SERVICE, uid);
			return;
		}
}

static void add_doors(const struct users *u, struct leak_users *v)
{
	for (size_t i = 0; i < u->n; i++)
		add(v, LEAK_DOOR, u->items[i].uid);
}

void leak_users_of(const struct policy *p, struct leak_users *ret)
{
	uid_t stranger = NOBODY;

	while (has_role(p, stranger) || has_service(p, stranger))
		stranger--;
	*ret = (struct leak_users){0};
	if (p->desktop.n)
		add(ret, LEAK_DESKTOP, p->desktop.items[0].uid);
	add_doors(&p->clearnet, ret);
	add_doors(&p->autoconfig, ret);
	add(ret, LEAK_ROOT, 0);
	add_service_user(p, ret);
	add(ret, LEAK_STRANGER, stranger);
	if (p->tor.n)
		add(ret, LEAK_TOR, p->tor.items[0].uid);
	/* The kernel last: what it does sets a link down for a moment. */
	add(ret, LEAK_OUTSIDE, (uid_t)-1);
	add(ret, LEAK_KERNEL, (uid_t)-1);
}

/* Becomes that user, no groups, and with the one capability that makes more attempts possible. */
static int become(uid_t uid)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {
		{.effective = 1u << CAP_NET_RAW, .permitted = 1u << CAP_NET_RAW}};

	if (uid == 0)
		return 0;
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0 || setgroups(0, NULL) < 0 ||
	    setresgid(NOBODY, NOBODY, NOBODY) < 0 || setresuid(uid, uid, uid) < 0 ||
	    syscall(SYS_capset, &header, data) < 0)
		return -errno;
	return 0;
}

/* The number of Tor's own flow of that protocol, for those who ride on it. */
static uint16_t tor_flow(const struct leak_run *run, uint16_t protocol)
{
	for (size_t i = 0; i < run->n_cases; i++) {
		const struct leak_case *k = &run->cases[i];

		if (run->users.items[k->user].role == LEAK_TOR &&
		    leak_attempts[k->attempt].passes && leak_attempts[k->attempt].proto == protocol)
			return (uint16_t)(i + 1);
	}
	return 0;
}

void leak_try_all(struct leak_copy *c, size_t user, enum leak_step step)
{
	struct leak_run *run = c->run;
	struct leak_try t = {.copy = c};

	for (size_t i = 0; i < run->n_cases; i++) {
		struct leak_case *k = &run->cases[i];

		t.a = &leak_attempts[k->attempt];
		if (k->user != user || t.a->step != step || k->expect == EXPECT_NOTHING ||
		    k->seen[c->round])
			continue;
		t.id = (uint16_t)(i + 1);
		t.flow = tor_flow(run, t.a->proto == IPPROTO_UDP ? IPPROTO_UDP : IPPROTO_TCP);
		leak_cookie(c, t.id, t.cookie);
		k->error[c->round] = -t.a->try(&t);
		leak_progress(c);
	}
}

/* A byte says which step of which round; one goes back when it is done. */
_noreturn_ static void work(struct leak_copy *c, size_t user, int fd)
{
	uint8_t order;
	int r = become(c->run->users.items[user].uid);

	if (r < 0) {
		leak_failed(c, "a process cannot become another user", r);
		_exit(EXIT_FAILURE);
	}
	while (read(fd, &order, 1) == 1) {
		c->round = order >> STEP_BITS;
		leak_try_all(c, user, order & ((1 << STEP_BITS) - 1));
		if (write(fd, &order, 1) != 1)
			break;
	}
	_exit(EXIT_SUCCESS);
}

int leak_workers_start(struct leak_copy *c)
{
	const struct leak_users *u = &c->run->users;

	for (size_t i = 0; i < u->n; i++) {
		int pair[2];
		pid_t pid;

		c->workers[i] = -1;
		if (u->items[i].role == LEAK_KERNEL || u->items[i].role == LEAK_OUTSIDE)
			continue;
		if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
			return -errno;
		pid = fork();
		if (pid < 0)
			return -errno;
		if (pid == 0)
			work(c, i, pair[1]);
		close_fd(pair[1]);
		c->workers[i] = pair[0];
	}
	return 0;
}

int leak_workers_step(struct leak_copy *c, enum leak_step step)
{
	uint8_t order = (uint8_t)((unsigned)c->round << STEP_BITS | step);
	size_t n = c->run->users.n;

	for (size_t i = 0; i < n; i++)
		if (c->workers[i] >= 0 && send(c->workers[i], &order, 1, MSG_NOSIGNAL) != 1)
			return -EPIPE;
	for (size_t i = 0; i < n; i++)
		if (c->workers[i] >= 0 && recv(c->workers[i], &order, 1, 0) != 1)
			return -EPIPE;
	return 0;
}
