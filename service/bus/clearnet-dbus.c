/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * org.sallyport1.Clearnet. In every handler: parse, validate, refuse by state, authorize, act.
 * Nothing above the authorize line changes anything, for the handler runs twice.
 */
#include "log.h"
#include "manager.h"
#include "network.h"
#include "nm-primary.h"
#include "portal.h"
#include "scope.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

/* A call that waits for the engine. */
struct waiting {
	struct manager *manager;
	sd_bus_message *call;
	uid_t caller;
	struct held lease;
	pid_t pid;
	char *session; /* as it was found while polkit was asked, or NULL */
};

static void waiting_free(struct waiting *w)
{
	(void)sd_bus_message_unref(w->call);
	free(w->session);
	free(w);
}

static struct waiting *waiting_new(struct manager *m, sd_bus_message *call, uid_t caller)
{
	struct waiting *w = calloc(1, sizeof(*w));

	if (!w)
		fatal_oom();
	w->manager = m;
	w->call = sd_bus_message_ref(call);
	w->caller = caller;
	return w;
}

/* Sends the request; the handler's return value. On failure the call is answered here. */
static int ask_engine(struct waiting *w, struct wire_header *request, enum wire_type type,
		      size_t size, engine_answer_fn fn, sd_bus_error *error)
{
	int r = engine_client_request(w->manager->engine, w->caller, request, type, size, fn, w);

	if (r == 0)
		return 1;
	waiting_free(w);
	return error_not_asked(error, r);
}

/* whole: the name is a namespace's, not a user's. */
static int check_user(const struct manager *m, const char *user, bool whole,
		      const struct wire_door **ret, sd_bus_error *error)
{
	bool known = true;

	if (!*user || strlen(user) > WIRE_NAME_SIZE - 4)
		return error_set(error, SD_BUS_ERROR_INVALID_ARGS,
				 "The name of a user or namespace has 1 to 32 characters.");
	if (!m->limits.sealed)
		return error_engine_lost(error);
	if (m->limits.built_in)
		return error_refused(error, REFUSAL_NO_POLICY, 0, user);
	*ret = whole ? manager_namespace(m, user) : manager_door(m, user, &known);
	if (*ret)
		return 0;
	if (whole)
		return error_set(error, ERROR_UNKNOWN_NAMESPACE,
				 "The policy has no [namespace %s] with door = yes.", user);
	if (known)
		return error_refused(error, REFUSAL_NOT_A_DOOR, 0, user);
	return error_set(error, ERROR_UNKNOWN_USER, "There is no user \"%s\" on this machine.",
			 user);
}

static int check_seconds(const struct manager *m, uint32_t *seconds, sd_bus_error *error)
{
	if (*seconds == 0)
		*seconds = m->limits.default_seconds;
	if (*seconds > m->limits.longest_seconds)
		return error_refused(error, REFUSAL_TOO_LONG, m->limits.longest_seconds, "");
	return 0;
}

/* While polkit is asked: a session that ends in between is not taken for none at all. */
static void on_session_before(uint64_t question, const char *path, bool active, void *userdata)
{
	struct manager *m = userdata;

	(void)active;
	if (path)
		authorize_set_note(m->authorizer, question, path);
}

static void on_session(uint64_t id, const char *path, bool active, void *userdata)
{
	struct held *h = held_find(userdata, id);

	if (!h || (!path && !h->session))
		return;
	if (!h->session && !(h->session = strdup(path)))
		fatal_oom();
	if (!active)
		held_end(h, REASON_SESSION);
}

static void bind_session(struct manager *m, struct held *h, const struct waiting *w)
{
	if (w->session) {
		h->session = strdup(w->session);
		if (!h->session)
			fatal_oom();
		sessions_check(m->sessions, w->session, on_session, w->lease.id, m);
	} else {
		sessions_find(m->sessions, w->pid, w->lease.holder, on_session, w->lease.id, m);
	}
}

