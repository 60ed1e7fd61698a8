/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "refusals.h"

#include "refusal-class.h"

#include <errno.h>
#include <time.h>

#define NO_OWNER UINT32_MAX
#define MEMBERS "tttuuiyqayss"

void refusals_clear(struct refusals *l)
{
	free(l->items);
}

int refusal_read(sd_bus_message *m, struct refusal *ret)
{
	const char *class, *origin;
	const void *address;
	size_t size;
	int r;

	*ret = (struct refusal){0};
	r = sd_bus_message_read(m, "tttuuiyq", &ret->number, &ret->first, &ret->last, &ret->count,
				&ret->uid, &ret->family, &ret->protocol, &ret->port);
	if (r >= 0)
		r = sd_bus_message_read_array(m, 'y', &address, &size);
	if (r >= 0)
		r = sd_bus_message_read(m, "ss", &class, &origin);
	if (r < 0)
		return r;
	if (size && (size != (ret->family == AF_INET ? 4U : 16U) ||
		     !inet_ntop(ret->family, address, ret->destination, sizeof(ret->destination))))
		return -EBADMSG;
	(void)snprintf(ret->class, sizeof(ret->class), "%s", class);
	(void)snprintf(ret->origin, sizeof(ret->origin), "%s", origin);
	clean_text(ret->origin);
	return 1;
}

static bool equal(const struct refusal *a, const struct refusal *b)
{
	return a->uid == b->uid && a->family == b->family && a->protocol == b->protocol &&
	       a->port == b->port && strcmp(a->destination, b->destination) == 0 &&
	       strcmp(a->class, b->class) == 0 && strcmp(a->origin, b->origin) == 0;
}

/* Entries that differed by an address that is not kept any more are one to the reader. */
static int add(struct refusals *l, const struct refusal *r)
{
	struct refusal *p;

	for (size_t i = 0; i < l->n; i++) {
		p = &l->items[i];
		if (equal(p, r)) {
			p->number = r->number;
			p->count += r->count;
			p->first = r->first < p->first ? r->first : p->first;
			p->last = r->last > p->last ? r->last : p->last;
			return 0;
		}
	}
	p = reallocarray(l->items, l->n + 1, sizeof(*p));
	if (!p)
		return -ENOMEM;
	l->items = p;
	l->items[l->n++] = *r;
	return 0;
}

static int compare(const void *a, const void *b)
{
	const struct refusal *x = a, *y = b;

	return x->last < y->last ? -1 : x->last > y->last;
}

int refusals_read(sd_bus_message *m, struct refusals *ret)
{
	struct refusal item;
	int r;

	r = sd_bus_message_enter_container(m, 'a', "(" MEMBERS ")");
	while (r >= 0 && (r = sd_bus_message_enter_container(m, 'r', MEMBERS)) > 0) {
		r = refusal_read(m, &item);
		if (r >= 0)
			r = add(ret, &item);
		if (r >= 0)
			r = sd_bus_message_exit_container(m);
	}
	if (r >= 0 && ret->n)
		qsort(ret->items, ret->n, sizeof(*ret->items), compare);
	return r;
}

static const char *protocol_name(uint8_t protocol, char buf[8])
{
	/* As explain takes them; any other as its number. */
	static const struct {
		uint8_t number;
		const char *name;
	} names[] = {
		{IPPROTO_TCP, "tcp"},       {IPPROTO_UDP, "udp"},          {IPPROTO_ICMP, "icmp"},
		{IPPROTO_ICMPV6, "icmpv6"}, {IPPROTO_SCTP, "sctp"},        {IPPROTO_GRE, "gre"},
		{IPPROTO_DCCP, "dccp"},     {IPPROTO_UDPLITE, "udp-lite"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (names[i].number == protocol)
			return names[i].name;
	(void)snprintf(buf, 8, "%u", protocol);
	return buf;
}

static void format_owner(uid_t uid, char *buf, size_t size)
{
	if (uid == NO_OWNER)
		(void)snprintf(buf, size, "-");
	else
		format_user(uid, buf, size);
}

/* The time of day of a moment since the boot. */
static void format_clock(usec_t at, char *buf, size_t size)
{
	usec_t ago = now_boottime() - at;
	time_t then = time(NULL) - (time_t)(ago / USEC_PER_SEC);
	struct tm tm;

	(void)strftime(buf, size, "%T", localtime_r(&then, &tm));
}

void refusal_print(const struct refusal *r)
{
	char clock[16], owner[64], number[8], port[8] = "-";

	format_clock(r->last, clock, sizeof(clock));
	format_owner(r->uid, owner, sizeof(owner));
	if (r->port)
		(void)snprintf(port, sizeof(port), "%u", r->port);
	(void)printf("%-8s  %-12s  %-7s  %-20s  %5s  %5u  %s (%s)\n", clock, owner,
		     protocol_name(r->protocol, number), *r->destination ? r->destination : "-",
		     port, r->count, refusal_what(r->class), r->origin);
}

void refusals_heading(void)
{
	(void)printf("%s%-8s  %-12s  %-7s  %-20s  %5s  %5s  %s%s\n", colour(BOLD), "LAST", "USER",
		     "BY", "TO", "PORT", "COUNT", "REFUSED (ORIGIN OF THE RULE)", colour(PLAIN));
}

void refusal_hints(const struct refusal *r)
{
	char owner[64], number[8], port[8] = "";
	const char *to = *r->destination ? r->destination : "ADDRESS";
	bool brackets = r->port && strchr(to, ':');

	if (!*r->destination)
		(void)puts(
			"\nWhere to is not kept; [report] destinations = yes in the policy keeps "
			"it in memory, see sallyport.conf(5).");
	if (r->uid == NO_OWNER)
		return;
	format_owner(r->uid, owner, sizeof(owner));
	if (r->port)
		(void)snprintf(port, sizeof(port), ":%u", r->port);
	(void)printf("%sWhy, and what would allow it: sallyport explain --user %s %s %s%s%s%s\n",
		     *r->destination ? "\n" : "", owner, protocol_name(r->protocol, number),
		     brackets ? "[" : "", to, brackets ? "]" : "", port);
}

json_object *refusal_json(const struct refusal *r)
{
	json_object *o = json_object_new_object();
	char owner[64], number[8];

	format_owner(r->uid, owner, sizeof(owner));
	json_add_number(o, "number", r->number);
	json_add_number(o, "first", r->first);
	json_add_number(o, "last", r->last);
	json_add_number(o, "count", r->count);
	json_add_string(o, "user", r->uid == NO_OWNER ? NULL : owner);
	if (r->uid == NO_OWNER)
		json_add_string(o, "uid", NULL);
	else
		json_add_number(o, "uid", r->uid);
	json_add_string(o, "family", r->family == AF_INET ? "ipv4" : "ipv6");
	json_add_string(o, "protocol", protocol_name(r->protocol, number));
	json_add_string(o, "destination", *r->destination ? r->destination : NULL);
	if (r->port)
		json_add_number(o, "port", r->port);
	else
		json_add_string(o, "port", NULL);
	json_add_string(o, "class", r->class);
	json_add_string(o, "what", refusal_what(r->class));
	json_add_string(o, "origin", r->origin);
	return o;
}
