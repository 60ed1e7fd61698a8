/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The parser in three steps: reader.c (files -> sections of keys with words), values.c (one word
 * -> one value), config.c (sections -> policy) with check.c (what contradicts what).
 */
#include "config.h"

enum section {
	SECTION_USERS,
	SECTION_SERVICE,
	SECTION_AUTOMAP,
	SECTION_DNS,
	SECTION_TOR,
	SECTION_LAN,
	SECTION_LEASE,
	SECTION_CLEARNET_DNS,
	SECTION_EGRESS,
	SECTION_REPORT,
	SECTION_NAMESPACE,
	SECTION_AUTOCONFIG,
	SECTION_BROWSER,
	SECTION_N
};

/* X(SECTION, KEY, name, list) */
#define CONFIG_KEYS(X)                                         \
	X(USERS, USERS_TOR, "tor", true)                       \
	X(USERS, USERS_DESKTOP, "desktop", true)               \
	X(USERS, USERS_CLEARNET, "clearnet", true)             \
	X(USERS, USERS_AUTOCONFIG, "autoconfig", true)         \
	X(SERVICE, SERVICE_LISTEN, "listen", true)             \
	X(SERVICE, SERVICE_USERS, "users", true)               \
	X(SERVICE, SERVICE_SERVER, "server", true)             \
	X(AUTOMAP, AUTOMAP_RANGE, "range", false)              \
	X(AUTOMAP, AUTOMAP_PORT, "port", false)                \
	X(AUTOMAP, AUTOMAP_USERS, "users", true)               \
	X(DNS, DNS_PORT, "port", false)                        \
	X(DNS, DNS_TCP, "tcp", false)                          \
	X(DNS, DNS_USERS, "users", true)                       \
	X(TOR, TOR_DNS, "dns", false)                          \
	X(TOR, TOR_UDP, "udp", false)                          \
	X(TOR, TOR_LOOPBACK, "loopback", false)                \
	X(LAN, LAN_RANGES, "ranges", true)                     \
	X(LAN, LAN_EXCLUDE, "exclude", true)                   \
	X(LAN, LAN_ON_LINK, "on-link", false)                  \
	X(LAN, LAN_REFUSE, "refuse", true)                     \
	X(LEASE, LEASE_DEFAULT, "default", false)              \
	X(LEASE, LEASE_LONGEST, "longest", false)              \
	X(LEASE, LEASE_MOST, "most", false)                    \
	X(CLEARNET_DNS, CLEARNET_DNS_READERS, "readers", true) \
	X(CLEARNET_DNS, CLEARNET_DNS_MOST, "most", false)      \
	X(EGRESS, EGRESS_ENABLE, "enable", false)              \
	X(EGRESS, EGRESS_EXCEPT, "except", true)               \
	X(REPORT, REPORT_DESTINATIONS, "destinations", false)  \
	X(NAMESPACE, NAMESPACE_INTERFACE, "interface", false)  \
	X(NAMESPACE, NAMESPACE_PEER, "peer", false)            \
	X(NAMESPACE, NAMESPACE_LISTEN, "listen", true)         \
	X(NAMESPACE, NAMESPACE_SERVER, "server", true)         \
	X(NAMESPACE, NAMESPACE_DOOR, "door", false)            \
	X(AUTOCONFIG, AUTOCONFIG_URL, "url", false)            \
	X(AUTOCONFIG, AUTOCONFIG_RESPONSE, "response", false)  \
	X(AUTOCONFIG, AUTOCONFIG_LATEST, "latest-date", false) \
	X(BROWSER, BROWSER_USER, "user", false)                \
	X(BROWSER, BROWSER_COMMAND, "command", false)

enum config_key {
#define X(SECTION, KEY, name, list) KEY_##KEY,
	CONFIG_KEYS(X)
#undef X
		KEY_N
};

/* One word of a list, or the whole of a scalar. */
struct word {
	char *text;
	struct origin origin;
};

/* What was said of one key: nothing, or words (none when it was reset with an empty value). */
struct words {
	bool said;
	struct word *items;
	size_t n, capacity;
	struct origin origin; /* of the last line about it */
};

#define SECTION_KEYS_MAX 5

/* A section as all files together have it. */
struct raw_section {
	enum section kind;
	char *name; /* of a service or a namespace, else NULL */
	bool removed;
	struct origin origin; /* where it was first opened */
	struct words keys[SECTION_KEYS_MAX];
	struct raw_section *next; /* in its hash bucket */
};

#define NAMED_BUCKETS 8192

struct parser {
	struct diagnostics *diags;
	char **files;
	size_t n_files;
	bool out_of_memory;
	config_resolve_fn resolve;
	void *userdata;
	struct resolved {
		char name[POLICY_NAME_MAX + 1];
		uid_t uid;
		int error;
	} * resolved; /* what resolve has said already */
	size_t n_resolved;

	struct raw_section singles[SECTION_N];
	struct raw_section **named; /* in the order in which they were opened */
	size_t n_named, named_capacity;
	struct raw_section **buckets;
	struct raw_section *open; /* the section that lines belong to now; NULL: a bad one */
};

void config_error(struct parser *p, struct origin o, const char *fmt, ...) _printf_(3, 4);
void config_warning(struct parser *p, struct origin o, const char *fmt, ...) _printf_(3, 4);

/* reader.c */
void reader_read(struct parser *p, const struct source *source, uint32_t file);
void reader_clear(struct parser *p);
const char *config_section_name(enum section s);
const char *config_key_name(enum config_key k);
/* The words of a key of a section. */
const struct words *raw_words(const struct raw_section *s, enum config_key k);

/* values.c: true and the value, or false with the error reported. */
bool value_bool(struct parser *p, const struct word *w, bool *ret);
bool value_number(struct parser *p, const struct word *w, uint32_t min, uint32_t max,
		  const char *what, uint32_t *ret);
bool value_seconds(struct parser *p, const struct word *w, uint32_t *ret);
bool value_subnet(struct parser *p, const struct word *w, struct subnet *ret);
bool value_ports(struct parser *p, const struct word *w, struct ports *ret);
bool value_link(struct parser *p, const struct word *w, struct link_pattern *ret);
/* Of one host, not this one: unicast, not loopback. */
bool value_peer(struct parser *p, const struct word *w, uint32_t *ret);
bool value_listen(struct parser *p, const struct word *w, struct listen *ret);
bool value_date(struct parser *p, const struct word *w, uint64_t *ret);
/* Whether it is a URL that can be checked, and a text that an answer can begin with. */
bool value_url(struct parser *p, const struct word *w);
bool value_response(struct parser *p, const struct word *w);
/* Whether it is a command of [browser]: a program with its whole path, and placeholders that exist.
 */
bool value_command(struct parser *p, const struct word *w);

/* check.c: what no single line can be blamed for alone. */
void check_policy(struct parser *p, const struct policy *policy);
