/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sandbox.h"

#include "log.h"
#include "paths.h"

#include <cap-ng.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#define HAVE_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAVE_SANITIZER 1
#endif
#endif

/* It takes some milliseconds. */
#define LOCK_SECONDS 3u

/* As the unit starts it, which does not even let it ask for a change. */
static bool only_net_admin(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {0};
	const uint32_t wanted[_LINUX_CAPABILITY_U32S_3] = {1u << CAP_NET_ADMIN};

	if (syscall(SYS_capget, &header, data) < 0)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(data); i++)
		if (data[i].permitted != wanted[i] || data[i].effective != wanted[i])
			return false;
	return true;
}

void sandbox_identity(void)
{
	capng_clear(CAPNG_SELECT_BOTH);
	(void)capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, CAP_NET_ADMIN);
	if (geteuid() == 0) {
		const struct passwd *pw = getpwnam(ENGINE_USER);

		if (!pw)
			fatal("no user %s: install the package's sysusers.d file; the wall stays as "
			      "it is",
			      ENGINE_USER);
		if (capng_change_id((int)pw->pw_uid, (int)pw->pw_gid,
				    CAPNG_DROP_SUPP_GRP | CAPNG_CLEAR_BOUNDING |
					    CAPNG_CLEAR_AMBIENT) != 0)
			fatal("cannot become %s: %s; the wall stays as it is", ENGINE_USER,
			      strerror(errno));
		return;
	}
	if (!only_net_admin() && capng_apply(CAPNG_SELECT_CAPS) != 0)
		fatal("CAP_NET_ADMIN is missing: start as root, or as the unit does; the wall stays as "
		      "it is");
}

/* Each system call that is left, and what for. Everything else fails with EPERM. */
static const struct {
	int call;
	const char *why;
} allowed[] = {
	{SCMP_SYS(sendto), "netlink requests (libmnl)"},
	{SCMP_SYS(sendmsg), "answers to the bus process, with the lease's descriptor"},
	{SCMP_SYS(recvfrom), "netlink answers read until there are none"},
	{SCMP_SYS(recvmsg), "netlink dumps (libmnl), messages of the bus process"},
	{SCMP_SYS(poll), "the main loop"},
	{SCMP_SYS(ppoll), "the main loop, as some C libraries call it"},
	{SCMP_SYS(accept4), "the bus process comes back after a restart"},
	{SCMP_SYS(getsockopt), "SO_PEERCRED of whoever connects"},
	{SCMP_SYS(timerfd_settime), "the next deadline"},
	{SCMP_SYS(pipe2), "a lease's pipe"},
	{SCMP_SYS(read), "timer, signals, policy files, /etc/passwd"},
	{SCMP_SYS(write), "the log"},
	{SCMP_SYS(writev), "the log, as some C libraries write it"},
	{SCMP_SYS(close), "leases and peers end"},
	{SCMP_SYS(lseek), "/etc/passwd, by stdio"},
	{SCMP_SYS(fstat), "is a policy file regular, and whose"},
	{SCMP_SYS(newfstatat), "the same, and its directory"},
	{SCMP_SYS(statx), "the same, on newer C libraries"},
	{SCMP_SYS(getdents64), "which drop-ins there are"},
	{SCMP_SYS(fcntl), "flags of a directory's descriptor"},
	{SCMP_SYS(brk), "memory"},
	{SCMP_SYS(mmap), "memory"},
	{SCMP_SYS(munmap), "memory"},
	{SCMP_SYS(mremap), "memory"},
	{SCMP_SYS(madvise), "memory"},
	{SCMP_SYS(futex), "locks of the C library"},
	{SCMP_SYS(getrandom), "marks"},
	{SCMP_SYS(clock_gettime), "where the vDSO does not serve"},
	{SCMP_SYS(rt_sigreturn), "signals"},
	{SCMP_SYS(rt_sigprocmask), "abort()"},
	{SCMP_SYS(restart_syscall), "a poll that was stopped and continued"},
	{SCMP_SYS(exit_group), "the end"},
	{SCMP_SYS(exit), "the end"},
};

static void seccomp_lock(void)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int r = ctx ? 0 : -ENOMEM;

	for (size_t i = 0; i < ARRAY_SIZE(allowed) && r == 0; i++)
		r = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, allowed[i].call, 0);
	/* Policy files and /etc/passwd: reading only, and nothing is ever created. */
	if (r == 0)
		r = seccomp_rule_add(
			ctx, SCMP_ACT_ALLOW, SCMP_SYS(openat), 1,
			SCMP_A2(SCMP_CMP_MASKED_EQ, O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY));
	if (r == 0)
		r = seccomp_load(ctx);
	if (r < 0)
		fatal("no seccomp filter: %s; the wall stays as it is", strerror(-r));
	seccomp_release(ctx);
}

static void give_up(int sig)
{
	static const char words[] =
		"<3>sallyport-engine: the seccomp filter does not come; the wall stays as it is\n";

	(void)sig;
	if (write(STDERR_FILENO, words, sizeof(words) - 1) < 0)
		_exit(EXIT_FAILURE);
	_exit(EXIT_FAILURE);
}

/* Where memory runs out libseccomp may go round for ever; an engine that ends is started again. */
static void seccomp_lock_in_time(void)
{
	sigset_t set;

	(void)signal(SIGALRM, give_up);
	(void)alarm(LOCK_SECONDS);
	seccomp_lock();
	/* The filter has no alarm() in it: the signal may come, and is not heard. */
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGALRM);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
}

void sandbox_lock(void)
{
	static const struct {
		__rlimit_resource_t resource;
		rlim_t limit;
	} limits[] = {{RLIMIT_CORE, 0}, {RLIMIT_NPROC, 0}, {RLIMIT_NOFILE, 128}};

	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		struct rlimit l = {limits[i].limit, limits[i].limit};

		(void)setrlimit(limits[i].resource, &l);
	}
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		fatal("no_new_privs: %s; the wall stays as it is", strerror(errno));
#ifdef HAVE_SANITIZER
	log_warning("built with a sanitizer: no seccomp filter");
	(void)seccomp_lock_in_time;
#else
	seccomp_lock_in_time();
#endif
}
