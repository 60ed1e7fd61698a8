/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nft-expr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libnftnl/expr.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

const struct nft_loader nft_loaders[FIELD_N] = {
	[FIELD_IIF] = {LOAD_META, NFT_META_IIF},
	[FIELD_OIF] = {LOAD_META, NFT_META_OIF},
	[FIELD_IIFNAME] = {LOAD_META, NFT_META_IIFNAME},
	[FIELD_IIFNAME_2] = {LOAD_REST, 0},
	[FIELD_IIFNAME_3] = {LOAD_REST, 0},
	[FIELD_IIFNAME_4] = {LOAD_REST, 0},
	[FIELD_OIFNAME] = {LOAD_META, NFT_META_OIFNAME},
	[FIELD_OIFNAME_2] = {LOAD_REST, 0},
	[FIELD_OIFNAME_3] = {LOAD_REST, 0},
	[FIELD_OIFNAME_4] = {LOAD_REST, 0},
	[FIELD_NFPROTO] = {LOAD_META, NFT_META_NFPROTO},
	[FIELD_L4PROTO] = {LOAD_META, NFT_META_L4PROTO},
	[FIELD_SKUID] = {LOAD_META, NFT_META_SKUID},
	[FIELD_FIB_DADDR_TYPE] = {LOAD_FIB, NFT_FIB_RESULT_ADDRTYPE},
	[FIELD_CT_STATE] = {LOAD_CT, NFT_CT_STATE},
	[FIELD_CT_DIRECTION] = {LOAD_CT, NFT_CT_DIRECTION},
	[FIELD_CT_STATUS] = {LOAD_CT, NFT_CT_STATUS},
	[FIELD_CT_MARK] = {LOAD_CT, NFT_CT_MARK},
	[FIELD_CT_ORIGINAL_DADDR] = {LOAD_CT_ORIGINAL, NFT_CT_DST_IP},
	[FIELD_CT_ORIGINAL_DPORT] = {LOAD_CT_ORIGINAL, NFT_CT_PROTO_DST},
	[FIELD_IP_START] = {LOAD_NETWORK, 0},
	[FIELD_IP_SADDR] = {LOAD_NETWORK, 12},
	[FIELD_IP_DADDR] = {LOAD_NETWORK, 16},
	[FIELD_IP6_SADDR] = {LOAD_NETWORK, 8},
	[FIELD_IP6_DADDR] = {LOAD_NETWORK, 24},
	[FIELD_TH_SPORT] = {LOAD_TRANSPORT, 0},
	[FIELD_TH_DPORT] = {LOAD_TRANSPORT, 2},
	[FIELD_TCP_FLAGS] = {LOAD_TRANSPORT, 13},
	[FIELD_PROTOCOL] = {LOAD_META, NFT_META_PROTOCOL},
	[FIELD_ETHER_TYPE] = {LOAD_FRAME, 12},
	[FIELD_META_MARK] = {LOAD_META, NFT_META_MARK},
	[FIELD_RTCLASSID] = {LOAD_META, NFT_META_RTCLASSID},
	[FIELD_ARP_HTYPE] = {LOAD_NETWORK, 0},
	[FIELD_ARP_PTYPE] = {LOAD_NETWORK, 2},
	[FIELD_ARP_HLEN] = {LOAD_NETWORK, 4},
	[FIELD_ARP_PLEN] = {LOAD_NETWORK, 5},
	[FIELD_ARP_OPERATION] = {LOAD_NETWORK, 6},
};

uint8_t nft_load_size(enum rs_field field)
{
	uint8_t size = rs_fields[field].size;

	while (++field < FIELD_N && nft_loaders[field].loader == LOAD_REST)
		size = (uint8_t)(size + rs_fields[field].size);
	return size;
}

void nft_encode(enum rs_field field, uint32_t v, uint8_t *buf, size_t size)
{
	const struct rs_field_info *info = &rs_fields[field];
	uint32_t big = htonl(v);
	uint16_t port = htons((uint16_t)v);
	uint8_t byte = (uint8_t)v;

	memset(buf, 0, size);
	if (info->size == 1)
		memcpy(buf, &byte, sizeof(byte));
	else if (info->size == 2)
		memcpy(buf, &port, sizeof(port));
	else if (info->network)
		memcpy(buf + info->size - sizeof(big), &big, sizeof(big));
	else
		memcpy(buf, &v, sizeof(v));
}

