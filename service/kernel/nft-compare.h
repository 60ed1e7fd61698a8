/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What was read back, held against all that was sent: the ruleset, and what belongs to the engine.
 */
#include "link.h"
#include "nft-read.h"
#include "nft.h"

/* What should be there. Everything pointed to stays the caller's. */
struct nft_expected {
	const struct ruleset *ruleset;
	uint32_t flags; /* that both tables have; more do no harm */
	/* All leases there are; a timeout_ms of 0: its elements may have ended by themselves. */
	const struct nft_leases *leases;
	uint64_t lease_timeout_ms;          /* no element lives longer */
	const struct route_ranges *on_link; /* NULL: nobody has said */

	bool egress; /* there is a second wall */
	/* What it lets through: for ever, and for another second. */
	uint32_t token, previous;
	const struct nft_links *covered; /* the links that have a chain */
	bool by_name;                    /* chains belong to names, not to links */
	const struct links *links;       /* all of the machine */
};

/* True: the first difference is in buf, as a sentence without its end. */
bool nft_compare(const struct nft_expected *should, const struct nft_seen *is,
		 char buf[NFT_FAULT_SIZE]);
