/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ruleset in nft(8) syntax. */
#include "ruleset.h"

#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>

#define ADMIT_EXAMPLE 0x73616c79u /* the real one is random for each load */

struct text {
	FILE *f;
	const struct policy *policy;
};

struct number_name {
	uint32_t number;
	const char *name;
};

static const struct number_name protocols[] = {
	{1, "icmp"},       {6, "tcp"},    {17, "udp"},      {33, "dccp"},
	{58, "ipv6-icmp"}, {132, "sctp"}, {136, "udplite"},
};
static const struct number_name nfprotos[] = {{2, "ipv4"}, {10, "ipv6"}};
static const struct number_name fib_types[] = {{1, "unicast"}, {2, "local"}};
static const struct number_name ct_states[] = {{2, "established"}, {4, "related"}, {8, "new"}};
static const struct number_name ct_statuses[] = {{0x20, "dnat"}};
static const struct number_name directions[] = {{0, "original"}, {1, "reply"}};
static const struct number_name tcp_flags[] = {{0x02, "syn"}, {0x17, "(fin | syn | rst | ack)"}};
static const struct number_name links[] = {{1, "\"lo\""}};
static const struct number_name ethers[] = {{0x0800, "ip"}, {0x0806, "arp"}, {0x86dd, "ip6"}};
static const struct number_name arp_operations[] = {{1, "request"}, {2, "reply"}};

static const struct names {
	enum rs_field field;
	const struct number_name *items;
	size_t n;
} names[] = {
	{FIELD_IIF, links, ARRAY_SIZE(links)},
	{FIELD_OIF, links, ARRAY_SIZE(links)},
	{FIELD_NFPROTO, nfprotos, ARRAY_SIZE(nfprotos)},
	{FIELD_L4PROTO, protocols, ARRAY_SIZE(protocols)},
	{FIELD_FIB_DADDR_TYPE, fib_types, ARRAY_SIZE(fib_types)},
	{FIELD_CT_STATE, ct_states, ARRAY_SIZE(ct_states)},
	{FIELD_CT_STATUS, ct_statuses, ARRAY_SIZE(ct_statuses)},
	{FIELD_CT_DIRECTION, directions, ARRAY_SIZE(directions)},
	{FIELD_TCP_FLAGS, tcp_flags, ARRAY_SIZE(tcp_flags)},
	{FIELD_PROTOCOL, ethers, ARRAY_SIZE(ethers)},
	{FIELD_ETHER_TYPE, ethers, ARRAY_SIZE(ethers)},
	{FIELD_ARP_PTYPE, ethers, ARRAY_SIZE(ethers)},
	{FIELD_ARP_OPERATION, arp_operations, ARRAY_SIZE(arp_operations)},
};

static bool print_name(FILE *f, enum rs_field field, uint32_t v)
{
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (names[i].field != field)
			continue;
		for (size_t j = 0; j < names[i].n; j++)
			if (names[i].items[j].number == v) {
				(void)fputs(names[i].items[j].name, f);
				return true;
			}
	}
	return false;
}

static void print_addr(FILE *f, uint32_t a)
{
	(void)fprintf(f, "%u.%u.%u.%u", a >> 24, a >> 16 & 0xff, a >> 8 & 0xff, a & 0xff);
}

static void print_value(FILE *f, enum rs_field field, uint32_t v)
{
	switch (field) {
	case FIELD_IP_SADDR:
	case FIELD_IP_DADDR:
	case FIELD_CT_ORIGINAL_DADDR:
		print_addr(f, v);
		return;
	case FIELD_IP6_SADDR:
	case FIELD_IP6_DADDR:
		(void)fprintf(f, "::%x", v);
		return;
	case FIELD_CT_MARK:
	case FIELD_META_MARK:
		(void)fprintf(f, "0x%08x", v);
		return;
	case FIELD_NONE:
	case FIELD_IIF:
	case FIELD_OIF:
	case FIELD_IIFNAME:
	case FIELD_IIFNAME_2:
	case FIELD_IIFNAME_3:
	case FIELD_IIFNAME_4:
	case FIELD_OIFNAME:
	case FIELD_OIFNAME_2:
	case FIELD_OIFNAME_3:
	case FIELD_OIFNAME_4:
	case FIELD_IP_START:
	case FIELD_NFPROTO:
	case FIELD_L4PROTO:
	case FIELD_SKUID:
	case FIELD_FIB_DADDR_TYPE:
	case FIELD_CT_STATE:
	case FIELD_CT_DIRECTION:
	case FIELD_CT_STATUS:
	case FIELD_CT_ORIGINAL_DPORT:
	case FIELD_TH_SPORT:
	case FIELD_TH_DPORT:
	case FIELD_TCP_FLAGS:
	case FIELD_PROTOCOL:
	case FIELD_ETHER_TYPE:
	case FIELD_RTCLASSID:
	case FIELD_ARP_HTYPE:
	case FIELD_ARP_PTYPE:
	case FIELD_ARP_HLEN:
	case FIELD_ARP_PLEN:
	case FIELD_ARP_OPERATION:
	case FIELD_N:
		break;
	}
	if (!print_name(f, field, v))
		(void)fprintf(f, "%u", v);
}

