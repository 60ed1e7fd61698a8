/* SPDX-License-Identifier: GPL-2.0-or-later */
/* org.sallyport1.Manager: reload, and what is in force. */
#include "manager.h"

#include "paths.h"

#include <netinet/in.h>
#include <stdio.h>

static void on_reloaded(const struct wire_header *answer, int *fd, void *userdata)
{
	const struct wire_reloaded *reloaded = (const void *)answer;
	sd_bus_message *call = userdata;

	(void)fd;
	if (!error_answered(call, answer, WIRE_RELOADED, "")) {
		if (reloaded->outcome == RELOAD_REFUSED)
			(void)sd_bus_reply_method_errorf(
				call, ERROR_BAD_POLICY,
				"%s (%u errors in all, see sallyport check). The old ruleset stays in "
				"force.",
				reloaded->text, reloaded->n_errors);
		else
			(void)sd_bus_reply_method_return(call, NULL);
	}
	(void)sd_bus_message_unref(call);
}

/* Safe to offer: the files belong to root; with an error in them nothing changes. */
static int method_reload(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
	struct manager *m = userdata;
	VISIT(m->authorizer, call);
	struct wire_reload request = {0};
	uid_t uid;
	int r;

	r = caller_ids(call, &uid, NULL);
	if (r < 0)
		return r;

	/* authorize */
	r = authorize(m->authorizer, call, uid, ACTION_RELOAD, NULL, error);
	if (r <= 0)
		return r < 0 ? r : 1;

	r = engine_client_request(m->engine, uid, &request.header, WIRE_RELOAD, sizeof(request),
				  on_reloaded, call);
	if (r < 0)
		return error_not_asked(error, r);
	(void)sd_bus_message_ref(call);
	/* Answered in order: the new limits are known right after the reload. */
	engine_client_refresh(m->engine);
	return 1;
}

static void on_explained(const struct wire_header *answer, int *fd, void *userdata)
{
	const struct wire_explained *e = (const void *)answer;
	sd_bus_message *call = userdata;

	(void)fd;
	if (!error_answered(call, answer, WIRE_EXPLAINED, ""))
		(void)sd_bus_reply_method_return(call, "sa{sv}", wire_verdict_to_string(e->verdict),
						 8, "why", "s", e->why, "rule", "s", e->rule,
						 "origin", "s", e->origin, "remedy", "s", e->remedy,
						 "who", "s", e->who, "door", "b", e->door, "open",
						 "b", e->open, "with_door", "b", e->with_door);
	(void)sd_bus_message_unref(call);
}

static int read_question(sd_bus_message *call, struct wire_explain *q, sd_bus_error *error)
{
	const char *user;
	const void *addr;
	uint8_t protocol;
	int32_t family;
	size_t size;
	int r;

	r = sd_bus_message_read(call, "syi", &user, &protocol, &family);
	if (r >= 0)
		r = sd_bus_message_read_array(call, 'y', &addr, &size);
	if (r >= 0)
		r = sd_bus_message_read(call, "q", &q->port);
	if (r < 0)
		return r;
	if (parse_u32(user, UINT32_MAX - 1, &q->uid) < 0 && resolve_user(NULL, user, &q->uid) < 0)
		return error_set(error, ERROR_UNKNOWN_USER, "There is no user \"%s\".", user);
	q->protocol = protocol;
	if (family == AF_INET && size == sizeof(struct in_addr)) {
		q->family = EXPLAIN_IPV4;
		q->addr = ntohl(((const struct in_addr *)addr)->s_addr);
	} else if (family == AF_INET6 && size == sizeof(struct in6_addr)) {
		q->family = memcmp(addr, &in6addr_loopback, size) == 0 ? EXPLAIN_LOOPBACK6
								       : EXPLAIN_IPV6;
	} else {
		return error_set(error, ERROR_INVALID_ADDRESS,
				 "That is no address: %zu bytes of family %d.", size, (int)family);
	}
	return 0;
}

