/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * flood UID ADDRESS PORT [PORTS]: sends UDP datagrams, some in each fifth of a millisecond, until
 * it gets SIGTERM, to so many ports from PORT on in turn; then says how many the kernel took and
 * how many it refused. Each is to be refused: what arrives, leaked.
 *
 * Without pauses it would find less: who never sleeps is made to wait by those who do, for longer
 * than a wall that fails is open.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BURST 8

static volatile sig_atomic_t done;

static void finish(int sig)
{
	(void)sig;
	done = 1;
}

static void set_port(struct sockaddr_storage *to, unsigned long port)
{
	/* At the same place in both. */
	((struct sockaddr_in *)to)->sin_port = htons((unsigned short)port);
}

static socklen_t parse(const char *address, const char *port, struct sockaddr_storage *ret)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)ret;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)ret;
	unsigned short number = htons((unsigned short)strtoul(port, NULL, 10));

	memset(ret, 0, sizeof(*ret));
	if (inet_pton(AF_INET, address, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = number;
		return sizeof(*v4);
	}
	if (inet_pton(AF_INET6, address, &v6->sin6_addr) == 1) {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = number;
		return sizeof(*v6);
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct sockaddr_storage to;
	unsigned long sent = 0, refused = 0, other = 0, first, ports = 1, n = 0;
	const struct timespec pause = {.tv_nsec = 150000}; /* and the kernel's slack */
	struct sigaction on_term = {.sa_handler = finish};
	socklen_t size;
	uid_t uid;
	int fd;

	if (argc < 4 || argc > 5 || (size = parse(argv[2], argv[3], &to)) == 0) {
		(void)fprintf(stderr, "usage: flood UID ADDRESS PORT [PORTS]\n");
		return 2;
	}
	uid = (uid_t)strtoul(argv[1], NULL, 10);
	first = strtoul(argv[3], NULL, 10);
	if (argc == 5)
		ports = strtoul(argv[4], NULL, 10);
	(void)sigaction(SIGTERM, &on_term, NULL);
	if (setresgid(uid, uid, uid) < 0 || setresuid(uid, uid, uid) < 0 ||
	    (fd = socket(to.ss_family, SOCK_DGRAM, 0)) < 0) {
		perror("flood");
		return 2;
	}
	while (!done) {
		if (++n % BURST == 0)
			(void)nanosleep(&pause, NULL);
		if (ports > 1)
			set_port(&to, first + n % ports);
		if (sendto(fd, "flood", 5, 0, (struct sockaddr *)&to, size) >= 0)
			sent++;
		else if (errno == EPERM)
			refused++;
		else
			other++;
	}
	(void)printf("sent %lu refused %lu other %lu\n", sent, refused, other);
	(void)fflush(stdout); /* before a sanitizer looks back */
	return 0;
}
