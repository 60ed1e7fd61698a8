/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verb: starts the copy, shows how far it is, keeps the time. It stays in its own namespaces.
 */
#include "leak-test.h"

#include "files.h"
#include "output.h"
#include "ruleset.h"
#include "verbs.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define MOST_USEC (10 * USEC_PER_SEC)
#define SHOW_USEC (50 * USEC_PER_MSEC)
#define ALL_IDS UINT32_MAX

/* Whether every uid is one here; a user namespace of one's own has but one. */
static bool has_all_users(void)
{
	unsigned long inside, outside, n = 0;
	FILE *f = fopen("/proc/self/uid_map", "re");
	char line[128], *p;

	if (f && fgets(line, sizeof(line), f)) {
		inside = strtoul(line, &p, 10);
		outside = strtoul(p, &p, 10);
		n = strtoul(p, NULL, 10);
		if (inside != 0 || outside != 0)
			n = 0;
	}
	if (f)
		(void)fclose(f);
	return n == ALL_IDS;
}

static int check_privilege(const struct invocation *inv)
{
	if (geteuid() != 0)
		return fail(inv, EXIT_USAGE, NULL, "Try: sudo sallyport leak-test, or pkexec.",
			    "only root can make the copy and be all the users that try to leak");
	if (!has_all_users())
		return fail(inv, EXIT_USAGE, NULL, "Run it as the machine's own root.",
			    "this user namespace does not have all users, whom the test has to be");
	return EXIT_DONE;
}

static bool has_ipv6(void)
{
	return access("/proc/sys/net/ipv6", F_OK) == 0;
}

/* What is expected of one user's attempt, from the policy. */
static void expect(const struct leak_copy *c, const struct leak_user *u, struct leak_case *k)
{
	const struct leak_attempt *a = &leak_attempts[k->attempt];
	const char *allowed = leak_allowed(c, a, u);

	if ((leak_is_ipv6(a->to) || u->role == LEAK_KERNEL) && !c->ipv6) {
		k->expect = EXPECT_NOTHING;
		k->why = "this kernel has no IPv6";
	} else if (a->passes) {
		k->expect = allowed || a->step == STEP_DOOR_OPEN || (a->how & HOW_ROOT_MAY)
				    ? EXPECT_PASSES
				    : EXPECT_SILENCE;
	} else if (allowed) {
		k->expect = EXPECT_NOTHING;
		k->why = allowed;
	}
}

/* User by user, and each user's in the order of the table: the door's pairs are neighbours. */
static void make_cases(const struct leak_copy *c)
{
	struct leak_run *run = c->run;

	for (size_t u = 0; u < run->users.n; u++)
		for (size_t a = 0; a < n_leak_attempts; a++) {
			struct leak_case *k = &run->cases[run->n_cases];

			if (!(leak_attempts[a].who & (1u << run->users.items[u].role)) ||
			    run->n_cases == LEAK_IDS_MAX)
				continue;
			*k = (struct leak_case){.attempt = (uint16_t)a, .user = (uint16_t)u};
			expect(c, &run->users.items[u], k);
			run->total += k->expect != EXPECT_NOTHING;
			run->n_cases++;
		}
}

static const char *stage_text(enum leak_stage s)
{
	static const char *const texts[] = {
#define X(NAME, text) text,
		LEAK_STAGES(X)
#undef X
	};

	return texts[s];
}

/* One line that is written again and again on a terminal; else a line for each stage. */
static void show_stage(enum leak_stage stage)
{
	(void)fprintf(stderr, isatty(STDERR_FILENO) ? "\r\033[K%s" : "%s...\n", stage_text(stage));
}

static void show_attempts(const struct leak_run *run, enum leak_stage stage)
{
	static usec_t shown;
	usec_t now = now_boottime();

	if (!isatty(STDERR_FILENO) || now - shown < SHOW_USEC ||
	    (stage != STAGE_UP && stage != STAGE_OPEN))
		return;
	(void)fprintf(stderr, "\r\033[K%s: %u of %u", stage_text(stage),
		      __atomic_load_n(&run->done, __ATOMIC_RELAXED), run->total);
	shown = now;
}

