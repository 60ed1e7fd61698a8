/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "blocked-ring.h"

#include <stdio.h>
#include <sys/mman.h>
#include <sys/socket.h>

struct blocked_ring *blocked_ring_new(usec_t now, bool *ret_locked)
{
	struct blocked_ring *r =
		mmap(NULL, sizeof(*r), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	*ret_locked = false;
	if (r == MAP_FAILED)
		return NULL;
	(void)madvise(r, sizeof(*r), MADV_DONTDUMP);
	*ret_locked = mlock(r, sizeof(*r)) == 0;
	/* So that no number comes twice before the next boot, whichever engine gives it. */
	r->next = now + 1;
	return r;
}

struct blocked_ring *blocked_ring_free(struct blocked_ring *r)
{
	if (!r)
		return NULL;
	explicit_bzero(r, sizeof(*r));
	(void)munmap(r, sizeof(*r));
	return NULL;
}

/* Of a long path its end tells more, but not from the middle of a character on. */
static void copy_origin(const char *origin, char *buf)
{
	size_t n = strlen(origin), room = BLOCKED_ORIGIN_SIZE - 4;

	if (n < BLOCKED_ORIGIN_SIZE) {
		memcpy(buf, origin, n + 1);
		return;
	}
	origin += n - room;
	while (((unsigned char)*origin & 0xc0) == 0x80)
		origin++;
	(void)snprintf(buf, BLOCKED_ORIGIN_SIZE, "...%s", origin);
}

void blocked_from_packet(const struct nflog_packet *packet, bool destination, const char *origin,
			 usec_t now, struct blocked *ret)
{
	*ret = (struct blocked){
		.first = now,
		.last = now,
		.count = 1,
		.uid = packet->uid,
		.counter = packet->counter,
		.family = packet->family,
		.protocol = packet->protocol,
		.port = packet->dport,
		.has_destination = destination,
	};

	if (destination)
		memcpy(ret->destination, packet->destination, packet->family == AF_INET ? 4 : 16);
	copy_origin(origin, ret->origin);
}

static bool equal(const struct blocked *a, const struct blocked *b)
{
	return a->uid == b->uid && a->counter == b->counter && a->family == b->family &&
	       a->protocol == b->protocol && a->port == b->port &&
	       a->has_destination == b->has_destination &&
	       memcmp(a->destination, b->destination, sizeof(a->destination)) == 0 &&
	       strcmp(a->origin, b->origin) == 0;
}

static void drop_oldest(struct blocked_ring *r)
{
	size_t oldest = 0;

	for (size_t i = 1; i < r->n; i++)
		if (r->items[i].last < r->items[oldest].last)
			oldest = i;
	r->n--;
	memmove(&r->items[oldest], &r->items[oldest + 1], (r->n - oldest) * sizeof(r->items[0]));
	explicit_bzero(&r->items[r->n], sizeof(r->items[0]));
}

const struct blocked *blocked_ring_add(struct blocked_ring *r, const struct blocked *b)
{
	struct blocked *item;

	for (size_t i = 0; i < r->n; i++) {
		item = &r->items[i];
		if (!equal(item, b))
			continue;
		item->last = b->last;
		item->count += item->count < UINT32_MAX;
		return item;
	}
	if (r->n == BLOCKED_MAX)
		drop_oldest(r);
	item = &r->items[r->n++];
	*item = *b;
	item->number = r->next++;
	return item;
}

void blocked_ring_forget_destinations(struct blocked_ring *r)
{
	for (size_t i = 0; i < r->n; i++) {
		r->items[i].has_destination = false;
		explicit_bzero(r->items[i].destination, sizeof(r->items[i].destination));
	}
}

const struct blocked *blocked_ring_from(const struct blocked_ring *r, uint64_t number, uint32_t uid)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->items[i].number >= number && (uid == NFLOG_NO_UID || r->items[i].uid == uid))
			return &r->items[i];
	return NULL;
}
