/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Spec section 1, row by row, for one policy. Each function below is one chain and reads as a
 * table: a line is a rule. What the rules mean to a packet is said in docs/security.md.
 */
#include "rules.h"

#include "elements.h"

#include <arpa/inet.h>
#include <errno.h>

#define IPPROTO_DCCP_ 33
#define IPPROTO_SCTP_ 132
#define IPPROTO_UDPLITE_ 136
#define IPPROTO_ICMPV6_ 58
#define LOOPBACK_ADDR 0x7f000001u
#define DNS_PORT 53u
/* linux/if_arp.h */
#define ARP_REQUEST 1u
#define ARP_REPLY 2u

void ruleset_add(struct ruleset *r, enum rs_chain chain, struct origin origin,
		 const struct rs_stmt *stmts, size_t n)
{
	struct rs_rule *rule;

	if (r->n_rules == r->capacity) {
		size_t capacity = r->capacity ? r->capacity * 2 : 128;
		struct rs_rule *p = reallocarray(r->rules, capacity, sizeof(*p));

		if (!p) {
			r->out_of_memory = true;
			return;
		}
		r->rules = p;
		r->capacity = capacity;
	}
	rule = &r->rules[r->n_rules++];
	*rule = (struct rs_rule){.chain = (uint8_t)chain, .n_stmts = (uint8_t)n, .origin = origin};
	memcpy(rule->stmts, stmts, n * sizeof(*stmts));
}

static uint32_t prefix_mask(uint8_t prefix)
{
	return prefix ? UINT32_MAX << (32 - prefix) : 0;
}

static bool wide(const struct ruleset *r, enum rs_set s)
{
	return r->elements[s].n > 0;
}

/* Without a [namespace] no packet is asked about one. */
static bool confines(const struct ruleset *r)
{
	return r->elements[SET_CONFINED_LINKS].n > 0;
}

/* Rows 5 and 6, before the routing decision: only these two are ever redirected. */
static void chain_nat_output(struct ruleset *r, const struct policy *p)
{
	uint32_t mask = prefix_mask(p->automap.range.prefix);
	struct origin o = p->dns.origin;

	if (p->automap.users.n)
		RULE_FROM(r, NAT_OUTPUT, p->automap.origin, IS(NFPROTO, RS_NFPROTO_IPV4),
			  IS(L4PROTO, IPPROTO_TCP), MASKED(IP_DADDR, mask, p->automap.range.addr),
			  IN(AUTOMAP, FIELD_SKUID),
			  S(.kind = STMT_REDIRECT, .value = p->automap.port));
	if (!p->dns.users.n)
		return;
	RULE_FROM(r, NAT_OUTPUT, o, IS(NFPROTO, RS_NFPROTO_IPV4), IS(IP_DADDR, LOOPBACK_ADDR),
		  IS(L4PROTO, IPPROTO_UDP), IS(TH_DPORT, DNS_PORT), IN(DNS, FIELD_SKUID),
		  S(.kind = STMT_REDIRECT, .value = p->dns.port));
	if (p->dns.tcp)
		RULE_FROM(r, NAT_OUTPUT, p->dns.tcp_at, IS(NFPROTO, RS_NFPROTO_IPV4),
			  IS(IP_DADDR, LOOPBACK_ADDR), IS(L4PROTO, IPPROTO_TCP),
			  IS(TH_DPORT, DNS_PORT), IN(DNS, FIELD_SKUID),
			  S(.kind = STMT_REDIRECT, .value = p->dns.port));
}

/*
 * The way of every packet that leaves: by its owner's role, then by what admitted its flow, then,
 * if it has an owner, by where it goes. Nothing without an owner begins a flow.
 */
