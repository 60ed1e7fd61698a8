/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The merged policy as one file; each line says where it comes from. */
#include "policy.h"

#include "date.h"

#include <limits.h>
#include <netinet/in.h>
#include <stdio.h>

#define ORIGIN_ROOM 100 /* bytes of a line that has room for 199 */

struct show {
	FILE *f;
	const struct policy *p;
};

/* Of a long path its end: the line has to be one that the parser takes. */
static void line_end(const struct show *s, struct origin o)
{
	char buf[PATH_MAX + 16], *text = buf;

	policy_format_origin(s->p, o, buf, sizeof(buf));
	clean_text(buf);
	if (strlen(buf) > ORIGIN_ROOM)
		text = buf + strlen(buf) - ORIGIN_ROOM;
	while (((unsigned char)*text & 0xc0) == 0x80)
		text++; /* not in the middle of a character */
	(void)fprintf(s->f, " ; %s%s\n", text == buf ? "" : "...", text);
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

static void show_listens(const struct show *s, const struct listen *listens, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct listen *l = &listens[i];

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
}

static void show_service(const struct show *s, const struct service *service)
{
	(void)fprintf(s->f, "\n[service %s]\n", service->name);
	show_listens(s, service->listens, service->n_listens);
	show_users(s, "users", &service->users);
	show_users(s, "server", &service->server);
}

static void show_namespace(const struct show *s, const struct namespace *n)
{
	(void)fprintf(s->f, "\n[namespace %s]\ninterface = %s", n->name, n->interface);
	line_end(s, n->interface_at);
	(void)fputs("peer = ", s->f);
	show_addr(s->f, n->peer);
	line_end(s, n->peer_at);
	show_listens(s, n->listens, n->n_listens);
	show_users(s, "server", &n->server);
	(void)fprintf(s->f, "door = %s", yes_no(n->door));
	line_end(s, n->door_at);
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
	line_end(s, p->lan.on_link_at);
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

static void show_seconds(const struct show *s, const char *key, uint32_t seconds, struct origin o)
{
	char buf[24];

	format_seconds(seconds, buf, sizeof(buf));
	(void)fprintf(s->f, "%s = %s", key, buf);
	line_end(s, o);
}

/* Too long for a comment behind it. */
static void show_text(const struct show *s, const char *key, const char *text, struct origin o)
{
	(void)fputc(';', s->f);
	line_end(s, o);
	(void)fprintf(s->f, "%s =%s%s\n", key, text && *text ? " " : "", text ? text : "");
}

static void show_autoconfig(const struct show *s)
{
	const struct policy *p = s->p;
	char date[DATE_TEXT_SIZE];

	(void)fputs("\n[autoconfig]\n", s->f);
	show_text(s, "url", p->autoconfig_check.url, p->autoconfig_check.url_at);
	/* The built-in policy has none, which is not an empty one. */
	if (p->autoconfig_check.response)
		show_text(s, "response", p->autoconfig_check.response,
			  p->autoconfig_check.response_at);
	if (!p->autoconfig_check.latest)
		return;
	date_format(p->autoconfig_check.latest, date);
	(void)fprintf(s->f, "latest-date = %s", date);
	line_end(s, p->autoconfig_check.latest_at);
}

static void show_browser(const struct show *s)
{
	const struct policy *p = s->p;

	(void)fputs("\n[browser]\n", s->f);
	show_users(s, "user", &p->browser.user);
	show_text(s, "command", p->browser.command, p->browser.command_at);
}

static void show_singles(const struct show *s)
{
	const struct policy *p = s->p;

	(void)fputs("\n[automap]\n", s->f);
	show_subnet(s, "range", &p->automap.range);
	show_number(s, "port", p->automap.port, p->automap.port_at);
	show_users(s, "users", &p->automap.users);
	(void)fputs("\n[dns]\n", s->f);
	show_number(s, "port", p->dns.port, p->dns.port_at);
	show_bool(s, "tcp", p->dns.tcp, p->dns.tcp_at);
	show_users(s, "users", &p->dns.users);
	(void)fputs("\n[tor]\n", s->f);
	show_bool(s, "dns", p->tor_may.dns, p->tor_may.dns_at);
	show_bool(s, "udp", p->tor_may.udp, p->tor_may.udp_at);
	show_bool(s, "loopback", p->tor_may.loopback, p->tor_may.loopback_at);
	show_lan(s);
	(void)fputs("\n[lease]\n", s->f);
	show_seconds(s, "default", p->lease.default_seconds, p->lease.default_at);
	show_seconds(s, "longest", p->lease.longest_seconds, p->lease.longest_at);
	show_number(s, "most", p->lease.most, p->lease.most_at);
	(void)fputs("\n[clearnet-dns]\n", s->f);
	show_users(s, "readers", &p->clearnet_dns.readers);
	show_number(s, "most", p->clearnet_dns.most, p->clearnet_dns.most_at);
	(void)fputs("\n[egress]\n", s->f);
	show_bool(s, "enable", p->egress.enable, p->egress.enable_at);
	(void)fputs("except =\n", s->f);
	for (size_t i = 0; i < p->egress.n_except; i++) {
		const struct link_pattern *l = &p->egress.except[i];

		(void)fprintf(s->f, "except = %s%s", l->name, l->prefix ? "*" : "");
		line_end(s, l->origin);
	}
	(void)fputs("\n[report]\n", s->f);
	show_bool(s, "destinations", p->report.destinations, p->report.destinations_at);
	show_autoconfig(s);
	show_browser(s);
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
	for (size_t i = 0; i < p->n_namespaces; i++)
		show_namespace(&s, &p->namespaces[i]);
	if (fclose(s.f) != 0) {
		free(buf);
		return NULL;
	}
	return buf;
}
