/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * notify-wait SOCKET MILLISECONDS: plays the service manager's part of sd_notify(3). Succeeds when
 * READY=1 has come, fails when the time is up.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static long now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int make_socket(const char *path)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || strlen(path) >= sizeof(a.sun_path))
		return -1;
	memcpy(a.sun_path, path, strlen(path) + 1);
	(void)umask(0);
	return bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0 ? -1 : fd;
}

static int says_ready(char *text)
{
	for (char *rest = NULL, *line = strtok_r(text, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest))
		if (strcmp(line, "READY=1") == 0)
			return 1;
	return 0;
}

int main(int argc, char **argv)
{
	long end;
	int fd;

	if (argc != 3) {
		(void)fprintf(stderr, "usage: notify-wait SOCKET MILLISECONDS\n");
		return 2;
	}
	fd = make_socket(argv[1]);
	if (fd < 0) {
		perror("notify-wait");
		return 2;
	}
	end = now_ms() + strtol(argv[2], NULL, 10);
	for (long left; (left = end - now_ms()) > 0;) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		char text[4096];
		ssize_t n;

		if (poll(&p, 1, (int)left) <= 0)
			continue;
		n = recv(fd, text, sizeof(text) - 1, 0);
		if (n < 0)
			continue;
		text[n] = '\0';
		if (says_ready(text))
			return 0;
	}
	(void)fprintf(stderr, "notify-wait: no READY=1 in time\n");
	return 1;
}
