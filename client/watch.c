/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * watch: what is compared with what was. The service tells only a holder of its leases, so that the
 * doors and the consent are asked for, at once when anything has changed and every two seconds.
 */
#include "state.h"
#include "verbs.h"

#include <errno.h>
#include <signal.h>
#include <systemd/sd-event.h>
#include <time.h>
#include <unistd.h>

#define REFRESH_INTERVAL (2 * USEC_PER_SEC)
/* Many changes at once are looked at once. */
#define REFRESH_SOON (20 * USEC_PER_MSEC)
#define CALL_TIMEOUT (3 * USEC_PER_SEC)

struct seen {
	bool answers;
	struct wall wall;
	struct doors doors;
	struct consent_state consent;
};

struct watch {
	struct service service;
	sd_event *event;
	sd_event_source *refresh, *tick;
	sd_bus_slot *properties, *owner, *tamper;
	struct seen seen;
	bool first;
	bool json, countdown;
	size_t width; /* of the countdown line that stands on the terminal */
};

static void wipe(struct watch *w)
{
	if (w->width)
		(void)printf("\r%*s\r", (int)w->width, "");
	w->width = 0;
}

static void draw(struct watch *w)
{
	char line[512] = "", left[32];
	size_t used = 0;

	if (!w->countdown || tcgetpgrp(STDOUT_FILENO) != getpgrp())
		return;
	for (size_t i = 0; i < w->seen.doors.n && used < sizeof(line) - 1; i++) {
		const struct door *d = &w->seen.doors.items[i];

		format_left(d->expires, left, sizeof(left));
		used += (size_t)snprintf(line + used, sizeof(line) - used, "%s%s %s",
					 i ? ", " : "open: ", d->user, left);
	}
	(void)printf("\r%s%-*s%s", colour(YELLOW), (int)w->width, line, colour(PLAIN));
	(void)fflush(stdout);
	w->width = strlen(line);
}

/* An event: an object for programs, or a line with the time of day. Takes o. */
static void say(struct watch *w, const char *event, json_object *o, const char *sentence)
{
	time_t now = time(NULL);
	struct tm tm;
	char clock[16];

	wipe(w);
	if (w->json) {
		json_add_string(o, "event", event);
		json_event(w->service.inv, o);
		return;
	}
	(void)json_object_put(o);
	(void)strftime(clock, sizeof(clock), "%T", localtime_r(&now, &tm));
	(void)printf("%s  %s\n", clock, sentence);
	(void)fflush(stdout);
}

static void say_wall(struct watch *w, const struct seen *now)
{
	json_object *o = json_object_new_object();
	const char *text = "the engine does not answer; the wall stays in the kernel";

	json_add_string(o, "wall", now->answers ? wall_word(&now->wall) : "unknown");
	json_add_bool(o, "service", now->answers);
	json_add_string(o, "digest", now->wall.digest);
	if (!now->answers)
		text = "the service does not answer; the wall stays in the kernel";
	else if (now->wall.sealed && now->wall.built_in)
		text = "sealed with the built-in wall, because the policy has errors";
	else if (now->wall.sealed)
		text = w->seen.answers && w->seen.wall.sealed ? "sealed with a changed policy"
							      : "sealed";
	say(w, "wall", o, text);
}

static void say_door(struct watch *w, const char *event, const struct door *d)
{
	char left[32], line[160];

	format_left(d->expires, left, sizeof(left));
	if (strcmp(event, "closed") == 0)
		(void)snprintf(line, sizeof(line), "the door for %s is closed (lease %s)%s",
			       d->user, d->id, seconds_left(d->expires) ? "" : ": its time was up");
	else
		(void)snprintf(line, sizeof(line),
			       "the door for %s is %s for another %s (lease %s%s)", d->user,
			       strcmp(event, "opened") == 0 ? "open" : "extended, open", left,
			       d->id, scope_note(d->scope));
	say(w, event, door_json(d), line);
}

static void compare_doors(struct watch *w, const struct seen *now)
{
	for (size_t i = 0; i < w->seen.doors.n; i++)
		if (!doors_find(&now->doors, w->seen.doors.items[i].id))
			say_door(w, "closed", &w->seen.doors.items[i]);
	for (size_t i = 0; i < now->doors.n; i++) {
		const struct door *d = &now->doors.items[i];
		const struct door *old = doors_find(&w->seen.doors, d->id);

		if (!old)
			say_door(w, "opened", d);
		else if (old->expires != d->expires)
			say_door(w, "extended", d);
	}
}

static void compare_consent(struct watch *w, const struct seen *now)
{
	const struct consent_state *c = &now->consent, *old = &w->seen.consent;
	char sentence[256], line[300];

	if (!now->answers || (strcmp(c->value, old->value) == 0 && c->since == old->since))
		return;
	/* That nobody was asked is worth no line when it was so from the start. */
	if (!c->since && w->first && !w->json)
		return;
	consent_sentence(c, sentence, sizeof(sentence));
	(void)snprintf(line, sizeof(line), "consent: %s", sentence);
	say(w, "consent", consent_json(c), line);
}

static void compare(struct watch *w, const struct seen *now)
{
	bool same = now->answers == w->seen.answers &&
		    memcmp(&now->wall, &w->seen.wall, sizeof(now->wall)) == 0;

	if (w->first || !same)
		say_wall(w, now);
	compare_doors(w, now);
	compare_consent(w, now);
	w->first = false;
}

