/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * polkit's own agent for terminals, as a child, while a call waits for an answer. Where a desktop
 * session has an agent that one goes first; without a session polkit never asks a fallback, so
 * there this agent is the process's own.
 */
#include "service.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <systemd/sd-login.h>
#include <unistd.h>

#define AGENT "/usr/bin/pkttyagent"
#define REGISTER_TIMEOUT_MS 10000

static bool in_session(void)
{
	_cleanup_(freep) char *session = NULL;

	return sd_pid_get_session(0, &session) >= 0;
}

_noreturn_ static void become_agent(pid_t parent, int notify, int tty)
{
	char process[16], fd[16];
	sigset_t none;

	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
	/* What it says is for the person at the terminal, not for whoever reads our output. */
	if (getppid() != parent || dup2(tty, STDIN_FILENO) < 0 || dup2(tty, STDOUT_FILENO) < 0 ||
	    fcntl(notify, F_SETFD, 0) < 0)
		_exit(EXIT_FAILED);
	(void)snprintf(process, sizeof(process), "%d", (int)parent);
	(void)snprintf(fd, sizeof(fd), "%d", notify);
	(void)execl(AGENT, AGENT, "--process", process, "--notify-fd", fd,
		    in_session() ? "--fallback" : (char *)NULL, (char *)NULL);
	_exit(EXIT_NOT_FOUND);
}

/* It closes its end when it is registered, or dies. */
static void wait_registered(int fd)
{
	struct pollfd p = {.fd = fd};

	(void)poll(&p, 1, REGISTER_TIMEOUT_MS);
}

pid_t agent_start(void)
{
	_cleanup_(closep) int tty = -1, ready = -1, notify = -1;
	pid_t parent = getpid(), pid;
	int fds[2];

	tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	if (tty < 0 || access(AGENT, X_OK) < 0 || pipe2(fds, O_CLOEXEC) < 0)
		return 0;
	ready = fds[0];
	notify = fds[1];
	pid = fork();
	if (pid == 0)
		become_agent(parent, notify, tty);
	notify = close_fd(notify);
	if (pid < 0)
		return 0;
	wait_registered(ready);
	return pid;
}

void agent_stop(pid_t pid)
{
	if (pid <= 0)
		return;
	(void)kill(pid, SIGTERM);
	(void)kill(pid, SIGCONT);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}