static struct nftnl_expr *expression(struct nftnl_rule *nr, const char *name)
{
	struct nftnl_expr *e = nftnl_expr_alloc(name);

	if (e)
		nftnl_rule_add_expr(nr, e);
	return e;
}

static struct nftnl_expr *load_key(struct nftnl_rule *nr, const char *name, uint16_t key_attr,
				   uint32_t key, uint16_t register_attr, uint32_t reg)
{
	struct nftnl_expr *e = expression(nr, name);

	if (!e)
		return NULL;
	nftnl_expr_set_u32(e, key_attr, key);
	nftnl_expr_set_u32(e, register_attr, reg);
	return e;
}

static struct nftnl_expr *load_payload(struct nftnl_rule *nr, uint32_t base, uint32_t offset,
				       uint32_t size, uint32_t reg)
{
	struct nftnl_expr *e = load_key(nr, "payload", NFTNL_EXPR_PAYLOAD_BASE, base,
					NFTNL_EXPR_PAYLOAD_DREG, reg);

	if (!e)
		return NULL;
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_OFFSET, offset);
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_LEN, size);
	return e;
}

static bool load(struct nftnl_rule *nr, enum rs_field field, uint32_t reg)
{
	uint32_t key = nft_loaders[field].key, size = rs_fields[field].size;
	struct nftnl_expr *e = NULL;

	switch (nft_loaders[field].loader) {
	case LOAD_META:
		e = load_key(nr, "meta", NFTNL_EXPR_META_KEY, key, NFTNL_EXPR_META_DREG, reg);
		break;
	case LOAD_CT:
	case LOAD_CT_ORIGINAL:
		e = load_key(nr, "ct", NFTNL_EXPR_CT_KEY, key, NFTNL_EXPR_CT_DREG, reg);
		if (e && nft_loaders[field].loader == LOAD_CT_ORIGINAL)
			nftnl_expr_set_u8(e, NFTNL_EXPR_CT_DIR, 0);
		break;
	case LOAD_FIB:
		e = load_key(nr, "fib", NFTNL_EXPR_FIB_RESULT, key, NFTNL_EXPR_FIB_DREG, reg);
		if (e)
			nftnl_expr_set_u32(e, NFTNL_EXPR_FIB_FLAGS, NFTA_FIB_F_DADDR);
		break;
	case LOAD_FRAME:
		e = load_payload(nr, NFT_PAYLOAD_LL_HEADER, key, size, reg);
		break;
	case LOAD_NETWORK:
		e = load_payload(nr, NFT_PAYLOAD_NETWORK_HEADER, key, size, reg);
		break;
	case LOAD_TRANSPORT:
		e = load_payload(nr, NFT_PAYLOAD_TRANSPORT_HEADER, key, size, reg);
		break;
	case LOAD_REST:
		return true;
	}
	return e != NULL;
}

/* All fields of a key, side by side in registers of four bytes. */
static bool load_fields(struct nftnl_rule *nr, const struct rs_stmt *s)
{
	uint32_t reg = NFT_REG32_00;

	if (s->n_fields == 1)
		return load(nr, s->fields[0], NFT_REG_1);
	for (size_t i = 0; i < s->n_fields; i++) {
		if (!load(nr, s->fields[i], reg))
			return false;
		reg += (rs_fields[s->fields[i]].size + NFT_REGISTER_SIZE - 1) / NFT_REGISTER_SIZE;
	}
	return true;
}

static uint32_t key_register(const struct rs_stmt *s)
{
	return s->n_fields == 1 ? NFT_REG_1 : NFT_REG32_00;
}

