/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* A rule as the kernel would say it, for tests of what reads it: encoded by what writes rules. */
#include "nft-expr.h"
#include "ruleset.h"

#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables.h>
#include <stdlib.h>

#define ENCODE_SIZE (1 << 16)
#define ENCODE_TOKEN 0x73616c79u /* of verify-once, and of the dumps in the fuzzer's corpus */

/* How queues are said. */
static enum nft_queue encode_queue = NFT_QUEUE_NATIVE;

/* libnftnl leaves out the end of one name; the kernel does not. */
static inline void copy_attributes(struct nlmsghdr *to, const struct nlattr *nest, bool objref)
{
	const struct nlattr *a;

	mnl_attr_for_each_nested(a, nest)
	{
		uint16_t type = mnl_attr_get_type(a), size = mnl_attr_get_payload_len(a);
		char name[64] = "";

		if (objref && type == NFTA_OBJREF_IMM_NAME && size < sizeof(name)) {
			memcpy(name, mnl_attr_get_payload(a), size);
			mnl_attr_put_strz(to, type, name);
		} else {
			mnl_attr_put(to, type, size, mnl_attr_get_payload(a));
		}
	}
}

static inline void copy_expression(struct nlmsghdr *to, const struct nlattr *expression)
{
	struct nlattr *nest = mnl_attr_nest_start(to, NFTA_LIST_ELEM), *data;
	const struct nlattr *a;
	bool objref = false;

	mnl_attr_for_each_nested(a, expression)
	{
		if (mnl_attr_get_type(a) == NFTA_EXPR_NAME) {
			objref = strncmp(mnl_attr_get_str(a), "objref", 6) == 0;
			mnl_attr_put_strz(to, NFTA_EXPR_NAME, mnl_attr_get_str(a));
			continue;
		}
		data = mnl_attr_nest_start(to, NFTA_EXPR_DATA);
		copy_attributes(to, a, objref);
		mnl_attr_nest_end(to, data);
	}
	mnl_attr_nest_end(to, nest);
}

/* The attribute NFTA_RULE_EXPRESSIONS, in buf; or NULL: out of memory. */
static inline const struct nlattr *encode_rule(const struct rs_rule *rule, char buf[ENCODE_SIZE])
{
	static char sent[ENCODE_SIZE] __attribute__((aligned(8)));
	struct nlmsghdr *h = mnl_nlmsg_put_header(sent), *to = mnl_nlmsg_put_header(buf);
	struct nftnl_rule *nr = nftnl_rule_alloc();
	struct nlattr *list;
	const struct nlattr *a, *e;

	if (!nr || nft_expressions(nr, rule, ENCODE_TOKEN, encode_queue) < 0)
		return NULL;
	nftnl_rule_nlmsg_build_payload(h, nr);
	nftnl_rule_free(nr);
	list = mnl_attr_nest_start(to, NFTA_RULE_EXPRESSIONS);
	mnl_attr_for_each(a, h, 0)
	{
		if (mnl_attr_get_type(a) != NFTA_RULE_EXPRESSIONS)
			continue;
		mnl_attr_for_each_nested(e, a)
		{
			copy_expression(to, e);
		}
	}
	mnl_attr_nest_end(to, list);
	return list;
}
