/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Leases and consent as a pure state machine: (table, event, now) -> table and effects. Spec
 * sections 2 and 6. Nothing here touches the kernel; engine.c carries the effects out. All times
 * are microseconds of CLOCK_BOOTTIME.
 */
#include "domain.h"
#include "policy.h"
#include "wire.h"

/* What the kernel gives an element at most: a dead or hung process closes the door within it. */
#define LEASE_KERNEL_TIMEOUT (15 * USEC_PER_SEC)
#define LEASE_RENEW_AFTER (5 * USEC_PER_SEC)
/* No renewal unless the bus process was heard of within this time. */
#define LEASE_HEARTBEAT_MAX (5 * USEC_PER_SEC)

/* An address that an answer has named may be reached for so long, whatever its TTL. */
#define LEASE_ADDRESS_SHORTEST (60 * USEC_PER_SEC)
#define LEASE_ADDRESS_LONGEST (300 * USEC_PER_SEC)
#define LEASE_ADDRESSES_MAX 64
/* A probe is over in ten seconds, or has failed. */
#define LEASE_PROBE_SECONDS 12u

struct lease_address {
	uint32_t addr; /* IPv4, host order */
	usec_t until;
};

struct lease {
	uint64_t id;
	uid_t uid;                      /* for whom the door is open */
	char user[POLICY_NAME_MAX + 1]; /* as the policy called that uid then */
	uint32_t mark;                  /* of its flows */
	uid_t holder;                   /* who asked */
	bool autoconfig;
	usec_t started;
	usec_t expires;
	usec_t kernel_until; /* when its elements end by themselves */
	enum lease_scope scope;
	/* Of a whole namespace: the link that leads to it, and its address there. */
	bool is_namespace;
	char link[POLICY_LINK_MAX + 1];
	uint32_t peer;
	/* Of a smaller scope: whom it may ask, and what these have named. */
	uint32_t servers[WIRE_SERVERS_MAX];
	size_t n_servers;
	struct lease_address addresses[LEASE_ADDRESSES_MAX];
	size_t n_addresses;
};

struct consent {
	enum consent_value value;
	uid_t who;    /* has given or withdrawn it; unknown: had given it */
	usec_t since; /* 0: nobody was asked yet */
	uint8_t network[WIRE_NETWORK_SIZE];
	uint64_t uses;            /* leases that stood on it */
	enum consent_ended ended; /* unknown: what ended the last one */
};

struct lease_table {
	struct lease items[WIRE_LEASES_MAX];
	size_t n;
	uint64_t last_id;
	struct consent consent;
};

enum lease_effect_kind { EFFECT_RENEW, EFFECT_END };

/* What is to be done in the kernel, and then with lease_renewed() or lease_remove(). */
struct lease_effect {
	enum lease_effect_kind kind;
	uint64_t id;
	enum wire_reason reason; /* EFFECT_END */
	usec_t until;            /* EFFECT_RENEW: the elements' new end */
};

struct lease_effects {
	struct lease_effect items[WIRE_LEASES_MAX];
	size_t n;
};

/* What is asked for. */
struct lease_request {
	uid_t uid;
	uint32_t seconds; /* 0: the policy's default */
	uid_t holder;
	enum lease_scope scope;
	const uint32_t *servers; /* IPv4, host order */
	size_t n_servers;
};

/*
 * Would this lease be granted? REFUSAL_NONE and the lease, not yet in the table, in *ret; else
 * why not, and in *ret_detail the number that belongs to it.
 * mark must be one that no lease of the table has.
 */
enum wire_refusal lease_consider(const struct lease_table *t, const struct policy *p,
				 const struct lease_request *request, uint32_t mark, usec_t now,
				 struct lease *ret, uint32_t *ret_detail);

/* Enters a considered lease once the kernel has it. */
void lease_add(struct lease_table *t, const struct lease *l);

/* A later (or earlier) end, from now, never beyond the policy's longest. */
enum wire_refusal lease_extend(struct lease_table *t, const struct policy *p, uint64_t id,
			       uint32_t seconds, usec_t now, usec_t *ret_expires,
			       uint32_t *ret_detail);

struct lease *lease_find(struct lease_table *t, uint64_t id);
void lease_renewed(struct lease_table *t, uint64_t id, usec_t until);
/* Leaves the table; false if it was not there. */
bool lease_remove(struct lease_table *t, uint64_t id);

/* The end of a new or renewed lease's elements. */
usec_t lease_kernel_until(const struct lease *l, usec_t now);

/* What time alone demands: renewals while the bus process lives, ends at deadlines. */
void lease_tick(const struct lease_table *t, usec_t heartbeat, usec_t now,
		struct lease_effects *ret);

/* When lease_tick() should be called again; USEC_INFINITY without leases. */
usec_t lease_next(const struct lease_table *t, usec_t heartbeat, usec_t now);

/* What a new policy would not grant: no door any more, another user's uid, too long, too many. */
void lease_reconsider(const struct lease_table *t, const struct policy *p, usec_t now,
		      struct lease_effects *ret);

/* An autoconfig user has a probe's scope, and nobody else has. */
bool lease_scope_fits(enum lease_scope scope, bool autoconfig);
/* Whether a server may have that address, as far as the address alone says. */
bool lease_may_ask(uint32_t addr);
/* Whether it is of somebody's own network; such may be reached only in own ranges, the network's
 * own, and others if one may ask there. */
bool lease_is_private(uint32_t addr);
bool lease_may_reach(uint32_t addr, const struct range *own, size_t n);
/*
 * An answer has named that address. What may be reached, until when: longer than before if it was
 * there; NULL: there are too many.
 */
const struct lease_address *lease_name(struct lease *l, uint32_t addr, uint32_t ttl, usec_t now);
/* Whether that is one of its servers. */
bool lease_asks(const struct lease *l, uint32_t addr);
/* The network that portals and namespaces were for is another. */
bool lease_has_network(const struct lease *l);
void lease_end_portals(const struct lease_table *t, struct lease_effects *ret);

/* Ends all, for one reason. */
void lease_end_all(const struct lease_table *t, enum wire_reason reason, struct lease_effects *ret);

/*
 * Consent, for one network. Leases that stood on another's end. Hidden stays hidden,
 * REFUSAL_HIDDEN, unless whoever asks was let to lift that; else REFUSAL_NONE.
 */
enum wire_refusal consent_grant(struct lease_table *t, uid_t who,
				const uint8_t network[WIRE_NETWORK_SIZE], bool lift, usec_t now,
				struct lease_effects *ret);
/* Withdrawn, or never to be asked for: whatever it was before. What stood on it ends. */
void consent_hide(struct lease_table *t, uid_t who, usec_t now, struct lease_effects *ret);
/* It was for something that is no more. False if there was none: then nothing changes. */
bool consent_end(struct lease_table *t, enum consent_ended why, usec_t now,
		 struct lease_effects *ret);
