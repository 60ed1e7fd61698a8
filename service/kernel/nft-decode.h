/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The way back of nft-expr.c: expressions of nf_tables as statements of the data. Whatever that
 * file would not have written is not understood, and named. Private to kernel/.
 */
#include "nft-attr.h"
#include "ruleset.h"

#define NFT_WHY_SIZE 160

/* The number in a register that holds field; false: none is written like that. */
bool nft_decode(enum rs_field field, const uint8_t *bytes, size_t size, uint32_t *ret);

/*
 * list: the attribute NFTA_RULE_EXPRESSIONS, or NULL; token: what STMT_ADMIT marks packets
 * with. Fills n_stmts and stmts of a zeroed rule. False: why says what is none of ours.
 */
bool nft_decode_rule(const struct nlattr *list, uint32_t token, struct rs_rule *ret,
		     char why[NFT_WHY_SIZE]);

/* An attribute whose data are the way to a chain of ours. */
bool nft_decode_goto(struct nft_attrs *a, uint16_t type, enum rs_chain *ret);

/* By name. */
bool nft_find_chain(const char *name, enum rs_chain *ret);
bool nft_find_set(const char *name, enum rs_set *ret);
bool nft_find_counter(const char *name, enum rs_counter *ret);
