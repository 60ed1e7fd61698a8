/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The boundary between the bus process and the engine: one SEQPACKET datagram, one message, of
 * exactly its struct's size, in the machine's byte order. The table below is the protocol; codec,
 * dispatch, log names, fuzzer and docs/protocol.md derive from it.
 *
 * Verbs with numbers only: never a path, an interface, a rule or a format string from the bus
 * process. (Names and sentences travel only from the engine to the bus process.)
 *
 * A message that is not known, not of its size, out of range or not legal now drops the peer and
 * ends its leases. A refusal by policy is an answer (REFUSED).
 */
#include "util.h"

#define WIRE_VERSION 1
#define WIRE_NAME_SIZE 36 /* 32 characters, a NUL, padding */
#define WIRE_DOORS_MAX 32
#define WIRE_LEASES_MAX 32
#define WIRE_TEXT_SIZE 480
#define WIRE_DIGEST_SIZE 32
#define WIRE_NETWORK_SIZE 16
#define WIRE_COMM_SIZE 24 /* 16 characters, a NUL, padding */
#define WIRE_RULE_SIZE 64
#define WIRE_ORIGIN_SIZE 200
#define WIRE_SENTENCE_SIZE 360
#define WIRE_COUNTERS_MAX 32
#define WIRE_CLASS_SIZE 24 /* of a refusal's class: its counter's name */
#define WIRE_LINE_SIZE 96
#define WIRE_ADDRESS_SIZE 16
#define WIRE_BLOCKED_MAX 11
#define WIRE_LINK_SIZE 16 /* IFNAMSIZ */
#define WIRE_LINKS_MAX 80
#define WIRE_SERVERS_MAX 8    /* DNS servers of a scoped lease */
#define WIRE_ANSWER_SIZE 1472 /* of a UDP datagram that an Ethernet link carries whole */
#define WIRE_ADDRESSES_MAX 16 /* that one DNS answer may add */
#define WIRE_URL_SIZE 160
#define WIRE_RESPONSE_SIZE 128
#define WIRE_SIZE_MAX 2048
/* From here on, in place of a uid: the [namespace] sections that may have a door, as they come. */
#define WIRE_NAMESPACE_BASE 0xfffffe00u
#define WIRE_NAMESPACES_MAX 256u

enum wire_side {
	TO_ENGINE,
	TO_BUS,
};

/* From when on a message may come: at once, or after the limits were fetched on this connection. */
enum wire_legal {
	LEGAL_FIRST,
	LEGAL_GREETED,
	LEGAL_ALWAYS,
};

/*
 * X(number, NAME, struct, side, legal, why it is safe)
 * An answer carries the cookie of its request, an event carries 0.
 */