static void chain_output(struct ruleset *r)
{
	RULE(r, OUTPUT, MASKED_NOT(CT_STATE, RS_CT_RELATED, 0), GOTO(RELATED));
	RULE(r, OUTPUT, IS(NFPROTO, RS_NFPROTO_IPV6), GOTO(IPV6));
	if (confines(r)) {
		RULE(r, OUTPUT, IS_NOT(OIF, RS_LOOPBACK_INDEX), IN(CONFINED_LINKS, RS_OIFNAME),
		     GOTO(TO_NAMESPACE));
		RULE(r, OUTPUT, IS_NOT(OIF, RS_LOOPBACK_INDEX), IN(CONFINED_PEERS, FIELD_IP_DADDR),
		     GOTO(TO_NAMESPACE));
	}
	RULE(r, OUTPUT, GO(OWNERS, FIELD_SKUID));
	RULE(r, OUTPUT, GO(FLOWS, FIELD_CT_MARK));
	RULE(r, OUTPUT, MASKED(CT_MARK, MARK_DOORS, MARK_LEASE), GOTO(FLOW_LEASE));
	RULE(r, OUTPUT, OWNED, GOTO(NEW));
	RULE(r, OUTPUT, COUNT(OWNERLESS), DROP);
}

/*
 * Row 1. A RELATED packet carries the mark of the flow that it is about, so it must never come to
 * a rule that accepts by mark.
 */
static void chain_related(struct ruleset *r)
{
	RULE(r, RELATED, IS(OIF, RS_LOOPBACK_INDEX), IN(TELLING, FIELD_L4PROTO), ACCEPT);
	RULE(r, RELATED, COUNT(RELATED), DROP);
}

/* Row 2. What the kernel sends by itself (solicitations, MLD) has no owner: nobody to tell. */
static void chain_ipv6(struct ruleset *r)
{
	RULE(r, IPV6, IS(OIF, RS_LOOPBACK_INDEX), IS(IP6_SADDR, 1), IS(IP6_DADDR, 1), GOTO(LOCAL6));
	RULE(r, IPV6, OWNED, REFUSE(IPV6));
	RULE(r, IPV6, COUNT(IPV6), DROP);
}

/* Row 7 for ::1, both directions. */
static void chain_local6(struct ruleset *r)
{
	RULE(r, LOCAL6, IN(DOORS, FIELD_SKUID), REFUSE(DOOR_LOCAL));
	RULE(r, LOCAL6, IS(CT_DIRECTION, RS_CT_REPLY), IS(CT_MARK, MARK_LOCAL),
	     IN(SERVERS6, SERVER6_KEY), ACCEPT);
	if (wide(r, SET_SERVERS6_WIDE))
		RULE(r, LOCAL6, IS(CT_DIRECTION, RS_CT_REPLY), IS(CT_MARK, MARK_LOCAL),
		     IN(SERVERS6_WIDE, SERVER6_KEY), ACCEPT);
	RULE(r, LOCAL6, IS(CT_DIRECTION, RS_CT_REPLY), IS(CT_MARK, MARK_LOCAL), OWNED, UNMARK,
	     REFUSE(ANSWER));
	RULE(r, LOCAL6, IS(CT_DIRECTION, RS_CT_REPLY), IS(CT_MARK, MARK_LOCAL), ACCEPT);
	RULE(r, LOCAL6, IN(SERVICES6, SERVICE6_KEY), GOTO(ADMIT_LOCAL));
	if (wide(r, SET_SERVICES6_WIDE))
		RULE(r, LOCAL6, IN(SERVICES6_WIDE, SERVICE6_KEY), GOTO(ADMIT_LOCAL));
	RULE(r, LOCAL6, OWNED, REFUSE(LOCAL));
	RULE(r, LOCAL6, IS(CT_MARK, MARK_LOCAL), ACCEPT);
	RULE(r, LOCAL6, COUNT(OWNERLESS), DROP);
}

/*
 * Rows 3 and 4. The pair of owner and mark is alive only while the lease is; the mark is random
 * for each lease, so no flow of an ended one comes back under a new one. A flow's destination may
 * become an address of this machine while it runs, hence the look at the link first. With a source
 * route a packet goes on from where it is sent to, past all that is looked at here.
 */
