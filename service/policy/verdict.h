/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * What a ruleset does with packets: an evaluator of the rules as data, as the kernel evaluates them
 * (linux/net/netfilter/nf_tables_core.c): a rule of which one statement does not match, or looks at
 * what the packet has not, is left for the next. Whole classes of packets are followed at once,
 * split where a rule tells them apart; a single packet is a class of one. Pure.
 */
#include "class.h"

enum verdict {
	VERDICT_ACCEPT,
	VERDICT_DROP,
	VERDICT_REFUSE, /* and its sender is told */
	VERDICT_QUEUE,  /* held back, until the engine lets it go on or drops it */
	VERDICT_N
};

const char *verdict_to_string(enum verdict v);

#define RULE_NONE SIZE_MAX /* no rule decided: the end of the chain, with its hook's policy */
#define COUNTER_NONE (-1)
#define ONCE_NONE (-1)

/* A ruleset made ready to be evaluated. The ruleset and kept must outlive it. */
struct world {
	const struct ruleset *ruleset;
	size_t first[CHAIN_N]; /* rule of each chain; RULE_NONE: none */
	size_t *next;          /* rule of the same chain, after each */
	struct relation relations[SET_N];
	struct domain domains[SET_N]; /* of sets with one field */
	bool known[SET_N];            /* false: a packet may be an element or not */
	bool within_limits;           /* no limit is reached, and what is not known is not spent */
	struct arena arena;
};

/*
 * kept: the elements of sets that a load keeps (leases and the like), SET_N lists of which only
 * those are looked at; NULL: nothing is known of them, all that may be is followed. 0 or -ENOMEM.
 */
int world_init(struct world *w, const struct ruleset *r, const struct rs_elements *kept);
void world_clear(struct world *w);

/* What happened to a class. */
struct outcome {
	enum verdict verdict;
	size_t rule;          /* that decided: the one that counted, or else gave the verdict */
	int counter;          /* enum rs_counter, or COUNTER_NONE */
	bool marked;          /* conntrack mark: CLASS_NEW_MARK of the class, */
	uint32_t mark;        /* and if that is one number, this one */
	bool admitted;        /* for the second wall */
	bool carried;         /* its packet mark says which flow it is of */
	bool reset;           /* VERDICT_REFUSE: by a TCP RST, else by ICMP */
	bool logged;          /* for the report of refused packets */
	bool checked;         /* a limit was asked, and not reached */
	uint32_t rate, burst; /* of that limit: packets a second, and at once */
	int reason;           /* enum rs_counter that the report will name, or COUNTER_NONE */
	bool limited;         /* because more came in a second than a rule lets match */
	int once;             /* enum rs_set in which it was the first, or ONCE_NONE */
	bool spent;           /* it came to such a set, and was not */
	bool masqueraded;     /* its source becomes this machine's */
	uint8_t ttl;          /* that it gets; 0: the one that it has */
	bool redirected;
	uint16_t port;
	struct origin
		origin; /* the policy's line that the last rule or element on the way is from */
};

/* Not 0: that is enough. */
typedef int (*outcome_fn)(const struct class *c, const struct outcome *o, void *userdata);

/* Follows the class from chain on; calls fn for each part of it. 0, what fn returned, or -ENOMEM.
 */
int verdict_follow(struct world *w, enum rs_chain chain, const struct class *c, outcome_fn fn,
		   void *userdata);

/* One packet, a limit not being reached. 0 or -ENOMEM. */
int verdict_of(struct world *w, enum rs_chain chain, const struct packet *p, struct outcome *ret);

/* "rule 3 of chain output", or "the end of its chain". */
void rule_name(const struct ruleset *r, size_t rule, char *buf, size_t size);

/* A new flow's first packet out: first what redirects it, then the wall. *p is as it goes on. */
int verdict_output(struct world *w, struct packet *p, struct outcome *ret);
