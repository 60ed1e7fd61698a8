/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * One event, one line, on standard error, as the service manager wants it (a priority in angle
 * brackets first, sd-daemon(3)) or, on a terminal, plainly. Modules return errors; only
 * dispatchers and mains log. Nothing about what a user does on the network is ever logged.
 */
#include "util.h"

enum log_level {
	LOG_LEVEL_ERROR = 3,
	LOG_LEVEL_WARNING = 4,
	LOG_LEVEL_INFO = 6,
	LOG_LEVEL_DEBUG = 7,
};

/* The process's role, said at the front of each line; a static string. Of a crash, too. */
void log_open(const char *role);
void log_set_debug(bool on);
void log_line(enum log_level level, const char *fmt, ...) _printf_(2, 3);

#define log_error(...) log_line(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_line(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_info(...) log_line(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_line(LOG_LEVEL_DEBUG, __VA_ARGS__)

/* Says why and ends the process; the wall stays in the kernel. */
_noreturn_ void fatal(const char *fmt, ...) _printf_(1, 2);
/* Out of memory is fatal in both processes. */
_noreturn_ void fatal_oom(void);
