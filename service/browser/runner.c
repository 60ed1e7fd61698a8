/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runner.h"

#include "channel.h"
#include "log.h"
#include "spawn.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/pidfd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define PEERS_MAX 8                     /* that have not said START yet */
#define START_WITHIN (5 * USEC_PER_SEC) /* of a connection */
#define IDLE (2 * USEC_PER_SEC) /* without anybody: then the next one starts another process */
#define STOP_WITHIN (3 * USEC_PER_SEC) /* of being asked to, then it is killed */

struct peer {
	int fd;
	usec_t deadline;
};

struct runner {
	const struct policy *policy;
	enum browser_refusal gate; /* why nobody gets a browser here; NONE: who may does */
	int listening, signals;
	struct peer peers[PEERS_MAX];
	size_t n_peers;
	usec_t idle_since;

	pid_t browser; /* 0: none yet */
	int pidfd;
	int launcher;         /* whose browser it is; -1: gone */
	usec_t kill_deadline; /* USEC_INFINITY: it was not asked to end */
	bool ended;
};

/*
 * Closes a connection. A socket that is closed with something unread in it takes back what was said
 * last; so nothing can come any more, and then what came is thrown away. Returns -1.
 */
static int part(int fd)
{
	char byte;

	if (fd < 0)
		return -1;
	(void)shutdown(fd, SHUT_RDWR);
	while (recv(fd, &byte, sizeof(byte), MSG_DONTWAIT) > 0)
		;
	return close_fd(fd);
}

static void partp(int *fd)
{
	(void)part(*fd);
}

static void refuse(int fd, enum browser_refusal why, uint32_t detail)
{
	union browser_message m = browser_message(BROWSER_REFUSED);

	m.refused.refusal = why;
	m.refused.detail = detail;
	(void)browser_wire_send(fd, &m, NULL, 0);
}

/* What a policy that cannot be asked refuses to all, one that can refuses to strangers first. */
static enum browser_refusal judge(const struct runner *r, uid_t uid)
{
	if (r->policy && !users_contain(&r->policy->desktop, uid))
		return BROWSER_REFUSAL_NOT_ALLOWED;
	if (r->gate != BROWSER_REFUSAL_NONE)
		return r->gate;
	return r->browser ? BROWSER_REFUSAL_BUSY : BROWSER_REFUSAL_NONE;
}

