/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The user as whom a command shall run. */
#include "output.h"

struct target {
	char *name; /* NULL: a number that /etc/passwd does not have */
	uid_t uid;
	gid_t gid;
	char *home, *shell;
	bool other; /* not who we are already: everything must change */
};

/*
 * EXIT_DONE; or an exit code with what is wrong said, EXIT_NOT_THAT_USER when the caller may not
 * become that user: root may be anybody, everybody else only oneself.
 */
int target_find(const struct invocation *inv, const char *user, struct target *ret);

/* Becomes that user for good, with a clean environment. 0 or a negative errno. */
int target_become(const struct target *t);
void target_clear(struct target *t);
