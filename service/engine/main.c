/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The engine owns the wall: it may change one nftables table, forget conntrack entries and
 * destroy sockets (CAP_NET_ADMIN), and read the policy's files.
 * It may not open anything that those files do not allow, nor listen to anybody but the bus
 * process; it needs no D-Bus and never opens the wall.
 * Its death leaves the wall in the kernel; doors close by themselves within the kernel's timeout.
 */
#include "blocked.h"
#include "channel.h"
#include "consent.h"
#include "egress.h"
#include "engine.h"
#include "forward.h"
#include "links.h"
#include "log.h"
#include "owner.h"
#include "paths.h"
#include "sandbox.h"
#include "scoped.h"
#include "start.h"
#include "tamper.h"
#include "unseal.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define ACCEPT_PAUSE USEC_PER_SEC

struct options {
	bool seal, unseal;
	const char *socket_path;
};

static void help(void)
{
	(void)puts(
		"sallyport-engine [OPTION...]\n"
		"\n"
		"Owns the wall: one nftables table through which nothing leaves this machine but\n"
		"what the policy in " POLICY_DIR_ETC " and " POLICY_DIR_USR " allows.\n"
		"\n"
		"      --seal         load the built-in wall and exit (early boot)\n"
		"      --unseal       open the wall until the next boot; stops the engine (root)\n"
		"      --socket PATH  listen here when no socket was passed\n"
		"                     (" ENGINE_SOCKET_PATH ")\n"
		"      --debug        say more\n"
		"      --help         this text\n"
		"      --version      the version\n"
		"\n"
		"SIGHUP reloads the policy, SIGTERM ends; the wall stays. See sallyport-engine(8).");
}

/* -1: go on; else an exit status. */
static int parse_options(int argc, char **argv, struct options *o)
{
	static const struct option longs[] = {
		{"seal", no_argument, NULL, 's'},
		{"unseal", no_argument, NULL, 'u'},
		{"socket", required_argument, NULL, 'S'},
		{"debug", no_argument, NULL, 'd'},
		{"help", no_argument, NULL, 'h'},
		{"version", no_argument, NULL, 'v'},
		{0},
	};
	int c;

	*o = (struct options){.socket_path = ENGINE_SOCKET_PATH};
	while ((c = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
		switch (c) {
		case 's':
			o->seal = true;
			break;
		case 'u':
			o->unseal = true;
			break;
		case 'S':
			o->socket_path = optarg;
			break;
		case 'd':
			log_set_debug(true);
			break;
		case 'h':
			help();
			return EXIT_SUCCESS;
		case 'v':
			(void)puts("sallyport-engine " SALLYPORT_VERSION);
			return EXIT_SUCCESS;
		default:
			return 2;
		}
	}
	if (optind < argc || (o->seal && o->unseal)) {
		(void)fprintf(stderr, "sallyport-engine: what is \"%s\"? See --help.\n",
			      optind < argc ? argv[optind] : "--seal --unseal");
		return 2;
	}
	return -1;
}

static void take_lock(void)
{
	pid_t holder;
	int r;

	r = start_lock(&holder);
	if (r == -EBUSY)
		fatal("another engine runs (pid %d); the wall stays as it is", (int)holder);
	if (r < 0)
		fatal("%s: %s; the wall stays as it is", ENGINE_LOCK_PATH, strerror(-r));
}

static int open_listener(int passed, const char *path)
{
	int fd = passed, r;

	if (fd >= 0) {
		(void)fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
		return fd;
	}
	r = start_make_socket(path, &fd);
	if (r < 0)
		fatal("%s: %s; the wall stays as it is", path, strerror(-r));
	return fd;
}

static int open_signals(void)
{
	sigset_t set;
	int fd;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGHUP);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		fatal("signalfd: %s; the wall stays as it is", strerror(errno));
	return fd;
}

/* The timer counts while the machine sleeps: a deadline that passed then is met at waking up. */
static int open_timer(void)
{
	int fd = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);

	if (fd < 0)
		fatal("timerfd: %s; the wall stays as it is", strerror(errno));
	return fd;
}

static void set_timer(int fd, usec_t at)
{
	struct itimerspec when = {0};

	if (at != USEC_INFINITY) {
		when.it_value.tv_sec = (time_t)(at / USEC_PER_SEC);
		when.it_value.tv_nsec = (long)(at % USEC_PER_SEC * 1000) + 1;
	}
	(void)timerfd_settime(fd, TFD_TIMER_ABSTIME, &when, NULL);
}

/* Only the bus process's user; the socket's mode says the same, this says it again. */
static void accept_peer(struct engine *e, int listener)
{
	_cleanup_(closep) int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	uid_t uid;

	if (fd < 0) {
		if (errno == EAGAIN || errno == ECONNABORTED || errno == EINTR)
			return;
		/* It still waits there: asked at once again, this would go on without a pause. */
		log_warning("the bus process cannot be heard: %s; trying again", strerror(errno));
		e->deaf_until = now_boottime() + ACCEPT_PAUSE;
		return;
	}
	if (channel_peer_uid(fd, &uid) < 0 || uid != e->bus_uid) {
		log_warning("a process that is not %s wanted to be the bus process: refused",
			    BUS_USER);
		return;
	}
	engine_take_peer(e, TAKE_FD(fd));
}

static void reload_and_tell(struct engine *e)
{
	struct wire_policy_changed m = {0};
	struct load_report report;

	start_notify("RELOADING=1");
	engine_reload(e, &report);
	wire_header_init(&m.header, WIRE_POLICY_CHANGED, 0);
	engine_send(e, &m, sizeof(m), -1);
	start_notify("READY=1");
}