/* Safe to offer: one's own uid; of others the administrator learns what the policy lets them do. */
static int method_explain(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
	struct manager *m = userdata;
	VISIT(m->authorizer, call);
	struct wire_explain request = {0};
	uid_t uid;
	int r;

	r = read_question(call, &request, error);
	if (r >= 0)
		r = caller_ids(call, &uid, NULL);
	if (r < 0)
		return r;

	/* authorize */
	r = uid == request.uid ? 1
			       : authorize(m->authorizer, call, uid, ACTION_INSPECT, NULL, error);
	if (r <= 0)
		return r < 0 ? r : 1;

	r = engine_client_request(m->engine, uid, &request.header, WIRE_EXPLAIN, sizeof(request),
				  on_explained, call);
	if (r < 0)
		return error_not_asked(error, r);
	(void)sd_bus_message_ref(call);
	return 1;
}

static void on_verified(const struct wire_header *answer, int *fd, void *userdata)
{
	const struct wire_verified *v = (const void *)answer;
	sd_bus_message *call = userdata;

	(void)fd;
	if (!error_answered(call, answer, WIRE_VERIFIED, ""))
		(void)sd_bus_reply_method_return(
			call, "ssa{sv}", verify_outcome_to_string((enum verify_outcome)v->outcome),
			v->text, 4, "rules", "u", v->n_rules, "elements", "u", v->n_elements,
			"generation", "u", v->generation, "took", "t", v->took);
	(void)sd_bus_message_unref(call);
}

/* Safe to offer: it reads what any administrator may read; what it says concerns all users. */
static int method_verify(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
	struct manager *m = userdata;
	VISIT(m->authorizer, call);
	struct wire_verify request = {0};
	uid_t uid;
	int r;

	r = caller_ids(call, &uid, NULL);
	if (r < 0)
		return r;

	/* authorize */
	r = authorize(m->authorizer, call, uid, ACTION_INSPECT, NULL, error);
	if (r <= 0)
		return r < 0 ? r : 1;

	r = engine_client_request(m->engine, uid, &request.header, WIRE_VERIFY, sizeof(request),
				  on_verified, call);
	if (r < 0)
		return error_not_asked(error, r);
	(void)sd_bus_message_ref(call);
	return 1;
}

static int property_sealed(sd_bus *bus, const char *path, const char *interface, const char *name,
			   sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	const struct manager *m = userdata;

	(void)bus;
	(void)path;
	(void)interface;
	(void)error;
	return sd_bus_message_append(
		reply, "b", strcmp(name, "Sealed") == 0 ? m->limits.sealed : m->limits.built_in);
}

static int property_digest(sd_bus *bus, const char *path, const char *interface, const char *name,
			   sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	const struct manager *m = userdata;
	char hex[2 * WIRE_DIGEST_SIZE + 1] = "";

	(void)bus;
	(void)path;
	(void)interface;
	(void)name;
	(void)error;
	for (size_t i = 0; m->limits.sealed && i < WIRE_DIGEST_SIZE; i++)
		(void)snprintf(hex + 2 * i, 3, "%02x", m->limits.digest[i]);
	return sd_bus_message_append(reply, "s", hex);
}

static int property_version(sd_bus *bus, const char *path, const char *interface, const char *name,
			    sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	(void)bus;
	(void)path;
	(void)interface;
	(void)name;
	(void)userdata;
	(void)error;
	return sd_bus_message_append(reply, "s", SALLYPORT_VERSION);
}

const sd_bus_vtable manager_vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_METHOD("Reload", NULL, NULL, method_reload, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS(
		"Explain",
		SD_BUS_ARGS("s", user, "y", protocol, "i", family, "ay", address, "q", port),
		SD_BUS_RESULT("s", verdict, "a{sv}", details), method_explain,
		SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("Verify", SD_BUS_NO_ARGS,
				SD_BUS_RESULT("s", outcome, "s", text, "a{sv}", details),
				method_verify, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_PROPERTY("Sealed", "b", property_sealed, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_PROPERTY("BuiltIn", "b", property_sealed, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_PROPERTY("PolicyDigest", "s", property_digest, 0,
			SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_PROPERTY("Version", "s", property_version, 0, SD_BUS_VTABLE_PROPERTY_CONST),
	SD_BUS_SIGNAL_WITH_ARGS("TamperDetected",
				SD_BUS_ARGS("u", generation, "u", pid, "s", name, "b", repaired),
				0),
	SD_BUS_VTABLE_END,
};
