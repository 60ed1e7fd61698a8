/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "state.h"

#include "refusal-class.h"
#include "wire.h"

#include <arpa/inet.h>
#include <errno.h>

void doors_clear(struct doors *d)
{
	for (size_t i = 0; i < d->n; i++) {
		free(d->items[i].id);
		free(d->items[i].user);
		free(d->items[i].scope);
	}
	free(d->items);
	*d = (struct doors){0};
}

const struct door *doors_find(const struct doors *d, const char *id)
{
	for (size_t i = 0; i < d->n; i++)
		if (strcmp(d->items[i].id, id) == 0)
			return &d->items[i];
	return NULL;
}

static int add_door(struct doors *d, const char *id, const char *user, uint32_t holder,
		    uint64_t started, uint64_t expires, const char *scope)
{
	struct door *p = reallocarray(d->items, d->n + 1, sizeof(*p));

	if (!p)
		return -ENOMEM;
	d->items = p;
	p += d->n;
	*p = (struct door){.id = strdup(id), .user = strdup(user), .scope = strdup(scope)};
	p->holder = holder;
	p->started = started;
	p->expires = expires;
	d->n++;
	return p->id && p->user && p->scope ? 0 : -ENOMEM;
}

int doors_read(sd_bus_message *reply, struct doors *ret)
{
	const char *id, *user, *scope;
	uint64_t started, expires;
	uint32_t holder;
	int r;

	*ret = (struct doors){0};
	r = sd_bus_message_enter_container(reply, 'a', "(ssutts)");
	while (r >= 0 && (r = sd_bus_message_read(reply, "(ssutts)", &id, &user, &holder, &started,
						  &expires, &scope)) > 0)
		r = add_door(ret, id, user, holder, started, expires, scope);
	if (r < 0)
		doors_clear(ret);
	return r;
}

int state_doors(struct service *s, sd_bus_error *error, struct doors *ret)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	int r;

	*ret = (struct doors){0};
	r = service_try(s, CLEARNET_INTERFACE, "ListLeases", NULL, NULL, error, &reply);
	return r < 0 ? r : doors_read(reply, ret);
}

static int read_property(sd_bus_message *m, const char *name, struct wall *w)
{
	const char *text = "";
	int b = 0, r;

	if (strcmp(name, "Sealed") == 0 || strcmp(name, "BuiltIn") == 0) {
		r = sd_bus_message_read(m, "v", "b", &b);
		*(*name == 'S' ? &w->sealed : &w->built_in) = b;
		return r;
	}
	if (strcmp(name, "PolicyDigest") != 0 && strcmp(name, "Version") != 0)
		return sd_bus_message_skip(m, "v");
	r = sd_bus_message_read(m, "v", "s", &text);
	if (*name == 'P')
		(void)snprintf(w->digest, sizeof(w->digest), "%s", text);
	else
		(void)snprintf(w->version, sizeof(w->version), "%s", text);
	return r;
}

int state_wall(struct service *s, sd_bus_error *error, struct wall *ret)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	const char *name;
	int r;

	*ret = (struct wall){0};
	r = service_try(s, "org.freedesktop.DBus.Properties", "GetAll", fill_string,
			MANAGER_INTERFACE, error, &reply);
	if (r >= 0)
		r = sd_bus_message_enter_container(reply, 'a', "{sv}");
	while (r >= 0 && (r = sd_bus_message_enter_container(reply, 'e', "sv")) > 0) {
		r = sd_bus_message_read(reply, "s", &name);
		if (r >= 0)
			r = read_property(reply, name, ret);
		if (r >= 0)
			r = sd_bus_message_exit_container(reply);
	}
	return r;
}

int state_consent(struct service *s, sd_bus_error *error, struct consent_state *ret)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	const char *value, *network, *ended;
	uint64_t since, uses;
	uint32_t who;
	int r;

	*ret = (struct consent_state){0};
	r = service_try(s, AUTOCONFIG_INTERFACE, "GetConsent", NULL, NULL, error, &reply);
	if (r >= 0)
		r = sd_bus_message_read(reply, "sutsts", &value, &who, &since, &network, &uses,
					&ended);
	if (r < 0)
		return r;
	(void)snprintf(ret->value, sizeof(ret->value), "%s", value);
	(void)snprintf(ret->network, sizeof(ret->network), "%s", network);
	(void)snprintf(ret->ended, sizeof(ret->ended), "%s", ended);
	ret->who = who;
	ret->since = since;
	ret->uses = uses;
	return 0;
}

static int read_server(sd_bus_message *m, struct dns_server *ret)
{
	const void *bytes;
	const char *link;
	int family, r;
	size_t n;

	r = sd_bus_message_enter_container(m, 'r', "siay");
	if (r <= 0)
		return r;
	r = sd_bus_message_read(m, "si", &link, &family);
	if (r >= 0)
		r = sd_bus_message_read_array(m, 'y', &bytes, &n);
	if (r < 0)
		return r;
	if (n != (family == AF_INET ? 4U : 16U) ||
	    !inet_ntop(family, bytes, ret->address, sizeof(ret->address)))
		return -EBADMSG;
	(void)snprintf(ret->link, sizeof(ret->link), "%s", link);
	r = sd_bus_message_exit_container(m);
	return r < 0 ? r : 1;
}

