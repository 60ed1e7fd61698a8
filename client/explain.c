/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Why a program may, or may not, begin a flow; of a policy's files, or of what is in force. */
#include "explain.h"

#include "answer.h"
#include "files.h"
#include "link.h"
#include "route.h"
#include "verbs.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netlink.h>
#include <unistd.h>

/* By name or number; without --user the caller. */
static int take_user(const struct invocation *inv, struct question *q)
{
	static char name[POLICY_NAME_MAX + 1];

	if (!inv->user)
		q->uid = getuid();
	else if (parse_u32(inv->user, UINT32_MAX - 1, &q->uid) < 0 &&
		 resolve_user(NULL, inv->user, &q->uid) < 0)
		return fail(inv, EXIT_NO_SUCH, NULL, NULL, "there is no user \"%s\"", inv->user);
	format_user(q->uid, name, sizeof(name));
	q->user = name;
	return EXIT_DONE;
}

/* ADDRESS, ADDRESS:PORT or [ADDRESS]:PORT. */
static int take_destination(const struct invocation *inv, const char *text, struct question *q)
{
	_cleanup_(freep) char *copy = strdup(text);
	const char *address = copy, *port = NULL;
	struct in6_addr a6;
	struct in_addr a;
	uint32_t number;
	char *end;

	if (!copy)
		fail_oom();
	if (*copy == '[' && (end = strchr(copy, ']'))) {
		address = copy + 1;
		*end = '\0';
		port = end[1] == ':' ? end + 2 : end[1] ? "" : NULL;
	} else if ((end = strchr(copy, ':')) && !strchr(end + 1, ':')) {
		*end = '\0';
		port = end + 1;
	}
	if (inet_pton(AF_INET, address, &a) == 1) {
		q->addr = ntohl(a.s_addr);
	} else if (inet_pton(AF_INET6, address, &a6) == 1) {
		q->ipv6 = true;
		q->loopback6 = IN6_IS_ADDR_LOOPBACK(&a6);
	} else {
		return fail(inv, EXIT_USAGE, NULL, NULL,
			    "\"%s\" is no address; write 192.0.2.1:443, or [::1]:443", text);
	}
	(void)snprintf(q->text, sizeof(q->text), "%s", address);
	if (port && !protocol_has_ports(q->protocol))
		return fail(inv, EXIT_USAGE, NULL, NULL, "\"%s\": this protocol has no ports",
			    text);
	if (!port && protocol_has_ports(q->protocol))
		return fail(inv, EXIT_USAGE, NULL, NULL, "\"%s\": which port? Write %s:443", text,
			    text);
	if (port && (parse_u32(port, UINT16_MAX, &number) < 0 || !number))
		return fail(inv, EXIT_USAGE, NULL, NULL, "\"%s\" is no port; write 1 to 65535",
			    port);
	q->port = port ? (uint16_t)number : 0;
	return EXIT_DONE;
}

static int take_question(const struct invocation *inv, struct question *q)
{
	int r = take_user(inv, q);

	if (r != EXIT_DONE)
		return r;
	if (!protocol_from_string(inv->args[0], &q->protocol))
		return fail(inv, EXIT_USAGE, NULL, NULL,
			    "\"%s\" is no protocol; write tcp, udp, icmp or a number to 255",
			    inv->args[0]);
	return take_destination(inv, inv->args[1], q);
}

/* Is it an address of this machine, or a broadcast one, and which link leads there? */
static void look_up_route(struct question *q)
{
	struct route_way way;
	struct nl nl;

	if (q->ipv6 || nl_open(&nl, NETLINK_ROUTE) < 0)
		return;
	if (route_lookup(&nl, q->addr, &way) == 0)
		q->addr_type = way.type;
	(void)link_towards(&nl, q->addr, q->link);
	nl_close(&nl);
}

static json_object *as_json(const struct question *q, const struct answer *a)
{
	json_object *o = json_object_new_object();

	json_add_string(o, "user", q->user);
	json_add_number(o, "uid", q->uid);
	json_add_number(o, "protocol", q->protocol);
	json_add_string(o, "address", q->text);
	if (protocol_has_ports(q->protocol))
		json_add_number(o, "port", q->port);
	json_add_string(o, "verdict", a->verdict);
	json_add_bool(o, "passes", a->passes);
	json_add_string(o, "why", a->why);
	json_add_string(o, "origin", a->origin);
	json_add_string(o, "rule", a->rule);
	json_add_string(o, "remedy", *a->remedy ? a->remedy : NULL);
	json_add_string(o, "who", *a->who ? a->who : NULL);
	json_add_bool(o, "can_have_door", a->door);
	json_add_bool(o, "passes_with_door", a->with_door);
	json_add_bool(o, "live", a->live);
	if (a->live)
		json_add_bool(o, "door_open", a->open);
	return o;
}

