/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The runner starts the unsafe browser for a program of the desktop's user, which holds the door,
 * and ends it with that program. It runs as the browser's own user, without a privilege, in a unit
 * whose files are all in memory.
 * It decides who may ask, as the policy says, and nothing else: not what runs, which is the
 * policy's, nor what that may reach, which is the wall's. Its death is the browser's: the unit's
 * end kills every process in it and forgets what they wrote.
 */
#include "config.h"
#include "log.h"
#include "paths.h"
#include "runner.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <unistd.h>

#define FIRST_PASSED 3 /* sd_listen_fds(3) */

static void help(void)
{
	(void)puts(
		"sallyport-browser [OPTION...]\n"
		"\n"
		"Runs the unsafe browser of the policy for the program that connects; started by\n"
		"sallyport-browser@USER.socket, as that user.\n"
		"\n"
		"      --help         this text\n"
		"      --version      the version\n"
		"\n"
		"See sallyport.conf(5), [browser].");
}

/* -1: go on; else an exit status. */
static int parse_options(int argc, char **argv)
{
	static const struct option longs[] = {
		{"help", no_argument, NULL, 'h'},
		{"version", no_argument, NULL, 'v'},
		{0},
	};
	int c;

	while ((c = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
		switch (c) {
		case 'h':
			help();
			return EXIT_SUCCESS;
		case 'v':
			(void)puts("sallyport-browser " SALLYPORT_VERSION);
			return EXIT_SUCCESS;
		default:
			return 2;
		}
	}
	if (optind == argc)
		return -1;
	(void)fprintf(stderr, "sallyport-browser: what is \"%s\"? See --help.\n", argv[optind]);
	return 2;
}

/* The one socket that the service manager passes. */
static int passed_socket(void)
{
	const char *pid = getenv("LISTEN_PID"), *n = getenv("LISTEN_FDS");
	uint32_t number;

	if (!pid || parse_u32(pid, INT32_MAX, &number) < 0 || (pid_t)number != getpid() || !n ||
	    strcmp(n, "1") != 0)
		fatal("no socket was passed; sallyport-browser@.socket starts this");
	(void)fcntl(FIRST_PASSED, F_SETFD, FD_CLOEXEC);
	(void)fcntl(FIRST_PASSED, F_SETFL, O_RDWR | O_NONBLOCK);
	return FIRST_PASSED;
}

/* NULL: it has errors, which the engine has logged, too. */
static struct policy *read_policy(void)
{
	_cleanup_(diagnostics_clear) struct diagnostics diags = {0};
	_cleanup_(sources_clear) struct sources sources = {0};
	struct policy *policy = NULL;
	int r = sources_add_system(&sources, POLICY_DIR_USR, POLICY_DIR_ETC);

	if (r == 0)
		r = config_parse(&sources, resolve_user, NULL, &diags, &policy);
	if (r == -ENOMEM)
		fatal_oom();
	if (r < 0)
		log_error("the policy has errors: no browser; see sallyport check");
	return policy;
}

int main(int argc, char **argv)
{
	_cleanup_(policy_freep) struct policy *policy = NULL;
	int listening, r;

	log_open("sallyport-browser");
	r = parse_options(argc, argv);
	if (r >= 0)
		return r;
	if (geteuid() == 0 || getuid() == 0)
		fatal("a browser never runs as root; [browser] user says as whom");
	/* What else runs as this user is not to look into it, and into its mount namespace. */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		fatal("dumpable: %s", strerror(errno));
	listening = passed_socket();
	policy = read_policy();
	runner_run(listening, policy);
	return EXIT_SUCCESS;
}