static void door_begins(struct ruleset *r, enum rs_chain chain)
{
	const struct {
		struct rs_stmt stmts[5];
		size_t n;
	} rules[] = {
		{{IS(OIF, RS_LOOPBACK_INDEX), REFUSE(DOOR_LOCAL)}, 4},
		{{IS_NOT(IP_START, RS_IP_PLAIN), REFUSE(OPTIONS)}, 4},
		{{IN(LEASES, FIELD_SKUID, FIELD_CT_MARK), ACCEPT}, 2},
		{{IS_NOT(FIB_DADDR_TYPE, RS_FIB_UNICAST), REFUSE(DOOR_LOCAL)}, 4},
		{{MASKED(IP_DADDR, 0xffff0000u, 0xa9fe0000u), REFUSE(DOOR_LOCAL)}, 4},
		{{NOT_IN(DOOR_PROTOCOLS, FIELD_L4PROTO), REFUSE(DOOR_PROTOCOL)}, 4},
		{{MASKED(CT_STATE, RS_CT_NEW, 0), REFUSE(STALE)}, 4},
		{{IS(L4PROTO, IPPROTO_TCP), MASKED_NOT(TCP_FLAGS, TCP_FLAGS_MASK, TCP_SYN),
		  REFUSE(STALE)},
		 5},
	};
	struct origin none = {0};

	for (size_t i = 0; i < ARRAY_SIZE(rules); i++)
		ruleset_add(r, chain, none, rules[i].stmts, rules[i].n);
}

/* Any address with a lease of full scope; with a smaller one, what it has been told. */
static void chain_door(struct ruleset *r)
{
	door_begins(r, CHAIN_DOOR);
	RULE(r, DOOR, KEYED(STMT_MARK_OF, GRANTS, FIELD_SKUID), ACCEPT);
	RULE(r, DOOR, KEYED(STMT_MARK_OF, SCOPED, SERVICE_KEY), ACCEPT);
	RULE(r, DOOR, IN(NARROW, FIELD_SKUID), REFUSE(DOOR_SCOPE));
	RULE(r, DOOR, REFUSE(DOOR_CLOSED));
}

/*
 * The one connection that the user agreed to: never a full scope, of what the smaller one names
 * one TCP connection a lease, and one question's flow a server. A connection that begins anew
 * where an earlier one has been is not the same, though conntrack may think so.
 */
static void chain_probe(struct ruleset *r)
{
	RULE(r, PROBE, IS(L4PROTO, IPPROTO_TCP), MASKED(TCP_FLAGS, TCP_FLAGS_MASK, TCP_SYN),
	     MASKED(CT_STATE, RS_CT_NEW, 0), REFUSE(STALE));
	door_begins(r, CHAIN_PROBE);
	RULE(r, PROBE, IS(L4PROTO, IPPROTO_TCP), KEYED(STMT_MARK_OF, SCOPED, SERVICE_KEY),
	     KEYED(STMT_ONCE, SPENT, FIELD_CT_MARK), ACCEPT);
	RULE(r, PROBE, IS(L4PROTO, IPPROTO_UDP), KEYED(STMT_MARK_OF, SCOPED, SERVICE_KEY),
	     KEYED(STMT_ONCE, ASKED, FIELD_CT_MARK, FIELD_IP_DADDR), ACCEPT);
	/* What was too much has got the lease's mark on its way, and must not keep it. */
	RULE(r, PROBE, IN(NARROW, FIELD_SKUID), UNMARK, REFUSE(DOOR_SCOPE));
	RULE(r, PROBE, UNMARK, REFUSE(DOOR_CLOSED));
}

/*
 * Row 8. TCP in whatever state, so that connections that ran before the wall was loaded go on;
 * the first line is the way of almost every packet.
 */
static void chain_tor(struct ruleset *r, const struct policy *p)
{
	RULE(r, TOR, IS(CT_MARK, MARK_TOR), IS(L4PROTO, IPPROTO_TCP),
	     IS_NOT(OIF, RS_LOOPBACK_INDEX), ACCEPT);
	RULE(r, TOR, IS(CT_MARK, MARK_LOCAL), GOTO(FLOW_LOCAL));
	/* A confined program's, which no [namespace] names any more: not Tor's own. */
	RULE(r, TOR, IS(CT_MARK, MARK_NAMESPACE), REFUSE(STALE));
	if (p->tor_may.loopback)
		RULE_FROM(r, TOR, p->tor_may.loopback_at, IS(CT_MARK, MARK_LOCAL_TOR),
			  GOTO(FLOW_LOCAL_TOR));
	RULE(r, TOR, IS(FIB_DADDR_TYPE, RS_FIB_LOCAL), GOTO(NEW_LOCAL));
	RULE(r, TOR, IS_NOT(FIB_DADDR_TYPE, RS_FIB_UNICAST), REFUSE(NOT_UNICAST));
	RULE(r, TOR, IS(L4PROTO, IPPROTO_TCP), MARK(MARK_TOR), ACCEPT);
	if (p->tor_may.udp)
		RULE_FROM(r, TOR, p->tor_may.udp_at, IS(L4PROTO, IPPROTO_UDP), MARK(MARK_TOR),
			  ACCEPT);
	else if (p->tor_may.dns)
		RULE_FROM(r, TOR, p->tor_may.dns_at, IS(L4PROTO, IPPROTO_UDP),
			  IS(TH_DPORT, DNS_PORT), MARK(MARK_TOR), ACCEPT);
	RULE(r, TOR, REFUSE(TOR));
}

