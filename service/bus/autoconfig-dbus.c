/* SPDX-License-Identifier: GPL-2.0-or-later */
/* org.sallyport1.Autoconfig: consent. The engine holds the fact; here it only gets a name. */
#include "check-network.h"
#include "log.h"
#include "manager.h"
#include "network.h"
#include "nm-primary.h"

#include <errno.h>
#include <stdio.h>

struct waiting {
	struct manager *manager;
	sd_bus_message *call;
	char network[NETWORK_NAME_MAX + 1];
	uint8_t network_id[WIRE_NETWORK_SIZE];
	char uuid[NETWORK_NAME_MAX + 1]; /* of NetworkManager's primary connection, if known */
};

static struct waiting *waiting_new(struct manager *m, sd_bus_message *call)
{
	struct waiting *w = calloc(1, sizeof(*w));

	if (!w)
		fatal_oom();
	w->manager = m;
	w->call = sd_bus_message_ref(call);
	return w;
}

static void waiting_free(struct waiting *w)
{
	(void)sd_bus_message_unref(w->call);
	free(w);
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool autoconfig_parse_uuid(const char *text, uint8_t id[WIRE_NETWORK_SIZE])
{
	size_t n = 0;

	if (strlen(text) != 36)
		return false;
	for (size_t i = 0; i < 36; i++) {
		int high, low;

		if (i == 8 || i == 13 || i == 18 || i == 23) {
			if (text[i] != '-')
				return false;
			continue;
		}
		high = hex_digit(text[i]);
		low = hex_digit(text[++i]);
		if (high < 0 || low < 0)
			return false;
		id[n++] = (uint8_t)(high << 4 | low);
	}
	return true;
}

/* Any other name: 128 bits of FNV-1a. Only equality is ever asked of it. */
static void hash_name(const char *text, uint8_t id[WIRE_NETWORK_SIZE])
{
	unsigned __int128 h = (unsigned __int128)0x6c62272e07bb0142u << 64 | 0x62b821756295c58du;
	const unsigned __int128 prime = (unsigned __int128)0x1000000u << 64 | 0x13bu;

	for (; *text; text++)
		h = (h ^ (unsigned char)*text) * prime;
	for (size_t i = 0; i < WIRE_NETWORK_SIZE; i++)
		id[i] = (uint8_t)(h >> (120 - 8 * i));
}

void autoconfig_changed(struct manager *m, enum consent_value value)
{
	enum consent_value before = m->consent;

	m->consent = value;
	check_network_consent(m->check, value);
	if (before != value)
		manager_changed(m, AUTOCONFIG_INTERFACE, "Consent");
}

static void on_refreshed(const struct wire_header *answer, int *fd, void *userdata)
{
	(void)fd;
	if (answer && answer->type == WIRE_CONSENT)
		autoconfig_changed(
			userdata,
			(enum consent_value)((const struct wire_consent *)(const void *)answer)
				->value);
}

void autoconfig_refresh(struct manager *m)
{
	struct wire_get_consent request = {0};

	(void)engine_client_request(m->engine, CALLER_NONE, &request.header, WIRE_GET_CONSENT,
				    sizeof(request), on_refreshed, m);
}

/* What stands for "none" on the wire. */
static const uint8_t no_network[WIRE_NETWORK_SIZE];

static int read_network(const char *text, uint8_t id[WIRE_NETWORK_SIZE], sd_bus_error *error)
{
	size_t n = strlen(text);

	if (n == 0 || n > NETWORK_NAME_MAX)
		return error_set(
			error, SD_BUS_ERROR_INVALID_ARGS,
			"Consent is for one network: give its connection's UUID, or a name of "
			"at most %d bytes.",
			NETWORK_NAME_MAX);
	if (!is_clean_text(text))
		return error_set(error, SD_BUS_ERROR_INVALID_ARGS,
				 "The network's name has a control character.");
	if (!autoconfig_parse_uuid(text, id))
		hash_name(text, id);
	if (memcmp(id, no_network, sizeof(no_network)) == 0)
		return error_set(error, SD_BUS_ERROR_INVALID_ARGS,
				 "The UUID of zeros is no network's.");
	return 0;
}

static void on_set(const struct wire_header *answer, int *fd, void *userdata)
{
	const struct wire_consent *c = (const void *)answer;
	struct waiting *w = userdata;

	(void)fd;
	if (!error_answered(w->call, answer, WIRE_CONSENT, "")) {
		autoconfig_changed(w->manager, (enum consent_value)c->value);
		memcpy(w->manager->network, w->network, sizeof(w->network));
		memcpy(w->manager->network_id, w->network_id, sizeof(w->network_id));
		network_consented(w->manager, w->uuid);
		(void)sd_bus_reply_method_return(w->call, NULL);
	}
	waiting_free(w);
}

/*
 * Safe to offer: consent opens nothing by itself, and whoever sits at the desktop may give it.
 * Where it was withdrawn that takes more; the engine refuses it without. Withdrawing needs nothing
 * and never prompts; it takes effect before the reply.
 */
static int method_set(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
	struct manager *m = userdata;
	VISIT(m->authorizer, call);
	struct wire_set_consent request = {0};
	char uuid[NETWORK_NAME_MAX + 1] = "";
	struct waiting *w;
	const char *network;
	int consent, r;
	bool lift;
	uid_t uid;

	r = sd_bus_message_read(call, "bs", &consent, &network);
	if (r >= 0 && consent)
		r = read_network(network, request.network, error);
	if (r >= 0 && consent) {
		r = nm_primary_settle(m->nm_primary, call, error);
		if (r > 0)
			return 1;
	}
	if (r >= 0 && consent)
		r = network_check(m, network, uuid, error);
	if (r >= 0)
		r = caller_ids(call, &uid, NULL);
	if (r < 0)
		return r;

	/* authorize */
	lift = consent && m->consent == CONSENT_HIDDEN;
	if (consent) {
		const char *details[] = {"network", network, NULL};

		r = authorize(m->authorizer, call, uid, lift ? ACTION_LIFT_HIDDEN : ACTION_CONSENT,
			      details, error);
		if (r <= 0)
			return r < 0 ? r : 1;
	}

	request.value = consent ? CONSENT_GRANTED : CONSENT_HIDDEN;
	request.who = uid;
	request.lift = lift;
	w = waiting_new(m, call);
	if (consent)
		(void)snprintf(w->network, sizeof(w->network), "%s", network);
	memcpy(w->network_id, request.network, sizeof(w->network_id));
	memcpy(w->uuid, uuid, sizeof(w->uuid));
	r = engine_client_request(m->engine, uid, &request.header, WIRE_SET_CONSENT,
				  sizeof(request), on_set, w);
	if (r == 0)
		return 1;
	waiting_free(w);
	return error_not_asked(error, r);
}

/* The name that was given with it, or, after a restart, the bytes as a UUID. */
static void network_name(const struct manager *m, const uint8_t id[WIRE_NETWORK_SIZE], char *buf,
			 size_t size)
{
	size_t used = 0;

	buf[0] = '\0';
	if (memcmp(id, no_network, sizeof(no_network)) == 0)
		return;
	if (memcmp(id, m->network_id, sizeof(m->network_id)) == 0) {
		(void)snprintf(buf, size, "%s", m->network);
		return;
	}
	for (size_t i = 0; i < WIRE_NETWORK_SIZE; i++)
		used += (size_t)snprintf(buf + used, size - used, "%s%02x",
					 i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", id[i]);
}

static void on_got(const struct wire_header *answer, int *fd, void *userdata)
{
	const struct wire_consent *c = (const void *)answer;
	struct waiting *w = userdata;
	char network[NETWORK_NAME_MAX + 1];

	(void)fd;
	if (!error_answered(w->call, answer, WIRE_CONSENT, "")) {
		network_name(w->manager, c->network, network, sizeof(network));
		(void)sd_bus_reply_method_return(
			w->call, "sutsts", wire_consent_to_string((enum consent_value)c->value),
			c->who, c->since, network, c->uses,
			consent_ended_to_string((enum consent_ended)c->ended));
	}
	waiting_free(w);
}

/* Safe to offer: reads a fact; needs nothing. */
static int method_get(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
	struct manager *m = userdata;
	struct wire_get_consent request = {0};
	struct waiting *w;
	uid_t uid;
	int r;

	r = caller_ids(call, &uid, NULL);
	if (r < 0)
		return r;

	w = waiting_new(m, call);
	r = engine_client_request(m->engine, uid, &request.header, WIRE_GET_CONSENT,
				  sizeof(request), on_got, w);
	if (r == 0)
		return 1;
	waiting_free(w);
	return error_not_asked(error, r);
}

/* Its value alone: who gave it, and for which network, is told to whoever asks. */
static int property_consent(sd_bus *bus, const char *path, const char *interface, const char *name,
			    sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	const struct manager *m = userdata;

	(void)bus;
	(void)path;
	(void)interface;
	(void)name;
	(void)error;
	return sd_bus_message_append(reply, "s", wire_consent_to_string(m->consent));
}

const sd_bus_vtable autoconfig_vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_METHOD_WITH_ARGS("SetAutoconfigConsent", SD_BUS_ARGS("b", consent, "s", network),
				SD_BUS_NO_RESULT, method_set, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("GetConsent", SD_BUS_NO_ARGS,
				SD_BUS_RESULT("s", value, "u", who, "t", since, "s", network, "t",
					      uses, "s", ended),
				method_get, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("CheckNetwork", SD_BUS_NO_ARGS,
				SD_BUS_RESULT("s", connectivity, "t", date, "a{sv}", details),
				method_check_network, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_PROPERTY("Consent", "s", property_consent, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_VTABLE_END,
};