/* True: end. */
static bool handle_signal(struct engine *e, int fd)
{
	struct signalfd_siginfo si;

	if (read(fd, &si, sizeof(si)) != (ssize_t)sizeof(si))
		return false;
	if (si.ssi_signo != SIGHUP)
		return true;
	reload_and_tell(e);
	return false;
}

enum {
	POLL_SIGNAL,
	POLL_TIMER,
	POLL_ROUTES,
	POLL_NETWORK,
	POLL_MONITOR,
	POLL_BLOCKED,
	POLL_ANSWERS,
	POLL_PEER,
	POLL_LISTENER,
	POLL_PIPES
};

/* Descriptors that are -1 are skipped by poll(); pipes are watched for their readers' end only. */
static size_t fill_poll(const struct engine *e, struct pollfd *fds, uint64_t *ids)
{
	fds[POLL_NETWORK] = (struct pollfd){.fd = consent_fd(e), .events = POLLIN};
	fds[POLL_ANSWERS] = (struct pollfd){.fd = scoped_fd(e), .events = POLLIN};
	fds[POLL_PEER] = (struct pollfd){.fd = e->peer, .events = POLLIN};
	for (size_t i = 0; i < e->n_pipes; i++) {
		fds[POLL_PIPES + i] = (struct pollfd){.fd = e->pipes[i].fd};
		ids[i] = e->pipes[i].id;
	}
	return POLL_PIPES + e->n_pipes;
}

static void loop(struct engine *e, int signals, int timer, int listener)
{
	struct pollfd fds[POLL_PIPES + WIRE_LEASES_MAX] = {
		[POLL_SIGNAL] = {.fd = signals, .events = POLLIN},
		[POLL_TIMER] = {.fd = timer, .events = POLLIN},
		[POLL_ROUTES] = {.fd = mnl_socket_get_fd(e->route_watch.socket), .events = POLLIN},
		[POLL_MONITOR] = {.fd = mnl_socket_get_fd(e->monitor.nl.socket), .events = POLLIN},
		[POLL_BLOCKED] = {.fd = nflog_fd(&e->nflog), .events = POLLIN},
	};
	uint64_t ids[WIRE_LEASES_MAX], ticks;

	for (;;) {
		size_t n = fill_poll(e, fds, ids);

		/* One peer at a time; the next one waits in the socket's queue. */
		fds[POLL_LISTENER] = (struct pollfd){
			.fd = e->peer < 0 && now_boottime() >= e->deaf_until ? listener : -1,
			.events = POLLIN,
		};
		set_timer(timer, engine_next(e));
		if (poll(fds, n, -1) < 0 && errno != EINTR)
			fatal("poll: %s; the wall stays, doors close by themselves",
			      strerror(errno));
		if (fds[POLL_SIGNAL].revents && handle_signal(e, signals))
			return;
		if (fds[POLL_NETWORK].revents)
			consent_look(e);
		if (fds[POLL_MONITOR].revents)
			tamper_read(e);
		if (fds[POLL_ROUTES].revents) {
			links_read(e);
			links_refresh(e);
			egress_refresh(e);
			(void)forward_follow(e, NULL);
			links_tell(e, false);
		}
		if (fds[POLL_BLOCKED].revents)
			blocked_read(e);
		if (fds[POLL_ANSWERS].revents)
			scoped_read(e);
		for (size_t i = POLL_PIPES; i < n; i++)
			if (fds[i].revents & (POLLERR | POLLHUP))
				engine_pipe_closed(e, ids[i - POLL_PIPES]);
		if (fds[POLL_PEER].revents && e->peer >= 0)
			engine_handle_peer(e);
		if (fds[POLL_LISTENER].revents && e->peer < 0)
			accept_peer(e, listener);
		if (fds[POLL_TIMER].revents && read(timer, &ticks, sizeof(ticks)) < 0)
			continue;
		engine_tick(e, now_boottime());
	}
}

int main(int argc, char **argv)
{
	static struct engine e;
	struct passed passed;
	struct options o;
	int r, listener, signals, timer;

	log_open("sallyport-engine");
	r = parse_options(argc, argv, &o);
	if (r >= 0)
		return r;
	if (o.seal)
		return command_seal();
	if (o.unseal)
		return command_unseal();

	if (geteuid() == 0)
		start_run_dir();
	take_lock();
	start_take_passed(&passed);
	listener = open_listener(passed.listener, o.socket_path);
	sandbox_identity();
	start_notify_open();
	signals = open_signals();
	timer = open_timer();

	owner_open(&e, passed.owner);
	engine_open(&e);
	links_open(&e);
	consent_open(&e);
	tamper_open(&e);
	blocked_open(&e);
	scoped_open(&e);
	engine_seal(&e);
	links_refresh(&e);
	egress_refresh(&e);
	/* An engine that was killed may have left some of them on. */
	(void)forward_follow(&e, NULL);
	if (unlink(UNSEALED_PATH) == 0)
		log_warning("sealed again by hand after --unseal");
	if (resolve_user(NULL, BUS_USER, &e.bus_uid) < 0) {
		log_error("no user %s: nobody can ask for a door", BUS_USER);
		e.bus_uid = UINT32_MAX;
	}
	sandbox_lock();
	start_notify("READY=1");
	loop(&e, signals, timer, listener);

	engine_end_all(&e, REASON_SHUTDOWN);
	log_info("ended; the wall stays");
	return EXIT_SUCCESS;
}
