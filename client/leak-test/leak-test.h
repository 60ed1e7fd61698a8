/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * sallyport leak-test: in a copy of host and ruleset, two network namespaces that die with this
 * process, every kind of user tries to leak in every way of a table, once with the wall up and once
 * with it away. What left is what the far end of the copy's links has received; nothing is believed
 * because the wall, or a program, says so.
 *
 *   leak-test.c   the verb: starts the copy, shows progress, keeps the time
 *   report.c      what is said at the end
 *   table.c       the attempts, as data
 *   allowed.c     what the policy allows, so that it is no leak
 *   who.c         the users, and the processes that try as them
 *   copy.c        the copy, and the two rounds in it
 *   where.c       where it is and where one goes to
 *   net.c         links, addresses, routes
 *   switches.c    /proc/sys/net
 *   wall.c        the walls in the copy, and a lease in them
 *   wire.c        what was seen on the wire
 *   judge.c       whose it was
 *   ip.c, raw.c, frames.c, other.c, outside.c, door.c: how one tries
 *   packet.c      packets byte by byte
 *
 * Must never happen: that anything of this reaches the machine's own network namespace. The copy
 * compares before it begins.
 */
#include "nft.h"
#include "policy.h"

#include <netinet/in.h>

/* Kinds of users, X(NAME, what is said where there is none). */
#define LEAK_ROLES(X)                                  \
	X(DESKTOP, "the policy names no desktop user") \
	X(DOOR, "the policy has no door")              \
	X(ROOT, "there is no root")                    \
	X(STRANGER, "the policy names everybody")      \
	X(TOR, "the policy names no user of Tor")      \
	X(SERVICE, "only the others have services")    \
	X(KERNEL, "the copy has no IPv6")              \
	X(OUTSIDE, "nobody is outside")

enum leak_role {
#define X(NAME, without) LEAK_##NAME,
	LEAK_ROLES(X)
#undef X
		LEAK_ROLE_N
};

#define LEAK_USERS_MAX (POLICY_DOORS_MAX + LEAK_ROLE_N)

struct leak_user {
	enum leak_role role;
	uid_t uid;
	char name[POLICY_NAME_MAX + 1];
};

struct leak_users {
	struct leak_user items[LEAK_USERS_MAX];
	size_t n;
};

/* Where to. From INTERNET6 on it is IPv6. */
enum leak_target {
	TO_NOWHERE,
	TO_INTERNET,
	TO_PEER, /* an Internet address whose port LEAK_PEER_PORT answers */
	TO_CGNAT,
	TO_LINK_LOCAL,
	TO_MULTICAST,
	TO_MDNS,
	TO_LLMNR,
	TO_SSDP,
	TO_BROADCAST,
	TO_SUBNET, /* the LAN's broadcast address */
	TO_LAN,
	TO_GATEWAY,
	TO_LOOPBACK,
	TO_LOOPBACK_OTHER,
	TO_SELF,
	TO_AUTOMAP,
	TO_SERVICE, /* the first local service of the policy */
	TO_INTERNET6,
	TO_LAN6,
	TO_UNKNOWN6, /* on the link, its hardware address is not known */
	TO_LINK_LOCAL6,
	TO_MULTICAST6,
	TO_MDNS6,
	TO_LLMNR6,
	TO_MAPPED6, /* an Internet address of IPv4, written as IPv6 */
	TO_LOOPBACK6,
	TO_SELF6,
	TO_N
};

#define LEAK_PEER_PORT 4000

/* How a socket is bent. */
#define HOW_LINK 0x1u         /* bound to the link */
#define HOW_FOREIGN 0x2u      /* from an address that is not ours (IP_TRANSPARENT) */
#define HOW_MARK 0x8u         /* with SO_MARK value */
#define HOW_TOKEN 0x10u       /* with the mark of what the wall has admitted */
#define HOW_ROUTE_LOOSE 0x20u /* an IP option: by way of the LAN's gateway to the Internet */
#define HOW_ROUTE_STRICT 0x40u
#define HOW_RECORD 0x80u    /* an IP option: record the route */
#define HOW_FRAGMENT 0x100u /* so large that it is cut into pieces */
#define HOW_EMPTY 0x200u
#define HOW_NO_DEFRAG 0x4u /* conntrack does not put its fragments together */
#define HOW_PKTINFO 0x400u /* names the link beside the packet */
#define HOW_FAST_OPEN 0x800u
#define HOW_SEGMENTS 0x1000u /* several datagrams at once (UDP_SEGMENT) */
#define HOW_CONNECTED 0x2000u
#define HOW_BYPASS 0x4000u   /* PACKET_QDISC_BYPASS */
#define HOW_ROOT_MAY 0x8000u /* the second wall lets root do this */
/* From outside. */
#define HOW_FORWARD 0x1u /* in by the second link, to be forwarded */
#define HOW_LAST_HOP 0x2u

