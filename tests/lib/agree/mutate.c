/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rulesets that are a little wrong. The kernel is given the mutant; the evaluator is asked about
 * both. The chains whose outcome limits decide, and the one that only marks, are left as they are.
 */
#include "agree.h"

#include <stdio.h>

static char text[160];

const char *mutation_text(void)
{
	return text;
}

static bool is_match(const struct rs_stmt *s)
{
	return s->kind <= STMT_NOT_IN;
}

static void drop_stmt(struct rs_rule *r, size_t i)
{
	memmove(&r->stmts[i], &r->stmts[i + 1], (r->n_stmts - i - 1) * sizeof(r->stmts[0]));
	r->n_stmts--;
}

static bool widen(struct rs_rule *r, size_t i)
{
	if (r->n_stmts < 2 || (!is_match(&r->stmts[i]) && r->stmts[i].kind != STMT_MARK))
		return false;
	drop_stmt(r, i);
	return true;
}

static bool invert(struct rs_rule *r, size_t i)
{
	if (!is_match(&r->stmts[i]))
		return false;
	r->stmts[i].kind ^= 1; /* IS, IS_NOT; IN, NOT_IN */
	return true;
}

static bool change_value(struct rs_rule *r, size_t i)
{
	struct rs_stmt *s = &r->stmts[i];

	if (s->kind != STMT_IS && s->kind != STMT_IS_NOT && s->kind != STMT_MARK &&
	    s->kind != STMT_REDIRECT)
		return false;
	s->value ^= s->mask ? s->mask & (0 - s->mask) : 1;
	return true;
}

static bool change_mask(struct rs_rule *r, size_t i)
{
	struct rs_stmt *s = &r->stmts[i];

	if (!s->mask || s->kind == STMT_LIMIT)
		return false;
	s->mask <<= 1;
	return true;
}

static bool counts(const struct rs_rule *r)
{
	for (size_t i = 0; i < r->n_stmts; i++)
		if (r->stmts[i].kind == STMT_COUNT)
			return true;
	return false;
}

static bool change_verdict(struct rs_rule *r, size_t i)
{
	struct rs_stmt *s = &r->stmts[i];

	if (s->kind == STMT_ACCEPT || s->kind == STMT_DROP) {
		s->kind = s->kind == STMT_ACCEPT ? STMT_DROP : STMT_ACCEPT;
		return true;
	}
	/* What has been counted could be counted again, and an outcome says only the last. */
	if (s->kind != STMT_GOTO || counts(r) || r->chain >= CHAIN_ADMIT_LOCAL)
		return false;
	s->object = s->object == CHAIN_REFUSE ? CHAIN_ADMIT_LAN : CHAIN_REFUSE;
	return true;
}

static bool change_counter(struct rs_rule *r, size_t i)
{
	struct rs_stmt *s = &r->stmts[i];
	enum rs_counter first = COUNTER_IPV6, end = COUNTER_EGRESS_FORGED;

	if (s->kind != STMT_COUNT)
		return false;
	if (rs_counter_table(s->object) == TABLE_EGRESS) {
		first = COUNTER_EGRESS_FORGED;
		end = COUNTER_N;
	}
	s->object = (uint8_t)(s->object + 1u == (unsigned)end ? first : s->object + 1u);
	return true;
}

/* A rule that no packet is like. */
static bool kill_rule(struct rs_rule *r, size_t i)
{
	if (i)
		return false;
	r->stmts[0] = (struct rs_stmt){
		.kind = STMT_IS, .fields = {FIELD_NFPROTO}, .n_fields = 1, .value = 0};
	r->stmts[1] = (struct rs_stmt){.kind = STMT_DROP};
	r->n_stmts = 2;
	return true;
}

static const struct change {
	const char *name;
	bool (*apply)(struct rs_rule *r, size_t stmt);
} changes[] = {
	{"a statement is missing", widen},
	{"a match is inverted", invert},
	{"a value is another", change_value},
	{"a mask is another", change_mask},
	{"the verdict is another", change_verdict},
	{"it counts elsewhere", change_counter},
	{"it never matches", kill_rule},
};

static bool hands_off(const struct rs_rule *r)
{
	bool limited = r->chain == CHAIN_REFUSE || r->chain == CHAIN_ADMITTED;

	for (size_t i = 0; i < r->n_stmts; i++)
		limited = limited || r->stmts[i].kind == STMT_LIMIT;
	return limited;
}

static void describe(const struct scene *s, size_t rule, const char *what)
{
	size_t n = 1;

	for (size_t i = 0; i < rule; i++)
		n += s->ruleset->rules[i].chain == s->ruleset->rules[rule].chain;
	(void)snprintf(text, sizeof(text), "rule %zu of %s: %s", n,
		       rs_chain_name(s->ruleset->rules[rule].chain), what);
}

static bool swap_rules(struct scene *s, size_t i)
{
	struct rs_rule *r = s->loaded->rules;
	struct rs_rule first = r[i];

	if (i + 1 == s->loaded->n_rules || r[i].chain != r[i + 1].chain || hands_off(&r[i + 1]))
		return false;
	r[i] = r[i + 1];
	r[i + 1] = first;
	s->same[i] = i + 1;
	s->same[i + 1] = i;
	describe(s, i, "it comes after the next");
	return true;
}

static bool change_element(struct scene *s)
{
	enum rs_set set = dice(SET_N);
	struct rs_elements *v = &s->loaded->elements[set];
	size_t i, last = rs_set_info(set)->n_fields - 1u;

	if (!v->n)
		return false;
	i = dice((uint32_t)v->n);
	if (v->items[i].key[last] < v->items[i].end[last] && one_in(2)) {
		v->items[i].end[last]--;
		(void)snprintf(text, sizeof(text), "set %s: range %zu is one shorter",
			       rs_set_info(set)->name, i + 1);
		return true;
	}
	memmove(&v->items[i], &v->items[i + 1], (v->n - i - 1) * sizeof(v->items[0]));
	v->n--;
	(void)snprintf(text, sizeof(text), "set %s: element %zu is missing", rs_set_info(set)->name,
		       i + 1);
	return true;
}

