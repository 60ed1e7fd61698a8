/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Refused packets, as the kernel reports them to RULESET_LOG_GROUP
 * (linux/netfilter/nfnetlink_log.h): who sent what where, and why it was refused. What a packet
 * says is written by whoever sent it: everything is checked against its length, and what makes no
 * sense is counted and forgotten.
 */
#include "netlink.h"

#define NFLOG_ADDRESS_SIZE 16
#define NFLOG_NO_UID UINT32_MAX
/* A chain of extension headers that is longer is not followed. */
#define NFLOG_HEADERS_MAX 8

/* One report. Addresses in network order, of IPv4 the first four bytes; ports in the host's. */
struct nflog_packet {
	uint32_t uid;     /* NFLOG_NO_UID: it had no socket */
	uint32_t counter; /* enum rs_counter: the class of the refusal */
	uint32_t oif;     /* index of the link that it would have left by; 0: not said */
	uint8_t family;   /* AF_INET or AF_INET6 */
	uint8_t protocol; /* IPPROTO_*, the last that could be seen */
	uint8_t tcp_flags;
	uint8_t ip_start; /* of IPv4: version and header length */
	bool has_ports;   /* else all three are 0 */
	uint16_t sport, dport;
	uint8_t source[NFLOG_ADDRESS_SIZE], destination[NFLOG_ADDRESS_SIZE];
};

struct nflog {
	struct nl nl;
	int error;        /* negative errno: why nothing is reported; 0: it listens */
	uint64_t garbage; /* messages that made no sense, or did not come from the kernel */
	uint64_t lost;    /* times that the kernel had no room for a message */
};

typedef void (*nflog_fn)(const struct nflog_packet *packet, void *userdata);

/*
 * Opens the socket and asks for the group. When another process has it, that is no failure: error
 * says so, and nflog_listen() may ask again. 0, or a negative errno when there is no socket.
 */
int nflog_open(struct nflog *l);
/* To be polled; -1: there is none. */
int nflog_fd(const struct nflog *l);
/* Asks for the group, unless it listens already. What error says then. */
int nflog_listen(struct nflog *l);

/*
 * Reads at most most datagrams of those that are there, and leaves nothing of them in memory: fn
 * gets each packet, and must not keep what it may not. 0, or a negative errno of the socket.
 */
int nflog_read(struct nflog *l, size_t most, nflog_fn fn, void *userdata);

/* One datagram; data is aligned as a struct nlmsghdr. Returns how many messages made no sense. */
size_t nflog_parse(const void *data, size_t size, nflog_fn fn, void *userdata);
