/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What came of the test: a table with a line for each way, then what is wrong, then a sentence. */
#include "leak-test.h"

#include "output.h"

#include <errno.h>

#define NAMES_SHOWN 3
#define LEAKS_SHOWN 30

enum verdict {
	GOOD,    /* silent, and seen when open; or it passes, as it must */
	LEAKED,  /* left with the wall up */
	BLOCKED, /* should have passed, and did not */
	BLIND,   /* not seen with the wall away: its silence proves nothing */
	SKIPPED,
	VERDICT_N
};

/* What this kernel has no such thing as is not tried. */
static bool is_unsupported(int error)
{
	return error == EPROTONOSUPPORT || error == ESOCKTNOSUPPORT || error == EAFNOSUPPORT ||
	       error == EPROTOTYPE;
}

/* What does not come of a wall: the program did not get as far as it. */
static bool is_no_refusal(int error)
{
	static const int others[] = {ENETUNREACH, EADDRNOTAVAIL, EADDRINUSE, ENETDOWN,
				     ENODEV,      EINVAL,        EBADF,      ENOPROTOOPT};

	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (error == others[i])
			return true;
	return false;
}

static enum verdict judge(const struct leak_case *k)
{
	bool up = k->seen[ROUND_UP], open = k->seen[ROUND_OPEN];

	if (k->expect == EXPECT_NOTHING)
		return SKIPPED;
	if (k->expect == EXPECT_SILENCE && up)
		return LEAKED;
	if (!up && !open && is_unsupported(k->error[ROUND_OPEN]))
		return SKIPPED;
	if (!open || (!up && is_no_refusal(k->error[ROUND_UP])))
		return BLIND;
	return k->expect == EXPECT_PASSES && !up ? BLOCKED : GOOD;
}

static const char *why_skipped(const struct leak_case *k)
{
	return k->expect == EXPECT_NOTHING ? k->why : "this kernel has no such protocol";
}

/* One way, by all its users. */
struct row {
	const struct leak_attempt *a;
	size_t n[VERDICT_N], tried;
	bool passes;
	char who[3 * (POLICY_NAME_MAX + 2) + 1];
	const char *why; /* nobody tried */
};

static void add_name(struct row *row, const char *name)
{
	size_t used = strlen(row->who);

	if (row->tried <= NAMES_SHOWN)
		(void)snprintf(row->who + used, sizeof(row->who) - used, "%s%s", used ? ", " : "",
			       name);
	else
		(void)snprintf(row->who, sizeof(row->who), "%zu users", row->tried);
}

static void make_row(const struct leak_run *run, size_t attempt, struct row *ret)
{
	static const char *const without[] = {
#define X(NAME, text) text,
		LEAK_ROLES(X)
#undef X
	};
	const struct leak_attempt *a = &leak_attempts[attempt];

	*ret = (struct row){.a = a};
	for (size_t i = 0; i < LEAK_ROLE_N && !ret->why; i++)
		if (a->who & (1u << i))
			ret->why = without[i];
	for (size_t i = 0; i < run->n_cases; i++) {
		const struct leak_case *k = &run->cases[i];
		enum verdict v;

		if (k->attempt != attempt)
			continue;
		v = judge(k);
		ret->n[v]++;
		if (v == SKIPPED) {
			ret->why = why_skipped(k);
			continue;
		}
		ret->tried++;
		ret->passes |= k->expect == EXPECT_PASSES;
		add_name(ret, run->users.items[k->user].name);
	}
}

static void cell(const char *text, enum colour c, int width)
{
	(void)printf("%s%-*s%s", colour(c), width, text, colour(PLAIN));
}

static void print_row(const struct row *row)
{
	(void)printf("%-22s %-34s ", row->a->name, row->who);
	if (row->n[LEAKED])
		cell("LEAKED", RED, 9);
	else if (row->n[BLOCKED] || (row->passes && row->n[BLIND]))
		cell("BLOCKED", RED, 9);
	else
		cell(row->passes ? "passes" : "silent", GREEN, 9);
	cell(row->n[BLIND] ? "NOT SEEN" : "seen", row->n[BLIND] ? RED : GREEN, 0);
	(void)putchar('\n');
}

static void print_table(const struct leak_run *run)
{
	struct row row;

	(void)printf("%s%-22s %-34s %-9s%s%s\n", colour(BOLD), "ATTEMPT", "WHO", "WALL UP",
		     "WALL OPEN", colour(PLAIN));
	for (size_t i = 0; i < n_leak_attempts; i++) {
		make_row(run, i, &row);
		if (row.tried)
			print_row(&row);
	}
	for (size_t i = 0; i < n_leak_attempts; i++) {
		make_row(run, i, &row);
		if (!row.tried)
			(void)printf("not tried: %s: %s\n", row.a->name, row.why);
		else if (row.n[SKIPPED])
			(void)printf("not tried: %s by %zu of them: %s\n", row.a->name,
				     row.n[SKIPPED], row.why);
	}
}

static void print_blind(const struct leak_case *k)
{
	bool open = k->seen[ROUND_OPEN];
	int error = k->error[open ? ROUND_UP : ROUND_OPEN];

	(void)printf("; %s, so it proves nothing%s%s\n",
		     open ? "it never came to the wall" : "not seen when open", error ? ": " : "",
		     error ? strerror(error) : "");
}