#define WIRE_MESSAGES(X)                                                                           \
	X(1, GET_LIMITS, get_limits, TO_ENGINE, LEGAL_FIRST, "reads what the policy says to all")  \
	X(2, LIMITS, limits, TO_BUS, LEGAL_ALWAYS, "user names and maxima of the policy")          \
	X(3, HEARTBEAT, heartbeat, TO_ENGINE, LEGAL_GREETED,                                       \
	  "keeps open only what is open; its absence closes")                                      \
	X(4, ALIVE, alive, TO_BUS, LEGAL_ALWAYS, "says that the engine is not hung")               \
	X(5, LEASE_OPEN, lease_open, TO_ENGINE, LEGAL_GREETED,                                     \
	  "the engine asks the policy again and owns the maxima")                                  \
	X(6, LEASE_OPENED, lease_opened, TO_BUS, LEGAL_ALWAYS,                                     \
	  "carries the read end of the lease's pipe: nothing can be written through it")           \
	X(7, LEASE_EXTEND, lease_extend, TO_ENGINE, LEGAL_GREETED,                                 \
	  "never beyond the policy's longest from now")                                            \
	X(8, LEASE_EXTENDED, lease_extended, TO_BUS, LEGAL_ALWAYS, "a time")                       \
	X(9, LEASE_END, lease_end, TO_ENGINE, LEGAL_GREETED, "closing is always safe")             \
	X(10, LEASE_ENDED, lease_ended, TO_BUS, LEGAL_ALWAYS, "answer, or event with cookie 0")    \
	X(11, SET_CONSENT, set_consent, TO_ENGINE, LEGAL_GREETED,                                  \
	  "opens nothing by itself; only the probe's uid may use it, on this network")             \
	X(12, GET_CONSENT, get_consent, TO_ENGINE, LEGAL_GREETED, "reads a fact")                  \
	X(13, CONSENT, consent, TO_BUS, LEGAL_ALWAYS,                                              \
	  "answer to all three, or event with cookie 0")                                           \
	X(14, RELOAD, reload, TO_ENGINE, LEGAL_GREETED,                                            \
	  "reads files that only root can write; a bad policy changes nothing")                    \
	X(15, RELOADED, reloaded, TO_BUS, LEGAL_ALWAYS, "how a reload went, in a sentence")        \
	X(16, REFUSED, refused, TO_BUS, LEGAL_ALWAYS, "a refusal with its number")                 \
	X(17, POLICY_CHANGED, policy_changed, TO_BUS, LEGAL_ALWAYS,                                \
	  "event: the limits must be fetched anew")                                                \
	X(18, TAMPERED, tampered, TO_BUS, LEGAL_ALWAYS, "event: another process changed the wall") \
	X(19, VERIFY, verify, TO_ENGINE, LEGAL_GREETED,                                            \
	  "reads; a wall that is not as it was is loaded again")                                   \
	X(20, VERIFIED, verified, TO_BUS, LEGAL_ALWAYS, "how the wall compares, in a sentence")    \
	X(21, EXPLAIN, explain, TO_ENGINE, LEGAL_GREETED,                                          \
	  "evaluates the ruleset as data: nothing is sent, nothing changes")                       \
	X(22, EXPLAINED, explained, TO_BUS, LEGAL_ALWAYS,                                          \
	  "a verdict and sentences; the bus process tells them to those who may know")             \
	X(23, GET_COUNTERS, get_counters, TO_ENGINE, LEGAL_GREETED,                                \
	  "reads sums, of nobody by name")                                                         \
	X(24, COUNTERS, counters, TO_BUS, LEGAL_ALWAYS, "how much each class has refused")         \
	X(25, GET_BLOCKED, get_blocked, TO_ENGINE, LEGAL_GREETED,                                  \
	  "reads what was refused to one user, or all; the bus process asks polkit")               \
	X(26, BLOCKED_LIST, blocked_list, TO_BUS, LEGAL_ALWAYS,                                    \
	  "part of it; a destination only if the policy keeps them")                               \
	X(27, BLOCKED, blocked, TO_BUS, LEGAL_ALWAYS,                                              \
	  "event: a packet was refused; as many as the kernel's limit lets through")               \
	X(28, CHECK_ADDRESS, check_address, TO_ENGINE, LEGAL_GREETED,                              \
	  "asks the kernel's routes; nothing is sent, nothing changes")                            \
	X(29, ADDRESS, address, TO_BUS, LEGAL_ALWAYS, "what kind of address it is here")           \
	X(30, LINKS, links, TO_BUS, LEGAL_ALWAYS,                                                  \
	  "event: which links are up; that addresses have changed, or the network")                \
	X(31, DNS_ANSWER, dns_answer, TO_BUS, LEGAL_ALWAYS,                                        \
	  "event: a DNS answer to a scoped lease, held back; read by the side without privileges") \
	X(32, DNS_ADDRESSES, dns_addresses, TO_ENGINE, LEGAL_GREETED,                              \
	  "the engine checks each again and owns how many, how long and of which networks")        \
	X(33, AUTOCONFIG, autoconfig, TO_BUS, LEGAL_ALWAYS,                                        \
	  "event: what the policy says of the connection that is consented to")                    \
	X(38, END_CONSENT, end_consent, TO_ENGINE, LEGAL_GREETED,                                  \
	  "ends what was given, for its network is no more; closing is always safe")

enum wire_type {
#define X(number, NAME, name, side, legal, why) WIRE_##NAME = (number),
	WIRE_MESSAGES(X)
#undef X
		WIRE_TYPE_N
};

