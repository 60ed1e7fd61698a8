/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Random policies, random packets: the kernel judges, and the evaluator (policy/verdict.h) says
 * beforehand what it will do. Each packet is seen through the kernel's own trace of its rules.
 */
#include "config.h"
#include "nft.h"
#include "verdict.h"

#define PROBE_TABLE "agree"
#define LINKS 2 /* up0, up1: index of link i is LINK_INDEX + i */
#define LINK_INDEX 2u
#define LEASES_MAX 12
#define TOKEN 0x5a11f0d7u

/* --- dice.c: numbers that a seed gives again */

void dice_seed(uint64_t seed);
uint32_t dice(uint32_t below);
uint32_t dice_u32(void);

static inline bool one_in(uint32_t n)
{
	return dice(n) == 0;
}

#define PICK(array) ((array)[dice(ARRAY_SIZE(array))])

/* --- policy-text.c: a random policy that the parser accepts */

/* NULL: out of memory. The caller frees both. */
struct policy *random_policy(char **ret_text);
struct policy *parse_policy(const char *text);

/* --- sightings: what one packet was at one hook, and what the kernel did to it */

struct headers {
	uint8_t network[40], transport[20];
	size_t n_network, n_transport;
};

enum fate { FATE_NONE, FATE_ACCEPTED, FATE_DROPPED, FATE_REFUSED, FATE_QUEUED };

struct sighting {
	uint32_t id;
	enum rs_chain hook;
	struct packet packet; /* as the wall's base chain saw it */
	struct headers headers;
	bool nat_asked;
	struct headers nat_headers; /* before a redirect */
	size_t nat_rule;            /* that redirects; RULE_NONE */
	enum fate fate;
	size_t rule;     /* that decided, as struct outcome says it; RULE_NONE */
	uint32_t reason; /* packet mark when it was refused */
	bool refusing;   /* its refusal is being sent */
	uint32_t cause;  /* id of the packet whose refusal this is, or 0 */
	bool went_on;    /* seen behind the wall, then with */
	bool has_mark_after;
	uint32_t mark_after;
	uint32_t admitted; /* packet mark behind the chain that admits; 0: not seen */
};

/* --- probes.c: the test's own table around the wall */

enum probe_kind { PROBE_NONE, PROBE_BEGIN, PROBE_FIELD, PROBE_MARK_AFTER, PROBE_END };

struct probe {
	enum probe_kind kind;
	enum rs_chain hook;
	enum rs_field field;
};

#define HANDLES_MAX 1024

/* What rules of a table are, by their handle. */
struct probes {
	struct probe inet[HANDLES_MAX], netdev[HANDLES_MAX];
};

int probes_load(struct nl *nl, struct probes *ret, struct nl_error *ret_error);
/* fn for each rule of a table, in the order of its chain. */
typedef void (*rule_fn)(const char *chain, uint64_t handle, void *userdata);
int each_rule(struct nl *nl, uint16_t family, const char *table, rule_fn fn, void *userdata);

/* --- scene.c: one policy in force between two network namespaces */

#define REACH_MAX 48

struct lease_kept {
	struct nft_lease lease;
	struct nft_reach reach[REACH_MAX];
	bool live;
};

struct scene {
	struct policy *policy;
	char *text;
	struct ruleset *ruleset;       /* that the evaluator knows */
	struct ruleset *loaded;        /* that the kernel has: the same, or a mutant of it */
	size_t *same;                  /* rule of ruleset that a loaded one was */
	struct world original, actual; /* of ruleset, of loaded */
	struct rs_elements kept[SET_N];
	struct lease_kept leases[LEASES_MAX];
	size_t n_leases;
	struct nl nft;
	int trace; /* socket */
	int host, peer;
	bool bare; /* the second wall takes up1 for a link without frames */
	struct probes probes;
	size_t rules[TABLE_N][HANDLES_MAX]; /* of loaded, by handle; RULE_NONE */
	uint64_t counters[COUNTER_N];       /* as the kernel has them */
	uint64_t *hits;                     /* of each loaded rule: matches */
};

/* mutate: NULL, or makes loaded another one. 0, or -1 and a line of the report. */
typedef bool (*mutate_fn)(struct scene *s, void *userdata);
int scene_open(struct scene *s, const char *policy, mutate_fn mutate, void *userdata);
void scene_close(struct scene *s);
int scene_counters(struct scene *s);
/* Opens a lease, or ends one. */
int scene_lease(struct scene *s);
int scene_forget_flows(struct scene *s);
/* The first packet of its key has come to such a set. */
int scene_once(struct scene *s, enum rs_set set, uint32_t mark, uint32_t address);

/* --- lab.c */

