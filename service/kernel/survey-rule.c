/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "survey-rule.h"

#include "ruleset.h"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <linux/netfilter/xt_connmark.h>
#include <linux/netfilter/xt_CT.h>

#define ATTRIBUTES 16
#define SLOTS 16 /* registers of four bytes */

/*
 * What is known of a register: nothing, or (kind & mask) ^ xor. A rule that only keeps bits of its
 * own in the conntrack mark must not be taken for one that forges ours.
 */
struct value {
	enum { ANYTHING, CONSTANT, CT_MARK, PACKET_MARK } kind;
	uint32_t mask, xor;
};

struct machine {
	struct value slots[SLOTS];
	bool mark_known; /* the rule goes on only for packets with this mark */
	uint32_t mark;
	uint8_t family;
	struct survey_rule *rule;
};

void survey_attributes(const struct nlattr *nest, const struct nlattr **tb, size_t n)
{
	const struct nlattr *a;

	for (size_t i = 0; i < n; i++)
		tb[i] = NULL;
	if (!nest)
		return;
	mnl_attr_for_each_nested(a, nest)
	{
		if (mnl_attr_get_type(a) < n)
			tb[mnl_attr_get_type(a)] = a;
	}
}

const char *survey_string(const struct nlattr *a)
{
	return a && mnl_attr_validate(a, MNL_TYPE_NUL_STRING) >= 0 ? mnl_attr_get_str(a) : NULL;
}

uint32_t survey_u32(const struct nlattr *a)
{
	return a && mnl_attr_get_payload_len(a) >= sizeof(uint32_t) ? ntohl(mnl_attr_get_u32(a))
								    : 0;
}

/* Registers are numbered twice: four of 16 bytes, sixteen of 4. The verdict's is none of them. */
static struct value *slot(struct machine *m, const struct nlattr *reg)
{
	uint32_t number = survey_u32(reg);

	if (number >= NFT_REG_1 && number <= NFT_REG_4)
		return &m->slots[(size_t)(number - NFT_REG_1) * 4];
	if (number >= NFT_REG32_00 && number - NFT_REG32_00 < SLOTS)
		return &m->slots[number - NFT_REG32_00];
	return NULL;
}

static void forget(struct machine *m)
{
	for (size_t i = 0; i < SLOTS; i++)
		m->slots[i] = (struct value){ANYTHING, UINT32_MAX, 0};
}

/* Four bytes of data, in the machine's order as marks are. */
static bool data_u32(const struct nlattr *nest, uint32_t *ret)
{
	const struct nlattr *tb[NFTA_DATA_MAX + 1];

	survey_attributes(nest, tb, ARRAY_SIZE(tb));
	if (!tb[NFTA_DATA_VALUE] ||
	    mnl_attr_get_payload_len(tb[NFTA_DATA_VALUE]) != sizeof(uint32_t))
		return false;
	*ret = mnl_attr_get_u32(tb[NFTA_DATA_VALUE]);
	return true;
}

static void see_verdict(struct machine *m, const struct nlattr *nest)
{
	const struct nlattr *data[NFTA_DATA_MAX + 1], *tb[NFTA_VERDICT_MAX + 1];
	const char *chain;

	survey_attributes(nest, data, ARRAY_SIZE(data));
	survey_attributes(data[NFTA_DATA_VERDICT], tb, ARRAY_SIZE(tb));
	if ((survey_u32(tb[NFTA_VERDICT_CODE]) & NF_VERDICT_MASK) == NF_QUEUE)
		m->rule->effects |= EFFECT_BIT(QUEUE);
	chain = survey_string(tb[NFTA_VERDICT_CHAIN]);
	if (m->rule->target && chain)
		m->rule->anywhere = true;
	else if (chain)
		m->rule->target = chain;
}

static void see_immediate(struct machine *m, const struct nlattr *const *tb)
{
	struct value *to = slot(m, tb[NFTA_IMMEDIATE_DREG]);
	uint32_t constant;

	if (!to)
		see_verdict(m, tb[NFTA_IMMEDIATE_DATA]);
	else if (data_u32(tb[NFTA_IMMEDIATE_DATA], &constant))
		*to = (struct value){CONSTANT, 0, constant};
	else
		*to = (struct value){ANYTHING, UINT32_MAX, 0};
}