/* Why a request was refused: an answer, not a fault. */
#define WIRE_REFUSALS(X)                                                                        \
	X(NONE, "none")                     /* not refused: never on the wire */                \
	X(NOT_A_DOOR, "not-a-door")         /* the uid has no role that has such a door */      \
	X(BUSY, "busy")                     /* another lease for that uid lives */              \
	X(TOO_LONG, "too-long")             /* detail: the longest, seconds */                  \
	X(TOO_MANY, "too-many")             /* detail: how many may be open at once */          \
	X(NO_CONSENT, "no-consent")         /* an autoconfig uid, and nobody consented */       \
	X(NO_SUCH_LEASE, "no-such-lease")   /* it has ended, or never was */                    \
	X(USER_CHANGED, "user-changed")     /* the name has another uid now: reload first */    \
	X(NO_POLICY, "no-policy")           /* the built-in wall is up, which has no doors */   \
	X(ENGINE_FAILURE, "engine-failure") /* the kernel refused; detail: errno */             \
	X(HIDDEN, "hidden")                 /* consent was withdrawn, and nobody lifted that */ \
	X(NO_NETWORK, "no-network")         /* no default route with a carrier to be for */     \
	X(NO_SERVERS, "no-servers")         /* no DNS servers, or one that may not be asked */

enum wire_refusal {
#define X(NAME, text) REFUSAL_##NAME,
	WIRE_REFUSALS(X)
#undef X
		REFUSAL_N
};

/* Why a lease ended. */
#define WIRE_REASONS(X)                                                                  \
	X(CLOSED, "closed")         /* the descriptor was closed */                      \
	X(LEFT, "left")             /* the asker left the bus */                         \
	X(DISABLED, "disabled")     /* DisableClearnetUser */                            \
	X(DEADLINE, "deadline")     /* its time was up */                                \
	X(SESSION, "session")       /* the holder's session ended or is not active */    \
	X(SUSPEND, "suspend")       /* the machine goes to sleep */                      \
	X(POLICY, "policy")         /* a reload would not grant it */                    \
	X(DENIED, "denied")         /* polkit says no now */                             \
	X(CONSENT, "consent")       /* the consent it stood on is gone */                \
	X(NETWORK, "network")       /* the network that it was for has changed */        \
	X(ONLINE, "online")         /* the portal is passed: it is needed no more */     \
	X(BUS_GONE, "bus-gone")     /* the bus process has gone or broke the protocol */ \
	X(BUS_SILENT, "bus-silent") /* no heartbeat of the bus process */                \
	X(SHUTDOWN, "shutdown")     /* the engine stops */                               \
	X(FAILURE, "failure")       /* the kernel refused to renew it, or the engine is lost */

enum wire_reason {
#define X(NAME, text) REASON_##NAME,
	WIRE_REASONS(X)
#undef X
		REASON_N
};

/* What ended a consent that nobody has withdrawn. */
#define WIRE_CONSENT_ENDED(X)                                                   \
	X(NOT, "")                  /* it lives, was withdrawn, or never was */ \
	X(NETWORK, "network")       /* the network has changed */               \
	X(BUS_GONE, "service-gone") /* the bus process has gone, with its word for it */

enum consent_ended {
#define X(NAME, text) ENDED_##NAME,
	WIRE_CONSENT_ENDED(X)
#undef X
		ENDED_N
};

enum wire_role { ROLE_CLEARNET, ROLE_AUTOCONFIG, ROLE_NAMESPACE, ROLE_N };

bool wire_is_namespace(uint32_t uid);

/* How far a lease reaches. */
enum lease_scope {
	SCOPE_FULL,
	SCOPE_PORTAL, /* its servers' DNS, and HTTP and HTTPS to what these have named */
	SCOPE_PROBE,  /* the same, once, and HTTP alone */
	SCOPE_N
};

enum consent_value { CONSENT_UNKNOWN, CONSENT_GRANTED, CONSENT_HIDDEN, CONSENT_N };

enum reload_outcome { RELOAD_LOADED, RELOAD_UNCHANGED, RELOAD_REFUSED, RELOAD_N };

enum explain_family { EXPLAIN_IPV4, EXPLAIN_LOOPBACK6, EXPLAIN_IPV6, EXPLAIN_N };

enum explain_verdict { EXPLAIN_ACCEPTED, EXPLAIN_DROPPED, EXPLAIN_REFUSED, EXPLAIN_VERDICT_N };

enum address_kind {
	ADDRESS_OTHER, /* of another machine, as far as the routes say */
	ADDRESS_OWN,
	ADDRESS_BROADCAST,
	ADDRESS_MULTICAST,
	ADDRESS_KIND_N
};