/*
 * Flows by mark. A packet with another owner than the flow's rides on it: refused. A socket bound
 * to the uplink sends even what is for 127.0.0.1 out there, hence the look at the link.
 */
static void chain_flows(struct ruleset *r)
{
	RULE(r, FLOW_TOR, OWNED, REFUSE(STALE));
	RULE(r, FLOW_TOR, IS(OIF, RS_LOOPBACK_INDEX), COUNT(STALE), DROP);
	RULE(r, FLOW_TOR, ACCEPT);

	RULE(r, FLOW_LAN, IS(OIF, RS_LOOPBACK_INDEX), REFUSE(LOCAL));
	RULE(r, FLOW_LAN, NOT_IN(LAN, FIELD_IP_DADDR), REFUSE(STALE));
	RULE(r, FLOW_LAN, GOTO(LAN));

	RULE(r, FLOW_LOCAL, IS_NOT(OIF, RS_LOOPBACK_INDEX), REFUSE(LOCAL));
	RULE(r, FLOW_LOCAL, IS(CT_DIRECTION, RS_CT_REPLY), GOTO(REPLY_LOCAL));
	RULE(r, FLOW_LOCAL, IN(SERVICES, SERVICE_KEY), ACCEPT);
	if (wide(r, SET_SERVICES_WIDE))
		RULE(r, FLOW_LOCAL, IN(SERVICES_WIDE, SERVICE_KEY), ACCEPT);
	RULE(r, FLOW_LOCAL, OWNED, MASKED_NOT(CT_STATUS, RS_CT_STATUS_DNAT, 0), GOTO(REDIRECTED));
	RULE(r, FLOW_LOCAL, OWNED, REFUSE(LOCAL));
	RULE(r, FLOW_LOCAL, ACCEPT);

	RULE(r, FLOW_LOCAL_TOR, IS_NOT(OIF, RS_LOOPBACK_INDEX), REFUSE(LOCAL));
	/* A port that has become a service's is that service's users'. */
	RULE(r, FLOW_LOCAL_TOR, IS(CT_DIRECTION, RS_CT_ORIGINAL), IN(CLAIMED, FIELD_TH_DPORT),
	     OWNED, REFUSE(LOCAL));
	RULE(r, FLOW_LOCAL_TOR, IN(TOR, FIELD_SKUID), ACCEPT);
	RULE(r, FLOW_LOCAL_TOR, OWNED, UNMARK, REFUSE(ANSWER));
	RULE(r, FLOW_LOCAL_TOR, ACCEPT);

	RULE(r, FLOW_LEASE, OWNED, REFUSE(STALE));
	RULE(r, FLOW_LEASE, IS(OIF, RS_LOOPBACK_INDEX), COUNT(STALE), DROP);
	RULE(r, FLOW_LEASE, IS_NOT(IP_START, RS_IP_PLAIN), COUNT(OPTIONS), DROP);
	RULE(r, FLOW_LEASE, IN(LIVE, FIELD_CT_MARK), ACCEPT);
	RULE(r, FLOW_LEASE, COUNT(STALE), DROP);
}

/* Row 7, the answers: a program that squats a service's port while its server is down is mute. */
static void chain_reply_local(struct ruleset *r)
{
	RULE(r, REPLY_LOCAL, IN(SERVERS, SERVER_KEY), ACCEPT);
	if (wide(r, SET_SERVERS_WIDE))
		RULE(r, REPLY_LOCAL, IN(SERVERS_WIDE, SERVER_KEY), ACCEPT);
	RULE(r, REPLY_LOCAL, OWNED, UNMARK, REFUSE(ANSWER));
	RULE(r, REPLY_LOCAL, ACCEPT);
}

