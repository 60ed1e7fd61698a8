/* SPDX-License-Identifier: GPL-2.0-or-later */
/* clearnet on, extend, off. */
#include "hold.h"
#include "state.h"
#include "verbs.h"

#include <errno.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

struct on {
	struct hold hold;
	sd_event *event;
	sd_event_source *tick;
	bool json;
	bool countdown; /* a line on a terminal that is written over */
	size_t width;   /* of what stands there */
};

/* Not while another job has the terminal. */
static void draw(struct on *on)
{
	char left[32], line[128];
	int n;

	if (!on->countdown || tcgetpgrp(STDOUT_FILENO) != getpgrp())
		return;
	format_left(on->hold.expires, left, sizeof(left));
	n = snprintf(line, sizeof(line), "%s: open for another %s; Ctrl-C closes it", on->hold.user,
		     left);
	(void)printf("\r%s%-*s%s", colour(YELLOW), (int)on->width, line, colour(PLAIN));
	(void)fflush(stdout);
	on->width = (size_t)n;
}

static void wipe(struct on *on)
{
	if (on->width)
		(void)printf("\r%*s\r", (int)on->width, "");
	on->width = 0;
}

static void say(struct on *on, const char *event)
{
	const struct hold *h = &on->hold;
	char left[32];

	wipe(on);
	format_left(h->expires, left, sizeof(left));
	if (on->json)
		hold_event(h, event);
	else if (h->ended)
		(void)printf("The door for %s is closed: %s.\n", h->user, hold_reason(h));
	else
		(void)printf("The door for %s is open for another %s (lease %s%s).\n", h->user,
			     left, h->id, scope_note(h->scope));
	(void)fflush(stdout);
}

static void on_changed(struct hold *h, void *userdata)
{
	struct on *on = userdata;

	say(on, h->ended ? "closed" : "extended");
	if (h->ended)
		(void)sd_event_exit(on->event, hold_code(h));
}

static int on_tick(sd_event_source *source, uint64_t now, void *userdata)
{
	draw(userdata);
	return sd_event_source_set_time(source, now + USEC_PER_SEC);
}

static int on_signal(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
	struct on *on = userdata;

	(void)source;
	(void)info;
	hold_close(&on->hold);
	return 0;
}

static int prepare(struct on *on)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
	sigset_t set;
	int r = 0;

	(void)sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		(void)sigaddset(&set, signals[i]);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -errno;
	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(signals); i++)
		r = sd_event_add_signal(on->event, NULL, signals[i], on_signal, on);
	if (r >= 0)
		r = hold_watch(&on->hold, on->event, on_changed, on);
	if (r >= 0 && on->countdown)
		r = sd_event_add_time_relative(on->event, &on->tick, CLOCK_BOOTTIME, 0,
					       USEC_PER_MSEC, on_tick, on);
	if (r >= 0 && on->tick)
		r = sd_event_source_set_enabled(on->tick, SD_EVENT_ON);
	return r;
}

static void on_clear(struct on *on)
{
	on->tick = sd_event_source_disable_unref(on->tick);
	hold_clear(&on->hold);
	on->event = sd_event_unref(on->event);
}

int verb_on(const struct invocation *inv)
{
	_cleanup_(service_close) struct service service = {0};
	_cleanup_(on_clear) struct on on = {.hold.fd = -1, .json = GIVEN(inv, JSON)};
	int r;

	on.countdown = !on.json && isatty(STDOUT_FILENO);
	r = service_open(&service, inv);
	if (r == EXIT_DONE)
		r = hold_open(&service, inv->args[0], &on.hold);
	if (r != EXIT_DONE)
		return r;
	r = sd_event_new(&on.event);
	if (r >= 0)
		r = prepare(&on);
	if (r < 0)
		return fail(inv, EXIT_FAILED, NULL, NULL, "the door cannot be watched: %s",
			    strerror(-r));
	say(&on, "opened");
	r = sd_event_loop(on.event);
	if (r < 0)
		return fail(inv, EXIT_FAILED, NULL, NULL, "the door cannot be watched: %s",
			    strerror(-r));
	return r;
}

