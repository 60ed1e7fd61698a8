/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The engine's state, and what may happen to it. Policy and leases decide (policy/), the kernel
 * obeys (kernel/); this joins the two, so that what the tables say is always what the kernel has,
 * or less.
 */
#include "blocked-ring.h"
#include "config.h"
#include "gateway.h"
#include "lease.h"
#include "link.h"
#include "monitor.h"
#include "nflog.h"
#include "nfqueue.h"
#include "nft.h"

#include <errno.h>

/* That wait for the bus process at once, at most. */
#define SCOPED_HELD_MAX 16

/* A DNS answer that waits in the kernel. */
struct scoped_held {
	uint32_t packet;
	uint64_t lease;
	usec_t until; /* then it is dropped */
};

struct engine {
	struct nl nft;  /* owns the table: the socket, not the process, is the owner */
	struct nl work; /* conntrack */
	struct nl diag; /* sockets */
	struct nl route, route_watch;
	struct route_ranges on_link; /* what the kernel's set of them holds */
	bool on_link_known;
	struct { /* what the bus process is told of links and addresses; links.c */
		struct wire_links last;
		uint32_t addresses;
		struct gateway network; /* that was there when it was told last */
		bool has_network;
		uint32_t n_networks;
		unsigned int n_told; /* since it was heard of last */
		bool owed;
	} told_links;
	uint32_t table_flags; /* 0 where the kernel lacks one of them */

	struct {                          /* the second wall; egress.c */
		uint32_t token;           /* marks what the first one has admitted; 0: none yet */
		uint32_t previous;        /* passes for another moment */
		bool up;                  /* it is in the kernel */
		bool by_name;             /* chains belong to names, not to links */
		struct nft_links covered; /* its chains, those of links that have gone too */
		uint32_t lowered[16]; /* indexes of links that are down until they are covered */
		size_t n_lowered;
	} egress;

	struct monitor monitor; /* tamper.c */
	usec_t repair_at;       /* when to try again, or USEC_INFINITY */

	struct nflog nflog; /* blocked.c */
	struct blocked_ring *blocked;
	usec_t told_since; /* how many of them in this second */
	unsigned int n_told;

	struct policy *policy;            /* in force */
	struct ruleset *ruleset;          /* in the kernel */
	uint8_t proved[WIRE_DIGEST_SIZE]; /* of the ruleset whose invariants were proved last */
	bool built_in;                    /* they are the built-in ones */

	struct lease_table leases;
	struct lease_pipe { /* write ends: closing one tells the holder */
		uint64_t id;
		int fd;
	} pipes[WIRE_LEASES_MAX];
	size_t n_pipes;

	struct {                        /* consent.c */
		struct nl watch;        /* links, routes, neighbours */
		struct gateway network; /* that the consent is for */
		int record;             /* what outlives this process, or -1: nothing can */
	} consent;

	struct { /* scoped.c */
		struct nfqueue queue;
		struct gateway network; /* that the leases of portals and namespaces are for */
		struct scoped_held held[SCOPED_HELD_MAX];
		size_t n_held;
	} scoped;

	bool forwards; /* a link may, by our doing; forward.c */

	struct cut *cuts; /* sockets of ended leases; cut.c */

	int peer;          /* the bus process, or -1 */
	usec_t deaf_until; /* no new one is heard before; 0: at once */
	bool greeted;      /* it has fetched the limits */
	usec_t heartbeat;  /* when it was last heard of */
	uid_t bus_uid;
};

/* How a load of the policy's files went. */
struct load_report {
	enum reload_outcome outcome;
	uint32_t n_errors;
	char text[WIRE_TEXT_SIZE]; /* the first error, or a sentence */
};

/* What comes first. Fatal on failure. */
void engine_init(struct engine *e);
/*
 * Opens the netlink socket that loads or opens the wall and finds out which flags its table may
 * have; opens the others. Fatal on failure. An engine that goes on begins with owner_open().
 */
void engine_open_wall(struct engine *e);
void engine_open(struct engine *e);

/*
 * Puts a wall into the kernel: the policy's, or with errors in it the built-in one. Leases that an
 * earlier engine left end in the same transaction. Fatal if neither can be loaded; then the wall
 * that was there before stays.
 */
void engine_seal(struct engine *e);
/* The built-in wall alone, for early boot. 0 or a negative errno. */
int engine_seal_built_in(struct engine *e, struct nl_error *ret_error);

/* Loads again what is in force, leases too, over whatever somebody has made of it. */
int engine_repair(struct engine *e, struct nl_error *ret_error);
/* In an nl_error: the kernel took it all, but what is there is not as it should be; text says how.
 */
#define LOAD_NOT_AS_SENT (-EBADMSG)
/* What the kernel refused, and what may be the matter, as a sentence without its end. */
void engine_describe(const struct nl_error *error, char *buf, size_t size);

/* Reads the policy again. On any error the ruleset in force stays in force. */
void engine_reload(struct engine *e, struct load_report *ret);

/* Grants a lease that lease_consider() allowed; *ret_fd: the holder's end. 0 or negative errno. */
int engine_grant(struct engine *e, const struct lease *l, int *ret_fd);
/*
 * After lease_extend(): the kernel's timeout follows. 0 or a negative errno; -ENOENT when the
 * kernel has ended it already.
 */
int engine_renew(struct engine *e, uint64_t id);
/*
 * Ends a lease: the kernel's elements in one transaction, then conntrack entries, then its holder
 * and the bus process are told. On return nothing of its flows passes; its sockets are destroyed in
 * the ticks that follow.
 */
void engine_end(struct engine *e, uint64_t id, enum wire_reason reason, uint32_t cookie);
/* The leases as the kernel should have them; the caller frees the items. */
void engine_kernel_leases(const struct engine *e, struct nft_leases *ret);
/*
 * Ends the leases of probes where a load that follows makes the sets anew: what each of them has
 * done is not known any more. Their elements are left to that load.
 */
void engine_end_probes(struct engine *e);
/* Carries out what the state machine asked for. */
void engine_apply(struct engine *e, const struct lease_effects *effects);
void engine_end_all(struct engine *e, enum wire_reason reason);

/* Time has passed: renewals, deadlines, a silent peer. */
void engine_tick(struct engine *e, usec_t now);
/* When engine_tick() is due next; USEC_INFINITY for never. */
usec_t engine_next(const struct engine *e);

/* The holder of a lease has closed its descriptor. */
void engine_pipe_closed(struct engine *e, uint64_t id);

/* A new peer, already checked; and the end of one, with its leases. */
void engine_take_peer(struct engine *e, int fd);
void engine_drop_peer(struct engine *e, const char *why);

/* A message is there to be read. requests.c */
void engine_handle_peer(struct engine *e);
/* Sends to the peer if there is one; a peer that does not read is dropped. */
void engine_send(struct engine *e, const void *message, size_t size, int fd);

/* A random mark that no lease has, of what is asked for. */
uint32_t engine_new_mark(const struct engine *e, const struct lease_request *request);
