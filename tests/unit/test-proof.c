/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the policy says is what the ruleset does, for every packet; and a ruleset that is changed in
 * any one place, and treats any packet differently, is found.
 */
#include "difference.h"
#include "policy-text.h"
#include "proof.h"

#define TOR "[users]\ntor = debian-tor\ndesktop = amnesia\nclearnet = clearnet\n"

static const char *const policies[] = {
	"",
	TOR,
	TOR "[lan]\nranges =\n",
	TOR "[lan]\nexclude = 10.0.0.0/24 192.168.1.1/32\non-link = yes\n",
	TOR "[lan]\nranges = 100.64.0.0/10\nrefuse = 80 443/tcp 5000-6000/udp\n",
	TOR "[tor]\ndns = no\nloopback = no\n",
	TOR "[tor]\nudp = yes\n",
	TOR "[automap]\nusers = amnesia\n[dns]\nusers = amnesia\n",
	TOR "[automap]\nusers = amnesia root\nport = 9041\nrange = 127.128.0.0/10\n"
	    "[dns]\nusers = amnesia\ntcp = yes\nport = 5300\n",
	TOR "[service socks]\nlisten = 127.0.0.1:9050/tcp [::1]:9050/tcp\nusers = amnesia _apt\n"
	    "server = debian-tor\n",
	TOR "[service wide]\nlisten = 127.0.0.1:1000-2000/udp [::1]:1000-2000/tcp\n"
	    "users = amnesia\n"
	    "[service other]\nlisten = 127.0.0.2:1500-2500/udp 192.168.1.5:80/tcp\nusers = _apt\n"
	    "server = amnesia\n",
	TOR "[egress]\nenable = no\n",
	TOR "[lan]\nranges =\n[namespace x]\ninterface = v\npeer = 10.0.0.2\n"
	    "listen = 10.0.0.1:9050/tcp 10.0.0.1:1000-2000/udp\nserver = debian-tor\n"
	    "[service s]\nlisten = 10.0.0.1:9050/tcp\nusers = amnesia\nserver = debian-tor\n",
	TOR
	"[lan]\non-link = yes\n[tor]\nudp = yes\n"
	"[namespace x]\ninterface = fifteen-letters\npeer = 10.0.0.2\nlisten = 10.0.0.1:53/udp\n"
	"[namespace y]\ninterface = fifteen-letterz\npeer = 10.0.0.3\nlisten = 10.0.0.1:53/udp\n",
	"[namespace x]\ninterface = v\npeer = 10.0.0.2\nlisten = 10.0.0.1:53/udp\n",
	TOR "[namespace x]\ninterface = v\npeer = 10.0.0.2\nlisten = 10.0.0.1:53/udp\ndoor = yes\n"
	    "[namespace y]\ninterface = w\npeer = 10.0.0.3\nlisten = 10.0.0.1:53/udp\n",
	"[egress]\nenable = no\n"
	"[namespace x]\ninterface = v\npeer = 10.0.0.2\nlisten = 10.0.0.1:53/udp\ndoor = yes\n"
	"[namespace y]\ninterface = w\npeer = 10.0.0.3\nlisten = 10.0.0.1:53/udp\ndoor = yes\n",
};

static void expect_proved(const struct policy *p, const char *name)
{
	struct ruleset *r;
	struct proof_finding f;
	char words[1000];
	int n;

	g_assert_cmpint(ruleset_build(p, &r), ==, 0);
	n = proof_run(p, r, &f);
	g_assert_cmpint(n, >=, 0);
	if (n > 0) {
		proof_describe(p, &f, words, sizeof(words));
		g_test_message("%s\n%s", name, words);
		g_test_fail();
	}
	(void)ruleset_free(r);
}

static struct policy *golden_policy(const char *name)
{
	char *file = g_strdup_printf("%s/ruleset/%s.conf", g_getenv("GOLDEN"), name), *text;
	struct policy *p;

	g_assert_true(g_file_get_contents(file, &text, NULL, NULL));
	p = good_policy(text);
	g_free(text);
	g_free(file);
	return p;
}

