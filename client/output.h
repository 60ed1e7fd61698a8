/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * How answers look: sentences for people, JSON for programs, colours on a terminal only. Errors go
 * to standard error, and with --json also as an object where JSON goes.
 */
#include "args.h"

#include <json-c/json.h>

enum colour { PLAIN, BOLD, GREEN, YELLOW, RED };

/* The escape sequence for standard output, or "" if that is no terminal or NO_COLOR is set. */
const char *colour(enum colour c);

/* "9min 58s"; "0s" when the time is past. */
void format_left(usec_t until, char *buf, size_t size);
uint32_t seconds_left(usec_t until);

/*
 * Says what is wrong, and on a line of its own what to do next. name is the D-Bus name of the
 * error, or NULL. Returns code.
 */
int fail(const struct invocation *inv, enum exit_code code, const char *name, const char *next,
	 const char *fmt, ...) _printf_(5, 6);
_noreturn_ void fail_oom(void);

/* Print, and put, the object. An event is one line. */
void json_print(const struct invocation *inv, json_object *o);
void json_event(const struct invocation *inv, json_object *o);
void json_add_string(json_object *o, const char *key, const char *value);
void json_add_bool(json_object *o, const char *key, bool value);
void json_add_number(json_object *o, const char *key, uint64_t value);
