/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* One rule of the data as expressions of nf_tables. Private to kernel/. */
#include "ruleset.h"

#include <libnftnl/rule.h>

/* Writes v as the kernel has field in a register, padded with zeros to size. */
void nft_encode(enum rs_field field, uint32_t v, uint8_t *buf, size_t size);

/* token: what STMT_ADMIT marks packets with. 0 or -ENOMEM. */
int nft_expressions(struct nftnl_rule *nr, const struct rs_rule *rule, uint32_t token);
/* A rule that is nothing but a way to another chain. 0 or -ENOMEM. */
int nft_goto(struct nftnl_rule *nr, enum rs_chain chain);