/*
 * All that leaves by a confined program's link, or for its address by whichever: answers to what it
 * has asked, and nothing that begins here, be it root's, Tor's or through a door.
 */
static void chain_to_namespace(struct ruleset *r)
{
	if (!confines(r))
		return;
	RULE(r, TO_NAMESPACE, IS(CT_MARK, MARK_NAMESPACE), IS(CT_DIRECTION, RS_CT_REPLY),
	     IN(NAMESPACES, CONFINED_ANSWER_KEY), GOTO(REPLY_LOCAL));
	RULE(r, TO_NAMESPACE, OWNED, REFUSE(CONFINED));
	RULE(r, TO_NAMESPACE, COUNT(CONFINED), DROP);
}

/* Rows 7, 9 and 10 for an owner without a role. By fib: after a redirect oif is the old one. */
static void chain_new(struct ruleset *r)
{
	RULE(r, NEW, IS(FIB_DADDR_TYPE, RS_FIB_LOCAL), GOTO(NEW_LOCAL));
	RULE(r, NEW, IS_NOT(FIB_DADDR_TYPE, RS_FIB_UNICAST), REFUSE(NOT_UNICAST));
	RULE(r, NEW, IN(LAN, FIELD_IP_DADDR), GOTO(LAN));
	RULE(r, NEW, REFUSE(INTERNET));
}

static void chain_new_local(struct ruleset *r, const struct policy *p)
{
	RULE(r, NEW_LOCAL, IS_NOT(OIF, RS_LOOPBACK_INDEX), REFUSE(LOCAL));
	RULE(r, NEW_LOCAL, IN(SERVICES, SERVICE_KEY), GOTO(ADMIT_LOCAL));
	if (wide(r, SET_SERVICES_WIDE))
		RULE(r, NEW_LOCAL, IN(SERVICES_WIDE, SERVICE_KEY), GOTO(ADMIT_LOCAL));
	RULE(r, NEW_LOCAL, MASKED_NOT(CT_STATUS, RS_CT_STATUS_DNAT, 0), GOTO(REDIRECTED));
	if (p->tor_may.loopback && p->tor.n)
		RULE_FROM(r, NEW_LOCAL, p->tor_may.loopback_at, IN(TOR, FIELD_SKUID),
			  IS(IP_DADDR, LOOPBACK_ADDR), IS(L4PROTO, IPPROTO_TCP),
			  NOT_IN(CLAIMED, FIELD_TH_DPORT), GOTO(ADMIT_LOCAL_TOR));
	RULE_FROM(r, NEW_LOCAL, p->automap.origin,
		  MASKED(IP_DADDR, prefix_mask(p->automap.range.prefix), p->automap.range.addr),
		  REFUSE(AUTOMAP));
	RULE_FROM(r, NEW_LOCAL, p->dns.origin, IS(IP_DADDR, LOOPBACK_ADDR),
		  IN(DOOR_PROTOCOLS, FIELD_L4PROTO), IS(TH_DPORT, DNS_PORT), REFUSE(DNS));
	RULE(r, NEW_LOCAL, REFUSE(LOCAL));
}

/* Rows 5 and 6 after the redirect: only what this table redirected, of a user who still may. */
static void chain_redirected(struct ruleset *r, const struct policy *p)
{
	uint32_t mask = prefix_mask(p->automap.range.prefix);

	if (p->automap.users.n)
		RULE_FROM(r, REDIRECTED, p->automap.origin, IN(AUTOMAP, FIELD_SKUID),
			  IS(IP_DADDR, LOOPBACK_ADDR), IS(L4PROTO, IPPROTO_TCP),
			  IS(TH_DPORT, p->automap.port),
			  MASKED(CT_ORIGINAL_DADDR, mask, p->automap.range.addr),
			  GOTO(ADMIT_LOCAL));
	if (p->dns.users.n) {
		RULE_FROM(r, REDIRECTED, p->dns.origin, IN(DNS, FIELD_SKUID),
			  IS(IP_DADDR, LOOPBACK_ADDR), IS(L4PROTO, IPPROTO_UDP),
			  IS(TH_DPORT, p->dns.port), IS(CT_ORIGINAL_DADDR, LOOPBACK_ADDR),
			  IS(CT_ORIGINAL_DPORT, DNS_PORT), GOTO(ADMIT_LOCAL));
		if (p->dns.tcp)
			RULE_FROM(r, REDIRECTED, p->dns.tcp_at, IN(DNS, FIELD_SKUID),
				  IS(IP_DADDR, LOOPBACK_ADDR), IS(L4PROTO, IPPROTO_TCP),
				  IS(TH_DPORT, p->dns.port), IS(CT_ORIGINAL_DADDR, LOOPBACK_ADDR),
				  IS(CT_ORIGINAL_DPORT, DNS_PORT), GOTO(ADMIT_LOCAL));
	}
	RULE(r, REDIRECTED, REFUSE(LOCAL));
}

