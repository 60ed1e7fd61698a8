/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Dates as text, in UTC, as seconds since 1970. No clock, no locale; what is not exactly of its
 * form is no date. Years from 1970 to 9999.
 */
#include "util.h"

#define DATE_TEXT_SIZE 21 /* "2026-11-24T12:00:00Z" */

/* "Sun, 06 Nov 1994 08:49:37 GMT", as a server must send it (RFC 9110, 5.6.7); size bytes. */
bool date_parse_http(const char *text, size_t size, uint64_t *ret);
/* "2026-11-24", its beginning, or "2026-11-24T12:00:00Z", also with an offset (RFC 3339). */
bool date_parse_rfc3339(const char *text, uint64_t *ret);

/* Of RFC 3339. */
void date_format(uint64_t date, char buf[DATE_TEXT_SIZE]);
