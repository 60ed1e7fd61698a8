/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pump.h"

#include "util.h"

#include <errno.h>
#include <sys/socket.h>

union control {
	char bytes[CMSG_SPACE(PUMP_FDS_MAX * sizeof(int))];
	struct cmsghdr align;
};

static void keep_fds(Pump *p, struct msghdr *mh)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(mh); c; c = CMSG_NXTHDR(mh, c)) {
		gsize n;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		memcpy(p->fds + p->n_fds, CMSG_DATA(c), n * sizeof(int));
		p->n_fds += n;
	}
}

gssize pump_take(Pump *p, int from)
{
	union control control;
	struct iovec iov = {.iov_base = p->bytes + p->end, .iov_len = PUMP_SIZE - p->end};
	struct msghdr mh = {.msg_iov = &iov, .msg_iovlen = 1};
	gssize n;

	if (!iov.iov_len)
		return -ENOBUFS;
	mh.msg_control = control.bytes;
	/* Not CMSG_SPACE(), whose padding has room for one more. */
	mh.msg_controllen = CMSG_LEN((PUMP_FDS_MAX - p->n_fds) * sizeof(int));
	do
		n = recvmsg(from, &mh, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == EWOULDBLOCK ? -EAGAIN : -errno;
	keep_fds(p, &mh);
	if (mh.msg_flags & MSG_CTRUNC)
		return -EPROTO;
	p->end += (gsize)n;
	return n;
}

static gssize give_some(Pump *p, int to)
{
	union control control = {.bytes = {0}};
	struct iovec iov = {.iov_base = p->bytes + p->begin, .iov_len = p->end - p->begin};
	struct msghdr mh = {.msg_iov = &iov, .msg_iovlen = 1};
	gssize n;

	if (p->n_fds) {
		struct cmsghdr *c;

		mh.msg_control = control.bytes;
		mh.msg_controllen = CMSG_SPACE(p->n_fds * sizeof(int));
		c = CMSG_FIRSTHDR(&mh);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(p->n_fds * sizeof(int));
		memcpy(CMSG_DATA(c), p->fds, p->n_fds * sizeof(int));
	}
	do
		n = sendmsg(to, &mh, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

int pump_give(Pump *p, int to)
{
	while (!pump_is_empty(p)) {
		gssize n = give_some(p, to);

		if (n == -EAGAIN)
			return 0;
		if (n < 0)
			return (int)n;
		pump_clear(p);
		p->begin += (gsize)n;
	}
	p->begin = p->end = 0;
	return 0;
}

void pump_clear(Pump *p)
{
	while (p->n_fds)
		close_fd(p->fds[--p->n_fds]);
}
