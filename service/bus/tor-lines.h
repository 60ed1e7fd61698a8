/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * What a Tor says at its control socket, as far as one must know to see that it has connected.
 * Pure: foreign bytes in, one of a few facts out.
 */
#include "tor-text.h"

enum tor_news {
	TOR_NOTHING,
	TOR_REFUSED,    /* it does not do what was asked */
	TOR_CONNECTING, /* asked, it says how far it is: not there yet */
	TOR_CONNECTED,  /* asked, it says that it had bootstrapped, perhaps on another network */
	TOR_CONNECTS,   /* unasked: it has bootstrapped, or has a circuit again, just now */
};

/* Takes bytes until a line says something, or none are left; moves on *data and *size. */
enum tor_news tor_lines_read(struct tor_text *t, const char **data, size_t *size);