/* A service that does not answer has no door, so none is shown. */
static void look(struct watch *w, struct seen *ret)
{
	_cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
	int r;

	*ret = (struct seen){0};
	r = state_wall(&w->service, &error, &ret->wall);
	if (r >= 0)
		r = state_doors(&w->service, &error, &ret->doors);
	if (r >= 0)
		r = state_consent(&w->service, &error, &ret->consent);
	ret->answers = r >= 0;
	if (r < 0)
		ret->wall = (struct wall){0};
}

static int on_refresh(sd_event_source *source, uint64_t now, void *userdata)
{
	struct watch *w = userdata;
	struct seen seen;

	look(w, &seen);
	compare(w, &seen);
	doors_clear(&w->seen.doors);
	w->seen = seen;
	draw(w);
	(void)sd_event_source_set_time(source, now + REFRESH_INTERVAL);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

/* Whoever sent it: it only makes us look. */
static int on_news(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct watch *w = userdata;

	(void)m;
	(void)error;
	(void)sd_event_source_set_time_relative(w->refresh, REFRESH_SOON);
	return 0;
}

static int on_tamper(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	json_object *o = json_object_new_object();
	uint32_t generation, pid;
	const char *name;
	char line[160];
	int repaired;

	(void)error;
	if (sd_bus_message_read(m, "uusb", &generation, &pid, &name, &repaired) < 0) {
		(void)json_object_put(o);
		return 0;
	}
	json_add_number(o, "generation", generation);
	json_add_number(o, "pid", pid);
	json_add_string(o, "name", name);
	json_add_bool(o, "repaired", repaired);
	(void)snprintf(line, sizeof(line), "the wall was changed by %s (pid %u)%s",
		       *name ? name : "an unknown process", pid,
		       repaired ? "; it is as it was again" : " and could not be repaired yet");
	say(userdata, "tampered", o, line);
	draw(userdata);
	return 0;
}

static int on_tick(sd_event_source *source, uint64_t now, void *userdata)
{
	draw(userdata);
	return sd_event_source_set_time(source, now + USEC_PER_SEC);
}

static int on_signal(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
	struct watch *w = userdata;

	(void)source;
	(void)info;
	wipe(w);
	return sd_event_exit(w->event, EXIT_DONE);
}

static int watch_signals(struct watch *w)
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
		r = sd_event_add_signal(w->event, NULL, signals[i], on_signal, w);
	return r;
}

static int watch_start(struct watch *w)
{
	int r;

	r = sd_event_new(&w->event);
	if (r >= 0)
		r = watch_signals(w);
	if (r >= 0)
		r = sd_bus_add_match(w->service.bus, &w->properties,
				     "type='signal',sender='" SERVICE_NAME "',path='" SERVICE_PATH
				     "',interface='org.freedesktop.DBus.Properties'",
				     on_news, w);
	if (r >= 0)
		r = sd_bus_add_match(w->service.bus, &w->owner,
				     "type='signal',sender='org.freedesktop.DBus',"
				     "member='NameOwnerChanged',arg0='" SERVICE_NAME "'",
				     on_news, w);
	if (r >= 0)
		r = sd_bus_add_match(w->service.bus, &w->tamper,
				     "type='signal',sender='" SERVICE_NAME "',path='" SERVICE_PATH
				     "',interface='org.sallyport1.Manager',member='TamperDetected'",
				     on_tamper, w);
	if (r >= 0)
		r = sd_bus_attach_event(w->service.bus, w->event, SD_EVENT_PRIORITY_NORMAL);
	if (r >= 0)
		r = sd_event_add_time_relative(w->event, &w->refresh, CLOCK_BOOTTIME, 0,
					       USEC_PER_MSEC, on_refresh, w);
	if (r >= 0 && w->countdown)
		r = sd_event_add_time_relative(w->event, &w->tick, CLOCK_BOOTTIME, USEC_PER_SEC,
					       USEC_PER_MSEC, on_tick, w);
	if (r >= 0 && w->tick)
		r = sd_event_source_set_enabled(w->tick, SD_EVENT_ON);
	return r;
}

static void watch_clear(struct watch *w)
{
	w->refresh = sd_event_source_disable_unref(w->refresh);
	w->tick = sd_event_source_disable_unref(w->tick);
	w->properties = sd_bus_slot_unref(w->properties);
	w->owner = sd_bus_slot_unref(w->owner);
	w->tamper = sd_bus_slot_unref(w->tamper);
	if (w->event)
		(void)sd_bus_detach_event(w->service.bus);
	service_close(&w->service);
	w->event = sd_event_unref(w->event);
	doors_clear(&w->seen.doors);
}

int verb_watch(const struct invocation *inv)
{
	_cleanup_(watch_clear) struct watch w = {.first = true, .json = GIVEN(inv, JSON)};
	_cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
	struct wall wall;
	int r;

	w.countdown = !w.json && isatty(STDOUT_FILENO);
	r = service_open(&w.service, inv);
	if (r != EXIT_DONE)
		return r;
	/* The first call starts the service; from then on whoever stops it has the last word. */
	r = state_wall(&w.service, &error, &wall);
	if (r < 0)
		return service_explain(&w.service, &error, r);
	w.service.no_start = true;
	w.service.timeout = CALL_TIMEOUT;
	r = watch_start(&w);
	if (r >= 0)
		r = sd_event_loop(w.event);
	if (r < 0)
		return fail(inv, EXIT_FAILED, NULL, NULL, "the service cannot be watched: %s",
			    strerror(-r));
	return r;
}