/* Row 9. By a source route a router there would take a packet to the Internet. */
static void chain_lan(struct ruleset *r, const struct policy *p)
{
	RULE(r, LAN, IS_NOT(IP_START, RS_IP_PLAIN), REFUSE(OPTIONS));
	if (p->lan.on_link)
		RULE_FROM(r, LAN, p->lan.on_link_at, NOT_IN(ON_LINK, FIELD_IP_DADDR),
			  REFUSE(INTERNET));
	RULE(r, LAN, IN(STREAMS, FIELD_L4PROTO), IN(REFUSE_STREAM, FIELD_TH_DPORT),
	     REFUSE(LAN_PORT));
	RULE(r, LAN, IN(DATAGRAMS, FIELD_L4PROTO), IN(REFUSE_DATAGRAM, FIELD_TH_DPORT),
	     REFUSE(LAN_PORT));
	RULE(r, LAN, GOTO(ADMIT_LAN));
}

/* A flow begins with its first packet, not in its middle; a running one keeps its mark. */
static void chain_admit(struct ruleset *r)
{
	static const struct {
		enum rs_chain chain;
		uint32_t mark;
	} kinds[] = {
		{CHAIN_ADMIT_LOCAL, MARK_LOCAL},
		{CHAIN_ADMIT_LOCAL_TOR, MARK_LOCAL_TOR},
		{CHAIN_ADMIT_LAN, MARK_LAN},
	};

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		const struct rs_stmt running[] = {IS(CT_MARK, kinds[i].mark), ACCEPT};
		const struct rs_stmt not_new[] = {MASKED(CT_STATE, RS_CT_NEW, 0), REFUSE(STALE)};
		const struct rs_stmt middle[] = {
			IS(L4PROTO, IPPROTO_TCP),
			MASKED_NOT(TCP_FLAGS, TCP_FLAGS_MASK, TCP_SYN),
			REFUSE(STALE),
		};
		const struct rs_stmt begin[] = {MARK(kinds[i].mark), ACCEPT};
		struct origin none = {0};

		ruleset_add(r, kinds[i].chain, none, running, ARRAY_SIZE(running));
		ruleset_add(r, kinds[i].chain, none, not_new, ARRAY_SIZE(not_new));
		ruleset_add(r, kinds[i].chain, none, middle, ARRAY_SIZE(middle));
		ruleset_add(r, kinds[i].chain, none, begin, ARRAY_SIZE(begin));
	}
}

/*
 * Answers of admitted flows, and loopback. RELATED is not ESTABLISHED: it ends in input_other.
 * What a reload has taken away from a flow's owner its peer may not send either.
 * The lines with Tor's uid are for connections that ran when the wall was loaded; the kernel
 * knows the socket of a segment before this hook only if the connection is established.
 */
