/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The wall as data: spec section 1 for one policy. Pure; kernel/nft.c encodes it, ruleset-text.c
 * prints it in nft(8) syntax. All numbers are in host byte order; each rule and each element says
 * which line of the policy it comes from.
 *
 * Chains, sets and counters are the same for every policy. Rules and elements differ. The cost of
 * a packet does not depend on how many services, users or networks a policy names.
 *
 * There are two tables. The wall, inet, judges every packet of this machine. The second wall,
 * netdev, stands where a link ends and lets go what the first has admitted, which it knows by a
 * packet mark that is random for each load; so that what goes round the first goes nowhere.
 */
#include "policy.h"

#define RULESET_TABLE "sallyport"
#define RULESET_LOG_GROUP 5140 /* netfilter log group of refused packets */
#define RULESET_QUEUE 5141     /* netfilter queue of DNS answers to doors of a smaller scope */

/*
 * Conntrack marks: what admitted a flow. Flows with foreign or no bits are refused. A lease's mark
 * is MARK_LEASE, or of a smaller scope MARK_SCOPED, with 24 random bits.
 */
#define MARK_KIND 0xff000000u
#define MARK_TOR 0x01000000u
#define MARK_LAN 0x02000000u
#define MARK_LOCAL 0x03000000u
#define MARK_LOCAL_TOR 0x03000001u /* tor to tor on 127.0.0.1: only tor may answer */
#define MARK_LEASE 0x04000000u
#define MARK_SCOPED 0x05000000u
#define MARK_DOORS 0xfe000000u     /* mask: of both, MARK_LEASE is left */
#define MARK_NAMESPACE 0x06000000u /* a confined program to a local service */
#define MARK_FORWARD 0x07000000u   /* its door: with 24 random bits, as MARK_LEASE */

enum rs_table { TABLE_WALL, TABLE_EGRESS, TABLE_N };

/* X(NAME, name): base chains first; from EGRESS on they are the second wall's. */
#define RS_CHAINS(X)                          \
	X(NAT_OUTPUT, "nat_output")           \
	X(NAT_POSTROUTING, "nat_postrouting") \
	X(OUTPUT, "output")                   \
	X(INPUT, "input")                     \
	X(FORWARD, "forward")                 \
	X(ADMITTED, "admitted")               \
	X(RELATED, "related")                 \
	X(IPV6, "ipv6")                       \
	X(LOCAL6, "local6")                   \
	X(DOOR, "door")                       \
	X(PROBE, "probe")                     \
	X(TOR, "tor")                         \
	X(FLOW_TOR, "flow_tor")               \
	X(FLOW_LAN, "flow_lan")               \
	X(FLOW_LOCAL, "flow_local")           \
	X(FLOW_LOCAL_TOR, "flow_local_tor")   \
	X(FLOW_LEASE, "flow_lease")           \
	X(REPLY_LOCAL, "reply_local")         \
	X(TO_NAMESPACE, "to_namespace")       \
	X(NEW, "new")                         \
	X(NEW_LOCAL, "new_local")             \
	X(LAN, "lan")                         \
	X(REDIRECTED, "redirected")           \
	X(ADMIT_LOCAL, "admit_local")         \
	X(ADMIT_LOCAL_TOR, "admit_local_tor") \
	X(ADMIT_LAN, "admit_lan")             \
	X(INPUT_LAN, "input_lan")             \
	X(INPUT_OTHER, "input_other")         \
	X(INPUT_NAMESPACE, "input_namespace") \
	X(ADMIT_NAMESPACE, "admit_namespace") \
	X(FORWARD_BEGINS, "forward_begins")   \
	X(FORWARD_OUT, "forward_out")         \
	X(REFUSE, "refuse")                   \
	X(REJECT, "reject_now")               \
	X(EGRESS, "egress")                   \
	X(EGRESS_BARE, "egress_bare")

