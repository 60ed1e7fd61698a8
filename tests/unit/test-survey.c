/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a foreign rule does, from the kernel's words for it; also those that not every kernel has.
 */
#include "survey-rule.h"

#include <arpa/inet.h>
#include <glib.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <linux/netfilter/xt_connmark.h>
#include <linux/netfilter/xt_CT.h>

/* A rule under construction: a nest of expressions in one message. */
struct rule {
	char buf[4096] __attribute__((aligned(8)));
	struct nlmsghdr *h;
	struct nlattr *list, *expression, *data;
};

static void begin(struct rule *r)
{
	memset(r, 0, sizeof(*r));
	r->h = mnl_nlmsg_put_header(r->buf);
	r->list = mnl_attr_nest_start(r->h, NFTA_RULE_EXPRESSIONS);
}

static void expression(struct rule *r, const char *name)
{
	r->expression = mnl_attr_nest_start(r->h, NFTA_LIST_ELEM);
	mnl_attr_put_strz(r->h, NFTA_EXPR_NAME, name);
	r->data = mnl_attr_nest_start(r->h, NFTA_EXPR_DATA);
}

static void end_expression(struct rule *r)
{
	mnl_attr_nest_end(r->h, r->data);
	mnl_attr_nest_end(r->h, r->expression);
}

static struct survey_rule read_rule(struct rule *r)
{
	struct survey_rule ret;

	mnl_attr_nest_end(r->h, r->list);
	survey_rule(r->list, NFPROTO_IPV4, &ret);
	return ret;
}

static void put(struct rule *r, uint16_t type, uint32_t value)
{
	mnl_attr_put_u32(r->h, type, htonl(value));
}

static struct survey_rule plain(const char *name)
{
	struct rule r;

	begin(&r);
	expression(&r, name);
	end_expression(&r);
	return read_rule(&r);
}

static uint32_t target(const char *name, uint32_t revision, const void *info, size_t size)
{
	struct rule r;

	begin(&r);
	expression(&r, "target");
	mnl_attr_put_strz(r.h, NFTA_TARGET_NAME, name);
	put(&r, NFTA_TARGET_REV, revision);
	mnl_attr_put(r.h, NFTA_TARGET_INFO, size, info);
	end_expression(&r);
	return read_rule(&r).effects;
}

