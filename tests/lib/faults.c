/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libfaults.so: to be preloaded (LD_PRELOAD). Makes the system calls of the programs under test
 * fail on demand, where nothing real can be made to fail so precisely; of all other programs it
 * does nothing, so a whole test may run with it.
 *
 * FAULT_NO_PERSIST=1  a kernel before 6.9: a table with the flag `persist` is refused
 * FAULT_ALTER=A-B      of the loads that write rules, counted from 1, those from A to B come out
 *                      wrong: the one rule of chain forward counts as something else
 * FAULTS=FILE         one page that test and program share (struct page; faults.py writes it):
 * which call is to fail how, how many there were, and how wrong the clocks go
 *
 * After its start it makes no system call but the ones that it was asked for: the sandbox of the
 * program under test is closed around it, too.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define PERSIST 0x4u            /* Debian 12's headers do not have it */
#define UNKNOWN_FLAG (1u << 30) /* what `persist` is to an older kernel */
#define TIMERS_MAX 256

enum fault_call { CALL_SEND, CALL_RECEIVE, CALL_MEMORY, CALL_N };

/* How a call fails: with an errno, or as one of these. */
enum { HOW_LOST = 1000, HOW_SHORT, HOW_GARBLED };

struct fault {
	_Atomic uint32_t seen; /* calls so far */
	_Atomic uint32_t at;   /* the first that fails, counted from 1; 0: none */
	_Atomic uint32_t times;
	_Atomic uint32_t how;
	_Atomic uint32_t hit; /* that have failed */
};

static struct page {
	struct fault calls[CALL_N];
	_Atomic int32_t realtime, boottime; /* seconds that the clocks are wrong by */
} nothing, *page = &nothing;
static bool no_persist;
static unsigned int loads, alter_from, alter_to;
static bool boottime_timer[TIMERS_MAX];

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t size);

static bool under_test(void)
{
	return strncmp(program_invocation_short_name, "sallyport-", 10) == 0;
}

