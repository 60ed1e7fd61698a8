/* SPDX-License-Identifier: GPL-2.0-or-later */
/* org.sallyport1.Manager: reload, and what is in force. */
#include "manager.h"

#include "paths.h"

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
