/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Which links forward. Where the policy has a [namespace] that may have a door, this is the
 * engine's: while a lease of one lives its link and those of the network's default routes, else
 * none. Where it has none, nothing is touched.
 */
#include "engine.h"

/*
 * Makes it so, with a lease that is about to begin or NULL. 0 or a negative errno; what is
 * forwarded is the wall's decision in any case.
 */
int forward_follow(struct engine *e, const struct lease *coming);
