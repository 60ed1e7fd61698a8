/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Attempts by protocols that are neither TCP nor UDP. */
#include "leak-test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

static int send_to(int fd, const struct leak_try *t, const void *data, size_t size)
{
	union leak_address to;
	socklen_t length = leak_address(t, &to);

	/* A raw socket of IPv6 takes no port. */
	if (leak_is_ipv6(t->a->to))
		to.in6.sin6_port = 0;
	return sendto(fd, data, size, 0, &to.any, length) < 0 ? -errno : 0;
}

/* As ping(8) does it by a datagram socket, or with a type of ICMP by a raw one. */
int leak_try_ping(const struct leak_try *t)
{
	bool v6 = leak_is_ipv6(t->a->to);
	uint8_t echo = v6 ? ICMP6_ECHO_REQUEST : ICMP_ECHO;
	_cleanup_(closep) int fd = leak_socket(t, t->a->value ? SOCK_RAW : SOCK_DGRAM, t->a->proto);
	struct leak_packet p = {0};
	uint8_t data[2 * LEAK_COOKIE];
	int on = 1;

	if (fd < 0)
		return fd;
	(void)setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &on, sizeof(on));
	leak_put_ip(&p, IPPROTO_ICMP, 64, 0, 0);
	leak_put_icmp(&p, t->a->value ? (uint8_t)t->a->value : echo, leak_port(t->copy, t->id));
	leak_put(&p, data, leak_fill(t, data, sizeof(data)));
	leak_seal(&p, 0); /* of ICMPv6 the kernel makes the checksum */
	return send_to(fd, t, p.bytes + 20, p.size - 20);
}

/* Where no such socket can be made without loading a module, none is. */
static bool kernel_has(const char *protocol)
{
	FILE *f = fopen("/proc/net/protocols", "re");
	size_t n = strlen(protocol);
	char line[256];
	bool has = false;

	while (f && !has && fgets(line, sizeof(line), f))
		has = strncmp(line, protocol, n) == 0 && line[n] == ' ';
	if (f)
		(void)fclose(f);
	return has;
}

int leak_try_sctp(const struct leak_try *t)
{
	_cleanup_(closep) int fd = -1;
	union leak_address to;
	socklen_t length = leak_address(t, &to);

	if (!kernel_has("SCTP"))
		return -EPROTONOSUPPORT;
	fd = leak_socket(t, SOCK_STREAM, IPPROTO_SCTP);
	if (fd < 0)
		return fd;
	return connect(fd, &to.any, length) < 0 && errno != EINPROGRESS ? -errno : 0;
}

/* A datagram of any IP protocol; it begins with ports, which some have. */
int leak_try_protocol(const struct leak_try *t)
{
	_cleanup_(closep) int fd = leak_socket(t, SOCK_RAW, t->a->proto);
	uint16_t ports[] = {htons(leak_port(t->copy, t->id)), htons(t->a->port)};
	uint8_t data[5 * LEAK_COOKIE];

	if (fd < 0)
		return fd;
	(void)leak_fill(t, data, sizeof(data));
	memcpy(data, ports, sizeof(ports));
	return send_to(fd, t, data, sizeof(data));
}

/* The socket stays until this process ends: else the kernel might have nothing to tell. */
int leak_try_join(const struct leak_try *t)
{
	bool v6 = leak_is_ipv6(t->a->to);
	int fd = leak_socket(t, SOCK_DGRAM, 0);
	union leak_address group;

	if (fd < 0)
		return fd;
	(void)leak_address(t, &group);
	if (v6) {
		const struct ipv6_mreq m = {
			.ipv6mr_multiaddr = group.in6.sin6_addr,
			.ipv6mr_interface = t->copy->index[WIRE_LINK],
		};

		return setsockopt(fd, IPPROTO_IPV6, IPV6_JOIN_GROUP, &m, sizeof(m)) < 0 ? -errno
											: 0;
	}
	const struct ip_mreqn m = {
		.imr_multiaddr = group.in.sin_addr,
		.imr_ifindex = (int)t->copy->index[WIRE_LINK],
	};
	return setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &m, sizeof(m)) < 0 ? -errno : 0;
}
