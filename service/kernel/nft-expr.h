/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* One rule of the data as expressions of nf_tables. Private to kernel/. */
#include "ruleset.h"

#include <libnftnl/rule.h>

/* What is written here, and read back by nft-decode.c. */
#define NFT_REGISTER_SIZE 4u
#define NFT_REPORTED_MS 60000u
#define NFT_LOG_SNAPLEN 64u
#define NFT_LOG_PREFIX "sallyport"
#define NFT_LIMIT_SECONDS 1u
#define NFT_ONCE_SECONDS 604800u /* once in a week is once: no lease lasts so long */
/* In the IPv4 header (RFC 791, 3.1). */
#define NFT_TTL_OFFSET 8u
#define NFT_CHECKSUM_OFFSET 10u
#define NFT_REDIR_TO_PORT 2u /* NF_NAT_RANGE_PROTO_SPECIFIED, linux/netfilter/nf_nat.h */

/* How the kernel loads a field: which expression, with which key or at which offset. */
enum nft_load {
	LOAD_META,
	LOAD_CT,
	LOAD_CT_ORIGINAL,
	LOAD_FIB,
	LOAD_FRAME,
	LOAD_NETWORK,
	LOAD_TRANSPORT,
	LOAD_REST /* comes with the field before, into the registers behind it */
};

struct nft_loader {
	enum nft_load loader;
	uint32_t key; /* or offset */
};

extern const struct nft_loader nft_loaders[FIELD_N];

/* Bytes of what is loaded at once with field. */
uint8_t nft_load_size(enum rs_field field);

/* Writes v as the kernel has field in a register, padded with zeros to size. */
void nft_encode(enum rs_field field, uint32_t v, uint8_t *buf, size_t size);

/*
 * How to say STMT_QUEUE. Where the kernel has neither the expression nor iptables' target, a bare
 * verdict: to queue 0, which is not ours, and drops what comes unless another process listens.
 */
enum nft_queue { NFT_QUEUE_UNKNOWN, NFT_QUEUE_NATIVE, NFT_QUEUE_TARGET, NFT_QUEUE_BARE };

#define NFT_QUEUE_TARGET_NAME "NFQUEUE"
#define NFT_QUEUE_TARGET_REVISION 3u

/* struct xt_NFQ_info_v3 of linux/netfilter/xt_NFQUEUE.h, as long as the kernel aligns it. */
struct nft_queue_info {
	uint16_t number, total, flags, pad;
};

/* token: what STMT_ADMIT marks packets with. 0 or -ENOMEM. */
int nft_expressions(struct nftnl_rule *nr, const struct rs_rule *rule, uint32_t token,
		    enum nft_queue queue);
/* A rule that is nothing but a way to another chain. 0 or -ENOMEM. */
int nft_goto(struct nftnl_rule *nr, enum rs_chain chain);