static void see_bitwise(struct machine *m, const struct nlattr *const *tb)
{
	const struct value *from = slot(m, tb[NFTA_BITWISE_SREG]);
	struct value *to = slot(m, tb[NFTA_BITWISE_DREG]), v = {ANYTHING, UINT32_MAX, 0};
	uint32_t mask, xor;

	if (!to)
		return;
	if (from && survey_u32(tb[NFTA_BITWISE_OP]) == NFT_BITWISE_BOOL &&
	    data_u32(tb[NFTA_BITWISE_MASK], &mask) && data_u32(tb[NFTA_BITWISE_XOR], &xor))
		v = (struct value){from->kind, from->mask & mask, (from->xor &mask) ^ xor};
	*to = v;
}

/* The bits of ours that a new mark can have, or lose. */
static void set_mark(struct machine *m, struct value v)
{
	uint32_t kept = v.mask & MARK_KIND, new = v.xor &MARK_KIND;

	if (v.kind == CT_MARK && kept == MARK_KIND && !new)
		return;
	if (!new && (v.kind == CONSTANT || !kept))
		m->rule->effects |= EFFECT_BIT(UNMARK);
	else
		m->rule->effects |= EFFECT_BIT(MARK);
}

static void see_ct(struct machine *m, const struct nlattr *const *tb)
{
	const struct value *from = slot(m, tb[NFTA_CT_SREG]);
	struct value *to = slot(m, tb[NFTA_CT_DREG]);
	bool mark = survey_u32(tb[NFTA_CT_KEY]) == NFT_CT_MARK;

	if (to)
		*to = (struct value){mark ? CT_MARK : ANYTHING, UINT32_MAX, 0};
	if (tb[NFTA_CT_SREG] && mark)
		set_mark(m, from ? *from : (struct value){ANYTHING, UINT32_MAX, 0});
}

static void see_meta(struct machine *m, const struct nlattr *const *tb)
{
	struct value *to = slot(m, tb[NFTA_META_DREG]);
	bool mark = survey_u32(tb[NFTA_META_KEY]) == NFT_META_MARK;

	if (to && mark && m->mark_known)
		*to = (struct value){CONSTANT, 0, m->mark};
	else if (to)
		*to = (struct value){mark ? PACKET_MARK : ANYTHING, UINT32_MAX, 0};
	if (!tb[NFTA_META_SREG])
		return;
	m->rule->effects |= EFFECT_BIT(PACKET);
	m->mark_known = false;
}

static void see_cmp(struct machine *m, const struct nlattr *const *tb)
{
	const struct value *v = slot(m, tb[NFTA_CMP_SREG]);

	if (v && v->kind == PACKET_MARK && v->mask == UINT32_MAX &&
	    !v->xor &&survey_u32(tb[NFTA_CMP_OP]) == NFT_CMP_EQ &&
	    data_u32(tb[NFTA_CMP_DATA], &m->mark))
		m->mark_known = true;
}

/* What is written of a header, and where that would be an address or a port. */
static const struct field {
	uint8_t base, family; /* family 0: every */
	uint8_t first, end;
	uint32_t effects;
} header_fields[] = {
	{NFT_PAYLOAD_NETWORK_HEADER, NFPROTO_IPV4, 16, 20, EFFECT_BIT(DESTINATION)},
	{NFT_PAYLOAD_NETWORK_HEADER, NFPROTO_IPV6, 24, 40, EFFECT_BIT(DESTINATION)},
	{NFT_PAYLOAD_NETWORK_HEADER, NFPROTO_IPV4, 12, 16, EFFECT_BIT(SOURCE)},
	{NFT_PAYLOAD_NETWORK_HEADER, NFPROTO_IPV6, 8, 24, EFFECT_BIT(SOURCE)},
	{NFT_PAYLOAD_TRANSPORT_HEADER, 0, 2, 4, EFFECT_BIT(DESTINATION)},
};

/* A table of both IPv4 and IPv6 may mean either. */
static bool may_be(uint8_t family, uint8_t header)
{
	bool one = family == NFPROTO_IPV4 || family == NFPROTO_IPV6;

	return !header || !one || family == header;
}

static void see_payload(struct machine *m, const struct nlattr *const *tb)
{
	uint32_t base = survey_u32(tb[NFTA_PAYLOAD_BASE]);
	uint64_t first = survey_u32(tb[NFTA_PAYLOAD_OFFSET]);
	uint64_t end = first + survey_u32(tb[NFTA_PAYLOAD_LEN]);

	if (!tb[NFTA_PAYLOAD_SREG])
		return;
	m->rule->effects |= EFFECT_BIT(PACKET);
	for (size_t i = 0; i < ARRAY_SIZE(header_fields); i++) {
		const struct field *f = &header_fields[i];

		if (base == f->base && may_be(m->family, f->family) && first < f->end &&
		    end > f->first)
			m->rule->effects |= f->effects;
	}
}

