/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "start.h"

#include "log.h"
#include "paths.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define PASSED_FIRST 3
#define PASSED_MAX 16
#define BARRIER_TIMEOUT_MS 5000

void start_run_dir(void)
{
	uid_t uid;
	int r;

	r = resolve_user(NULL, ENGINE_USER, &uid);
	if (r < 0)
		fatal("no user %s: %s; install the package's sysusers.d file; the wall stays as it is",
		      ENGINE_USER, strerror(-r));
	if (mkdir(RUN_DIR, 0755) < 0 && errno != EEXIST)
		fatal("%s: %s; the wall stays as it is", RUN_DIR, strerror(errno));
	if (lchown(RUN_DIR, uid, (gid_t)-1) < 0)
		fatal("%s: %s; the wall stays as it is", RUN_DIR, strerror(errno));
}

int start_lock(pid_t *ret_holder)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	uid_t uid;
	int fd;

	*ret_holder = 0;
	/* Whoever could read it could hold a read lock, and no engine would ever start. */
	fd = open(ENGINE_LOCK_PATH, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	/* So that an engine that is started without root finds a file that it may open. */
	if (geteuid() == 0 && resolve_user(NULL, ENGINE_USER, &uid) == 0 &&
	    fchown(fd, uid, (gid_t)-1) < 0)
		return -errno;
	if (fcntl(fd, F_SETLK, &lock) == 0)
		return 0; /* kept open on purpose: closing it would give the lock away */
	*ret_holder = start_lock_holder();
	close_fd(fd);
	return -EBUSY;
}

pid_t start_lock_holder(void)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	_cleanup_(closep) int fd = open(ENGINE_LOCK_PATH, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0 || fcntl(fd, F_GETLK, &lock) < 0 || lock.l_type == F_UNLCK)
		return 0;
	return lock.l_pid;
}

/* What may be passed, told apart by what it is: its order says nothing. */
static bool is_socket(int fd, int domain, int type, int protocol)
{
	const struct {
		int option, wanted;
	} tests[] = {{SO_DOMAIN, domain}, {SO_TYPE, type}, {SO_PROTOCOL, protocol}};

	for (size_t i = 0; i < ARRAY_SIZE(tests); i++) {
		int value = -1;
		socklen_t len = sizeof(value);

		if (getsockopt(fd, SOL_SOCKET, tests[i].option, &value, &len) < 0 ||
		    value != tests[i].wanted)
			return false;
	}
	return true;
}

void start_take_passed(struct passed *ret)
{
	const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");
	uint32_t n_pid, n;

	*ret = (struct passed){-1, -1};
	if (!pid || !fds || parse_u32(pid, INT32_MAX, &n_pid) < 0 || (pid_t)n_pid != getpid())
		return;
	if (parse_u32(fds, PASSED_MAX, &n) < 0)
		fatal("the service manager passed \"%s\" descriptors; the wall stays as it is",
		      fds);
	for (int fd = PASSED_FIRST; fd < PASSED_FIRST + (int)n; fd++) {
		(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
		if (ret->listener < 0 && is_socket(fd, AF_UNIX, SOCK_SEQPACKET, 0))
			ret->listener = fd;
		else if (ret->owner < 0 && is_socket(fd, AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER))
			ret->owner = fd;
		else
			fatal("the service manager passed something else than one SEQPACKET socket "
			      "and one netlink socket; the wall stays as it is");
	}
}

int start_make_socket(const char *path, int *ret_fd)
{
	_cleanup_(closep) int fd = -1;
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	uid_t bus;

	if (strlen(path) >= sizeof(addr.sun_path))
		return -ENAMETOOLONG;
	memcpy(addr.sun_path, path, strlen(path));
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	/* The lock says that no engine listens there. */
	if (unlink(path) < 0 && errno != ENOENT)
		return -errno;
	(void)fchmod(fd, 0600);
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0)
		return -errno;
	if (geteuid() == 0 && resolve_user(NULL, BUS_USER, &bus) == 0 &&
	    lchown(path, bus, (gid_t)-1) < 0)
		return -errno;
	if (listen(fd, 4) < 0)
		return -errno;
	*ret_fd = TAKE_FD(fd);
	return 0;
}

static int notify_fd = -1;

void start_notify_open(void)
{
	/* One that does not read must not hang us: there are doors to close. */
	const struct timeval patience = {.tv_usec = 100000};
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	_cleanup_(closep) int fd = -1;
	size_t n;

	if (!path || (path[0] != '/' && path[0] != '@') || strlen(path) >= sizeof(addr.sun_path))
		return;
	n = strlen(path);
	memcpy(addr.sun_path, path, n);
	if (path[0] == '@')
		addr.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) < 0 ||
	    connect(fd, (struct sockaddr *)&addr,
		    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n)) < 0)
		log_warning("the service manager cannot be told anything: %s", strerror(errno));
	else
		notify_fd = TAKE_FD(fd);
}

/* With a descriptor, if fd is not -1. 0 or a negative errno. */
static int notify(const char *state, int fd)
{
	union {
		struct cmsghdr header;
		char buf[CMSG_SPACE(sizeof(int))];
	} control = {0};
	struct iovec iov = {.iov_base = (void *)(uintptr_t)state, .iov_len = strlen(state)};
	struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1};
	struct cmsghdr *c;

	if (notify_fd < 0)
		return -ENOTCONN;
	if (fd >= 0) {
		m.msg_control = control.buf;
		m.msg_controllen = sizeof(control.buf);
		c = CMSG_FIRSTHDR(&m);
		*c = (struct cmsghdr){CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS};
		memcpy(CMSG_DATA(c), &fd, sizeof(int));
	}
	return sendmsg(notify_fd, &m, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

void start_notify(const char *state)
{
	int r = notify(state, -1);

	if (r < 0 && r != -ENOTCONN)
		log_debug("the service manager was not told: %s", strerror(-r));
}

/* Until all that was said before has been worked off: then the other end of a pipe is closed. */
static int notify_barrier(void)
{
	_cleanup_(closep) int read_end = -1, write_end = -1;
	struct pollfd p = {0};
	int fds[2], r;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	p.fd = read_end = fds[0];
	write_end = fds[1];
	r = notify("BARRIER=1", write_end);
	if (r < 0)
		return r;
	write_end = close_fd(write_end);
	r = poll(&p, 1, BARRIER_TIMEOUT_MS);
	return r < 0 ? -errno : r == 0 ? -ETIMEDOUT : 0;
}

int start_store(const char *name, int fd)
{
	char state[64];
	int r;

	/* Not polled: an error that waits in the socket is no reason to let go of it. */
	(void)snprintf(state, sizeof(state), "FDSTORE=1\nFDNAME=%s\nFDPOLL=0", name);
	r = notify(state, fd);
	return r < 0 ? r : notify_barrier();
}

int start_unstore(const char *name)
{
	char state[64];
	int r;

	(void)snprintf(state, sizeof(state), "FDSTOREREMOVE=1\nFDNAME=%s", name);
	r = notify(state, -1);
	return r < 0 ? r : notify_barrier();
}
