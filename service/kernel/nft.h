/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The ruleset in the kernel: tables inet and netdev sallyport. Everything here is one transaction
 * or none; whatever fails, the ruleset that was in force stays in force.
 */
#include "netlink.h"
#include "route.h"
#include "ruleset.h"

/*
 * Table flags, linux/netfilter/nf_tables.h; PERSIST is of Linux 6.9. Owner alone must never be
 * used: the table, and the wall, would go with the process.
 */
#define NFT_FLAG_OWNER 0x2u
#define NFT_FLAG_PERSIST 0x4u

/*
 * Which of the two flags a table may have here: both, or 0. Asked in a transaction that always
 * aborts, so nothing comes of it. 0 or a negative errno, and then nothing is known.
 */
int nft_table_flags(struct nl *nl, uint32_t *ret_flags, struct nl_error *ret_error);

/* Where new flows of a lease of a smaller scope may go to. */
struct nft_reach {
	uint32_t addr; /* IPv4, host order */
	uint16_t port;
	uint8_t protocol;
	uint64_t timeout_ms;
};

/*
 * A lease as the kernel has it: a new flow of uid gets mark, flows with mark go on. Of a smaller
 * scope only those to its reach, which stays the caller's.
 */
struct nft_lease {
	uid_t uid;
	uint32_t mark;
	uint64_t timeout_ms; /* the door closes by itself after this */
	bool scoped;
	/* Of a whole namespace, then not of uid: what comes by this link from this address. */
	bool is_namespace;
	char link[POLICY_LINK_MAX + 1];
	uint32_t peer;
	const struct nft_reach *reach;
	size_t n_reach;
};

struct nft_leases {
	struct nft_lease *items;
	size_t n;
};

/* What is to be loaded, and how. Everything pointed to stays the caller's. */
struct nft_wall {
	const struct ruleset *ruleset;
	/* What the table certainly holds already: only differences are written. NULL: everything.
	 */
	const struct ruleset *in_force;
	/* NFT_FLAG_OWNER with NFT_FLAG_PERSIST, or 0; a kernel without one of them: -EOPNOTSUPP. */
	uint32_t flags;
	/* Marks what the wall has admitted, for the second one; random, not 0. */
	uint32_t token;
	/* In the same transaction these leases and no others. NULL: leases go on undisturbed. */
	const struct nft_leases *leases;
	/* The table is made anew: nobody knows what shape it has. */
	bool anew;
};

/*
 * Loads the wall: base chains stay, rules are flushed and filled again, sets keep their identity.
 * The first time it asks how the kernel takes a queue.
 */
int nft_load(struct nl *nl, const struct nft_wall *w, struct nl_error *ret_error);

/* A link on which the second wall stands; bare: without link-layer header (ARPHRD_NONE and the
 * like). */
struct nft_link {
	uint32_t index;
	char name[POLICY_LINK_MAX + 1];
	bool bare;
};

struct nft_links {
	struct nft_link *items;
	size_t n;
};

/*
 * Loads the second wall, with a chain on each link; w->token is let through besides what already
 * was. -ENOENT: a link has gone meanwhile, or the kernel has no egress hook.
 */
int nft_load_egress(struct nl *nl, const struct nft_wall *w, const struct nft_links *links,
		    struct nl_error *ret_error);
/* From now on only token is let through, and previous for another second. */
int nft_egress_token(struct nl *nl, uint32_t token, uint32_t previous, struct nl_error *ret_error);
/*
 * Whether a chain belongs to the name of its link, and waits while there is none (Linux 6.16), or
 * to the link: then it goes with it, and follows it to its next name. Asked in a transaction that
 * always aborts. 0 or a negative errno, and then nothing is known.
 */
int nft_egress_by_name(struct nl *nl, uint32_t flags, bool *ret, struct nl_error *ret_error);
/* Chains on more links; they may be there already. */
int nft_egress_cover(struct nl *nl, const struct nft_links *links, struct nl_error *ret_error);
/* The chain of a link that has gone. -ENOENT: it went with it. */
int nft_egress_uncover(struct nl *nl, const char *link, struct nl_error *ret_error);

/* After a load: whether packets come to the queue. Without it no smaller scope can be given. */
bool nft_has_queue(const struct nl *nl);

/* The elements of a lease, besides its reach. At most so many. */
#define NFT_LEASE_ELEMENTS 3
struct nft_lease_element {
	enum rs_set set;
	struct rs_element element;
};
size_t nft_lease_elements(const struct nft_lease *l,
			  struct nft_lease_element ret[NFT_LEASE_ELEMENTS]);

/* Opens the door. */
int nft_lease_add(struct nl *nl, const struct nft_lease *l, struct nl_error *ret_error);
/* Replaces the elements by ones with a new timeout, without an instant between. */
int nft_lease_renew(struct nl *nl, const struct nft_lease *l, struct nl_error *ret_error);
/* More reach, or the same with another timeout, for a lease of a smaller scope that is open. */
int nft_lease_reach(struct nl *nl, const struct nft_lease *l, struct nl_error *ret_error);
/* Closes the door. Elements that have ended by themselves are no error. */
int nft_lease_remove(struct nl *nl, const struct nft_lease *l, struct nl_error *ret_error);

/* Replaces what is directly connected: networks for [lan] on-link. */
int nft_on_link(struct nl *nl, const struct route_ranges *ranges, struct nl_error *ret_error);

/* Opens the wall, or the second one: deletes the table. -ENOENT when there is none. */
int nft_delete(struct nl *nl, enum rs_table table, struct nl_error *ret_error);