static void print_origin(const struct text *t, struct origin o)
{
	char buf[512];

	if (!t->policy || !o.line)
		return;
	policy_format_origin(t->policy, o, buf, sizeof(buf));
	(void)fprintf(t->f, " # %s", buf);
}

static void print_key(FILE *f, const uint8_t *fields, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (rs_fields[fields[i]].text)
			(void)fprintf(f, "%s%s", i ? " . " : "", rs_fields[fields[i]].text);
}

static uint32_t prefix_length(uint32_t mask)
{
	uint32_t n = 0;

	for (; mask; mask <<= 1)
		n++;
	return n;
}

static void print_match(FILE *f, const struct rs_stmt *s)
{
	enum rs_field field = s->fields[0];
	bool not = s->kind == STMT_IS_NOT;

	(void)fprintf(f, "%s ", rs_fields[field].text);
	if (field == FIELD_IP_DADDR || field == FIELD_CT_ORIGINAL_DADDR) {
		(void)fputs(not ? "!= " : "", f);
		print_value(f, field, s->value);
		if (s->mask)
			(void)fprintf(f, "/%u", prefix_length(s->mask));
		return;
	}
	if (s->mask) {
		(void)fputs("& ", f);
		print_value(f, field, s->mask);
		(void)fputs(not ? " != " : " == ", f);
	} else if (not ) {
		(void)fputs("!= ", f);
	}
	print_value(f, field, s->value);
}

static void print_stmt(FILE *f, const struct rs_stmt *s)
{
	switch ((enum rs_kind)s->kind) {
	case STMT_IS:
	case STMT_IS_NOT:
		print_match(f, s);
		return;
	case STMT_IN:
	case STMT_NOT_IN:
		print_key(f, s->fields, s->n_fields);
		(void)fprintf(f, " %s@%s",
			      s->kind == STMT_IN ? "" : "!= ", rs_set_info(s->object)->name);
		return;
	case STMT_GO:
		print_key(f, s->fields, s->n_fields);
		(void)fprintf(f, " vmap @%s", rs_set_info(s->object)->name);
		return;
	case STMT_COUNT:
		(void)fprintf(f, "counter name \"%s\"", rs_counter_name(s->object));
		return;
	case STMT_LIMIT:
		(void)fprintf(f, "limit rate %u/second burst %u packets", s->value, s->mask);
		return;
	case STMT_LOG:
		(void)fprintf(f, "log prefix \"sallyport\" group %u snaplen 64", RULESET_LOG_GROUP);
		return;
	case STMT_REMEMBER:
		(void)fprintf(f, "add @%s { ", rs_set_info(s->object)->name);
		print_key(f, s->fields, s->n_fields);
		(void)fputs(" timeout 1m }", f);
		return;
	case STMT_ONCE:
		(void)fprintf(f, "update @%s { ", rs_set_info(s->object)->name);
		print_key(f, s->fields, s->n_fields);
		(void)fputs(" timeout 1m limit rate 1/week burst 1 packets }", f);
		return;
	case STMT_MARK:
		(void)fprintf(f, "ct mark set 0x%08x", s->value);
		return;
	case STMT_MARK_OF:
		(void)fputs("ct mark set ", f);
		print_key(f, s->fields, s->n_fields);
		(void)fprintf(f, " map @%s", rs_set_info(s->object)->name);
		return;
	case STMT_CARRY:
		(void)fputs("meta mark set ct mark", f);
		return;
	case STMT_ADMIT:
		(void)fprintf(f, "meta mark set 0x%08x", ADMIT_EXAMPLE);
		return;
	case STMT_REASON:
		(void)fprintf(f, "meta mark set 0x%08x", s->object);
		return;
	case STMT_REDIRECT:
		(void)fprintf(f, "redirect to :%u", s->value);
		return;
	case STMT_MASQUERADE:
		(void)fputs("masquerade", f);
		return;
	case STMT_TTL:
		(void)fprintf(f, "ip ttl set %u", s->value);
		return;
	case STMT_RESET:
		(void)fputs("reject with tcp reset", f);
		return;
	case STMT_PROHIBIT:
		(void)fputs("reject with icmpx type admin-prohibited", f);
		return;
	case STMT_QUEUE:
		(void)fprintf(f, "queue num %u", RULESET_QUEUE);
		return;
	case STMT_ACCEPT:
		(void)fputs("accept", f);
		return;
	case STMT_DROP:
		(void)fputs("drop", f);
		return;
	case STMT_GOTO:
		(void)fprintf(f, "goto %s", rs_chain_name(s->object));
		return;
	case STMT_N:
		return;
	}
}

