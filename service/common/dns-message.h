/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * DNS messages (RFC 1035) as far as a door of the scope "portal" and the check of the network need
 * them: an answer's addresses, and the question for them. Pure: no descriptor, no clock, no log.
 */
#include "util.h"

#define DNS_ADDRESSES_MAX 16
#define DNS_CHAIN_MAX 16 /* aliases that one answer may follow */
/* 255 octets, each at most four characters, and a NUL. */
#define DNS_NAME_SIZE (255 * 4 + 1)
#define DNS_QUERY_SIZE (12 + 255 + 4)

enum dns_type { DNS_TYPE_A = 1, DNS_TYPE_CNAME = 5, DNS_TYPE_AAAA = 28 };

enum dns_rcode { DNS_NOERROR, DNS_FORMERR, DNS_SERVFAIL, DNS_NXDOMAIN, DNS_NOTIMP, DNS_REFUSED };

struct dns_address {
	uint32_t address; /* IPv4, host order */
	uint32_t ttl;     /* seconds: the lowest of its own and of the aliases that led to it */
};

struct dns_answer {
	uint16_t id;
	uint16_t type;   /* that was asked for, perhaps none of enum dns_type */
	uint8_t rcode;   /* perhaps none of enum dns_rcode */
	bool truncated;  /* there was more than fits into a datagram */
	size_t n;        /* 0 unless type A was asked for, and there was no error */
	size_t left_out; /* addresses over DNS_ADDRESSES_MAX */
	struct dns_address addresses[DNS_ADDRESSES_MAX];
	/*
	 * That was asked for: lower case, no dot at the end but for the root, which is ".". A dot
	 * or backslash inside a label has a backslash before it; what is not printable is \DDD.
	 */
	char name[DNS_NAME_SIZE];
};

/*
 * Reads an answer: header, question and answer section. What comes after these is not read, since
 * nothing is taken from there: a resolver that is careless there, or pads, is no reason to refuse.
 * Up to there a message is read to the last octet or not at all. 0, or -EBADMSG with *ret_why a
 * static sentence; then ret is all zeros.
 */
int dns_answer_read(const void *data, size_t size, struct dns_answer *ret, const char **ret_why);

/*
 * The question for a host's IPv4 addresses, as the resolver of glibc sends it without options in
 * resolv.conf: recursion desired, one question, no EDNS. 0, or -EINVAL if name is not a host's.
 */
int dns_query_write(uint16_t id, const char *name, uint8_t buf[static DNS_QUERY_SIZE],
		    size_t *ret_size);
