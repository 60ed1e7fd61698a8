/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The browser's process: where it lives, what it is told, how it begins. */
#include "displays.h"

#define SPAWN_HOME "/tmp/home"
#define SPAWN_PROFILE SPAWN_HOME "/profile"
#define SPAWN_RUNTIME "/tmp/runtime"

/* The directories, and the shipped preferences in the profile. 0 or a negative errno. */
int spawn_prepare(void);

/*
 * Starts [browser] command for a page, which may be "". 0 and its pid, which leads a process group
 * of its own; or a negative errno and why: NO_PROGRAM when its program cannot be run.
 */
int spawn_browser(const char *command, const char *page, const struct displays *d, pid_t *ret_pid,
		  enum browser_refusal *ret_why);
