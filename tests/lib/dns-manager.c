/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dns-manager [--take-name] INTERFACE SERVER...
 *
 * Passes for NetworkManager's DnsManager: offers the property Configuration with these servers on
 * the system bus, with its name or without, and says ten times a second that it has changed.
 * INTERFACE "malformed": the property has that type, but what it says is nonsense.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>

#define NAME "org.freedesktop.NetworkManager"
#define PATH "/org/freedesktop/NetworkManager/DnsManager"
#define EVERY 100000

static char **words; /* the interface, then servers */

static void must(int r, const char *what)
{
	if (r >= 0)
		return;
	(void)fprintf(stderr, "dns-manager: %s: %s\n", what, strerror(-r));
	exit(1);
}

static int append_servers(sd_bus_message *m)
{
	int r = sd_bus_message_open_container(m, 'e', "sv");

	if (r >= 0)
		r = sd_bus_message_append(m, "s", "nameservers");
	if (r >= 0 && strcmp(words[0], "malformed") == 0)
		r = sd_bus_message_append(m, "v", "s", words[1]);
	else if (r >= 0)
		r = sd_bus_message_open_container(m, 'v', "as");
	if (r >= 0 && strcmp(words[0], "malformed") != 0) {
		r = sd_bus_message_append_strv(m, words + 1);
		if (r >= 0)
			r = sd_bus_message_close_container(m);
	}
	return r < 0 ? r : sd_bus_message_close_container(m);
}

static int get_configuration(sd_bus *bus, const char *path, const char *interface,
			     const char *property, sd_bus_message *m, void *userdata,
			     sd_bus_error *error)
{
	int r = sd_bus_message_open_container(m, 'a', "a{sv}");

	(void)bus, (void)path, (void)interface, (void)property, (void)userdata, (void)error;
	if (r >= 0)
		r = sd_bus_message_open_container(m, 'a', "{sv}");
	if (r >= 0)
		r = append_servers(m);
	if (r >= 0)
		r = sd_bus_message_append(m, "{sv}", "interface", "s", words[0]);
	if (r >= 0)
		r = sd_bus_message_close_container(m);
	return r < 0 ? r : sd_bus_message_close_container(m);
}

static const sd_bus_vtable vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_PROPERTY("Configuration", "aa{sv}", get_configuration, 0,
			SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_VTABLE_END,
};

int main(int argc, char **argv)
{
	int take = argc > 1 && strcmp(argv[1], "--take-name") == 0, r;
	sd_bus *bus = NULL;

	words = argv + 1 + take;
	if (argc < 3 + take)
		return 2;
	must(sd_bus_open_system(&bus), "system bus");
	must(sd_bus_add_object_vtable(bus, NULL, PATH, NAME ".DnsManager", vtable, NULL), "object");
	if (take)
		must(sd_bus_request_name(bus, NAME, 0), NAME);
	for (;;) {
		while ((r = sd_bus_process(bus, NULL)) > 0)
			;
		must(r, "bus");
		must(sd_bus_emit_properties_changed(bus, PATH, NAME ".DnsManager", "Configuration",
						    NULL),
		     "signal");
		must(sd_bus_wait(bus, EVERY), "wait");
	}
}
