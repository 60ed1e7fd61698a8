/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * What was refused lately, grouped by what an explanation is about: the class of refusal, the
 * protocol, the port; and when to tell of it. Pure: now is an argument, in microseconds of
 * CLOCK_BOOTTIME, as the service's times are.
 *
 * To be quiet: what comes at once is told at once, a notice that is still to be seen grows, in
 * steps, and a new one comes a quarter of an hour after the one before at the earliest.
 */
#include "util.h"

#include <glib.h>

#define LEAKS_GATHER (2 * USEC_PER_SEC)
#define LEAKS_GROW (10 * USEC_PER_SEC)
#define LEAKS_QUIET (900 * USEC_PER_SEC)
/* Of each group the service has several entries, one a destination. The oldest make room. */
#define LEAKS_MOST 1024

struct leak {
	guint64 number; /* the service's; of a group: the latest one's */
	usec_t first, last;
	guint32 count; /* how often it was reported */
	guint32 told;  /* of these, in a notice that has gone */
	guint32 shown; /* and in one, gone or still there */
	guint8 protocol;
	guint16 port; /* 0: none */
	int family;
	guint8 address[16];
	gsize address_size; /* 0: not kept */
	char *class, *origin;
};

struct leaks {
	GQueue entries; /* of struct leak; the oldest news first */
	usec_t news;    /* when the first came that was not shown yet; USEC_INFINITY: none */
	usec_t shown;   /* when a notice came or grew last; 0: never */
	usec_t popped;  /* when the last one came */
	bool up;        /* it is still to be seen */
};

struct leaks *leaks_new(void);
void leaks_free(struct leaks *l);

/* All that the service has: of ListBlocked or SubscribeBlocked. No news. */
void leaks_read_list(struct leaks *l, GVariant *reply);
/* Of the signal Blocked, at that moment. False: it makes no sense, or says nothing new. */
bool leaks_read_signal(struct leaks *l, GVariant *values, usec_t now);

/* When the next notice is due; USEC_INFINITY: there is nothing to tell. */
usec_t leaks_due(const struct leaks *l);
/* It is there. The person, or time, has taken it away. */
void leaks_shown(struct leaks *l, usec_t now);
void leaks_closed(struct leaks *l);

/* Groups, the latest first; untold: of what no notice has told that has gone. Free with
 * g_ptr_array_unref. */
GPtrArray *leaks_groups(const struct leaks *l, bool untold);
/* Whether both are of the same group. */
bool leak_same(const struct leak *a, const struct leak *b);
struct leak *leak_copy(const struct leak *leak);
void leak_free(struct leak *leak);
