/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The host's sockets. Those that may have something to say are watched through traffic_events. */
#include "agree.h"

#define SOCKETS_MAX 64

enum kind { FREE, CLIENT, DATAGRAM, LISTENER, SERVER, ANSWERER };

struct endpoint {
	enum kind kind;
	int fd;
	bool ipv6;
};

extern struct endpoint endpoints[SOCKETS_MAX];
extern int traffic_events; /* epoll */
extern struct pools pools;

struct endpoint *adopt(int fd, enum kind kind, bool ipv6);
void set_mark(int fd, uint32_t mark);
void send_to(int fd, const struct aim *to, bool ipv6);

void do_connect(const struct scene *s, const struct aim *to, bool ipv6);
void do_send(const struct scene *s, const struct aim *to, bool ipv6);
void do_ping(const struct scene *s, const struct aim *to, bool ipv6);
void do_raw(const struct scene *s, const struct aim *to);
void do_raw6(const struct scene *s, const struct aim *to);
void do_serve(const struct aim *to, bool ipv6);
void do_visit(const struct scene *s);