enum rs_chain {
#define X(NAME, name) CHAIN_##NAME,
	RS_CHAINS(X)
#undef X
		CHAIN_N
};

/* X(NAME, name, what is counted): each class of refusal has one; from EGRESS_FORGED on in the
 * second wall. */
#define RS_COUNTERS(X)                                                                          \
	X(IPV6, "ipv6", "IPv6, except ::1 to ::1")                                              \
	X(DOOR_LOCAL, "door_local", "a clearnet user to this machine, multicast, link-local")   \
	X(DOOR_PROTOCOL, "door_protocol", "a clearnet user, neither TCP nor UDP")               \
	X(DOOR_CLOSED, "door_closed", "a clearnet user without a lease")                        \
	X(DOOR_SCOPE, "door_scope", "a clearnet user, beyond what its door reaches")            \
	X(AUTOMAP, "automap", "an automapped address, by one who may not")                      \
	X(DNS, "dns", "DNS on 127.0.0.1, by one who may not")                                   \
	X(LOCAL, "local", "a local service, by one to whom none is granted")                    \
	X(ANSWER, "answer", "an answer from one who is not the service's server")               \
	X(TOR, "tor", "Tor's user, what Tor may not")                                           \
	X(LAN_PORT, "lan_port", "a port of [lan] refuse: DNS and others")                       \
	X(INTERNET, "internet", "the Internet, not through Tor")                                \
	X(OPTIONS, "options", "IP options, such as a source route: on the LAN, by a door")      \
	X(NOT_UNICAST, "not_unicast", "multicast and broadcast")                                \
	X(STALE, "stale", "a flow that nothing admits any more, or that began in its middle")   \
	X(CONFINED, "confined", "to a confined program, and no answer to it")                   \
	X(RELATED, "related", "ICMP errors and the like, except on loopback")                   \
	X(OWNERLESS, "ownerless", "no socket and no admitted flow")                             \
	X(INPUT, "input", "came in, and is no answer")                                          \
	X(INPUT6, "input6", "came in over IPv6")                                                \
	X(NAMESPACE, "namespace", "a confined program, to what its section does not name")      \
	X(FORWARD, "forward", "to be forwarded")                                                \
	X(EGRESS_FORGED, "egress_forged", "our mark, but no route: by a packet socket")         \
	X(EGRESS_IPV4, "egress_ipv4", "IPv4 that the wall has not admitted")                    \
	X(EGRESS_IPV6, "egress_ipv6", "IPv6")                                                   \
	X(EGRESS_ARP, "egress_arp", "ARP that is none")                                         \
	X(EGRESS_OTHER, "egress_other", "any other frame: VLAN, LLDP, lies about its protocol") \
	X(EGRESS_EAPOL, "egress_eapol", "passed: root's EAPOL (WPA, 802.1X)")                   \
	X(EGRESS_DHCP, "egress_dhcp", "passed: root's DHCP, before there is an address")

enum rs_counter {
#define X(NAME, name, what) COUNTER_##NAME,
	RS_COUNTERS(X)
#undef X
		COUNTER_N
};

