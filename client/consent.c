/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "state.h"
#include "verbs.h"

struct consent_call {
	bool value;
	const char *network;
};

static int fill_consent(sd_bus_message *m, const void *userdata)
{
	const struct consent_call *c = userdata;

	return sd_bus_message_append(m, "bs", (int)c->value, c->network);
}

static int set_consent(const struct invocation *inv, bool value, const char *network)
{
	_cleanup_(service_close) struct service service = {0};
	json_object *o;
	int r;

	r = service_open(&service, inv);
	if (r == EXIT_DONE)
		r = service_call(&service, AUTOCONFIG_INTERFACE, "SetAutoconfigConsent",
				 fill_consent, &(struct consent_call){value, network}, NULL);
	if (r != EXIT_DONE)
		return r;
	if (GIVEN(inv, JSON)) {
		o = json_object_new_object();
		json_add_bool(o, "consent", value);
		json_add_string(o, "network", value ? network : NULL);
		json_print(inv, o);
	} else if (value) {
		(void)printf("Consented to a connection without Tor on %s.\n", network);
	} else {
		(void)puts("The consent is withdrawn.");
	}
	return EXIT_DONE;
}

int verb_consent_grant(const struct invocation *inv)
{
	return set_consent(inv, true, inv->args[0]);
}

int verb_consent_withdraw(const struct invocation *inv)
{
	return set_consent(inv, false, "");
}

int verb_consent_show(const struct invocation *inv)
{
	_cleanup_(service_close) struct service service = {0};
	_cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
	struct consent_state state;
	char who[64];
	int r;

	r = service_open(&service, inv);
	if (r != EXIT_DONE)
		return r;
	r = state_consent(&service, &error, &state);
	if (r < 0)
		return service_explain(&service, &error, r);
	if (GIVEN(inv, JSON)) {
		json_print(inv, consent_json(&state));
		return EXIT_DONE;
	}
	if (!state.since) {
		(void)puts("Nobody was asked yet: nothing connects without Tor.");
		return EXIT_DONE;
	}
	format_user(state.who, who, sizeof(who));
	(void)printf("%s, by %s%s%s\n", state.value, who, *state.network ? ", for " : "",
		     state.network);
	return EXIT_DONE;
}