/* The same user, by name or number: the service calls users as the policy does. */
static bool same_user(const char *a, const char *b)
{
	const char *texts[] = {a, b};
	uid_t uids[2];

	if (strcmp(a, b) == 0)
		return true;
	for (size_t i = 0; i < 2; i++)
		if (resolve_user(NULL, texts[i], &uids[i]) < 0 &&
		    parse_u32(texts[i], UINT32_MAX - 1, &uids[i]) < 0)
			return false;
	return uids[0] == uids[1];
}

/* The lease that a person means by its id or by its user; NULL with *ret_code set. */
static char *find_lease(struct service *s, const char *what, int *ret_code)
{
	_cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
	_cleanup_(doors_clear) struct doors doors = {0};
	const struct door *d;
	char *id;
	int r;

	r = state_doors(s, &error, &doors);
	if (r < 0) {
		*ret_code = service_explain(s, &error, r);
		return NULL;
	}
	d = doors_find(&doors, what);
	for (size_t i = 0; !d && i < doors.n; i++)
		if (same_user(doors.items[i].user, what))
			d = &doors.items[i];
	if (!d) {
		*ret_code = fail(s->inv, EXIT_NO_SUCH, NULL,
				 "sallyport status shows the doors that are yours.",
				 "no open door of yours is lease \"%s\" or for user \"%s\"", what,
				 what);
		return NULL;
	}
	id = strdup(d->id);
	if (!id)
		fail_oom();
	return id;
}

struct extend {
	const char *id;
	uint32_t seconds;
};

static int fill_extend(sd_bus_message *m, const void *userdata)
{
	const struct extend *q = userdata;

	return sd_bus_message_append(m, "su", q->id, q->seconds);
}

int verb_extend(const struct invocation *inv)
{
	_cleanup_(service_close) struct service service = {0};
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	_cleanup_(freep) char *id = NULL;
	uint64_t expires;
	char left[32];
	json_object *o;
	int r;

	r = service_open(&service, inv);
	if (r == EXIT_DONE)
		id = find_lease(&service, inv->args[0], &r);
	if (id)
		r = service_call(&service, CLEARNET_INTERFACE, "ExtendLease", fill_extend,
				 &(struct extend){id, inv->seconds}, &reply);
	if (r != EXIT_DONE)
		return r;
	r = sd_bus_message_read(reply, "t", &expires);
	if (r < 0)
		return service_nonsense(&service, r);
	format_left(expires, left, sizeof(left));
	if (!GIVEN(inv, JSON)) {
		(void)printf("Lease %s is open for another %s.\n", id, left);
		return EXIT_DONE;
	}
	o = json_object_new_object();
	json_add_string(o, "id", id);
	json_add_number(o, "expires", expires);
	json_add_number(o, "seconds_left", seconds_left(expires));
	json_print(inv, o);
	return EXIT_DONE;
}

int verb_off(const struct invocation *inv)
{
	_cleanup_(service_close) struct service service = {0};
	json_object *o;
	int r;

	r = service_open(&service, inv);
	if (r == EXIT_DONE)
		r = service_call(&service, CLEARNET_INTERFACE,
				 GIVEN(inv, NAMESPACE) ? "DisableClearnetNamespace"
						       : "DisableClearnetUser",
				 fill_string, inv->args[0], NULL);
	if (r != EXIT_DONE)
		return r;
	if (!GIVEN(inv, JSON)) {
		(void)printf("The door for %s is closed.\n", inv->args[0]);
		return EXIT_DONE;
	}
	o = json_object_new_object();
	json_add_string(o, "closed", inv->args[0]);
	json_print(inv, o);
	return EXIT_DONE;
}