/* What a rule can look at. */
enum rs_field {
	FIELD_NONE,
	FIELD_IIF,
	FIELD_OIF,
	/* A link's name takes four fields of a key, as it takes four of the kernel's registers. */
	FIELD_IIFNAME,
	FIELD_IIFNAME_2,
	FIELD_IIFNAME_3,
	FIELD_IIFNAME_4,
	FIELD_OIFNAME,
	FIELD_OIFNAME_2,
	FIELD_OIFNAME_3,
	FIELD_OIFNAME_4,
	FIELD_NFPROTO,
	FIELD_L4PROTO,
	FIELD_SKUID,
	FIELD_FIB_DADDR_TYPE,
	FIELD_CT_STATE,
	FIELD_CT_DIRECTION,
	FIELD_CT_STATUS,
	FIELD_CT_MARK,
	FIELD_CT_ORIGINAL_DADDR,
	FIELD_CT_ORIGINAL_DPORT,
	FIELD_IP_START, /* version and header length: RS_IP_PLAIN without options */
	FIELD_IP_SADDR,
	FIELD_IP_DADDR,
	FIELD_IP6_SADDR, /* only addresses below 2^32, that is ::1, are ever compared */
	FIELD_IP6_DADDR,
	FIELD_TH_SPORT,
	FIELD_TH_DPORT,
	FIELD_TCP_FLAGS,
	FIELD_PROTOCOL, /* what the sender says that the frame is */
	FIELD_ETHER_TYPE,
	FIELD_META_MARK,
	FIELD_RTCLASSID, /* of the route; a packet without one has none, not 0 */
	FIELD_ARP_HTYPE,
	FIELD_ARP_PTYPE,
	FIELD_ARP_HLEN,
	FIELD_ARP_PLEN,
	FIELD_ARP_OPERATION,
	FIELD_N
};

struct rs_field_info {
	const char *text; /* as nft(8) writes it; NULL: it goes on with the field before */
	uint8_t size;     /* bytes in the kernel's register */
	bool network;     /* big endian there, else the machine's order */
	/* nft(8)'s own data type of what can be a key; the kernel keeps the number for it. */
	const char *type;
	uint32_t type_number;
};

extern const struct rs_field_info rs_fields[FIELD_N];

/* Bits of FIELD_CT_STATE, FIELD_CT_STATUS (linux/netfilter/nf_conntrack_common.h). */
#define RS_CT_ESTABLISHED 2u
#define RS_CT_RELATED 4u
#define RS_CT_NEW 8u
#define RS_CT_STATUS_DNAT 0x20u
#define RS_CT_ORIGINAL 0u
#define RS_CT_REPLY 1u
/* FIELD_FIB_DADDR_TYPE (linux/rtnetlink.h, RTN_*). */
#define RS_FIB_UNICAST 1u
#define RS_FIB_LOCAL 2u
/* FIELD_NFPROTO (linux/netfilter.h). */
#define RS_TTL 64u /* as this machine sends (net.ipv4.ip_default_ttl) */
#define RS_NFPROTO_IPV4 2u
#define RS_NFPROTO_IPV6 10u
/* FIELD_IP_START of a header without options (RFC 791, 3.1): version 4, five words. */
#define RS_IP_PLAIN 0x45u
/* A uid that nobody has: "skuid is not this" is "the packet has an owner". */
#define RS_NOBODY UINT32_MAX
#define RS_LOOPBACK_INDEX 1u

#define RS_KEY_MAX 8
#define RS_LINK_WORDS 4
#define RS_LINK_CHARS ((size_t)RS_LINK_WORDS * 4)

/* A link's name as the values of its four fields. */
void rs_link_words(const char *name, uint32_t ret[RS_LINK_WORDS]);
/* The other way round; what is no name is made readable. */
void rs_link_name(const uint32_t words[RS_LINK_WORDS], char ret[RS_LINK_CHARS + 1]);

/* X(NAME, name, flags, data, fields...); from ADMITTED on the second wall's. */
#define RS_INTERVAL 1u /* elements are ranges */
#define RS_TIMEOUT 2u  /* elements have kernel timeouts; they belong to the engine, not to loads */
#define RS_DYNAMIC 4u  /* filled by a rule */
#define RS_KEPT 8u     /* elements are not the policy's: a load keeps them */

enum rs_data { DATA_NONE, DATA_MARK, DATA_CHAIN };

#define RS_IIFNAME FIELD_IIFNAME, FIELD_IIFNAME_2, FIELD_IIFNAME_3, FIELD_IIFNAME_4
#define RS_OIFNAME FIELD_OIFNAME, FIELD_OIFNAME_2, FIELD_OIFNAME_3, FIELD_OIFNAME_4

