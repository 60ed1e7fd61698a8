/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What a page says and offers, as data: its words are in words.c. */
#include "run.h"

enum deed {
	DEED_NONE,
	DEED_OPEN_PORTAL,
	DEED_WARN_FULL,
	DEED_OPEN_FULL,
	DEED_BACK,  /* to the first page */
	DEED_RETRY, /* the same, after something has failed */
	DEED_AGAIN, /* the same, after the end */
	DEED_MORE_TIME,
	DEED_STOP,
	DEED_ABORT,  /* to the first page, of what has begun */
	DEED_CANCEL, /* closes the window, as the next one */
	DEED_CLOSE,
	DEED_N
};

/* The label of its button. */
const char *deed_label(enum deed deed);

#define CONTENT_LINES 3
#define CONTENT_DEEDS 3

struct content {
	enum browser_page page;
	const char *icon, *title;
	char *text;
	gboolean busy; /* something is going on that is waited for */
	struct {
		const char *name;
		char *value;
	} lines[CONTENT_LINES];         /* those with a value are shown */
	enum deed deeds[CONTENT_DEEDS]; /* the first one has the focus */
};

/* Of the page that is to be shown now; content_clear() frees what it has. */
struct content content_of(const struct browser_facts *facts, GuiService *s, const struct run *run);
gboolean content_equal(const struct content *a, const struct content *b);
void content_clear(struct content *c);
