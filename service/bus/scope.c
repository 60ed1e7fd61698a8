/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scope.h"

#include "errors.h"
#include "manager.h"

#define ACTION_FULL "org.sallyport1.enable-clearnet-user"
#define ACTION_NAMESPACE "org.sallyport1.enable-clearnet-namespace"
#define ACTION_PORTAL "org.sallyport1.enable-portal-access"

static const char *const actions[SCOPE_N] = {
	[SCOPE_FULL] = ACTION_FULL,
	[SCOPE_PORTAL] = ACTION_PORTAL,
};

const char *scope_action(uint32_t uid, enum lease_scope s)
{
	if (wire_is_namespace(uid))
		return s == SCOPE_FULL ? ACTION_NAMESPACE : NULL;
	return s < SCOPE_N ? actions[s] : NULL;
}

static int bad_scope(sd_bus_error *error)
{
	return error_set(error, SD_BUS_ERROR_INVALID_ARGS,
			 "The option \"scope\" is the text \"full\" or \"portal\".");
}

static int read_scope(sd_bus_message *m, enum lease_scope *ret, sd_bus_error *error)
{
	const char *type, *text;
	int r;

	r = sd_bus_message_peek_type(m, NULL, &type);
	if (r < 0)
		return r;
	if (strcmp(type, "s") != 0)
		return bad_scope(error);
	r = sd_bus_message_read(m, "v", "s", &text);
	if (r < 0)
		return r;
	if (lease_scope_from_string(text, ret) < 0 || !actions[*ret])
		return bad_scope(error);
	return 0;
}

/* One that is not understood must not be taken for granted. */
static int read_option(sd_bus_message *m, bool *seen, enum lease_scope *ret, sd_bus_error *error)
{
	const char *name;
	int r;

	r = sd_bus_message_read(m, "s", &name);
	if (r < 0)
		return r;
	if (strcmp(name, "scope") != 0)
		return error_set(error, SD_BUS_ERROR_INVALID_ARGS,
				 "There is no option \"%s\" in this version; leave it out.", name);
	if (*seen)
		return error_set(error, SD_BUS_ERROR_INVALID_ARGS,
				 "The option \"scope\" is given twice.");
	*seen = true;
	return read_scope(m, ret, error);
}

int scope_read_options(sd_bus_message *m, enum lease_scope *ret, sd_bus_error *error)
{
	bool seen = false;
	int r;

	*ret = SCOPE_FULL;
	r = sd_bus_message_enter_container(m, 'a', "{sv}");
	while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
		r = read_option(m, &seen, ret, error);
		if (r >= 0)
			r = sd_bus_message_exit_container(m);
	}
	return r < 0 ? r : sd_bus_message_exit_container(m);
}

void scope_details(struct scope_details *d, uint32_t uid, const char *user, uint32_t seconds,
		   enum lease_scope scope, const char *network)
{
	bool portal = scope == SCOPE_PORTAL;

	if (wire_is_namespace(uid)) {
		*d = (struct scope_details){.pairs = {"namespace", user + strlen(NAMESPACE_PREFIX),
						      "duration", d->duration}};
		format_seconds(seconds, d->duration, sizeof(d->duration));
		return;
	}
	*d = (struct scope_details){.pairs = {"user", user, "duration", d->duration, "scope",
					      lease_scope_to_string(scope),
					      portal ? "network" : NULL, portal ? network : NULL}};
	format_seconds(seconds, d->duration, sizeof(d->duration));
}