#define RS_SETS(X)                                                                              \
	X(OWNERS, "owners", 0, DATA_CHAIN, FIELD_SKUID)                                         \
	X(FLOWS, "flows", 0, DATA_CHAIN, FIELD_CT_MARK)                                         \
	X(DOORS, "doors", 0, DATA_NONE, FIELD_SKUID)                                            \
	X(TOR, "tors", 0, DATA_NONE, FIELD_SKUID)                                               \
	X(AUTOMAP, "automaps", 0, DATA_NONE, FIELD_SKUID)                                       \
	X(DNS, "resolvers", 0, DATA_NONE, FIELD_SKUID)                                          \
	X(SERVICES, "services", 0, DATA_NONE, FIELD_SKUID, FIELD_IP_DADDR, FIELD_L4PROTO,       \
	  FIELD_TH_DPORT)                                                                       \
	X(SERVICES_WIDE, "services_wide", RS_INTERVAL, DATA_NONE, FIELD_SKUID, FIELD_IP_DADDR,  \
	  FIELD_L4PROTO, FIELD_TH_DPORT)                                                        \
	X(SERVERS, "servers", 0, DATA_NONE, FIELD_SKUID, FIELD_IP_SADDR, FIELD_L4PROTO,         \
	  FIELD_TH_SPORT)                                                                       \
	X(SERVERS_WIDE, "servers_wide", RS_INTERVAL, DATA_NONE, FIELD_SKUID, FIELD_IP_SADDR,    \
	  FIELD_L4PROTO, FIELD_TH_SPORT)                                                        \
	X(SERVICES6, "services6", 0, DATA_NONE, FIELD_SKUID, FIELD_L4PROTO, FIELD_TH_DPORT)     \
	X(SERVICES6_WIDE, "services6_wide", RS_INTERVAL, DATA_NONE, FIELD_SKUID, FIELD_L4PROTO, \
	  FIELD_TH_DPORT)                                                                       \
	X(SERVERS6, "servers6", 0, DATA_NONE, FIELD_SKUID, FIELD_L4PROTO, FIELD_TH_SPORT)       \
	X(SERVERS6_WIDE, "servers6_wide", RS_INTERVAL, DATA_NONE, FIELD_SKUID, FIELD_L4PROTO,   \
	  FIELD_TH_SPORT)                                                                       \
	X(CONFINED_LINKS, "confined_links", 0, DATA_NONE, RS_IIFNAME)                           \
	X(CONFINED_PEERS, "confined_peers", 0, DATA_NONE, FIELD_IP_SADDR)                       \
	X(NAMESPACE_DOORS, "namespace_doors", 0, DATA_NONE, RS_IIFNAME, FIELD_IP_SADDR)         \
	X(NAMESPACES, "namespaces", RS_INTERVAL, DATA_NONE, RS_IIFNAME, FIELD_IP_SADDR,         \
	  FIELD_IP_DADDR, FIELD_L4PROTO, FIELD_TH_DPORT)                                        \
	X(CLAIMED, "claimed", RS_INTERVAL, DATA_NONE, FIELD_TH_DPORT)                           \
	X(LAN, "lan_ranges", RS_INTERVAL, DATA_NONE, FIELD_IP_DADDR)                            \
	X(ON_LINK, "on_link", RS_INTERVAL | RS_KEPT, DATA_NONE, FIELD_IP_DADDR)                 \
	X(REFUSE_STREAM, "refuse_stream", RS_INTERVAL, DATA_NONE, FIELD_TH_DPORT)               \
	X(REFUSE_DATAGRAM, "refuse_datagram", RS_INTERVAL, DATA_NONE, FIELD_TH_DPORT)           \
	X(STREAMS, "streams", 0, DATA_NONE, FIELD_L4PROTO)                                      \
	X(DATAGRAMS, "datagrams", 0, DATA_NONE, FIELD_L4PROTO)                                  \
	X(DOOR_PROTOCOLS, "door_protocols", 0, DATA_NONE, FIELD_L4PROTO)                        \
	X(TELLING, "telling", 0, DATA_NONE, FIELD_L4PROTO)                                      \
	X(GRANTS, "grants", RS_TIMEOUT | RS_KEPT, DATA_MARK, FIELD_SKUID)                       \
	X(LEASES, "leases", RS_TIMEOUT | RS_KEPT, DATA_NONE, FIELD_SKUID, FIELD_CT_MARK)        \
	X(LIVE, "live", RS_TIMEOUT | RS_KEPT, DATA_NONE, FIELD_CT_MARK)                         \
	X(NARROW, "narrow", RS_TIMEOUT | RS_KEPT, DATA_NONE, FIELD_SKUID)                       \
	X(SCOPED, "scoped", RS_TIMEOUT | RS_KEPT, DATA_MARK, FIELD_SKUID, FIELD_IP_DADDR,       \
	  FIELD_L4PROTO, FIELD_TH_DPORT)                                                        \
	X(FORWARDS, "forwards", RS_TIMEOUT | RS_KEPT, DATA_MARK, RS_IIFNAME, FIELD_IP_SADDR)    \
	X(FORWARDING, "forwarding", RS_TIMEOUT | RS_KEPT, DATA_NONE, FIELD_CT_MARK, RS_IIFNAME, \
	  FIELD_IP_SADDR)                                                                       \
	X(FORWARDED, "forwarded", RS_TIMEOUT | RS_KEPT, DATA_NONE, FIELD_CT_MARK, RS_OIFNAME,   \
	  FIELD_IP_DADDR)                                                                       \
	X(SPENT, "spent", RS_TIMEOUT | RS_DYNAMIC | RS_KEPT, DATA_NONE, FIELD_CT_MARK)          \
	X(ASKED, "asked", RS_TIMEOUT | RS_DYNAMIC | RS_KEPT, DATA_NONE, FIELD_CT_MARK,          \
	  FIELD_IP_DADDR)                                                                       \
	X(REPORTED, "reported", RS_TIMEOUT | RS_DYNAMIC | RS_KEPT, DATA_NONE, FIELD_SKUID,      \
	  FIELD_IP_DADDR, FIELD_L4PROTO, FIELD_TH_DPORT)                                        \
	X(ADMITTED, "admitted", RS_TIMEOUT | RS_KEPT, DATA_NONE, FIELD_META_MARK)               \
	X(ARP_OPERATIONS, "arp_operations", 0, DATA_NONE, FIELD_ARP_OPERATION)

