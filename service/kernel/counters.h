/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* How much each class of refusal has refused since the tables were made. */
#include "netlink.h"
#include "ruleset.h"

struct counters {
	struct count {
		uint64_t packets, bytes;
	} items[COUNTER_N]; /* enum rs_counter; one that is not there is 0 */
};

/* 0 or a negative errno. Without a table of ours all are 0. */
int counters_read(struct nl *nl, struct counters *ret);
