/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The wall as data: goldens for whole policies, and what must hold for every one of them.
 * UPDATE_GOLDEN=1 writes the goldens anew; read the difference before you believe it.
 */
#include "policy-text.h"
#include "ruleset.h"

#define TOR "[users]\ntor = debian-tor\ndesktop = amnesia\nclearnet = clearnet\n"

static struct ruleset *ruleset_of(const char *text)
{
	struct policy *p = good_policy(text);
	struct ruleset *r;

	g_assert_cmpint(ruleset_build(p, &r), ==, 0);
	(void)policy_free(p);
	return r;
}

static bool same(const char *a, const char *b)
{
	struct ruleset *x = ruleset_of(a), *y = ruleset_of(b);
	bool equal = memcmp(x->digest, y->digest, sizeof(x->digest)) == 0;

	(void)ruleset_free(x);
	(void)ruleset_free(y);
	return equal;
}

static void test_digest(void)
{
	static const char *const changes[] = {
		"[users]\nclearnet = second\n",
		"[users]\ntor = _apt\n",
		"[users]\nautoconfig = 905\n",
		"[service s]\nlisten = 127.0.0.1:1/tcp\nusers = amnesia\n",
		"[automap]\nusers = amnesia\n",
		"[automap]\nport = 9041\n",
		"[automap]\nrange = 127.128.0.0/10\n",
		"[dns]\nusers = amnesia\n",
		"[tor]\ndns = no\n",
		"[tor]\nudp = yes\n",
		"[tor]\nloopback = no\n",
		"[lan]\nranges = 100.64.0.0/10\n",
		"[lan]\nexclude = 10.0.0.0/24\n",
		"[lan]\non-link = yes\n",
		"[lan]\nrefuse = 80\n",
		"[lan]\nrefuse = 80/tcp\n",
	};

	g_assert_true(same(TOR, "# a line\n\n" TOR));
	g_assert_true(same(TOR "[lan]\nranges = 10.0.0.0/9 10.128.0.0/9\n",
			   TOR "[lan]\nranges = 10.128.0.0/9\nranges = 10.0.0.0/9\n"));
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		char *text = g_strconcat(TOR, changes[i], NULL);

		g_assert_false(same(TOR, text));
		g_free(text);
	}
}

static void test_ranges(void)
{
	struct ruleset *r = ruleset_of(TOR "[service a]\nlisten = 127.0.0.1:100-200/tcp "
					   "127.0.0.1:150-300/tcp 127.0.0.1:301/tcp "
					   "127.0.0.1:1-16/tcp\nusers = amnesia\n"
					   "[lan]\nranges =\nranges = 10.0.0.0/8\nexclude = "
					   "10.0.0.0/16 10.255.0.0/16 10.1.0.0/16\n");
	const struct rs_elements *wide = &r->elements[SET_SERVICES_WIDE];
	const struct rs_elements *lan = &r->elements[SET_LAN];

	g_assert_cmpuint(wide->n, ==, 1);
	g_assert_cmpuint(wide->items[0].key[3], ==, 100);
	g_assert_cmpuint(wide->items[0].end[3], ==, 301);
	g_assert_cmpuint(r->elements[SET_SERVICES].n, ==, 16);
	g_assert_cmpuint(lan->n, ==, 1);
	g_assert_cmphex(lan->items[0].key[0], ==, 0x0a020000);
	g_assert_cmphex(lan->items[0].end[0], ==, 0x0afeffff);
	(void)ruleset_free(r);
}

/* Ten thousand services are more elements, not more rules. */
static void test_constant(void)
{
	GString *text = g_string_new(TOR);
	struct ruleset *few = ruleset_of(TOR "[service a]\nlisten = 127.0.0.1:1/tcp\nusers = 7\n");
	struct ruleset *many;

	for (unsigned i = 0; i < 10000; i++)
		g_string_append_printf(text,
				       "[service s%u]\nlisten = 127.0.%u.1:%u/tcp\nusers = %u\n", i,
				       i / 5000, 10000 + i % 5000 * 2, 2000 + i % 7);
	many = ruleset_of(text->str);
	g_assert_cmpuint(few->n_rules, ==, many->n_rules);
	g_assert_cmpuint(many->elements[SET_SERVICES].n, ==, 10000);
	(void)ruleset_free(few);
	(void)ruleset_free(many);
	(void)g_string_free(text, TRUE);
}

/* Every base chain but the one that redirects ends by dropping what came so far. */
static void test_ends(void)
{
	struct ruleset *r = ruleset_of(TOR);

	for (enum rs_chain c = 0; c < CHAIN_N; c++) {
		const struct rs_rule *last = NULL;
		const struct rs_stmt *end;

		for (size_t i = 0; i < r->n_rules; i++)
			if (r->rules[i].chain == c)
				last = &r->rules[i];
		if (!last || c == CHAIN_ADMITTED)
			continue; /* nothing to redirect; and what marks all that was let through */
		end = &last->stmts[last->n_stmts - 1];
		g_assert_true(end->kind == STMT_ACCEPT || end->kind == STMT_DROP ||
			      end->kind == STMT_GOTO || end->kind == STMT_PROHIBIT);
		if (rs_chain_base(c))
			g_assert_cmpint(end->kind, ==, STMT_DROP);
		/* The last rule of every chain is for all that is left, or follows from the chain.
		 */
		if (c == CHAIN_OUTPUT || c == CHAIN_INPUT || c == CHAIN_FORWARD)
			g_assert_cmpuint(last->n_stmts, ==, 2);
	}
	(void)ruleset_free(r);
}

static void compare_golden(const char *name, const struct policy *p)
{
	char *file = g_strdup_printf("%s/ruleset/%s.nft", g_getenv("GOLDEN"), name), *golden = NULL;
	struct ruleset *r;
	char *text;

	g_assert_cmpint(ruleset_build(p, &r), ==, 0);
	text = ruleset_to_text(r, p);
	if (g_getenv("UPDATE_GOLDEN"))
		g_assert_true(g_file_set_contents(file, text, -1, NULL));
	g_assert_true(g_file_get_contents(file, &golden, NULL, NULL));
	g_assert_cmpstr(text, ==, golden);
	g_free(golden);
	g_free(file);
	free(text);
	(void)ruleset_free(r);
}

static void test_golden(void)
{
	static const char *const names[] = {"minimal", "everything", "ranges"};
	struct policy *p = policy_built_in(101);

	compare_golden("built-in", p);
	(void)policy_free(p);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		char *file = g_strdup_printf("%s/ruleset/%s.conf", g_getenv("GOLDEN"), names[i]);
		char *text;

		g_assert_true(g_file_get_contents(file, &text, NULL, NULL));
		p = good_policy(text);
		compare_golden(names[i], p);
		(void)policy_free(p);
		g_free(text);
		g_free(file);
	}
}

static void test_shipped(void)
{
	char *file = g_strdup_printf("%s/service/host/policy.conf", g_getenv("SOURCE_ROOT")), *text;
	struct policy *p;

	g_assert_true(g_file_get_contents(file, &text, NULL, NULL));
	p = good_policy(text);
	compare_golden("shipped", p);
	(void)policy_free(p);
	g_free(text);
	g_free(file);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/ruleset/digest", test_digest);
	g_test_add_func("/ruleset/ranges", test_ranges);
	g_test_add_func("/ruleset/constant", test_constant);
	g_test_add_func("/ruleset/ends", test_ends);
	g_test_add_func("/ruleset/golden", test_golden);
	g_test_add_func("/ruleset/shipped", test_shipped);
	return g_test_run();
}
