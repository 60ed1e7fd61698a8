/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * agree SEED POLICIES PACKETS MUTANTS MUTANT-PACKETS: lines for reports (tests/lib/tap.sh). The
 * first policy of a seed is that seed's, the second one's is the next: one that failed is given
 * again alone by its own.
 */
#include "agree.h"

#include "proof.h"

#include <sched.h>
#include <stdio.h>

#define STEPS_FOR_A_PACKET 20 /* or nothing is seen at all */

/* What so many packets have for sure, whatever the policies say. */
static const enum rs_counter certain[] = {
	COUNTER_IPV6,          COUNTER_LOCAL,       COUNTER_INTERNET,     COUNTER_NOT_UNICAST,
	COUNTER_STALE,         COUNTER_RELATED,     COUNTER_OWNERLESS,    COUNTER_INPUT,
	COUNTER_INPUT6,        COUNTER_FORWARD,     COUNTER_DOOR_LOCAL,   COUNTER_ANSWER,
	COUNTER_EGRESS_FORGED, COUNTER_EGRESS_IPV4, COUNTER_EGRESS_OTHER,
};

struct run {
	uint64_t seed, packets;
	const char *policy; /* NULL: a random one */
	mutate_fn mutate;
	void *userdata;
	bool until_caught;
};

static bool steps(struct scene *s, const struct run *r)
{
	uint64_t end = tally.packets + r->packets;

	for (uint64_t i = 0; i < STEPS_FOR_A_PACKET * r->packets && tally.packets < end; i++) {
		if (r->until_caught && (tally.caught || tally.differences))
			break;
		if (traffic_step(s) < 0)
			return false;
	}
	return traffic_end(s) == 0;
}

/* Counters are read when nothing has been seen since: timers may still send something. */
static bool counters(struct scene *s)
{
	for (int i = 0; i < 10; i++) {
		uint64_t before = tally.packets;

		if (scene_counters(s) < 0 || trace_read(s) < 0)
			return false;
		if (tally.packets == before) {
			judge_counters(s);
			return true;
		}
	}
	return false;
}

/* Each frame that was let go has arrived, and no other. */
static void frames(const struct scene *s)
{
	if (!s->policy->egress.enable || peer_frames == tally.frames)
		return;
	tally.disagreements++;
	complain("%llu frames have arrived, %llu were to pass", (unsigned long long)peer_frames,
		 (unsigned long long)tally.frames);
}

static bool run(const struct run *r)
{
	uint64_t before = tally.disagreements;
	struct scene s;
	bool ok;

	dice_seed(r->seed);
	memset(tally.predicted, 0, sizeof(tally.predicted));
	memset(tally.originally, 0, sizeof(tally.originally));
	tally.frames = 0;
	ok = scene_open(&s, r->policy, r->mutate, r->userdata) == 0 && steps(&s, r) && counters(&s);
	if (ok) {
		frames(&s);
		tally.disagreements += trace_pending();
		if (!r->mutate)
			coverage_add(s.loaded, s.hits);
	}
	if (!ok || (tally.disagreements != before && !r->mutate))
		(void)printf("# SEED=%llu, its policy:\n%s", (unsigned long long)r->seed,
			     s.text ? s.text : "");
	scene_close(&s);
	return ok;
}

static void line(bool ok, const char *text)
{
	(void)printf("%sok %s\n", ok ? "" : "not ", text);
	(void)fflush(stdout);
}

static void report_numbers(void)
{
	(void)printf(
		"# %llu packets: %llu accepted, %llu dropped, %llu refused; %llu out, %llu in, "
		"%llu forwarded, %llu frames\n",
		(unsigned long long)tally.packets,
		(unsigned long long)tally.by_verdict[VERDICT_ACCEPT],
		(unsigned long long)tally.by_verdict[VERDICT_DROP],
		(unsigned long long)tally.by_verdict[VERDICT_REFUSE],
		(unsigned long long)tally.by_hook[CHAIN_OUTPUT],
		(unsigned long long)tally.by_hook[CHAIN_INPUT],
		(unsigned long long)tally.by_hook[CHAIN_FORWARD],
		(unsigned long long)tally.by_hook[CHAIN_EGRESS]);
	(void)printf(
		"# %llu asked for a redirect, %llu redirected, %llu marked, %llu refusals with "
		"their flow's mark\n# counted:",
		(unsigned long long)tally.nat, (unsigned long long)tally.redirects,
		(unsigned long long)tally.marks, (unsigned long long)tally.refusals);
	for (size_t i = 0; i < COUNTER_N; i++)
		(void)printf(" %s %llu", rs_counter_name(i),
			     (unsigned long long)tally.by_counter[i]);
	(void)printf("\n");
}

