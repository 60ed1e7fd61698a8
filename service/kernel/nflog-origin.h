/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Which line of the policy a refused packet owes it to. Pure. */
#include "nflog.h"
#include "route.h"
#include "ruleset.h"

/*
 * Of the rule or element that decided, if the packet is judged as the first of a flow; a report
 * does not say of which flow it was. Where that gives another class of refusal than the report, the
 * first rule of that class. on_link: what is directly connected.
 */
struct origin nflog_origin(const struct ruleset *r, const struct route_ranges *on_link,
			   const struct nflog_packet *packet);
