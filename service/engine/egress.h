/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The second wall, where each link ends: lets go what the first has marked as admitted. When it
 * cannot be had the first stands alone, and the log says so.
 */
#include "engine.h"

/*
 * Before the first wall is loaded with new rules: puts the second into the kernel with a new token,
 * which is returned; what bore the old one still passes. The old token, when there is no second.
 */
uint32_t egress_prepare(struct engine *e, const struct policy *p, const struct ruleset *r,
			bool anew);
/* After it: only token passes from now on; or, if the policy wants none, the second wall goes. */
void egress_settle(struct engine *e, const struct policy *p, uint32_t token);

/*
 * Links have changed: covers those that are not. One that came up before it was covered is set down
 * until it is.
 */
void egress_refresh(struct engine *e);