/* The engine has opened the door. A holder that has left meanwhile gets it closed at once. */
static void reply_opened(struct waiting *w, const struct wire_lease_opened *opened, int fd)
{
	struct manager *m = w->manager;
	struct held *h;
	char id[24];

	w->lease.id = opened->id;
	w->lease.started = opened->started;
	w->lease.expires = opened->expires;
	h = held_add(m, w->call, &w->lease);
	if (h->ending)
		return;
	if (sessions_asleep(m->sessions)) {
		sd_bus_error e = SD_BUS_ERROR_NULL;

		held_end(h, REASON_SUSPEND);
		(void)error_asleep(&e);
		(void)sd_bus_reply_method_error(w->call, &e);
		sd_bus_error_free(&e);
		return;
	}
	bind_session(m, h, w);
	(void)snprintf(id, sizeof(id), "%" PRIu64, opened->id);
	if (sd_bus_reply_method_return(w->call, "hst", fd, id, opened->expires) < 0)
		held_end(h, REASON_LEFT);
	log_info("lease %s for %s, scope %s, held by uid %u", id, w->lease.user,
		 lease_scope_to_string(w->lease.scope), w->lease.holder);
	network_judge_doors(m);
}

static void on_opened(const struct wire_header *answer, int *fd, void *userdata)
{
	struct waiting *w = userdata;
	struct manager *m = w->manager;

	m->opening--;
	if (!error_answered(w->call, answer, WIRE_LEASE_OPENED, w->lease.user)) {
		if (*fd >= 0)
			reply_opened(w, (const void *)answer, *fd);
		else
			(void)error_answered(w->call, NULL, WIRE_LEASE_OPENED, "");
	}
	waiting_free(w);
	manager_let_sleep(m);
}

/* What is asked for, if it could be granted. Changes nothing. */
static int read_enable(struct manager *m, sd_bus_message *call, bool whole, struct held *lease,
		       struct wire_lease_open *request, sd_bus_error *error)
{
	const struct wire_door *door;
	const char *user;
	int r;

	r = sd_bus_message_read(call, "su", &user, &request->seconds);
	if (r >= 0)
		r = scope_read_options(call, &lease->scope, error);
	if (r >= 0)
		r = check_user(m, user, whole, &door, error);
	if (r >= 0)
		r = check_seconds(m, &request->seconds, error);
	if (r < 0)
		return r;
	if (held_find_uid(m, door->uid))
		return error_refused(error, REFUSAL_BUSY, 0, user);
	if (sessions_asleep(m->sessions))
		return error_asleep(error);
	if (whole && lease->scope != SCOPE_FULL)
		return error_set(error, SD_BUS_ERROR_INVALID_ARGS,
				 "The door of a namespace has the scope \"full\".");
	lease->uid = request->uid = door->uid;
	(void)snprintf(lease->user, sizeof(lease->user), "%s%s", whole ? NAMESPACE_PREFIX : "",
		       door->name);
	request->scope = lease->scope;
	if (lease->scope != SCOPE_PORTAL)
		return 0;
	(void)snprintf(lease->uuid, sizeof(lease->uuid), "%s", nm_primary_get(m->nm_primary)->uuid);
	request->n_servers = portal_servers(m, request->servers, lease->network);
	return request->n_servers ? 0 : error_no_servers(error);
}

/*
 * Safe to offer: polkit decides who may, the policy for whom and how long, the engine enforces
 * both again; the door closes with the caller.
 */
static int enable(sd_bus_message *call, struct manager *m, bool whole, sd_bus_error *error)
{
	VISIT(m->authorizer, call);
	struct wire_lease_open request = {0};
	_cleanup_(freep) char *session = NULL;
	struct held lease = {0};
	struct scope_details details;
	const char *note;
	struct waiting *w;
	pid_t pid;
	int r;

	r = read_enable(m, call, whole, &lease, &request, error);
	if (r >= 0)
		r = caller_ids(call, &lease.holder, &pid);
	if (r < 0)
		return r;
	note = authorize_note(m->authorizer, call);
	session = note ? strdup(note) : NULL;

	/* authorize */
	scope_details(&details, lease.uid, lease.user, request.seconds, lease.scope, lease.network);
	r = authorize(m->authorizer, call, lease.holder, scope_action(lease.uid, lease.scope),
		      details.pairs, error);
	if (r == 0)
		sessions_find(m->sessions, pid, lease.holder, on_session_before,
			      authorize_open_question(m->authorizer, call), m);
	if (r <= 0)
		return r < 0 ? r : 1;

	authorize_pack(details.pairs, lease.details, sizeof(lease.details));
	request.holder = lease.holder;
	w = waiting_new(m, call, lease.holder);
	w->pid = pid;
	w->session = TAKE_PTR(session);
	w->lease = lease;
	r = ask_engine(w, &request.header, WIRE_LEASE_OPEN, sizeof(request), on_opened, error);
	if (r > 0)
		m->opening++;
	return r;
}

