/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * clearnet run. The child is made before there is a door or a connection to the bus, so that it
 * can inherit neither; it becomes the user, says so, and waits for the word to go.
 */
#include "hold.h"
#include "user.h"
#include "verbs.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Between SIGTERM and SIGKILL, with --kill. */
#define KILL_GRACE (5 * USEC_PER_SEC)

struct child {
	pid_t pid;
	int go;     /* a byte lets it run the command; closed without one, it ends */
	int report; /* an errno for each step that failed, 0 for being ready; end of file: it runs
		     */
};

struct run {
	const struct invocation *inv;
	struct hold hold;
	struct child child;
	sd_event *event;
	sd_event_source *kill;
	int status; /* of the command; -1 while it runs */
};

_noreturn_ static void be_child(const struct target *t, char **command, int go, int report)
{
	int error = -target_become(t);
	char byte;

	if (write(report, &error, sizeof(error)) != sizeof(error) || error)
		_exit(EXIT_NOT_THAT_USER);
	if (read(go, &byte, 1) != 1)
		_exit(EXIT_FAILED);
	(void)execvp(command[0], command);
	error = errno;
	(void)!write(report, &error, sizeof(error));
	_exit(error == ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_RUN);
}

static int start_child(const struct target *t, char **command, struct child *ret)
{
	int go[2], report[2];
	int r;

	if (pipe2(go, O_CLOEXEC) < 0)
		return -errno;
	if (pipe2(report, O_CLOEXEC) < 0) {
		r = -errno;
		(void)close_fd(go[0]);
		(void)close_fd(go[1]);
		return r;
	}
	ret->pid = fork();
	r = -errno;
	if (ret->pid == 0) {
		(void)close_fd(go[1]);
		(void)close_fd(report[0]);
		be_child(t, command, go[0], report[1]);
	}
	ret->go = go[1];
	ret->report = report[0];
	(void)close_fd(go[0]);
	(void)close_fd(report[1]);
	return ret->pid < 0 ? r : 0;
}

/* 0 when the child says so, or has nothing more to say; else the negative errno that it says. */
static int hear(const struct child *c, bool end_is_good)
{
	ssize_t n;
	int error;

	do
		n = read(c->report, &error, sizeof(error));
	while (n < 0 && errno == EINTR);
	if (n == sizeof(error))
		return -error;
	return n == 0 && end_is_good ? 0 : -EPIPE;
}

/* Never leaves a child that waits: without the word it ends. */
static void drop_child(struct child *c)
{
	c->go = close_fd(c->go);
	c->report = close_fd(c->report);
	if (c->pid > 0)
		while (waitpid(c->pid, NULL, 0) < 0 && errno == EINTR)
			;
	c->pid = 0;
}

static void finish(struct run *run)
{
	if (run->status >= 0 && run->hold.ended)
		(void)sd_event_exit(run->event, run->status);
}

static int on_kill(sd_event_source *source, uint64_t now, void *userdata)
{
	struct run *run = userdata;

	(void)source;
	(void)now;
	if (run->status < 0)
		(void)kill(run->child.pid, SIGKILL);
	return 0;
}

/* The door has gone before the command has. */
static void bereave(struct run *run)
{
	bool end = GIVEN(run->inv, KILL);

	if (GIVEN(run->inv, JSON))
		hold_event(&run->hold, "closed");
	else
		(void)fprintf(stderr, "sallyport: the door for %s is closed: %s; the command %s\n",
			      run->hold.user, hold_reason(&run->hold),
			      end ? "is ended" : "goes on without it");
	if (!end)
		return;
	(void)kill(run->child.pid, SIGTERM);
	(void)kill(run->child.pid, SIGCONT);
	(void)sd_event_add_time_relative(run->event, &run->kill, CLOCK_BOOTTIME, KILL_GRACE,
					 USEC_PER_MSEC, on_kill, run);
}

static void on_changed(struct hold *h, void *userdata)
{
	struct run *run = userdata;

	if (!h->ended)
		return;
	if (run->status < 0)
		bereave(run);
	else if (!h->confirmed)
		(void)fprintf(stderr, "sallyport: the door for %s: %s\n", h->user, hold_reason(h));
	finish(run);
}

static int on_child(sd_event_source *source, const siginfo_t *info, void *userdata)
{
	struct run *run = userdata;

	(void)source;
	run->status = info->si_code == CLD_EXITED ? info->si_status : 128 + info->si_status;
	run->child.pid = 0;
	hold_close(&run->hold);
	finish(run);
	return 0;
}

/* What the terminal sends the command has got already: it is in the same process group. */
static int on_signal(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
	struct run *run = userdata;

	if (run->child.pid > 0 && info->ssi_code != SI_KERNEL)
		(void)kill(run->child.pid, sd_event_source_get_signal(source));
	return 0;
}

static int watch_child(struct run *run)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2};
	sigset_t set;
	int r = 0;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGCHLD);
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		(void)sigaddset(&set, signals[i]);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -errno;
	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(signals); i++)
		r = sd_event_add_signal(run->event, NULL, signals[i], on_signal, run);
	if (r >= 0)
		r = sd_event_add_child(run->event, NULL, run->child.pid, WEXITED, on_child, run);
	if (r >= 0)
		r = hold_watch(&run->hold, run->event, on_changed, run);
	return r;
}

static int cannot_run(const struct run *run, int r)
{
	return fail(run->inv, r == -ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_RUN, NULL, NULL,
		    "\"%s\" cannot be run: %s", run->inv->command[0], strerror(-r));
}

/* The door is open: lets the command go, and stays until both have ended. */
static int let_go(struct run *run)
{
	int r, said = EXIT_DONE;

	r = sd_event_new(&run->event);
	if (r >= 0)
		r = watch_child(run);
	if (r < 0)
		return fail(run->inv, EXIT_FAILED, NULL, NULL, "the command cannot be watched: %s",
			    strerror(-r));
	if (write(run->child.go, "", 1) == 1) {
		r = hear(&run->child, true);
		if (r < 0)
			said = cannot_run(run, r);
	}
	r = sd_event_loop(run->event);
	if (r < 0)
		return fail(run->inv, EXIT_FAILED, NULL, NULL, "the command cannot be watched: %s",
			    strerror(-r));
	return said != EXIT_DONE ? said : r;
}

static void run_clear(struct run *run)
{
	hold_clear(&run->hold);
	drop_child(&run->child);
	run->kill = sd_event_source_disable_unref(run->kill);
	run->event = sd_event_unref(run->event);
}

int verb_run(const struct invocation *given)
{
	struct invocation inv = *given;
	_cleanup_(target_clear) struct target target = {0};
	_cleanup_(service_close) struct service service = {0};
	_cleanup_(run_clear) struct run run = {
		.inv = &inv, .hold.fd = -1, .child = {.go = -1, .report = -1}, .status = -1};
	int r;

	inv.json = stderr;
	r = target_find(&inv, inv.args[0], &target);
	if (r != EXIT_DONE)
		return r;
	r = start_child(&target, inv.command, &run.child);
	if (r == 0)
		r = hear(&run.child, false);
	if (r < 0)
		return fail(&inv, EXIT_NOT_THAT_USER, NULL, NULL,
			    "user \"%s\" cannot be become, so no door was opened: %s", inv.args[0],
			    strerror(-r));
	r = service_open(&service, &inv);
	if (r == EXIT_DONE)
		r = hold_open(&service, inv.args[0], &run.hold);
	return r == EXIT_DONE ? let_go(&run) : r;
}
