/* SPDX-License-Identifier: GPL-2.0-or-later */
/* blocked: what was refused lately, and with --follow what is from then on. */
#include "refusals.h"
#include "verbs.h"

#include <errno.h>
#include <signal.h>
#include <systemd/sd-event.h>

struct follow {
	struct service *service;
	sd_event *event;
	sd_bus_slot *news, *owner;
	char *sender; /* the service's unique name */
	struct refusals known;
};

static int fill_all(sd_bus_message *m, const void *all)
{
	return sd_bus_message_append(m, "b", (int)*(const bool *)all);
}

static void print_list(const struct invocation *inv, const struct refusals *l)
{
	if (GIVEN(inv, JSON)) {
		json_object *o = json_object_new_object(), *list = json_object_new_array();

		for (size_t i = 0; i < l->n; i++)
			(void)json_object_array_add(list, refusal_json(&l->items[i]));
		(void)json_object_object_add(o, "blocked", list);
		json_print(inv, o);
		return;
	}
	if (!l->n) {
		(void)printf("Nothing%s was refused lately%s\n", GIVEN(inv, ALL) ? "" : " of yours",
			     GIVEN(inv, ALL) ? "." : "; --all says what of others.");
		return;
	}
	refusals_heading();
	for (size_t i = 0; i < l->n; i++)
		refusal_print(&l->items[i]);
	refusal_hints(&l->items[l->n - 1]);
}

static void print_event(const struct invocation *inv, const struct refusal *r)
{
	json_object *o;

	if (!GIVEN(inv, JSON)) {
		refusal_print(r);
		(void)fflush(stdout);
		return;
	}
	o = refusal_json(r);
	json_add_string(o, "event", "blocked");
	json_event(inv, o);
}

/* What came between the subscription and the list is in the list, too. */
static bool known(const struct follow *f, const struct refusal *r)
{
	for (size_t i = 0; i < f->known.n; i++)
		if (f->known.items[i].number == r->number && f->known.items[i].last >= r->last)
			return true;
	return false;
}

static int on_blocked(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	const char *sender = sd_bus_message_get_sender(m);
	struct follow *f = userdata;
	struct refusal r;

	(void)error;
	if (!sender || strcmp(sender, f->sender) != 0)
		return 0;
	if (refusal_read(m, &r) > 0 && !known(f, &r))
		print_event(f->service->inv, &r);
	return 0;
}

static int on_owner(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct follow *f = userdata;
	const char *name, *before, *after;

	(void)error;
	if (sd_bus_message_read(m, "sss", &name, &before, &after) < 0 ||
	    strcmp(before, f->sender) != 0)
		return 0;
	(void)fail(f->service->inv, EXIT_NO_SERVICE, NULL, NULL,
		   "the service has gone, and with it the subscription");
	return sd_event_exit(f->event, EXIT_NO_SERVICE);
}

static int on_signal(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
	(void)info;
	(void)userdata;
	return sd_event_exit(sd_event_source_get_event(source), EXIT_DONE);
}

static int follow_start(struct follow *f)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
	sigset_t set;
	int r;

	(void)sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		(void)sigaddset(&set, signals[i]);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -errno;
	r = sd_event_new(&f->event);
	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(signals); i++)
		r = sd_event_add_signal(f->event, NULL, signals[i], on_signal, NULL);
	if (r >= 0)
		r = sd_bus_add_match(f->service->bus, &f->news,
				     "type='signal',path='" SERVICE_PATH
				     "',interface='" MANAGER_INTERFACE "',member='Blocked'",
				     on_blocked, f);
	if (r >= 0)
		r = sd_bus_add_match(f->service->bus, &f->owner,
				     "type='signal',sender='org.freedesktop.DBus',"
				     "member='NameOwnerChanged',arg0='" SERVICE_NAME "'",
				     on_owner, f);
	if (r >= 0)
		r = sd_bus_attach_event(f->service->bus, f->event, SD_EVENT_PRIORITY_NORMAL);
	return r;
}

static void follow_clear(struct follow *f)
{
	f->news = sd_bus_slot_unref(f->news);
	f->owner = sd_bus_slot_unref(f->owner);
	if (f->event)
		(void)sd_bus_detach_event(f->service->bus);
	f->event = sd_event_unref(f->event);
	free(f->sender);
	refusals_clear(&f->known);
}

static int follow(struct service *s, bool all)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	_cleanup_(follow_clear) struct follow f = {.service = s};
	const struct invocation *inv = s->inv;
	int r;

	r = follow_start(&f);
	if (r < 0)
		return fail(inv, EXIT_FAILED, NULL, NULL, "the service cannot be followed: %s",
			    strerror(-r));
	r = service_call(s, MANAGER_INTERFACE, "SubscribeBlocked", fill_all, &all, &reply);
	if (r != EXIT_DONE)
		return r;
	r = refusals_read(reply, &f.known);
	if (r < 0)
		return service_nonsense(s, r);
	f.sender = strdup(sd_bus_message_get_sender(reply));
	if (!f.sender)
		fail_oom();
	if (!GIVEN(inv, JSON))
		refusals_heading();
	for (size_t i = 0; i < f.known.n; i++)
		print_event(inv, &f.known.items[i]);
	(void)fflush(stdout);
	r = sd_event_loop(f.event);
	if (r < 0)
		return fail(inv, EXIT_FAILED, NULL, NULL, "the service cannot be followed: %s",
			    strerror(-r));
	return r;
}

static int list(struct service *s, bool all)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	_cleanup_(refusals_clear) struct refusals refusals = {0};
	int r;

	r = service_call(s, MANAGER_INTERFACE, "ListBlocked", fill_all, &all, &reply);
	if (r != EXIT_DONE)
		return r;
	r = refusals_read(reply, &refusals);
	if (r < 0)
		return service_nonsense(s, r);
	print_list(s->inv, &refusals);
	return EXIT_DONE;
}

int verb_blocked(const struct invocation *inv)
{
	_cleanup_(service_close) struct service service = {0};
	int r;

	r = service_open(&service, inv);
	if (r != EXIT_DONE)
		return r;
	if (GIVEN(inv, FOLLOW))
		return follow(&service, GIVEN(inv, ALL));
	return list(&service, GIVEN(inv, ALL));
}
