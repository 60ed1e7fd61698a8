/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Attempts by the sockets that programs use. None of them waits for an answer. */
#include "leak-test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <sys/socket.h>
#include <unistd.h>

#define FOREIGN "203.0.113.99"
#define OPTION_LOOSE 131
#define OPTION_STRICT 137
#define OPTION_RECORD 7
#define OPTION_END 0
#define SEGMENT 64
#define LARGE 3000

static int set_number(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof(value)) < 0 ? -errno : 0;
}

/* By way of the gateway to where it goes anyway; or three addresses to be recorded. */
static int set_ip_options(int fd, const struct leak_try *t)
{
	uint8_t route[] = {OPTION_LOOSE, 11, 4, 0, 0, 0, 0, 0, 0, 0, 0, OPTION_END};
	const uint8_t record[] = {OPTION_RECORD, 15, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
				  OPTION_END};
	uint32_t hops[] = {htonl(leak_target_address(t->copy, TO_GATEWAY)),
			   htonl(leak_target_address(t->copy, t->a->to))};
	bool records = t->a->how & HOW_RECORD;

	if (t->a->how & HOW_ROUTE_STRICT)
		route[0] = OPTION_STRICT;
	memcpy(route + 3, hops, sizeof(hops));
	return setsockopt(fd, IPPROTO_IP, IP_OPTIONS, records ? record : route,
			  records ? sizeof(record) : sizeof(route)) < 0
		       ? -errno
		       : 0;
}

static int bind_port(int fd, const struct leak_try *t, int family)
{
	union leak_address a = {
		.in6 = {.sin6_family = AF_INET6, .sin6_port = htons(leak_port(t->copy, t->id))}};
	socklen_t size = sizeof(a.in6);

	if (family == AF_INET) {
		a = (union leak_address){.in = {.sin_family = AF_INET,
						.sin_port = htons(leak_port(t->copy, t->id))}};
		size = sizeof(a.in);
	}
	if (family == AF_INET && (t->a->how & HOW_FOREIGN))
		(void)inet_pton(AF_INET, FOREIGN, &a.in.sin_addr);
	return bind(fd, &a.any, size) < 0 ? -errno : 0;
}

/* How the socket is bent, as the table has it. */
static int bend(int fd, const struct leak_try *t, int family)
{
	uint16_t how = t->a->how;
	const char *link = t->copy->link;
	int r = 0;

	if (how & HOW_FOREIGN)
		r = set_number(fd, IPPROTO_IP, IP_TRANSPARENT, 1);
	if (r == 0 && (how & (HOW_MARK | HOW_TOKEN)))
		r = set_number(fd, SOL_SOCKET, SO_MARK,
			       (int)(how & HOW_TOKEN ? t->copy->token : t->a->value));
	if (r == 0 && (how & (HOW_ROUTE_LOOSE | HOW_ROUTE_STRICT | HOW_RECORD)))
		r = set_ip_options(fd, t);
	if (r == 0 && (how & HOW_LINK) &&
	    setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, link, (socklen_t)strlen(link) + 1) < 0)
		r = -errno;
	return r < 0 ? r : bind_port(fd, t, family);
}

int leak_socket(const struct leak_try *t, int type, int protocol)
{
	int family = leak_is_ipv6(t->a->to) ? AF_INET6 : AF_INET;
	int fd = socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol), r;

	if (fd < 0)
		return -errno;
	r = bend(fd, t, family);
	if (r < 0) {
		close_fd(fd);
		return r;
	}
	return fd;
}

size_t leak_fill(const struct leak_try *t, uint8_t *buf, size_t size)
{
	for (size_t i = 0; i < size; i++)
		buf[i] = t->cookie[i % LEAK_COOKIE];
	return size;
}

static int send_with_link(int fd, const struct leak_try *t, const union leak_address *to,
			  const uint8_t *data, size_t size)
{
	uint8_t control[CMSG_SPACE(sizeof(struct in_pktinfo))] __attribute__((aligned(8))) = {0};
	struct iovec io = {(void *)data, size};
	struct msghdr m = {.msg_name = (void *)to,
			   .msg_namelen = sizeof(to->in),
			   .msg_iov = &io,
			   .msg_iovlen = 1,
			   .msg_control = control,
			   .msg_controllen = sizeof(control)};
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);
	struct in_pktinfo info = {.ipi_ifindex = (int)t->copy->index[WIRE_LINK]};

	c->cmsg_level = IPPROTO_IP;
	c->cmsg_type = IP_PKTINFO;
	c->cmsg_len = CMSG_LEN(sizeof(info));
	memcpy(CMSG_DATA(c), &info, sizeof(info));
	return sendmsg(fd, &m, 0) < 0 ? -errno : 0;
}

static int send_datagram(int fd, const struct leak_try *t, const uint8_t *data, size_t size)
{
	union leak_address to;
	socklen_t length = leak_address(t, &to);

	if (t->a->how & HOW_PKTINFO)
		return send_with_link(fd, t, &to, data, size);
	if (t->a->how & HOW_CONNECTED) {
		if (connect(fd, &to.any, length) < 0)
			return -errno;
		return send(fd, data, size, 0) < 0 ? -errno : 0;
	}
	return sendto(fd, data, size, 0, &to.any, length) < 0 ? -errno : 0;
}

int leak_try_udp(const struct leak_try *t)
{
	_cleanup_(closep) int fd = leak_socket(t, SOCK_DGRAM, t->a->proto);
	uint8_t data[LARGE];
	size_t size = t->a->how & HOW_FRAGMENT   ? sizeof(data)
		      : t->a->how & HOW_SEGMENTS ? 4 * SEGMENT
		      : t->a->how & HOW_EMPTY    ? 0
						 : SEGMENT;

	if (fd < 0)
		return fd;
	(void)set_number(fd, SOL_SOCKET, SO_BROADCAST, 1);
	if (t->a->how & HOW_SEGMENTS)
		(void)set_number(fd, IPPROTO_UDP, UDP_SEGMENT, SEGMENT);
	return send_datagram(fd, t, data, leak_fill(t, data, size));
}

static int connect_to(int fd, const struct leak_try *t)
{
	union leak_address to;
	socklen_t length = leak_address(t, &to);
	uint8_t data[SEGMENT];
	ssize_t n;

	if (!(t->a->how & HOW_FAST_OPEN))
		return connect(fd, &to.any, length) < 0 && errno != EINPROGRESS ? -errno : 0;
	n = sendto(fd, data, leak_fill(t, data, sizeof(data)), MSG_FASTOPEN | MSG_NOSIGNAL, &to.any,
		   length);
	return n < 0 && errno != EINPROGRESS ? -errno : 0;
}

int leak_try_tcp(const struct leak_try *t)
{
	const struct linger at_once = {.l_onoff = 1};
	int fd = leak_socket(t, SOCK_STREAM, t->a->proto == IPPROTO_TCP ? 0 : t->a->proto), r;

	if (fd < 0)
		return fd;
	(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	r = connect_to(fd, t);
	/* A connection that others are to ride on stays until this process ends. */
	if (!(t->a->how & HOW_CONNECTED))
		close_fd(fd);
	return r;
}