/* What a refused one says is not looked at. */
static void accept_peer(struct runner *r)
{
	_cleanup_(partp) int fd = accept4(r->listening, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	enum browser_refusal why;
	uid_t uid;

	if (fd < 0)
		return;
	if (channel_peer_uid(fd, &uid) < 0)
		return;
	why = judge(r, uid);
	if (why == BROWSER_REFUSAL_NONE && r->n_peers == PEERS_MAX)
		why = BROWSER_REFUSAL_BUSY;
	if (why != BROWSER_REFUSAL_NONE) {
		log_info("user %u: refused, %s", uid, browser_refusal_to_string(why));
		refuse(fd, why, 0);
		return;
	}
	r->peers[r->n_peers++] = (struct peer){TAKE_FD(fd), now_boottime() + START_WITHIN};
}

/* Its first process is killed; the unit's end is that of all others. */
static void stop(struct runner *r, const char *why)
{
	if (r->ended || r->kill_deadline != USEC_INFINITY)
		return;
	log_info("browser stopped: %s", why);
	r->kill_deadline = now_boottime() + STOP_WITHIN;
	(void)kill(-r->browser, SIGTERM);
}

static int start(struct runner *r, int fd, const struct browser_start *m,
		 enum browser_refusal *ret_why)
{
	union browser_message answer = browser_message(BROWSER_STARTED);
	struct displays d;
	int n;

	*ret_why = BROWSER_REFUSAL_FAILURE;
	n = spawn_prepare();
	if (n == 0)
		n = displays_make(&d, m->displays, SPAWN_RUNTIME);
	if (n < 0)
		return n;
	n = spawn_browser(r->policy->browser.command, m->page, &d, &r->browser, ret_why);
	if (n < 0) {
		displays_abandon(&d);
		return n;
	}
	r->pidfd = pidfd_open(r->browser, 0);
	if (r->pidfd < 0)
		fatal("pidfd: %s", strerror(errno));
	answer.started.displays = d.which;
	answer.started.uid = getuid();
	(void)browser_wire_send(fd, &answer, d.fds, d.n);
	log_info("browser started");
	displays_close(&d);
	return 0;
}

/* True: this connection is the browser's now. */
static bool start_for(struct runner *r, int fd, const struct browser_start *m)
{
	enum browser_refusal why = BROWSER_REFUSAL_BUSY;
	int error = 0;

	if (!r->browser) {
		error = start(r, fd, m, &why);
		if (error == 0)
			return true;
		log_error("browser not started, %s: %s", browser_refusal_to_string(why),
			  strerror(-error));
	}
	refuse(fd, why, (uint32_t)-error);
	return false;
}

/* The first message of a connection. True: it is the launcher's, or over. */
static bool read_first(struct runner *r, struct peer *p)
{
	union browser_message m;
	int fds[BROWSER_FDS_MAX];
	const char *why;
	int n = browser_wire_receive(p->fd, TO_RUNNER, &m, fds, &why);

	if (n == -EAGAIN)
		return false;
	if (n == 1 && m.header.type == BROWSER_START) {
		if (start_for(r, p->fd, &m.start)) {
			r->launcher = TAKE_FD(p->fd);
			return true;
		}
	} else if (n != 0) {
		log_warning("a launcher broke the protocol: %s", why ? why : "not START");
		refuse(p->fd, BROWSER_REFUSAL_PROTOCOL, 0);
	}
	p->fd = part(p->fd);
	return true;
}

static void read_launcher(struct runner *r)
{
	union browser_message m;
	int fds[BROWSER_FDS_MAX];
	const char *why;
	int n = browser_wire_receive(r->launcher, TO_RUNNER, &m, fds, &why);

	if (n == -EAGAIN)
		return;
	if (n == 1 && m.header.type == BROWSER_STOP) {
		stop(r, browser_stop_to_string((enum browser_stop)m.stop.why));
		return;
	}
	if (n != 0) {
		log_warning("the launcher broke the protocol: %s", why ? why : "not STOP");
		refuse(r->launcher, BROWSER_REFUSAL_PROTOCOL, 0);
	}
	r->launcher = part(r->launcher);
	stop(r, "its launcher has gone");
	/* Its windows have gone with the launcher: nobody can answer what it might still ask. */
	r->kill_deadline = now_boottime();
}

static void end_browser(struct runner *r)
{
	union browser_message m = browser_message(BROWSER_ENDED);
	siginfo_t info = {0};

	if (waitid(P_PIDFD, (id_t)r->pidfd, &info, WEXITED | WNOHANG) < 0 || !info.si_pid)
		return;
	r->ended = true;
	m.ended.how = info.si_code == CLD_EXITED ? BROWSER_EXITED : BROWSER_KILLED;
	m.ended.value = (uint32_t)info.si_status;
	if (r->launcher >= 0)
		(void)browser_wire_send(r->launcher, &m, NULL, 0);
	log_info("browser ended: %s %d", info.si_code == CLD_EXITED ? "status" : "signal",
		 info.si_status);
}

static void keep_deadlines(struct runner *r, usec_t now)
{
	for (size_t i = 0; i < r->n_peers; i++)
		if (r->peers[i].fd >= 0 && now >= r->peers[i].deadline) {
			refuse(r->peers[i].fd, BROWSER_REFUSAL_PROTOCOL, 0);
			r->peers[i].fd = part(r->peers[i].fd);
		}
	if (now >= r->kill_deadline) {
		(void)kill(-r->browser, SIGKILL);
		r->kill_deadline = now + STOP_WITHIN;
	}
}

/* Those that are over leave the list. */
static void forget_peers(struct runner *r)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n_peers; i++)
		if (r->peers[i].fd >= 0)
			r->peers[n++] = r->peers[i];
	r->n_peers = n;
}