/* What is in a frame of a packet socket. */
enum leak_payload {
	PAYLOAD_UDP,
	PAYLOAD_UDP6,
	PAYLOAD_DHCP,
	PAYLOAD_TAGGED, /* a VLAN tag, then UDP */
	PAYLOAD_ARP6,   /* ARP for IPv6 addresses */
	PAYLOAD_ARP_REVERSE,
	PAYLOAD_BYTES,
};

struct leak_try;
struct leak_frame;

/* One way to leak: a row of the table. */
struct leak_attempt {
	const char *name, *sentence;
	uint32_t who; /* bits of enum leak_role */
	int (*try)(const struct leak_try *t);
	uint8_t to; /* enum leak_target */
	uint16_t proto, port;
	uint16_t how;
	uint32_t value; /* what try makes of it */
	uint8_t step;   /* enum leak_step */
	uint8_t where;  /* enum leak_where */
	bool passes;    /* no leak: this must pass, wall or not */
	/* For frames without a mark of ours; NULL: they have one. */
	bool (*is)(const struct leak_frame *f);
};

enum leak_step { STEP_FIRST, STEP_DOOR_OPEN, STEP_LATER, STEP_N };
enum leak_where { ON_LINK, ON_LOOPBACK, AS_FRAME };

extern const struct leak_attempt leak_attempts[];
extern const size_t n_leak_attempts;

/* In each packet of ours, wherever there is room: whose it is. */
#define LEAK_COOKIE 8
#define LEAK_IDS_MAX 8000

enum leak_wire { WIRE_LINK, WIRE_SECOND, WIRE_LOOPBACK, WIRE_N };

/* A frame that came in at the far end of a link, or on the copy's loopback. */
#define LEAK_SNAP 1536
struct leak_frame {
	uint8_t wire;
	uint16_t size; /* of bytes */
	uint8_t bytes[LEAK_SNAP];
};

/* What is going on, X(NAME, text). */
#define LEAK_STAGES(X)                 \
	X(MAKING, "making the copy")   \
	X(LOADING, "loading the wall") \
	X(UP, "wall up")               \
	X(LISTENING, "listening")      \
	X(OPENING, "opening the wall") \
	X(OPEN, "wall open")           \
	X(LISTENING_AGAIN, "listening again")

enum leak_stage {
#define X(NAME, text) STAGE_##NAME,
	LEAK_STAGES(X)
#undef X
		STAGE_N /* also: another attempt was made */
};

enum leak_expect { EXPECT_SILENCE, EXPECT_PASSES, EXPECT_NOTHING };
enum leak_round { ROUND_UP, ROUND_OPEN, ROUND_N };

/* One attempt of one user; its number is its index and 1. */
struct leak_case {
	uint16_t attempt, user;
	enum leak_expect expect;
	const char *why; /* EXPECT_NOTHING: it is not tried */
	bool seen[ROUND_N];
	int error[ROUND_N]; /* what the program was told */
	uint32_t from;      /* only frames from this one on are it */
	char frame[160];    /* the first one that left with the wall up */
};

/* Shared by all processes of the test; one writer for each thing in it. */
struct leak_run {
	struct leak_users users;
	char stage[40];       /* what is going on */
	uint32_t done, total; /* attempts of this round */
	char error[800];      /* why it came to nothing */
	bool finished;
	uint32_t n_unclaimed; /* frames that left with the wall up and were nobody's */
	char unclaimed[160];
	size_t n_cases;
	struct leak_case cases[LEAK_IDS_MAX];
};