static void test_proved(void)
{
	static const char *const goldens[] = {"minimal", "everything", "ranges"};
	const uid_t tors[] = {101, UINT32_MAX};
	struct policy *p;

	for (size_t i = 0; i < ARRAY_SIZE(policies); i++) {
		p = good_policy(policies[i]);
		expect_proved(p, policies[i]);
		(void)policy_free(p);
	}
	for (size_t i = 0; i < ARRAY_SIZE(goldens); i++) {
		p = golden_policy(goldens[i]);
		expect_proved(p, goldens[i]);
		(void)policy_free(p);
	}
	for (size_t i = 0; i < ARRAY_SIZE(tors); i++) {
		p = policy_built_in(tors[i]);
		g_assert_nonnull(p);
		expect_proved(p, "built-in");
		(void)policy_free(p);
	}
}

/* Many services are proved exactly, too: one port more is found. */
static void test_many(void)
{
	GString *text = g_string_new(TOR);
	struct policy *p;
	struct ruleset *r;
	struct proof_finding f;

	for (int i = 0; i < 3000; i++)
		g_string_append_printf(
			text, "[service s%d]\nlisten = 127.0.0.%d:%d-%d/tcp\nusers = %d\n", i,
			1 + i % 200, 1024 + i * 4, 1026 + i * 4 + (i % 7 == 0), 2000 + i % 300);
	p = good_policy(text->str);
	g_assert_cmpint(ruleset_build(p, &r), ==, 0);
	g_assert_cmpint(proof_run(p, r, &f), ==, 0);
	r->elements[SET_SERVICES].items[2999].key[0]++;
	r->elements[SET_SERVICES].items[2999].end[0]++;
	g_assert_cmpint(proof_run(p, r, &f), ==, 1);
	g_assert_true(f.number == 5 || f.number == 13);
	(void)ruleset_free(r);
	(void)policy_free(p);
	(void)g_string_free(text, TRUE);
}

/* A copy with room for one element more in each set. */
static struct ruleset *copy(const struct ruleset *from)
{
	struct ruleset *r = g_memdup2(from, sizeof(*from));

	r->rules = malloc(from->n_rules * sizeof(*r->rules));
	memcpy(r->rules, from->rules, from->n_rules * sizeof(*r->rules));
	for (size_t i = 0; i < SET_N; i++) {
		size_t n = from->elements[i].n;

		r->elements[i].items = malloc((n + 1) * sizeof(struct rs_element));
		if (n)
			memcpy(r->elements[i].items, from->elements[i].items,
			       n * sizeof(struct rs_element));
	}
	return r;
}

static void discard(struct ruleset *r)
{
	for (size_t i = 0; i < SET_N; i++)
		free(r->elements[i].items);
	free(r->rules);
	g_free(r);
}

/* How a statement may be changed; true if it was of that kind. */
static bool invert(struct rs_stmt *s)
{
	static const int8_t opposite[STMT_N] = {
		[STMT_IS] = STMT_IS_NOT - STMT_IS,       [STMT_IS_NOT] = STMT_IS - STMT_IS_NOT,
		[STMT_IN] = STMT_NOT_IN - STMT_IN,       [STMT_NOT_IN] = STMT_IN - STMT_NOT_IN,
		[STMT_ACCEPT] = STMT_DROP - STMT_ACCEPT, [STMT_DROP] = STMT_ACCEPT - STMT_DROP,
	};
	int8_t difference = opposite[s->kind];

	s->kind = (uint8_t)(s->kind + difference);
	return difference != 0;
}

static bool next_value(struct rs_stmt *s)
{
	bool has = s->kind == STMT_IS || s->kind == STMT_IS_NOT || s->kind == STMT_MARK ||
		   s->kind == STMT_REDIRECT || s->kind == STMT_TTL;

	s->value += has;
	return has;
}

static bool shorter_mask(struct rs_stmt *s)
{
	bool has = (s->kind == STMT_IS || s->kind == STMT_IS_NOT) && s->mask;

	s->mask &= has ? s->mask - 1 : UINT32_MAX;
	return has;
}

