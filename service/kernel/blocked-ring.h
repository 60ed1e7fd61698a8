/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * What was refused lately, in memory alone: a bounded number of entries, of which equal ones are
 * one with a count. The memory is never swapped out, if the system lets us, and never part of a
 * core dump. Pure but for that: time is an argument.
 */
#include "nflog.h"

#define BLOCKED_MAX 256
#define BLOCKED_ORIGIN_SIZE 96

struct blocked {
	uint64_t number;      /* grows from entry to entry, also from one engine to the next */
	usec_t first, last;   /* CLOCK_BOOTTIME */
	uint32_t count;       /* of reports: the kernel sends one a minute for one destination */
	uint32_t uid;         /* NFLOG_NO_UID: it had no socket */
	uint32_t counter;     /* enum rs_counter */
	uint8_t family;       /* AF_INET or AF_INET6 */
	uint8_t protocol;     /* IPPROTO_* */
	uint16_t port;        /* destination; 0: none */
	bool has_destination; /* else it is zero */
	uint8_t destination[NFLOG_ADDRESS_SIZE];
	char origin[BLOCKED_ORIGIN_SIZE]; /* "FILE:LINE" of the rule, of a long one its end */
};

struct blocked_ring {
	uint64_t next;
	size_t n;
	struct blocked items[BLOCKED_MAX]; /* by number */
};

/* NULL: out of memory. *ret_locked: it cannot be swapped out. */
struct blocked_ring *blocked_ring_new(usec_t now, bool *ret_locked);
struct blocked_ring *blocked_ring_free(struct blocked_ring *r);

/* A report as an entry; with destination false nothing of the address is in it. */
void blocked_from_packet(const struct nflog_packet *packet, bool destination, const char *origin,
			 usec_t now, struct blocked *ret);
/*
 * Adds an entry, or counts it in the equal one; the one that was last seen longest ago makes room.
 * What is in the ring now, until the next call.
 */
const struct blocked *blocked_ring_add(struct blocked_ring *r, const struct blocked *b);
/* Forgets every destination. */
void blocked_ring_forget_destinations(struct blocked_ring *r);
/* The first entry from that number on, or NULL; uid NFLOG_NO_UID: of everybody. */
const struct blocked *blocked_ring_from(const struct blocked_ring *r, uint64_t number,
					uint32_t uid);
