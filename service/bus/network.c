/* SPDX-License-Identifier: GPL-2.0-or-later */
/* org.sallyport1.Autoconfig: which network this is, and what a check of it has said. */
#include "network.h"

#include "log.h"
#include "nm-primary.h"

#include <errno.h>
#include <stdio.h>
#include <strings.h>

#define NO_RESULT "unknown"

static const char *const states[NETWORK_N] = {
	[NETWORK_NONE] = "none",
	[NETWORK_CONNECTING] = "connecting",
	[NETWORK_UP] = "up",
};

/* A connection that comes up has its routes before it is the primary one. */
static enum network_state find_state(uint32_t number, const struct primary *p)
{
	if (p->connecting && (!number || !*p->uuid))
		return NETWORK_CONNECTING;
	return number ? NETWORK_UP : NETWORK_NONE;
}

static void publish(struct manager *m)
{
	const struct primary *p = nm_primary_get(m->nm_primary);
	enum network_state state = find_state(m->net.number, p);

	if (state == m->net.state && strcmp(p->name, m->net.name) == 0 &&
	    strcmp(p->uuid, m->net.uuid) == 0)
		return;
	m->net.state = state;
	memcpy(m->net.name, p->name, sizeof(m->net.name));
	memcpy(m->net.uuid, p->uuid, sizeof(m->net.uuid));
	manager_changed(m, AUTOCONFIG_INTERFACE, "Network");
}

void autoconfig_result_changed(struct manager *m, const char *connectivity)
{
	const char *before = m->connectivity ? m->connectivity : NO_RESULT;

	m->connectivity = connectivity ? connectivity : NO_RESULT;
	(void)snprintf(m->result_uuid, sizeof(m->result_uuid), "%s",
		       connectivity ? nm_primary_get(m->nm_primary)->uuid : "");
	if (strcmp(before, m->connectivity) != 0)
		manager_changed(m, AUTOCONFIG_INTERFACE, "Connectivity");
}

void network_number_changed(struct manager *m, uint32_t number)
{
	if (number != m->net.number)
		autoconfig_result_changed(m, NULL);
	m->net.number = number;
	publish(m);
}

static void on_ended(const struct wire_header *answer, int *fd, void *userdata)
{
	(void)fd;
	if (answer && answer->type == WIRE_CONSENT)
		autoconfig_changed(
			userdata,
			(enum consent_value)((const struct wire_consent *)(const void *)answer)
				->value);
}

/* An engine that is not there has ended it already. */
static void end_consent(struct manager *m)
{
	struct wire_end_consent request = {0};
	int r;

	r = engine_client_request(m->engine, CALLER_NONE, &request.header, WIRE_END_CONSENT,
				  sizeof(request), on_ended, m);
	m->end_consent = r == -EBUSY;
}

void network_retry(struct manager *m)
{
	if (m->end_consent)
		end_consent(m);
}

/* *known learns what becomes known, and remembers what is not known any more: neither is a change.
 */
static bool is_another(char known[NETWORK_NAME_MAX + 1], const char *uuid)
{
	bool another = *known && *uuid && strcasecmp(known, uuid) != 0;

	if (*uuid)
		(void)snprintf(known, NETWORK_NAME_MAX + 1, "%s", uuid);
	return another;
}

static void judge_consent(struct manager *m)
{
	if (m->consent != CONSENT_GRANTED ||
	    !is_another(m->consent_uuid, nm_primary_get(m->nm_primary)->uuid))
		return;
	log_info("NetworkManager has another primary connection than consent was given for");
	end_consent(m);
}

void network_judge_doors(struct manager *m)
{
	const char *uuid = nm_primary_get(m->nm_primary)->uuid;

	for (struct held *h = m->held; h; h = h->next)
		if (h->scope == SCOPE_PORTAL && is_another(h->uuid, uuid))
			held_end(h, REASON_NETWORK);
}

void network_consented(struct manager *m, const char *uuid)
{
	(void)snprintf(m->consent_uuid, sizeof(m->consent_uuid), "%s", uuid);
	judge_consent(m);
}

void network_primary_changed(struct manager *m)
{
	if (is_another(m->result_uuid, nm_primary_get(m->nm_primary)->uuid))
		autoconfig_result_changed(m, NULL);
	judge_consent(m);
	network_judge_doors(m);
	publish(m);
}

int network_check(const struct manager *m, const char *name, char uuid[NETWORK_NAME_MAX + 1],
		  sd_bus_error *error)
{
	const struct primary *p = nm_primary_get(m->nm_primary);
	uint8_t id[WIRE_NETWORK_SIZE];
	bool by_uuid = autoconfig_parse_uuid(name, id);

	if (by_uuid && p->known && strcasecmp(name, p->uuid) != 0)
		return error_set(error, ERROR_NETWORK_CHANGED,
				 "NetworkManager has %s%s as its primary connection now, not that "
				 "one; ask again for the network that is there.",
				 *p->uuid ? "the UUID " : "none", p->uuid);
	(void)snprintf(uuid, NETWORK_NAME_MAX + 1, "%s", by_uuid ? name : p->uuid);
	return 0;
}

static int property_network(sd_bus *bus, const char *path, const char *interface, const char *name,
			    sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	const struct manager *m = userdata;

	(void)bus;
	(void)path;
	(void)interface;
	(void)name;
	(void)error;
	return sd_bus_message_append(reply, "(sss)", states[m->net.state], m->net.name,
				     m->net.uuid);
}

static int property_connectivity(sd_bus *bus, const char *path, const char *interface,
				 const char *name, sd_bus_message *reply, void *userdata,
				 sd_bus_error *error)
{
	const struct manager *m = userdata;

	(void)bus;
	(void)path;
	(void)interface;
	(void)name;
	(void)error;
	return sd_bus_message_append(reply, "s", m->connectivity ? m->connectivity : NO_RESULT);
}

const sd_bus_vtable network_vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_PROPERTY("Network", "(sss)", property_network, 0,
			SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_PROPERTY("Connectivity", "s", property_connectivity, 0,
			SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_VTABLE_END,
};