static bool match(struct nftnl_rule *nr, const struct rs_stmt *s)
{
	enum rs_field field = s->fields[0];
	uint8_t value[16], mask[16], zero[16] = {0};
	uint32_t size = rs_fields[field].size;
	struct nftnl_expr *e;

	if (!load(nr, field, NFT_REG_1))
		return false;
	if (s->mask) {
		e = expression(nr, "bitwise");
		if (!e)
			return false;
		nft_encode(field, s->mask, mask, sizeof(mask));
		nftnl_expr_set_u32(e, NFTNL_EXPR_BITWISE_SREG, NFT_REG_1);
		nftnl_expr_set_u32(e, NFTNL_EXPR_BITWISE_DREG, NFT_REG_1);
		nftnl_expr_set_u32(e, NFTNL_EXPR_BITWISE_LEN, size);
		nftnl_expr_set(e, NFTNL_EXPR_BITWISE_MASK, mask, size);
		nftnl_expr_set(e, NFTNL_EXPR_BITWISE_XOR, zero, size);
	}
	e = expression(nr, "cmp");
	if (!e)
		return false;
	nft_encode(field, s->value, value, sizeof(value));
	nftnl_expr_set_u32(e, NFTNL_EXPR_CMP_SREG, NFT_REG_1);
	nftnl_expr_set_u32(e, NFTNL_EXPR_CMP_OP, s->kind == STMT_IS ? NFT_CMP_EQ : NFT_CMP_NEQ);
	nftnl_expr_set(e, NFTNL_EXPR_CMP_DATA, value, size);
	return true;
}

static bool lookup(struct nftnl_rule *nr, const struct rs_stmt *s, bool with_dreg, uint32_t dreg)
{
	struct nftnl_expr *e;

	if (!load_fields(nr, s))
		return false;
	e = expression(nr, "lookup");
	if (!e)
		return false;
	nftnl_expr_set_u32(e, NFTNL_EXPR_LOOKUP_SREG, key_register(s));
	if (with_dreg)
		nftnl_expr_set_u32(e, NFTNL_EXPR_LOOKUP_DREG, dreg);
	nftnl_expr_set_str(e, NFTNL_EXPR_LOOKUP_SET, rs_set_info(s->object)->name);
	nftnl_expr_set_u32(e, NFTNL_EXPR_LOOKUP_SET_ID, (uint32_t)s->object + 1);
	if (s->kind == STMT_NOT_IN)
		nftnl_expr_set_u32(e, NFTNL_EXPR_LOOKUP_FLAGS, NFT_LOOKUP_F_INV);
	return true;
}

static void fill_limit(struct nftnl_expr *e, uint64_t rate, uint64_t seconds, uint32_t burst)
{
	nftnl_expr_set_u64(e, NFTNL_EXPR_LIMIT_RATE, rate);
	nftnl_expr_set_u64(e, NFTNL_EXPR_LIMIT_UNIT, seconds);
	nftnl_expr_set_u32(e, NFTNL_EXPR_LIMIT_BURST, burst);
	nftnl_expr_set_u32(e, NFTNL_EXPR_LIMIT_TYPE, NFT_LIMIT_PKTS);
}

/* Each element of the set has a limit of its own. */
static bool limit_elements(struct nftnl_expr *dynset)
{
	struct nftnl_expr *e = nftnl_expr_alloc("limit");

	if (!e)
		return false;
	fill_limit(e, 1, NFT_ONCE_SECONDS, 1);
	nftnl_expr_add_expr(dynset, NFTNL_EXPR_DYNSET_EXPRESSIONS, e);
	return true;
}

static bool remember(struct nftnl_rule *nr, const struct rs_stmt *s)
{
	bool once = s->kind == STMT_ONCE;
	struct nftnl_expr *e;

	if (!load_fields(nr, s))
		return false;
	e = expression(nr, "dynset");
	if (!e || (once && !limit_elements(e)))
		return false;
	nftnl_expr_set_u32(e, NFTNL_EXPR_DYNSET_SREG_KEY, key_register(s));
	nftnl_expr_set_u32(e, NFTNL_EXPR_DYNSET_OP,
			   once ? NFT_DYNSET_OP_UPDATE : NFT_DYNSET_OP_ADD);
	nftnl_expr_set_str(e, NFTNL_EXPR_DYNSET_SET_NAME, rs_set_info(s->object)->name);
	nftnl_expr_set_u32(e, NFTNL_EXPR_DYNSET_SET_ID, (uint32_t)s->object + 1);
	nftnl_expr_set_u64(e, NFTNL_EXPR_DYNSET_TIMEOUT, NFT_REPORTED_MS);
	return true;
}

static bool immediate(struct nftnl_rule *nr, const void *data, uint32_t size)
{
	struct nftnl_expr *e = expression(nr, "immediate");

	if (!e)
		return false;
	nftnl_expr_set_u32(e, NFTNL_EXPR_IMM_DREG, NFT_REG_1);
	nftnl_expr_set(e, NFTNL_EXPR_IMM_DATA, data, size);
	return true;
}

