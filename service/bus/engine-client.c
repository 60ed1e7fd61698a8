/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "engine-client.h"

#include "log.h"

#include <errno.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>

/*
 * The rest is for ends of leases, heartbeats and limits. What a slow engine has not read yet must
 * fit into the socket's buffer, too.
 */
#define REQUESTS_MAX 256
#define REQUESTS_MAX_CALLERS 128
#define REQUESTS_MAX_PER_UID 32
#define ANSWER_TIMEOUT (5 * USEC_PER_SEC)
#define HEARTBEAT_EVERY USEC_PER_SEC
#define RETRY_FIRST (50 * USEC_PER_MSEC)
#define RETRY_LAST USEC_PER_SEC

struct request {
	uint32_t cookie; /* 0: free */
	uid_t caller;
	usec_t deadline;
	engine_answer_fn fn;
	void *userdata;
};

struct engine_client {
	sd_event *event;
	char *path;
	struct engine_events events;
	int fd;
	sd_event_source *io, *timer;
	uint32_t last_cookie;
	struct request requests[REQUESTS_MAX];
	usec_t retry;
	bool said_lost;
};

static int try_connect(struct engine_client *c);

static void arm(struct engine_client *c, usec_t delay)
{
	(void)sd_event_source_set_time_relative(c->timer, delay);
	(void)sd_event_source_set_enabled(c->timer, SD_EVENT_ONESHOT);
}

/* Everybody who waits hears that there is no answer. */
static void fail_requests(struct engine_client *c)
{
	for (size_t i = 0; i < REQUESTS_MAX; i++) {
		struct request r = c->requests[i];
		int fd = -1;

		if (!r.cookie)
			continue;
		c->requests[i] = (struct request){0};
		r.fn(NULL, &fd, r.userdata);
	}
}

static void lose(struct engine_client *c, const char *why)
{
	if (c->fd < 0)
		return;
	log_warning("the engine is lost: %s; the wall stays, doors close", why);
	c->io = sd_event_source_disable_unref(c->io);
	c->fd = close_fd(c->fd);
	c->retry = RETRY_FIRST;
	fail_requests(c);
	c->events.lost(c->events.userdata);
	arm(c, c->retry);
}

/* Nobody fills the table: neither one user, nor all callers together. */
static bool over_limits(const struct engine_client *c, uid_t caller)
{
	size_t all = 0, own = 0;

	for (size_t i = 0; i < REQUESTS_MAX; i++) {
		const struct request *r = &c->requests[i];

		if (!r->cookie || r->caller == CALLER_NONE)
			continue;
		all++;
		own += r->caller == caller;
	}
	return all >= REQUESTS_MAX_CALLERS || own >= REQUESTS_MAX_PER_UID;
}

static struct request *free_slot(struct engine_client *c)
{
	for (size_t i = 0; i < REQUESTS_MAX; i++)
		if (!c->requests[i].cookie)
			return &c->requests[i];
	return NULL;
}

int engine_client_tell(struct engine_client *c, struct wire_header *message, enum wire_type type,
		       size_t size)
{
	int r;

	if (c->fd < 0)
		return -ENOTCONN;
	if (++c->last_cookie == 0)
		c->last_cookie = 1;
	wire_header_init(message, type, c->last_cookie);
	r = channel_send(c->fd, message, size, -1);
	if (r < 0)
		return r == -EAGAIN ? -EBUSY : -ENOTCONN; /* the io source sees the end itself */
	return 0;
}

int engine_client_request(struct engine_client *c, uid_t caller, struct wire_header *request,
			  enum wire_type type, size_t size, engine_answer_fn fn, void *userdata)
{
	struct request *slot;
	int r;

	if (c->fd < 0)
		return -ENOTCONN;
	if (caller != CALLER_NONE && over_limits(c, caller))
		return -EBUSY;
	slot = free_slot(c);
	if (!slot)
		return -EBUSY;
	r = engine_client_tell(c, request, type, size);
	if (r < 0)
		return r;
	*slot = (struct request){c->last_cookie, caller, now_boottime() + ANSWER_TIMEOUT, fn,
				 userdata};
	return 0;
}

static void on_limits(const struct wire_header *answer, int *fd, void *userdata)
{
	struct engine_client *c = userdata;

	(void)fd;
	if (answer && answer->type == WIRE_LIMITS)
		c->events.limits((const void *)answer, c->events.userdata);
}

void engine_client_refresh(struct engine_client *c)
{
	struct wire_get_limits m = {0};

	(void)engine_client_request(c, CALLER_NONE, &m.header, WIRE_GET_LIMITS, sizeof(m),
				    on_limits, c);
}

static void on_alive(const struct wire_header *answer, int *fd, void *userdata)
{
	(void)answer;
	(void)fd;
	(void)userdata;
}

/* An engine that does not answer is as good as none: its doors close by themselves. */
static bool hung(const struct engine_client *c)
{
	usec_t now = now_boottime();

	for (size_t i = 0; i < REQUESTS_MAX; i++)
		if (c->requests[i].cookie && c->requests[i].deadline <= now)
			return true;
	return false;
}

