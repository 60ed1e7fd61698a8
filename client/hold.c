/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hold.h"

#include "state.h"
#include "wire.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <time.h>

/* After the engine has let go: for the signal with the reason. */
#define REASON_GRACE (1 * USEC_PER_SEC)
/* After we have: for the engine. */
#define CLOSE_GRACE (5 * USEC_PER_SEC)
/* How often to ask whether somebody extended it. */
#define POLL_INTERVAL (2 * USEC_PER_SEC)

static const struct {
	const char *name, *text;
} reasons[] = {
	{"closed", "it was let go"},
	{"left", "this command left the bus"},
	{"disabled", "somebody closed it with sallyport clearnet off"},
	{"deadline", "its time was up"},
	{"session", "the session has ended, or is not the active one"},
	{"suspend", "the machine goes to sleep"},
	{"policy", "the policy was reloaded and does not grant it any more"},
	{"denied", "polkit does not allow it any more"},
	{"consent", "the consent that it stood on is gone"},
	{"network", "the network that it was for has changed"},
	{"online", "the portal is passed"},
	{"bus-gone", "the service's bus process has gone"},
	{"bus-silent", "the service's bus process hung"},
	{"shutdown", "the engine stops"},
	{"failure", "the engine or the kernel failed; see the engine's log"},
};

const char *hold_reason(const struct hold *h)
{
	for (size_t i = 0; i < ARRAY_SIZE(reasons); i++)
		if (strcmp(reasons[i].name, h->reason) == 0)
			return reasons[i].text;
	if (*h->reason)
		return h->reason;
	return h->confirmed ? "the service does not say why"
			    : "no answer came; it closes by itself within 15 seconds";
}

int hold_code(const struct hold *h)
{
	if (h->closing)
		return h->confirmed ? EXIT_DONE : EXIT_NO_SERVICE;
	return strcmp(h->reason, "deadline") == 0 || strcmp(h->reason, "online") == 0
		       ? EXIT_DONE
		       : EXIT_ENDED_EARLY;
}

void hold_event(const struct hold *h, const char *event)
{
	json_object *o = json_object_new_object();

	json_add_string(o, "event", event);
	json_add_string(o, "id", h->id);
	json_add_string(o, "user", h->user);
	json_add_string(o, "scope", h->scope);
	if (h->ended) {
		json_add_string(o, "reason", *h->reason ? h->reason : NULL);
		json_add_string(o, "text", hold_reason(h));
	} else {
		json_add_number(o, "expires", h->expires);
		json_add_number(o, "seconds_left", seconds_left(h->expires));
	}
	json_event(h->service->inv, o);
}

struct request {
	const char *user;
	uint32_t seconds;
	const char *scope; /* NULL: not said, which a service of before understands */
};

static int fill_enable(sd_bus_message *m, const void *userdata)
{
	const struct request *q = userdata;

	if (!q->scope)
		return sd_bus_message_append(m, "sua{sv}", q->user, q->seconds, 0);
	return sd_bus_message_append(m, "sua{sv}", q->user, q->seconds, 1, "scope", "s", q->scope);
}

static int read_lease(sd_bus_message *reply, struct hold *ret)
{
	const char *id, *sender = sd_bus_message_get_sender(reply);
	uint64_t expires;
	int fd, r;

	r = sd_bus_message_read(reply, "hst", &fd, &id, &expires);
	if (r < 0)
		return r;
	ret->fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	if (ret->fd < 0)
		return -errno;
	ret->expires = expires;
	ret->id = strdup(id);
	ret->sender = strdup(sender ? sender : "");
	return ret->id && ret->sender ? 0 : -ENOMEM;
}

int hold_open(struct service *s, const char *user, struct hold *ret)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	struct request q = {user, s->inv->seconds, s->inv->scope};
	int r;

	*ret = (struct hold){.service = s, .user = user, .fd = -1};
	ret->scope = q.scope ? q.scope : lease_scope_to_string(SCOPE_FULL);
	r = service_call(s, CLEARNET_INTERFACE,
			 GIVEN(s->inv, NAMESPACE) ? "EnableClearnetNamespace"
						  : "EnableClearnetUser",
			 fill_enable, &q, &reply);
	if (r != EXIT_DONE)
		return r;
	r = read_lease(reply, ret);
	return r < 0 ? service_nonsense(s, r) : EXIT_DONE;
}

static void ended(struct hold *h, bool confirmed)
{
	if (h->ended)
		return;
	h->ended = true;
	h->confirmed = confirmed;
	h->fd = close_fd(h->fd);
	h->grace = sd_event_source_disable_unref(h->grace);
	h->poll = sd_event_source_disable_unref(h->poll);
	h->io = sd_event_source_disable_unref(h->io);
	h->changed(h, h->userdata);
}

