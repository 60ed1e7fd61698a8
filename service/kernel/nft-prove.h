/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The proof of what is really in the kernel: the invariants hold of the rules that were read back
 * (proof.h), and of what changes between loads, with the leases and links that there are.
 */
#include "nft-compare.h"

/*
 * 0: proved; 1: it is not, and buf says what does not hold; or -ENOMEM. should->ruleset is not
 * looked at: nothing is compared with what was sent.
 */
int nft_prove(const struct policy *p, const struct nft_expected *should, const struct nft_seen *is,
	      char buf[NFT_FAULT_SIZE]);