static void print_answer(const struct question *q, const struct answer *a)
{
	const char *protocol = protocol_name(q->protocol);
	char number[24];

	(void)snprintf(number, sizeof(number), "IP protocol %u", q->protocol);
	(void)printf("%s%s%s: %s (uid %u), %s to %s", colour(a->passes ? GREEN : RED), a->verdict,
		     colour(PLAIN), q->user, q->uid, protocol ? protocol : number, q->text);
	if (protocol_has_ports(q->protocol))
		(void)printf(q->ipv6 ? ", port %u" : ":%u", q->port);
	(void)printf("\n  why:    %s\n  from:   %s, %s\n", a->why, a->origin, a->rule);
	if (*a->remedy)
		(void)printf("  allow:  %s\n", a->remedy);
	if (*a->who)
		(void)printf("  who:    %s\n", a->who);
	if (a->live && a->door)
		(void)printf("  door:   %s for %s now\n", a->open ? "open" : "closed", q->user);
	if (a->door && !a->open)
		(void)printf("  with a door: %s\n", a->with_door ? "accepted" : "refused, too");
}

/* Of the files, whatever is in force. */
static int answer_from_files(const struct invocation *inv, const struct question *q,
			     struct answer *ret)
{
	_cleanup_(policy_freep) struct policy *p = NULL;
	_cleanup_(ruleset_freep) struct ruleset *rules = NULL;
	struct explanation e;
	struct kept_sets kept;
	int r;

	r = files_policy(inv, inv->args + 2, inv->n_args - 2, &p);
	if (r != EXIT_DONE)
		return r;
	kept_sets_init(&kept, NULL);
	if (ruleset_build(p, &rules) < 0 || explain(p, rules, kept.sets, q, &e) < 0)
		fail_oom();
	*ret = (struct answer){.passes = e.passes, .door = e.door, .with_door = e.with_door};
	(void)snprintf(ret->verdict, sizeof(ret->verdict), "%s",
		       verdict_to_string(e.outcome.verdict));
	policy_format_origin(p, e.outcome.origin, ret->origin, sizeof(ret->origin));
	(void)snprintf(ret->rule, sizeof(ret->rule), "%s", e.rule);
	(void)snprintf(ret->why, sizeof(ret->why), "%s", e.why);
	(void)snprintf(ret->remedy, sizeof(ret->remedy), "%s", e.remedy);
	(void)snprintf(ret->who, sizeof(ret->who), "%s", e.who);
	return EXIT_DONE;
}

/* Of what is in force. */
static int ask_service(const struct invocation *inv, const struct question *q, struct answer *ret)
{
	const uint32_t addr = htonl(q->addr);
	struct live_question live = {
		.uid = q->uid,
		.protocol = q->protocol,
		.family = q->ipv6 ? AF_INET6 : AF_INET,
		.size = q->ipv6 ? sizeof(live.address) : sizeof(addr),
		.port = q->port,
	};

	if (inv->n_args > 2)
		return fail(inv, EXIT_USAGE, NULL, NULL,
			    "--live is about what is in force: no files belong to it");
	memcpy(live.address, &addr, sizeof(addr));
	if (q->ipv6)
		(void)inet_pton(AF_INET6, q->text, live.address);
	return answer_from_service(inv, &live, ret);
}

int verb_explain(const struct invocation *inv)
{
	struct question q = {0};
	struct answer a;
	int r;

	r = take_question(inv, &q);
	if (r != EXIT_DONE)
		return r;
	look_up_route(&q);
	r = GIVEN(inv, LIVE) ? ask_service(inv, &q, &a) : answer_from_files(inv, &q, &a);
	if (r != EXIT_DONE)
		return r;
	if (GIVEN(inv, JSON))
		json_print(inv, as_json(&q, &a));
	else
		print_answer(&q, &a);
	return EXIT_DONE;
}
