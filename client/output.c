/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "output.h"

#include <stdarg.h>
#include <unistd.h>

static bool colours_wanted(void)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && !(no && *no) && term && strcmp(term, "dumb") != 0;
}

const char *colour(enum colour c)
{
	static const char *const codes[] = {
		[PLAIN] = "\033[0m",   [BOLD] = "\033[1m", [GREEN] = "\033[32m",
		[YELLOW] = "\033[33m", [RED] = "\033[31m",
	};
	static int wanted = -1;

	if (wanted < 0)
		wanted = colours_wanted();
	return wanted ? codes[c] : "";
}

/* Rounded up: a door that is open has at least a second. */
uint32_t seconds_left(usec_t until)
{
	usec_t now = now_boottime();

	return until > now ? (uint32_t)((until - now + USEC_PER_SEC - 1) / USEC_PER_SEC) : 0;
}

void format_left(usec_t until, char *buf, size_t size)
{
	uint32_t s = seconds_left(until);

	if (s >= 3600)
		(void)snprintf(buf, size, "%uh %umin", s / 3600, s / 60 % 60);
	else if (s >= 60 && s % 60)
		(void)snprintf(buf, size, "%umin %us", s / 60, s % 60);
	else if (s >= 60)
		(void)snprintf(buf, size, "%umin", s / 60);
	else
		(void)snprintf(buf, size, "%us", s);
}

void fail_oom(void)
{
	(void)fputs("sallyport: out of memory\n", stderr);
	exit(EXIT_FAILED);
}

int fail(const struct invocation *inv, enum exit_code code, const char *name, const char *next,
	 const char *fmt, ...)
{
	_cleanup_(freep) char *text = NULL;
	json_object *o, *error;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		fail_oom();
	va_end(ap);
	clean_text(text);
	(void)fflush(stdout);
	(void)fprintf(stderr, "sallyport: %s\n", text);
	if (next)
		(void)fprintf(stderr, "  %s\n", next);
	if (!GIVEN(inv, JSON))
		return code;
	o = json_object_new_object();
	error = json_object_new_object();
	json_add_string(error, "name", name);
	json_add_string(error, "text", text);
	json_add_string(error, "next", next);
	json_add_number(error, "exit", code);
	(void)json_object_object_add(o, "error", error);
	json_print(inv, o);
	return code;
}

static void print(const struct invocation *inv, json_object *o, int flags)
{
	(void)fprintf(inv->json, "%s\n",
		      json_object_to_json_string_ext(o, flags | JSON_C_TO_STRING_NOSLASHESCAPE));
	(void)fflush(inv->json);
	(void)json_object_put(o);
}

void json_print(const struct invocation *inv, json_object *o)
{
	print(inv, o, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED);
}

void json_event(const struct invocation *inv, json_object *o)
{
	print(inv, o, JSON_C_TO_STRING_SPACED);
}

void json_add_string(json_object *o, const char *key, const char *value)
{
	(void)json_object_object_add(o, key, value ? json_object_new_string(value) : NULL);
}

void json_add_bool(json_object *o, const char *key, bool value)
{
	(void)json_object_object_add(o, key, json_object_new_boolean(value));
}

void json_add_number(json_object *o, const char *key, uint64_t value)
{
	(void)json_object_object_add(o, key, json_object_new_int64((int64_t)value));
}
