/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The browser runs as the same user as its runner, so that the kernel's rules let it signal the
 * runner. One that is stopped never sees its launcher go.
 */
#include <sys/types.h>

/*
 * Keeps this process, and all that come from it, for ever from signalling the runner and from
 * changing its limits. 0 or a negative errno.
 */
int confine_from(pid_t runner);
