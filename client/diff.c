/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which packets two policies treat differently, in words. */
#include "difference.h"

#include "files.h"
#include "verbs.h"

#define SHOWN 8 /* ranges in a line */

/* How numbers of one kind are written. */
struct kind {
	uint32_t last;          /* the largest number there is */
	const char *everything; /* a domain with all of them */
	const char *but;        /* before the few that are not in it */
	const char *one, *more; /* before those that are */
	void (*print)(FILE *f, struct range r);
};

static void print_uid(FILE *f, struct range r)
{
	char name[POLICY_NAME_MAX + 1];

	if (r.first != r.last) {
		(void)fprintf(f, "uids %u-%u", r.first, r.last);
		return;
	}
	format_user(r.first, name, sizeof(name));
	(void)fprintf(f, "%s%s", *name >= '0' && *name <= '9' ? "uid " : "", name);
}

static void print_protocol(FILE *f, struct range r)
{
	const char *name = protocol_name((uint8_t)r.first);

	if (r.first == r.last && name)
		(void)fputs(name, f);
	else if (r.first == r.last)
		(void)fprintf(f, "IP protocol %u", r.first);
	else
		(void)fprintf(f, "IP protocols %u-%u", r.first, r.last);
}

static void print_address(FILE *f, uint32_t a)
{
	(void)fprintf(f, "%u.%u.%u.%u", a >> 24, a >> 16 & 0xff, a >> 8 & 0xff, a & 0xff);
}

/* As a network if it is one. */
static void print_addresses(FILE *f, struct range r)
{
	uint32_t host = r.last - r.first, prefix = 32;

	print_address(f, r.first);
	if (r.first == r.last)
		return;
	if ((host & (host + 1)) == 0 && (r.first & host) == 0) {
		for (; host; host >>= 1)
			prefix--;
		(void)fprintf(f, "/%u", prefix);
		return;
	}
	(void)fputc('-', f);
	print_address(f, r.last);
}

static void print_port(FILE *f, struct range r)
{
	(void)fprintf(f, "%u", r.first);
	if (r.last != r.first)
		(void)fprintf(f, "-%u", r.last);
}

static const struct kind uids = {UINT32_MAX - 1, "anybody", "anybody but ", "", "", print_uid};
static const struct kind protocols = {UINT8_MAX, "any protocol", "any protocol but ", "",
				      "",        print_protocol};
static const struct kind addresses = {UINT32_MAX, "anywhere", "anywhere but ",
				      "",         "",         print_addresses};
static const struct kind ports = {UINT16_MAX, "any port", "any port but ",
				  "port ",    "ports ",   print_port};

static void print_list(FILE *f, const struct domain *d, const struct kind *k)
{
	for (size_t i = 0; i < d->n && i < SHOWN; i++) {
		(void)fputs(i ? ", " : "", f);
		k->print(f, d->items[i]);
	}
	if (d->n > SHOWN)
		(void)fprintf(f, " and %zu more", d->n - SHOWN);
}

/* A domain that has the least and the largest number is said by what it lacks. */
static void print_domain(FILE *f, struct arena *a, const struct domain *d, const struct kind *k)
{
	struct domain all = RANGES({0, k->last}), rest = domain_minus(a, &all, d);

	if (!rest.n)
		(void)fputs(k->everything, f);
	else if (d->n && d->items[0].first == 0 && d->items[d->n - 1].last == k->last) {
		(void)fputs(k->but, f);
		print_list(f, &rest, k);
	} else {
		(void)fputs(d->n == 1 && d->items[0].first == d->items[0].last ? k->one : k->more,
			    f);
		print_list(f, d, k);
	}
}

/* "TCP to 192.168.0.0/16, port 443, by amnesia" */
static void print_class(FILE *f, struct arena *a, const struct difference *d)
{
	bool from = d->situation == SITUATION_ANSWER || d->situation == SITUATION_COMES ||
		    d->situation == SITUATION_TO_CONFINED || d->situation == SITUATION_BACK;
	bool comes = d->situation == SITUATION_COMES || d->situation == SITUATION_CONFINED ||
		     d->situation == SITUATION_THROUGH || d->situation == SITUATION_BACK;

	if (d->situation == SITUATION_FRAME) {
		(void)fprintf(f, "frames on a link (the second wall), such as of type 0x%04x",
			      d->example.value[FIELD_PROTOCOL]);
		return;
	}
	print_domain(f, a, &d->protocols, &protocols);
	(void)fputs(from ? " from " : " to ", f);
	if (d->ipv6)
		(void)fputs(d->example.value[from ? FIELD_IP6_SADDR : FIELD_IP6_DADDR] == 1
				    ? "::1"
				    : "IPv6 addresses",
			    f);
	else
		print_domain(f, a, &d->addresses, &addresses);
	if (d->ports.n && !(d->ports.absent && d->ports.items[0].first == 0 &&
			    d->ports.items[0].last == UINT16_MAX)) {
		(void)fputs(", ", f);
		print_domain(f, a, &d->ports, &ports);
	}
	if (d->programs.n) {
		(void)fputs(from ? ", to the program at " : ", by the program at ", f);
		print_domain(f, a, &d->programs, &addresses);
	}
	if (!comes) {
		(void)fputs(d->uids.n ? ", by " : ", by nobody's socket", f);
		if (d->uids.n)
			print_domain(f, a, &d->uids, &uids);
	}
	if (*d->link)
		(void)fprintf(f, ", through %s", d->link);
	if (d->with_door)
		(void)fputs(", with a door", f);
	if (d->without_door)
		(void)fputs(", without a door", f);
	if (d->except)
		(void)fprintf(f, " (but for %zu services)", d->except);
}

