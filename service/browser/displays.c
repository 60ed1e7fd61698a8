/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "displays.h"

#include <errno.h>
#include <stdio.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define X11_DIR "/tmp/.X11-unix"
#define X11_FIRST 100 /* those below are likely to be somebody's */
#define X11_NUMBERS 30000
#define X11_TRIES 64
#define BACKLOG 32

/* A socket that is bound to a path, or to that abstract name. */
static int bound_socket(const char *path, bool abstract, int *ret)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	size_t length = strlen(path), from = abstract ? 1 : 0;
	_cleanup_(closep) int fd = -1;

	if (from + length >= sizeof(a.sun_path))
		return -ENAMETOOLONG;
	memcpy(a.sun_path + from, path, length);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	/* An abstract name has no NUL behind it. */
	if (fd < 0 || bind(fd, (const struct sockaddr *)&a,
			   (socklen_t)(offsetof(struct sockaddr_un, sun_path) + from + length +
				       (abstract ? 0 : 1))) < 0)
		return -errno;
	*ret = TAKE_FD(fd);
	return 0;
}

/* The file of one that came to nothing goes: no browser looks for it. */
static int add_listening(struct displays *d, const char *path, enum browser_display which)
{
	_cleanup_(closep) int fd = -1;
	int r;

	(void)unlink(path);
	r = bound_socket(path, false, &fd);
	if (r < 0)
		return r;
	if (listen(fd, BACKLOG) < 0)
		return -errno;
	d->fds[d->n++] = TAKE_FD(fd);
	d->which |= which;
	return 0;
}

static int make_wayland(struct displays *d, const char *runtime_dir)
{
	char path[sizeof(((struct sockaddr_un *)NULL)->sun_path)];

	(void)snprintf(d->wayland, sizeof(d->wayland), "wayland-0");
	if ((size_t)snprintf(path, sizeof(path), "%s/%s", runtime_dir, d->wayland) >= sizeof(path))
		return -ENAMETOOLONG;
	return add_listening(d, path, BROWSER_WAYLAND);
}

static int make_x11(struct displays *d)
{
	char path[sizeof(X11_DIR) + DISPLAY_NAME_SIZE];
	unsigned number;
	int r = -EADDRINUSE;

	if (mkdir(X11_DIR, 0700) < 0 && errno != EEXIST)
		return -errno;
	for (int i = 0; i < X11_TRIES && r == -EADDRINUSE; i++) {
		if (getrandom(&number, sizeof(number), 0) != sizeof(number))
			return -errno;
		number = X11_FIRST + number % X11_NUMBERS;
		(void)snprintf(path, sizeof(path), X11_DIR "/X%u", number);
		(void)snprintf(d->x11, sizeof(d->x11), ":%u", number);
		r = bound_socket(path, true, &d->reserved);
	}
	return r < 0 ? r : add_listening(d, path, BROWSER_X11);
}

int displays_make(struct displays *d, uint32_t which, const char *runtime_dir)
{
	int r = 0;

	*d = (struct displays){.reserved = -1};
	if (which & BROWSER_WAYLAND)
		r = make_wayland(d, runtime_dir);
	if (r == 0 && which & BROWSER_X11)
		r = make_x11(d);
	if (r < 0)
		displays_abandon(d);
	return r;
}

void displays_abandon(struct displays *d)
{
	displays_close(d);
	d->reserved = close_fd(d->reserved);
}

void displays_close(struct displays *d)
{
	while (d->n > 0) {
		d->n--;
		d->fds[d->n] = close_fd(d->fds[d->n]);
	}
}
