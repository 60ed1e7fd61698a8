/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Through a door: a socket sends while it is open, and again when it has been closed. Of each pair
 * in the table the second has the number after the first's, and gives its port to both.
 */
#include "leak-test.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

#define CONNECT_MSEC 1000

static int open_through(const struct leak_try *t, int type)
{
	struct leak_try second = *t;
	union leak_address to;
	socklen_t size = leak_address(t, &to);
	struct pollfd p;
	int fd;

	second.id++;
	fd = leak_socket(&second, type, 0);
	if (fd < 0)
		return fd;
	p = (struct pollfd){.fd = fd, .events = POLLOUT};
	/* To send before there is a connection would be to send nothing. */
	if (connect(fd, &to.any, size) < 0 &&
	    (errno != EINPROGRESS || poll(&p, 1, CONNECT_MSEC) != 1)) {
		int r = errno == EINPROGRESS ? -ETIMEDOUT : -errno;

		close_fd(fd);
		return r;
	}
	return fd;
}

static int through(const struct leak_try *t, int type, int *fd)
{
	uint8_t data[4 * LEAK_COOKIE];

	if (t->a->step == STEP_DOOR_OPEN) {
		close_fd(*fd);
		*fd = open_through(t, type);
	}
	if (*fd < 0)
		return *fd;
	return send(*fd, data, leak_fill(t, data, sizeof(data)), MSG_NOSIGNAL) < 0 ? -errno : 0;
}

int leak_try_door_udp(const struct leak_try *t)
{
	static int fd = -ENOTCONN;

	return through(t, SOCK_DGRAM, &fd);
}

int leak_try_door_tcp(const struct leak_try *t)
{
	static int fd = -ENOTCONN;

	return through(t, SOCK_STREAM, &fd);
}
