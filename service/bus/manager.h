/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The bus process's state: what the engine has said of the policy, which doors are open and who
 * holds them, the network's own DNS servers. Every decision about a limit is the engine's; what
 * is checked here already is checked so that nobody is asked for a password in vain.
 */
#include "authorize.h"
#include "clearnet-dns.h"
#include "engine-client.h"
#include "errors.h"
#include "sessions.h"

#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

struct address_check;
struct check_network;
struct nm_dns;
struct nm_owner;
struct nm_primary;
struct tor_control;

#define OBJECT_PATH "/org/sallyport1"
#define BUS_NAME "org.sallyport1"
#define CLEARNET_INTERFACE "org.sallyport1.Clearnet"
#define DNS_INTERFACE "org.sallyport1.DNS"
#define AUTOCONFIG_INTERFACE "org.sallyport1.Autoconfig"
#define MANAGER_INTERFACE "org.sallyport1.Manager"
#define NETWORK_NAME_MAX 64
/* NetworkManager's connection, and of each link that has servers these: "cafe, eth0 (192.0.2.1)".
 */
#define PORTAL_NETWORK_SIZE 400

/* A namespace is called namespace:NAME where users are called by their name. */
#define NAMESPACE_PREFIX "namespace:"
#define HELD_USER_SIZE (sizeof(NAMESPACE_PREFIX) - 1 + WIRE_NAME_SIZE)

/* A door that is open, and who holds it. */
struct held {
	uint64_t id;
	uid_t uid;                 /* for whom; of a namespace its number, wire.h */
	char user[HELD_USER_SIZE]; /* as it is called to people */
	uid_t holder;
	char *sender;  /* the holder's unique bus name */
	char *session; /* its session's object path, or NULL when it has none */
	enum lease_scope scope;
	char network[PORTAL_NETWORK_SIZE]; /* of SCOPE_PORTAL */
	char uuid[NETWORK_NAME_MAX + 1];   /* and NetworkManager's connection, if known */
	char details[DETAILS_SIZE];        /* what polkit was shown */
	uint64_t started, expires;
	bool ending; /* it is to end, for this reason */
	enum wire_reason reason;
	bool asked; /* the engine, to end it */
	sd_bus_track *track;
	struct manager *manager;
	struct held *next;
};

enum network_state { NETWORK_NONE, NETWORK_CONNECTING, NETWORK_UP, NETWORK_N };

/* As it is published. */
struct network {
	enum network_state state;
	uint32_t number; /* the engine's; 0: none */
	char name[NETWORK_NAME_MAX + 1];
	char uuid[NETWORK_NAME_MAX + 1];
};

struct manager {
	sd_event *event;
	sd_bus *bus;
	struct authorizer *authorizer;
	struct engine_client *engine;
	struct sessions *sessions;
	struct clearnet_dns dns;
	struct address_check *checks; /* address-check.c; the first is being asked about */
	bool checking;
	struct nm_owner *nm;
	struct nm_dns *nm_dns;
	struct nm_primary *nm_primary;
	struct tor_control *tor;
	struct check_network *check;
	sd_event_source *recheck; /* polkit's rules have changed */
	bool changed_again;       /* and once more since it was armed */

	struct wire_limits limits; /* sealed 0 while the engine does not answer */
	bool has_name;
	struct held *held;
	struct subscriber *subscribers; /* to refused packets; blocked.c */
	uint64_t last_subscriber;
	unsigned int opening;       /* doors that the engine was asked for, and has not answered */
	enum consent_value consent; /* as the engine has said last */
	char network[NETWORK_NAME_MAX + 1]; /* as the one who consented called it */
	uint8_t network_id[WIRE_NETWORK_SIZE];

	struct network net;                      /* network.c */
	char consent_uuid[NETWORK_NAME_MAX + 1]; /* the connection that consent is for, if known */
	bool end_consent;                        /* the engine could not be asked to, yet */
	const char *connectivity;                /* of the last check; NULL: none */
	char result_uuid[NETWORK_NAME_MAX + 1];  /* the connection that it was of, if known */
	bool dns_available;                      /* as it was published */
};

/* Objects and matches on the bus, connection to the engine. 0 or a negative errno. */
int manager_start(struct manager *m, sd_event *event, sd_bus *bus, const char *engine_path);
void manager_stop(struct manager *m);

/* Lets the machine sleep, if it is about to, once no door is open or about to be. */
void manager_let_sleep(struct manager *m);

/* The door of a name or number, or NULL; *ret_known: does such a user exist at all? */
const struct wire_door *manager_door(const struct manager *m, const char *user, bool *ret_known);
/* The door of a [namespace], or NULL. */
const struct wire_door *manager_namespace(const struct manager *m, const char *name);
/* Sends a signal of ours to one peer. */
void manager_signal(struct manager *m, const char *destination, const char *member,
		    const char *types, ...);
void manager_changed(struct manager *m, const char *interface, const char *property);

/* The caller's uid and, where not NULL, pid, as the bus knows them. */
int caller_ids(sd_bus_message *m, uid_t *ret_uid, pid_t *ret_pid);

struct held *held_find(const struct manager *m, uint64_t id);
struct held *held_find_uid(const struct manager *m, uid_t uid);
/* Enters a lease of the caller and tells it. When the caller has left already, it is ending. */
struct held *held_add(struct manager *m, sd_bus_message *call, const struct held *template);
/*
 * Asks the engine to end it, until it could be asked; it is forgotten, and its holder told, when
 * the engine has.
 */
void held_end(struct held *h, enum wire_reason reason);
void held_end_all(struct manager *m, enum wire_reason reason);
/* Asks again for what could not be asked. */
void held_retry(struct manager *m);
/* It has ended: tells its holder and forgets it. */
void held_ended(struct manager *m, uint64_t id, enum wire_reason reason);

/* Asks the engine how consent stands. */
void autoconfig_refresh(struct manager *m);
/* How it stands: whoever watches the property learns of it. */
void autoconfig_changed(struct manager *m, enum consent_value value);
/* A UUID, 8-4-4-4-12 (RFC 9562, 4), is its bytes. */
bool autoconfig_parse_uuid(const char *text, uint8_t id[WIRE_NETWORK_SIZE]);
/* What a check of the network has said, a word that lives as long as this; NULL: nothing. It is
 * forgotten by itself when the network changes. */
void autoconfig_result_changed(struct manager *m, const char *connectivity);

/* Servers were saved or forgotten: publishes them, and whether there are any. */
void dns_changed(struct manager *m);

#define ACTION_DISABLE_OTHERS "org.sallyport1.disable-others"
#define ACTION_LIST_OTHERS "org.sallyport1.list-others"
#define ACTION_SAVE_DNS "org.sallyport1.save-clearnet-dns"
#define ACTION_GET_DNS "org.sallyport1.get-clearnet-dns"
#define ACTION_CONSENT "org.sallyport1.set-autoconfig-consent"
#define ACTION_LIFT_HIDDEN "org.sallyport1.lift-hidden"
#define ACTION_CHECK_NETWORK "org.sallyport1.check-network"
#define ACTION_RELOAD "org.sallyport1.reload"
#define ACTION_INSPECT "org.sallyport1.inspect"

/* The vtables, a file each. */
extern const sd_bus_vtable clearnet_vtable[];
extern const sd_bus_vtable doors_vtable[];
extern const sd_bus_vtable dns_vtable[];
extern const sd_bus_vtable autoconfig_vtable[];
extern const sd_bus_vtable manager_vtable[];