static void see_exthdr(struct machine *m, const struct nlattr *const *tb)
{
	if (tb[NFTA_EXTHDR_SREG])
		m->rule->effects |= EFFECT_BIT(PACKET);
}

static void see_nat(struct machine *m, const struct nlattr *const *tb)
{
	bool source = survey_u32(tb[NFTA_NAT_TYPE]) == NFT_NAT_SNAT;

	m->rule->effects |= source ? EFFECT_BIT(SOURCE) : EFFECT_BIT(DESTINATION);
}

static void see_lookup(struct machine *m, const struct nlattr *const *tb)
{
	if (tb[NFTA_LOOKUP_DREG] && survey_u32(tb[NFTA_LOOKUP_DREG]) == NFT_REG_VERDICT)
		m->rule->anywhere = true;
}

/* One revision more has a shift before its mode, and moves the whole mark by it. */
static void see_connmark(struct machine *m, const void *info, size_t size, uint32_t revision)
{
	struct xt_connmark_tginfo1 one = {0};
	struct xt_connmark_tginfo2 two = {0};
	uint32_t mode;

	memcpy(&one, info, size < sizeof(one) ? size : sizeof(one));
	memcpy(&two, info, size < sizeof(two) ? size : sizeof(two));
	mode = revision < 2 ? one.mode : two.mode;
	if (mode == XT_CONNMARK_RESTORE)
		m->rule->effects |= EFFECT_BIT(PACKET);
	else if (revision >= 2 && two.shift_bits)
		m->rule->effects |= EFFECT_BIT(MARK);
	else if (mode == XT_CONNMARK_SET)
		set_mark(m, (struct value){CT_MARK, ~one.ctmask, one.ctmark});
	else
		set_mark(m, (struct value){CT_MARK, ~one.ctmask, one.nfmask});
}

static void see_ct_target(struct machine *m, const void *info, size_t size, uint32_t revision)
{
	const size_t known = offsetof(struct xt_ct_target_info, ct);
	struct xt_ct_target_info t = {0};

	(void)revision; /* the same in all */
	memcpy(&t, info, size < known ? size : known);
	if (t.flags & XT_CT_NOTRACK)
		m->rule->effects |= EFFECT_BIT(UNTRACKED);
	if (t.helper[0])
		m->rule->effects |= EFFECT_BIT(HELPER);
}

/* What iptables-nft writes in the words of x_tables. */
static const struct {
	const char *name;
	uint32_t effects;
	void (*look)(struct machine *m, const void *info, size_t size, uint32_t revision);
} targets[] = {
	{"AUDIT", 0, NULL},
	{"CHECKSUM", EFFECT_BIT(PACKET), NULL},
	{"CLASSIFY", EFFECT_BIT(PACKET), NULL},
	{"CONNMARK", 0, see_connmark},
	{"CONNSECMARK", 0, NULL},
	{"CT", 0, see_ct_target},
	{"DNAT", EFFECT_BIT(DESTINATION), NULL},
	{"DNPT", EFFECT_BIT(DESTINATION), NULL},
	{"DSCP", EFFECT_BIT(PACKET), NULL},
	{"ECN", EFFECT_BIT(PACKET), NULL},
	{"HL", EFFECT_BIT(PACKET), NULL},
	{"LOG", 0, NULL},
	{"MARK", EFFECT_BIT(PACKET), NULL},
	{"MASQUERADE", EFFECT_BIT(SOURCE), NULL},
	{"NETMAP", EFFECT_BIT(DESTINATION), NULL},
	{"NFLOG", 0, NULL},
	{"NFQUEUE", EFFECT_BIT(QUEUE), NULL},
	{"NOTRACK", EFFECT_BIT(UNTRACKED), NULL},
	{"REDIRECT", EFFECT_BIT(DESTINATION), NULL},
	{"REJECT", 0, NULL},
	{"SET", 0, NULL},
	{"SNAT", EFFECT_BIT(SOURCE), NULL},
	{"SNPT", EFFECT_BIT(SOURCE), NULL},
	{"TCPMSS", EFFECT_BIT(PACKET), NULL},
	{"TCPOPTSTRIP", EFFECT_BIT(PACKET), NULL},
	{"TEE", EFFECT_BIT(ELSEWHERE), NULL},
	{"TOS", EFFECT_BIT(PACKET), NULL},
	{"TPROXY", EFFECT_BIT(DESTINATION), NULL},
	{"TRACE", 0, NULL},
	{"TTL", EFFECT_BIT(PACKET), NULL},
};

