/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What encodes rules and what decodes them are each other's inverse; what differs is said. */
#include "compare.h"
#include "nft-decode.h"
#include "nft-encode.h"
#include "policy-text.h"
#include "ruleset.h"

static struct ruleset *ruleset_of_file(const char *name)
{
	char *file = g_strdup_printf("%s/ruleset/%s.conf", g_getenv("GOLDEN"), name), *text;
	struct policy *p;
	struct ruleset *r;

	g_assert_true(g_file_get_contents(file, &text, NULL, NULL));
	p = good_policy(text);
	g_assert_cmpint(ruleset_build(p, &r), ==, 0);
	(void)policy_free(p);
	g_free(text);
	g_free(file);
	return r;
}

static void round_trip(void)
{
	static char buf[ENCODE_SIZE] __attribute__((aligned(8)));
	static const char *const names[] = {"minimal", "everything", "ranges"};
	unsigned kinds = 0;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct ruleset *r = ruleset_of_file(names[i]);

		for (size_t j = 0; j < r->n_rules; j++) {
			struct rs_rule again = {0};
			char why[NFT_WHY_SIZE] = "";

			(void)nft_decode_rule(encode_rule(&r->rules[j], buf), ENCODE_TOKEN, &again,
					      why);
			g_assert_cmpstr(why, ==, "");
			g_assert_cmpuint(again.n_stmts, ==, r->rules[j].n_stmts);
			g_assert_cmpmem(again.stmts, sizeof(again.stmts), r->rules[j].stmts,
					sizeof(again.stmts));
			for (size_t k = 0; k < again.n_stmts; k++)
				kinds |= 1u << again.stmts[k].kind;
		}
		(void)ruleset_free(r);
	}
	/* Every kind of statement was among them. */
	g_assert_cmphex(kinds, ==, (1u << STMT_N) - 1);
}

/* Queues are said in one of three ways, and read back as the same. */
static void test_round_trip(void)
{
	static const enum nft_queue ways[] = {NFT_QUEUE_TARGET, NFT_QUEUE_BARE, NFT_QUEUE_NATIVE};

	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		encode_queue = ways[i];
		round_trip();
	}
}

/* A value of every field, as in a register; what nobody would write is none. */
static void test_values(void)
{
	for (enum rs_field f = FIELD_NONE + 1; f < FIELD_N; f++) {
		uint32_t max = rs_fields[f].size == 1   ? UINT8_MAX
			       : rs_fields[f].size == 2 ? UINT16_MAX
							: UINT32_MAX;
		const uint32_t values[] = {0, 1, 0x7f, max};

		for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
			uint8_t bytes[16];
			uint32_t v = 7;

			nft_encode(f, values[i], bytes, sizeof(bytes));
			g_assert_true(nft_decode(f, bytes, rs_fields[f].size, &v));
			g_assert_cmphex(v, ==, values[i]);
			g_assert_true(nft_decode(f, bytes, sizeof(bytes), &v));
			if (rs_fields[f].size < 16) {
				bytes[rs_fields[f].size] = 1;
				g_assert_false(nft_decode(f, bytes, sizeof(bytes), &v));
			}
			g_assert_false(nft_decode(f, bytes, rs_fields[f].size - 1u, &v));
		}
	}
}

static void expect(const struct ruleset *should, const struct ruleset *is, const char *sentence)
{
	char text[COMPARE_TEXT_SIZE] = "";
	bool differs = compare_rules(should, is, TABLE_WALL, text) ||
		       compare_sets(should, is, TABLE_WALL, text);

	g_assert_cmpstr(text, ==, sentence);
	g_assert_true(differs == (*sentence != '\0'));
}

static void test_compare(void)
{
	struct ruleset *a = ruleset_of_file("everything"), *b = ruleset_of_file("everything");
	struct rs_elements *doors;
	size_t last = 0;

	expect(a, b, "");
	for (size_t i = 0; i < b->n_rules; i++)
		if (b->rules[i].chain == CHAIN_FORWARD)
			last = i;
	b->rules[last].stmts[1].kind = STMT_ACCEPT;
	expect(a, b,
	       "chain forward, rule 4: should be `counter name \"forward\" drop`, is `counter name "
	       "\"forward\" accept`");
	b->rules[last].chain = CHAIN_N;
	expect(a, b,
	       "chain forward, rule 4: should be `counter name \"forward\" drop`, is not there");
	expect(b, a, "chain forward, rule 4: is one too many, `counter name \"forward\" drop`");
	(void)ruleset_free(b);

	b = ruleset_of_file("everything");
	doors = &b->elements[SET_DOORS];
	g_assert_cmpuint(doors->n, >, 0);
	doors->items[0].key[0]--;
	doors->items[0].end[0]--;
	expect(a, b, "set doors holds what the policy does not grant: uid 899");
	memmove(doors->items, doors->items + 1, --doors->n * sizeof(*doors->items));
	expect(a, b, "set doors lacks what it should hold: uid 900");
	(void)ruleset_free(b);
	(void)ruleset_free(a);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/nft/round-trip", test_round_trip);
	g_test_add_func("/nft/values", test_values);
	g_test_add_func("/nft/compare", test_compare);
	return g_test_run();
}
