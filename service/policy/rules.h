/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * How the chains are written: a rule is a line of these. Private to the files that make a ruleset.
 */
#include "ruleset.h"

/* FIN, SYN, RST, ACK: a segment that opens a connection has SYN alone (RFC 9293, 3.5). */
#define TCP_FLAGS_MASK 0x17u
#define TCP_SYN 0x02u

/* A rule at the end of a chain; where the policy asked for it, or {0}. n: at most RS_STMTS_MAX. */
void ruleset_add(struct ruleset *r, enum rs_chain chain, struct origin origin,
		 const struct rs_stmt *stmts, size_t n);

#define RULE_FROM(r, chain, origin, ...)                                             \
	ruleset_add(r, CHAIN_##chain, origin, (const struct rs_stmt[]){__VA_ARGS__}, \
		    ARRAY_SIZE(((const struct rs_stmt[]){__VA_ARGS__})))
#define RULE(r, chain, ...) RULE_FROM(r, chain, ((struct origin){0}), __VA_ARGS__)

#define S(...) ((struct rs_stmt){__VA_ARGS__})
#define IS(field, v) S(.kind = STMT_IS, .fields = {FIELD_##field}, .n_fields = 1, .value = (v))
#define IS_NOT(field, v) \
	S(.kind = STMT_IS_NOT, .fields = {FIELD_##field}, .n_fields = 1, .value = (v))
#define MASKED(field, m, v) \
	S(.kind = STMT_IS, .fields = {FIELD_##field}, .n_fields = 1, .mask = (m), .value = (v))
#define MASKED_NOT(field, m, v) \
	S(.kind = STMT_IS_NOT, .fields = {FIELD_##field}, .n_fields = 1, .mask = (m), .value = (v))
#define KEYED(k, set, ...)                                           \
	S(.kind = (k), .object = SET_##set, .fields = {__VA_ARGS__}, \
	  .n_fields = ARRAY_SIZE(((const uint8_t[]){__VA_ARGS__})))
#define IN(set, ...) KEYED(STMT_IN, set, __VA_ARGS__)
#define NOT_IN(set, ...) KEYED(STMT_NOT_IN, set, __VA_ARGS__)
#define GO(set, ...) KEYED(STMT_GO, set, __VA_ARGS__)
#define COUNT(counter) S(.kind = STMT_COUNT, .object = COUNTER_##counter)
#define MARK(v) S(.kind = STMT_MARK, .value = (v))
#define ACCEPT S(.kind = STMT_ACCEPT)
#define DROP S(.kind = STMT_DROP)
#define GOTO(chain) S(.kind = STMT_GOTO, .object = CHAIN_##chain)
#define REASON(counter) S(.kind = STMT_REASON, .object = COUNTER_##counter)
#define REFUSE(counter) COUNT(counter), REASON(counter), GOTO(REFUSE)
#define OWNED IS_NOT(SKUID, RS_NOBODY)
/* Nothing admits this flow any more: its client is refused when it tries again. */
#define UNMARK MARK(0)
#define SERVICE_KEY FIELD_SKUID, FIELD_IP_DADDR, FIELD_L4PROTO, FIELD_TH_DPORT
/* Both ways of a confined program's flow, for one set. */
#define CONFINED_KEY RS_IIFNAME, FIELD_IP_SADDR, FIELD_IP_DADDR, FIELD_L4PROTO, FIELD_TH_DPORT
#define CONFINED_ANSWER_KEY \
	RS_OIFNAME, FIELD_IP_DADDR, FIELD_IP_SADDR, FIELD_L4PROTO, FIELD_TH_SPORT
#define SERVER_KEY FIELD_SKUID, FIELD_IP_SADDR, FIELD_L4PROTO, FIELD_TH_SPORT
#define SERVICE6_KEY FIELD_SKUID, FIELD_L4PROTO, FIELD_TH_DPORT
#define SERVER6_KEY FIELD_SKUID, FIELD_L4PROTO, FIELD_TH_SPORT

/* ruleset-forward.c: what a [namespace] with an open door may send through this machine. */
void chain_forward(struct ruleset *r, const struct policy *p);
void chain_nat_postrouting(struct ruleset *r);

/* ruleset-egress.c: the second wall, on the links. */
void chains_egress(struct ruleset *r, const struct policy *p);
