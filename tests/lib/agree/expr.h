/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What a rule of the test's own table is made of. Lack of memory shows when the rule is refused. */
#include <libnftnl/rule.h>
#include <stdint.h>

struct nftnl_expr *expr_add(struct nftnl_rule *r, const char *name);
void expr_keyed(struct nftnl_rule *r, const char *name, uint16_t key_attr, uint32_t key,
		uint16_t register_attr);
void expr_meta_get(struct nftnl_rule *r, uint32_t key);
void expr_meta_set(struct nftnl_rule *r, uint32_t key);
void expr_number(struct nftnl_rule *r, uint32_t n);
void expr_payload(struct nftnl_rule *r, uint32_t base, uint32_t offset, uint32_t length);
void expr_compare(struct nftnl_rule *r, uint32_t op, const void *data, uint32_t size);
void expr_ct_mark_set(struct nftnl_rule *r);
