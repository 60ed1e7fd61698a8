/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes as the kernel's answers about its tables: no crash; and whatever is understood is what
 * we would write ourselves: written and read again it is the same.
 */
#include "../unit/nft-encode.h"
#include "compare.h"
#include "fuzz.h"
#include "nft-decode.h"
#include "nft-read.h"

static void same_again(const struct rs_rule *rule)
{
	static char buf[ENCODE_SIZE] __attribute__((aligned(8)));
	struct rs_rule again = {.chain = rule->chain, .origin = rule->origin};
	char why[NFT_WHY_SIZE];

	if (!nft_decode_rule(encode_rule(rule, buf), ENCODE_TOKEN, &again, why) ||
	    again.n_stmts != rule->n_stmts ||
	    memcmp(again.stmts, rule->stmts, sizeof(again.stmts)) != 0)
		abort();
}

/* Nothing that was read may make what uses it stumble. */
static void look(const struct nft_seen *seen)
{
	static const struct ruleset nothing;
	char text[COMPARE_TEXT_SIZE];

	for (size_t i = 0; i < seen->ruleset->n_rules; i++)
		same_again(&seen->ruleset->rules[i]);
	for (enum rs_table t = 0; t < TABLE_N; t++) {
		(void)compare_rules(&nothing, seen->ruleset, t, text);
		(void)compare_sets(&nothing, seen->ruleset, t, text);
		if (compare_rules(seen->ruleset, seen->ruleset, t, text) ||
		    compare_sets(seen->ruleset, seen->ruleset, t, text))
			abort();
	}
	if (strnlen(seen->fault, sizeof(seen->fault)) == sizeof(seen->fault))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct nft_seen seen;
	struct nft_reader *r;
	struct nlmsghdr *h;
	char *buf, *at;
	int left = (int)size;

	if (size > 1 << 20)
		return 0;
	buf = at = malloc(size + 1);
	r = nft_reader_new(ENCODE_TOKEN, &seen);
	if (!buf || !r)
		abort();
	if (size)
		memcpy(buf, data, size);
	/* As nl_dump() takes them apart: a length over what is there ends it. */
	for (h = (void *)at;
	     left >= (int)sizeof(*h) && h->nlmsg_len <= INT32_MAX && mnl_nlmsg_ok(h, left);
	     h = mnl_nlmsg_next(h, &left))
		if (nft_reader_message(h, r) != MNL_CB_OK)
			abort();
	if (nft_reader_end(r) < 0)
		abort();
	look(&seen);
	nft_seen_clear(&seen);
	free(buf);
	return 0;
}