bool mutate_random(struct scene *s, void *userdata)
{
	size_t i = dice((uint32_t)s->loaded->n_rules);
	struct rs_rule *r = &s->loaded->rules[i];
	const struct change *c = &PICK(changes);

	(void)userdata;
	if (one_in(6))
		return change_element(s);
	if (hands_off(r))
		return false;
	if (one_in(8))
		return swap_rules(s, i);
	if (!c->apply(r, dice(r->n_stmts)))
		return false;
	describe(s, i, c->name);
	return true;
}

/* Which statement of the first such rule of a chain, by its kind and what it looks at or names. */
struct listed {
	const char *text;
	enum rs_chain chain;
	enum rs_kind kind;
	unsigned what;
	bool (*apply)(struct rs_rule *r, size_t stmt);
};

static bool kill_any(struct rs_rule *r, size_t i)
{
	(void)i;
	return kill_rule(r, 0);
}

static bool change_end(struct rs_rule *r, size_t i)
{
	(void)i;
	return change_verdict(r, r->n_stmts - 1u);
}

static const struct listed listed[] = {
	{"owners of doors and Tor are nobody special", CHAIN_OUTPUT, STMT_GO, SET_OWNERS, kill_any},
	{"a packet without an owner and a flow leaves", CHAIN_OUTPUT, STMT_DROP, 0, change_verdict},
	{"a lease has marks of another kind", CHAIN_OUTPUT, STMT_IS, FIELD_CT_MARK, change_value},
	{"who has no lease goes through the door", CHAIN_DOOR, STMT_IN, SET_LEASES, invert},
	{"a redirect leads to the next port", CHAIN_NAT_OUTPUT, STMT_REDIRECT, 0, change_value},
	{"any IPv6 source is ::1", CHAIN_IPV6, STMT_IS, FIELD_IP6_SADDR, widen},
	{"multicast is like any LAN", CHAIN_NEW, STMT_IS_NOT, FIELD_FIB_DADDR_TYPE, kill_any},
	{"a service is everybody's", CHAIN_NEW_LOCAL, STMT_IN, SET_SERVICES, widen},
	{"DNS of the LAN is open", CHAIN_LAN, STMT_IN, SET_REFUSE_DATAGRAM, kill_any},
	{"a LAN flow has another mark", CHAIN_ADMIT_LAN, STMT_MARK, 0, change_value},
	{"what is no answer comes in", CHAIN_INPUT_OTHER, STMT_COUNT, COUNTER_INPUT, change_end},
	{"any port of loopback answers", CHAIN_REPLY_LOCAL, STMT_MARK, 0, kill_any},
	{"a refusal is counted as another", CHAIN_NEW, STMT_COUNT, COUNTER_INTERNET,
	 change_counter},
	{"a confined program reaches every port", CHAIN_INPUT_NAMESPACE, STMT_IN, SET_NAMESPACES,
	 widen},
	{"what comes from one is judged as any", CHAIN_INPUT, STMT_IN, SET_CONFINED_LINKS,
	 kill_any},
	{"what begins here goes to a confined program", CHAIN_TO_NAMESPACE, STMT_COUNT,
	 COUNTER_CONFINED, kill_any},
	{"a forged mark passes the second wall", CHAIN_EGRESS, STMT_IS, FIELD_RTCLASSID, widen},
};
const size_t n_listed = ARRAY_SIZE(listed);

static bool is_meant(const struct listed *l, const struct rs_stmt *s)
{
	if (s->kind != l->kind)
		return false;
	if (s->kind == STMT_IS || s->kind == STMT_IS_NOT)
		return s->fields[0] == l->what;
	return s->object == l->what;
}

bool mutate_listed(struct scene *s, void *userdata)
{
	const struct listed *l = &listed[*(size_t *)userdata];

	for (size_t i = 0; i < s->loaded->n_rules; i++) {
		struct rs_rule *r = &s->loaded->rules[i];

		for (size_t k = 0; r->chain == l->chain && k < r->n_stmts; k++) {
			if (!is_meant(l, &r->stmts[k]))
				continue;
			(void)snprintf(text, sizeof(text), "%s", l->text);
			return l->apply(r, k);
		}
	}
	(void)snprintf(text, sizeof(text), "%s: there is no such rule", l->text);
	return true;
}

/* One in which each of these rules is there, and has packets. */
const char *listed_policy(void)
{
	return "[users]\ntor = 901\ndesktop = 1000\nclearnet = 902 907\nautoconfig = 905\n"
	       "[service socks]\nlisten = 127.0.0.1:9050/tcp 127.0.0.1:9060-9069/tcp\n"
	       "users = 1000 0\nserver = 901\n"
	       "[service names]\nlisten = 127.0.0.1:7000-7040/udp 127.0.0.2:7777/udp\n"
	       "users = 1000 5001\n"
	       "[service printing]\nlisten = 192.168.77.10:631/tcp [::1]:631/tcp\n"
	       "users = 1000 5001\n"
	       "[namespace n]\ninterface = up1\npeer = 10.9.8.9\n"
	       "listen = 10.9.8.7:7000-7020/tcp 10.9.8.7:7000-7020/udp\nserver = 0 5001\n"
	       "[automap]\nusers = 1000\n[dns]\nusers = 1000 0\ntcp = yes\n"
	       "[lan]\nrefuse = 53 5353 7777/udp 443\n[egress]\nenable = yes\n";
}
