/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nft-decode.h"

#include "nft-expr.h"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <stdio.h>

#define REGISTERS 16 /* of four bytes */
#define VALUE_MAX 4

/*
 * What lies in the registers while the expressions of a rule are read: fields that were loaded and
 * wait for what judges them, or a value that waits for what uses it.
 */
struct decoder {
	uint32_t token;
	struct rs_rule *rule;
	uint8_t fields[RS_KEY_MAX], n_fields;
	uint32_t registers; /* that the fields take */
	uint32_t mask;      /* of the one field; 0: none */
	uint8_t value[VALUE_MAX];
	size_t value_size;   /* 0: none */
	bool is_mark_of;     /* the value is what set says of the fields */
	struct rs_stmt mark; /* then */
};

bool nft_find_chain(const char *name, enum rs_chain *ret)
{
	for (*ret = 0; *ret < CHAIN_N; (*ret)++)
		if (strcmp(rs_chain_name(*ret), name) == 0)
			return true;
	return false;
}

bool nft_find_set(const char *name, enum rs_set *ret)
{
	for (*ret = 0; *ret < SET_N; (*ret)++)
		if (strcmp(rs_set_info(*ret)->name, name) == 0)
			return true;
	return false;
}

bool nft_find_counter(const char *name, enum rs_counter *ret)
{
	for (*ret = 0; *ret < COUNTER_N; (*ret)++)
		if (strcmp(rs_counter_name(*ret), name) == 0)
			return true;
	return false;
}

bool nft_decode(enum rs_field field, const uint8_t *bytes, size_t size, uint32_t *ret)
{
	const struct rs_field_info *info = &rs_fields[field];
	uint8_t again[16];
	uint32_t word;
	uint16_t half;

	if (size < info->size || size > sizeof(again))
		return false;
	if (info->size == 1) {
		*ret = bytes[0];
	} else if (info->size == 2) {
		memcpy(&half, bytes, sizeof(half));
		*ret = ntohs(half);
	} else {
		memcpy(&word, bytes + info->size - sizeof(word), sizeof(word));
		*ret = info->network ? ntohl(word) : word;
	}
	nft_encode(field, *ret, again, size);
	return memcmp(bytes, again, size) == 0;
}

/* Registers are numbered twice: four of 16 bytes, sixteen of 4. The verdict's is none of them. */
static bool take_register(struct nft_attrs *a, uint16_t type, uint32_t expected)
{
	uint32_t number;

	if (!nft_take_u32(a, type, &number))
		return false;
	if (number >= NFT_REG_1 && number <= NFT_REG_4)
		return (number - NFT_REG_1) * 4 == expected;
	return number >= NFT_REG32_00 && number - NFT_REG32_00 == expected;
}

/* True: into the verdict's, which ends the rule. */
static bool takes_verdict_register(struct nft_attrs *a, uint16_t type)
{
	struct nft_attrs peek = *a;

	if (!nft_take_is(&peek, type, NFT_REG_VERDICT))
		return false;
	nft_forget(a, type);
	return true;
}

static struct rs_stmt *add_statement(struct decoder *d, enum rs_kind kind)
{
	struct rs_stmt *s;

	if (d->rule->n_stmts == RS_STMTS_MAX)
		return NULL;
	s = &d->rule->stmts[d->rule->n_stmts++];
	*s = (struct rs_stmt){.kind = (uint8_t)kind};
	return s;
}

static bool idle(const struct decoder *d)
{
	return !d->n_fields && !d->value_size && !d->is_mark_of;
}

/* A statement that uses no register. */
static struct rs_stmt *add_plain(struct decoder *d, enum rs_kind kind)
{
	return idle(d) ? add_statement(d, kind) : NULL;
}

/* One that judges the fields that were loaded, which it takes. */
static bool take_fields(struct decoder *d, struct rs_stmt *s)
{
	if (!s || !d->n_fields)
		return false;
	memcpy(s->fields, d->fields, sizeof(s->fields));
	s->n_fields = d->n_fields;
	s->mask = d->mask;
	memset(d->fields, 0, sizeof(d->fields));
	d->n_fields = 0;
	d->registers = d->mask = 0;
	return true;
}

static bool add_field(struct decoder *d, enum rs_field f)
{
	if (d->n_fields == RS_KEY_MAX)
		return false;
	d->fields[d->n_fields++] = (uint8_t)f;
	d->registers += (rs_fields[f].size + NFT_REGISTER_SIZE - 1) / NFT_REGISTER_SIZE;
	return d->registers <= REGISTERS;
}

