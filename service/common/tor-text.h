/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The lines of what a Tor says at its control socket (control-spec). Pure: foreign bytes in, a line
 * at a time out, as far as it can count.
 */
#include "util.h"

/* Longer lines are skipped: none that counts is. */
#define TOR_LINE_SIZE 512

struct tor_text {
	char line[TOR_LINE_SIZE];
	size_t n;
	bool skip;    /* it is too long, or no text */
	bool in_data; /* of a reply of several lines, which nothing here reads */
};

/*
 * Takes bytes until a line is complete, or none are left; moves on *data and *size. True: t->line
 * is one, without its end, until the next call.
 */
bool tor_text_read(struct tor_text *t, const char **data, size_t *size);

/* It begins with a code of three digits and one of " ", "-", "+". */
bool tor_text_has_code(const char *line);

/* What comes after a prefix, or NULL. */
const char *tor_text_after(const char *text, const char *prefix);

/* "NOTICE NAME ...": what comes after a name, or NULL. */
const char *tor_text_action(const char *text, const char *name);

/*
 * The value of NAME=VALUE or NAME="VALUE" among an event's arguments, cut to size, as clean text
 * (clean_text() of util.h). In quotes stands what somebody else may have written: no name is looked
 * for there. False, and "", when there is none.
 */
bool tor_text_argument(const char *arguments, const char *name, char *buf, size_t size);