static bool set_mark(struct nftnl_rule *nr)
{
	return load_key(nr, "ct", NFTNL_EXPR_CT_KEY, NFT_CT_MARK, NFTNL_EXPR_CT_SREG, NFT_REG_1);
}

static bool set_packet_mark(struct nftnl_rule *nr)
{
	return load_key(nr, "meta", NFTNL_EXPR_META_KEY, NFT_META_MARK, NFTNL_EXPR_META_SREG,
			NFT_REG_1);
}

static bool redirect(struct nftnl_rule *nr, uint32_t port)
{
	uint16_t big = htons((uint16_t)port);

	return immediate(nr, &big, sizeof(big)) &&
	       load_key(nr, "redir", NFTNL_EXPR_REDIR_FLAGS, NFT_REDIR_TO_PORT,
			NFTNL_EXPR_REDIR_REG_PROTO_MIN, NFT_REG_1);
}

/* The header's checksum follows. */
static bool set_ttl(struct nftnl_rule *nr, uint8_t ttl)
{
	struct nftnl_expr *e;

	if (!immediate(nr, &ttl, sizeof(ttl)))
		return false;
	e = load_key(nr, "payload", NFTNL_EXPR_PAYLOAD_BASE, NFT_PAYLOAD_NETWORK_HEADER,
		     NFTNL_EXPR_PAYLOAD_SREG, NFT_REG_1);
	if (!e)
		return false;
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_OFFSET, NFT_TTL_OFFSET);
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_LEN, sizeof(ttl));
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_CSUM_TYPE, NFT_PAYLOAD_CSUM_INET);
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_CSUM_OFFSET, NFT_CHECKSUM_OFFSET);
	return true;
}

static bool verdict(struct nftnl_rule *nr, int v, const char *chain)
{
	struct nftnl_expr *e = expression(nr, "immediate");

	if (!e)
		return false;
	nftnl_expr_set_u32(e, NFTNL_EXPR_IMM_DREG, NFT_REG_VERDICT);
	if (chain)
		nftnl_expr_set_str(e, NFTNL_EXPR_IMM_CHAIN, chain);
	nftnl_expr_set_u32(e, NFTNL_EXPR_IMM_VERDICT, (uint32_t)v);
	return true;
}

static bool reject(struct nftnl_rule *nr, uint32_t type, uint8_t code)
{
	struct nftnl_expr *e = expression(nr, "reject");

	if (!e)
		return false;
	nftnl_expr_set_u32(e, NFTNL_EXPR_REJECT_TYPE, type);
	nftnl_expr_set_u8(e, NFTNL_EXPR_REJECT_CODE, code);
	return true;
}

static bool count(struct nftnl_rule *nr, enum rs_counter counter)
{
	struct nftnl_expr *e = expression(nr, "objref");

	if (!e)
		return false;
	nftnl_expr_set_u32(e, NFTNL_EXPR_OBJREF_IMM_TYPE, NFT_OBJECT_COUNTER);
	nftnl_expr_set_str(e, NFTNL_EXPR_OBJREF_IMM_NAME, rs_counter_name(counter));
	return true;
}

static bool limit(struct nftnl_rule *nr, uint32_t rate, uint32_t burst)
{
	struct nftnl_expr *e = expression(nr, "limit");

	if (!e)
		return false;
	fill_limit(e, rate, NFT_LIMIT_SECONDS, burst);
	return true;
}

static bool report(struct nftnl_rule *nr)
{
	struct nftnl_expr *e = expression(nr, "log");

	if (!e)
		return false;
	nftnl_expr_set_u16(e, NFTNL_EXPR_LOG_GROUP, RULESET_LOG_GROUP);
	nftnl_expr_set_str(e, NFTNL_EXPR_LOG_PREFIX, NFT_LOG_PREFIX);
	nftnl_expr_set_u32(e, NFTNL_EXPR_LOG_SNAPLEN, NFT_LOG_SNAPLEN);
	return true;
}