static void chain_input(struct ruleset *r, const struct policy *p)
{
	RULE(r, INPUT, IS(IIF, RS_LOOPBACK_INDEX), ACCEPT);
	RULE(r, INPUT, IS(NFPROTO, RS_NFPROTO_IPV6), COUNT(INPUT6), DROP);
	if (confines(r)) {
		RULE(r, INPUT, IN(CONFINED_LINKS, RS_IIFNAME), GOTO(INPUT_NAMESPACE));
		RULE(r, INPUT, IN(CONFINED_PEERS, FIELD_IP_SADDR), COUNT(NAMESPACE), DROP);
	}
	RULE(r, INPUT, MASKED(CT_STATE, RS_CT_ESTABLISHED, 0), GOTO(INPUT_OTHER));
	if (p->tor.n)
		RULE(r, INPUT, IS(CT_MARK, MARK_TOR), IS(L4PROTO, IPPROTO_TCP), ACCEPT);
	if (p->tor.n && p->tor_may.udp)
		RULE(r, INPUT, IS(CT_MARK, MARK_TOR), ACCEPT);
	else if (p->tor.n && p->tor_may.dns)
		RULE(r, INPUT, IS(CT_MARK, MARK_TOR), IS(L4PROTO, IPPROTO_UDP),
		     IS(TH_SPORT, DNS_PORT), ACCEPT);
	RULE(r, INPUT, IS(CT_MARK, MARK_LAN), GOTO(INPUT_LAN));
	/* What an answer names, its program may reach: it waits until the map has that. */
	RULE(r, INPUT, MASKED(CT_MARK, MARK_KIND, MARK_SCOPED), IS(L4PROTO, IPPROTO_UDP),
	     IS(TH_SPORT, DNS_PORT), IN(LIVE, FIELD_CT_MARK), S(.kind = STMT_CARRY),
	     S(.kind = STMT_QUEUE));
	RULE(r, INPUT, IN(LIVE, FIELD_CT_MARK), ACCEPT);
	if (p->tor.n) {
		RULE(r, INPUT, IS(CT_MARK, MARK_NAMESPACE), COUNT(NAMESPACE), DROP);
		RULE(r, INPUT, IS(L4PROTO, IPPROTO_TCP), IN(TOR, FIELD_SKUID), MARK(MARK_TOR),
		     ACCEPT);
	}
	RULE(r, INPUT, COUNT(INPUT), DROP);

	RULE(r, INPUT_LAN, IN(STREAMS, FIELD_L4PROTO), IN(REFUSE_STREAM, FIELD_TH_SPORT),
	     COUNT(INPUT), DROP);
	RULE(r, INPUT_LAN, IN(DATAGRAMS, FIELD_L4PROTO), IN(REFUSE_DATAGRAM, FIELD_TH_SPORT),
	     COUNT(INPUT), DROP);
	RULE(r, INPUT_LAN, IN(LAN, FIELD_IP_SADDR), ACCEPT);
	RULE(r, INPUT_LAN, COUNT(INPUT), DROP);

	if (p->tor.n) {
		RULE(r, INPUT_OTHER, IS(CT_MARK, MARK_NAMESPACE), COUNT(NAMESPACE), DROP);
		RULE(r, INPUT_OTHER, MASKED(CT_STATE, RS_CT_RELATED, 0), IS(L4PROTO, IPPROTO_TCP),
		     IN(TOR, FIELD_SKUID), MARK(MARK_TOR), ACCEPT);
	}
	RULE(r, INPUT_OTHER, COUNT(INPUT), DROP);
}

/*
 * What a [namespace] lets its program reach, from its own address, by its own link. The set is
 * asked for every packet: what a reload takes away ends at once.
 */
static void chain_input_namespace(struct ruleset *r)
{
	if (!confines(r))
		return;
	RULE(r, INPUT_NAMESPACE, IN(NAMESPACES, CONFINED_KEY), GOTO(ADMIT_NAMESPACE));
	RULE(r, INPUT_NAMESPACE, COUNT(NAMESPACE), DROP);

	RULE(r, ADMIT_NAMESPACE, IS(CT_MARK, MARK_NAMESPACE),
	     MASKED_NOT(CT_STATE, RS_CT_ESTABLISHED, 0), IS(CT_DIRECTION, RS_CT_ORIGINAL), ACCEPT);
	RULE(r, ADMIT_NAMESPACE, MASKED(CT_STATE, RS_CT_NEW, 0), COUNT(NAMESPACE), DROP);
	RULE(r, ADMIT_NAMESPACE, IS(L4PROTO, IPPROTO_TCP),
	     MASKED_NOT(TCP_FLAGS, TCP_FLAGS_MASK, TCP_SYN), COUNT(NAMESPACE), DROP);
	RULE(r, ADMIT_NAMESPACE, IS_NOT(CT_MARK, 0), IS_NOT(CT_MARK, MARK_NAMESPACE),
	     COUNT(NAMESPACE), DROP);
	RULE(r, ADMIT_NAMESPACE, MARK(MARK_NAMESPACE), ACCEPT);
}

