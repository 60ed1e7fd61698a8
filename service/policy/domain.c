/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "domain.h"

#define CHUNK_RANGES 8192
/* A mask over more numbers than this is not looked at one by one. */
#define SINGLES_MAX 65536u

struct arena_chunk {
	struct arena_chunk *next;
	size_t used, size;
	struct range items[];
};

struct range *arena_ranges(struct arena *a, size_t n)
{
	struct arena_chunk *c = a->chunks;
	struct range *items;

	if (!c || c->size - c->used < n) {
		size_t size = n > CHUNK_RANGES ? n : CHUNK_RANGES;

		c = malloc(sizeof(*c) + size * sizeof(c->items[0]));
		if (!c) {
			a->out_of_memory = true;
			return NULL;
		}
		*c = (struct arena_chunk){.next = a->chunks, .size = size};
		a->chunks = c;
	}
	items = c->items + c->used;
	c->used += n;
	return items;
}

struct arena_mark arena_mark(const struct arena *a)
{
	return (struct arena_mark){a->chunks, a->chunks ? a->chunks->used : 0};
}

void arena_release(struct arena *a, struct arena_mark mark)
{
	while (a->chunks != mark.chunk) {
		struct arena_chunk *next = a->chunks->next;

		/* It may have been where somebody's packet was to go. */
		explicit_bzero(a->chunks->items, a->chunks->size * sizeof(a->chunks->items[0]));
		free(a->chunks);
		a->chunks = next;
	}
	if (a->chunks)
		a->chunks->used = mark.used;
}

void arena_clear(struct arena *a)
{
	arena_release(a, (struct arena_mark){0});
}

/* What was not needed of the last ranges goes back. */
static struct domain trimmed(struct arena *a, struct range *items, size_t n, size_t reserved)
{
	a->chunks->used -= reserved - n;
	return (struct domain){.items = items, .n = n};
}

bool domain_has(const struct domain *d, uint32_t v)
{
	size_t low = 0, high = d->n;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (v > d->items[middle].last)
			low = middle + 1;
		else
			high = middle;
	}
	return low < d->n && d->items[low].first <= v;
}

struct domain domain_and(struct arena *a, const struct domain *x, const struct domain *y)
{
	size_t reserved = x->n + y->n, n = 0, i = 0, j = 0;
	struct range *out;

	if (!x->n || !y->n || !(out = arena_ranges(a, reserved)))
		return (struct domain){0};
	while (i < x->n && j < y->n) {
		struct range p = x->items[i], q = y->items[j];
		uint32_t first = p.first > q.first ? p.first : q.first;
		uint32_t last = p.last < q.last ? p.last : q.last;

		if (first <= last)
			out[n++] = (struct range){first, last};
		if (p.last < q.last)
			i++;
		else
			j++;
	}
	return trimmed(a, out, n, reserved);
}

struct domain domain_minus(struct arena *a, const struct domain *x, const struct domain *y)
{
	size_t reserved = x->n + y->n, n = 0, j = 0;
	struct range *out;

	if (!x->n || !(out = arena_ranges(a, reserved)))
		return (struct domain){0};
	for (size_t i = 0; i < x->n; i++) {
		uint64_t from = x->items[i].first, last = x->items[i].last;

		while (j < y->n && y->items[j].last < from)
			j++;
		for (size_t k = j; k < y->n && y->items[k].first <= last && from <= last; k++) {
			if (y->items[k].first > from)
				out[n++] = (struct range){(uint32_t)from, y->items[k].first - 1};
			from = (uint64_t)y->items[k].last + 1;
		}
		if (from <= last)
			out[n++] = (struct range){(uint32_t)from, (uint32_t)last};
	}
	return trimmed(a, out, n, reserved);
}

static int compare_ranges(const void *pa, const void *pb)
{
	const struct range *a = pa, *b = pb;

	return a->first < b->first ? -1 : a->first > b->first;
}

struct domain domain_from(struct range *items, size_t n)
{
	size_t end = 0;

	if (!n)
		return (struct domain){0};
	qsort(items, n, sizeof(*items), compare_ranges);
	for (size_t i = 1; i < n; i++) {
		if (items[i].first <= items[end].last || items[i].first - items[end].last == 1) {
			if (items[i].last > items[end].last)
				items[end].last = items[i].last;
		} else {
			items[++end] = items[i];
		}
	}
	return (struct domain){.items = items, .n = end + 1};
}

static uint64_t count(const struct domain *d)
{
	uint64_t n = 0;

	for (size_t i = 0; i < d->n; i++)
		n += (uint64_t)d->items[i].last - d->items[i].first + 1;
	return n;
}

bool domain_masked(struct arena *a, const struct domain *d, uint32_t mask, uint32_t value,
		   struct domain *ret)
{
	struct range prefix = {value & mask, value | ~mask};
	const struct domain all = {.items = &prefix, .n = 1};
	uint64_t numbers = count(d);
	size_t n = 0, reserved;
	struct range *out;

	*ret = (struct domain){0};
	if (value & ~mask)
		return true; /* no number is like that */
	if ((~mask & (~mask + 1)) == 0) {
		*ret = domain_and(a, d, &all);
		return true;
	}
	if (numbers > SINGLES_MAX)
		return false;
	reserved = (size_t)numbers;
	out = arena_ranges(a, reserved);
	if (!out)
		return true;
	for (size_t i = 0; i < d->n; i++)
		for (uint64_t v = d->items[i].first; v <= d->items[i].last; v++) {
			if (((uint32_t)v & mask) != value)
				continue;
			if (n && out[n - 1].last == v - 1)
				out[n - 1].last = (uint32_t)v;
			else
				out[n++] = (struct range){(uint32_t)v, (uint32_t)v};
		}
	*ret = trimmed(a, out, n, reserved);
	return true;
}
