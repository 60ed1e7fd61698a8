/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "state.h"
#include "verbs.h"

#include <inttypes.h>

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
		(void)puts(
			"The consent is withdrawn, until the machine boots or somebody lifts that.");
	}
	return EXIT_DONE;
}

/* Where it was withdrawn polkit asks more, and why should be said with the refusal. */
static void say_hidden(const struct invocation *inv)
{
	_cleanup_(service_close) struct service service = {0};
	_cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
	struct consent_state state;
	char who[64];

	if (service_open(&service, inv) != EXIT_DONE ||
	    state_consent(&service, &error, &state) < 0 || strcmp(state.value, "hidden") != 0)
		return;
	format_user(state.who, who, sizeof(who));
	(void)fprintf(
		stderr,
		"Consent was withdrawn by %s, and stays so until the machine boots. Lifting "
		"that needs a password at the desktop (polkit: org.sallyport1.lift-hidden), or "
		"root.\n",
		who);
}

int verb_consent_grant(const struct invocation *inv)
{
	int r = set_consent(inv, true, inv->args[0]);

	if (r == EXIT_NOT_AUTHORIZED && !GIVEN(inv, JSON))
		say_hidden(inv);
	return r;
}

int verb_consent_withdraw(const struct invocation *inv)
{
	return set_consent(inv, false, "");
}

static void print_state(const struct consent_state *c)
{
	char sentence[256], ago[32];

	if (!c->since) {
		(void)puts("Nobody was asked yet: nothing connects without Tor.");
		return;
	}
	consent_sentence(c, sentence, sizeof(sentence));
	format_seconds((uint32_t)((now_boottime() - c->since) / USEC_PER_SEC), ago, sizeof(ago));
	(void)printf("%s\nSince     %s ago\n", sentence, ago);
	if (strcmp(c->value, "hidden") == 0) {
		(void)puts("Until     the machine boots, or consent is given again: with a "
			   "password, or by root");
		return;
	}
	(void)printf("Used      %" PRIu64 " times\n", c->uses);
	if (strcmp(c->value, "granted") == 0)
		(void)puts("Until     the network changes (link, carrier, default route, gateway), "
			   "it is withdrawn, or the service or the machine stops");
}

int verb_consent_show(const struct invocation *inv)
{
	_cleanup_(service_close) struct service service = {0};
	_cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
	struct consent_state state;
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
	print_state(&state);
	return EXIT_DONE;
}
