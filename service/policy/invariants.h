/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * What must hold, as data. Each row is a kind of packet that must never have that outcome. Private
 * to the proof.
 */
#include "verdict.h"

/* Sets of numbers that rows speak of; terms.c says which. */
enum term {
	TERM_NO_OPTIONS,
	TERM_LO,
	TERM_V4,
	TERM_V6,
	TERM_LOCALHOST6,
	TERM_TOR,
	TERM_DOORS,
	TERM_PROBES,
	TERM_LAN,
	TERM_LINK_LOCAL,
	TERM_PEERS,
	TERM_LOOPBACK,
	TERM_REFUSED_TCP,
	TERM_REFUSED_UDP,
	TERM_REFUSED_ALL,
	TERM_OPEN_TCP,
	TERM_OPEN_UDP,
	TERM_WITH_PORTS,
	TERM_TCP,
	TERM_UDP,
	TERM_TCP_UDP,
	TERM_PING,
	TERM_TELLING,
	TERM_LOCAL,
	TERM_UNICAST,
	TERM_ORIGINAL,
	TERM_REPLY,
	TERM_NEW,
	TERM_RUNNING,
	TERM_RELATED,
	TERM_NO_FLOW,
	TERM_SYN,
	TERM_UNMARKED,
	TERM_BY_TOR,
	TERM_BY_LAN,
	TERM_BY_LOCAL,
	TERM_BY_LOCAL_TOR,
	TERM_BY_LEASE,
	TERM_BY_NAMESPACE,
	TERM_BY_FORWARD,
	TERM_BY_SCOPED,
	TERM_BY_DOOR,
	TERM_LOCALLY,
	TERM_FRESH_LAN,
	TERM_FRESH_LOCAL,
	TERM_FRESH_NAMESPACE,
	TERM_ABROAD,
	TERM_KINDS,
	TERM_AUTOMAP,
	TERM_AUTOMAP_RANGE,
	TERM_AUTOMAP_PORT,
	TERM_DNS,
	TERM_DNS_PORT,
	TERM_DNS_PROTOCOLS,
	TERM_PORT_53,
	TERM_REDIRECTED,
	TERM_TOR_UDP,
	TERM_TOR_LOOPBACK,
	TERM_ROOT,
	TERM_ZERO,
	TERM_BROADCAST,
	TERM_DHCP_CLIENT,
	TERM_DHCP_SERVER,
	TERM_ETHER_IPV4,
	TERM_ETHER_IPV6,
	TERM_ETHER_ARP,
	TERM_ETHER_EAPOL,
	TERM_ETHER_KNOWN,
	TERM_ARP_ETHERNET,
	TERM_ARP_6,
	TERM_ARP_4,
	TERM_ARP_OPERATIONS,
	TERM_N
};

/*
 * Who may connect where, and who may answer: of the policy's services, Tor's ports included; and
 * of its confined programs.
 */
enum grant {
	GRANT_SERVICES,  /* uid, IPv4 address, protocol, port */
	GRANT_LOCAL,     /* these and what is redirected */
	GRANT_ANSWERS,   /* uid, IPv4 source address, protocol, source port */
	GRANT_SERVICES6, /* uid, protocol, port, of ::1 */
	GRANT_ANSWERS6,
	GRANT_CONFINED_IN,      /* link, source, address, protocol, port */
	GRANT_CONFINED_OUT,     /* link, destination, source address, protocol, port */
	GRANT_CONFINED_ANSWERS, /* as ANSWERS */
	GRANT_FROM_LINK,        /* link of a confined program */
	GRANT_TO_LINK,
	GRANT_NAMESPACE_DOORS,      /* link and source address of one that may have a door */
	GRANT_NAMESPACE_DOORS_BACK, /* link and destination */
	GRANT_N
};

/* What a row asks of a packet. */
enum asks {
	ASKS_NOTHING,
	ASKS_IS,      /* the field is one of the term's */
	ASKS_NOT,     /* it is another one, or there is none */
	ASKS_HAS,     /* there is one */
	ASKS_LACKS,   /* there is none */
	ASKS_GRANTED, /* grant has it */
	ASKS_UNGRANTED,
	ASKS_IN,    /* an element of a set that a load keeps, at that time */
	ASKS_UNLESS /* such an element has not been found */
};

struct clause {
	uint8_t kind;    /* enum asks */
	uint8_t field;   /* of struct class */
	uint8_t operand; /* enum term, grant or rs_set */
};

/* Which outcomes a row is about: one of these verdicts, */
#define ACCEPTED 1u
#define DROPPED 2u
#define REFUSED 4u
#define NOT_ACCEPTED (DROPPED | REFUSED)
#define VERDICTS (ACCEPTED | DROPPED | REFUSED)
/* and all of these. */
#define MARKED 8u          /* a rule has set the conntrack mark */
#define REDIRECTED 16u     /* it goes to another port of this machine */
#define UNDIRECTED 32u     /* it does not */
#define NOT_TRANSPORT 64u  /* that port is not [automap] port */
#define NOT_DNSPORT 128u   /* that port is not [dns] port */
#define BARRED 256u        /* not marked for the second wall */
#define WITHIN_LIMITS 512u /* no limit of packets a second was reached */
#define PLAIN 1024u        /* no rule has set the conntrack mark */
#define BY_RESET 2048u     /* refused by a TCP RST */
#define BY_ICMP 4096u      /* refused by ICMP */
#define REPORTED 8192u     /* to the log group */
#define UNREPORTED 16384u
#define UNCHECKED 32768u       /* no limit was asked */
#define TOO_MANY 65536u        /* more than ten at once, or than five a second */
#define UNCOUNTED 131072u      /* by no counter */
#define MISNAMED 262144u       /* the report would name another class than was counted */
#define ENDLESS 524288u        /* no rule decided, but the end of a chain */
#define TOO_MANY6 1048576u     /* the same, of IPv6: than five at once, or one a second */
#define QUEUED 2097152u        /* held back for the engine, which may let it go */
#define STRAIGHT 4194304u      /* not so */
#define UNSPENT 8388608u       /* it was the first of each budget that it came to */
#define NOT_BY_SPENT 16777216u /* it was not the one connection of a lease, */
#define NOT_BY_ASKED 33554432u /* not the one flow to a server */
#define UNCARRIED 67108864u    /* the engine would not know whose it is */
#define MASQUERADED 134217728u /* its source becomes this machine's */
#define UNMASQUERADED 268435456u
#define TTL_TELLS 536870912u /* its TTL is not as of what begins here */

/* Which policies a row is about. */
enum when {
	ALWAYS,
	WITH_TOR,
	WITH_TOR_LOOPBACK,
	WITH_ON_LINK,
	WITH_EGRESS,
	WITH_NAMESPACE_DOOR,
	WITHOUT_NAMESPACE_DOOR
};

#define CLAUSES_MAX 16

struct row {
	uint8_t number;
	uint8_t chain;
	uint8_t when;
	int8_t counter; /* only what was counted so: enum rs_counter, or COUNTER_NONE for all */
	unsigned outcome;
	struct clause clauses[CLAUSES_MAX];
};

extern const struct row invariant_rows[];
extern const size_t n_invariant_rows;

/* The sentence of a number, or NULL. */
const char *invariant_sentence(unsigned number);

/* The policy's part of what rows speak of. */
struct terms {
	struct domain terms[TERM_N];
	struct rs_elements grants[GRANT_N];
	struct relation relations[GRANT_N];
	const struct policy *policy;
};

/* 0 or -ENOMEM. */
int terms_init(struct terms *t, struct arena *a, const struct policy *p);
void terms_clear(struct terms *t);