/* How the wall in the kernel compares with the one that was sent. */
enum verify_outcome {
	VERIFY_SAME, /* and every invariant holds */
	VERIFY_DIFFERS,
	VERIFY_UNPROVED, /* it is the same, but an invariant does not hold */
	VERIFY_UNREADABLE,
	VERIFY_N
};

struct wire_header {
	uint16_t type;    /* enum wire_type */
	uint16_t version; /* WIRE_VERSION */
	uint32_t cookie;  /* chosen by the asker, not 0; an answer repeats it */
};

struct wire_get_limits {
	struct wire_header header;
};

struct wire_door {
	uint32_t uid;
	uint32_t role; /* enum wire_role */
	char name[WIRE_NAME_SIZE];
};

struct wire_limits {
	struct wire_header header;
	uint32_t default_seconds;
	uint32_t longest_seconds;
	uint32_t most_leases;
	uint32_t dns_most;
	uint32_t sealed;   /* 1: a wall of ours is in the kernel */
	uint32_t built_in; /* 1: it is the built-in one, because the policy has errors */
	uint32_t n_doors;
	uint32_t browser; /* the door of [browser] user, from 1; 0: there is no browser */
	uint8_t digest[WIRE_DIGEST_SIZE]; /* of the ruleset in force */
	struct wire_door doors[WIRE_DOORS_MAX];
};

struct wire_heartbeat {
	struct wire_header header;
	uint64_t sent; /* microseconds of CLOCK_BOOTTIME */
};

struct wire_alive {
	struct wire_header header;
};

struct wire_lease_open {
	struct wire_header header;
	uint32_t uid;
	uint32_t seconds; /* 0: the policy's default */
	uint32_t holder;  /* uid of the asker, for the log */
	uint32_t scope;   /* enum lease_scope */
	uint32_t n_servers;
	uint32_t pad;
	uint32_t servers[WIRE_SERVERS_MAX]; /* IPv4, host order; none for SCOPE_FULL */
};

struct wire_lease_opened {
	struct wire_header header;
	uint64_t id;
	uint64_t started; /* microseconds of CLOCK_BOOTTIME */
	uint64_t expires;
};

struct wire_lease_extend {
	struct wire_header header;
	uint64_t id;
	uint32_t seconds; /* from now; 0: the policy's default */
	uint32_t pad;
};

struct wire_lease_extended {
	struct wire_header header;
	uint64_t id;
	uint64_t expires;
};

struct wire_lease_end {
	struct wire_header header;
	uint64_t id;
	uint32_t reason; /* enum wire_reason */
	uint32_t pad;
};

struct wire_lease_ended {
	struct wire_header header;
	uint64_t id;
	uint32_t reason;
	uint32_t pad;
};

struct wire_set_consent {
	struct wire_header header;
	uint32_t value; /* enum consent_value: granted or hidden */
	uint32_t who;   /* uid */
	uint8_t network[WIRE_NETWORK_SIZE];
	uint32_t lift; /* 1: who asks may also give it where it was withdrawn */
	uint32_t pad;
};

struct wire_get_consent {
	struct wire_header header;
};

/* Answered by CONSENT. */
struct wire_end_consent {
	struct wire_header header;
};

struct wire_consent {
	struct wire_header header;
	uint32_t value;
	uint32_t who;
	uint64_t since; /* microseconds of CLOCK_BOOTTIME; 0: never set */
	uint8_t network[WIRE_NETWORK_SIZE];
	uint64_t uses;  /* leases that stood on it */
	uint32_t ended; /* enum consent_ended */
	uint32_t pad;
};

struct wire_reload {
	struct wire_header header;
};

struct wire_reloaded {
	struct wire_header header;
	uint32_t outcome;  /* enum reload_outcome */
	uint32_t n_errors; /* in the policy */
	char text[WIRE_TEXT_SIZE];
};

struct wire_refused {
	struct wire_header header;
	uint32_t refusal; /* enum wire_refusal */
	uint32_t detail;
};

struct wire_policy_changed {
	struct wire_header header;
};

struct wire_tampered {
	struct wire_header header;
	uint32_t generation; /* of nf_tables */
	uint32_t pid;        /* of the writer; 0: unknown */
	uint32_t repaired;   /* 1: the wall is as it was again */
	uint32_t pad;
	char name[WIRE_COMM_SIZE]; /* the writer's, printable; empty: unknown */
};