enum rs_set {
#define X(NAME, ...) SET_##NAME,
	RS_SETS(X)
#undef X
		SET_N
};

struct rs_set_info {
	const char *name;
	uint8_t flags;
	uint8_t data; /* enum rs_data */
	uint8_t fields[RS_KEY_MAX];
	uint8_t n_fields;
};

/* key to end, both included; without RS_INTERVAL both are equal. */
struct rs_element {
	uint32_t key[RS_KEY_MAX];
	uint32_t end[RS_KEY_MAX];
	uint32_t data; /* enum rs_chain for DATA_CHAIN */
	struct origin origin;
};

struct rs_elements {
	struct rs_element *items;
	size_t n, capacity;
};

enum rs_kind {
	STMT_IS, /* field & mask is value (mask 0: the whole field) */
	STMT_IS_NOT,
	STMT_IN, /* fields in set */
	STMT_NOT_IN,
	STMT_GO,       /* fields looked up in a set of chains; no match: the next rule */
	STMT_COUNT,    /* counter */
	STMT_LIMIT,    /* value packets a second, at most mask at once */
	STMT_LOG,      /* to RULESET_LOG_GROUP */
	STMT_REMEMBER, /* fields into set, for a minute */
	STMT_ONCE,     /* the same, and true only the first time */
	STMT_MARK,     /* conntrack mark becomes value */
	STMT_MARK_OF,  /* conntrack mark becomes what set says of fields; no match: the next rule */
	STMT_CARRY,    /* packet mark becomes the conntrack mark */
	STMT_ADMIT,    /* packet mark becomes the random number of this load */
	STMT_REASON,   /* packet mark becomes the number of counter: the report says why */
	STMT_REDIRECT, /* to port value of this machine */
	STMT_MASQUERADE, /* the source becomes this machine's address */
	STMT_TTL,        /* of IPv4: becomes value */
	STMT_RESET,      /* refuse with a TCP RST */
	STMT_PROHIBIT,   /* refuse with ICMP administratively prohibited */
	STMT_QUEUE,      /* to RULESET_QUEUE, which decides; dropped if nobody listens there */
	STMT_ACCEPT,
	STMT_DROP,
	STMT_GOTO, /* chain */
	STMT_N
};

