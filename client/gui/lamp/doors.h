/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The doors that are open, and what the lamp says of them. Pure: now is an argument, in
 * microseconds of CLOCK_BOOTTIME. Texts are free()d with g_free.
 */
#include "util.h"

#include <glib.h>

struct lamp_door {
	char *user; /* as ListLeases calls it: a user, or "namespace:NAME" */
	bool portal;
	usec_t expires;
};

struct lamp_doors {
	bool open;      /* some door is, whoever's */
	GPtrArray *own; /* of struct lamp_door: one's own; the one that ends first comes first;
			   NULL: whose they are is not known */
};

/* OFF: no door. ON: one is open. LAST: one of one's own ends within a minute. */
enum lamp_light { LAMP_OFF, LAMP_ON, LAMP_LAST, LAMP_LIGHT_N };

/* Of the reply of ListLeases those that uid holds; NULL: it makes no sense. */
GPtrArray *lamp_doors_read(GVariant *leases, uid_t uid);

enum lamp_light lamp_doors_light(const struct lamp_doors *d, usec_t now);
/* Seconds until it ends by itself. */
guint lamp_door_left(const struct lamp_door *door, usec_t now);
/* The same in steps: whole minutes, in the last one ten seconds; never less than is left. */
guint lamp_door_step(const struct lamp_door *door, usec_t now);

/* What it is open for, and that it closes within that many seconds. */
char *lamp_door_text(const struct lamp_door *door, guint seconds);
/* All of one's own, a line each, by the second or in steps; else that there is somebody's. */
char *lamp_doors_text(const struct lamp_doors *d, usec_t now, bool steps);
/* The same of one in a few words, for a menu. */
char *lamp_door_label(const struct lamp_door *door, usec_t now);
/* A sentence for the title. */
const char *lamp_doors_title(const struct lamp_doors *d);

/* The namespace whose door it is, within its user; NULL for that of a user. */
const char *lamp_door_namespace(const struct lamp_door *door);
