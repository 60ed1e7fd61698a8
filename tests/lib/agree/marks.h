/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What the test's own table does to flows, as a foreign one might; and the host's addresses. */
#include "ruleset.h"

#define SO_MARK_UNTRACK 0x000ffffeu /* out of connection tracking */
#define SO_MARK_ZERO 0x000fffffu    /* conntrack mark 0; any other packet mark: that one */

#define LEASE_MARK(i) (MARK_LEASE | (0x1000u + (i)))
#define FORWARD_MARK(i) (MARK_FORWARD | (0x1000u + (i)))
#define SCOPED_MARK(i) (MARK_SCOPED | (0x1000u + (i)))

/* A packet that comes in with TOS_OF(i) gives its flow that mark. */
static const uint32_t tos_marks[] = {
	0,
	MARK_TOR,
	MARK_LAN,
	MARK_LOCAL,
	MARK_LOCAL_TOR,
	0x02000001,
	LEASE_MARK(0),
	LEASE_MARK(9),
	0x77,
	MARK_NAMESPACE,
	SCOPED_MARK(1),
	SCOPED_MARK(9),
	FORWARD_MARK(0),
};
#define TOS_OF(i) ((uint8_t)(((i) + 1) << 2))

static const char *const links[] = {"up0", "up1"};