/* The copy: what workers need to know of it is in here before they are started. */
struct leak_copy {
	struct leak_run *run;
	const struct policy *policy;
	const struct ruleset *ruleset;
	uint64_t home; /* the network namespace that must not be touched */
	int progress;  /* a byte, enum leak_stage, for each change */
	char link[POLICY_LINK_MAX + 1];
	uint32_t lan; /* network of the link, /24 */
	uint32_t index[WIRE_N], far[WIRE_N];
	bool ipv6;
	int host_ns, outside_ns;
	struct nl route, outside_route, nft;
	int captures[2], mark_socket, outside_packet;
	uint32_t token; /* what the second wall lets pass */
	uint8_t magic[LEAK_COOKIE];
	struct leak_wire_state *wire;
	int workers[LEAK_USERS_MAX]; /* sockets; -1: none, this process tries itself */
	enum leak_round round;
	uint32_t judged; /* frames of this round */
};

/* What an attempt gets. */
struct leak_try {
	const struct leak_copy *copy;
	const struct leak_attempt *a;
	uint16_t id;
	uint16_t flow; /* the number of Tor's own flow of that protocol; 0: there is none */
	uint8_t cookie[LEAK_COOKIE];
};

/* leak-test-ip.c; 0 or a negative errno, as the program was told. */
int leak_try_udp(const struct leak_try *t);
int leak_try_tcp(const struct leak_try *t);
/* The cookie as often as it fits into size bytes, which is returned. */
size_t leak_fill(const struct leak_try *t, uint8_t *buf, size_t size);
/* A socket of IPv4 or IPv6, as the attempt's target is, bent as it says; or a negative errno. */
int leak_socket(const struct leak_try *t, int type, int protocol);
/* leak-test-other.c */
int leak_try_sctp(const struct leak_try *t);
int leak_try_ping(const struct leak_try *t);
int leak_try_protocol(const struct leak_try *t);
int leak_try_join(const struct leak_try *t);
/* leak-test-raw.c */
int leak_try_udp_packet(const struct leak_try *t);
int leak_try_segment(const struct leak_try *t);
int leak_try_fragment(const struct leak_try *t);
int leak_try_rider(const struct leak_try *t);
int leak_try_icmp_error(const struct leak_try *t);
int leak_try_packet6(const struct leak_try *t);
/* leak-test-frames.c */
int leak_try_frame(const struct leak_try *t);
/* leak-test-outside.c */
int leak_try_outside(const struct leak_try *t);
int leak_try_link_up(const struct leak_try *t);
bool leak_is_router_solicitation(const struct leak_frame *f);
bool leak_is_duplicate_detection(const struct leak_frame *f);
bool leak_is_listener_report(const struct leak_frame *f);
bool leak_is_advertisement(const struct leak_frame *f);
/* leak-test-door.c */
int leak_try_door_udp(const struct leak_try *t);
int leak_try_door_tcp(const struct leak_try *t);

/* A packet under construction: leak-test-packet.c. */
struct leak_packet {
	uint8_t bytes[512];
	size_t size;
};

/* An IPv4 or IPv6 header without options. */
void leak_put_ip(struct leak_packet *p, uint8_t protocol, uint8_t ttl, uint32_t src, uint32_t dst);
void leak_put_ip6(struct leak_packet *p, uint8_t protocol, uint8_t ttl, const uint8_t *src,
		  const uint8_t *dst);
void leak_put(struct leak_packet *p, const void *bytes, size_t size);
void leak_put_udp(struct leak_packet *p, uint16_t sport, uint16_t dport);
void leak_put_tcp(struct leak_packet *p, uint16_t sport, uint16_t dport, uint8_t flags);
void leak_put_icmp(struct leak_packet *p, uint8_t type, uint16_t id);
/* Lengths and checksums of the IP packet that begins at byte from. */
void leak_seal(struct leak_packet *p, size_t from);

union leak_address {
	struct sockaddr any;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
};

