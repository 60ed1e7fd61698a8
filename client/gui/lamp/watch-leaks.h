/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Follows what is refused to one's own programs, and tells of it quietly. */
#include "leaks.h"
#include "notices.h"
#include "service.h"

/*
 * Signals:
 *   "changed" ()   leaks, or whether they can be known
 *   "explain" ()   the person wants to know more
 */
#define LAMP_TYPE_LEAK_WATCH (lamp_leak_watch_get_type())
G_DECLARE_FINAL_TYPE(LampLeakWatch, lamp_leak_watch, LAMP, LEAK_WATCH, GObject)

/* silent: no notices. It keeps references of its own. */
LampLeakWatch *lamp_leak_watch_new(GuiService *service, LampNotices *notices, gboolean silent);
const struct leaks *lamp_leak_watch_leaks(LampLeakWatch *w);
/* Why they are not known; NULL: they are. */
const GError *lamp_leak_watch_error(LampLeakWatch *w);
