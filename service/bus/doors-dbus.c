/* SPDX-License-Identifier: GPL-2.0-or-later */
/* org.sallyport1.Clearnet: what the policy lets a window offer. */
#include "manager.h"

/* How far a door may reach, as the option "scope" calls it. */
static const enum lease_scope scopes[] = {SCOPE_PORTAL, SCOPE_FULL};

static int append_door(sd_bus_message *reply, const struct wire_door *d)
{
	int r;

	r = sd_bus_message_open_container(reply, 'r', "sas");
	if (r >= 0)
		r = sd_bus_message_append(reply, "s", d->name);
	if (r >= 0)
		r = sd_bus_message_open_container(reply, 'a', "s");
	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(scopes); i++)
		r = sd_bus_message_append(reply, "s", lease_scope_to_string(scopes[i]));
	if (r >= 0)
		r = sd_bus_message_close_container(reply);
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int property_doors(sd_bus *bus, const char *path, const char *interface, const char *name,
			  sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	const struct manager *m = userdata;
	int r;

	(void)bus;
	(void)path;
	(void)interface;
	(void)name;
	(void)error;
	r = sd_bus_message_open_container(reply, 'a', "(sas)");
	for (uint32_t i = 0; r >= 0 && i < m->limits.n_doors; i++)
		if (m->limits.doors[i].role == ROLE_CLEARNET)
			r = append_door(reply, &m->limits.doors[i]);
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int property_limits(sd_bus *bus, const char *path, const char *interface, const char *name,
			   sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	const struct wire_limits *l = &((const struct manager *)userdata)->limits;

	(void)bus;
	(void)path;
	(void)interface;
	(void)name;
	(void)error;
	return sd_bus_message_append(reply, "(uuu)", l->default_seconds, l->longest_seconds,
				     l->most_leases);
}

static int property_browser(sd_bus *bus, const char *path, const char *interface, const char *name,
			    sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	const struct wire_limits *l = &((const struct manager *)userdata)->limits;

	(void)bus;
	(void)path;
	(void)interface;
	(void)name;
	(void)error;
	return sd_bus_message_append(reply, "s", l->browser ? l->doors[l->browser - 1].name : "");
}

const sd_bus_vtable doors_vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_PROPERTY("Doors", "a(sas)", property_doors, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_PROPERTY("Limits", "(uuu)", property_limits, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_PROPERTY("Browser", "s", property_browser, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_VTABLE_END,
};
