/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * DNS answers that wait in RULESET_QUEUE until somebody says what becomes of them
 * (linux/netfilter/nfnetlink_queue.h). What a packet says is written by whoever sent it: everything
 * is checked against its length, and what makes no sense is dropped. Fails closed: without a
 * listener, with a full queue, and with a listener that ends, packets are dropped.
 */
#include "netlink.h"

/* That wait in the kernel at most; more are dropped. */
#define NFQUEUE_LENGTH 64

/* A datagram of UDP over IPv4. Addresses and ports in host order. */
struct nfqueue_packet {
	uint32_t id;   /* for the verdict */
	uint32_t mark; /* of its flow, which the wall has carried over */
	uint32_t source, destination;
	uint16_t sport, dport;
	const uint8_t *data; /* behind the UDP header; while fn runs */
	size_t size;
};

struct nfqueue {
	struct nl nl;
	int error;        /* negative errno: why nothing comes; 0: it listens */
	uint64_t garbage; /* packets and messages that made no sense */
	uint64_t lost;    /* times that the kernel had no room for a message */
};

typedef void (*nfqueue_fn)(const struct nfqueue_packet *packet, void *userdata);

/*
 * Opens the socket and asks for the queue. When another process has it, that is no failure: error
 * says so, and nfqueue_listen() may ask again. 0, or a negative errno when there is no socket.
 */
int nfqueue_open(struct nfqueue *q);
int nfqueue_listen(struct nfqueue *q);
/* To be polled; -1: there is none. */
int nfqueue_fd(const struct nfqueue *q);

/* Reads at most most datagrams of those that are there; each packet is fn's to decide. 0, or a
 * negative errno of the socket. */
int nfqueue_read(struct nfqueue *q, size_t most, nfqueue_fn fn, void *userdata);

/* Lets a packet go on, without the mark, or drops it. 0 or a negative errno: it waits still. */
int nfqueue_verdict(struct nfqueue *q, uint32_t id, bool accept);

/*
 * One datagram; data is aligned as a struct nlmsghdr. drop is called for packets that make no sense
 * and whose number is known. Returns how many messages made no sense.
 */
typedef void (*nfqueue_drop_fn)(uint32_t id, void *userdata);
size_t nfqueue_parse(const void *data, size_t size, nfqueue_fn fn, nfqueue_drop_fn drop,
		     void *userdata);
