/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The policy: what an administrator's files say, checked and immutable. Spec section 7.
 * Addresses and ports are in host byte order except where it says otherwise.
 */
#include "util.h"

#define POLICY_NAME_MAX 32   /* characters of a user's name, as useradd(8) allows */
#define POLICY_USERS_MAX 256 /* of one key */
#define POLICY_DOORS_MAX 32  /* clearnet and autoconfig users together */
#define POLICY_LEASES_MAX 32 /* upper bound of [lease] most */
#define POLICY_SECONDS_MAX (7 * 86400u)
#define POLICY_DNS_MOST_MAX 32
#define POLICY_NAMESPACES_MAX 256
#define POLICY_LINK_MAX 15 /* characters of a link's name, linux/if.h */
#define POLICY_URL_MAX 159
#define POLICY_RESPONSE_MAX 127
#define POLICY_COMMAND_WORDS_MAX 32

/* Where a thing was said. file is an index into policy.files; line 0 is the built-in default. */
struct origin {
	uint32_t file;
	uint32_t line;
};

/* A user that exists. Unknown names never get here: they are a warning and get nothing. */
struct user {
	char name[POLICY_NAME_MAX + 1]; /* as written; a number for a number */
	uid_t uid;
	bool by_number; /* written as a number: never resolved again */
	struct origin origin;
};

struct users {
	struct user *items;
	size_t n;
};

/* One ADDRESS:PORT[-PORT]/PROTO. IPv4, or the IPv6 address ::1. */
struct listen {
	bool ipv6;     /* then the address is ::1 and addr is 0 */
	uint32_t addr; /* IPv4, host order */
	uint16_t first;
	uint16_t last;
	uint8_t protocol; /* IPPROTO_TCP or IPPROTO_UDP */
	struct origin origin;
};

struct service {
	char *name;
	struct listen *listens;
	size_t n_listens;
	struct users users;  /* who may connect */
	struct users server; /* who may answer; uid 0 when not said */
	struct origin origin;
};

/* A confined program behind one end of a veth pair. */
struct namespace
{
	char *name;
	char interface[POLICY_LINK_MAX + 1]; /* the host's end */
	uint32_t peer;                       /* the other end's address, host order */
	struct listen *listens;              /* that it may reach; never IPv6 */
	size_t n_listens;
	struct users server; /* who may answer; uid 0 when not said */
	bool door;           /* a lease may let it out */
	struct origin interface_at, peer_at, door_at;
	struct origin origin;
};

/* PORT[-PORT][/PROTO] of [lan] refuse. protocol 0: every protocol that has ports. */
struct ports {
	uint16_t first;
	uint16_t last;
	uint8_t protocol;
	struct origin origin;
};

/* An IPv4 network, host order, host bits zero. */
struct subnet {
	uint32_t addr;
	uint8_t prefix; /* 0..32 */
	struct origin origin;
};

struct subnets {
	struct subnet *items;
	size_t n;
};

/* A link's name, or with prefix how such names begin ("veth*"). */
struct link_pattern {
	char name[POLICY_LINK_MAX + 1];
	bool prefix;
	struct origin origin;
};

/* KEY_at is where a single value was said, origin where its section begins. */
struct policy {
	char **files; /* names for origin.file */
	size_t n_files;

	struct users tor, desktop, clearnet, autoconfig; /* [users] */

	struct service *services;
	size_t n_services;

	struct namespace *namespaces;
	size_t n_namespaces;

	struct { /* [automap] */
		struct subnet range;
		uint16_t port; /* Tor's TransPort on 127.0.0.1 */
		struct users users;
		struct origin port_at;
		struct origin origin;
	} automap;

	struct {               /* [dns] */
		uint16_t port; /* Tor's DNSPort on 127.0.0.1 */
		bool tcp;
		struct users users;
		struct origin port_at, tcp_at;
		struct origin origin;
	} dns;

	struct { /* [tor] */
		bool dns, udp, loopback;
		struct origin dns_at, udp_at, loopback_at;
	} tor_may;

	struct { /* [lan] */
		struct subnets ranges, exclude;
		bool on_link;
		struct origin on_link_at;
		struct ports *refuse;
		size_t n_refuse;
	} lan;

	struct { /* [lease] */
		uint32_t default_seconds, longest_seconds, most;
		struct origin default_at, longest_at, most_at;
	} lease;

	struct { /* [clearnet-dns] */
		struct users readers;
		uint32_t most;
		struct origin most_at;
	} clearnet_dns;

	struct { /* [egress]: the second wall, on the wire */
		bool enable;
		struct link_pattern *except;
		size_t n_except;
		struct origin enable_at;
	} egress;

	struct { /* [report]: what is kept of a refused packet */
		bool destinations;
		struct origin destinations_at;
	} report;

	struct {                      /* [autoconfig]: the one connection that is consented to */
		char *url, *response; /* NULL: none; "": an empty answer is expected */
		uint64_t latest;      /* seconds since 1970; 0: not said */
		struct origin url_at, response_at, latest_at;
	} autoconfig_check;

	struct {                   /* [browser]: what is run for whom a door is opened */
		struct users user; /* one, who is clearnet; none: there is no browser */
		char *command;     /* words; with a user never NULL */
		struct origin command_at;
	} browser;
};

struct policy *policy_free(struct policy *p);

static inline void policy_freep(struct policy **p)
{
	(void)policy_free(*p);
}

/*
 * The wall that needs no file: Tor and its own services on loopback, no LAN, no door. Loaded for
 * early boot and when the policy is broken. tor_uid: the uid of debian-tor, or UINT32_MAX when
 * there is none. NULL: out of memory.
 */
struct policy *policy_built_in(uid_t tor_uid);

bool users_contain(const struct users *u, uid_t uid);

/* Whether the second wall stands on a link of that name: on all but lo and [egress] except. */
bool policy_covers(const struct policy *p, const char *link);

/* The clearnet or autoconfig user of that uid, or NULL: nobody else can be given a door. */
const struct user *policy_door(const struct policy *p, uid_t uid, bool *ret_autoconfig);

/* The [namespace] of a number that leases of it have in place of a uid, if it may have a door; or
 * NULL. */
const struct namespace *policy_namespace_door(const struct policy *p, uid_t number);

/* "FILE:LINE" or "built-in", into buf. */
void policy_format_origin(const struct policy *p, struct origin o, char *buf, size_t size);

/* The placeholders of [browser] command. */
enum command_place { PLACE_PROFILE, PLACE_PAGE, PLACE_N };

/* The place whose "{NAME}" text begins with, and the length of that; PLACE_N: there is none. */
enum command_place command_place(const char *text, size_t *ret_size);

/*
 * The words of a command with its places filled; a word that is nothing but a place that is empty
 * is left out. NULL: out of memory. The caller frees it with command_free().
 */
char **command_words(const char *command, const char *const places[PLACE_N]);
char **command_free(char **words);

/*
 * The merged policy as one INI text that parses to the same policy again, each line followed by
 * its origin in a comment. NULL: out of memory. The caller frees it.
 */
char *policy_show(const struct policy *p);
