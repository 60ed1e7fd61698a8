/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What passes through this machine: nothing, but for a [namespace] with an open door. */
#include "rules.h"

#include <arpa/inet.h>

/* Whether a [namespace] may be given a door at all: without one nothing is forwarded. */
static bool forwards(const struct ruleset *r)
{
	return r->elements[SET_NAMESPACE_DOORS].n > 0;
}

/* For the second wall: what has come this way did not come by the chain output. */
static void forward_admit(struct ruleset *r, const struct policy *p, enum rs_chain chain,
			  const struct rs_stmt *matches, size_t n)
{
	struct rs_stmt stmts[RS_STMTS_MAX];
	struct origin none = {0};

	memcpy(stmts, matches, n * sizeof(*matches));
	if (p->egress.enable)
		stmts[n++] = S(.kind = STMT_ADMIT);
	stmts[n++] = ACCEPT;
	ruleset_add(r, chain, none, stmts, n);
}

/*
 * A [namespace] with an open door: its peer's own packets by its own link, and the answers to
 * them; never from one confined program to another. What a lease admits is in sets that end with
 * it, each with the link and the address, so that no other packet rides on its flows.
 */
void chain_forward(struct ruleset *r, const struct policy *p)
{
	const struct rs_stmt answers[] = {
		IS(CT_DIRECTION, RS_CT_REPLY),
		MASKED_NOT(CT_STATE, RS_CT_ESTABLISHED, 0),
		IN(FORWARDED, FIELD_CT_MARK, RS_OIFNAME, FIELD_IP_DADDR),
		IN(NAMESPACE_DOORS, RS_OIFNAME, FIELD_IP_DADDR),
		NOT_IN(CONFINED_LINKS, RS_IIFNAME),
		IN(DOOR_PROTOCOLS, FIELD_L4PROTO),
	};
	const struct rs_stmt ttl[] = {S(.kind = STMT_TTL, .value = RS_TTL)};

	if (forwards(r)) {
		RULE(r, FORWARD, IS(NFPROTO, RS_NFPROTO_IPV4), IS(IP_START, RS_IP_PLAIN),
		     IN(DOOR_PROTOCOLS, FIELD_L4PROTO),
		     IN(NAMESPACE_DOORS, RS_IIFNAME, FIELD_IP_SADDR),
		     NOT_IN(CONFINED_LINKS, RS_OIFNAME), NOT_IN(CONFINED_PEERS, FIELD_IP_DADDR),
		     IS(CT_DIRECTION, RS_CT_ORIGINAL), GOTO(FORWARD_BEGINS));
		RULE(r, FORWARD, IS_NOT(NFPROTO, RS_NFPROTO_IPV4), COUNT(FORWARD), DROP);
		forward_admit(r, p, CHAIN_FORWARD, answers, ARRAY_SIZE(answers));
	}
	RULE(r, FORWARD, COUNT(FORWARD), DROP);
	if (!forwards(r))
		return;

	RULE(r, FORWARD_BEGINS, MASKED_NOT(CT_STATE, RS_CT_ESTABLISHED, 0),
	     IN(FORWARDING, FIELD_CT_MARK, RS_IIFNAME, FIELD_IP_SADDR), GOTO(FORWARD_OUT));
	RULE(r, FORWARD_BEGINS, IS_NOT(FIB_DADDR_TYPE, RS_FIB_UNICAST), COUNT(FORWARD), DROP);
	RULE(r, FORWARD_BEGINS, MASKED(IP_DADDR, 0xffff0000u, 0xa9fe0000u), COUNT(FORWARD), DROP);
	RULE(r, FORWARD_BEGINS, MASKED(CT_STATE, RS_CT_NEW, 0), COUNT(FORWARD), DROP);
	RULE(r, FORWARD_BEGINS, IS(L4PROTO, IPPROTO_TCP),
	     MASKED_NOT(TCP_FLAGS, TCP_FLAGS_MASK, TCP_SYN), COUNT(FORWARD), DROP);
	/* A first packet that was seen before has its mark, and is asked again whose it is. */
	RULE(r, FORWARD_BEGINS, KEYED(STMT_MARK_OF, FORWARDS, RS_IIFNAME, FIELD_IP_SADDR),
	     GOTO(FORWARD_OUT));
	RULE(r, FORWARD_BEGINS, COUNT(FORWARD), DROP);

	/* Its TTL must not say that there is one more machine. */
	forward_admit(r, p, CHAIN_FORWARD_OUT, ttl, ARRAY_SIZE(ttl));
}

void chain_nat_postrouting(struct ruleset *r)
{
	if (forwards(r))
		RULE(r, NAT_POSTROUTING, IS(NFPROTO, RS_NFPROTO_IPV4),
		     MASKED(CT_MARK, MARK_KIND, MARK_FORWARD), S(.kind = STMT_MASQUERADE));
}