static int on_message(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct hold *h = userdata;
	const char *sender = sd_bus_message_get_sender(m), *id, *reason;

	(void)error;
	if (sd_bus_message_is_signal(m, CLEARNET_INTERFACE, "LeaseEnded") <= 0)
		return 0;
	/* Anybody may send a signal that looks like this one. */
	if (!sender || strcmp(sender, h->sender) != 0 ||
	    sd_bus_message_read(m, "ss", &id, &reason) < 0 || strcmp(id, h->id) != 0)
		return 0;
	(void)snprintf(h->reason, sizeof(h->reason), "%s", reason);
	ended(h, true);
	return 0;
}

static int on_grace(sd_event_source *source, uint64_t now, void *userdata)
{
	struct hold *h = userdata;

	(void)source;
	(void)now;
	ended(h, !h->closing);
	return 0;
}

static int start_grace(struct hold *h, usec_t span)
{
	h->grace = sd_event_source_disable_unref(h->grace);
	return sd_event_add_time_relative(h->event, &h->grace, CLOCK_BOOTTIME, span, USEC_PER_MSEC,
					  on_grace, h);
}

/* The engine has closed its end. */
static int on_hangup(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	struct hold *h = userdata;

	(void)fd;
	if (!(events & (EPOLLHUP | EPOLLERR)))
		return 0;
	(void)sd_event_source_set_enabled(source, SD_EVENT_OFF);
	return start_grace(h, REASON_GRACE);
}

static int on_list(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	_cleanup_(doors_clear) struct doors doors = {0};
	struct hold *h = userdata;
	const struct door *d;

	(void)error;
	h->list = sd_bus_slot_unref(h->list);
	if (h->ended || sd_bus_message_is_method_error(m, NULL) || doors_read(m, &doors) < 0)
		return 0;
	d = doors_find(&doors, h->id);
	if (d && d->expires != h->expires) {
		h->expires = d->expires;
		h->changed(h, h->userdata);
	}
	return 0;
}

/*
 * A service that has gone has no door to list, and starting it would make dbus-daemon log our
 * command line to the disk.
 */
static void ask_for_list(struct hold *h)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;

	if (sd_bus_message_new_method_call(h->service->bus, &m, SERVICE_NAME, SERVICE_PATH,
					   CLEARNET_INTERFACE, "ListLeases") >= 0 &&
	    sd_bus_message_set_auto_start(m, false) >= 0)
		(void)sd_bus_call_async(h->service->bus, &h->list, m, on_list, h, 0);
}

static int on_poll(sd_event_source *source, uint64_t now, void *userdata)
{
	struct hold *h = userdata;

	if (!h->list)
		ask_for_list(h);
	(void)sd_event_source_set_time(source, now + POLL_INTERVAL);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

int hold_watch(struct hold *h, sd_event *event, void (*changed)(struct hold *h, void *userdata),
	       void *userdata)
{
	int r;

	h->event = event;
	h->changed = changed;
	h->userdata = userdata;
	r = sd_bus_add_filter(h->service->bus, &h->filter, on_message, h);
	if (r >= 0)
		r = sd_bus_attach_event(h->service->bus, event, SD_EVENT_PRIORITY_NORMAL);
	if (r >= 0)
		r = sd_event_add_io(event, &h->io, h->fd, 0, on_hangup, h);
	if (r >= 0)
		r = sd_event_add_time_relative(event, &h->poll, CLOCK_BOOTTIME, POLL_INTERVAL,
					       USEC_PER_MSEC, on_poll, h);
	return r < 0 ? r : 0;
}

void hold_close(struct hold *h)
{
	if (h->ended || h->closing)
		return;
	h->closing = true;
	h->io = sd_event_source_disable_unref(h->io);
	h->fd = close_fd(h->fd);
	if (start_grace(h, CLOSE_GRACE) < 0)
		ended(h, false);
}

void hold_clear(struct hold *h)
{
	h->fd = close_fd(h->fd);
	h->io = sd_event_source_disable_unref(h->io);
	h->grace = sd_event_source_disable_unref(h->grace);
	h->poll = sd_event_source_disable_unref(h->poll);
	h->list = sd_bus_slot_unref(h->list);
	h->filter = sd_bus_slot_unref(h->filter);
	if (h->event)
		(void)sd_bus_detach_event(h->service->bus);
	free(h->id);
	free(h->sender);
}
