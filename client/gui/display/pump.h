/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * One way of a connection: bytes, and the descriptors among them, from one socket to another. It
 * holds one piece and takes the next when that is written: so what is slow holds up only itself,
 * and memory is bounded. Descriptors never come later than the bytes that they came with.
 */
#include <glib.h>

#define PUMP_SIZE 65536
#define PUMP_FDS_MAX 32 /* libwayland sends 28 at once at most, and X11's clients fewer */

typedef struct {
	guint8 bytes[PUMP_SIZE];
	gsize begin, end; /* what is to be written */
	int fds[PUMP_FDS_MAX];
	gsize n_fds; /* that go with the next byte */
} Pump;

static inline gboolean pump_is_empty(const Pump *p)
{
	return p->begin == p->end;
}

/*
 * Appends what is there. > 0: so many bytes; 0: the end; -EAGAIN; or another negative errno, after
 * which the connection is over. -ENOBUFS when it is full.
 */
gssize pump_take(Pump *p, int from);

/* Writes what it can. 0, or a negative errno after which the connection is over. */
int pump_give(Pump *p, int to);

/* Closes the descriptors that it holds. */
void pump_clear(Pump *p);