/* The load of a field, and of what comes with it: which one is it? */
static bool load(struct decoder *d, enum nft_load loader, uint32_t key, uint32_t size)
{
	bool ok;

	if (d->value_size || d->is_mark_of || d->mask)
		return false;
	for (enum rs_field f = FIELD_NONE + 1; f < FIELD_N; f++)
		if (nft_loaders[f].loader == loader && nft_loaders[f].key == key &&
		    (!size || rs_fields[f].size == size)) {
			ok = add_field(d, f);
			while (++f < FIELD_N && nft_loaders[f].loader == LOAD_REST)
				ok = ok && add_field(d, f);
			return ok;
		}
	return false;
}

/* The value in the first register, if it has that size. */
static bool take_value(struct decoder *d, void *ret, size_t size)
{
	if (d->value_size != size)
		return false;
	memcpy(ret, d->value, size);
	d->value_size = 0;
	return true;
}

/* The packet mark says why a packet is refused, or that it is not. */
static bool decode_packet_mark(struct decoder *d)
{
	struct rs_stmt *s;
	uint32_t mark;

	if (d->n_fields == 1 && d->fields[0] == FIELD_CT_MARK && !d->mask) {
		d->n_fields = d->fields[0] = 0;
		d->registers = 0;
		return add_statement(d, STMT_CARRY) != NULL;
	}
	if (!take_value(d, &mark, sizeof(mark)))
		return false;
	if (mark == d->token)
		return add_statement(d, STMT_ADMIT) != NULL;
	if (mark >= COUNTER_N)
		return false;
	s = add_statement(d, STMT_REASON);
	if (s)
		s->object = (uint8_t)mark;
	return s != NULL;
}

static bool decode_meta(struct decoder *d, struct nft_attrs *a)
{
	uint32_t key;

	if (!nft_take_u32(a, NFTA_META_KEY, &key))
		return false;
	if (a->at[NFTA_META_SREG])
		return key == NFT_META_MARK && take_register(a, NFTA_META_SREG, 0) &&
		       decode_packet_mark(d);
	return take_register(a, NFTA_META_DREG, d->registers) && load(d, LOAD_META, key, 0);
}

static bool decode_mark(struct decoder *d)
{
	uint32_t value = 0;
	struct rs_stmt *s;

	if (!d->is_mark_of && !take_value(d, &value, sizeof(value)))
		return false;
	s = add_statement(d, STMT_MARK);
	if (!s)
		return false;
	s->value = value;
	if (d->is_mark_of)
		*s = d->mark;
	d->is_mark_of = false;
	return true;
}

static bool decode_ct(struct decoder *d, struct nft_attrs *a)
{
	enum nft_load loader = LOAD_CT;
	uint8_t direction;
	uint32_t key;

	if (!nft_take_u32(a, NFTA_CT_KEY, &key))
		return false;
	if (a->at[NFTA_CT_SREG])
		return key == NFT_CT_MARK && take_register(a, NFTA_CT_SREG, 0) && decode_mark(d);
	if (nft_take_u8(a, NFTA_CT_DIRECTION, &direction)) {
		loader = LOAD_CT_ORIGINAL;
		if (direction != RS_CT_ORIGINAL)
			return false;
	}
	return take_register(a, NFTA_CT_DREG, d->registers) && load(d, loader, key, 0);
}

static bool decode_fib(struct decoder *d, struct nft_attrs *a)
{
	uint32_t result;

	return nft_take_u32(a, NFTA_FIB_RESULT, &result) &&
	       nft_take_is(a, NFTA_FIB_FLAGS, NFTA_FIB_F_DADDR) &&
	       take_register(a, NFTA_FIB_DREG, d->registers) && load(d, LOAD_FIB, result, 0);
}