__attribute__((constructor)) static void start(void)
{
	const char *path = getenv("FAULTS"), *old = getenv("FAULT_NO_PERSIST"),
		   *alter = getenv("FAULT_ALTER");
	void *p;
	int fd;

	if (!under_test())
		return;
	no_persist = old && strcmp(old, "1") == 0;
	if (alter) {
		char *end;

		alter_from = (unsigned int)strtoul(alter, &end, 10);
		alter_to = *end == '-' ? (unsigned int)strtoul(end + 1, NULL, 10) : alter_from;
	}
	fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
	if (fd < 0)
		return;
	p = mmap(NULL, sizeof(*page), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	(void)close(fd);
	if (p != MAP_FAILED)
		page = p;
}

/* 0, or how this call is to fail. */
static uint32_t next(enum fault_call call)
{
	struct fault *f = &page->calls[call];
	uint32_t number = atomic_fetch_add(&f->seen, 1) + 1, at = f->at;

	if (!at || number < at || number - at >= f->times)
		return 0;
	f->hit++;
	return f->how;
}

/* --- netlink */

static bool is_netlink(int fd)
{
	int domain = 0, saved = errno;
	socklen_t size = sizeof(domain);
	bool yes =
		getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0 && domain == AF_NETLINK;

	errno = saved;
	return yes;
}

/* Takes a bit of the flags of every table for another one; the same again undoes it. */
static void swap_persist(const void *buf, size_t size, uint32_t from, uint32_t to)
{
	const struct nlmsghdr *h = buf;
	int left = (int)size;

	for (; mnl_nlmsg_ok(h, left); h = mnl_nlmsg_next(h, &left)) {
		struct nlattr *a;

		if (h->nlmsg_type != (NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWTABLE))
			continue;
		mnl_attr_for_each(a, h, sizeof(struct nfgenmsg))
		{
			uint32_t flags;

			if (mnl_attr_get_type(a) != NFTA_TABLE_FLAGS)
				continue;
			flags = ntohl(mnl_attr_get_u32(a));
			if (flags & from)
				*(uint32_t *)mnl_attr_get_payload(a) = htonl((flags & ~from) | to);
		}
	}
}

/* "forward" is the chain first, and then its counter, whose name is as long as the other. */
static void alter_rule(const void *buf, size_t size)
{
	static const char before[] = "forward", after[] = "related";
	const struct nlmsghdr *h = buf;
	int left = (int)size;

	for (; mnl_nlmsg_ok(h, left); h = mnl_nlmsg_next(h, &left)) {
		char *chain = memmem(h, h->nlmsg_len, before, sizeof(before)), *counter;
		char *end = (char *)(uintptr_t)h + h->nlmsg_len;

		if (h->nlmsg_type != (NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWRULE) || !chain)
			continue;
		chain += sizeof(before);
		/* Behind that name libnftnl leaves what was there before. */
		counter = memmem(chain, (size_t)(end - chain), before, sizeof(before) - 1);
		if (!counter)
			continue;
		loads++;
		if (loads >= alter_from && loads <= alter_to)
			memcpy(counter, after, sizeof(after) - 1);
	}
}

ssize_t sendto(int fd, const void *buf, size_t size, int flags, __CONST_SOCKADDR_ARG to,
	       socklen_t to_size)
{
	const struct sockaddr *address = to.__sockaddr__;
	bool netlink = under_test() && address && address->sa_family == AF_NETLINK;
	uint32_t how = netlink ? next(CALL_SEND) : 0;
	ssize_t n;

	if (how) {
		errno = (int)how;
		return -1;
	}
	if (netlink && no_persist)
		swap_persist(buf, size, PERSIST, UNKNOWN_FLAG);
	if (netlink && alter_from)
		alter_rule(buf, size);
	n = syscall(SYS_sendto, fd, buf, size, flags, address, to_size);
	if (netlink && no_persist)
		swap_persist(buf, size, UNKNOWN_FLAG, PERSIST);
	return n;
}

/* What becomes of an answer that was received whole; -1 with errno, or its size. */
static ssize_t spoil(uint32_t how, char *buf, ssize_t n)
{
	if (n <= 0)
		return n;
	switch (how) {
	case HOW_LOST:
		errno = ENOBUFS;
		return -1;
	case HOW_SHORT:
		return n / 2;
	case HOW_GARBLED:
		for (ssize_t i = 0; i < n; i++)
			buf[i] = (char)~buf[i];
		return n;
	default:
		return n;
	}
}

ssize_t recv(int fd, void *buf, size_t size, int flags)
{
	uint32_t how = under_test() && is_netlink(fd) ? next(CALL_RECEIVE) : 0;
	ssize_t n;

	if (how && how < HOW_LOST) {
		errno = (int)how;
		return -1;
	}
	n = syscall(SYS_recvfrom, fd, buf, size, flags, NULL, NULL);
	return how ? spoil(how, buf, n) : n;
}

ssize_t recvmsg(int fd, struct msghdr *m, int flags)
{
	uint32_t how = under_test() && is_netlink(fd) ? next(CALL_RECEIVE) : 0;
	ssize_t n;

	if (how && how < HOW_LOST) {
		errno = (int)how;
		return -1;
	}
	n = syscall(SYS_recvmsg, fd, m, flags);
	return how ? spoil(how, m->msg_iov->iov_base, n) : n;
}

/* --- memory: not beside a sanitizer, whose allocator is its own */

#ifndef __SANITIZE_ADDRESS__
static bool no_memory(void)
{
	if (page == &nothing || !next(CALL_MEMORY))
		return false;
	errno = ENOMEM;
	return true;
}

void *malloc(size_t size)
{
	return no_memory() ? NULL : __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
	return no_memory() ? NULL : __libc_calloc(n, size);
}

void *realloc(void *p, size_t size)
{
	return no_memory() ? NULL : __libc_realloc(p, size);
}

void *reallocarray(void *p, size_t n, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(n, size, &bytes)) {
		errno = ENOMEM;
		return NULL;
	}
	return no_memory() ? NULL : __libc_realloc(p, bytes);
}
#endif

/* --- clocks: a timer is met when the clock that it was set by says so */

int clock_gettime(clockid_t clock, struct timespec *ret)
{
	int r = (int)syscall(SYS_clock_gettime, clock, ret);

	if (r == 0 && clock == CLOCK_REALTIME)
		ret->tv_sec += page->realtime;
	else if (r == 0 && clock == CLOCK_BOOTTIME)
		ret->tv_sec += page->boottime;
	return r;
}

int timerfd_create(int clock, int flags)
{
	int fd = (int)syscall(SYS_timerfd_create, clock, flags);

	if (fd >= 0 && fd < TIMERS_MAX)
		boottime_timer[fd] = clock == CLOCK_BOOTTIME;
	return fd;
}

int timerfd_settime(int fd, int flags, const struct itimerspec *when, struct itimerspec *ret_old)
{
	struct itimerspec real = *when;

	if (fd >= 0 && fd < TIMERS_MAX && boottime_timer[fd] && (flags & TFD_TIMER_ABSTIME) &&
	    (real.it_value.tv_sec || real.it_value.tv_nsec)) {
		real.it_value.tv_sec -= page->boottime;
		if (real.it_value.tv_sec < 0)
			real.it_value = (struct timespec){.tv_nsec = 1};
	}
	return (int)syscall(SYS_timerfd_settime, fd, flags, &real, ret_old);
}
