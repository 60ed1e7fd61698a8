/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Expressions of nf_tables, each with its value in the first register. */
#include "expr.h"

#include <libnftnl/expr.h>
#include <linux/netfilter/nf_tables.h>
#include <string.h>

struct nftnl_expr *expr_add(struct nftnl_rule *r, const char *name)
{
	struct nftnl_expr *e = nftnl_expr_alloc(name);

	if (e)
		nftnl_rule_add_expr(r, e);
	return e;
}

void expr_keyed(struct nftnl_rule *r, const char *name, uint16_t key_attr, uint32_t key,
		uint16_t register_attr)
{
	struct nftnl_expr *e = expr_add(r, name);

	if (!e)
		return;
	nftnl_expr_set_u32(e, key_attr, key);
	nftnl_expr_set_u32(e, register_attr, NFT_REG_1);
	if (strcmp(name, "fib") == 0)
		nftnl_expr_set_u32(e, NFTNL_EXPR_FIB_FLAGS, NFTA_FIB_F_DADDR);
}

void expr_meta_get(struct nftnl_rule *r, uint32_t key)
{
	expr_keyed(r, "meta", NFTNL_EXPR_META_KEY, key, NFTNL_EXPR_META_DREG);
}

void expr_meta_set(struct nftnl_rule *r, uint32_t key)
{
	expr_keyed(r, "meta", NFTNL_EXPR_META_KEY, key, NFTNL_EXPR_META_SREG);
}

void expr_number(struct nftnl_rule *r, uint32_t n)
{
	struct nftnl_expr *e = expr_add(r, "immediate");

	if (!e)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_IMM_DREG, NFT_REG_1);
	nftnl_expr_set(e, NFTNL_EXPR_IMM_DATA, &n, sizeof(n));
}

void expr_payload(struct nftnl_rule *r, uint32_t base, uint32_t offset, uint32_t length)
{
	struct nftnl_expr *e = expr_add(r, "payload");

	if (!e)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_BASE, base);
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_OFFSET, offset);
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_LEN, length);
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_DREG, NFT_REG_1);
}

void expr_compare(struct nftnl_rule *r, uint32_t op, const void *data, uint32_t size)
{
	struct nftnl_expr *e = expr_add(r, "cmp");

	if (!e)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_CMP_SREG, NFT_REG_1);
	nftnl_expr_set_u32(e, NFTNL_EXPR_CMP_OP, op);
	nftnl_expr_set(e, NFTNL_EXPR_CMP_DATA, data, size);
}

void expr_ct_mark_set(struct nftnl_rule *r)
{
	expr_keyed(r, "ct", NFTNL_EXPR_CT_KEY, NFT_CT_MARK, NFTNL_EXPR_CT_SREG);
}
