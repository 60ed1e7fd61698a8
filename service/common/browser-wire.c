/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "browser-wire.h"

#include <errno.h>
#include <sys/socket.h>

#define CONTROL_FDS 8 /* room to see, and close, more than there may be */

static const struct message {
	enum browser_side side;
	size_t size;
} messages[BROWSER_TYPE_N] = {
	[BROWSER_START] = {TO_RUNNER, sizeof(struct browser_start)},
	[BROWSER_STARTED] = {TO_LAUNCHER, sizeof(struct browser_started)},
	[BROWSER_REFUSED] = {TO_LAUNCHER, sizeof(struct browser_refused)},
	[BROWSER_STOP] = {TO_RUNNER, sizeof(struct browser_stop_message)},
	[BROWSER_ENDED] = {TO_LAUNCHER, sizeof(struct browser_ended)},
};

static bool displays_good(uint32_t displays)
{
	return displays && !(displays & ~(uint32_t)BROWSER_DISPLAYS);
}

static const char *check_start(const struct browser_start *m)
{
	size_t length = strnlen(m->page, sizeof(m->page));
	struct http_url url;

	if (!displays_good(m->displays))
		return "a display that does not exist";
	if (m->pad)
		return "padding that is not zero";
	if (length == sizeof(m->page))
		return "a page without an end";
	for (size_t i = length; i < sizeof(m->page); i++)
		if (m->page[i])
			return "padding that is not zero";
	if (length && !http_url_parse(m->page, length, &url))
		return "a page that is no http or https URL";
	return NULL;
}

static const char *check_fields(const union browser_message *m, size_t n_fds)
{
	enum browser_type type = (enum browser_type)m->header.type;

	if (type != BROWSER_STARTED && n_fds)
		return "a descriptor where none belongs";
	switch (type) {
	case BROWSER_START:
		return check_start(&m->start);
	case BROWSER_STARTED:
		if (!displays_good(m->started.displays))
			return "a display that does not exist";
		if ((size_t)__builtin_popcount(m->started.displays) != n_fds)
			return "not one descriptor for each display";
		return NULL;
	case BROWSER_REFUSED:
		if (m->refused.refusal == BROWSER_REFUSAL_NONE ||
		    m->refused.refusal >= BROWSER_REFUSAL_N)
			return "a refusal that does not exist";
		return NULL;
	case BROWSER_STOP:
		if (m->stop.why >= BROWSER_STOP_N)
			return "a reason that does not exist";
		return m->stop.pad ? "padding that is not zero" : NULL;
	case BROWSER_ENDED:
		return m->ended.how >= BROWSER_END_N ? "an end that does not exist" : NULL;
	case BROWSER_TYPE_N:
		break;
	}
	return "a type that does not exist";
}

int browser_wire_check(const void *data, size_t size, enum browser_side side, size_t n_fds,
		       const char **ret_why)
{
	union browser_message m;

	*ret_why = "shorter than a header";
	if (size < sizeof(m.header))
		return -EPROTO;
	memcpy(&m.header, data, sizeof(m.header));
	*ret_why = "a type that does not exist";
	if (m.header.type >= BROWSER_TYPE_N || !messages[m.header.type].size)
		return -EPROTO;
	*ret_why = "not of its type's size";
	if (size != messages[m.header.type].size)
		return -EPROTO;
	*ret_why = "of another version of the protocol";
	if (m.header.version != BROWSER_WIRE_VERSION)
		return -EPROTO;
	*ret_why = "meant for the other side";
	if (messages[m.header.type].side != side)
		return -EPROTO;
	*ret_why = "padding that is not zero";
	if (m.header.pad)
		return -EPROTO;
	memcpy(&m, data, size);
	*ret_why = check_fields(&m, n_fds);
	return *ret_why ? -EPROTO : 0;
}

union browser_message browser_message(enum browser_type type)
{
	union browser_message m;

	memset(&m, 0, sizeof(m));
	m.header.type = (uint16_t)type;
	m.header.version = BROWSER_WIRE_VERSION;
	return m;
}

/* Keeps the first descriptors of a message, closes any other; how many there were. */
static size_t collect_fds(struct msghdr *mh, int fds[BROWSER_FDS_MAX])
{
	size_t n = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(mh); c; c = CMSG_NXTHDR(mh, c)) {
		size_t count;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < count; i++, n++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(fd));
			if (n < BROWSER_FDS_MAX)
				fds[n] = fd;
			else
				close_fd(fd);
		}
	}
	return n;
}

int browser_wire_receive(int fd, enum browser_side side, union browser_message *ret,
			 int fds[BROWSER_FDS_MAX], const char **ret_why)
{
	union {
		char bytes[CMSG_SPACE(CONTROL_FDS * sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec iov = {.iov_base = ret, .iov_len = sizeof(*ret)};
	struct msghdr mh = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes),
	};
	size_t n_fds;
	ssize_t n;
	int r = 0;

	*ret_why = "";
	memset(ret, 0, sizeof(*ret));
	for (size_t i = 0; i < BROWSER_FDS_MAX; i++)
		fds[i] = -1;
	do
		n = recvmsg(fd, &mh, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == ECONNRESET ? 0 : -errno;
	n_fds = collect_fds(&mh, fds);
	*ret_why = "larger than any message, or with more descriptors";
	if (n > 0 && (mh.msg_flags & (MSG_TRUNC | MSG_CTRUNC) || n_fds > BROWSER_FDS_MAX))
		r = -EPROTO;
	if (n > 0 && r == 0)
		r = browser_wire_check(ret, (size_t)n, side, n_fds, ret_why);
	for (size_t i = 0; (r < 0 || n == 0) && i < BROWSER_FDS_MAX; i++)
		fds[i] = close_fd(fds[i]);
	if (r == 0)
		*ret_why = NULL;
	return r < 0 ? r : n > 0;
}

int browser_wire_send(int fd, const union browser_message *m, const int *fds, size_t n_fds)
{
	union {
		char bytes[CMSG_SPACE(BROWSER_FDS_MAX * sizeof(int))];
		struct cmsghdr align;
	} control = {.bytes = {0}};
	struct iovec iov = {(void *)(uintptr_t)m, messages[m->header.type].size};
	struct msghdr mh = {.msg_iov = &iov, .msg_iovlen = 1};
	ssize_t n;

	if (n_fds > BROWSER_FDS_MAX)
		return -EINVAL;
	if (n_fds) {
		struct cmsghdr *c;

		mh.msg_control = control.bytes;
		mh.msg_controllen = CMSG_SPACE(n_fds * sizeof(int));
		c = CMSG_FIRSTHDR(&mh);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(n_fds * sizeof(int));
		memcpy(CMSG_DATA(c), fds, n_fds * sizeof(int));
	}
	do
		n = sendmsg(fd, &mh, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

static const char *const refusal_names[BROWSER_REFUSAL_N] = {
#define X(NAME, text) [BROWSER_REFUSAL_##NAME] = (text),
	BROWSER_REFUSALS(X)
#undef X
};

static const char *const stop_names[BROWSER_STOP_N] = {
#define X(NAME, text) [BROWSER_STOP_##NAME] = (text),
	BROWSER_STOPS(X)
#undef X
};

const char *browser_refusal_to_string(enum browser_refusal refusal)
{
	return refusal < BROWSER_REFUSAL_N ? refusal_names[refusal] : "unknown";
}

const char *browser_stop_to_string(enum browser_stop why)
{
	return why < BROWSER_STOP_N ? stop_names[why] : "unknown";
}
