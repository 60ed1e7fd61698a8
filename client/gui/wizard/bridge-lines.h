/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Bridges as people get them: by mail, on a page, as a QR code. Pure: foreign text in, what Tor may
 * be given out. What passes holds no character that ends or quotes anything in Tor's control
 * protocol.
 */
#include "util.h"

/* The longest lines there are (snowflake) have some 700 octets. */
#define BRIDGE_LINE_MAX 2048
/* More help nobody, and a code that is scanned may hold anything. */
#define BRIDGES_MAX 32
#define BRIDGE_TEXT_MAX 65536

enum bridge_verdict {
	BRIDGE_GOOD,
	BRIDGE_BLANK, /* an empty line, or a comment */
	BRIDGE_TOO_LONG,
	BRIDGE_BAD_CHARACTER, /* none that a bridge can have */
	BRIDGE_BAD_TRANSPORT, /* the name of none */
	BRIDGE_NO_ADDRESS,    /* it ends before the address */
	BRIDGE_BAD_ADDRESS,   /* not IP:port */
	BRIDGE_BAD_FINGERPRINT,
	BRIDGE_BAD_ARGUMENT,     /* not name=value */
	BRIDGE_MISSING_ARGUMENT, /* one that this transport cannot do without */
	BRIDGE_VERDICT_N
};

struct bridge {
	char text[BRIDGE_LINE_MAX + 1]; /* as Tor takes it, one blank between words */
	char transport[32];             /* "": none */
};

/* One line of n octets. */
enum bridge_verdict bridge_line_parse(const char *line, size_t n, struct bridge *ret);

/*
 * A code's text is a list, ['LINE', 'LINE'], where it is no bare line: makes lines of it, in place.
 * Other text stays as it is.
 */
void bridge_text_unlist(char *text);