static void print_wrong(const struct leak_case *k, const struct leak_user *u)
{
	const struct leak_attempt *a = &leak_attempts[k->attempt];
	enum verdict v = judge(k);

	(void)printf("%s%s%s %s, by %s: %s", colour(RED),
		     v == LEAKED    ? "LEAKED"
		     : v == BLOCKED ? "BLOCKED"
				    : "NOT SEEN",
		     colour(PLAIN), a->name, u->name, a->sentence);
	if (v == LEAKED)
		(void)printf("; %s\n", k->frame);
	else if (v == BLOCKED)
		(void)printf("; the policy allows it\n");
	else
		print_blind(k);
}

static void print_all_wrong(const struct leak_run *run)
{
	size_t n = 0;

	for (size_t i = 0; i < run->n_cases; i++) {
		enum verdict v = judge(&run->cases[i]);

		if ((v == LEAKED || v == BLOCKED || v == BLIND) && n++ < LEAKS_SHOWN)
			print_wrong(&run->cases[i], &run->users.items[run->cases[i].user]);
	}
	if (n > LEAKS_SHOWN)
		(void)printf("and %zu more: --json names all\n", n - LEAKS_SHOWN);
	if (run->n_unclaimed)
		(void)printf("%sLEAKED%s %u frames that were nobody's attempt; %s\n", colour(RED),
			     colour(PLAIN), run->n_unclaimed, run->unclaimed);
}

static void count(const struct leak_run *run, size_t n[VERDICT_N])
{
	for (size_t i = 0; i < run->n_cases; i++)
		n[judge(&run->cases[i])]++;
}

static bool all_good(const struct leak_run *run)
{
	size_t n[VERDICT_N] = {0};

	count(run, n);
	return n[GOOD] && !n[LEAKED] && !n[BLOCKED] && !n[BLIND] && !run->n_unclaimed;
}

static void print_summary(const struct leak_run *run, usec_t took)
{
	size_t n[VERDICT_N] = {0};

	count(run, n);
	if (all_good(run))
		(void)printf("%sNothing leaked%s: of %zu attempts none left that may not, and each "
			     "was seen with the wall away",
			     colour(GREEN), colour(PLAIN), n[GOOD]);
	else
		(void)printf("%sOf %zu attempts%s %zu leaked, %zu were blocked that should pass, "
			     "%zu prove nothing",
			     colour(RED), n[GOOD] + n[LEAKED] + n[BLOCKED] + n[BLIND],
			     colour(PLAIN), n[LEAKED], n[BLOCKED], n[BLIND]);
	(void)printf(" (%.1f s).\n", (double)took / (double)USEC_PER_SEC);
}

static json_object *case_json(const struct leak_run *run, const struct leak_case *k)
{
	static const char *const verdicts[VERDICT_N] = {
		[GOOD] = "good",   [LEAKED] = "leaked",   [BLOCKED] = "blocked",
		[BLIND] = "blind", [SKIPPED] = "skipped",
	};
	json_object *o = json_object_new_object();
	enum verdict v = judge(k);

	json_add_string(o, "user", run->users.items[k->user].name);
	json_add_string(o, "result", verdicts[v]);
	if (v == SKIPPED) {
		json_add_string(o, "why", why_skipped(k));
		return o;
	}
	json_add_string(o, "expected", k->expect == EXPECT_PASSES ? "passes" : "silent");
	json_add_bool(o, "left_wall_up", k->seen[ROUND_UP]);
	json_add_bool(o, "left_wall_open", k->seen[ROUND_OPEN]);
	if (k->seen[ROUND_UP])
		json_add_string(o, "frame", k->frame);
	return o;
}

static json_object *attempt_json(const struct leak_attempt *a)
{
	json_object *o = json_object_new_object();

	json_add_string(o, "name", a->name);
	json_add_string(o, "what", a->sentence);
	return o;
}

static void print_json(const struct invocation *inv, const struct leak_run *run, usec_t took)
{
	json_object *o = json_object_new_object(), *list = json_object_new_array();

	for (size_t i = 0; i < n_leak_attempts; i++) {
		json_object *a = attempt_json(&leak_attempts[i]), *who = json_object_new_array();

		for (size_t j = 0; j < run->n_cases; j++)
			if (run->cases[j].attempt == i)
				(void)json_object_array_add(who, case_json(run, &run->cases[j]));
		(void)json_object_object_add(a, "by", who);
		(void)json_object_array_add(list, a);
	}
	json_add_bool(o, "good", all_good(run));
	json_add_number(o, "milliseconds", took / USEC_PER_MSEC);
	json_add_number(o, "unclaimed", run->n_unclaimed);
	if (run->n_unclaimed)
		json_add_string(o, "unclaimed_frame", run->unclaimed);
	(void)json_object_object_add(o, "attempts", list);
	json_print(inv, o);
}

int leak_report(const struct invocation *inv, const struct leak_run *run, usec_t took)
{
	if (GIVEN(inv, JSON)) {
		print_json(inv, run, took);
	} else {
		print_table(run);
		print_all_wrong(run);
		print_summary(run, took);
	}
	return all_good(run) ? EXIT_DONE : EXIT_FAILED;
}

int leak_list(const struct invocation *inv)
{
	json_object *list;

	if (!GIVEN(inv, JSON)) {
		for (size_t i = 0; i < n_leak_attempts; i++)
			(void)printf("%-22s %s\n", leak_attempts[i].name,
				     leak_attempts[i].sentence);
		return EXIT_DONE;
	}
	list = json_object_new_array();
	for (size_t i = 0; i < n_leak_attempts; i++)
		(void)json_object_array_add(list, attempt_json(&leak_attempts[i]));
	json_print(inv, list);
	return EXIT_DONE;
}