/* What is written into a packet: its TTL, and the checksum that follows it. */
static bool decode_ttl(struct decoder *d, struct nft_attrs *a)
{
	struct rs_stmt *s;
	uint8_t ttl;

	if (!nft_take_is(a, NFTA_PAYLOAD_BASE, NFT_PAYLOAD_NETWORK_HEADER) ||
	    !nft_take_is(a, NFTA_PAYLOAD_OFFSET, NFT_TTL_OFFSET) ||
	    !nft_take_is(a, NFTA_PAYLOAD_LEN, sizeof(ttl)) ||
	    !nft_take_is(a, NFTA_PAYLOAD_CSUM_TYPE, NFT_PAYLOAD_CSUM_INET) ||
	    !nft_take_is(a, NFTA_PAYLOAD_CSUM_OFFSET, NFT_CHECKSUM_OFFSET) ||
	    !nft_take_default(a, NFTA_PAYLOAD_CSUM_FLAGS, 0) ||
	    !take_register(a, NFTA_PAYLOAD_SREG, 0) || !take_value(d, &ttl, sizeof(ttl)))
		return false;
	s = add_statement(d, STMT_TTL);
	if (s)
		s->value = ttl;
	return s != NULL;
}

static bool decode_payload(struct decoder *d, struct nft_attrs *a)
{
	static const enum nft_load loaders[] = {
		[NFT_PAYLOAD_LL_HEADER] = LOAD_FRAME,
		[NFT_PAYLOAD_NETWORK_HEADER] = LOAD_NETWORK,
		[NFT_PAYLOAD_TRANSPORT_HEADER] = LOAD_TRANSPORT,
	};
	uint32_t base, offset, size;

	if (a->at[NFTA_PAYLOAD_SREG])
		return decode_ttl(d, a);
	return nft_take_u32(a, NFTA_PAYLOAD_BASE, &base) && base < ARRAY_SIZE(loaders) &&
	       nft_take_u32(a, NFTA_PAYLOAD_OFFSET, &offset) &&
	       nft_take_u32(a, NFTA_PAYLOAD_LEN, &size) && size &&
	       take_register(a, NFTA_PAYLOAD_DREG, d->registers) &&
	       load(d, loaders[base], offset, size);
}

static bool decode_bitwise(struct decoder *d, struct nft_attrs *a)
{
	enum rs_field field = d->fields[0];
	const uint8_t *mask, *xor;
	size_t mask_size, xor_size;
	uint32_t flip;

	return d->n_fields == 1 && !d->mask && take_register(a, NFTA_BITWISE_SREG, 0) &&
	       take_register(a, NFTA_BITWISE_DREG, 0) &&
	       nft_take_is(a, NFTA_BITWISE_LEN, rs_fields[field].size) &&
	       nft_take_default(a, NFTA_BITWISE_OP, NFT_BITWISE_BOOL) &&
	       nft_take_data(a, NFTA_BITWISE_MASK, &mask, &mask_size) &&
	       nft_take_data(a, NFTA_BITWISE_XOR, &xor, &xor_size) &&
	       mask_size == rs_fields[field].size && xor_size == mask_size &&
	       nft_decode(field, mask, mask_size, &d->mask) && d->mask &&
	       nft_decode(field, xor, xor_size, &flip) && !flip;
}

static bool decode_cmp(struct decoder *d, struct nft_attrs *a)
{
	enum rs_field field = d->fields[0];
	const uint8_t *data;
	struct rs_stmt *s;
	uint32_t op;
	size_t size;

	if (d->n_fields != 1 || !take_register(a, NFTA_CMP_SREG, 0) ||
	    !nft_take_u32(a, NFTA_CMP_OP, &op) || (op != NFT_CMP_EQ && op != NFT_CMP_NEQ) ||
	    !nft_take_data(a, NFTA_CMP_DATA, &data, &size) || size != rs_fields[field].size)
		return false;
	s = add_statement(d, op == NFT_CMP_EQ ? STMT_IS : STMT_IS_NOT);
	return take_fields(d, s) && nft_decode(field, data, size, &s->value);
}

/* The fields of a statement must be those that make up the key of its set. */
static bool take_key(struct decoder *d, struct rs_stmt *s, enum rs_set set)
{
	if (!take_fields(d, s) || s->mask || s->n_fields != rs_set_info(set)->n_fields)
		return false;
	s->object = (uint8_t)set;
	return true;
}