static void print_stmts(FILE *f, const struct rs_rule *rule)
{
	for (size_t i = 0; i < rule->n_stmts; i++) {
		(void)fputs(i ? " " : "", f);
		print_stmt(f, &rule->stmts[i]);
	}
}

static void print_range(FILE *f, enum rs_field field, uint32_t first, uint32_t last)
{
	print_value(f, field, first);
	if (first == last)
		return;
	(void)fputc('-', f);
	print_value(f, field, last);
}

static void print_link(FILE *f, const uint32_t *words)
{
	char name[RS_LINK_CHARS + 1];

	rs_link_name(words, name);
	(void)fprintf(f, "\"%s\"", name);
}

/* The parts of a key with what stands between them. */
static void print_parts(FILE *f, const struct rs_set_info *info, const struct rs_element *e,
			const char *between)
{
	for (size_t i = 0; i < info->n_fields; i++) {
		enum rs_field field = info->fields[i];

		if (!rs_fields[field].text)
			continue;
		(void)fputs(i ? between : "", f);
		if (field == FIELD_IIFNAME || field == FIELD_OIFNAME)
			print_link(f, &e->key[i]);
		else
			print_range(f, field, e->key[i], e->end[i]);
	}
}

static void print_element(const struct text *t, const struct rs_set_info *info,
			  const struct rs_element *e)
{
	(void)fputs("\t\t\t", t->f);
	print_parts(t->f, info, e, " . ");
	if (info->data == DATA_CHAIN)
		(void)fprintf(t->f, " : goto %s", rs_chain_name(e->data));
	(void)fputc(',', t->f);
	print_origin(t, e->origin);
	(void)fputc('\n', t->f);
}

static void print_set(const struct text *t, const struct ruleset *r, enum rs_set set)
{
	static const char *const datas[] = {"", " : mark", " : verdict"};
	const struct rs_set_info *info = rs_set_info(set);
	FILE *f = t->f;

	(void)fprintf(f, "\t%s %s {\n\t\ttype ", info->data ? "map" : "set", info->name);
	for (size_t i = 0; i < info->n_fields; i++)
		if (rs_fields[info->fields[i]].type)
			(void)fprintf(f, "%s%s", i ? " . " : "", rs_fields[info->fields[i]].type);
	(void)fprintf(f, "%s\n", datas[info->data]);
	if (info->flags & RS_INTERVAL)
		(void)fputs("\t\tflags interval\n", f);
	if (info->flags & RS_DYNAMIC)
		(void)fputs("\t\tsize 4096\n\t\tflags dynamic,timeout\n\t\ttimeout 1m\n", f);
	else if (info->flags & RS_TIMEOUT)
		(void)fputs("\t\tflags timeout\n", f);
	if (r->elements[set].n) {
		(void)fputs("\t\telements = {\n", f);
		for (size_t i = 0; i < r->elements[set].n; i++)
			print_element(t, info, &r->elements[set].items[i]);
		(void)fputs("\t\t}\n", f);
	}
	(void)fputs("\t}\n\n", f);
}

