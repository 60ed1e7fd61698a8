/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nm-config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>

struct nm_link *nm_config_find(struct nm_config *c, const char *name)
{
	for (size_t i = 0; i < c->n; i++)
		if (strcmp(c->links[i].name, name) == 0)
			return &c->links[i];
	return NULL;
}

/* Numbers only: a name, a port or a scope is none of ours. */
static bool parse_server(const char *text, struct dns_server *ret)
{
	*ret = (struct dns_server){0};
	if (inet_pton(AF_INET, text, ret->address) == 1)
		ret->family = AF_INET;
	else if (inet_pton(AF_INET6, text, ret->address) == 1)
		ret->family = AF_INET6;
	else
		return false;
	return !clearnet_dns_check_server(ret->family, ret->address,
					  ret->family == AF_INET ? 4 : 16);
}

static bool has_server(const struct nm_link *l, const struct dns_server *s)
{
	for (size_t i = 0; i < l->n; i++)
		if (memcmp(&l->servers[i], s, sizeof(*s)) == 0)
			return true;
	return false;
}

static void add_server(struct nm_link *l, const struct dns_server *s, size_t most)
{
	if (has_server(l, s))
		return;
	if (l->n < most)
		l->servers[l->n++] = *s;
	else
		l->left_out++;
}

static int read_servers(sd_bus_message *m, size_t most, struct nm_link *l)
{
	struct dns_server server;
	const char *text;
	int r;

	r = sd_bus_message_enter_container(m, 'v', "as");
	if (r >= 0)
		r = sd_bus_message_enter_container(m, 'a', "s");
	while (r >= 0 && (r = sd_bus_message_read(m, "s", &text)) > 0) {
		if (parse_server(text, &server))
			add_server(l, &server, most);
		else
			l->left_out++;
	}
	if (r >= 0)
		r = sd_bus_message_exit_container(m);
	return r < 0 ? r : sd_bus_message_exit_container(m);
}

/* One entry; *ret_name is the message's, empty for what is said of no link. */
static int read_entry(sd_bus_message *m, size_t most, struct nm_link *l, const char **ret_name)
{
	const char *key;
	int r;

	*ret_name = "";
	*l = (struct nm_link){0};
	while ((r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
		r = sd_bus_message_read(m, "s", &key);
		if (r >= 0 && strcmp(key, "interface") == 0)
			r = sd_bus_message_read(m, "v", "s", ret_name);
		else if (r >= 0 && strcmp(key, "nameservers") == 0)
			r = read_servers(m, most, l);
		else if (r >= 0)
			r = sd_bus_message_skip(m, "v");
		if (r >= 0)
			r = sd_bus_message_exit_container(m);
		if (r < 0)
			return r;
	}
	return r;
}

static void add_entry(struct nm_config *c, const struct nm_link *entry, const char *name,
		      size_t most)
{
	struct nm_link *l;

	if (!*name)
		return;
	l = nm_config_find(c, name);
	if (!l && (clearnet_dns_check_link(name) || c->n == DNS_LINKS_MAX)) {
		c->left_out++;
		return;
	}
	if (!l) {
		l = &c->links[c->n++];
		(void)snprintf(l->name, sizeof(l->name), "%s", name);
	}
	l->left_out += entry->left_out;
	for (size_t i = 0; i < entry->n; i++)
		add_server(l, &entry->servers[i], most);
}

int nm_config_read(sd_bus_message *m, size_t most, struct nm_config *ret)
{
	struct nm_link entry;
	const char *name;
	int r;

	*ret = (struct nm_config){0};
	if (most > DNS_SERVERS_MAX)
		most = DNS_SERVERS_MAX;
	r = sd_bus_message_enter_container(m, 'v', "aa{sv}");
	if (r >= 0)
		r = sd_bus_message_enter_container(m, 'a', "a{sv}");
	while (r >= 0 && (r = sd_bus_message_enter_container(m, 'a', "{sv}")) > 0) {
		r = read_entry(m, most, &entry, &name);
		if (r >= 0)
			r = sd_bus_message_exit_container(m);
		if (r >= 0)
			add_entry(ret, &entry, name, most);
	}
	if (r >= 0)
		r = sd_bus_message_exit_container(m);
	if (r >= 0)
		r = sd_bus_message_exit_container(m);
	return r < 0 ? r : 0;
}
