/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the host's programs do, here and out there. One thread does it all and answers it all, so
 * that a seed gives the same again but for the kernel's own timers.
 */
#include "sockets.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/fsuid.h>
#include <sys/socket.h>

#define ROUNDS_MAX 40

static struct endpoint *some_endpoint(void)
{
	for (int i = 0; i < 8; i++) {
		struct endpoint *e = &endpoints[dice(SOCKETS_MAX)];

		if (e->kind != FREE)
			return e;
	}
	return NULL;
}

/* A running flow goes on, changes its mark, or ends, politely or not. */
static void do_again(const struct scene *s, const struct aim *to)
{
	static const struct linger at_once = {.l_onoff = 1};
	struct endpoint *e = some_endpoint();
	bool serves = e && (e->kind == LISTENER || e->kind == SERVER);

	if (!e)
		return;
	switch (dice(serves ? 12 : 6)) {
	case 0:
		set_mark(e->fd, one_in(2) ? 0 : random_mark(s));
		break;
	case 1:
		(void)shutdown(e->fd, SHUT_WR);
		break;
	case 2:
		if (one_in(2))
			(void)setsockopt(e->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
		(void)send(e->fd, "last words", 10, MSG_DONTWAIT | MSG_NOSIGNAL);
		e->fd = close_fd(e->fd);
		e->kind = FREE;
		break;
	default:
		if (e->kind == CLIENT || e->kind == ANSWERER)
			(void)send(e->fd, "more", 4, MSG_DONTWAIT | MSG_NOSIGNAL);
		else if (e->kind == DATAGRAM)
			send_to(e->fd, to, e->ipv6);
	}
}

/* The accepted connection may be another's than the listener. */
static void answer_listener(const struct endpoint *e)
{
	int fd;

	if (!one_in(3))
		(void)setfsuid(pools.uids[dice((uint32_t)pools.n_uids)]);
	fd = accept4(e->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	(void)setfsuid(0);
	(void)adopt(fd, ANSWERER, e->ipv6);
}

static void answer(struct endpoint *e)
{
	struct sockaddr_in6 from;
	socklen_t len = sizeof(from);
	char buf[2048];
	ssize_t n;

	if (e->kind == LISTENER) {
		answer_listener(e);
		return;
	}
	n = recvfrom(e->fd, buf, sizeof(buf), 0, (void *)&from, &len);
	if (n > 0 && e->kind == SERVER) {
		(void)sendto(e->fd, buf, (size_t)n, MSG_DONTWAIT, (void *)&from, len);
	} else if (n > 0) {
		(void)send(e->fd, buf, (size_t)n, MSG_DONTWAIT | MSG_NOSIGNAL);
	} else if (e->kind == ANSWERER && (n == 0 || errno != EAGAIN)) {
		e->fd = close_fd(e->fd);
		e->kind = FREE;
	}
}

/* Until nobody has anything to say any more. */
static int settle(struct scene *s)
{
	struct epoll_event ready[16];

	for (int i = 0; i < ROUNDS_MAX; i++) {
		int n = epoll_wait(traffic_events, ready, ARRAY_SIZE(ready), 0);

		if (trace_read(s) < 0)
			return -1;
		if (n <= 0)
			break;
		for (int k = 0; k < n; k++) {
			struct endpoint *e = ready[k].data.ptr;

			if (!e)
				while (peer_answer())
					;
			else if (e->kind != FREE)
				answer(e);
		}
	}
	return trace_read(s);
}

/* What it sends may find a server, and be a flow by then. */
static bool do_confined(const struct scene *s)
{
	struct aim to;

	if (!aim_confined(s->ruleset, &to))
		return false;
	if (one_in(3))
		do_serve(&to, false);
	return peer_confined(s->ruleset);
}

int traffic_open(struct scene *s)
{
	struct epoll_event want = {.events = EPOLLIN};

	pools_fill(&pools, s->ruleset);
	memset(endpoints, 0, sizeof(endpoints));
	peer_frames = 0;
	traffic_events = epoll_create1(EPOLL_CLOEXEC);
	if (traffic_events < 0 || peer_open(s) < 0)
		return -1;
	return epoll_ctl(traffic_events, EPOLL_CTL_ADD, peer_fd(), &want) < 0 ? -1 : settle(s);
}

int traffic_step(struct scene *s)
{
	struct aim to = aim_random(&pools, s->ruleset);

	if (one_in(6))
		aim_at_reach(s, &to);

	switch (dice(48)) {
	case 0 ... 7:
		if (to.protocol == IPPROTO_TCP)
			do_connect(s, &to, to.ipv6);
		else
			do_send(s, &to, to.ipv6);
		break;
	case 8 ... 10:
		do_send(s, &to, to.ipv6);
		break;
	case 11 ... 15:
		do_raw(s, &to);
		break;
	case 16:
		do_raw6(s, &to);
		break;
	case 17:
		do_ping(s, &to, to.ipv6);
		break;
	case 18 ... 22:
		do_serve(&to, to.ipv6);
		break;
	case 23 ... 31:
		do_again(s, &to);
		break;
	case 32 ... 35:
		if (one_in(2) || !do_confined(s))
			peer_intrude(&pools);
		break;
	case 36 ... 39:
		frame_random(s, &pools);
		break;
	case 40 ... 45:
		do_visit(s);
		break;
	case 46:
		if (scene_lease(s) < 0)
			return -1;
		break;
	default:
		if (one_in(8) && scene_forget_flows(s) < 0)
			return -1;
	}
	return settle(s);
}

int traffic_end(struct scene *s)
{
	for (size_t i = 0; i < SOCKETS_MAX; i++)
		if (endpoints[i].kind != FREE) {
			endpoints[i].fd = close_fd(endpoints[i].fd);
			endpoints[i].kind = FREE;
		}
	if (settle(s) < 0)
		return -1;
	traffic_events = close_fd(traffic_events);
	peer_close();
	return 0;
}
