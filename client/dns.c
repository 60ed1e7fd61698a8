/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "state.h"
#include "verbs.h"

#include <arpa/inet.h>

static int address_family(const char *text, void *ret_bytes)
{
	if (inet_pton(AF_INET, text, ret_bytes) == 1)
		return AF_INET;
	return inet_pton(AF_INET6, text, ret_bytes) == 1 ? AF_INET6 : 0;
}

static int fill_save(sd_bus_message *m, const void *userdata)
{
	const struct invocation *inv = userdata;
	unsigned char bytes[16];
	int r;

	r = sd_bus_message_append(m, "s", inv->args[0]);
	if (r >= 0)
		r = sd_bus_message_open_container(m, 'a', "(iay)");
	for (size_t i = 1; r >= 0 && i < inv->n_args; i++) {
		int family = address_family(inv->args[i], bytes);

		r = sd_bus_message_open_container(m, 'r', "iay");
		if (r >= 0)
			r = sd_bus_message_append(m, "i", family);
		if (r >= 0)
			r = sd_bus_message_append_array(m, 'y', bytes, family == AF_INET ? 4 : 16);
		if (r >= 0)
			r = sd_bus_message_close_container(m);
	}
	return r >= 0 ? sd_bus_message_close_container(m) : r;
}

static int done(const struct invocation *inv, const char *key, const char *sentence)
{
	json_object *o;

	if (!GIVEN(inv, JSON)) {
		(void)printf("%s %s.\n", sentence, inv->args[0]);
		return EXIT_DONE;
	}
	o = json_object_new_object();
	json_add_string(o, key, inv->args[0]);
	json_print(inv, o);
	return EXIT_DONE;
}

int verb_dns_save(const struct invocation *inv)
{
	_cleanup_(service_close) struct service service = {0};
	unsigned char bytes[16];
	int r;

	for (size_t i = 1; i < inv->n_args; i++)
		if (!address_family(inv->args[i], bytes))
			return fail(inv, EXIT_USAGE, NULL, NULL,
				    "\"%s\" is no address; write IPv4 or IPv6 addresses in numbers",
				    inv->args[i]);
	r = service_open(&service, inv);
	if (r == EXIT_DONE)
		r = service_call(&service, DNS_INTERFACE, "SaveClearnetDNS", fill_save, inv, NULL);
	return r == EXIT_DONE ? done(inv, "saved", "Saved the DNS servers of") : r;
}

int verb_dns_forget(const struct invocation *inv)
{
	_cleanup_(service_close) struct service service = {0};
	int r;

	r = service_open(&service, inv);
	if (r == EXIT_DONE)
		r = service_call(&service, DNS_INTERFACE, "ForgetClearnetDNS", fill_string,
				 inv->args[0], NULL);
	return r == EXIT_DONE ? done(inv, "forgotten", "Forgot the DNS servers of") : r;
}

int verb_dns_show(const struct invocation *inv)
{
	_cleanup_(service_close) struct service service = {0};
	_cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
	_cleanup_(freep) struct dns_server *list = NULL;
	size_t n = 0;
	int r;

	r = service_open(&service, inv);
	if (r != EXIT_DONE)
		return r;
	r = state_dns(&service, &error, &list, &n);
	if (r < 0)
		return service_explain(&service, &error, r);
	if (GIVEN(inv, JSON)) {
		json_object *o = json_object_new_object();

		(void)json_object_object_add(o, "servers", dns_json(list, n));
		json_print(inv, o);
		return EXIT_DONE;
	}
	for (size_t i = 0; i < n; i++)
		(void)printf("%s %s\n", list[i].link, list[i].address);
	return EXIT_DONE;
}
