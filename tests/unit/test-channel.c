/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One datagram in, one out; whatever else comes along is closed, and nothing is left behind. */
#include "channel.h"

#include <dirent.h>
#include <errno.h>
#include <glib.h>
#include <sys/socket.h>
#include <unistd.h>

static int pair[2];
static union {
	uint8_t bytes[WIRE_SIZE_MAX];
	struct wire_header header;
} buf;

static unsigned open_fds(void)
{
	DIR *d = opendir("/proc/self/fd");
	unsigned n = 0;

	while (readdir(d))
		n++;
	(void)closedir(d);
	return n;
}

static ssize_t receive(enum wire_side side, int *ret_fd)
{
	const struct wire_message *message;
	const char *why;

	return channel_receive(pair[1], side, buf.bytes, &message, ret_fd, &why);
}

/* Bytes with n descriptors beside them, as a peer that keeps to no rule would send them. */
static void send_raw(const void *data, size_t size, size_t n)
{
	union {
		char bytes[CMSG_SPACE(8 * sizeof(int))];
		struct cmsghdr align;
	} control = {.bytes = {0}};
	struct iovec iov = {(void *)(uintptr_t)data, size};
	struct msghdr mh = {.msg_iov = &iov, .msg_iovlen = 1};

	if (n) {
		struct cmsghdr *c;

		mh.msg_control = control.bytes;
		mh.msg_controllen = CMSG_SPACE(n * sizeof(int));
		c = CMSG_FIRSTHDR(&mh);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(n * sizeof(int));
		for (size_t i = 0; i < n; i++)
			memcpy(CMSG_DATA(c) + i * sizeof(int), &pair[0], sizeof(int));
	}
	g_assert_cmpint(sendmsg(pair[0], &mh, 0), ==, (ssize_t)size);
}

static void test_messages(void)
{
	struct wire_lease_opened opened = {.id = 7};
	struct wire_heartbeat beat = {0};
	unsigned before;
	int fd;

	wire_header_init(&beat.header, WIRE_HEARTBEAT, 1);
	wire_header_init(&opened.header, WIRE_LEASE_OPENED, 1);
	g_assert_cmpint(receive(TO_ENGINE, &fd), ==, -EAGAIN);
	before = open_fds();

	g_assert_cmpint(channel_send(pair[0], &beat, sizeof(beat), -1), ==, 0);
	g_assert_cmpint(receive(TO_ENGINE, &fd), ==, sizeof(beat));
	g_assert_cmpint(fd, ==, -1);

	g_assert_cmpint(channel_send(pair[0], &opened, sizeof(opened), pair[0]), ==, 0);
	g_assert_cmpint(receive(TO_BUS, &fd), ==, sizeof(opened));
	g_assert_cmpint(fd, >=, 0);
	(void)close(fd);

	send_raw(&opened, sizeof(opened), 2);
	g_assert_cmpint(receive(TO_BUS, &fd), ==, -EPROTO);
	send_raw(&opened, sizeof(opened), 8);
	g_assert_cmpint(receive(TO_BUS, &fd), ==, -EPROTO);
	send_raw(&beat, sizeof(beat), 1);
	g_assert_cmpint(receive(TO_ENGINE, &fd), ==, -EPROTO);
	send_raw(&beat, sizeof(beat) - 1, 0);
	g_assert_cmpint(receive(TO_ENGINE, &fd), ==, -EPROTO);
	send_raw(&beat, sizeof(beat), 0);
	g_assert_cmpint(receive(TO_BUS, &fd), ==, -EPROTO);
	g_assert_cmpint(fd, ==, -1);
	g_assert_cmpuint(open_fds(), ==, before);
}

static void test_too_large(void)
{
	static uint8_t large[WIRE_SIZE_MAX + 1];
	int fd;

	wire_header_init((struct wire_header *)(void *)large, WIRE_HEARTBEAT, 1);
	send_raw(large, sizeof(large), 0);
	g_assert_cmpint(receive(TO_ENGINE, &fd), ==, -EPROTO);
}

static void test_end(void)
{
	uid_t uid = 1;
	int fd;

	g_assert_cmpint(channel_peer_uid(pair[1], &uid), ==, 0);
	g_assert_cmpuint(uid, ==, getuid());
	(void)close(pair[0]);
	g_assert_cmpint(receive(TO_ENGINE, &fd), ==, 0);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) < 0)
		return EXIT_FAILURE;
	g_test_add_func("/channel/messages", test_messages);
	g_test_add_func("/channel/too-large", test_too_large);
	g_test_add_func("/channel/zz-end", test_end);
	return g_test_run();
}