static bool accept_instead(struct rs_stmt *s)
{
	bool has = s->kind == STMT_GOTO || s->kind == STMT_GO || s->kind == STMT_QUEUE;

	if (has)
		*s = (struct rs_stmt){.kind = STMT_ACCEPT};
	return has;
}

static bool remember_only(struct rs_stmt *s)
{
	bool has = s->kind == STMT_ONCE;

	s->kind = has ? STMT_REMEMBER : s->kind;
	return has;
}

/* The budget of a server's questions instead of the one of connections, or the other way. */
static bool other_budget(struct rs_stmt *s)
{
	bool has = s->kind == STMT_ONCE;

	if (!has)
		return false;
	if (s->object == SET_SPENT)
		*s = (struct rs_stmt){.kind = STMT_ONCE,
				      .object = SET_ASKED,
				      .fields = {FIELD_CT_MARK, FIELD_IP_DADDR},
				      .n_fields = 2};
	else
		*s = (struct rs_stmt){.kind = STMT_ONCE,
				      .object = SET_SPENT,
				      .fields = {FIELD_CT_MARK},
				      .n_fields = 1};
	return true;
}

/* As with a lease of full scope. */
static bool any_address(struct rs_stmt *s)
{
	bool has = s->kind == STMT_MARK_OF && s->object == SET_SCOPED;

	if (has)
		*s = (struct rs_stmt){.kind = STMT_MARK_OF,
				      .object = SET_GRANTS,
				      .fields = {FIELD_SKUID},
				      .n_fields = 1};
	return has;
}

static bool drop_instead(struct rs_stmt *s)
{
	bool has = s->kind == STMT_GOTO || s->kind == STMT_GO || s->kind == STMT_QUEUE;

	if (has)
		*s = (struct rs_stmt){.kind = STMT_DROP};
	return has;
}

static const struct {
	const char *name;
	bool (*change)(struct rs_stmt *s);
} changes[] = {
	{"inverted", invert},
	{"value + 1", next_value},
	{"mask shortened", shorter_mask},
	{"accepts", accept_instead},
	{"drops", drop_instead},
	{"every time", remember_only},
	{"another budget", other_budget},
	{"any address", any_address},
};

/* A sanitizer makes each five times slower, and looks at memory, not at what is found. */
#ifdef __SANITIZE_ADDRESS__
#define EVERY 31
#else
#define EVERY 1
#endif

struct mutants {
	const struct policy *policy;
	const struct ruleset *ruleset;
	unsigned made, tried, found, equal;
};

/* Which mutants treat packets differently that there are none of. */
static bool impossible(const char *what, const char *rule)
{
	/* No lease has a confined program's mark. */
	return strcmp(what, "swapped with the next") == 0 &&
	       strcmp(rule, "rule 10 of chain input") == 0;
}

/* Found by the proof; or, by another way, no packet is treated differently. */
static void expect_found(struct mutants *m, struct ruleset *r, const char *what, size_t rule)
{
	struct proof_finding f;
	struct differences d;
	char name[64] = "a set";

	if (m->made++ % EVERY) {
		discard(r);
		return;
	}
	m->tried++;
	if (proof_run(m->policy, r, &f) == 1) {
		m->found++;
	} else {
		g_assert_cmpint(differences_find(m->ruleset, r, &d), ==, 0);
		if (rule != RULE_NONE)
			rule_name(m->ruleset, rule, name, sizeof(name));
		if (d.n && !impossible(what, name)) {
			g_test_message("not found: %s, %s", name, what);
			g_test_fail();
		}
		m->equal++;
		differences_clear(&d);
	}
	discard(r);
}

static void mutate_statements(struct mutants *m, size_t rule)
{
	size_t n = m->ruleset->rules[rule].n_stmts;

	for (size_t i = 0; i < n; i++) {
		struct ruleset *r = copy(m->ruleset);
		struct rs_stmt *s = r->rules[rule].stmts;

		memmove(&s[i], &s[i + 1], (n - i - 1) * sizeof(*s));
		r->rules[rule].n_stmts--;
		expect_found(m, r, "a statement less", rule);
		for (size_t k = 0; k < ARRAY_SIZE(changes); k++) {
			r = copy(m->ruleset);
			if (changes[k].change(&r->rules[rule].stmts[i]))
				expect_found(m, r, changes[k].name, rule);
			else
				discard(r);
		}
	}
}