/* Without a destination it asks whether the key is there; with one, what it says of it. */
static bool decode_lookup(struct decoder *d, struct nft_attrs *a)
{
	const char *name;
	uint32_t flags = 0;
	enum rs_set set;

	nft_forget(a, NFTA_LOOKUP_SET_ID); /* of a transaction: the kernel never says it */
	if (!nft_take_text(a, NFTA_LOOKUP_SET, &name) || !nft_find_set(name, &set) ||
	    !take_register(a, NFTA_LOOKUP_SREG, 0) ||
	    (a->at[NFTA_LOOKUP_FLAGS] && !nft_take_u32(a, NFTA_LOOKUP_FLAGS, &flags)))
		return false;
	if (!a->at[NFTA_LOOKUP_DREG])
		return (flags & ~(uint32_t)NFT_LOOKUP_F_INV) == 0 &&
		       take_key(d, add_statement(d, flags ? STMT_NOT_IN : STMT_IN), set);
	if (flags)
		return false;
	if (rs_set_info(set)->data == DATA_CHAIN)
		return nft_take_is(a, NFTA_LOOKUP_DREG, NFT_REG_VERDICT) &&
		       take_key(d, add_statement(d, STMT_GO), set);
	if (rs_set_info(set)->data != DATA_MARK || !take_register(a, NFTA_LOOKUP_DREG, 0))
		return false;
	d->mark = (struct rs_stmt){.kind = STMT_MARK_OF};
	d->is_mark_of = true;
	return take_key(d, &d->mark, set);
}

static bool take_limit(struct nft_attrs *a, uint64_t seconds, uint64_t *ret_rate,
		       uint32_t *ret_burst)
{
	uint64_t unit;

	nft_forget(a, NFTA_LIMIT_PAD);
	return nft_take_u64(a, NFTA_LIMIT_RATE, ret_rate) && *ret_rate <= UINT32_MAX &&
	       nft_take_u64(a, NFTA_LIMIT_UNIT, &unit) && unit == seconds &&
	       nft_take_u32(a, NFTA_LIMIT_BURST, ret_burst) &&
	       nft_take_is(a, NFTA_LIMIT_TYPE, NFT_LIMIT_PKTS) &&
	       nft_take_default(a, NFTA_LIMIT_FLAGS, 0);
}

/* The limit that each element has, if the rule gives it one. */
static bool take_once(struct nft_attrs *a, bool *ret)
{
	struct nft_attrs e, limit;
	unsigned int left;
	uint32_t burst;
	uint64_t rate;

	*ret = a->at[NFTA_DYNSET_EXPR];
	if (!*ret)
		return true;
	return nft_take_nest(a, NFTA_DYNSET_EXPR, &e) &&
	       nft_take_is_text(&e, NFTA_EXPR_NAME, "limit") &&
	       nft_take_nest(&e, NFTA_EXPR_DATA, &limit) && nft_attrs_empty(&e, &left) &&
	       take_limit(&limit, NFT_ONCE_SECONDS, &rate, &burst) && rate == 1 && burst == 1 &&
	       nft_attrs_empty(&limit, &left);
}

static bool decode_dynset(struct decoder *d, struct nft_attrs *a)
{
	const char *name;
	uint64_t timeout;
	enum rs_set set;
	bool once;

	nft_forget(a, NFTA_DYNSET_PAD);
	nft_forget(a, NFTA_DYNSET_SET_ID);
	return take_once(a, &once) && nft_take_text(a, NFTA_DYNSET_SET_NAME, &name) &&
	       nft_find_set(name, &set) && take_register(a, NFTA_DYNSET_SREG_KEY, 0) &&
	       nft_take_is(a, NFTA_DYNSET_OP, once ? NFT_DYNSET_OP_UPDATE : NFT_DYNSET_OP_ADD) &&
	       nft_take_u64(a, NFTA_DYNSET_TIMEOUT, &timeout) && timeout == NFT_REPORTED_MS &&
	       nft_take_default(a, NFTA_DYNSET_FLAGS, 0) &&
	       take_key(d, add_statement(d, once ? STMT_ONCE : STMT_REMEMBER), set);
}

/* *ret_chain is NULL when the verdict names none. */
static bool take_verdict(struct nft_attrs *data, uint32_t *ret_code, const char **ret_chain)
{
	struct nft_attrs verdict;
	unsigned int left;

	*ret_chain = NULL;
	return nft_take_nest(data, NFTA_DATA_VERDICT, &verdict) &&
	       nft_take_u32(&verdict, NFTA_VERDICT_CODE, ret_code) &&
	       (!verdict.at[NFTA_VERDICT_CHAIN] ||
		nft_take_text(&verdict, NFTA_VERDICT_CHAIN, ret_chain)) &&
	       nft_attrs_empty(&verdict, &left) && nft_attrs_empty(data, &left);
}

