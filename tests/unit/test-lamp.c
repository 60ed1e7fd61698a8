/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the lamp says, and when. */
#include "doors.h"
#include "leaks.h"
#include "refusal.h"
#include "ruleset.h"

#include <locale.h>
#include <netinet/in.h>

#define SECOND USEC_PER_SEC

static GPtrArray *doors(const char *text)
{
	g_autoptr(GVariant) leases = g_variant_new_parsed(text);

	return lamp_doors_read(g_variant_ref_sink(leases), 1000);
}

static void test_doors(void)
{
	g_autoptr(GPtrArray) own =
		doors("([('1', 'clearnet', @u 1000, @t 0, @t 100000000, 'full'),"
		      "  ('2', 'other', @u 1001, @t 0, @t 1, 'full'),"
		      "  ('3', 'namespace:whonix', @u 1000, @t 0, @t 50000000, 'full'),"
		      "  ('4', 'clearnet2', @u 1000, @t 0, @t 200000000, 'portal')],)");
	g_autoptr(GPtrArray) nobodys = doors("(@a(ssutts) [],)");
	const struct lamp_doors d = {true, own}, others = {true, nobodys}, unknown = {true, NULL};
	const struct lamp_doors none = {0};
	g_autofree char *text = lamp_doors_text(&d, 10 * SECOND, false);
	g_autofree char *steps = lamp_doors_text(&d, 10 * SECOND, true);

	g_assert_cmpuint(own->len, ==, 3);
	g_assert_cmpstr(lamp_door_namespace(own->pdata[0]), ==, "whonix");
	g_assert_null(lamp_door_namespace(own->pdata[1]));
	g_assert_nonnull(strstr(text, "\"whonix\" reaches the Internet without Tor. It closes by "
				      "itself within 40 seconds.\nPrograms of the user \"clearnet\""
				      " reach the Internet"));
	g_assert_nonnull(strstr(text, "the network's login page without Tor. It closes by itself "
				      "within 3 minutes 10 seconds."));
	g_assert_nonnull(strstr(steps, "within 2 minutes."));
	g_assert_cmpint(lamp_doors_light(&none, 0), ==, LAMP_OFF);
	g_assert_cmpint(lamp_doors_light(&others, 0), ==, LAMP_ON);
	g_assert_cmpint(lamp_doors_light(&unknown, 0), ==, LAMP_ON);
	g_assert_cmpint(lamp_doors_light(&d, 0), ==, LAMP_LAST);
	g_assert_cmpstr(lamp_doors_title(&others), ==, "A door past Tor is open; it is not yours");
	g_assert_cmpstr(lamp_doors_title(&unknown), ==,
			"A door past Tor is open; whose it is is not known");
}

static void test_steps(void)
{
	static const struct {
		guint left, step;
	} cases[] = {{0, 0},    {1, 10},    {10, 10},   {11, 20},   {60, 60},
		     {61, 120}, {120, 120}, {121, 180}, {600, 600}, {601, 660}};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		const struct lamp_door door = {NULL, false, (100 + cases[i].left) * SECOND};

		g_assert_cmpuint(lamp_door_left(&door, 100 * SECOND), ==, cases[i].left);
		g_assert_cmpuint(lamp_door_step(&door, 100 * SECOND), ==, cases[i].step);
		g_assert_cmpuint(lamp_door_left(&door, 1000 * SECOND), ==, 0);
	}
}

static void test_senseless(void)
{
	struct leaks *l = leaks_new();

	g_assert_null(doors("('x',)"));
	g_assert_false(leaks_read_signal(l, g_variant_new_parsed("('x',)"), 0));
	g_assert_false(leaks_read_signal(
		l,
		g_variant_new_parsed("(@t 1, @t 0, @t 0, @u 1, @u 0, 2, @y 6, @q 443, "
				     "[@y 1, 2, 3], 'internet', '')"),
		0));
	g_assert_cmpuint(l->entries.length, ==, 0);
	leaks_free(l);
}

static bool refused(struct leaks *l, guint64 number, usec_t now, guint32 count, guint16 port)
{
	g_autoptr(GVariant) values = g_variant_ref_sink(g_variant_new(
		"(tttuuiyq@ayss)", number, now, now, count, 1000, 2, 6, port,
		g_variant_new_array(G_VARIANT_TYPE_BYTE, NULL, 0), "internet", "policy.conf:1"));

	return leaks_read_signal(l, values, now);
}

static guint32 untold(const struct leaks *l, guint *ret_groups)
{
	g_autoptr(GPtrArray) groups = leaks_groups(l, true);
	guint32 n = 0;

	for (guint i = 0; i < groups->len; i++)
		n += ((struct leak *)groups->pdata[i])->count;
	*ret_groups = groups->len;
	return n;
}

