/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Attributes of nf_tables that are taken one by one: each is read exactly, and what is left over at
 * the end is what nobody here has written. Private to kernel/.
 */
#include "util.h"

#include <libmnl/libmnl.h>

#define NFT_ATTRS_MAX 32

struct nft_attrs {
	const struct nlattr *at[NFT_ATTRS_MAX];
	bool strange; /* one that is there twice, or of a number beyond */
};

/* Those behind the header of a message, extra bytes of which are not attributes; of a nest. */
void nft_attrs_of_message(const struct nlmsghdr *h, size_t extra, struct nft_attrs *ret);
void nft_attrs_of_nest(const struct nlattr *nest, struct nft_attrs *ret);

/* False when it is not there or not of that size. Numbers are big endian in the message. */
bool nft_take_u8(struct nft_attrs *a, uint16_t type, uint8_t *ret);
bool nft_take_u16(struct nft_attrs *a, uint16_t type, uint16_t *ret);
bool nft_take_u32(struct nft_attrs *a, uint16_t type, uint32_t *ret);
bool nft_take_u64(struct nft_attrs *a, uint16_t type, uint64_t *ret);
/* Points into the message. */
bool nft_take_text(struct nft_attrs *a, uint16_t type, const char **ret);
bool nft_take_nest(struct nft_attrs *a, uint16_t type, struct nft_attrs *ret);
/* NFTA_DATA_VALUE in a nest: bytes as in a register. */
bool nft_take_data(struct nft_attrs *a, uint16_t type, const uint8_t **ret, size_t *ret_size);

/* It is there, with that value. */
bool nft_take_is(struct nft_attrs *a, uint16_t type, uint32_t value);
bool nft_take_is_text(struct nft_attrs *a, uint16_t type, const char *text);
/* It is not there, or with that value. */
bool nft_take_default(struct nft_attrs *a, uint16_t type, uint32_t value);

void nft_forget(struct nft_attrs *a, uint16_t type);
/* Nothing is left; else *ret is a number of what is, NFT_ATTRS_MAX for a strange one. */
bool nft_attrs_empty(const struct nft_attrs *a, unsigned int *ret);
