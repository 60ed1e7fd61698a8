/* SPDX-License-Identifier: GPL-2.0-or-later */
/* org.sallyport1.DNS: the network's own servers. Saving grants nothing; using them is guarded. */
#include "address-check.h"
#include "log.h"
#include "manager.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>

/* A call whose servers are being checked. */
struct saving {
	struct manager *manager;
	sd_bus_message *call;
	char link[DNS_LINK_SIZE];
	struct dns_server servers[DNS_SERVERS_MAX];
	size_t n;
};

void dns_changed(struct manager *m)
{
	bool available = clearnet_dns_available(&m->dns);

	clearnet_dns_publish_or_say(&m->dns);
	if (available == m->dns_available)
		return;
	m->dns_available = available;
	manager_changed(m, DNS_INTERFACE, "ClearnetDNSAvailable");
}

static int check_link(const char *link, sd_bus_error *error)
{
	const char *bad = clearnet_dns_check_link(link);

	if (bad)
		return error_set(error, SD_BUS_ERROR_INVALID_ARGS, "\"%s\": %s.", link, bad);
	return 0;
}

static int bad_server(int family, const uint8_t *address, size_t size, const char *why,
		      sd_bus_error *error)
{
	char text[INET6_ADDRSTRLEN] = "an address";

	if ((family == AF_INET && size == 4) || (family == AF_INET6 && size == 16))
		(void)inet_ntop(family, address, text, sizeof(text));
	return error_set(error, ERROR_INVALID_ADDRESS,
			 "%s cannot be a DNS server: %s. Nothing was saved.", text, why);
}

static int read_servers(const struct manager *m, sd_bus_message *call, struct dns_server *servers,
			size_t *ret_n, sd_bus_error *error)
{
	size_t most = m->limits.dns_most < DNS_SERVERS_MAX ? m->limits.dns_most : DNS_SERVERS_MAX;
	int r;

	*ret_n = 0;
	r = sd_bus_message_enter_container(call, 'a', "(iay)");
	while (r >= 0 && (r = sd_bus_message_enter_container(call, 'r', "iay")) > 0) {
		const void *address = NULL;
		const char *why;
		size_t size = 0;
		int family;

		r = sd_bus_message_read(call, "i", &family);
		if (r >= 0)
			r = sd_bus_message_read_array(call, 'y', &address, &size);
		if (r >= 0)
			r = sd_bus_message_exit_container(call);
		if (r < 0)
			return r;
		why = clearnet_dns_check_server(family, address, size);
		if (why)
			return bad_server(family, address, size, why, error);
		if (*ret_n == most)
			return error_set(error, ERROR_TOO_MANY,
					 "The policy allows %zu servers for a link; save fewer.",
					 most);
		servers[*ret_n] = (struct dns_server){.family = family};
		memcpy(servers[(*ret_n)++].address, address, size);
	}
	return r < 0 ? r : sd_bus_message_exit_container(call);
}

static int save(struct manager *m, sd_bus_message *call, const char *link,
		const struct dns_server *servers, size_t n, sd_bus_error *error)
{
	int r;

	r = clearnet_dns_save(&m->dns, link, servers, n, DNS_FROM_CALLER);
	if (r == -ENOSPC)
		return error_set(
			error, ERROR_TOO_MANY,
			"The published file has room for %d bytes, which these and those of other "
			"links exceed; save fewer, or forget a link. Nothing was saved.",
			DNS_FILE_SIZE);
	if (r < 0)
		return error_set(error, ERROR_TOO_MANY,
				 "Servers of %d links are saved already; forget one first.",
				 DNS_LINKS_MAX);
	dns_changed(m);
	log_info("link %s: %zu clearnet DNS servers", link, n);
	return sd_bus_reply_method_return(call, NULL);
}

static const char *why_not(enum address_kind kind)
{
	switch (kind) {
	case ADDRESS_OWN:
		return "that is this machine itself";
	case ADDRESS_BROADCAST:
		return "that is a network's broadcast address";
	case ADDRESS_MULTICAST:
		return "that is a multicast address";
	case ADDRESS_OTHER:
	case ADDRESS_KIND_N:
		break;
	}
	return NULL;
}

static int save_checked(struct saving *s, int error, const enum address_kind *kinds,
			sd_bus_error *e)
{
	if (error)
		return error_engine_lost(e);
	for (size_t i = 0; i < s->n; i++) {
		const struct dns_server *server = &s->servers[i];
		const char *why = why_not(kinds[i]);

		if (why)
			return bad_server(server->family, server->address,
					  server->family == AF_INET ? 4 : 16, why, e);
	}
	return save(s->manager, s->call, s->link, s->servers, s->n, e);
}

static void on_checked(int error, const enum address_kind *kinds, void *userdata)
{
	sd_bus_error e = SD_BUS_ERROR_NULL;
	struct saving *s = userdata;

	if (save_checked(s, error, kinds, &e) < 0)
		(void)sd_bus_reply_method_error(s->call, &e);
	sd_bus_error_free(&e);
	(void)sd_bus_message_unref(s->call);
	free(s);
}