static int on_timer(sd_event_source *s, uint64_t usec, void *userdata)
{
	struct engine_client *c = userdata;
	struct wire_heartbeat m = {.sent = now_boottime()};

	(void)s;
	(void)usec;
	if (c->fd < 0) {
		if (try_connect(c) < 0) {
			c->retry = c->retry * 2 < RETRY_LAST ? c->retry * 2 : RETRY_LAST;
			arm(c, c->retry);
		}
		return 0;
	}
	if (hung(c)) {
		lose(c, "it does not answer");
		return 0;
	}
	(void)engine_client_request(c, CALLER_NONE, &m.header, WIRE_HEARTBEAT, sizeof(m), on_alive,
				    c);
	arm(c, HEARTBEAT_EVERY);
	c->events.tick(c->events.userdata);
	return 0;
}

static void handle_event(struct engine_client *c, const struct wire_header *h)
{
	const struct wire_lease_ended *ended = (const void *)h;

	if (h->type == WIRE_LEASE_ENDED)
		c->events.lease_ended(ended->id, (enum wire_reason)ended->reason,
				      c->events.userdata);
	else if (h->type == WIRE_POLICY_CHANGED)
		engine_client_refresh(c);
	else if (h->type == WIRE_TAMPERED)
		c->events.tampered((const void *)h, c->events.userdata);
	else if (h->type == WIRE_CONSENT)
		c->events.consent((const void *)h, c->events.userdata);
	else if (h->type == WIRE_BLOCKED)
		c->events.blocked(&((const struct wire_blocked *)(const void *)h)->entry,
				  c->events.userdata);
	else if (h->type == WIRE_LINKS)
		c->events.links((const void *)h, c->events.userdata);
	else if (h->type == WIRE_DNS_ANSWER)
		c->events.dns_answer((const void *)h, c->events.userdata);
	else if (h->type == WIRE_AUTOCONFIG)
		c->events.autoconfig((const void *)h, c->events.userdata);
}

static void handle_answer(struct engine_client *c, const struct wire_header *h, int *fd)
{
	for (size_t i = 0; i < REQUESTS_MAX; i++) {
		struct request r = c->requests[i];

		if (r.cookie != h->cookie)
			continue;
		c->requests[i] = (struct request){0};
		r.fn(h, fd, r.userdata);
		return;
	}
	lose(c, "it answers what was not asked");
}

static int on_io(sd_event_source *s, int sock, uint32_t revents, void *userdata)
{
	char buf[WIRE_SIZE_MAX] __attribute__((aligned(8)));
	struct engine_client *c = userdata;
	const struct wire_message *message;
	const char *why;
	ssize_t n;
	int fd;

	(void)s;
	(void)revents;
	n = channel_receive(sock, TO_BUS, buf, &message, &fd, &why);
	if (n == -EAGAIN)
		return 0;
	if (n <= 0) {
		lose(c, n == 0 ? "the connection was closed" : why ? why : strerror((int)-n));
		return 0;
	}
	if (((struct wire_header *)(void *)buf)->cookie == 0)
		handle_event(c, (const void *)buf);
	else
		handle_answer(c, (const void *)buf, &fd);
	/* It may have said where somebody's programs want to go. */
	explicit_bzero(buf, (size_t)n);
	close_fd(fd);
	return 0;
}

static int try_connect(struct engine_client *c)
{
	_cleanup_(closep) int fd =
		socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int r;

	if (fd < 0)
		return -errno;
	(void)snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", c->path);
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0) {
		r = -errno;
		if (!c->said_lost)
			log_warning("%s: %s; trying again until the engine is there", c->path,
				    strerror(-r));
		c->said_lost = true;
		return r;
	}
	r = sd_event_add_io(c->event, &c->io, fd, EPOLLIN, on_io, c);
	if (r < 0)
		return r;
	c->fd = TAKE_FD(fd);
	c->said_lost = false;
	engine_client_refresh(c);
	arm(c, HEARTBEAT_EVERY);
	return 0;
}

int engine_client_new(sd_event *event, const char *path, const struct engine_events *events,
		      struct engine_client **ret)
{
	struct engine_client *c;
	int r;

	if (strlen(path) >= sizeof(((struct sockaddr_un *)0)->sun_path))
		return -ENAMETOOLONG;
	c = calloc(1, sizeof(*c));
	if (!c || !(c->path = strdup(path)))
		fatal_oom();
	c->event = sd_event_ref(event);
	c->events = *events;
	c->fd = -1;
	c->retry = RETRY_FIRST;
	r = sd_event_add_time_relative(event, &c->timer, CLOCK_BOOTTIME, 0, 0, on_timer, c);
	if (r < 0) {
		(void)engine_client_free(c);
		return r;
	}
	*ret = c;
	return 0;
}

struct engine_client *engine_client_free(struct engine_client *c)
{
	if (!c)
		return NULL;
	(void)sd_event_source_disable_unref(c->io);
	(void)sd_event_source_disable_unref(c->timer);
	(void)sd_event_unref(c->event);
	close_fd(c->fd);
	free(c->path);
	free(c);
	return NULL;
}
