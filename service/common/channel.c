/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "channel.h"

#include <errno.h>
#include <sys/socket.h>

/* Keeps the first descriptor of a message, closes any other; how many there were. */
static size_t collect_fds(struct msghdr *mh, int *ret_fd)
{
	size_t n = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(mh); c; c = CMSG_NXTHDR(mh, c)) {
		size_t bytes;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		bytes = c->cmsg_len - CMSG_LEN(0);
		for (size_t i = 0; i < bytes / sizeof(int); i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(fd));
			if (n++ == 0)
				*ret_fd = fd;
			else
				close_fd(fd);
		}
	}
	return n;
}

ssize_t channel_receive(int fd, enum wire_side side, void *buf,
			const struct wire_message **ret_message, int *ret_fd, const char **ret_why)
{
	union {
		char bytes[CMSG_SPACE(4 * sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec iov = {.iov_base = buf, .iov_len = WIRE_SIZE_MAX};
	struct msghdr mh = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes),
	};
	_cleanup_(closep) int extra = -1;
	size_t n_fds;
	ssize_t n;
	int r;

	*ret_message = NULL;
	*ret_fd = -1;
	*ret_why = "";
	do
		n = recvmsg(fd, &mh, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == ECONNRESET ? 0 : -errno;
	n_fds = collect_fds(&mh, &extra);
	if (n == 0)
		return 0;
	*ret_why = "larger than any message";
	if (mh.msg_flags & MSG_TRUNC)
		return -EPROTO;
	*ret_why = "more than one descriptor";
	if (n_fds > 1 || mh.msg_flags & MSG_CTRUNC)
		return -EPROTO;
	r = wire_check(buf, (size_t)n, side, ret_message, ret_why);
	if (r < 0)
		return r;
	*ret_why = "a descriptor where none belongs";
	if (extra >= 0 && (*ret_message)->type != WIRE_LEASE_OPENED)
		return -EPROTO;
	*ret_fd = TAKE_FD(extra);
	*ret_why = NULL;
	return n;
}

int channel_send(int fd, const void *message, size_t size, int extra_fd)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = {.bytes = {0}};
	struct iovec iov = {.iov_base = (void *)(uintptr_t)message, .iov_len = size};
	struct msghdr mh = {.msg_iov = &iov, .msg_iovlen = 1};
	ssize_t n;

	if (extra_fd >= 0) {
		struct cmsghdr *c;

		mh.msg_control = control.bytes;
		mh.msg_controllen = sizeof(control.bytes);
		c = CMSG_FIRSTHDR(&mh);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &extra_fd, sizeof(int));
	}
	do
		n = sendmsg(fd, &mh, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

int channel_peer_uid(int fd, uid_t *ret_uid)
{
	struct ucred cred = {0};
	socklen_t len = sizeof(cred);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) < 0)
		return -errno;
	*ret_uid = cred.uid;
	return 0;
}