bool nft_decode_goto(struct nft_attrs *a, uint16_t type, enum rs_chain *ret)
{
	struct nft_attrs data;
	const char *name;
	uint32_t code;

	return nft_take_nest(a, type, &data) && take_verdict(&data, &code, &name) &&
	       code == (uint32_t)NFT_GOTO && name && nft_find_chain(name, ret);
}

static bool decode_verdict(struct decoder *d, struct nft_attrs *data)
{
	enum rs_chain chain;
	const char *name;
	struct rs_stmt *s;
	uint32_t code;

	if (!take_verdict(data, &code, &name))
		return false;
	if (code == NF_ACCEPT || code == NF_DROP)
		return !name && add_plain(d, code == NF_ACCEPT ? STMT_ACCEPT : STMT_DROP);
	/* As where there is no better way, nft-expr.h: no answer comes in by it, if any is asked.
	 */
	if (code == NF_QUEUE)
		return !name && add_plain(d, STMT_QUEUE);
	if (code != (uint32_t)NFT_GOTO || !name || !nft_find_chain(name, &chain))
		return false;
	s = add_plain(d, STMT_GOTO);
	if (s)
		s->object = (uint8_t)chain;
	return s != NULL;
}

static bool decode_immediate(struct decoder *d, struct nft_attrs *a)
{
	const uint8_t *value;
	struct nft_attrs data;
	size_t size;

	if (takes_verdict_register(a, NFTA_IMMEDIATE_DREG))
		return nft_take_nest(a, NFTA_IMMEDIATE_DATA, &data) && decode_verdict(d, &data);
	if (!idle(d) || !take_register(a, NFTA_IMMEDIATE_DREG, 0) ||
	    !nft_take_data(a, NFTA_IMMEDIATE_DATA, &value, &size) || size > sizeof(d->value))
		return false;
	memcpy(d->value, value, size);
	d->value_size = size;
	return true;
}

static bool decode_objref(struct decoder *d, struct nft_attrs *a)
{
	enum rs_counter counter;
	struct rs_stmt *s;
	const char *name;

	if (!nft_take_is(a, NFTA_OBJREF_IMM_TYPE, NFT_OBJECT_COUNTER) ||
	    !nft_take_text(a, NFTA_OBJREF_IMM_NAME, &name) || !nft_find_counter(name, &counter))
		return false;
	s = add_plain(d, STMT_COUNT);
	if (s)
		s->object = (uint8_t)counter;
	return s != NULL;
}

static bool decode_limit(struct decoder *d, struct nft_attrs *a)
{
	struct rs_stmt *s = add_plain(d, STMT_LIMIT);
	uint64_t rate;

	if (!s || !take_limit(a, NFT_LIMIT_SECONDS, &rate, &s->mask))
		return false;
	s->value = (uint32_t)rate;
	return true;
}

static bool decode_queue(struct decoder *d, struct nft_attrs *a)
{
	uint16_t number, total, flags;

	return add_plain(d, STMT_QUEUE) && nft_take_u16(a, NFTA_QUEUE_NUM, &number) &&
	       number == RULESET_QUEUE && nft_take_u16(a, NFTA_QUEUE_TOTAL, &total) && total == 1 &&
	       nft_take_u16(a, NFTA_QUEUE_FLAGS, &flags) && flags == 0;
}

/* iptables' way to say the same. */
static bool decode_target(struct decoder *d, struct nft_attrs *a)
{
	const struct nlattr *at = a->at[NFTA_TARGET_INFO];
	struct nft_queue_info info;

	if (!at || mnl_attr_get_payload_len(at) != sizeof(info))
		return false;
	memcpy(&info, mnl_attr_get_payload(at), sizeof(info));
	nft_forget(a, NFTA_TARGET_INFO);
	return add_plain(d, STMT_QUEUE) &&
	       nft_take_is_text(a, NFTA_TARGET_NAME, NFT_QUEUE_TARGET_NAME) &&
	       nft_take_is(a, NFTA_TARGET_REV, NFT_QUEUE_TARGET_REVISION) &&
	       info.number == RULESET_QUEUE && info.total == 1 && !info.flags && !info.pad;
}