static int method_enable(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
	return enable(call, userdata, false, error);
}

static int method_enable_namespace(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
	return enable(call, userdata, true, error);
}

static int read_id(const char *text, uint64_t *ret)
{
	char *end;

	errno = 0;
	*ret = strtoull(text, &end, 10);
	return *text >= '0' && *text <= '9' && !*end && !errno ? 0 : -EINVAL;
}

static void on_extended(const struct wire_header *answer, int *fd, void *userdata)
{
	const struct wire_lease_extended *extended = (const void *)answer;
	struct waiting *w = userdata;
	struct held *h;

	(void)fd;
	if (!error_answered(w->call, answer, WIRE_LEASE_EXTENDED, w->lease.user)) {
		h = held_find(w->manager, extended->id);
		if (h)
			h->expires = extended->expires;
		(void)sd_bus_reply_method_return(w->call, "t", extended->expires);
	}
	waiting_free(w);
}

/* Safe to offer: as a new lease, but only to the holder; the mark and the user stay. */
static int method_extend(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
	struct manager *m = userdata;
	VISIT(m->authorizer, call);
	struct wire_lease_extend request = {0};
	const struct held *h = NULL;
	struct scope_details details;
	struct waiting *w;
	const char *text;
	uint32_t seconds;
	uint64_t id;
	uid_t uid;
	int r;

	r = sd_bus_message_read(call, "su", &text, &seconds);
	if (r >= 0)
		r = caller_ids(call, &uid, NULL);
	if (r < 0)
		return r;
	if (read_id(text, &id) == 0)
		h = held_find(m, id);
	if (!h || h->holder != uid || !scope_action(h->uid, h->scope))
		return error_refused(error, REFUSAL_NO_SUCH_LEASE, 0, "");
	r = check_seconds(m, &seconds, error);
	if (r < 0)
		return r;

	/* authorize */
	scope_details(&details, h->uid, h->user, seconds, h->scope, h->network);
	r = authorize(m->authorizer, call, uid, scope_action(h->uid, h->scope), details.pairs,
		      error);
	if (r <= 0)
		return r < 0 ? r : 1;

	request.id = id;
	request.seconds = seconds;
	w = waiting_new(m, call, uid);
	memcpy(w->lease.user, h->user, sizeof(w->lease.user));
	return ask_engine(w, &request.header, WIRE_LEASE_EXTEND, sizeof(request), on_extended,
			  error);
}

/* After this reply no packet of the lease's flows passes: the engine has said so. */
static void on_disabled(const struct wire_header *answer, int *fd, void *userdata)
{
	const struct wire_lease_ended *ended = (const void *)answer;
	struct waiting *w = userdata;

	(void)fd;
	if (!error_answered(w->call, answer, WIRE_LEASE_ENDED, "")) {
		held_ended(w->manager, ended->id, (enum wire_reason)ended->reason);
		(void)sd_bus_reply_method_return(w->call, NULL);
	}
	waiting_free(w);
}

/* Safe to offer: closing is. Another's door needs a question, so that nobody is a nuisance. */
static int disable(sd_bus_message *call, struct manager *m, bool whole, sd_bus_error *error)
{
	VISIT(m->authorizer, call);
	struct wire_lease_end request = {.reason = REASON_DISABLED};
	const struct wire_door *door;
	const struct held *h;
	const char *user;
	uid_t uid;
	int r;

	r = sd_bus_message_read(call, "s", &user);
	if (r >= 0)
		r = check_user(m, user, whole, &door, error);
	if (r >= 0)
		r = caller_ids(call, &uid, NULL);
	if (r < 0)
		return r;
	h = held_find_uid(m, door->uid);
	if (!h)
		return error_set(error, ERROR_NO_SUCH_LEASE, "No door is open for %s \"%s\".",
				 whole ? "namespace" : "user", user);

	/* authorize */
	if (h->holder != uid) {
		const char *details[] = {"user", h->user, NULL};

		r = authorize(m->authorizer, call, uid, ACTION_DISABLE_OTHERS, details, error);
		if (r <= 0)
			return r < 0 ? r : 1;
	}

	request.id = h->id;
	return ask_engine(waiting_new(m, call, uid), &request.header, WIRE_LEASE_END,
			  sizeof(request), on_disabled, error);
}

