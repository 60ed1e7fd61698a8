/* SPDX-License-Identifier: GPL-2.0-or-later */
/* org.sallyport1.Manager, what concerns refused packets: counters, the list, the signal. */
#include "blocked.h"

#include "log.h"

#include <errno.h>

static void on_counters(const struct wire_header *answer, int *fd, void *userdata)
{
	const struct wire_counters *counters = (const void *)answer;
	sd_bus_message *call = userdata, *reply = NULL;
	int r;

	(void)fd;
	if (error_answered(call, answer, WIRE_COUNTERS, "")) {
		(void)sd_bus_message_unref(call);
		return;
	}
	r = sd_bus_message_new_method_return(call, &reply);
	if (r >= 0)
		r = sd_bus_message_open_container(reply, 'a', "(stt)");
	for (uint32_t i = 0; r >= 0 && i < counters->n; i++)
		r = sd_bus_message_append(reply, "(stt)", counters->items[i].name,
					  counters->items[i].packets, counters->items[i].bytes);
	if (r >= 0)
		r = sd_bus_message_close_container(reply);
	if (r >= 0)
		(void)sd_bus_message_send(reply);
	(void)sd_bus_message_unref(reply);
	(void)sd_bus_message_unref(call);
}

/* Safe to offer: sums of what was refused, by nobody in particular. */
static int method_get_counters(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
	struct wire_get_counters request = {0};
	struct manager *m = userdata;
	uid_t uid;
	int r;

	r = caller_ids(call, &uid, NULL);
	if (r < 0)
		return r;
	r = engine_client_request(m->engine, uid, &request.header, WIRE_GET_COUNTERS,
				  sizeof(request), on_counters, call);
	if (r < 0)
		return error_not_asked(error, r);
	(void)sd_bus_message_ref(call);
	return 1;
}

/* A list that is fetched from the engine part by part. */
struct listing {
	struct manager *manager;
	sd_bus_message *call, *reply;
	uid_t caller;
	bool all;
	bool subscribes; /* an error ends the subscription, too */
};

static void listing_free(struct listing *l, bool failed)
{
	if (failed && l->subscribes)
		blocked_unsubscribe(l->manager, sd_bus_message_get_sender(l->call));
	(void)sd_bus_message_unref(l->call);
	(void)sd_bus_message_unref(l->reply);
	free(l);
}

static void on_list(const struct wire_header *answer, int *fd, void *userdata);

static int ask_list(struct listing *l, uint64_t from)
{
	struct wire_get_blocked request = {
		.from = from,
		.uid = l->all ? UINT32_MAX : l->caller,
	};

	return engine_client_request(l->manager->engine, l->caller, &request.header,
				     WIRE_GET_BLOCKED, sizeof(request), on_list, l);
}

static int append_entries(const struct listing *l, const struct wire_blocked_list *list)
{
	int r = 0;

	for (uint32_t i = 0; r >= 0 && i < list->n; i++) {
		const struct wire_blocked_entry *b = &list->items[i];

		if (!l->all && b->uid != l->caller)
			continue; /* not asked for */
		r = sd_bus_message_open_container(l->reply, 'r', BLOCKED_TYPES);
		if (r >= 0)
			r = blocked_append(l->reply, b);
		if (r >= 0)
			r = sd_bus_message_close_container(l->reply);
	}
	return r;
}

static int finish(const struct listing *l)
{
	int r = sd_bus_message_close_container(l->reply);

	return r < 0 ? r : sd_bus_message_send(l->reply);
}

/* Something else than the whole list is no list. */
static void fail_list(const struct listing *l, const struct wire_blocked_list *list, int r)
{
	sd_bus_error e = SD_BUS_ERROR_NULL;

	if (r < 0)
		(void)error_not_asked(&e, r);
	else
		(void)error_set(
			&e, ERROR_NOT_REPORTED,
			"Refused packets are not reported: %s. They are refused all the same.",
			list->error == EPERM || list->error == EBUSY
				? "another process listens to the netfilter log's group 5140; end "
				  "it and ask again"
				: strerror((int)list->error));
	(void)sd_bus_reply_method_error(l->call, &e);
	sd_bus_error_free(&e);
}

