/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The merged policy as one file; each line says where it comes from. */
#include "policy.h"

#include <netinet/in.h>
#include <stdio.h>

struct show {
	FILE *f;
	const struct policy *p;
};

static void line_end(const struct show *s, struct origin o)
{
	char buf[512];

	policy_format_origin(s->p, o, buf, sizeof(buf));
	(void)fprintf(s->f, " ; %s\n", buf);
}

static const char *yes_no(bool b)
{
	return b ? "yes" : "no";
}

/* One line a user: origins differ, and a line has room for only so many. */
static void show_users(const struct show *s, const char *key, const struct users *u)
{
	(void)fprintf(s->f, "%s =\n", key);
	for (size_t i = 0; i < u->n; i++) {
		(void)fprintf(s->f, "%s = %s", key, u->items[i].name);
		line_end(s, u->items[i].origin);
	}
}

static void show_addr(FILE *f, uint32_t a)
{
	(void)fprintf(f, "%u.%u.%u.%u", a >> 24, a >> 16 & 0xff, a >> 8 & 0xff, a & 0xff);
}

static void show_subnet(const struct show *s, const char *key, const struct subnet *n)
{
	(void)fprintf(s->f, "%s = ", key);
	show_addr(s->f, n->addr);
	(void)fprintf(s->f, "/%u", n->prefix);
	line_end(s, n->origin);
}

static void show_range(FILE *f, uint16_t first, uint16_t last)
{
	(void)fprintf(f, "%u", first);
	if (last != first)
		(void)fprintf(f, "-%u", last);
}

static const char *protocol(uint8_t number)
{
	return number == IPPROTO_TCP ? "/tcp" : number == IPPROTO_UDP ? "/udp" : "";
}

static void show_service(const struct show *s, const struct service *service)
{
	(void)fprintf(s->f, "\n[service %s]\n", service->name);
	for (size_t i = 0; i < service->n_listens; i++) {
		const struct listen *l = &service->listens[i];

		(void)fputs("listen = ", s->f);
		if (l->ipv6)
			(void)fputs("[::1]", s->f);
		else
			show_addr(s->f, l->addr);
		(void)fputc(':', s->f);
		show_range(s->f, l->first, l->last);
		(void)fputs(protocol(l->protocol), s->f);
		line_end(s, l->origin);
	}
	show_users(s, "users", &service->users);
	show_users(s, "server", &service->server);
}

static void show_lan(const struct show *s)
{
	const struct policy *p = s->p;

	(void)fputs("\n[lan]\nranges =\n", s->f);
	for (size_t i = 0; i < p->lan.ranges.n; i++)
		show_subnet(s, "ranges", &p->lan.ranges.items[i]);
	(void)fputs("exclude =\n", s->f);
	for (size_t i = 0; i < p->lan.exclude.n; i++)
		show_subnet(s, "exclude", &p->lan.exclude.items[i]);
	(void)fprintf(s->f, "on-link = %s", yes_no(p->lan.on_link));
	line_end(s, p->lan.origin);
	(void)fputs("refuse =\n", s->f);
	for (size_t i = 0; i < p->lan.n_refuse; i++) {
		(void)fputs("refuse = ", s->f);
		show_range(s->f, p->lan.refuse[i].first, p->lan.refuse[i].last);
		(void)fputs(protocol(p->lan.refuse[i].protocol), s->f);
		line_end(s, p->lan.refuse[i].origin);
	}
}

static void show_number(const struct show *s, const char *key, uint32_t n, struct origin o)
{
	(void)fprintf(s->f, "%s = %u", key, n);
	line_end(s, o);
}

static void show_bool(const struct show *s, const char *key, bool b, struct origin o)
{
	(void)fprintf(s->f, "%s = %s", key, yes_no(b));
	line_end(s, o);
}

static void show_seconds(FILE *f, const char *key, uint32_t seconds)
{
	char buf[24];

	format_seconds(seconds, buf, sizeof(buf));
	(void)fprintf(f, "%s = %s\n", key, buf);
}

static void show_singles(const struct show *s)
{
	const struct policy *p = s->p;

	(void)fputs("\n[automap]\n", s->f);
	show_subnet(s, "range", &p->automap.range);
	show_number(s, "port", p->automap.port, p->automap.origin);
	show_users(s, "users", &p->automap.users);
	(void)fputs("\n[dns]\n", s->f);
	show_number(s, "port", p->dns.port, p->dns.origin);
	show_bool(s, "tcp", p->dns.tcp, p->dns.origin);
	show_users(s, "users", &p->dns.users);
	(void)fputs("\n[tor]\n", s->f);
	show_bool(s, "dns", p->tor_may.dns, p->tor_may.origin);
	show_bool(s, "udp", p->tor_may.udp, p->tor_may.origin);
	show_bool(s, "loopback", p->tor_may.loopback, p->tor_may.origin);
	show_lan(s);
	(void)fputs("\n[lease]\n", s->f);
	show_seconds(s->f, "default", p->lease.default_seconds);
	show_seconds(s->f, "longest", p->lease.longest_seconds);
	(void)fprintf(s->f, "most = %u\n", p->lease.most);
	(void)fputs("\n[clearnet-dns]\n", s->f);
	show_users(s, "readers", &p->clearnet_dns.readers);
	(void)fprintf(s->f, "most = %u\n", p->clearnet_dns.most);
	(void)fputs("\n[egress]\n", s->f);
	show_bool(s, "enable", p->egress.enable, p->egress.origin);
	(void)fputs("except =\n", s->f);
	for (size_t i = 0; i < p->egress.n_except; i++) {
		const struct link_pattern *l = &p->egress.except[i];

		(void)fprintf(s->f, "except = %s%s", l->name, l->prefix ? "*" : "");
		line_end(s, l->origin);
	}
}

char *policy_show(const struct policy *p)
{
	struct show s = {.p = p};
	char *buf = NULL;
	size_t size = 0;

	s.f = open_memstream(&buf, &size);
	if (!s.f)
		return NULL;
	(void)fputs("[users]\n", s.f);
	show_users(&s, "tor", &p->tor);
	show_users(&s, "desktop", &p->desktop);
	show_users(&s, "clearnet", &p->clearnet);
	show_users(&s, "autoconfig", &p->autoconfig);
	show_singles(&s);
	for (size_t i = 0; i < p->n_services; i++)
		show_service(&s, &p->services[i]);
	if (fclose(s.f) != 0) {
		free(buf);
		return NULL;
	}
	return buf;
}