struct rs_stmt {
	uint8_t kind; /* enum rs_kind */
	uint8_t fields[RS_KEY_MAX];
	uint8_t n_fields;
	uint8_t object; /* enum rs_set, rs_chain or rs_counter */
	uint8_t pad;    /* 0: statements are compared byte by byte */
	uint32_t mask, value;
};

#define RS_STMTS_MAX 12

struct rs_rule {
	uint8_t chain; /* enum rs_chain */
	uint8_t n_stmts;
	struct rs_stmt stmts[RS_STMTS_MAX];
	struct origin origin;
};

struct ruleset {
	struct rs_rule *rules; /* grouped by chain, in order */
	size_t n_rules, capacity;
	struct rs_elements elements[SET_N];
	uint8_t digest[32]; /* SHA-256 of rules and elements, origins left out */
	bool out_of_memory;
};

/* A base chain: where it hooks. NULL for the others. */
struct rs_base {
	const char *type;
	uint32_t hook; /* NF_INET_*, linux/netfilter.h */
	int32_t priority;
	bool drops; /* its policy, besides its explicit last rule */
};

const char *rs_table_name(enum rs_table t); /* "inet sallyport", as nft(8) writes it */
enum rs_table rs_chain_table(enum rs_chain c);
enum rs_table rs_counter_table(enum rs_counter c);
enum rs_table rs_set_table(enum rs_set s);
const char *rs_chain_name(enum rs_chain c);
const struct rs_base *rs_chain_base(enum rs_chain c);
const char *rs_counter_name(enum rs_counter c);
const char *rs_counter_what(enum rs_counter c);
const struct rs_set_info *rs_set_info(enum rs_set s);

/* 0 and the ruleset (owned by the caller), or -ENOMEM. */
int ruleset_build(const struct policy *p, struct ruleset **ret);
struct ruleset *ruleset_free(struct ruleset *r);

static inline void ruleset_freep(struct ruleset **r)
{
	(void)ruleset_free(*r);
}

/* What is compared is what the kernel gets: not the origins. */
bool ruleset_same_rules(const struct ruleset *a, const struct ruleset *b);
bool ruleset_same_elements(const struct ruleset *a, const struct ruleset *b, enum rs_set set);

/*
 * The ruleset in nft(8) syntax, for a person to review; nft -c -f accepts it. The chains of
 * single links are in a comment, since links come and go, and so is what not every kernel has. With
 * the policy, each rule and element is followed by its origin in a comment. NULL: out of memory.
 * The caller frees it.
 */
char *ruleset_to_text(const struct ruleset *r, const struct policy *p);
/* One rule, as there; one element, as "uid 1000, 127.0.0.1, tcp, 22". Cut off where buf ends. */
void rs_rule_to_text(const struct rs_rule *rule, char *buf, size_t size);
void rs_element_to_text(enum rs_set set, const struct rs_element *e, char *buf, size_t size);
