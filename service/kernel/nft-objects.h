/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Appends objects of the ruleset to a batch, each with the name that an error about it says. When
 * memory runs out the batch remembers it. Private to kernel/.
 */
#include "netlink.h"
#include "nft.h"
#include "ruleset.h"

/* What is written here, and read back by nft-read.c. */
#define NFT_HOOK_EGRESS 1u     /* NF_NETDEV_EGRESS, linux/netfilter.h */
#define NFT_LINK_CHAIN "link_" /* and the name of the link */
#define NFT_REPORTED_MAX 4096u
#define NFT_VERDICT_LEN 16u
#define NFT_KEY_BYTES (RS_KEY_MAX * 4)

extern const uint16_t nft_families[TABLE_N];
uint32_t nft_set_flags(const struct rs_set_info *info);
uint32_t nft_key_size(const struct rs_set_info *info); /* bytes */
/* What a key of several is made of, as the kernel takes it: how many, and the bytes of each. */
uint32_t nft_key_parts(const struct rs_set_info *info, uint8_t sizes[RS_KEY_MAX]);

/* One of that family; table_flags: NULL for none to be said. */
void nft_put_table(struct batch *b, enum rs_table table, const char *name, uint16_t type,
		   uint16_t flags, const uint32_t *table_flags);
void nft_put_counter(struct batch *b, enum rs_counter counter);
void nft_put_set(struct batch *b, enum rs_set set);
void nft_put_chain(struct batch *b, enum rs_chain chain);

/* All elements away; and the policy's. */
void nft_put_set_flush(struct batch *b, enum rs_set set);
void nft_put_set_elements(struct batch *b, const struct rs_elements *elements, enum rs_set set);

struct nft_element {
	uint32_t key[RS_KEY_MAX];
	uint32_t mark;       /* what a map of marks gives */
	uint64_t timeout_ms; /* 0: for ever */
};

/* One element; type is NFT_MSG_NEWSETELEM or NFT_MSG_DELSETELEM. */
void nft_put_element(struct batch *b, uint16_t type, uint16_t flags, enum rs_set set,
		     const struct nft_element *element);

/* All elements that are a lease; nft-leases.c. */
void nft_put_lease(struct batch *b, uint16_t type, uint16_t flags, const struct nft_lease *l);

void nft_put_flush_rules(struct batch *b, enum rs_table table);
/* token: what marks the packets that the wall has admitted. */
void nft_put_rules(struct batch *b, const struct ruleset *r, enum rs_table table, uint32_t token);

/* The second wall's chain on a link; bare: the link has no frames. It may be there already. */
void nft_put_link(struct batch *b, const char *link, bool bare);
void nft_put_link_gone(struct batch *b, const char *link);
