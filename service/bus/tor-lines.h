/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * What a Tor says at its control socket (control-spec), as far as one must know to see that it has
 * connected. Pure: foreign bytes in, one of a few facts out.
 */
#include "util.h"

/* Longer lines are skipped: none that counts is. */
#define TOR_LINE_SIZE 512

enum tor_news {
	TOR_NOTHING,
	TOR_REFUSED,    /* it does not do what was asked */
	TOR_CONNECTING, /* asked, it says how far it is: not there yet */
	TOR_CONNECTED,  /* asked, it says that it had bootstrapped, perhaps on another network */
	TOR_CONNECTS,   /* unasked: it has bootstrapped, or has a circuit again, just now */
};

struct tor_lines {
	char line[TOR_LINE_SIZE];
	size_t n;
	bool skip;    /* it is too long, or no text */
	bool in_data; /* of a reply that no command of ours has */
};

/* Takes bytes until a line says something, or none are left; moves on *data and *size. */
enum tor_news tor_lines_read(struct tor_lines *t, const char **data, size_t *size);