static void random_policies(uint64_t seed, unsigned policies, uint64_t packets)
{
	bool ok = true, all = true;

	for (unsigned i = 0; i < policies; i++)
		ok = run(&(struct run){.seed = seed + i, .packets = packets}) && ok;
	report_numbers();
	coverage_report();
	line(ok && tally.packets >= policies * packets, "random policies are loaded, packets seen");
	line(ok && tally.disagreements == 0,
	     "kernel and evaluator agree: verdict, rule, counter, mark, redirect, frames");
	for (size_t i = 0; i < ARRAY_SIZE(certain); i++)
		if (!tally.by_counter[certain[i]]) {
			all = false;
			complain("nothing was counted as %s", rs_counter_name(certain[i]));
		}
	line(all || policies * packets < 5000, "packets of all certain classes were among them");
	line(policies * packets < 5000 || (tally.redirects && tally.refusals && tally.marks),
	     "redirects, refusals and marks were among them");
}

/* No policy that sallyport check lets pass gives a wall that its own proof refuses. */
static void proved_policies(uint64_t seed, unsigned n)
{
	unsigned proved = 0;

	for (unsigned i = 0; i < n; i++) {
		struct ruleset *r = NULL;
		struct proof_finding f;
		char words[1000], *text;
		struct policy *p;
		uint64_t its;
		int found;

		its = seed + i;
		dice_seed(its);
		p = random_policy(&text);
		found = p && ruleset_build(p, &r) == 0 ? proof_run(p, r, &f) : -1;
		proved += found == 0;
		if (found > 0) {
			proof_describe(p, &f, words, sizeof(words));
			complain("SEED=%llu: %s; its policy:\n%s", (unsigned long long)its, words,
				 text);
		}
		(void)ruleset_free(r);
		(void)policy_free(p);
		free(text);
	}
	line(proved == n, "the rulesets of random policies are proved");
}

/* One mutant: was it told from the original by any packet, and was it caught then? */
static bool mutant(const struct run *r, bool *ret_differed, bool *ret_caught)
{
	uint64_t before = tally.disagreements;
	bool ok;

	tally.differences = tally.caught = 0;
	ok = run(r);
	*ret_differed = tally.differences > 0;
	*ret_caught = tally.caught > 0;
	if (tally.disagreements != before)
		complain("SEED=%llu: the evaluator of the mutant itself: %s",
			 (unsigned long long)r->seed, mutation_text());
	return ok && tally.disagreements == before;
}

static void random_mutants(uint64_t seed, unsigned n, uint64_t packets)
{
	unsigned differed = 0, caught = 0;
	bool ok = true;

	for (unsigned i = 0; i < n; i++) {
		const struct run r = {
			.seed = seed + i,
			.packets = packets,
			.mutate = mutate_random,
			.until_caught = true,
		};
		bool d, c;

		ok = mutant(&r, &d, &c) && ok;
		differed += d;
		caught += c;
		if (d && !c)
			complain("SEED=%llu: not caught: %s", (unsigned long long)r.seed,
				 mutation_text());
	}
	(void)printf(
		"# %u mutants: %u were met by a packet that they treat differently, %u caught\n", n,
		differed, caught);
	line(ok, "what the kernel does with mutants is what the evaluator says of them");
	line(caught >= differed, "a mutant that a packet meets is caught");
}

static void listed_mutants(uint64_t seed, uint64_t packets)
{
	for (size_t i = 0; i < n_listed; i++) {
		const struct run r = {
			.seed = seed + i,
			.packets = packets,
			.policy = listed_policy(),
			.mutate = mutate_listed,
			.userdata = &i,
			.until_caught = true,
		};
		char text[200];
		bool d, c, ok = mutant(&r, &d, &c);

		(void)snprintf(text, sizeof(text), "caught: %s", mutation_text());
		line(ok && d && c, text);
	}
}

static uint64_t argument(char **argv, int i)
{
	return strtoull(argv[i], NULL, 10);
}

int main(int argc, char **argv)
{
	cpu_set_t one;

	if (argc != 6) {
		(void)fprintf(stderr, "agree SEED POLICIES PACKETS MUTANTS MUTANT-PACKETS\n");
		return 2;
	}
	/* On one processor nothing happens between a packet's way and what is seen of it. */
	CPU_ZERO(&one);
	CPU_SET((size_t)sched_getcpu(), &one);
	(void)sched_setaffinity(0, sizeof(one), &one);
	random_policies(argument(argv, 1), (unsigned)argument(argv, 2), argument(argv, 3));
	proved_policies(argument(argv, 1), 20 * (unsigned)argument(argv, 2));
	random_mutants(argument(argv, 1), (unsigned)argument(argv, 4), argument(argv, 5));
	if (argument(argv, 4))
		listed_mutants(argument(argv, 1), 10 * argument(argv, 5));
	return 0;
}