/* leak-test-where.c */
bool leak_is_ipv6(enum leak_target to);
/* Where the attempt goes, with its port. The size of the address. */
socklen_t leak_address(const struct leak_try *t, union leak_address *ret);
uint32_t leak_own_address(const struct leak_copy *c); /* host order */
uint32_t leak_target_address(const struct leak_copy *c, enum leak_target to);
/* The /24 that the copy is on: one that the policy calls LAN, if it can be. */
uint32_t leak_choose_lan(const struct policy *p);
void leak_choose_link(char *buf, size_t size);
/* leak-test-net.c. The links, down; then their addresses and routes, and up. 0, or a negative errno
 * and *ret_what. */
int leak_net_make(struct leak_copy *c, const char **ret_what);
int leak_net_up(struct leak_copy *c, const char **ret_what);
#define LEAK_SECOND "sallyport-in" /* the host's other link */
#define LEAK_MAC 6
/* Hardware addresses of the near and the far end of a link. */
extern const uint8_t leak_near_mac[LEAK_MAC], leak_far_mac[LEAK_MAC];

/*
 * leak-test-switches.c; 0 or a negative errno. Of the host or of what is outside; then of the
 * host's links when they are there, and of flows when the wall is.
 */
int leak_set_switches(const struct leak_copy *c, bool host);
int leak_set_link_switches(const struct leak_copy *c);
int leak_set_flow_switches(void);

/* leak-test-wall.c; 0, or a negative errno and what the kernel refused. */
int leak_wall_load(struct leak_copy *c, struct nl_error *ret_error);
/* When there are routes: what is directly connected. */
int leak_wall_on_link(struct leak_copy *c, struct nl_error *ret_error);
int leak_wall_open(struct leak_copy *c, struct nl_error *ret_error);
int leak_door_open(struct leak_copy *c, size_t user, struct nl_error *ret_error);
int leak_door_close(struct leak_copy *c, size_t user, struct nl_error *ret_error);

/* leak-test-wire.c; 0 or a negative errno. */
#define LEAK_CPUS_MAX 8192
int leak_wire_open(struct leak_copy *c);
/* When it returns all that was sent before is recorded. */
int leak_wire_flush(struct leak_copy *c);
/* Waits until something comes in, or until then. */
void leak_wire_wait(struct leak_copy *c, usec_t until);
uint32_t leak_wire_n(const struct leak_copy *c);
const struct leak_frame *leak_wire_frame(const struct leak_copy *c, uint32_t i);
void leak_wire_forget(struct leak_copy *c);

/* leak-test-judge.c. Finds whose the frames were that came in since it was last asked. */
void leak_judge(struct leak_copy *c);
/* The port and identifier of an attempt in this round; the kernel takes others by itself. */
uint16_t leak_port(const struct leak_copy *c, uint16_t id);
void leak_cookie(const struct leak_copy *c, uint16_t id, uint8_t *ret);

/* leak-test-who.c */
void leak_users_of(const struct policy *p, struct leak_users *ret);
/* One process for each user that is one. 0, or a negative errno with run->error said. */
int leak_workers_start(struct leak_copy *c);
/* Lets all of them take a step, and waits until they have. */
int leak_workers_step(struct leak_copy *c, enum leak_step step);
/* Tries all of that step which are this user's. */
void leak_try_all(struct leak_copy *c, size_t user, enum leak_step step);

/* leak-test-allowed.c: why the policy allows it to that user; NULL: it does not. */
const char *leak_allowed(const struct leak_copy *c, const struct leak_attempt *a,
			 const struct leak_user *u);
bool leak_is_lan(const struct policy *p, uint32_t address);
/* TO_SERVICE; NULL: the policy has none that fits. */
const struct listen *leak_service(const struct policy *p);

/* leak-test-copy.c: all of it, in a process of its own. Never returns. */
_noreturn_ void leak_copy_run(struct leak_copy *c);
/* One more attempt has been made. */
void leak_progress(struct leak_copy *c);
void leak_failed(struct leak_copy *c, const char *what, int error);
/* The network namespace that one is in; whether it is the one that must not be touched. */
uint64_t leak_namespace(void);
bool leak_is_home(const struct leak_copy *c);

/* leak-test-report.c */
struct invocation;
/* Prints what came of it; the exit status. */
int leak_report(const struct invocation *inv, const struct leak_run *run, usec_t took);
int leak_list(const struct invocation *inv);
