/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * What else is in nf_tables beside the wall: a look, never a change. Every base chain of another
 * table, with what the rules that can be reached from it do to packets; flowtables; assignments of
 * conntrack helpers. Rules of x_tables (iptables-legacy) are not there and are not seen.
 */
#include "netlink.h"

/*
 * What rules do, besides dropping and accepting: nobody can accept what the wall drops.
 * X(NAME, what)
 */
#define SURVEY_EFFECTS(X)                                                 \
	X(DESTINATION, "changes where packets go")                        \
	X(SOURCE, "changes where packets seem to come from")              \
	X(MARK, "sets conntrack mark bits that are the wall's")           \
	X(UNMARK, "takes the wall's conntrack marks away")                \
	X(ELSEWHERE, "sends packets, or copies of them, another way")     \
	X(QUEUE, "lets a program decide about packets, and change them")  \
	X(UNTRACKED, "takes packets out of connection tracking")          \
	X(HELPER, "assigns conntrack helpers")                            \
	X(PACKET, "changes packet marks, or headers but not destination") \
	X(OTHER, "does what is not known here")

enum survey_effect {
#define X(NAME, what) EFFECT_##NAME,
	SURVEY_EFFECTS(X)
#undef X
		EFFECT_N
};

#define EFFECT_BIT(effect) (UINT32_C(1) << (EFFECT_##effect))

/* Where a hook sits, seen from this machine. */
enum survey_where { WHERE_IN, WHERE_FORWARD, WHERE_OUT, WHERE_N };

struct survey_chain {
	char *table, *name;
	char type[16];    /* "filter", "nat", "route"; "" for a chain without a hook */
	char devices[64]; /* of netdev and ingress hooks, separated by blanks */
	uint8_t family;   /* NFPROTO_* */
	bool base;
	bool anywhere; /* jumps to what a map says: any chain of its table */
	uint32_t hook;
	int32_t priority;
	uint32_t
		effects; /* of a base chain: with those of all chains that can be reached from it */
	uint32_t n_rules;
};

/* A flowtable, an object that assigns a conntrack helper, or a link. */
struct survey_object {
	char *table, *name;
	uint8_t family;
};

struct survey {
	bool wall; /* there is a table of ours */
	uint32_t wall_flags;
	uint32_t wall_owner; /* the netlink port of its owner; 0: nobody's */
	struct survey_chain *chains;
	size_t n_chains;
	struct survey_object *covered; /* links that the second wall stands on, by name */
	struct survey_object *flowtables, *helpers;
	size_t n_covered, n_flowtables, n_helpers;
	struct survey_jump *jumps; /* internal */
	size_t n_jumps;
	bool incomplete; /* there was more than is looked at */
};

/* 0 or a negative errno: -EPERM without CAP_NET_ADMIN. nl is of NETLINK_NETFILTER. */
int survey_read(struct nl *nl, struct survey *ret);
void survey_clear(struct survey *s);

const char *survey_family_name(uint8_t family);
const char *survey_hook_name(const struct survey_chain *c);
enum survey_where survey_where(const struct survey_chain *c);
const char *survey_effect_what(enum survey_effect e);
