/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unseal.h"

#include "engine.h"
#include "log.h"
#include "paths.h"
#include "start.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

#define STOP_TIMEOUT_MS 10000
#define RETRY_MS 20

int command_seal(void)
{
	static struct engine e; /* for as long as the process lives */
	struct nl_error error = {0};
	char text[WIRE_TEXT_SIZE];
	uid_t uid;
	int r;

	engine_init(&e);
	engine_open_wall(&e);
	r = engine_seal_built_in(&e, &error);
	if (r == -EPERM && start_lock_holder() > 0) {
		log_info("the running engine (pid %d) owns the wall: nothing to do",
			 (int)start_lock_holder());
		return EXIT_SUCCESS;
	}
	if (r < 0) {
		engine_describe(&error, text, sizeof(text));
		log_error("%s; %s", text,
			  r == LOAD_NOT_AS_SENT ? "no link comes up" : "no wall was loaded");
		return EXIT_FAILURE;
	}
	if (unlink(UNSEALED_PATH) < 0 && errno != ENOENT)
		log_warning("%s: %s; the units will not start until it is removed", UNSEALED_PATH,
			    strerror(errno));
	/* Nobody could ever own this wall: better that the network waits for whoever mends it. */
	if (resolve_user(NULL, ENGINE_USER, &uid) < 0) {
		log_error(
			"no user %s: install the package's sysusers.d file; the built-in wall is in "
			"force",
			ENGINE_USER);
		return EXIT_FAILURE;
	}
	log_info("sealed with the built-in wall");
	return EXIT_SUCCESS;
}

/* Written first: from now on no unit of ours starts again before the next boot. */
static int write_marker(void)
{
	_cleanup_(closep) int fd = -1;

	if (mkdir(RUN_DIR, 0755) < 0 && errno != EEXIST)
		return -errno;
	fd = open(UNSEALED_PATH, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	return fd < 0 ? -errno : 0;
}

static int run_systemctl_stop(void)
{
	int status;
	pid_t pid = fork();

	if (pid < 0)
		return -errno;
	if (pid == 0) {
		(void)execl("/usr/bin/systemctl", "systemctl", "stop", "sallyport-engine.socket",
			    "sallyport-engine.service", (char *)NULL);
		_exit(127);
	}
	if (waitpid(pid, &status, 0) < 0)
		return -errno;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -EIO;
}

/* Without a service manager: asks the engine itself, which is whoever holds the lock. */
static int stop_engine(void)
{
	_cleanup_(closep) int fd = -1;
	struct pollfd p = {.events = POLLIN};
	pid_t pid = start_lock_holder();

	if (pid <= 0)
		return 0;
	fd = pidfd_open(pid, 0);
	/* Still the same process: it holds the lock while we hold its pidfd. */
	if (fd < 0 || start_lock_holder() != pid)
		return start_lock_holder() > 0 ? -EAGAIN : 0;
	if (pidfd_send_signal(fd, SIGTERM, NULL, 0) < 0)
		return -errno;
	p.fd = fd;
	return poll(&p, 1, STOP_TIMEOUT_MS) == 1 ? 0 : -ETIMEDOUT;
}

/* The service manager lets go of the wall's owner a moment after it has stopped the engine. */
static int delete_table(struct nl *nl, enum rs_table table, struct nl_error *ret_error)
{
	int r;

	for (int waited = 0; waited < STOP_TIMEOUT_MS; waited += RETRY_MS) {
		r = nft_delete(nl, table, ret_error);
		if (r != -EPERM)
			return r == -ENOENT ? 0 : r;
		(void)poll(NULL, 0, RETRY_MS);
	}
	return r;
}

int command_unseal(void)
{
	static const char opened[] =
		"UNSEALED: everything may leave this machine until it boots again, or until "
		"sallyport-engine --seal && systemctl start sallyport-engine";
	static struct engine e; /* for as long as the process lives */
	struct nl_error error = {0};
	struct stat st;
	int r;

	if (geteuid() != 0) {
		log_error("only root may open the wall; it stays as it is");
		return EXIT_FAILURE;
	}
	r = write_marker();
	if (r >= 0 && stat("/run/systemd/system", &st) == 0)
		r = run_systemctl_stop();
	if (r >= 0)
		r = stop_engine();
	if (r < 0) {
		log_error("the engine does not stop: %s; the wall stays as it is", strerror(-r));
		return EXIT_FAILURE;
	}
	engine_init(&e);
	engine_open_wall(&e);
	r = delete_table(&e.nft, TABLE_EGRESS, &error);
	if (r >= 0)
		r = delete_table(&e.nft, TABLE_WALL, &error);
	if (r < 0) {
		log_error("the kernel refuses %s: %s; the wall stays as it is", error.object,
			  strerror(-r));
		return EXIT_FAILURE;
	}
	log_warning("%s", opened);
	/* Standard error is a terminal then; it must be found afterwards, too. */
	openlog("sallyport-engine", LOG_PID, LOG_DAEMON);
	syslog(LOG_WARNING, "%s", opened);
	closelog();
	return EXIT_SUCCESS;
}
