/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "policy.h"

#include "wire.h"

#include <stdio.h>

static void users_clear(struct users *u)
{
	free(u->items);
}

static void service_clear(struct service *s)
{
	free(s->name);
	free(s->listens);
	users_clear(&s->users);
	users_clear(&s->server);
}

static void namespace_clear(struct namespace *n)
{
	free(n->name);
	free(n->listens);
	users_clear(&n->server);
}

struct policy *policy_free(struct policy *p)
{
	if (!p)
		return NULL;
	for (size_t i = 0; i < p->n_files; i++)
		free(p->files[i]);
	free(p->files);
	users_clear(&p->tor);
	users_clear(&p->desktop);
	users_clear(&p->clearnet);
	users_clear(&p->autoconfig);
	for (size_t i = 0; i < p->n_services; i++)
		service_clear(&p->services[i]);
	free(p->services);
	for (size_t i = 0; i < p->n_namespaces; i++)
		namespace_clear(&p->namespaces[i]);
	free(p->namespaces);
	users_clear(&p->automap.users);
	users_clear(&p->dns.users);
	free(p->lan.ranges.items);
	free(p->lan.exclude.items);
	free(p->lan.refuse);
	users_clear(&p->clearnet_dns.readers);
	free(p->egress.except);
	free(p->autoconfig_check.url);
	free(p->autoconfig_check.response);
	users_clear(&p->browser.user);
	free(p->browser.command);
	free(p);
	return NULL;
}

struct policy *policy_built_in(uid_t tor_uid)
{
	_cleanup_(policy_freep) struct policy *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->tor_may.dns = true;
	p->tor_may.loopback = true;
	p->automap.range = (struct subnet){.addr = 0x7fc00000, .prefix = 10};
	p->automap.port = 9040;
	p->dns.port = 5353;
	p->lease.most = 1;
	p->clearnet_dns.most = 8;
	p->egress.enable = true;
	if (tor_uid != UINT32_MAX) {
		p->tor.items = calloc(1, sizeof(*p->tor.items));
		if (!p->tor.items)
			return NULL;
		p->tor.n = 1;
		p->tor.items[0].uid = tor_uid;
		(void)snprintf(p->tor.items[0].name, sizeof(p->tor.items[0].name), "%u", tor_uid);
	}
	return TAKE_PTR(p);
}

bool users_contain(const struct users *u, uid_t uid)
{
	for (size_t i = 0; i < u->n; i++)
		if (u->items[i].uid == uid)
			return true;
	return false;
}

static const struct user *users_find(const struct users *u, uid_t uid)
{
	for (size_t i = 0; i < u->n; i++)
		if (u->items[i].uid == uid)
			return &u->items[i];
	return NULL;
}

static bool matches(const struct link_pattern *pattern, const char *link)
{
	if (pattern->prefix)
		return strncmp(pattern->name, link, strlen(pattern->name)) == 0;
	return strcmp(pattern->name, link) == 0;
}

bool policy_covers(const struct policy *p, const char *link)
{
	if (!p->egress.enable || strcmp(link, "lo") == 0)
		return false;
	for (size_t i = 0; i < p->egress.n_except; i++)
		if (matches(&p->egress.except[i], link))
			return false;
	return true;
}

const struct user *policy_door(const struct policy *p, uid_t uid, bool *ret_autoconfig)
{
	const struct user *u;

	*ret_autoconfig = false;
	if (wire_is_namespace(uid))
		return NULL;
	u = users_find(&p->clearnet, uid);
	*ret_autoconfig = !u;
	return u ? u : users_find(&p->autoconfig, uid);
}

const struct namespace *policy_namespace_door(const struct policy *p, uid_t number)
{
	size_t i = number - WIRE_NAMESPACE_BASE;

	if (!wire_is_namespace(number) || i >= p->n_namespaces || !p->namespaces[i].door)
		return NULL;
	return &p->namespaces[i];
}

void policy_format_origin(const struct policy *p, struct origin o, char *buf, size_t size)
{
	if (o.line == 0 || o.file >= p->n_files)
		(void)snprintf(buf, size, "built-in");
	else
		(void)snprintf(buf, size, "%s:%u", p->files[o.file], o.line);
}
