/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sockets of random owners, with random marks, links and types of service; and raw packets. */
#include "sockets.h"
#include "marks.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <sys/epoll.h>
#include <sys/fsuid.h>
#include <sys/socket.h>
#include <unistd.h>

struct endpoint endpoints[SOCKETS_MAX];
int traffic_events = -1;
struct pools pools;

static const uint32_t own[] = {0xc0a84d0a, 0xcb007105, 0x0a090807, 0xac140009, 0x7f000001};
static const uint8_t addresses6[][16] = {
	{[15] = 1},
	{[15] = 1},
	{0x20, 1, 0xd, 0xb8, 0, 0x77, [15] = 0x10},
	{0x20, 1, 0xd, 0xb8, 0, 1, [15] = 9},
	{0xff, 2, [15] = 0xfb},
	{0xfe, 0x80, [15] = 1},
	{[15] = 2},
	{[10] = 0xff, 0xff, 127, 0, 0, 1},
};

uint32_t random_own_address(void)
{
	return PICK(own);
}

uint32_t random_mark(const struct scene *s)
{
	static const uint32_t some[] = {SO_MARK_ZERO, SO_MARK_UNTRACK, MARK_TOR,       MARK_LAN,
					MARK_LOCAL,   MARK_LOCAL_TOR,  MARK_NAMESPACE, 0x03000002,
					0x05000000,   0x04000000,      0x01000001,     0xffffffff,
					0x00000001};

	if (s->n_leases && one_in(3))
		return s->leases[dice((uint32_t)s->n_leases)].lease.mark;
	return PICK(some);
}

/* A free place; one of the old ones makes room. */
static struct endpoint *place(void)
{
	struct endpoint *e = &endpoints[dice(SOCKETS_MAX)];

	for (size_t i = 0; i < SOCKETS_MAX; i++)
		if (endpoints[i].kind == FREE)
			return &endpoints[i];
	e->fd = close_fd(e->fd);
	e->kind = FREE;
	return e;
}

struct endpoint *adopt(int fd, enum kind kind, bool ipv6)
{
	struct endpoint *e;
	struct epoll_event want = {.events = EPOLLIN};

	if (fd < 0)
		return NULL;
	e = place();
	*e = (struct endpoint){.kind = kind, .fd = fd, .ipv6 = ipv6};
	want.data.ptr = e;
	if (kind != CLIENT && kind != DATAGRAM)
		(void)epoll_ctl(traffic_events, EPOLL_CTL_ADD, fd, &want);
	return e;
}

/* Owned by whoever the thread was for the file system when it made it. */
static int socket_of(uint32_t uid, int family, int type, int protocol)
{
	int fd;

	(void)setfsuid(uid);
	fd = socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
	(void)setfsuid(0);
	return fd;
}

static void set_option(int fd, int level, int name, int value)
{
	(void)setsockopt(fd, level, name, &value, sizeof(value));
}

void set_mark(int fd, uint32_t mark)
{
	set_option(fd, SOL_SOCKET, SO_MARK, (int)mark);
}

static void bind_to_link(int fd)
{
	static const char *const names[] = {"lo", "up0", "up1", "up0"};
	const char *name = PICK(names);

	(void)setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name, (socklen_t)strlen(name));
}

static void decorate(const struct scene *s, int fd)
{
	if (one_in(5))
		set_mark(fd, random_mark(s));
	if (one_in(8))
		bind_to_link(fd);
	if (one_in(12))
		set_option(fd, IPPROTO_IP, IP_TOS, TOS_OF(dice(ARRAY_SIZE(tos_marks))));
	set_option(fd, SOL_SOCKET, SO_BROADCAST, 1);
	set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
}

static struct sockaddr_in at4(uint32_t address, uint16_t port)
{
	return (struct sockaddr_in){
		.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(address)};
}

/* Half of them to ::1, the only one that is ever let through. */
static struct sockaddr_in6 at6(uint16_t port)
{
	struct sockaddr_in6 a = {.sin6_family = AF_INET6, .sin6_port = htons(port)};

	memcpy(&a.sin6_addr, one_in(2) ? addresses6[0] : PICK(addresses6), 16);
	a.sin6_scope_id = a.sin6_addr.s6_addr[0] >= 0xfe ? LINK_INDEX : 0;
	return a;
}

static bool bind4(int fd, uint32_t address, uint16_t port)
{
	struct sockaddr_in a = at4(address, port);

	set_option(fd, IPPROTO_IP, IP_FREEBIND, 1);
	return bind(fd, (void *)&a, sizeof(a)) == 0;
}

static bool connect_to(int fd, const struct aim *to, bool ipv6)
{
	struct sockaddr_in a = at4(to->address, to->port);
	struct sockaddr_in6 a6 = at6(to->port);
	int r = ipv6 ? connect(fd, (void *)&a6, sizeof(a6)) : connect(fd, (void *)&a, sizeof(a));

	return r == 0 || errno == EINPROGRESS;
}

void do_connect(const struct scene *s, const struct aim *to, bool ipv6)
{
	int fd = socket_of(to->uid, ipv6 ? AF_INET6 : AF_INET, SOCK_STREAM, 0);

	decorate(s, fd);
	if (one_in(6))
		(void)bind4(fd, random_own_address(), 0);
	if (connect_to(fd, to, ipv6))
		(void)adopt(fd, CLIENT, ipv6);
	else
		close_fd(fd);
}

