/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Sets of 32-bit numbers as ranges: what a field of a packet may be. Pure. Ranges live in an arena
 * and are never changed; whoever has taken a mark may give back all that came after it.
 */
#include "util.h"

/* Both included. */
struct range {
	uint32_t first, last;
};

struct domain {
	const struct range *items; /* sorted, disjoint, not adjacent */
	size_t n;
	bool absent; /* or the packet has no such field: no rule that looks at it matches */
};

struct arena_chunk;

struct arena {
	struct arena_chunk *chunks; /* the one in use first */
	bool out_of_memory;         /* stays; what was asked for then is empty */
};

struct arena_mark {
	struct arena_chunk *chunk;
	size_t used;
};

/* n ranges, not initialized; NULL: out of memory, remembered. */
struct range *arena_ranges(struct arena *a, size_t n);
struct arena_mark arena_mark(const struct arena *a);
void arena_release(struct arena *a, struct arena_mark mark);
void arena_clear(struct arena *a);

#define RANGES(...)                                           \
	((struct domain){(const struct range[]){__VA_ARGS__}, \
			 ARRAY_SIZE(((const struct range[]){__VA_ARGS__})), false})

static inline bool domain_empty(const struct domain *d)
{
	return !d->n && !d->absent;
}

/* One number, and nothing else. */
static inline bool domain_single(const struct domain *d)
{
	return d->n == 1 && !d->absent && d->items[0].first == d->items[0].last;
}

bool domain_has(const struct domain *d, uint32_t v);
/* The numbers of both, and of the first alone. absent is the caller's business: false. */
struct domain domain_and(struct arena *a, const struct domain *x, const struct domain *y);
struct domain domain_minus(struct arena *a, const struct domain *x, const struct domain *y);
/* Sorts and joins n ranges in their place. */
struct domain domain_from(struct range *items, size_t n);

/*
 * The numbers v of d with (v & mask) == value. False when that cannot be said in few ranges: the
 * mask is no prefix and the numbers are many.
 */
bool domain_masked(struct arena *a, const struct domain *d, uint32_t mask, uint32_t value,
		   struct domain *ret);
