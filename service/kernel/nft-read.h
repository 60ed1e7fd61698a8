/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The ruleset as the kernel has it, read back into the data that it was made from. What ours never
 * have is named, and not understood: a chain, a set or an expression of somebody else's, a hook, a
 * flag. nft-compare.h holds the rest against what was sent.
 */
#include "netlink.h"
#include "ruleset.h"

#define NFT_FAULT_SIZE 480

/* An element of a set that a load keeps. */
struct nft_kept {
	struct rs_element element;
	uint64_t timeout_ms; /* what it was given; 0: for ever */
};

struct nft_kept_list {
	struct nft_kept *items;
	size_t n, capacity;
};

/* The second wall's chain on a link. */
struct nft_seen_link {
	char name[POLICY_LINK_MAX + 1];   /* as the chain says */
	char device[POLICY_LINK_MAX + 1]; /* where it hooks */
	bool bare;
	size_t n_rules;
};

struct nft_seen {
	uint32_t generation; /* of nf_tables */
	struct {
		bool there;
		uint32_t flags;
	} tables[TABLE_N];
	struct ruleset *ruleset; /* rules; elements, sorted, but not of kept sets */
	struct nft_kept_list kept[SET_N];
	struct nft_seen_link *links;
	size_t n_links;
	size_t n_elements; /* all of them */
	/* The first thing that is none of ours, or not as ours; empty: there is none. */
	char fault[NFT_FAULT_SIZE];
};

/*
 * token: what STMT_ADMIT marks packets with. 0, and what there is is one generation's; -EINTR:
 * others change tables all the time; or another negative errno.
 */
int nft_read(struct nl *nl, uint32_t token, struct nft_seen *ret);
void nft_seen_clear(struct nft_seen *s);

/* In pieces, for whoever has the kernel's messages already: all of them, then the end. */
struct nft_reader *nft_reader_new(uint32_t token, struct nft_seen *seen);
int nft_reader_message(const struct nlmsghdr *h, void *reader); /* an mnl_cb_t */
/* 0, or -ENOMEM. Frees the reader. */
int nft_reader_end(struct nft_reader *r);
