/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Refused packets as the kernel reports them: kept in a ring in memory, with their destination only
 * while the policy says so, and told to the bus process. Nothing of them is ever logged.
 */
#include "engine.h"

/* Before the sandbox. That nobody reports is said, and no failure: the wall stands without. */
void blocked_open(struct engine *e);
/* Reports are there: reads some of them, and not for ever. */
void blocked_read(struct engine *e);
/* A policy has come into force: what it does not let be kept is forgotten. */
void blocked_reconsider(struct engine *e);

/* GET_BLOCKED and GET_COUNTERS, into an answer without its header; 0 or a negative errno. */
void blocked_list(struct engine *e, const struct wire_get_blocked *request,
		  struct wire_blocked_list *ret);
int blocked_counters(struct engine *e, struct wire_counters *ret);