static void on_list(const struct wire_header *answer, int *fd, void *userdata)
{
	const struct wire_blocked_list *list = (const void *)answer;
	struct listing *l = userdata;
	int r = 0;

	(void)fd;
	if (error_answered(l->call, answer, WIRE_BLOCKED_LIST, "")) {
		listing_free(l, true);
		return;
	}
	if (!list->error)
		r = append_entries(l, list);
	if (r >= 0 && !list->error && list->next) {
		r = ask_list(l, list->next);
		if (r == 0)
			return;
	} else if (r >= 0 && !list->error) {
		r = finish(l);
	}
	if (r < 0 || list->error)
		fail_list(l, list, r);
	listing_free(l, r < 0 || list->error);
}

static int start_list(struct manager *m, sd_bus_message *call, uid_t uid, bool all, bool subscribes)
{
	struct listing *l = calloc(1, sizeof(*l));
	int r;

	if (!l)
		fatal_oom();
	*l = (struct listing){.manager = m,
			      .call = sd_bus_message_ref(call),
			      .caller = uid,
			      .all = all,
			      .subscribes = subscribes};
	r = sd_bus_message_new_method_return(call, &l->reply);
	if (r >= 0)
		r = sd_bus_message_sensitive(l->reply);
	if (r >= 0)
		r = sd_bus_message_open_container(l->reply, 'a', "(" BLOCKED_TYPES ")");
	if (r >= 0)
		r = ask_list(l, 0);
	if (r < 0)
		listing_free(l, true);
	return r;
}

/* Safe to offer: what one's own programs tried. Everybody's is asked for by root, or polkit. */
static int method_list_blocked(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
	struct manager *m = userdata;
	VISIT(m->authorizer, call);
	uid_t uid;
	int all, r;

	r = sd_bus_message_read(call, "b", &all);
	if (r >= 0)
		r = caller_ids(call, &uid, NULL);
	if (r < 0)
		return r;
	if (!m->limits.sealed)
		return error_engine_lost(error);

	/* authorize */
	if (all) {
		r = authorize(m->authorizer, call, uid, ACTION_INSPECT, NULL, error);
		if (r <= 0)
			return r < 0 ? r : 1;
	}

	r = start_list(m, call, uid, all, false);
	return r < 0 ? error_not_asked(error, r) : 1;
}

/* Safe to offer: as the list, which is the answer. The signals go to this connection alone. */
static int method_subscribe(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
	struct manager *m = userdata;
	VISIT(m->authorizer, call);
	uid_t uid;
	int all, r;

	r = sd_bus_message_read(call, "b", &all);
	if (r >= 0)
		r = caller_ids(call, &uid, NULL);
	if (r >= 0)
		r = blocked_has_room(m, call, uid, error);
	if (r < 0)
		return r;
	if (!m->limits.sealed)
		return error_engine_lost(error);

	/* authorize */
	if (all) {
		r = authorize(m->authorizer, call, uid, ACTION_INSPECT, NULL, error);
		if (r <= 0)
			return r < 0 ? r : 1;
	}

	r = blocked_subscribe(m, call, uid, all, error);
	if (r < 0)
		return r;
	r = start_list(m, call, uid, all, true);
	return r < 0 ? error_not_asked(error, r) : 1;
}

/* Safe to offer: the caller hears less. */
static int method_unsubscribe(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
	(void)error;
	blocked_unsubscribe(userdata, sd_bus_message_get_sender(call));
	return sd_bus_reply_method_return(call, NULL);
}

const sd_bus_vtable blocked_vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_METHOD_WITH_ARGS("GetCounters", SD_BUS_NO_ARGS, SD_BUS_RESULT("a(stt)", counters),
				method_get_counters, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("ListBlocked", SD_BUS_ARGS("b", all),
				SD_BUS_RESULT("a(" BLOCKED_TYPES ")", blocked), method_list_blocked,
				SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("SubscribeBlocked", SD_BUS_ARGS("b", all),
				SD_BUS_RESULT("a(" BLOCKED_TYPES ")", blocked), method_subscribe,
				SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("UnsubscribeBlocked", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT,
				method_unsubscribe, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_SIGNAL_WITH_ARGS("Blocked",
				SD_BUS_ARGS("t", number, "t", first, "t", last, "u", count, "u",
					    uid, "i", family, "y", protocol, "q", port, "ay",
					    destination, "s", class, "s", origin),
				0),
	SD_BUS_VTABLE_END,
};