/* Count was at the rule that came here; report within a limit; then let the program know. */
static void chain_refuse(struct ruleset *r)
{
	RULE(r, REFUSE, IS(NFPROTO, RS_NFPROTO_IPV4), IN(REPORTED, SERVICE_KEY), GOTO(REJECT));
	RULE(r, REFUSE, IS(NFPROTO, RS_NFPROTO_IPV4), S(.kind = STMT_LIMIT, .value = 5, .mask = 10),
	     KEYED(STMT_REMEMBER, REPORTED, SERVICE_KEY), S(.kind = STMT_LOG));
	RULE(r, REFUSE, IS(NFPROTO, RS_NFPROTO_IPV6), S(.kind = STMT_LIMIT, .value = 1, .mask = 5),
	     S(.kind = STMT_LOG));
	RULE(r, REFUSE, GOTO(REJECT));

	RULE(r, REJECT, IS(L4PROTO, IPPROTO_TCP), S(.kind = STMT_RESET));
	RULE(r, REJECT, S(.kind = STMT_PROHIBIT));
}

static void constant_elements(struct ruleset *r, const struct policy *p)
{
	static const struct {
		enum rs_set set;
		uint32_t number;
	} constants[] = {
		{SET_STREAMS, IPPROTO_TCP},        {SET_STREAMS, IPPROTO_DCCP_},
		{SET_STREAMS, IPPROTO_SCTP_},      {SET_DATAGRAMS, IPPROTO_UDP},
		{SET_DATAGRAMS, IPPROTO_UDPLITE_}, {SET_DOOR_PROTOCOLS, IPPROTO_TCP},
		{SET_DOOR_PROTOCOLS, IPPROTO_UDP}, {SET_TELLING, IPPROTO_ICMP},
		{SET_TELLING, IPPROTO_TCP},        {SET_TELLING, IPPROTO_ICMPV6_},
		{SET_ARP_OPERATIONS, ARP_REQUEST}, {SET_ARP_OPERATIONS, ARP_REPLY},
	};
	struct origin none = {0};

	for (size_t i = 0; i < ARRAY_SIZE(constants); i++)
		elements_add(r, constants[i].set, &constants[i].number, 0, none);
	if (p->tor.n)
		elements_add(r, SET_FLOWS, &(uint32_t){MARK_TOR}, CHAIN_FLOW_TOR, none);
	elements_add(r, SET_FLOWS, &(uint32_t){MARK_LAN}, CHAIN_FLOW_LAN, none);
	elements_add(r, SET_FLOWS, &(uint32_t){MARK_LOCAL}, CHAIN_FLOW_LOCAL, none);
	if (p->tor.n && p->tor_may.loopback)
		elements_add(r, SET_FLOWS, &(uint32_t){MARK_LOCAL_TOR}, CHAIN_FLOW_LOCAL_TOR, none);
}

int ruleset_build(const struct policy *p, struct ruleset **ret)
{
	_cleanup_(ruleset_freep) struct ruleset *r = calloc(1, sizeof(*r));

	if (!r)
		return -ENOMEM;
	constant_elements(r, p);
	elements_from_policy(r, p);
	elements_sort(r);

	chain_nat_output(r, p);
	chain_output(r);
	chain_input(r, p);
	chain_input_namespace(r);
	chain_forward(r, p);
	chain_nat_postrouting(r);
	chain_related(r);
	chain_ipv6(r);
	chain_local6(r);
	chain_door(r);
	chain_probe(r);
	chain_tor(r, p);
	chain_flows(r);
	chain_reply_local(r);
	chain_to_namespace(r);
	chain_new(r);
	chain_new_local(r, p);
	chain_redirected(r, p);
	chain_lan(r, p);
	chain_admit(r);
	chain_refuse(r);
	chains_egress(r, p);
	if (r->out_of_memory)
		return -ENOMEM;
	ruleset_digest(r);
	*ret = TAKE_PTR(r);
	return 0;
}

struct ruleset *ruleset_free(struct ruleset *r)
{
	if (!r)
		return NULL;
	for (size_t i = 0; i < SET_N; i++)
		free(r->elements[i].items);
	free(r->rules);
	free(r);
	return NULL;
}