static void test_quiet(void)
{
	struct leaks *l = leaks_new();
	guint groups;

	g_assert_true(leaks_due(l) == USEC_INFINITY);
	g_assert_true(refused(l, 1, 100 * SECOND, 1, 443));
	g_assert_true(refused(l, 2, 101 * SECOND, 1, 443));
	g_assert_true(refused(l, 3, 101 * SECOND, 1, 25));
	g_assert_false(refused(l, 3, 101 * SECOND, 1, 25));
	/* What comes at once is told at once. */
	g_assert_cmpuint(leaks_due(l), ==, 102 * SECOND);
	g_assert_cmpuint(untold(l, &groups), ==, 3);
	g_assert_cmpuint(groups, ==, 2);
	leaks_shown(l, 102 * SECOND);
	g_assert_true(leaks_due(l) == USEC_INFINITY);
	/* It grows while it is to be seen, in steps. */
	g_assert_true(refused(l, 1, 103 * SECOND, 5, 443));
	g_assert_cmpuint(leaks_due(l), ==, 112 * SECOND);
	g_assert_cmpuint(untold(l, &groups), ==, 7);
	leaks_shown(l, 112 * SECOND);
	/* Once it has gone, the next one takes its time, and does not tell again. */
	leaks_closed(l);
	g_assert_cmpuint(untold(l, &groups), ==, 0);
	g_assert_true(refused(l, 1, 113 * SECOND, 6, 443));
	g_assert_cmpuint(leaks_due(l), ==, 102 * SECOND + LEAKS_QUIET);
	g_assert_cmpuint(untold(l, &groups), ==, 1);
	leaks_free(l);
}

/* A notice that goes away does not take along what came after it. */
static void test_late(void)
{
	struct leaks *l = leaks_new();
	guint groups;

	g_assert_true(refused(l, 1, 1 * SECOND, 1, 443));
	leaks_shown(l, 3 * SECOND);
	g_assert_true(refused(l, 2, 4 * SECOND, 1, 25));
	leaks_closed(l);
	g_assert_cmpuint(untold(l, &groups), ==, 1);
	g_assert_cmpuint(leaks_due(l), ==, 3 * SECOND + LEAKS_QUIET);
	leaks_free(l);
	/* Nor what was older, but came later: a notice that is due has something to say. */
	l = leaks_new();
	g_assert_true(refused(l, 1, 1 * SECOND, 1, 443));
	leaks_shown(l, 3 * SECOND);
	g_assert_true(refused(l, 1, 2 * SECOND, 3, 443));
	leaks_closed(l);
	g_assert_true(leaks_due(l) != USEC_INFINITY);
	g_assert_cmpuint(untold(l, &groups), ==, 2);
	leaks_shown(l, 4 * SECOND);
	leaks_closed(l);
	g_assert_false(refused(l, 1, 2 * SECOND, 3, 443));
	g_assert_false(refused(l, 2, 5 * SECOND, 0, 443));
	g_assert_true(leaks_due(l) == USEC_INFINITY);
	g_assert_cmpuint(untold(l, &groups), ==, 0);
	leaks_free(l);
}

static void test_bounded(void)
{
	struct leaks *l = leaks_new();
	g_autoptr(GPtrArray) groups = NULL;
	g_autofree char *text = NULL;

	for (guint i = 0; i < LEAKS_MOST + 10; i++)
		g_assert_true(refused(l, i, SECOND, 1, (guint16)(i % 5 + 1)));
	g_assert_cmpuint(l->entries.length, ==, LEAKS_MOST);
	groups = leaks_groups(l, false);
	text = refusal_list(groups);
	g_assert_true(g_str_has_suffix(text, "\nand 2 more kinds"));
	leaks_free(l);
}

/* What a person's programs can be refused as has words of its own; the others concern packets that
 * nobody has sent, or that pass. */
static void test_words(void)
{
	static const char *const others[] = {"confined", "ownerless",    "input",       "input6",
					     "forward",  "egress_eapol", "egress_dhcp", NULL};

	for (enum rs_counter c = 0; c < COUNTER_N; c++)
		g_assert_cmpint(refusal_is_known(rs_counter_name(c)), ==,
				!g_strv_contains(others, rs_counter_name(c)));
	g_assert_cmpstr(refusal_what("of tomorrow"), ==, "Something else");
}

static void test_protocols(void)
{
	static const struct {
		struct leak leak;
		const char *text;
	} cases[] = {
		{{.protocol = IPPROTO_TCP, .port = 443}, "TCP, port 443"},
		{{.protocol = IPPROTO_ICMP}, "ICMP"},
		{{.protocol = 89}, "IP protocol 89"},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *text = refusal_protocol(&cases[i].leak);

		g_assert_cmpstr(text, ==, cases[i].text);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/lamp/doors", test_doors);
	g_test_add_func("/lamp/steps", test_steps);
	g_test_add_func("/lamp/senseless", test_senseless);
	g_test_add_func("/lamp/quiet", test_quiet);
	g_test_add_func("/lamp/late", test_late);
	g_test_add_func("/lamp/bounded", test_bounded);
	g_test_add_func("/lamp/words", test_words);
	g_test_add_func("/lamp/protocols", test_protocols);
	return g_test_run();
}
