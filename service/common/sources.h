/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The policy's files, read into memory: which they are (spec section 7), and whether they may be
 * trusted. Knows nothing of what stands in them.
 */
#include "util.h"

#define SOURCE_SIZE_MAX (4u << 20)
#define SOURCES_MAX 256

/* One file. Either text (size bytes, and a NUL after them) or error is set. */
struct source {
	char *name; /* its path, for diagnostics */
	char *text;
	size_t size;
	char *error; /* a sentence: what is wrong, what to do instead */
};

struct sources {
	struct source *items;
	size_t n;
};

void sources_clear(struct sources *s);

/*
 * Reads one file: regular, opened without following a link in the last component and without
 * blocking, at most SOURCE_SIZE_MAX bytes. With trusted: it and its directory belong to root and
 * are not writable by group or others. Trouble with the file becomes an entry with error.
 * 0, or -ENOMEM, or -E2BIG when there are SOURCES_MAX already.
 */
int sources_add_file(struct sources *s, const char *path, bool trusted);

/*
 * Adds what is in force, in order: ETC/policy.conf if it exists, else USR/policy.conf; then
 * policy.d/ *.conf of both, sorted by name, where ETC wins over the same name in USR.
 * 0 or a negative errno; files that cannot be read are entries with error.
 */
int sources_add_system(struct sources *s, const char *dir_usr, const char *dir_etc);