static void mutate_rule(struct mutants *m, size_t rule)
{
	const struct ruleset *from = m->ruleset;
	struct ruleset *r = copy(from);

	memmove(&r->rules[rule], &r->rules[rule + 1],
		(from->n_rules - rule - 1) * sizeof(*r->rules));
	r->n_rules--;
	expect_found(m, r, "gone", rule);
	if (rule + 1 < from->n_rules && from->rules[rule].chain == from->rules[rule + 1].chain) {
		r = copy(from);
		r->rules[rule] = from->rules[rule + 1];
		r->rules[rule + 1] = from->rules[rule];
		expect_found(m, r, "swapped with the next", rule);
	}
	mutate_statements(m, rule);
}

static void mutate_element(struct mutants *m, enum rs_set set, size_t i)
{
	const struct rs_set_info *info = rs_set_info(set);
	struct ruleset *r = copy(m->ruleset);
	struct rs_elements *v = &r->elements[set];

	memmove(&v->items[i], &v->items[i + 1], (v->n - i - 1) * sizeof(*v->items));
	v->n--;
	expect_found(m, r, info->name, RULE_NONE);
	for (size_t k = 0; k < info->n_fields; k++) {
		r = copy(m->ruleset);
		v = &r->elements[set];
		v->items[i].key[k]++;
		if (v->items[i].end[k] < v->items[i].key[k])
			v->items[i].end[k] = v->items[i].key[k];
		expect_found(m, r, info->name, RULE_NONE);
		if (!(info->flags & RS_INTERVAL))
			continue;
		r = copy(m->ruleset);
		r->elements[set].items[i].end[k]++;
		expect_found(m, r, info->name, RULE_NONE);
	}
}

static void test_mutants(void)
{
	struct policy *p = golden_policy("everything");
	struct ruleset *r;
	struct mutants m = {.policy = p};

	g_assert_cmpint(ruleset_build(p, &r), ==, 0);
	m.ruleset = r;
	for (size_t i = 0; i < r->n_rules; i++)
		mutate_rule(&m, i);
	for (size_t i = 0; i < SET_N; i++)
		for (size_t k = 0; k < r->elements[i].n; k++)
			mutate_element(&m, i, k);
	g_test_message("%u mutants: %u found, %u mean the same", m.tried, m.found, m.equal);
	g_assert_cmpuint(m.found, >, 1000 / EVERY);
	(void)ruleset_free(r);
	(void)policy_free(p);
}

/* What is said names the invariant, a packet and the line. */
static void test_words(void)
{
	struct policy *p = good_policy(TOR "[lan]\nranges = 192.168.0.0/16\n");
	struct rs_element *lan;
	struct proof_finding f;
	struct ruleset *r;
	char words[1000];

	g_assert_cmpint(ruleset_build(p, &r), ==, 0);
	lan = &r->elements[SET_LAN].items[0];
	g_assert_cmphex(lan->end[0], ==, 0xc0a8ffff);
	lan->end[0]++;
	g_assert_cmpint(proof_run(p, r, &f), ==, 1);
	proof_describe(p, &f, words, sizeof(words));
	g_test_message("%s", words);
	g_assert_cmpuint(f.number, ==, 1);
	g_assert_nonnull(strstr(words, "invariant 1 does not hold"));
	g_assert_nonnull(strstr(words, "192.169.0.0:443"));
	g_assert_nonnull(strstr(words, "of uid 1000"));
	g_assert_nonnull(strstr(words, "chain admit_lan"));
	(void)ruleset_free(r);
	(void)policy_free(p);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/proof/proved", test_proved);
	g_test_add_func("/proof/many", test_many);
	g_test_add_func("/proof/mutants", test_mutants);
	g_test_add_func("/proof/words", test_words);
	return g_test_run();
}