static int method_disable(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
	return disable(call, userdata, false, error);
}

static int method_disable_namespace(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
	return disable(call, userdata, true, error);
}

static int reply_leases(struct manager *m, sd_bus_message *call, uid_t uid, bool all)
{
	sd_bus_message *reply = NULL;
	int r;

	r = sd_bus_message_new_method_return(call, &reply);
	if (r >= 0)
		r = sd_bus_message_open_container(reply, 'a', "(ssutts)");
	for (const struct held *h = m->held; r >= 0 && h; h = h->next) {
		char id[24];

		if (!all && h->holder != uid)
			continue;
		(void)snprintf(id, sizeof(id), "%" PRIu64, h->id);
		r = sd_bus_message_append(reply, "(ssutts)", id, h->user, h->holder, h->started,
					  h->expires, lease_scope_to_string(h->scope));
	}
	if (r >= 0)
		r = sd_bus_message_close_container(reply);
	if (r >= 0)
		r = sd_bus_message_send(reply);
	(void)sd_bus_message_unref(reply);
	return r;
}

/* Safe to offer: one's own. Everybody's are asked for by root, or with a question. */
static int method_list(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
	struct manager *m = userdata;
	VISIT(m->authorizer, call);
	bool all;
	uid_t uid;
	int r;

	r = caller_ids(call, &uid, NULL);
	if (r < 0)
		return r;
	all = uid == 0 || sd_bus_message_get_allow_interactive_authorization(call) > 0;

	/* authorize */
	if (all) {
		r = authorize(m->authorizer, call, uid, ACTION_LIST_OTHERS, NULL, error);
		if (r == 0)
			return 1;
		/* Whoever may not see the others' still sees the own. */
		if (r < 0) {
			sd_bus_error_free(error);
			all = false;
		}
	}
	return reply_leases(m, call, uid, all);
}

static int property_active(sd_bus *bus, const char *path, const char *interface, const char *name,
			   sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	const struct manager *m = userdata;

	(void)bus;
	(void)path;
	(void)interface;
	(void)name;
	(void)error;
	return sd_bus_message_append(reply, "b", m->held != NULL);
}

const sd_bus_vtable clearnet_vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_METHOD_WITH_ARGS("EnableClearnetUser",
				SD_BUS_ARGS("s", user, "u", seconds, "a{sv}", options),
				SD_BUS_RESULT("h", lease, "s", id, "t", expires), method_enable,
				SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("EnableClearnetNamespace",
				SD_BUS_ARGS("s", namespace, "u", seconds, "a{sv}", options),
				SD_BUS_RESULT("h", lease, "s", id, "t", expires),
				method_enable_namespace, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("ExtendLease", SD_BUS_ARGS("s", id, "u", seconds),
				SD_BUS_RESULT("t", expires), method_extend,
				SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("DisableClearnetUser", SD_BUS_ARGS("s", user), SD_BUS_NO_RESULT,
				method_disable, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("DisableClearnetNamespace", SD_BUS_ARGS("s", namespace),
				SD_BUS_NO_RESULT, method_disable_namespace,
				SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("ListLeases", SD_BUS_NO_ARGS, SD_BUS_RESULT("a(ssutts)", leases),
				method_list, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_SIGNAL_WITH_ARGS("LeaseStarted", SD_BUS_ARGS("s", id, "s", user, "t", expires), 0),
	SD_BUS_SIGNAL_WITH_ARGS("LeaseEnded", SD_BUS_ARGS("s", id, "s", reason), 0),
	SD_BUS_PROPERTY("ClearnetActive", "b", property_active, 0,
			SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_VTABLE_END,
};
