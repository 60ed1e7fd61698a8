/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Conntrack entries by mark (linux/netfilter/nfnetlink_conntrack.h). */
#include "netlink.h"

/*
 * Forgets every flow whose mark, under mask, is mark. What a lease's end already stopped needs no
 * more; this is so that programs and the next lease find nothing of it. 0 or a negative errno.
 */
int conntrack_delete(struct nl *nl, uint32_t mark, uint32_t mask);
