/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "start.h"

#include "log.h"
#include "paths.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define PASSED_FD 3

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
	fd = open(ENGINE_LOCK_PATH, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
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

int start_passed_socket(void)
{
	const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");
	uint32_t n_pid, n_fds;
	int type = 0;
	socklen_t len = sizeof(type);

	if (!pid || !fds || parse_u32(pid, INT32_MAX, &n_pid) < 0 || (pid_t)n_pid != getpid())
		return -1;
	if (parse_u32(fds, 16, &n_fds) < 0 || n_fds != 1 ||
	    getsockopt(PASSED_FD, SOL_SOCKET, SO_TYPE, &type, &len) < 0 || type != SOCK_SEQPACKET)
		fatal("the service manager passed something else than one SEQPACKET socket; the wall "
		      "stays as it is");
	(void)fcntl(PASSED_FD, F_SETFD, FD_CLOEXEC);
	return PASSED_FD;
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
	if (fd < 0 || connect(fd, (struct sockaddr *)&addr,
			      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n)) < 0)
		log_warning("the service manager cannot be told anything: %s", strerror(errno));
	else
		notify_fd = TAKE_FD(fd);
}

void start_notify(const char *state)
{
	if (notify_fd >= 0 && send(notify_fd, state, strlen(state), MSG_NOSIGNAL) < 0)
		log_debug("the service manager was not told: %s", strerror(errno));
}