/* Until the copy has ended, or the time is up, which is false. */
static bool watch(const struct leak_run *run, int progress, usec_t until, enum leak_stage *stage)
{
	struct pollfd p = {.fd = progress, .events = POLLIN};
	uint8_t bytes[4096];
	usec_t now;

	while ((now = now_boottime()) < until) {
		ssize_t n;

		if (poll(&p, 1, (int)((until - now) / USEC_PER_MSEC) + 1) < 1)
			continue;
		n = read(progress, bytes, sizeof(bytes));
		if (n <= 0)
			break;
		for (ssize_t i = 0; i < n; i++)
			if (bytes[i] < STAGE_N) {
				*stage = bytes[i];
				show_stage(*stage);
			}
		show_attempts(run, *stage);
	}
	if (isatty(STDERR_FILENO))
		(void)fprintf(stderr, "\r\033[K");
	return now < until;
}

/* As fork(2), into a process namespace of the child's own; ours stays what it was. */
static pid_t fork_first(void)
{
	_cleanup_(closep) int home = open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC);
	pid_t pid;

	if (home < 0 || unshare(CLONE_NEWPID) < 0)
		return -errno;
	pid = fork();
	if (pid == 0)
		return 0;
	if (pid < 0)
		pid = -errno;
	if (setns(home, CLONE_NEWPID) < 0 && pid > 0)
		(void)kill(pid, SIGKILL);
	return pid;
}

static int start(struct leak_copy *c, int *ret_progress, pid_t *ret_pid)
{
	int p[2];

	if (getrandom(&c->token, sizeof(c->token), 0) != sizeof(c->token) ||
	    pipe2(p, O_CLOEXEC) < 0 || fcntl(p[1], F_SETFL, O_NONBLOCK) < 0)
		return -errno;
	c->token |= 1;
	c->progress = p[1];
	*ret_progress = p[0];
	(void)fflush(NULL);
	*ret_pid = fork_first();
	if (*ret_pid == 0) {
		close_fd(p[0]);
		leak_copy_run(c);
	}
	close_fd(p[1]);
	return *ret_pid < 0 ? (int)*ret_pid : 0;
}

/* EXIT_DONE when the copy ran to its end. */
static int run_copy(const struct invocation *inv, struct leak_copy *c, usec_t until)
{
	struct leak_run *run = c->run;
	enum leak_stage stage = STAGE_MAKING;
	int progress = -1, r, status;
	bool in_time;
	pid_t pid = -1;

	r = start(c, &progress, &pid);
	if (r < 0)
		return fail(inv, EXIT_FAILED, NULL, NULL, "no copy can be made: %s", strerror(-r));
	in_time = watch(run, progress, until, &stage);
	(void)kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	close_fd(progress);
	if (run->finished)
		return EXIT_DONE;
	if (!in_time && !*run->error)
		return fail(inv, EXIT_FAILED, NULL, NULL,
			    "nothing is proved: the test did not end within 10 seconds (%s)",
			    stage_text(stage));
	return fail(inv, EXIT_FAILED, NULL, NULL, "nothing is proved: %s (%s)",
		    *run->error ? run->error : "the copy ended", stage_text(stage));
}

int verb_leak_test(const struct invocation *inv)
{
	_cleanup_(policy_freep) struct policy *p = NULL;
	_cleanup_(ruleset_freep) struct ruleset *rules = NULL;
	struct leak_copy c = {.home = leak_namespace(), .ipv6 = has_ipv6()};
	usec_t started = now_boottime();
	int r;

	if (GIVEN(inv, LIST))
		return leak_list(inv);
	r = check_privilege(inv);
	r = r == EXIT_DONE ? files_asked_for(inv, &p) : r;
	if (r != EXIT_DONE)
		return r;
	c.run = mmap(NULL, sizeof(*c.run), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		     0);
	if (c.run == MAP_FAILED || ruleset_build(p, &rules) < 0)
		fail_oom();
	c.policy = p;
	c.ruleset = rules;
	c.lan = leak_choose_lan(p);
	leak_choose_link(c.link, sizeof(c.link));
	leak_users_of(p, &c.run->users);
	make_cases(&c);
	r = run_copy(inv, &c, started + MOST_USEC);
	if (r == EXIT_DONE)
		r = leak_report(inv, c.run, now_boottime() - started);
	(void)munmap(c.run, sizeof(*c.run));
	return r;
}
