/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Which packets two policies treat differently: exactly those, whatever their lines look like.
 * Pure.
 */
#include "verdict.h"

/* What a packet is about. */
enum situation {
	SITUATION_BEGIN,       /* the first packet of a flow */
	SITUATION_REDIRECT,    /* whether that is redirected to Tor */
	SITUATION_ANSWER,      /* a local service's answer */
	SITUATION_COMES,       /* an answer from outside */
	SITUATION_CONFINED,    /* the first packet of a confined program's flow */
	SITUATION_TO_CONFINED, /* an answer to it */
	SITUATION_THROUGH,     /* the first packet of its flow through its door */
	SITUATION_BACK,        /* an answer that comes back by it */
	SITUATION_FRAME,       /* on a link, by the second wall */
	SITUATION_N
};

/* A class of packets, and what happens to it. Addresses and ports: of the other end, where it goes
 * to; of answers where they come from. Programs: addresses of confined ones. */
struct difference {
	enum situation situation;
	bool ipv6;
	bool with_door, without_door; /* it matters whether a door is open */
	struct outcome before, after;
	struct domain uids, protocols, addresses, ports, programs;
	char link[RS_LINK_CHARS + 1]; /* by which it comes or goes, if it matters */
	size_t except;                /* so many (user, address, port) of services are not meant */
	struct packet example;
};

struct differences {
	struct difference *items;
	size_t n, capacity;
	size_t dropped; /* more than can be of interest */
	struct arena arena;
};

/* 0 or -ENOMEM. */
int differences_find(const struct ruleset *before, const struct ruleset *after,
		     struct differences *ret);
void differences_clear(struct differences *d);