static usec_t next_deadline(const struct runner *r)
{
	usec_t next = r->kill_deadline;

	for (size_t i = 0; i < r->n_peers; i++)
		if (r->peers[i].deadline < next)
			next = r->peers[i].deadline;
	if (!r->browser && !r->n_peers && r->idle_since + IDLE < next)
		next = r->idle_since + IDLE;
	return next;
}

static int wait_for_events(const struct runner *r, struct pollfd *polls, nfds_t n)
{
	usec_t next = next_deadline(r), now = now_boottime(), left = next > now ? next - now : 0;
	const struct timespec time = {
		.tv_sec = (time_t)(left / USEC_PER_SEC),
		.tv_nsec = (long)(left % USEC_PER_SEC) * 1000,
	};
	int ready = ppoll(polls, n, next == USEC_INFINITY ? NULL : &time, NULL);

	if (ready < 0 && errno != EINTR)
		fatal("poll: %s", strerror(errno));
	return ready;
}

/* The service manager wants an end. False: there is nothing to end first. */
static bool signalled(struct runner *r)
{
	struct signalfd_siginfo info;

	(void)!read(r->signals, &info, sizeof(info));
	if (r->browser)
		stop(r, "the unit ends");
	return r->browser;
}

enum { POLL_SIGNALS, POLL_LISTENING, POLL_BROWSER, POLL_LAUNCHER, POLL_PEERS };

/* One round. False: there is nothing left to do. */
static bool turn(struct runner *r)
{
	struct pollfd polls[POLL_PEERS + PEERS_MAX] = {
		[POLL_SIGNALS] = {r->signals, POLLIN, 0},
		[POLL_LISTENING] = {r->listening, POLLIN, 0},
		[POLL_BROWSER] = {r->pidfd, POLLIN, 0},
		[POLL_LAUNCHER] = {r->launcher, POLLIN, 0},
	};
	size_t n_peers = r->n_peers;

	for (size_t i = 0; i < n_peers; i++)
		polls[POLL_PEERS + i] = (struct pollfd){r->peers[i].fd, POLLIN, 0};
	if (wait_for_events(r, polls, POLL_PEERS + n_peers) > 0) {
		if (polls[POLL_BROWSER].revents)
			end_browser(r);
		if (polls[POLL_LAUNCHER].revents && !r->ended)
			read_launcher(r);
		for (size_t i = 0; i < n_peers; i++)
			if (polls[POLL_PEERS + i].revents && read_first(r, &r->peers[i]))
				r->idle_since = now_boottime();
		if (polls[POLL_LISTENING].revents) {
			accept_peer(r);
			r->idle_since = now_boottime();
		}
		if (polls[POLL_SIGNALS].revents && !signalled(r))
			return false;
	}
	keep_deadlines(r, now_boottime());
	forget_peers(r);
	if (r->browser)
		return !r->ended;
	return r->n_peers || now_boottime() < r->idle_since + IDLE;
}

static enum browser_refusal gate_of(const struct policy *p)
{
	if (!p)
		return BROWSER_REFUSAL_NO_POLICY;
	if (!p->browser.user.n)
		return BROWSER_REFUSAL_DISABLED;
	return p->browser.user.items[0].uid == getuid() ? BROWSER_REFUSAL_NONE
							: BROWSER_REFUSAL_WRONG_USER;
}

void runner_run(int listening, const struct policy *policy)
{
	struct runner r = {
		.policy = policy,
		.gate = gate_of(policy),
		.listening = listening,
		.idle_since = now_boottime(),
		.pidfd = -1,
		.launcher = -1,
		.kill_deadline = USEC_INFINITY,
	};
	sigset_t signals;

	(void)sigemptyset(&signals);
	(void)sigaddset(&signals, SIGTERM);
	(void)sigaddset(&signals, SIGINT);
	(void)sigprocmask(SIG_BLOCK, &signals, NULL);
	r.signals = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	if (r.signals < 0)
		fatal("signalfd: %s", strerror(errno));
	while (turn(&r))
		;
	for (size_t i = 0; i < r.n_peers; i++)
		part(r.peers[i].fd);
	part(r.launcher);
	close_fd(r.pidfd);
	close_fd(r.signals);
}