/* Without NFQNL_FLAG_BYPASS or anything like it: nobody listening means dropped. */
static bool queue_native(struct nftnl_rule *nr)
{
	struct nftnl_expr *e = expression(nr, "queue");

	if (!e)
		return false;
	nftnl_expr_set_u16(e, NFTNL_EXPR_QUEUE_NUM, RULESET_QUEUE);
	nftnl_expr_set_u16(e, NFTNL_EXPR_QUEUE_TOTAL, 1);
	nftnl_expr_set_u16(e, NFTNL_EXPR_QUEUE_FLAGS, 0);
	return true;
}

static bool queue_target(struct nftnl_rule *nr)
{
	struct nftnl_expr *e = expression(nr, "target");
	struct nft_queue_info *info = calloc(1, sizeof(*info));

	if (!e || !info) {
		free(info);
		return false;
	}
	info->number = RULESET_QUEUE;
	info->total = 1;
	nftnl_expr_set_str(e, NFTNL_EXPR_TG_NAME, NFT_QUEUE_TARGET_NAME);
	nftnl_expr_set_u32(e, NFTNL_EXPR_TG_REV, NFT_QUEUE_TARGET_REVISION);
	/* It takes the memory over. */
	nftnl_expr_set(e, NFTNL_EXPR_TG_INFO, info, sizeof(*info));
	return true;
}

static bool queue(struct nftnl_rule *nr, enum nft_queue how)
{
	switch (how) {
	case NFT_QUEUE_NATIVE:
		return queue_native(nr);
	case NFT_QUEUE_TARGET:
		return queue_target(nr);
	case NFT_QUEUE_UNKNOWN:
	case NFT_QUEUE_BARE:
		break;
	}
	return verdict(nr, NF_QUEUE, NULL);
}

static bool statement(struct nftnl_rule *nr, const struct rs_stmt *s, uint32_t token,
		      enum nft_queue how)
{
	switch ((enum rs_kind)s->kind) {
	case STMT_IS:
	case STMT_IS_NOT:
		return match(nr, s);
	case STMT_IN:
	case STMT_NOT_IN:
		return lookup(nr, s, false, 0);
	case STMT_GO:
		return lookup(nr, s, true, NFT_REG_VERDICT);
	case STMT_COUNT:
		return count(nr, s->object);
	case STMT_LIMIT:
		return limit(nr, s->value, s->mask);
	case STMT_LOG:
		return report(nr);
	case STMT_REMEMBER:
	case STMT_ONCE:
		return remember(nr, s);
	case STMT_MARK:
		return immediate(nr, &s->value, sizeof(s->value)) && set_mark(nr);
	case STMT_MARK_OF:
		return lookup(nr, s, true, NFT_REG_1) && set_mark(nr);
	case STMT_CARRY:
		return load(nr, FIELD_CT_MARK, NFT_REG_1) && set_packet_mark(nr);
	case STMT_ADMIT:
		return immediate(nr, &token, sizeof(token)) && set_packet_mark(nr);
	case STMT_REASON:
		return immediate(nr, &(uint32_t){s->object}, sizeof(uint32_t)) &&
		       set_packet_mark(nr);
	case STMT_REDIRECT:
		return redirect(nr, s->value);
	case STMT_MASQUERADE:
		return expression(nr, "masq") != NULL;
	case STMT_TTL:
		return set_ttl(nr, (uint8_t)s->value);
	case STMT_RESET:
		return reject(nr, NFT_REJECT_TCP_RST, 0);
	case STMT_PROHIBIT:
		return reject(nr, NFT_REJECT_ICMPX_UNREACH, NFT_REJECT_ICMPX_ADMIN_PROHIBITED);
	case STMT_QUEUE:
		return queue(nr, how);
	case STMT_ACCEPT:
		return verdict(nr, NF_ACCEPT, NULL);
	case STMT_DROP:
		return verdict(nr, NF_DROP, NULL);
	case STMT_GOTO:
		return verdict(nr, NFT_GOTO, rs_chain_name(s->object));
	case STMT_N:
		break;
	}
	return false;
}

int nft_expressions(struct nftnl_rule *nr, const struct rs_rule *rule, uint32_t token,
		    enum nft_queue queue)
{
	for (size_t i = 0; i < rule->n_stmts; i++)
		if (!statement(nr, &rule->stmts[i], token, queue))
			return -ENOMEM;
	return 0;
}

int nft_goto(struct nftnl_rule *nr, enum rs_chain chain)
{
	return verdict(nr, NFT_GOTO, rs_chain_name(chain)) ? 0 : -ENOMEM;
}