/* The first packet of a flow that a user's program would begin. */
struct wire_explain {
	struct wire_header header;
	uint32_t uid;
	uint32_t family; /* enum explain_family */
	uint32_t addr;   /* EXPLAIN_IPV4: host order; else 0 */
	uint16_t protocol;
	uint16_t port; /* 0 for protocols without ports */
};

struct wire_explained {
	struct wire_header header;
	uint32_t verdict;   /* enum explain_verdict */
	uint32_t door;      /* 1: the user is one who can be given a door */
	uint32_t open;      /* 1: it is open now */
	uint32_t with_door; /* 1: with an open door it would be accepted */
	char rule[WIRE_RULE_SIZE];
	char origin[WIRE_ORIGIN_SIZE];
	char why[WIRE_SENTENCE_SIZE];
	char remedy[WIRE_SENTENCE_SIZE]; /* empty: nothing is needed */
	char who[WIRE_SENTENCE_SIZE];
};

struct wire_verify {
	struct wire_header header;
};

struct wire_verified {
	struct wire_header header;
	uint32_t outcome;    /* enum verify_outcome */
	uint32_t generation; /* of nf_tables */
	uint32_t n_rules;    /* that were compared */
	uint32_t n_elements;
	uint64_t took;             /* microseconds */
	char text[WIRE_TEXT_SIZE]; /* the first difference, or what does not hold or failed */
};

struct wire_get_counters {
	struct wire_header header;
};

struct wire_count {
	uint64_t packets;
	uint64_t bytes;
	char name[WIRE_CLASS_SIZE];
};

struct wire_counters {
	struct wire_header header;
	uint32_t n;
	uint32_t pad;
	struct wire_count items[WIRE_COUNTERS_MAX];
};

struct wire_get_blocked {
	struct wire_header header;
	uint64_t from; /* the number of the first entry that is wanted; 0: all */
	uint32_t uid;  /* whose; UINT32_MAX: everybody's, and those without an owner */
	uint32_t pad;
};

/* Equal refusals are one entry; its number stays while its count grows. */
struct wire_blocked_entry {
	uint64_t number;
	uint64_t first; /* microseconds of CLOCK_BOOTTIME */
	uint64_t last;
	uint32_t count;
	uint32_t uid;   /* UINT32_MAX: the packet had no owner */
	uint8_t family; /* 2: IPv4, 10: IPv6 */
	uint8_t protocol;
	uint16_t port;            /* destination; 0: none */
	uint32_t has_destination; /* 0: the policy does not keep it, and it is zero */
	uint8_t destination[WIRE_ADDRESS_SIZE];
	char class[WIRE_CLASS_SIZE];
	char origin[WIRE_LINE_SIZE]; /* of the rule: "FILE:LINE" or "built-in" */
};

struct wire_blocked_list {
	struct wire_header header;
	uint64_t next;  /* go on from this number; 0: these were the last */
	uint32_t error; /* errno: why nothing can be seen; 0: it can */
	uint32_t n;
	struct wire_blocked_entry items[WIRE_BLOCKED_MAX];
};

struct wire_blocked {
	struct wire_header header;
	struct wire_blocked_entry entry;
};

struct wire_check_address {
	struct wire_header header;
	uint32_t family; /* 2: IPv4, of which the first four bytes count; 10: IPv6 */
	uint32_t pad;
	uint8_t address[WIRE_ADDRESS_SIZE];
};

struct wire_address {
	struct wire_header header;
	uint32_t kind; /* enum address_kind */
	uint32_t pad;
};

/* A link that is set up and has a carrier. */
struct wire_link {
	char name[WIRE_LINK_SIZE];
	uint32_t index;
	uint32_t lost; /* how often it has lost its carrier */
};

/* Never loopback. Ports of bridges and the like come last, and are left out when it is full. */
struct wire_links {
	struct wire_header header;
	uint32_t addresses; /* another number: this machine's addresses may have changed */
	uint32_t network;   /* another number: another network; 0: there is none to consent for */
	uint32_t n;
	uint32_t pad;
	struct wire_link items[WIRE_LINKS_MAX];
};

/* What a queue holds until DNS_ADDRESSES tells of it, or for a second. */
struct wire_dns_answer {
	struct wire_header header;
	uint64_t lease;
	uint32_t packet; /* repeated in DNS_ADDRESSES */
	uint32_t size;
	uint8_t bytes[WIRE_ANSWER_SIZE]; /* what follows the UDP header */
};

