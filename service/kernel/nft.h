/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The ruleset in the kernel: one table, inet sallyport. Everything here is one transaction or
 * none; whatever fails, the ruleset that was in force stays in force.
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
 * Loads a ruleset: base chains stay, rules are flushed and filled again, sets keep their
 * identity. in_force: what the table certainly holds already, then only the differences are
 * written; NULL: everything. With end_leases the sets of leases are emptied in the same
 * transaction (a new engine ends what it finds); without, leases go on undisturbed. flags:
 * NFT_FLAG_OWNER with NFT_FLAG_PERSIST, or 0; a kernel that lacks one of the two answers
 * -EOPNOTSUPP.
 */
int nft_load(struct nl *nl, const struct ruleset *r, const struct ruleset *in_force, uint32_t flags,
	     bool end_leases, struct nl_error *ret_error);

/* A lease as the kernel has it: a new flow of uid gets mark, flows with mark go on. */
struct nft_lease {
	uid_t uid;
	uint32_t mark;
};

/* Opens the door for at most timeout_ms. */
int nft_lease_add(struct nl *nl, const struct nft_lease *l, uint64_t timeout_ms,
		  struct nl_error *ret_error);
/* Replaces the elements by ones with a new timeout, without an instant between. */
int nft_lease_renew(struct nl *nl, const struct nft_lease *l, uint64_t timeout_ms,
		    struct nl_error *ret_error);
/* Closes the door. Elements that have ended by themselves are no error. */
int nft_lease_remove(struct nl *nl, const struct nft_lease *l, struct nl_error *ret_error);

/* Replaces what is directly connected: networks for [lan] on-link. */
int nft_on_link(struct nl *nl, const struct route_ranges *ranges, struct nl_error *ret_error);

/* Opens the wall: deletes the table. -ENOENT when there is none. */
int nft_delete(struct nl *nl, struct nl_error *ret_error);

/* 1 when there is a table of ours, 0 when not, or a negative errno. */
int nft_exists(struct nl *nl);