static void test_expressions(void)
{
	static const struct {
		const char *name;
		uint32_t effects;
	} cases[] = {
		{"counter", 0},
		{"flow_offload", 0},
		{"queue", EFFECT_BIT(QUEUE)},
		{"notrack", EFFECT_BIT(UNTRACKED)},
		{"masq", EFFECT_BIT(SOURCE)},
		{"redir", EFFECT_BIT(DESTINATION)},
		{"tproxy", EFFECT_BIT(DESTINATION)},
		{"dup", EFFECT_BIT(ELSEWHERE)},
		{"fwd", EFFECT_BIT(ELSEWHERE)},
		{"of a kernel to come", EFFECT_BIT(OTHER)},
		{"", EFFECT_BIT(OTHER)},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
		g_assert_cmphex(plain(cases[i].name).effects, ==, cases[i].effects);
}

static void test_targets(void)
{
	struct xt_ct_target_info notrack = {.flags = XT_CT_NOTRACK}, helper = {.helper = "ftp"};
	char nothing[4] = "";

	g_assert_cmphex(target("DNAT", 2, nothing, 4), ==, EFFECT_BIT(DESTINATION));
	g_assert_cmphex(target("MASQUERADE", 0, nothing, 4), ==, EFFECT_BIT(SOURCE));
	g_assert_cmphex(target("TEE", 1, nothing, 4), ==, EFFECT_BIT(ELSEWHERE));
	g_assert_cmphex(target("NFQUEUE", 3, nothing, 4), ==, EFFECT_BIT(QUEUE));
	g_assert_cmphex(target("LOG", 0, nothing, 4), ==, 0);
	g_assert_cmphex(target("NO-SUCH", 0, nothing, 4), ==, EFFECT_BIT(OTHER));
	g_assert_cmphex(target("CT", 0, nothing, 0), ==, 0);
	g_assert_cmphex(target("CT", 0, &notrack, sizeof(notrack)), ==, EFFECT_BIT(UNTRACKED));
	g_assert_cmphex(target("CT", 0, &helper, sizeof(helper)), ==, EFFECT_BIT(HELPER));
}

static uint32_t connmark(uint8_t mode, uint32_t mark, uint32_t ctmask, uint32_t nfmask)
{
	struct xt_connmark_tginfo1 t = {mark, ctmask, nfmask, mode};

	return target("CONNMARK", 1, &t, sizeof(t));
}

static void test_connmark(void)
{
	struct xt_connmark_tginfo2 shifted = {1, 0xff, 0, D_SHIFT_LEFT, 8, XT_CONNMARK_SET};
	struct xt_connmark_tginfo2 restored = {0, ~0u, ~0u, D_SHIFT_LEFT, 0, XT_CONNMARK_RESTORE};

	g_assert_cmphex(connmark(XT_CONNMARK_SET, 0x01000000, ~0u, 0), ==, EFFECT_BIT(MARK));
	g_assert_cmphex(connmark(XT_CONNMARK_SET, 0x10, ~0u, 0), ==, EFFECT_BIT(UNMARK));
	g_assert_cmphex(connmark(XT_CONNMARK_SET, 0x10, 0xff, 0), ==, 0);
	g_assert_cmphex(connmark(XT_CONNMARK_SAVE, 0, ~0u, ~0u), ==, EFFECT_BIT(MARK));
	g_assert_cmphex(connmark(XT_CONNMARK_SAVE, 0, 0xffff, 0xffff), ==, 0);
	g_assert_cmphex(connmark(XT_CONNMARK_RESTORE, 0, ~0u, ~0u), ==, EFFECT_BIT(PACKET));
	g_assert_cmphex(target("CONNMARK", 2, &shifted, sizeof(shifted)), ==, EFFECT_BIT(MARK));
	g_assert_cmphex(target("CONNMARK", 2, &restored, sizeof(restored)), ==, EFFECT_BIT(PACKET));
}

/* A rule that sets the conntrack mark from a register that nothing was said of. */
static void test_unknown_register(void)
{
	struct rule r;

	begin(&r);
	expression(&r, "numgen");
	end_expression(&r);
	expression(&r, "ct");
	put(&r, NFTA_CT_KEY, NFT_CT_MARK);
	put(&r, NFTA_CT_SREG, NFT_REG_1);
	end_expression(&r);
	g_assert_cmphex(read_rule(&r).effects, ==, EFFECT_BIT(MARK));
}

static void put_verdict(struct rule *r, uint32_t code, const char *chain)
{
	struct nlattr *data, *verdict;

	expression(r, "immediate");
	put(r, NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
	data = mnl_attr_nest_start(r->h, NFTA_IMMEDIATE_DATA);
	verdict = mnl_attr_nest_start(r->h, NFTA_DATA_VERDICT);
	put(r, NFTA_VERDICT_CODE, code);
	if (chain)
		mnl_attr_put_strz(r->h, NFTA_VERDICT_CHAIN, chain);
	mnl_attr_nest_end(r->h, verdict);
	mnl_attr_nest_end(r->h, data);
	end_expression(r);
}

static void test_verdicts(void)
{
	struct survey_rule got;
	struct rule r;

	begin(&r);
	put_verdict(&r, (uint32_t)NFT_JUMP, "there");
	got = read_rule(&r);
	g_assert_cmpstr(got.target, ==, "there");
	g_assert_false(got.anywhere);

	begin(&r);
	put_verdict(&r, (uint32_t)NFT_JUMP, "there");
	put_verdict(&r, (uint32_t)NFT_GOTO, "elsewhere");
	g_assert_true(read_rule(&r).anywhere);

	begin(&r);
	put_verdict(&r, NF_QUEUE, NULL);
	g_assert_cmphex(read_rule(&r).effects, ==, EFFECT_BIT(QUEUE));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/survey/expressions", test_expressions);
	g_test_add_func("/survey/targets", test_targets);
	g_test_add_func("/survey/connmark", test_connmark);
	g_test_add_func("/survey/unknown-register", test_unknown_register);
	g_test_add_func("/survey/verdicts", test_verdicts);
	return g_test_run();
}