/* Not every kernel has it as nft(8) writes it, and then nft(8) would refuse the whole table. */
static bool is_optional(const struct rs_rule *rule)
{
	return rule->n_stmts && rule->stmts[rule->n_stmts - 1].kind == STMT_QUEUE;
}

static void print_chain(const struct text *t, const struct ruleset *r, enum rs_chain chain)
{
	static const char *const hooks[] = {"prerouting", "input", "forward", "output",
					    "postrouting"};
	const struct rs_base *base = rs_chain_base(chain);
	FILE *f = t->f;

	(void)fprintf(f, "\tchain %s {\n", rs_chain_name(chain));
	if (base)
		(void)fprintf(f, "\t\ttype %s hook %s priority %d; policy %s;\n", base->type,
			      hooks[base->hook], base->priority, base->drops ? "drop" : "accept");
	for (size_t i = 0; i < r->n_rules; i++) {
		const struct rs_rule *rule = &r->rules[i];

		if (rule->chain != chain)
			continue;
		if (is_optional(rule))
			(void)fputs("\t\t# where the kernel has nft_queue; the engine has another "
				    "way besides:\n",
				    f);
		(void)fputs(is_optional(rule) ? "\t\t# " : "\t\t", f);
		print_stmts(f, rule);
		print_origin(t, rule->origin);
		(void)fputc('\n', f);
	}
	(void)fputs("\t}\n\n", f);
}

static bool has_rules(const struct ruleset *r, enum rs_table table)
{
	for (size_t i = 0; i < r->n_rules; i++)
		if (rs_chain_table(r->rules[i].chain) == table)
			return true;
	return false;
}

static void print_table(const struct text *t, const struct ruleset *r, enum rs_table table)
{
	(void)fprintf(t->f, "table %s {\n", rs_table_name(table));
	for (size_t i = 0; i < COUNTER_N; i++)
		if (rs_counter_table(i) == table)
			(void)fprintf(t->f, "\tcounter %s { } # %s\n", rs_counter_name(i),
				      rs_counter_what(i));
	(void)fputc('\n', t->f);
	for (size_t i = 0; i < SET_N; i++)
		if (rs_set_table(i) == table)
			print_set(t, r, i);
	for (size_t i = 0; i < CHAIN_N; i++)
		if (rs_chain_table(i) == table)
			print_chain(t, r, i);
	if (table == TABLE_EGRESS)
		(void)fputs(
			"\t# for each link that has frames (others: goto egress_bare):\n"
			"\t# chain link_eth0 {\n"
			"\t#\ttype filter hook egress device \"eth0\" priority 0; policy drop;\n"
			"\t#\tgoto egress\n"
			"\t# }\n",
			t->f);
	(void)fputs("}\n", t->f);
}

char *ruleset_to_text(const struct ruleset *r, const struct policy *p)
{
	struct text t = {.policy = p};
	char *buf = NULL;
	size_t size = 0;

	t.f = open_memstream(&buf, &size);
	if (!t.f)
		return NULL;
	for (enum rs_table table = 0; table < TABLE_N; table++)
		if (has_rules(r, table))
			print_table(&t, r, table);
	if (fclose(t.f) != 0) {
		free(buf);
		return NULL;
	}
	return buf;
}

/* A stream into buf, whose last byte stays 0. */
static FILE *open_buffer(char *buf, size_t size)
{
	memset(buf, 0, size);
	return size > 1 ? fmemopen(buf, size - 1, "w") : NULL;
}

void rs_rule_to_text(const struct rs_rule *rule, char *buf, size_t size)
{
	FILE *f = open_buffer(buf, size);

	if (!f)
		return;
	print_stmts(f, rule);
	(void)fclose(f);
}

void rs_element_to_text(enum rs_set set, const struct rs_element *e, char *buf, size_t size)
{
	const struct rs_set_info *info = rs_set_info(set);
	FILE *f = open_buffer(buf, size);

	if (!f)
		return;
	if (info->fields[0] == FIELD_SKUID)
		(void)fputs("uid ", f);
	print_parts(f, info, e, ", ");
	if (info->data == DATA_CHAIN)
		(void)fprintf(f, ": goto %s", rs_chain_name(e->data));
	else if (info->data == DATA_MARK)
		(void)fprintf(f, ": 0x%08x", e->data);
	(void)fclose(f);
}
