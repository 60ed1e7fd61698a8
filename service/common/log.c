/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "log.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

static const char *role = "sallyport";
static bool prefix_level;
static bool debug;

/* What a crash says: made beforehand, for a crashing process can do nothing but write. */
static char last_words[160];

static void crash(int sig)
{
	(void)sig; /* its handler is the default one again: it ends the process now */
	if (write(STDERR_FILENO, last_words, strlen(last_words)) < 0)
		return;
}

/*
 * Libraries crash where memory runs out, and what ends without a word leaves people guessing. A
 * sanitizer has better words.
 */
static void open_crash(void)
{
#ifndef __SANITIZE_ADDRESS__
	static const int signals[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL};
	const struct sigaction act = {.sa_handler = crash, .sa_flags = (int)SA_RESETHAND};

	(void)snprintf(last_words, sizeof(last_words),
		       "%s%s: crashed (out of memory?); the wall stays as it is, doors close by "
		       "themselves\n",
		       prefix_level ? "<3>" : "", role);
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		(void)sigaction(signals[i], &act, NULL);
#else
	(void)crash;
#endif
}

void log_open(const char *name)
{
	role = name;
	prefix_level = !isatty(STDERR_FILENO);
	open_crash();
}

void log_set_debug(bool on)
{
	debug = on;
}

static void log_linev(enum log_level level, const char *fmt, va_list ap)
{
	char text[1024], line[1200];
	int n;

	if (level == LOG_LEVEL_DEBUG && !debug)
		return;
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	for (char *p = text; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = '?';
	if (prefix_level)
		n = snprintf(line, sizeof(line), "<%d>%s: %s\n", (int)level, role, text);
	else
		n = snprintf(line, sizeof(line), "%s: %s\n", role, text);
	/* One write, so that two processes on one pipe never mix their lines. */
	if (n > 0 && write(STDERR_FILENO, line, (size_t)n) < 0)
		return;
}

void log_line(enum log_level level, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_linev(level, fmt, ap);
	va_end(ap);
}

void fatal(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_linev(LOG_LEVEL_ERROR, fmt, ap);
	va_end(ap);
	_exit(EXIT_FAILURE);
}

void fatal_oom(void)
{
	fatal("out of memory; the wall stays as it is");
}