static void see_target(struct machine *m, const struct nlattr *const *tb)
{
	const char *name = survey_string(tb[NFTA_TARGET_NAME]);
	const struct nlattr *info = tb[NFTA_TARGET_INFO];

	for (size_t i = 0; name && i < ARRAY_SIZE(targets); i++) {
		if (strcmp(name, targets[i].name) != 0)
			continue;
		m->rule->effects |= targets[i].effects;
		if (targets[i].look && info)
			targets[i].look(m, mnl_attr_get_payload(info),
					mnl_attr_get_payload_len(info),
					survey_u32(tb[NFTA_TARGET_REV]));
		return;
	}
	m->rule->effects |= EFFECT_BIT(OTHER);
}

/* Of all others the registers are not followed: what they held is not known any more. */
static const struct {
	const char *name;
	uint32_t effects;
	bool followed;
	void (*look)(struct machine *m, const struct nlattr *const *tb);
} expressions[] = {
	{"bitwise", 0, true, see_bitwise},
	{"byteorder", 0, false, NULL},
	{"cmp", 0, true, see_cmp},
	{"connlimit", 0, true, NULL},
	{"counter", 0, true, NULL},
	{"ct", 0, true, see_ct},
	{"dup", EFFECT_BIT(ELSEWHERE), false, NULL},
	{"dynset", 0, false, NULL},
	{"exthdr", 0, false, see_exthdr},
	{"fib", 0, false, NULL},
	{"flow_offload", 0, true, NULL},
	{"fwd", EFFECT_BIT(ELSEWHERE), false, NULL},
	{"hash", 0, false, NULL},
	{"immediate", 0, true, see_immediate},
	{"inner", 0, false, NULL},
	{"last", 0, true, NULL},
	{"limit", 0, true, NULL},
	{"log", 0, true, NULL},
	{"lookup", 0, false, see_lookup},
	{"masq", EFFECT_BIT(SOURCE), false, NULL},
	{"match", 0, true, NULL},
	{"meta", 0, true, see_meta},
	{"nat", 0, false, see_nat},
	{"notrack", EFFECT_BIT(UNTRACKED), true, NULL},
	{"numgen", 0, false, NULL},
	{"objref", 0, false, NULL},
	{"osf", 0, false, NULL},
	{"payload", 0, false, see_payload},
	{"queue", EFFECT_BIT(QUEUE), false, NULL},
	{"quota", 0, true, NULL},
	{"range", 0, true, NULL},
	{"redir", EFFECT_BIT(DESTINATION), false, NULL},
	{"reject", 0, true, NULL},
	{"rt", 0, false, NULL},
	{"socket", 0, false, NULL},
	{"synproxy", 0, true, NULL},
	{"target", 0, false, see_target},
	{"tproxy", EFFECT_BIT(DESTINATION), false, NULL},
	{"tunnel", 0, false, NULL},
	{"xfrm", 0, false, NULL},
};

static void see_expression(struct machine *m, const struct nlattr *expression)
{
	const struct nlattr *tb[NFTA_EXPR_MAX + 1], *data[ATTRIBUTES];
	const char *name;

	survey_attributes(expression, tb, ARRAY_SIZE(tb));
	name = survey_string(tb[NFTA_EXPR_NAME]);
	survey_attributes(tb[NFTA_EXPR_DATA], data, ARRAY_SIZE(data));
	for (size_t i = 0; name && i < ARRAY_SIZE(expressions); i++) {
		if (strcmp(name, expressions[i].name) != 0)
			continue;
		m->rule->effects |= expressions[i].effects;
		if (expressions[i].look)
			expressions[i].look(m, data);
		if (!expressions[i].followed)
			forget(m);
		return;
	}
	m->rule->effects |= EFFECT_BIT(OTHER);
	forget(m);
}

void survey_rule(const struct nlattr *list, uint8_t family, struct survey_rule *ret)
{
	struct machine m = {.family = family, .rule = ret};
	const struct nlattr *a;

	*ret = (struct survey_rule){0};
	forget(&m);
	if (!list)
		return;
	mnl_attr_for_each_nested(a, list)
	{
		see_expression(&m, a);
	}
}