int state_dns(struct service *s, sd_bus_error *error, struct dns_server **ret, size_t *ret_n)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	_cleanup_(freep) struct dns_server *list = NULL;
	struct dns_server server, *p;
	size_t n = 0;
	int r;

	r = service_try(s, DNS_INTERFACE, "GetClearnetDNS", NULL, NULL, error, &reply);
	if (r >= 0)
		r = sd_bus_message_enter_container(reply, 'a', "(siay)");
	while (r >= 0 && (r = read_server(reply, &server)) > 0) {
		p = reallocarray(list, n + 1, sizeof(*p));
		if (!p)
			return -ENOMEM;
		list = p;
		list[n++] = server;
	}
	if (r < 0)
		return r;
	*ret = TAKE_PTR(list);
	*ret_n = n;
	return 0;
}

int state_counters(struct service *s, sd_bus_error *error, struct counter **ret, size_t *ret_n)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	_cleanup_(freep) struct counter *list = NULL;
	uint64_t packets, bytes;
	const char *class;
	size_t n = 0;
	int r;

	r = service_try(s, MANAGER_INTERFACE, "GetCounters", NULL, NULL, error, &reply);
	if (r >= 0)
		r = sd_bus_message_enter_container(reply, 'a', "(stt)");
	while (r >= 0 && (r = sd_bus_message_read(reply, "(stt)", &class, &packets, &bytes)) > 0) {
		struct counter *p = reallocarray(list, n + 1, sizeof(*p));

		if (!p)
			return -ENOMEM;
		list = p;
		p[n] = (struct counter){.packets = packets, .bytes = bytes};
		(void)snprintf(p[n++].class, sizeof(p->class), "%s", class);
	}
	if (r < 0)
		return r;
	*ret = TAKE_PTR(list);
	*ret_n = n;
	return 0;
}

const char *wall_word(const struct wall *w)
{
	if (!w->sealed)
		return "unknown";
	return w->built_in ? "built-in" : "sealed";
}

const char *scope_note(const char *scope)
{
	return strcmp(scope, lease_scope_to_string(SCOPE_PORTAL)) == 0 ? ", portal" : "";
}

json_object *door_json(const struct door *d)
{
	json_object *o = json_object_new_object();
	char holder[64];

	format_user(d->holder, holder, sizeof(holder));
	json_add_string(o, "id", d->id);
	json_add_string(o, "user", d->user);
	json_add_string(o, "holder", holder);
	json_add_number(o, "holder_uid", d->holder);
	json_add_number(o, "started", d->started);
	json_add_number(o, "expires", d->expires);
	json_add_number(o, "seconds_left", seconds_left(d->expires));
	json_add_string(o, "scope", d->scope);
	return o;
}

/* "the network has changed": what ended a consent, as the rest of a sentence. */
static const char *consent_cause(const struct consent_state *c)
{
	static const struct {
		const char *name, *text;
	} causes[] = {
		{"network", "the network has changed"},
		{"service-gone", "the service was restarted"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(causes); i++)
		if (strcmp(causes[i].name, c->ended) == 0)
			return causes[i].text;
	return c->ended;
}

void consent_sentence(const struct consent_state *c, char *buf, size_t size)
{
	const char *of = *c->network ? ", for " : "";
	char who[64];

	format_user(c->who, who, sizeof(who));
	if (!c->since)
		(void)snprintf(buf, size, "nobody was asked yet");
	else if (*c->ended)
		(void)snprintf(buf, size, "over, because %s; it was given by %s%s%s",
			       consent_cause(c), who, of, c->network);
	else
		(void)snprintf(buf, size, "%s, by %s%s%s", c->value, who, of, c->network);
}

json_object *consent_json(const struct consent_state *c)
{
	json_object *o = json_object_new_object();
	char who[64];

	json_add_string(o, "value", c->value);
	if (!c->since)
		return o;
	format_user(c->who, who, sizeof(who));
	json_add_string(o, "who", who);
	json_add_number(o, "who_uid", c->who);
	json_add_number(o, "since", c->since);
	json_add_number(o, "seconds_ago", (now_boottime() - c->since) / USEC_PER_SEC);
	json_add_string(o, "network", *c->network ? c->network : NULL);
	json_add_number(o, "uses", c->uses);
	json_add_string(o, "ended", *c->ended ? c->ended : NULL);
	return o;
}

json_object *dns_json(const struct dns_server *servers, size_t n)
{
	json_object *list = json_object_new_array();

	for (size_t i = 0; i < n; i++) {
		json_object *o = json_object_new_object();

		json_add_string(o, "link", servers[i].link);
		json_add_string(o, "address", servers[i].address);
		(void)json_object_array_add(list, o);
	}
	return list;
}

json_object *counters_json(const struct counter *counters, size_t n)
{
	json_object *list = json_object_new_array();

	for (size_t i = 0; i < n; i++) {
		json_object *o = json_object_new_object();

		json_add_string(o, "class", counters[i].class);
		json_add_string(o, "what", refusal_what(counters[i].class));
		json_add_number(o, "packets", counters[i].packets);
		json_add_number(o, "bytes", counters[i].bytes);
		(void)json_object_array_add(list, o);
	}
	return list;
}
