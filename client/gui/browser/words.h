/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The words of the launcher's pages, not translated yet. */
#include "content.h"

/* What an administrator needs to help: a line of its own, which can be read letter by letter. */
enum aid { AID_NONE, AID_POLICY, AID_CHECK, AID_UNIT, AID_N };

struct words {
	const char *icon, *title, *text;
	enum deed deeds[CONTENT_DEEDS];
	enum aid aid;
	gboolean busy; /* something is going on, and the person waits for it */
};

extern const struct words words_of_pages[BROWSER_PAGE_N];
extern const struct words words_of_failures[BROWSER_FAILURE_N];
/* Of an end; that of a door has a reason in place of a text. */
extern const struct words words_of_ends[BROWSER_OVER_N];