static void print_outcome(FILE *f, const struct policy *p, const struct outcome *o)
{
	char origin[300];

	policy_format_origin(p, o->origin, origin, sizeof(origin));
	if (o->redirected)
		(void)fprintf(f, "redirected to port %u", o->port);
	else
		(void)fputs(verdict_to_string(o->verdict), f);
	(void)fprintf(f, " (%s)", origin);
}

static const char *const headings[SITUATION_N] = {
	[SITUATION_BEGIN] = "programs",
	[SITUATION_REDIRECT] = "what is redirected to Tor",
	[SITUATION_ANSWER] = "answers of local services",
	[SITUATION_COMES] = "answers from outside",
	[SITUATION_CONFINED] = "confined programs",
	[SITUATION_TO_CONFINED] = "answers to confined programs",
	[SITUATION_THROUGH] = "confined programs, by a door",
	[SITUATION_BACK] = "answers by a confined program's door",
	[SITUATION_FRAME] = "links",
};

static void print_differences(struct differences *found, const struct policy *before,
			      const struct policy *after)
{
	for (size_t i = 0; i < found->n; i++) {
		const struct difference *d = &found->items[i];

		if (i == 0 || found->items[i - 1].situation != d->situation)
			(void)printf("%s%s:%s\n", colour(BOLD), headings[d->situation],
				     colour(PLAIN));
		(void)fputs("  ", stdout);
		print_class(stdout, &found->arena, d);
		(void)fputs("\n      was ", stdout);
		print_outcome(stdout, before, &d->before);
		(void)fputs(", is ", stdout);
		print_outcome(stdout, after, &d->after);
		(void)fputc('\n', stdout);
	}
	if (!found->n)
		(void)puts("no packet is treated differently");
	if (found->dropped)
		(void)printf("and %zu more\n", found->dropped);
}

static json_object *domain_json(const struct domain *d)
{
	json_object *list = json_object_new_array();

	for (size_t i = 0; i < d->n; i++) {
		json_object *pair = json_object_new_array();

		(void)json_object_array_add(pair, json_object_new_int64(d->items[i].first));
		(void)json_object_array_add(pair, json_object_new_int64(d->items[i].last));
		(void)json_object_array_add(list, pair);
	}
	return list;
}

static json_object *outcome_json(const struct policy *p, const struct outcome *o)
{
	json_object *j = json_object_new_object();
	char origin[300];

	policy_format_origin(p, o->origin, origin, sizeof(origin));
	json_add_string(j, "verdict", verdict_to_string(o->verdict));
	if (o->redirected)
		json_add_number(j, "redirected_to", o->port);
	json_add_string(j, "origin", origin);
	return j;
}

static json_object *difference_json(const struct difference *d, const struct policy *before,
				    const struct policy *after)
{
	json_object *o = json_object_new_object();

	json_add_string(o, "what", headings[d->situation]);
	json_add_bool(o, "ipv6", d->ipv6);
	(void)json_object_object_add(o, "uids", domain_json(&d->uids));
	json_add_bool(o, "without_owner", d->uids.absent);
	(void)json_object_object_add(o, "protocols", domain_json(&d->protocols));
	(void)json_object_object_add(o, "addresses", domain_json(&d->addresses));
	(void)json_object_object_add(o, "ports", domain_json(&d->ports));
	(void)json_object_object_add(o, "programs", domain_json(&d->programs));
	json_add_string(o, "link", *d->link ? d->link : NULL);
	json_add_bool(o, "with_door", d->with_door);
	json_add_bool(o, "without_door", d->without_door);
	json_add_number(o, "except_services", d->except);
	(void)json_object_object_add(o, "before", outcome_json(before, &d->before));
	(void)json_object_object_add(o, "after", outcome_json(after, &d->after));
	return o;
}

static void json_differences(const struct invocation *inv, const struct differences *found,
			     const struct policy *before, const struct policy *after)
{
	json_object *o = json_object_new_object(), *list = json_object_new_array();

	for (size_t i = 0; i < found->n; i++)
		(void)json_object_array_add(list, difference_json(&found->items[i], before, after));
	json_add_bool(o, "same", found->n == 0);
	(void)json_object_object_add(o, "differences", list);
	json_add_number(o, "more", found->dropped);
	json_print(inv, o);
}

int verb_diff(const struct invocation *inv)
{
	_cleanup_(policy_freep) struct policy *before = NULL, *after = NULL;
	_cleanup_(ruleset_freep) struct ruleset *old = NULL, *new = NULL;
	struct differences found;
	int r;

	r = files_policy(inv, inv->args, 1, &before);
	if (r == EXIT_DONE)
		r = files_policy(inv, inv->args + 1, 1, &after);
	if (r != EXIT_DONE)
		return r;
	if (ruleset_build(before, &old) < 0 || ruleset_build(after, &new) < 0 ||
	    differences_find(old, new, &found) < 0)
		fail_oom();
	if (GIVEN(inv, JSON))
		json_differences(inv, &found, before, after);
	else
		print_differences(&found, before, after);
	r = found.n ? EXIT_FAILED : EXIT_DONE;
	differences_clear(&found);
	return r;
}
