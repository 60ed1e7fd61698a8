/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which page the unsafe browser's launcher shows, of what is so and what was done. */
#include "browser-state.h"

#include <glib.h>

static const struct browser_facts good = {
	.known = true,
	.sealed = true,
	.configured = true,
	.portal = true,
	.full = true,
	.unit = true,
	.up = true,
	.dns = true,
};

/* Each is wrong alone, and where all that follow are wrong as well: the first one is told. */
static void test_refusals(void)
{
	struct browser_facts all = {.built_in = true};
	const struct {
		struct browser_facts facts;
		enum browser_page page;
	} cases[] = {
		{{.known = true, .built_in = true}, BROWSER_PAGE_NO_SERVICE},
		{{.known = true, .sealed = true, .built_in = true}, BROWSER_PAGE_BUILT_IN},
		{{.known = true, .sealed = true}, BROWSER_PAGE_DISABLED},
		{{.known = true, .sealed = true, .configured = true}, BROWSER_PAGE_NO_DOOR},
		{{.known = true, .sealed = true, .configured = true, .full = true},
		 BROWSER_PAGE_NO_UNIT},
		{{.known = true, .sealed = true, .configured = true, .full = true, .unit = true},
		 BROWSER_PAGE_NO_NETWORK},
		{{.known = true,
		  .sealed = true,
		  .configured = true,
		  .full = true,
		  .unit = true,
		  .up = true},
		 BROWSER_PAGE_NO_SERVERS},
	};

	g_assert_cmpint(browser_page(&all, BROWSER_IDLE), ==, BROWSER_PAGE_WAIT);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		g_assert_cmpint(browser_page(&cases[i].facts, BROWSER_IDLE), ==, cases[i].page);
}

static void test_network(void)
{
	struct browser_facts f = good;

	f.connecting = true;
	g_assert_cmpint(browser_page(&f, BROWSER_IDLE), ==, BROWSER_PAGE_CONNECTING);
	f.up = false;
	g_assert_cmpint(browser_page(&f, BROWSER_IDLE), ==, BROWSER_PAGE_CONNECTING);
	f.connecting = false;
	g_assert_cmpint(browser_page(&f, BROWSER_IDLE), ==, BROWSER_PAGE_NO_NETWORK);
}

static void test_question(void)
{
	struct browser_facts f = good;

	g_assert_cmpint(browser_page(&f, BROWSER_IDLE), ==, BROWSER_PAGE_ASK);
	g_assert_cmpint(browser_page(&f, BROWSER_WARNED), ==, BROWSER_PAGE_ASK_FULL);
	f.full = false;
	g_assert_cmpint(browser_page(&f, BROWSER_IDLE), ==, BROWSER_PAGE_ASK);
	f.full = true;
	f.portal = false;
	g_assert_cmpint(browser_page(&f, BROWSER_IDLE), ==, BROWSER_PAGE_ASK_FULL);
}

/* What was begun is shown until it has ended, whatever is so meanwhile: its end says why. */
static void test_steps(void)
{
	static const enum browser_page pages[BROWSER_STEP_N] = {
		[BROWSER_OPENING] = BROWSER_PAGE_OPENING,
		[BROWSER_STARTING] = BROWSER_PAGE_STARTING,
		[BROWSER_RUNNING] = BROWSER_PAGE_RUNNING,
		[BROWSER_FAILED] = BROWSER_PAGE_FAILED,
		[BROWSER_OVER] = BROWSER_PAGE_OVER,
	};
	struct browser_facts nothing = {.known = true};

	for (int step = BROWSER_STARTING; step < BROWSER_STEP_N; step++) {
		g_assert_cmpint(browser_page(&good, (enum browser_step)step), ==, pages[step]);
		g_assert_cmpint(browser_page(&nothing, (enum browser_step)step), ==, pages[step]);
	}
}

static void test_anew(void)
{
	struct browser_facts f = good;

	for (int i = 0; i < BROWSER_FAILURE_N; i++) {
		enum browser_failure failure = (enum browser_failure)i;

		g_assert_cmpint(browser_begins_anew(&f, BROWSER_FAILED, failure), ==,
				failure == BROWSER_FAILED_DOOR_BUSY);
	}
	f.door_open = true;
	g_assert_false(browser_begins_anew(&f, BROWSER_FAILED, BROWSER_FAILED_DOOR_BUSY));
	f.up = false;
	g_assert_true(browser_begins_anew(&f, BROWSER_FAILED, BROWSER_FAILED_DOOR_BUSY));
	g_assert_true(browser_begins_anew(&f, BROWSER_FAILED, BROWSER_FAILED_START));
	g_assert_true(browser_begins_anew(&f, BROWSER_WARNED, BROWSER_FAILED_START));
	g_assert_false(browser_begins_anew(&f, BROWSER_RUNNING, BROWSER_FAILED_START));
	g_assert_false(browser_begins_anew(&f, BROWSER_OVER, BROWSER_FAILED_START));
	g_assert_false(browser_begins_anew(&good, BROWSER_WARNED, BROWSER_FAILED_START));
	f = good;
	f.full = false;
	g_assert_true(browser_begins_anew(&f, BROWSER_WARNED, BROWSER_FAILED_START));
}

static void test_ends(void)
{
	g_assert_cmpint(browser_end_over(BROWSER_EXITED, 0), ==, BROWSER_OVER_CLOSED);
	g_assert_cmpint(browser_end_over(BROWSER_EXITED, 1), ==, BROWSER_OVER_ERROR);
	g_assert_cmpint(browser_end_over(BROWSER_KILLED, 11), ==, BROWSER_OVER_CRASHED);
	g_assert_cmpint(browser_refusal_failure(BROWSER_REFUSAL_BUSY), ==,
			BROWSER_FAILED_BROWSER_BUSY);
	g_assert_cmpint(browser_refusal_failure(BROWSER_REFUSAL_NO_PROGRAM), ==,
			BROWSER_FAILED_PROGRAM);
	g_assert_cmpint(browser_refusal_failure(BROWSER_REFUSAL_NOT_ALLOWED), ==,
			BROWSER_FAILED_PERSON);
	g_assert_cmpint(browser_refusal_failure(BROWSER_REFUSAL_N), ==, BROWSER_FAILED_START);
}

/* Each mark is said once on the way down, also when seconds are missed; more time says none. */
static void test_marks(void)
{
	uint32_t said = 0;

	for (uint32_t left = 600; left > 0; left--)
		said += browser_time_mark(left, left - 1) != 0;
	g_assert_cmpuint(said, ==, 4);
	g_assert_cmpuint(browser_time_mark(301, 300), ==, 300);
	g_assert_cmpuint(browser_time_mark(300, 299), ==, 0);
	g_assert_cmpuint(browser_time_mark(130, 110), ==, 120);
	g_assert_cmpuint(browser_time_mark(310, 20), ==, 30);
	g_assert_cmpuint(browser_time_mark(20, 310), ==, 0);
	g_assert_cmpuint(browser_time_mark(20, 60), ==, 0);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/browser-state/refusals", test_refusals);
	g_test_add_func("/browser-state/network", test_network);
	g_test_add_func("/browser-state/question", test_question);
	g_test_add_func("/browser-state/steps", test_steps);
	g_test_add_func("/browser-state/anew", test_anew);
	g_test_add_func("/browser-state/ends", test_ends);
	g_test_add_func("/browser-state/marks", test_marks);
	return g_test_run();
}
