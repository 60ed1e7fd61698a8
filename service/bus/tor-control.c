/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tor-control.h"

#include "log.h"
#include "paths.h"
#include "tor-lines.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define COOKIE_PATH TOR_CONTROL_PATH ".authcookie"
#define COOKIE_SIZE 32U
/* Of one door's time: a Tor says some ten lines. */
#define HEARD_MAX 262144

struct tor_control {
	sd_event *event;
	void (*connected)(void *userdata);
	void *userdata;
	bool wanted;
	bool given_up;
	bool late; /* it was not there when the door opened: what it is, it became since */
	int fd;
	sd_event_source *io;
	struct tor_text text;
	size_t heard;
};

static void hang_up(struct tor_control *t)
{
	t->io = sd_event_source_disable_unref(t->io);
	t->fd = close_fd(t->fd);
	t->text = (struct tor_text){0};
	t->late = true;
}

static void give_up(struct tor_control *t, const char *why)
{
	hang_up(t);
	t->given_up = true;
	log_info("Tor is not followed: %s; a door for a portal is not closed when it connects",
		 why);
}

static void hear(struct tor_control *t, enum tor_news news)
{
	switch (news) {
	case TOR_NOTHING:
		break;
	case TOR_REFUSED:
		give_up(t, "its control socket refuses");
		break;
	case TOR_CONNECTING:
		log_debug("Tor is followed: it has not connected yet");
		break;
	case TOR_CONNECTED:
		/* A Tor that was there before says so of the network before, too. */
		log_debug("Tor is followed: it says that it has connected%s",
			  t->late ? "" : " before");
		if (t->late)
			t->connected(t->userdata);
		break;
	case TOR_CONNECTS:
		t->connected(t->userdata);
		break;
	}
}

static int on_io(sd_event_source *s, int fd, uint32_t revents, void *userdata)
{
	struct tor_control *t = userdata;
	char buf[1024];
	const char *data = buf;
	size_t size;
	ssize_t n;

	(void)s;
	(void)revents;
	n = read(fd, buf, sizeof(buf));
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n <= 0) {
		hang_up(t);
		return 0;
	}
	t->heard += (size_t)n;
	if (t->heard > HEARD_MAX) {
		give_up(t, "its control socket says too much");
		return 0;
	}
	for (size = (size_t)n; size > 0 && t->fd >= 0;)
		hear(t, tor_lines_read(&t->text, &data, &size));
	return 0;
}

/* As hexadecimal digits. 0 or a negative errno. */
static int read_cookie(char text[static COOKIE_SIZE * 2 + 1])
{
	_cleanup_(closep) int fd =
		open(COOKIE_PATH, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	uint8_t cookie[COOKIE_SIZE + 1];
	ssize_t n;

	n = fd < 0 ? -1 : read(fd, cookie, sizeof(cookie));
	if (n < 0)
		return -errno;
	if (n != COOKIE_SIZE)
		return -EBADMSG;
	for (size_t i = 0; i < COOKIE_SIZE; i++)
		(void)snprintf(text + i * 2, 3, "%02x", cookie[i]);
	return 0;
}

static int greet(int fd)
{
	char cookie[COOKIE_SIZE * 2 + 1], text[256];
	int n, r;

	r = read_cookie(cookie);
	if (r < 0)
		return r;
	n = snprintf(text, sizeof(text),
		     "AUTHENTICATE %s\r\nSETEVENTS STATUS_CLIENT\r\n"
		     "GETINFO status/bootstrap-phase\r\n",
		     cookie);
	if (write(fd, text, (size_t)n) != n)
		return -EPIPE;
	return 0;
}

static int try_connect(struct tor_control *t)
{
	_cleanup_(closep) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_un addr = {.sun_family = AF_UNIX, .sun_path = TOR_CONTROL_PATH};
	int r;

	if (fd < 0 || connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0)
		return -errno;
	r = greet(fd);
	if (r >= 0)
		r = sd_event_add_io(t->event, &t->io, fd, EPOLLIN, on_io, t);
	if (r < 0)
		return r;
	t->fd = TAKE_FD(fd);
	return 0;
}

void tor_control_retry(struct tor_control *t)
{
	int r;

	if (!t->wanted || t->given_up || t->fd >= 0)
		return;
	r = try_connect(t);
	if (r == -EACCES || r == -EPERM)
		give_up(t, "its control socket is not granted");
	else if (r == -EBADMSG)
		give_up(t, "its cookie is none");
	else if (r < 0)
		t->late = true; /* there is none, as yet */
}

void tor_control_want(struct tor_control *t, bool wanted)
{
	if (wanted == t->wanted)
		return;
	hang_up(t);
	t->wanted = wanted;
	t->given_up = t->late = false;
	t->heard = 0;
	tor_control_retry(t);
}

struct tor_control *tor_control_new(sd_event *event, void (*connected)(void *userdata),
				    void *userdata)
{
	struct tor_control *t = calloc(1, sizeof(*t));

	if (!t)
		fatal_oom();
	t->event = sd_event_ref(event);
	t->connected = connected;
	t->userdata = userdata;
	t->fd = -1;
	return t;
}

struct tor_control *tor_control_free(struct tor_control *t)
{
	if (!t)
		return NULL;
	hang_up(t);
	(void)sd_event_unref(t->event);
	free(t);
	return NULL;
}