/* Namespaces, links that are down, and sockets for the kernel's tables and its trace. */
int lab_open(struct scene *s);
int lab_links_up(void);

/* --- trace.c */

/* Reads what the kernel says; whole sightings go to judge(). -1: something was lost. */
int trace_read(struct scene *s);
/* Sightings whose end was not seen: 0, or how many. */
size_t trace_pending(void);
void trace_reset(void);

/* --- judge.c */

struct tally {
	uint64_t packets, by_hook[CHAIN_N], by_verdict[VERDICT_N], by_counter[COUNTER_N];
	uint64_t redirects, marks, nat;
	uint64_t frames;        /* let go by the second wall, under this policy */
	uint64_t disagreements; /* with the evaluator of what is loaded: never */
	uint64_t differences;   /* between the evaluations of the mutant and of the original */
	uint64_t caught;        /* the kernel does not do what the original would */
	uint64_t refusals;      /* that were seen with the mark of what they refuse */
	/* Under this policy: by what is loaded, and by what it was made of. */
	uint64_t predicted[COUNTER_N], originally[COUNTER_N];
};

extern struct tally tally;
void judge(struct scene *s, const struct sighting *g);
/* The counters of the kernel against the sum of what was expected. */
void judge_counters(struct scene *s);
/* One line of what is wrong, as long as there are few. */
void complain(const char *format, ...) _printf_(1, 2);

/* --- coverage.c */

void coverage_add(const struct ruleset *r, const uint64_t *hits);
/* Comments of the report: what never matched. */
void coverage_report(void);

/* --- traffic.c, forge.c, peer.c */

/* What is worth a packet under this policy. */
struct pools {
	uint32_t uids[256], addresses[512], ports[512];
	size_t n_uids, n_addresses, n_ports;
};

/* Where a packet is to go, by whom. */
struct aim {
	uint32_t uid, address;
	uint16_t port;
	uint8_t protocol;
	bool ipv6; /* to ::1, or any address */
};

void pools_fill(struct pools *p, const struct ruleset *r);
struct aim aim_random(const struct pools *p, const struct ruleset *r);
/* What a lease of a smaller scope reaches, if there is such a lease. */
void aim_at_reach(const struct scene *s, struct aim *ret);
/* A service that may be visited, and who serves there; false: there is none. */
bool aim_visit(const struct policy *p, const struct ruleset *r, struct aim *ret,
	       uint32_t *ret_server, uint16_t *ret_port);
/* Where a confined program may connect, and who may serve there; false: there is none. */
bool aim_confined(const struct ruleset *r, struct aim *ret);
uint32_t random_own_address(void);
uint32_t random_mark(const struct scene *s);

int traffic_open(struct scene *s);
/* One thing that happens, and all that comes of it. -1: a line of the report says why. */
int traffic_step(struct scene *s);
/* Everything is closed, and what comes of that. */
int traffic_end(struct scene *s);

/* A whole IPv4 or IPv6 packet with right (or, rarely, wrong) checksums. */
struct forged {
	uint8_t bytes[256];
	size_t n;
};

struct ends4 {
	uint32_t from, to;
	uint16_t sport, dport;
	uint8_t protocol;
};

void forge_random4(struct forged *f, const struct ends4 *e);
/* Length and checksum of the header, after a change. */
void forge_finish4(struct forged *f);
/* Options that mean nothing, behind a plain header. */
void forge_options4(struct forged *f);
void forge_random6(struct forged *f, const uint8_t from[16], const uint8_t to[16], uint16_t dport);
void forge_segment(struct forged *f, const struct ends4 *e, uint32_t seq, uint32_t ack,
		   uint8_t flags, const void *data, size_t n);
void forge_datagram(struct forged *f, const struct ends4 *e, const void *data, size_t n);
void forge_icmp(struct forged *f, uint32_t from, uint32_t to, uint8_t type, uint8_t code,
		const void *data, size_t n);

int peer_open(struct scene *s);
void peer_close(void);
int peer_fd(void);
/* Answers one frame; false: there was none. */
bool peer_answer(void);
/* Sends something that nobody asked for. */
void peer_intrude(const struct pools *p);
/* What a confined program sends; false: there is none behind these links. */
bool peer_confined(const struct ruleset *r);
extern uint64_t peer_frames; /* that came */
/* A frame by a packet socket of this host. */
void frame_random(const struct scene *s, const struct pools *p);

/* --- mutate.c */

bool mutate_random(struct scene *s, void *userdata);
/* userdata: an index into the list that must be caught. */
bool mutate_listed(struct scene *s, void *userdata);
extern const size_t n_listed;
const char *mutation_text(void); /* of the last one */
const char *listed_policy(void);
