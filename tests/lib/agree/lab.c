/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two network namespaces of this process: the host, with two links, and the other end of the
 * links, which has no addresses and answers by itself (peer.c).
 */
#include "agree.h"
#include "marks.h"

#include <fcntl.h>
#include <linux/netfilter/nfnetlink.h>
#include <sched.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define TRACE_BUFFER (64 << 20)

static int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool ok = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	close_fd(fd);
	return ok ? 0 : -1;
}

static int new_namespace(void)
{
	if (unshare(CLONE_NEWNET) < 0)
		return -1;
	return open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
}

/* In the namespace that the process is in. */
static int ip_batch(const char *commands)
{
	static const char *const argv[] = {"ip", "-batch", "-", NULL};
	posix_spawn_file_actions_t actions;
	int ends[2], status = -1, r = -1;
	pid_t pid;

	/* The commands are shorter than what a pipe holds. */
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -1;
	if (write(ends[1], commands, strlen(commands)) == (ssize_t)strlen(commands) &&
	    posix_spawn_file_actions_init(&actions) == 0) {
		close_fd(ends[1]);
		ends[1] = -1;
		if (posix_spawn_file_actions_adddup2(&actions, ends[0], STDIN_FILENO) == 0 &&
		    posix_spawnp(&pid, "ip", &actions, NULL, (char *const *)argv, environ) == 0 &&
		    waitpid(pid, &status, 0) == pid)
			r = status == 0 ? 0 : -1;
		posix_spawn_file_actions_destroy(&actions);
	}
	close_fd(ends[0]);
	close_fd(ends[1]);
	return r;
}

static int settings(bool route_localnet)
{
	static const struct {
		const char *path, *text;
	} all[] = {
		{"/proc/sys/net/ipv4/ping_group_range", "0 2147483647"},
		{"/proc/sys/net/ipv4/icmp_ratelimit", "0"},
		{"/proc/sys/net/ipv6/icmp/ratelimit", "0"},
		{"/proc/sys/net/ipv4/ip_forward", "1"},
		{"/proc/sys/net/ipv4/ip_nonlocal_bind", "1"},
		{"/proc/sys/net/ipv4/conf/all/rp_filter", "0"},
		{"/proc/sys/net/ipv4/conf/default/rp_filter", "0"},
		{"/proc/sys/net/ipv4/conf/all/accept_local", "1"},
		{"/proc/sys/net/ipv6/conf/all/accept_dad", "0"},
		{"/proc/sys/net/ipv6/conf/default/accept_dad", "0"},
		{"/proc/sys/net/ipv6/conf/all/forwarding", "1"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		if (write_file(all[i].path, all[i].text) < 0)
			return -1;
	return write_file("/proc/sys/net/ipv4/conf/all/route_localnet", route_localnet ? "1" : "0");
}

static int links_make(struct scene *s)
{
	char text[512];

	(void)snprintf(text, sizeof(text),
		       "link add name up0 index %u type veth peer name far0 netns /proc/%d/fd/%d\n"
		       "link add name up1 index %u type veth peer name far1 netns /proc/%d/fd/%d\n",
		       LINK_INDEX, getpid(), s->peer, LINK_INDEX + 1, getpid(), s->peer);
	if (ip_batch(text) < 0 || setns(s->peer, CLONE_NEWNET) < 0)
		return -1;
	for (size_t i = 0; i < LINKS; i++) {
		(void)snprintf(text, sizeof(text), "/proc/sys/net/ipv6/conf/far%zu/disable_ipv6",
			       i);
		(void)write_file(text, "1");
	}
	if (ip_batch("link set far0 up\nlink set far1 up\n") < 0)
		return -1;
	return setns(s->host, CLONE_NEWNET);
}

int lab_links_up(void)
{
	return ip_batch("link set lo up\n"
			"link set up0 up\n"
			"link set up1 up\n"
			"addr add 192.168.77.10/24 brd + dev up0\n"
			"addr add 203.0.113.5/28 dev up0\n"
			"addr add 10.9.8.7/24 dev up1\n"
			"addr add 172.20.0.9/16 dev up1\n"
			"addr add 2001:db8:77::10/64 dev up0 nodad\n"
			"route add default via 192.168.77.1\n"
			"route add 169.254.0.0/16 dev up0\n"
			"route add default via 2001:db8:77::1 dev up0 onlink\n"
			"neigh add 2001:db8:77::1 dev up0 lladdr 02:00:00:00:00:01\n"
			/* A link without frames has no ARP; the second wall may take it for one. */
			"neigh add 10.9.8.9 dev up1 lladdr 02:00:00:00:00:01\n"
			"neigh add 172.20.0.1 dev up1 lladdr 02:00:00:00:00:01\n");
}

int lab_open(struct scene *s)
{
	static const struct sockaddr_nl any = {.nl_family = AF_NETLINK};

	s->peer = new_namespace();
	s->host = new_namespace();
	if (s->peer < 0 || s->host < 0 || settings(one_in(2)) < 0 || links_make(s) < 0)
		return -1;
	if (nl_open(&s->nft, NETLINK_NETFILTER) < 0)
		return -1;
	s->trace = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
	if (s->trace < 0 ||
	    setsockopt(s->trace, SOL_SOCKET, SO_RCVBUFFORCE, &(int){TRACE_BUFFER}, sizeof(int)) < 0)
		return -1;
	if (bind(s->trace, (const void *)&any, sizeof(any)) < 0)
		return -1;
	return setsockopt(s->trace, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &(int){NFNLGRP_NFTRACE},
			  sizeof(int));
}