static bool decode_log(struct decoder *d, struct nft_attrs *a)
{
	uint16_t group;

	return add_plain(d, STMT_LOG) && nft_take_u16(a, NFTA_LOG_GROUP, &group) &&
	       group == RULESET_LOG_GROUP && nft_take_is_text(a, NFTA_LOG_PREFIX, NFT_LOG_PREFIX) &&
	       nft_take_is(a, NFTA_LOG_SNAPLEN, NFT_LOG_SNAPLEN);
}

static bool decode_redir(struct decoder *d, struct nft_attrs *a)
{
	struct rs_stmt *s;
	uint16_t port;

	if (!take_value(d, &port, sizeof(port)) || !take_register(a, NFTA_REDIR_REG_PROTO_MIN, 0) ||
	    (a->at[NFTA_REDIR_REG_PROTO_MAX] && !take_register(a, NFTA_REDIR_REG_PROTO_MAX, 0)) ||
	    !nft_take_is(a, NFTA_REDIR_FLAGS, NFT_REDIR_TO_PORT))
		return false;
	s = add_plain(d, STMT_REDIRECT);
	if (s)
		s->value = ntohs(port);
	return s != NULL;
}

/* To whatever address the packet would have from here; any attribute says more than that. */
static bool decode_masq(struct decoder *d, struct nft_attrs *a)
{
	return nft_take_default(a, NFTA_MASQ_FLAGS, 0) && add_plain(d, STMT_MASQUERADE);
}

static bool decode_reject(struct decoder *d, struct nft_attrs *a)
{
	uint32_t type;
	uint8_t code = 0;

	if (!nft_take_u32(a, NFTA_REJECT_TYPE, &type) ||
	    (a->at[NFTA_REJECT_ICMP_CODE] && !nft_take_u8(a, NFTA_REJECT_ICMP_CODE, &code)))
		return false;
	if (type == NFT_REJECT_TCP_RST)
		return code == 0 && add_plain(d, STMT_RESET);
	return type == NFT_REJECT_ICMPX_UNREACH && code == NFT_REJECT_ICMPX_ADMIN_PROHIBITED &&
	       add_plain(d, STMT_PROHIBIT);
}

/* Each leaves the attributes that it does not know. */
static const struct {
	const char *name;
	bool (*decode)(struct decoder *d, struct nft_attrs *a);
} expressions[] = {
	{"meta", decode_meta},       {"ct", decode_ct},           {"fib", decode_fib},
	{"payload", decode_payload}, {"bitwise", decode_bitwise}, {"cmp", decode_cmp},
	{"lookup", decode_lookup},   {"dynset", decode_dynset},   {"immediate", decode_immediate},
	{"objref", decode_objref},   {"limit", decode_limit},     {"log", decode_log},
	{"redir", decode_redir},     {"reject", decode_reject},   {"queue", decode_queue},
	{"target", decode_target},   {"masq", decode_masq},
};

static bool decode_expression(struct decoder *d, const struct nlattr *at, char *why)
{
	struct nft_attrs e, data;
	const char *name = "without a name";
	unsigned int left;

	nft_attrs_of_nest(at, &e);
	(void)nft_take_text(&e, NFTA_EXPR_NAME, &name);
	for (size_t i = 0; i < ARRAY_SIZE(expressions); i++) {
		if (strcmp(expressions[i].name, name) != 0)
			continue;
		if (!nft_take_nest(&e, NFTA_EXPR_DATA, &data) || !expressions[i].decode(d, &data)) {
			(void)snprintf(why, NFT_WHY_SIZE, "expression \"%s\" is not as any of ours",
				       name);
			return false;
		}
		if (nft_attrs_empty(&data, &left) && nft_attrs_empty(&e, &left))
			return true;
		(void)snprintf(why, NFT_WHY_SIZE,
			       "expression \"%s\" has an attribute (%u) that none of ours has",
			       name, left);
		return false;
	}
	(void)snprintf(why, NFT_WHY_SIZE, "expression \"%.64s\" is none of ours", name);
	return false;
}

bool nft_decode_rule(const struct nlattr *list, uint32_t token, struct rs_rule *ret,
		     char why[NFT_WHY_SIZE])
{
	struct decoder d = {.token = token, .rule = ret};
	const struct nlattr *a;

	if (list)
		mnl_attr_for_each_nested(a, list)
		{
			if (!decode_expression(&d, a, why))
				return false;
		}
	if (!idle(&d))
		(void)snprintf(why, NFT_WHY_SIZE, "it ends before anything comes of what it loads");
	return idle(&d);
}