/* Also when there is nothing to check: what was asked first is done first. */
static int check_and_save(struct manager *m, sd_bus_message *call, const char *link,
			  const struct dns_server *servers, size_t n)
{
	struct saving *s = calloc(1, sizeof(*s));

	if (!s)
		fatal_oom();
	*s = (struct saving){.manager = m, .call = sd_bus_message_ref(call), .n = n};
	(void)snprintf(s->link, sizeof(s->link), "%s", link);
	if (n)
		memcpy(s->servers, servers, n * sizeof(*servers));
	address_check(m, servers, n, on_checked, s);
	return 1;
}

/* Safe to offer: root's dispatcher, or an administrator; the addresses are checked one by one. */
static int method_save(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
	struct manager *m = userdata;
	VISIT(m->authorizer, call);
	struct dns_server servers[DNS_SERVERS_MAX];
	const char *link;
	size_t n;
	uid_t uid;
	int r;

	r = sd_bus_message_read(call, "s", &link);
	if (r >= 0)
		r = check_link(link, error);
	if (r >= 0 && !m->limits.sealed)
		r = error_engine_lost(error);
	if (r >= 0)
		r = read_servers(m, call, servers, &n, error);
	if (r >= 0)
		r = caller_ids(call, &uid, NULL);
	if (r < 0)
		return r;

	/* authorize */
	const char *details[] = {"link", link, NULL};
	r = authorize(m->authorizer, call, uid, ACTION_SAVE_DNS, details, error);
	if (r <= 0)
		return r < 0 ? r : 1;
	return check_and_save(m, call, link, servers, n);
}

/* Safe to offer: takes servers away. */
static int method_forget(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
	struct manager *m = userdata;
	VISIT(m->authorizer, call);
	const char *link;
	uid_t uid;
	int r;

	r = sd_bus_message_read(call, "s", &link);
	if (r >= 0)
		r = check_link(link, error);
	if (r >= 0)
		r = caller_ids(call, &uid, NULL);
	if (r < 0)
		return r;

	/* authorize */
	const char *details[] = {"link", link, NULL};
	r = authorize(m->authorizer, call, uid, ACTION_SAVE_DNS, details, error);
	if (r <= 0)
		return r < 0 ? r : 1;
	return check_and_save(m, call, link, NULL, 0);
}

static int append_servers(sd_bus_message *reply, const struct dns_link *l)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < l->n; i++) {
		const struct dns_server *s = &l->servers[i];

		r = sd_bus_message_open_container(reply, 'r', "siay");
		if (r >= 0)
			r = sd_bus_message_append(reply, "si", l->name, s->family);
		if (r >= 0)
			r = sd_bus_message_append_array(reply, 'y', s->address,
							s->family == AF_INET ? 4 : 16);
		if (r >= 0)
			r = sd_bus_message_close_container(reply);
	}
	return r;
}

/* Safe to offer: the addresses are no secret. */
static int method_get(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
	struct manager *m = userdata;
	VISIT(m->authorizer, call);
	sd_bus_message *reply = NULL;
	uid_t uid;
	int r;

	r = caller_ids(call, &uid, NULL);
	if (r < 0)
		return r;

	/* authorize */
	r = authorize(m->authorizer, call, uid, ACTION_GET_DNS, NULL, error);
	if (r <= 0)
		return r < 0 ? r : 1;

	r = sd_bus_message_new_method_return(call, &reply);
	if (r >= 0)
		r = sd_bus_message_open_container(reply, 'a', "(siay)");
	for (size_t i = 0; r >= 0 && i < m->dns.n; i++)
		r = append_servers(reply, &m->dns.links[i]);
	if (r >= 0)
		r = sd_bus_message_close_container(reply);
	if (r >= 0)
		r = sd_bus_message_send(reply);
	(void)sd_bus_message_unref(reply);
	return r;
}

static int property_available(sd_bus *bus, const char *path, const char *interface,
			      const char *name, sd_bus_message *reply, void *userdata,
			      sd_bus_error *error)
{
	const struct manager *m = userdata;

	(void)bus;
	(void)path;
	(void)interface;
	(void)name;
	(void)error;
	return sd_bus_message_append(reply, "b", (int)m->dns_available);
}

const sd_bus_vtable dns_vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_METHOD_WITH_ARGS("SaveClearnetDNS", SD_BUS_ARGS("s", link, "a(iay)", servers),
				SD_BUS_NO_RESULT, method_save, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("ForgetClearnetDNS", SD_BUS_ARGS("s", link), SD_BUS_NO_RESULT,
				method_forget, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("GetClearnetDNS", SD_BUS_NO_ARGS, SD_BUS_RESULT("a(siay)", servers),
				method_get, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_PROPERTY("ClearnetDNSAvailable", "b", property_available, 0,
			SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_VTABLE_END,
};
