/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The one connection without Tor, asked for, and its answer (docs/autoconfig.md). */
#include "wizard-state.h"

struct check_result {
	enum gui_connectivity connectivity; /* unknown: there is no answer */
	guint64 date;                       /* seconds since 1970; 0: none that is believed */
	guint64 date_at;                    /* when that was, microseconds of CLOCK_BOOTTIME */
	char *portal_url;                   /* foreign; NULL: none that may be opened */
	gboolean portal_here;               /* it leads to this computer itself: not to be opened */
};

void check_result_clear(struct check_result *r);

/* What the network's clock shows now; 0: it has not said. */
guint64 check_result_time(const struct check_result *r);

void check_network(GuiService *s, GCancellable *cancel, GAsyncReadyCallback done, gpointer data);
/* False, with the error. */
gboolean check_network_finish(GuiService *s, GAsyncResult *result, struct check_result *ret,
			      GError **error);
