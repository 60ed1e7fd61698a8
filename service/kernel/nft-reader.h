/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What nft-read.c knows while it reads. Private to kernel/. */
#include "nft-read.h"

struct nft_reader {
	struct nft_seen *seen;
	uint32_t token;
	uint32_t seq; /* of the answers to one question */
	uint32_t generation;
	bool torn; /* a dump was repeated: some of it was seen twice */
	bool out_of_memory;
	bool chains[CHAIN_N], sets[SET_N], counters[COUNTER_N];
	size_t n_rules[CHAIN_N];

	/* The elements of one set, until all are there: nft-elements.c. */
	enum rs_set set;
	struct nft_item *items;
	size_t n_items;
};

/* The first fault stays. */
void nft_fault(struct nft_reader *r, const char *format, ...) _printf_(2, 3);
/* Room for one more behind n; NULL: out of memory, remembered. */
void *nft_grow(struct nft_reader *r, void *items, size_t n, size_t size);
