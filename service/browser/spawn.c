/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "spawn.h"

#include "confine.h"
#include "paths.h"
#include "policy.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdio.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#define PREFERENCES "user.js"
#define EXIT_EXEC 127

/* What the browser is told of the world. There is no desktop, no bus, no screen reader to ask for.
 */
static const struct {
	const char *name, *value;
} environment[] = {
	{"HOME", SPAWN_HOME},
	{"TMPDIR", "/tmp"},
	{"XDG_RUNTIME_DIR", SPAWN_RUNTIME},
	{"PATH", "/usr/local/bin:/usr/bin:/bin"},
	{"DBUS_SESSION_BUS_ADDRESS", "disabled:"},
	{"DBUS_SYSTEM_BUS_ADDRESS", "disabled:"},
	{"GSETTINGS_BACKEND", "memory"},
	{"GTK_USE_PORTAL", "0"},
	{"NO_AT_BRIDGE", "1"},
	{"MOZ_CRASHREPORTER_DISABLE", "1"},
	{"MOZ_DATA_REPORTING", "0"},
};

/* What it may know of the service manager's own environment. */
static const char *const kept[] = {"LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE", "LC_MESSAGES", "TZ"};

static int make_directory(const char *path)
{
	return mkdir(path, 0700) < 0 && errno != EEXIST ? -errno : 0;
}

static int copy_preferences(void)
{
	_cleanup_(closep) int from = -1, to = -1;
	struct stat st;
	ssize_t n;

	from = open(BROWSER_DIR "/" PREFERENCES, O_RDONLY | O_CLOEXEC);
	if (from < 0 || fstat(from, &st) < 0)
		return -errno;
	to = open(SPAWN_PROFILE "/" PREFERENCES, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (to < 0)
		return -errno;
	n = sendfile(to, from, NULL, (size_t)st.st_size);
	if (n < 0)
		return -errno;
	return n == st.st_size ? 0 : -EIO;
}

int spawn_prepare(void)
{
	static const char *const directories[] = {SPAWN_HOME, SPAWN_PROFILE, SPAWN_RUNTIME};
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(directories) && r == 0; i++)
		r = make_directory(directories[i]);
	return r < 0 ? r : copy_preferences();
}

static int add_variable(char **env, size_t *n, const char *name, const char *value)
{
	if (!value || !*value)
		return 0;
	if (asprintf(&env[*n], "%s=%s", name, value) < 0)
		return -ENOMEM;
	++*n;
	return 0;
}

static char **make_environment(const struct displays *d)
{
	const struct {
		const char *name, *value;
	} shown[] = {
		{"DISPLAY", d->x11},
		{"WAYLAND_DISPLAY", d->wayland},
		{"MOZ_ENABLE_WAYLAND", *d->wayland ? "1" : ""},
	};
	char **env = calloc(ARRAY_SIZE(environment) + ARRAY_SIZE(kept) + ARRAY_SIZE(shown) + 1,
			    sizeof(*env));
	size_t n = 0;
	int r = env ? 0 : -ENOMEM;

	for (size_t i = 0; i < ARRAY_SIZE(environment) && r == 0; i++)
		r = add_variable(env, &n, environment[i].name, environment[i].value);
	for (size_t i = 0; i < ARRAY_SIZE(kept) && r == 0; i++)
		r = add_variable(env, &n, kept[i], getenv(kept[i]));
	for (size_t i = 0; i < ARRAY_SIZE(shown) && r == 0; i++)
		r = add_variable(env, &n, shown[i].name, shown[i].value);
	return r == 0 ? env : command_free(env);
}

/* Why there is no browser, as its process says before it ends. */
struct report {
	int error;
	enum browser_refusal why;
};

/*
 * What a browser prints is what somebody reads on the web: it goes nowhere. Every descriptor of
 * this process closes on exec; that holds for what a library may have opened, too.
 */
static _noreturn_ void become_browser(char *const *words, char *const *env, pid_t runner, int to)
{
	struct report report = {.why = BROWSER_REFUSAL_FAILURE};
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	sigset_t none;

	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)setsid();
	(void)chdir(SPAWN_HOME);
	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		(void)dup2(null, fd);
	(void)close_range(STDERR_FILENO + 1, UINT32_MAX, CLOSE_RANGE_CLOEXEC);
	report.error = -confine_from(runner);
	if (!report.error) {
		(void)execve(words[0], words, env);
		report = (struct report){errno, BROWSER_REFUSAL_NO_PROGRAM};
	}
	(void)!write(to, &report, sizeof(report));
	_exit(EXIT_EXEC);
}

int spawn_browser(const char *command, const char *page, const struct displays *d, pid_t *ret_pid,
		  enum browser_refusal *ret_why)
{
	const char *const places[PLACE_N] = {[PLACE_PROFILE] = SPAWN_PROFILE, [PLACE_PAGE] = page};
	char **words = command_words(command, places), **env = make_environment(d);
	struct report report = {ENOMEM, BROWSER_REFUSAL_FAILURE};
	int ends[2] = {-1, -1};
	ssize_t n = sizeof(report);
	pid_t pid = -1, runner = getpid();

	if (words && env && pipe2(ends, O_CLOEXEC) == 0) {
		pid = fork();
		report.error = errno;
		if (pid == 0)
			become_browser(words, env, runner, ends[1]);
	}
	close_fd(ends[1]);
	/* The end of the pipe without a word: it runs. */
	if (pid > 0)
		n = read(ends[0], &report, sizeof(report));
	close_fd(ends[0]);
	(void)command_free(words);
	(void)command_free(env);
	*ret_why = report.why;
	if (n)
		return -report.error;
	*ret_pid = pid;
	return 0;
}
