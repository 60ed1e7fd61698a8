/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The copy's switches in /proc/sys/net, which are those of the network namespace that one is in. */
#include "leak-test.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static int sysctl(const char *path, const char *value)
{
	_cleanup_(closep) int fd = -1;
	char name[128];

	(void)snprintf(name, sizeof(name), "/proc/sys/net/%s", path);
	fd = open(name, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	return write(fd, value, strlen(value)) < 0 ? -errno : 0;
}

/* In the namespace that one is in: what would answer, or be sent, does it at once. */
int leak_set_switches(const struct leak_copy *c, bool host)
{
	static const struct {
		const char *path, *value;
		bool host, ipv6; /* only of the host; only where there is IPv6 */
	} switches[] = {
		{"ipv4/conf/all/rp_filter", "0", false, false},
		{"ipv4/conf/default/rp_filter", "0", false, false},
		{"ipv4/icmp_ratelimit", "0", false, false},
		{"ipv4/icmp_msgs_per_sec", "1000000", false, false},
		{"ipv4/icmp_msgs_burst", "10000", false, false},
		{"ipv4/ip_forward", "1", true, false},
		{"ipv4/ping_group_range", "0 2147483647", true, false},
		{"ipv4/ip_local_port_range", "60000 60999", true, false},
		{"ipv4/tcp_fastopen", "5", true, false},
		{"ipv6/conf/all/disable_ipv6", "0", false, true},
		{"ipv6/conf/default/disable_ipv6", "0", false, true},
		{"ipv6/conf/default/router_solicitation_delay", "0", true, true},
		{"ipv6/conf/all/forwarding", "1", true, true},
		{"ipv6/conf/default/accept_ra", "2", true, true},
		{"ipv6/conf/default/accept_dad", "1", true, true},
		{"ipv6/icmp/ratelimit", "0", true, true},
	};

	for (size_t i = 0; i < ARRAY_SIZE(switches); i++) {
		int r = 0;

		if ((host || !switches[i].host) && (c->ipv6 || !switches[i].ipv6))
			r = sysctl(switches[i].path, switches[i].value);
		/* Old kernels lack some, and need none. */
		if (r < 0 && r != -ENOENT)
			return r;
	}
	return 0;
}

/*
 * On the link nobody looks for duplicates of an address: else an attempt could fail for want of
 * one, not because of the wall. On the second the kernel does, quickly, and then asks for routers.
 */
int leak_set_link_switches(const struct leak_copy *c)
{
	char path[64];
	int r;

	(void)snprintf(path, sizeof(path), "ipv6/conf/%s/accept_dad", c->link);
	r = sysctl(path, "0");
	return r < 0 ? r : sysctl("ipv6/neigh/" LEAK_SECOND "/retrans_time_ms", "10");
}

/* What rides on a flow of another is to be judged by the wall, not by its sequence number. */
int leak_set_flow_switches(void)
{
	return sysctl("netfilter/nf_conntrack_tcp_be_liberal", "1");
}