void send_to(int fd, const struct aim *to, bool ipv6)
{
	struct sockaddr_in a = at4(to->address, to->port);
	struct sockaddr_in6 a6 = at6(to->port);

	if (ipv6)
		(void)sendto(fd, "sallyport", 9, MSG_DONTWAIT, (void *)&a6, sizeof(a6));
	else
		(void)sendto(fd, "sallyport", 9, MSG_DONTWAIT, (void *)&a, sizeof(a));
}

void do_send(const struct scene *s, const struct aim *to, bool ipv6)
{
	int type = one_in(12) ? IPPROTO_UDPLITE : IPPROTO_UDP;
	int fd = socket_of(to->uid, ipv6 ? AF_INET6 : AF_INET, SOCK_DGRAM, type);

	decorate(s, fd);
	if (!ipv6 && one_in(6))
		(void)bind4(fd, random_own_address(), to->port);
	send_to(fd, to, ipv6);
	(void)adopt(fd, DATAGRAM, ipv6);
}

void do_ping(const struct scene *s, const struct aim *to, bool ipv6)
{
	static const struct icmphdr echo = {.type = ICMP_ECHO};
	static const struct icmp6_hdr echo6 = {.icmp6_type = ICMP6_ECHO_REQUEST};
	int fd = socket_of(to->uid, ipv6 ? AF_INET6 : AF_INET, SOCK_DGRAM,
			   ipv6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP);
	struct sockaddr_in a = at4(to->address, 0);
	struct sockaddr_in6 a6 = at6(0);

	decorate(s, fd);
	if (ipv6)
		(void)sendto(fd, &echo6, sizeof(echo6), 0, (void *)&a6, sizeof(a6));
	else
		(void)sendto(fd, &echo, sizeof(echo), 0, (void *)&a, sizeof(a));
	close_fd(fd);
}

void do_raw(const struct scene *s, const struct aim *to)
{
	int fd = socket_of(to->uid, AF_INET, SOCK_RAW, IPPROTO_RAW);
	struct ends4 e = {
		.from = one_in(3) ? pools.addresses[dice((uint32_t)pools.n_addresses)]
				  : random_own_address(),
		.to = to->address,
		.sport = (uint16_t)pools.ports[dice((uint32_t)pools.n_ports)],
		.dport = to->port,
		.protocol = to->protocol,
	};
	struct sockaddr_in a = at4(to->address, 0);
	struct forged f;

	decorate(s, fd);
	if (one_in(2))
		set_option(fd, IPPROTO_IP, IP_NODEFRAG, 1);
	if (one_in(8)) { /* the answer that a service would give */
		e = (struct ends4){to->address, e.from, to->port, e.sport, to->protocol};
		a = at4(e.to, 0);
	}
	forge_random4(&f, &e);
	if (one_in(6))
		forge_options4(&f);
	(void)sendto(fd, f.bytes, f.n, 0, (void *)&a, sizeof(a));
	close_fd(fd);
}

void do_raw6(const struct scene *s, const struct aim *to)
{
	int fd = socket_of(to->uid, AF_INET6, SOCK_RAW, IPPROTO_RAW);
	struct sockaddr_in6 a = at6(0);
	struct forged f;

	decorate(s, fd);
	set_option(fd, IPPROTO_IPV6, IPV6_HDRINCL, 1);
	forge_random6(&f, PICK(addresses6), a.sin6_addr.s6_addr, to->port);
	(void)sendto(fd, f.bytes, f.n, 0, (void *)&a, sizeof(a));
	close_fd(fd);
}

void do_serve(const struct aim *to, bool ipv6)
{
	bool stream = to->protocol == IPPROTO_TCP;
	int fd =
		socket_of(to->uid, ipv6 ? AF_INET6 : AF_INET, stream ? SOCK_STREAM : SOCK_DGRAM, 0);
	struct sockaddr_in6 a6 = {.sin6_family = AF_INET6, .sin6_port = htons(to->port)};
	struct sockaddr_in a = at4(one_in(4) ? 0 : to->address, to->port);

	set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	if (ipv6 && one_in(2))
		a6.sin6_addr = in6addr_loopback;
	if ((ipv6 ? bind(fd, (void *)&a6, sizeof(a6)) : bind(fd, (void *)&a, sizeof(a))) < 0 ||
	    (stream && listen(fd, 16) < 0)) {
		close_fd(fd);
		return;
	}
	(void)adopt(fd, stream ? LISTENER : SERVER, ipv6);
}

/* A user of a service, and, mostly, its server. */
void do_visit(const struct scene *s)
{
	struct aim to, server;
	uint32_t uid;
	uint16_t port;

	if (!aim_visit(s->policy, s->ruleset, &to, &uid, &port))
		return;
	server = to;
	server.uid = one_in(5) ? pools.uids[dice((uint32_t)pools.n_uids)] : uid;
	server.port = port;
	if (port != to.port || to.address == 0x7f000001)
		server.address = 0x7f000001;
	if (!one_in(6))
		do_serve(&server, to.ipv6);
	if (to.protocol == IPPROTO_TCP)
		do_connect(s, &to, to.ipv6);
	else
		do_send(s, &to, to.ipv6);
}
