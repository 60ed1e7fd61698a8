/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sandbox.h"

#include "log.h"
#include "paths.h"

#include <cap-ng.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#define HAVE_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAVE_SANITIZER 1
#endif
#endif

void sandbox_identity(void)
{
	capng_clear(CAPNG_SELECT_BOTH);
	if (geteuid() == 0) {
		const struct passwd *pw = getpwnam(BUS_USER);

		if (!pw)
			fatal("no user %s: install the package's sysusers.d file; the wall stays",
			      BUS_USER);
		if (capng_change_id((int)pw->pw_uid, (int)pw->pw_gid,
				    CAPNG_DROP_SUPP_GRP | CAPNG_CLEAR_BOUNDING |
					    CAPNG_CLEAR_AMBIENT) != 0)
			fatal("cannot become %s: %s; the wall stays", BUS_USER, strerror(errno));
		return;
	}
	/* As the unit starts it, there is nothing to drop, and asking is not allowed. */
	if (capng_get_caps_process() == 0 &&
	    capng_have_capabilities(CAPNG_SELECT_CAPS) == CAPNG_NONE)
		return;
	capng_clear(CAPNG_SELECT_BOTH);
	if (capng_apply(CAPNG_SELECT_CAPS) != 0)
		fatal("capabilities cannot be dropped: %s; the wall stays", strerror(errno));
}

/* Each system call that is left, and what for. Everything else fails with EPERM. */
static const struct {
	int call;
	const char *why;
} allowed[] = {
	{SCMP_SYS(sendmsg), "D-Bus, the engine"},
	{SCMP_SYS(sendto), "the service manager is told"},
	{SCMP_SYS(recvmsg), "D-Bus, the engine, with a lease's descriptor"},
	{SCMP_SYS(socket), "the engine is back; the service manager is told"},
	{SCMP_SYS(connect), "the engine is back"},
	{SCMP_SYS(setsockopt), "sizes of those sockets"},
	{SCMP_SYS(getsockopt), "who is at the other end"},
	{SCMP_SYS(epoll_wait), "the event loop"},
	{SCMP_SYS(epoll_pwait), "the event loop, as some C libraries call it"},
	{SCMP_SYS(epoll_pwait2), "the event loop, on newer kernels"},
	{SCMP_SYS(epoll_ctl), "the event loop"},
	{SCMP_SYS(ppoll), "D-Bus calls that wait for the bus itself"},
	{SCMP_SYS(poll), "the same"},
	{SCMP_SYS(timerfd_create), "the event loop's timers"},
	{SCMP_SYS(timerfd_settime), "the event loop's timers"},
	{SCMP_SYS(read), "timers, signals, /etc/passwd"},
	{SCMP_SYS(write), "the log"},
	{SCMP_SYS(writev), "the log"},
	{SCMP_SYS(pwrite64), "the file of DNS servers"},
	{SCMP_SYS(close), "descriptors that were passed on"},
	{SCMP_SYS(fcntl), "descriptors are copied, close on exec"},
	{SCMP_SYS(lseek), "/etc/passwd, by stdio"},
	{SCMP_SYS(fstat), "kinds of descriptors"},
	{SCMP_SYS(newfstatat), "kinds of descriptors"},
	{SCMP_SYS(statx), "the same, on newer C libraries"},
	{SCMP_SYS(gettid), "the event loop asks whose it is"},
	{SCMP_SYS(getpid), "the event loop asks whose it is"},
	{SCMP_SYS(brk), "memory"},
	{SCMP_SYS(mmap), "memory"},
	{SCMP_SYS(munmap), "memory"},
	{SCMP_SYS(mremap), "memory"},
	{SCMP_SYS(madvise), "memory"},
	{SCMP_SYS(memfd_create), "large D-Bus messages"},
	{SCMP_SYS(ftruncate), "large D-Bus messages"},
	{SCMP_SYS(futex), "locks of the C library"},
	{SCMP_SYS(getrandom), "hash tables of libsystemd"},
	{SCMP_SYS(clock_gettime), "where the vDSO does not serve"},
	{SCMP_SYS(rt_sigreturn), "signals"},
	{SCMP_SYS(rt_sigprocmask), "the end"},
	{SCMP_SYS(restart_syscall), "a wait that was stopped and continued"},
	{SCMP_SYS(exit_group), "the end"},
	{SCMP_SYS(exit), "the end"},
};

static void seccomp_lock(void)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int r = ctx ? 0 : -ENOMEM;

	for (size_t i = 0; i < ARRAY_SIZE(allowed) && r == 0; i++)
		r = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, allowed[i].call, 0);
	/* /etc/passwd: reading only, and nothing is ever created. */
	if (r == 0)
		r = seccomp_rule_add(
			ctx, SCMP_ACT_ALLOW, SCMP_SYS(openat), 1,
			SCMP_A2(SCMP_CMP_MASKED_EQ, O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY));
	if (r == 0)
		r = seccomp_load(ctx);
	if (r < 0)
		fatal("no seccomp filter: %s; the wall stays", strerror(-r));
	seccomp_release(ctx);
}

void sandbox_lock(void)
{
	static const struct {
		__rlimit_resource_t resource;
		rlim_t limit;
	} limits[] = {{RLIMIT_CORE, 0}, {RLIMIT_NPROC, 0}, {RLIMIT_NOFILE, 1024}};

	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		struct rlimit l = {limits[i].limit, limits[i].limit};

		(void)setrlimit(limits[i].resource, &l);
	}
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		fatal("no_new_privs: %s; the wall stays", strerror(errno));
#ifdef HAVE_SANITIZER
	log_warning("built with a sanitizer: no seccomp filter");
	(void)seccomp_lock;
#else
	seccomp_lock();
#endif
}
