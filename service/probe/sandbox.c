/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sandbox.h"

#include "log.h"

#include <cap-ng.h>
#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
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
	if (geteuid() == 0 || getuid() == 0)
		fatal("this reads what strangers send, and never as root; the bus starts it as its user");
	if (capng_get_caps_process() != 0 ||
	    capng_have_capabilities(CAPNG_SELECT_CAPS) != CAPNG_NONE)
		fatal("this reads what strangers send, and never with a capability");
}

/* Each system call that is left, and what for. Everything else fails with EPERM. */
static const struct {
	int call;
	const char *why;
} allowed[] = {
	{SCMP_SYS(sendmsg), "D-Bus"},
	{SCMP_SYS(recvmsg), "D-Bus"},
	{SCMP_SYS(sendto), "the question, the request"},
	{SCMP_SYS(recvfrom), "their answers"},
	{SCMP_SYS(connect), "to the DNS server, to the host that was asked for"},
	{SCMP_SYS(bind), "glibc's resolver may choose a port"},
	{SCMP_SYS(setsockopt), "TCP_NODELAY, IP_RECVERR"},
	{SCMP_SYS(getsockopt), "whether a connection has come about"},
	{SCMP_SYS(getsockname), "libcurl keeps its end of a connection"},
	{SCMP_SYS(getpeername), "and the other end"},
	{SCMP_SYS(poll), "waiting for answers"},
	{SCMP_SYS(ppoll), "waiting for D-Bus"},
	{SCMP_SYS(ioctl),
	 "how much of a datagram there is (FIONREAD), whether stdio is a terminal"},
	{SCMP_SYS(socketpair), "libcurl wakes itself"},
	{SCMP_SYS(pipe2), "the same, on other versions"},
	{SCMP_SYS(eventfd2), "the same, on newer ones"},
	{SCMP_SYS(fcntl), "sockets that do not block"},
	{SCMP_SYS(read), "/etc/resolv.conf, /etc/hosts"},
	{SCMP_SYS(write), "the log"},
	{SCMP_SYS(writev), "the log"},
	{SCMP_SYS(close), "sockets"},
	{SCMP_SYS(lseek), "files, by stdio"},
	{SCMP_SYS(fstat), "kinds of descriptors"},
	{SCMP_SYS(newfstatat), "whether resolv.conf has changed"},
	{SCMP_SYS(statx), "the same, on newer C libraries"},
	{SCMP_SYS(uname), "the resolver asks for the machine's name, and does not send it"},
	{SCMP_SYS(getpid), "whether this is a copy of the process"},
	{SCMP_SYS(gettid), "the same"},
	{SCMP_SYS(brk), "memory"},
	{SCMP_SYS(mmap), "memory"},
	{SCMP_SYS(munmap), "memory"},
	{SCMP_SYS(mremap), "memory"},
	{SCMP_SYS(madvise), "memory"},
	{SCMP_SYS(memfd_create), "large D-Bus messages"},
	{SCMP_SYS(futex), "locks of the C library"},
	{SCMP_SYS(getrandom), "the number of a question"},
	{SCMP_SYS(clock_gettime), "where the vDSO does not serve"},
	{SCMP_SYS(rt_sigaction), "libcurl ignores SIGPIPE meanwhile"},
	{SCMP_SYS(rt_sigprocmask), "the end"},
	{SCMP_SYS(rt_sigreturn), "signals"},
	{SCMP_SYS(restart_syscall), "a wait that was stopped and continued"},
	{SCMP_SYS(exit_group), "the end"},
	{SCMP_SYS(exit), "the end"},
};

/* Of sockets only those that the check needs; never raw, never IPv6, never netlink. */
static int allow_sockets(scmp_filter_ctx ctx)
{
	static const struct {
		int family, type;
	} sockets[] = {
		{AF_UNIX, SOCK_STREAM},
		{AF_UNIX, SOCK_DGRAM},
		{AF_INET, SOCK_STREAM},
		{AF_INET, SOCK_DGRAM},
	};
	const uint64_t type_mask = 0xf; /* SOCK_TYPE_MASK of linux/net.h */
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(sockets) && r == 0; i++)
		r = seccomp_rule_add(
			ctx, SCMP_ACT_ALLOW, SCMP_SYS(socket), 2,
			SCMP_A0(SCMP_CMP_MASKED_EQ, UINT32_MAX, (uint64_t)sockets[i].family),
			SCMP_A1(SCMP_CMP_MASKED_EQ, type_mask, (uint64_t)sockets[i].type));
	return r;
}

static void seccomp_lock(void)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int r = ctx ? 0 : -ENOMEM;

	for (size_t i = 0; i < ARRAY_SIZE(allowed) && r == 0; i++)
		r = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, allowed[i].call, 0);
	if (r == 0)
		r = allow_sockets(ctx);
	/* Reading only, and nothing is ever created. */
	if (r == 0)
		r = seccomp_rule_add(
			ctx, SCMP_ACT_ALLOW, SCMP_SYS(openat), 1,
			SCMP_A2(SCMP_CMP_MASKED_EQ, O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY));
	if (r == 0)
		r = seccomp_load(ctx);
	if (r < 0)
		fatal("no seccomp filter: %s", strerror(-r));
	seccomp_release(ctx);
}

void sandbox_lock(void)
{
	static const struct {
		__rlimit_resource_t resource;
		rlim_t limit;
	} limits[] = {{RLIMIT_CORE, 0}, {RLIMIT_NPROC, 0}, {RLIMIT_NOFILE, 64}};

	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		struct rlimit l = {limits[i].limit, limits[i].limit};

		(void)setrlimit(limits[i].resource, &l);
	}
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		fatal("no_new_privs: %s", strerror(errno));
#ifdef HAVE_SANITIZER
	log_warning("built with a sanitizer: no seccomp filter");
	(void)seccomp_lock;
#else
	seccomp_lock();
#endif
}
