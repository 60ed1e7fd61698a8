/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bench-packets KIND ADDRESS PORT SECONDS: one figure, events a second, of one kind of traffic
 * from the calling user to a server that this program starts itself with "serve ADDRESS PORT".
 *
 *   udp       datagrams of one established flow
 *   udp-new   datagrams, each the first of its flow (destination ports PORT..PORT+20000)
 *   connect   TCP connections opened and closed
 *   pingpong  round trips of one byte over TCP
 *   bulk      bytes over one TCP connection
 */
#include "util.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define NEW_PORTS 20000
#define BULK_SIZE (128u << 10)

static double now(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

_noreturn_ static void die(const char *what)
{
	(void)fprintf(stderr, "bench-packets: %s: %s\n", what, strerror(errno));
	exit(EXIT_FAILURE);
}

static struct sockaddr_in address(const char *text, uint32_t port)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};

	if (inet_pton(AF_INET, text, &a.sin_addr) != 1)
		die(text);
	return a;
}

static int connected(int type, const struct sockaddr_in *a)
{
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

	if (fd < 0 || connect(fd, (const struct sockaddr *)a, sizeof(*a)) < 0)
		die("connect");
	if (type == SOCK_STREAM)
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
	return fd;
}

static double run_udp(const struct sockaddr_in *a, double seconds)
{
	char data[64] = "echo";
	int fd = connected(SOCK_DGRAM, a);
	double start, n = 0;

	/* The server answers "echo": from then on the flow is established. */
	if (send(fd, data, sizeof(data), 0) < 0 || recv(fd, data, sizeof(data), 0) < 0)
		die("echo");
	data[0] = 'x';
	for (start = now(); now() - start < seconds;)
		for (int i = 0; i < 256; i++)
			n += send(fd, data, sizeof(data), 0) > 0;
	(void)close(fd);
	return n / (now() - start);
}

static double run_udp_new(const struct sockaddr_in *a, double seconds)
{
	struct sockaddr_in to = *a;
	uint32_t port = ntohs(a->sin_port), i = 0;
	double start, n = 0;
	int fd = -1;

	for (start = now(); now() - start < seconds;) {
		/* A new source port makes every destination new again. */
		if (i % NEW_PORTS == 0) {
			(void)close_fd(fd);
			fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		}
		to.sin_port = htons((uint16_t)(port + i++ % NEW_PORTS));
		n += sendto(fd, "xxxxxxxx", 8, 0, (struct sockaddr *)&to, sizeof(to)) > 0;
	}
	(void)close_fd(fd);
	return n / (now() - start);
}

static double run_connect(const struct sockaddr_in *a, double seconds)
{
	const struct linger hard = {.l_onoff = 1, .l_linger = 0};
	unsigned long n = 0;
	double start;

	for (start = now(); now() - start < seconds; n++) {
		int fd = connected(SOCK_STREAM, a);

		/* No TIME_WAIT: there are only so many ports. */
		(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
		(void)close(fd);
	}
	return (double)n / (now() - start);
}

static double run_pingpong(const struct sockaddr_in *a, double seconds)
{
	int fd = connected(SOCK_STREAM, a);
	unsigned long n = 0;
	double start;
	char byte = 'p';

	for (start = now(); now() - start < seconds; n++)
		if (send(fd, &byte, 1, 0) != 1 || recv(fd, &byte, 1, 0) != 1)
			die("pingpong");
	(void)close(fd);
	return (double)n / (now() - start);
}

static double run_bulk(const struct sockaddr_in *a, double seconds)
{
	static char data[BULK_SIZE];
	int fd = connected(SOCK_STREAM, a);
	double start, n = 0;

	memset(data, 'b', sizeof(data));
	for (start = now(); now() - start < seconds;) {
		ssize_t sent = send(fd, data, sizeof(data), 0);

		if (sent < 0)
			die("bulk");
		n += (double)sent;
	}
	(void)close(fd);
	return n / (now() - start);
}

/* One client's bytes: 'p' is answered, anything else swallowed. False: it has gone. */
static bool serve_client(int fd)
{
	static char data[BULK_SIZE];
	ssize_t n = recv(fd, data, sizeof(data), MSG_DONTWAIT);

	if (n < 0)
		return errno == EAGAIN;
	if (n > 0 && data[0] == 'p')
		(void)send(fd, data, (size_t)n, MSG_NOSIGNAL);
	return n > 0;
}

static void serve_datagram(int fd)
{
	struct sockaddr_in from;
	socklen_t len = sizeof(from);
	char data[64];

	if (recvfrom(fd, data, sizeof(data), MSG_DONTWAIT, (struct sockaddr *)&from, &len) > 0 &&
	    data[0] == 'e')
		(void)sendto(fd, data, sizeof(data), 0, (struct sockaddr *)&from, len);
}

static int serve(const struct sockaddr_in *a)
{
	struct pollfd fds[64] = {{0}};
	nfds_t n = 2;

	fds[0] = (struct pollfd){socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), POLLIN, 0};
	fds[1] = (struct pollfd){socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), POLLIN, 0};
	for (int i = 0; i < 2; i++) {
		(void)setsockopt(fds[i].fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
		if (bind(fds[i].fd, (const struct sockaddr *)a, sizeof(*a)) < 0)
			die("bind");
	}
	if (listen(fds[0].fd, 4096) < 0)
		die("listen");
	(void)puts("ready");
	(void)fflush(stdout);
	while (poll(fds, n, -1) > 0) {
		if (fds[1].revents)
			serve_datagram(fds[1].fd);
		for (nfds_t i = 2; i < n; i++)
			if (fds[i].revents && !serve_client(fds[i].fd)) {
				(void)close(fds[i].fd);
				fds[i--] = fds[--n];
			}
		if (fds[0].revents && n < ARRAY_SIZE(fds)) {
			int fd = accept4(fds[0].fd, NULL, NULL, SOCK_CLOEXEC);

			if (fd >= 0) {
				(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1},
						 sizeof(int));
				fds[n++] = (struct pollfd){fd, POLLIN, 0};
			}
		}
	}
	return EXIT_FAILURE;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		double (*run)(const struct sockaddr_in *a, double seconds);
	} kinds[] = {
		{"udp", run_udp},           {"udp-new", run_udp_new}, {"connect", run_connect},
		{"pingpong", run_pingpong}, {"bulk", run_bulk},
	};
	struct sockaddr_in a;
	uint32_t port;

	if (argc < 4 || parse_u32(argv[3], 65535, &port) < 0) {
		(void)fputs("usage: bench-packets KIND|serve ADDRESS PORT [SECONDS]\n", stderr);
		return 2;
	}
	a = address(argv[2], port);
	if (strcmp(argv[1], "serve") == 0)
		return serve(&a);
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (strcmp(argv[1], kinds[i].name) == 0) {
			(void)printf("%.0f\n",
				     kinds[i].run(&a, argc > 4 ? strtod(argv[4], NULL) : 1));
			return EXIT_SUCCESS;
		}
	return 2;
}