struct wire_dns_address {
	uint32_t address; /* IPv4, host order */
	uint32_t ttl;     /* seconds */
};

/* The addresses in an answer; none: it is let go and opens nothing. */
struct wire_dns_addresses {
	struct wire_header header;
	uint64_t lease;
	uint32_t packet;
	uint32_t n;
	struct wire_dns_address items[WIRE_ADDRESSES_MAX];
};

/* Before LIMITS. */
struct wire_autoconfig {
	struct wire_header header;
	uint64_t latest;         /* no later date is believed, seconds since 1970; 0: not said */
	char url[WIRE_URL_SIZE]; /* empty: none */
	char response[WIRE_RESPONSE_SIZE]; /* how the answer begins; empty: nothing comes */
};

_Static_assert(sizeof(struct wire_header) == 8, "the header is eight bytes");
_Static_assert(sizeof(struct wire_limits) == 8 + 8 * 4 + 32 + 32 * 44, "no hidden padding");
_Static_assert(sizeof(struct wire_lease_open) == 64, "no hidden padding");
_Static_assert(sizeof(struct wire_lease_opened) == 32, "no hidden padding");
_Static_assert(sizeof(struct wire_set_consent) == 40, "no hidden padding");
_Static_assert(sizeof(struct wire_consent) == 56, "no hidden padding");
_Static_assert(sizeof(struct wire_tampered) == 24 + WIRE_COMM_SIZE, "no hidden padding");
_Static_assert(sizeof(struct wire_explain) == 24, "no hidden padding");
_Static_assert(sizeof(struct wire_explained) <= WIRE_SIZE_MAX, "it fits");
_Static_assert(sizeof(struct wire_verified) == 32 + WIRE_TEXT_SIZE, "no hidden padding");
_Static_assert(sizeof(struct wire_reloaded) == 16 + WIRE_TEXT_SIZE, "no hidden padding");
_Static_assert(sizeof(struct wire_counters) == 16 + 32 * 40, "no hidden padding");
_Static_assert(sizeof(struct wire_blocked_entry) == 176, "no hidden padding");
_Static_assert(sizeof(struct wire_blocked_list) == 24 + 11 * 176, "no hidden padding");
_Static_assert(sizeof(struct wire_check_address) == 32, "no hidden padding");
_Static_assert(sizeof(struct wire_links) == 24 + 80 * 24, "no hidden padding");
_Static_assert(sizeof(struct wire_dns_answer) == 24 + 1472, "no hidden padding");
_Static_assert(sizeof(struct wire_dns_addresses) == 24 + 16 * 8, "no hidden padding");
_Static_assert(sizeof(struct wire_autoconfig) == 16 + 160 + 128, "no hidden padding");

/* One row of the table. */
struct wire_message {
	uint16_t type;
	const char *name; /* "LEASE_OPEN" */
	size_t size;
	enum wire_side side;
	enum wire_legal legal;
	const char *why_safe;
};

extern const struct wire_message wire_messages[];
extern const size_t wire_messages_n;

/* The row of a type, or NULL. */
const struct wire_message *wire_message(uint16_t type);

const char *wire_refusal_to_string(enum wire_refusal r);
const char *wire_reason_to_string(enum wire_reason r);
int wire_reason_from_string(const char *text, enum wire_reason *ret);
const char *wire_consent_to_string(enum consent_value c);
const char *consent_ended_to_string(enum consent_ended e);
const char *wire_verdict_to_string(enum explain_verdict v);
int wire_consent_from_string(const char *text, enum consent_value *ret);
const char *verify_outcome_to_string(enum verify_outcome o);
int verify_outcome_from_string(const char *text, enum verify_outcome *ret);
const char *lease_scope_to_string(enum lease_scope s);
int lease_scope_from_string(const char *text, enum lease_scope *ret);

/*
 * Checks bytes that came from a peer, in this order: exact size for the type, version, side,
 * ranges of every field, terminated strings, zero padding. Whether the message is legal now and
 * what the policy says is the receiver's business. 0, or -EPROTO with *ret_why a static sentence.
 */
int wire_check(const void *data, size_t size, enum wire_side side,
	       const struct wire_message **ret_message, const char **ret_why);

/* Fills the header of a message; the rest must have been zeroed by the caller. */
void wire_header_init(struct wire_header *h, enum wire_type type, uint32_t cookie);
