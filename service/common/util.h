/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Small things that every folder uses: ownership by cleanup attribute, units of time, checked
 * arithmetic on text. Nothing here keeps state.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define _cleanup_(f) __attribute__((cleanup(f)))
#define _printf_(a, b) __attribute__((format(printf, a, b)))
#define _noreturn_ __attribute__((noreturn))

/* Microseconds. Every time in this program is of CLOCK_BOOTTIME, which counts while asleep. */
typedef uint64_t usec_t;
#define USEC_PER_SEC UINT64_C(1000000)
#define USEC_PER_MSEC UINT64_C(1000)
#define USEC_INFINITY UINT64_MAX

/* Moves ownership out of a variable that a cleanup attribute would free. */
#define TAKE_PTR(p)                        \
	({                                 \
		__typeof__(p) take_ = (p); \
		(p) = NULL;                \
		take_;                     \
	})
#define TAKE_FD(fd)               \
	({                        \
		int take_ = (fd); \
		(fd) = -1;        \
		take_;            \
	})

static inline void freep(void *p)
{
	free(*(void **)p);
}

/* Closes fd unless negative, keeps errno, returns -1. */
int close_fd(int fd);

static inline void closep(int *fd)
{
	close_fd(*fd);
}

/* Now, on CLOCK_BOOTTIME. */
usec_t now_boottime(void);

/* A whole decimal number without sign or blanks, at most max. 0, or -EINVAL or -ERANGE. */
int parse_u32(const char *text, uint32_t max, uint32_t *ret);

/*
 * A span of time as systemd users write it ("90", "90s", "10min", "1h"), in whole seconds.
 * 0, or -EINVAL (not a span) or -ERANGE (over UINT32_MAX seconds).
 */
int parse_seconds(const char *text, uint32_t *ret_seconds);

/* The shortest exact spelling of a span: 600 -> "10min". Writes at most size bytes. */
void format_seconds(uint32_t seconds, char *buf, size_t size);

/*
 * Finds a user in /etc/passwd: never another name service, so that the answer cannot depend on
 * a daemon or a network. 0, -ESRCH for nobody of that name, or a negative errno.
 * userdata is not used; the signature is that of config_resolve_fn.
 */
int resolve_user(void *userdata, const char *name, uid_t *ret_uid);

/* The name of a uid in /etc/passwd, else the number as text. */
void format_user(uid_t uid, char *buf, size_t size);

/* The nearest of names, if it is near enough to be meant; else NULL. */
const char *nearest(const char *text, const char *const *names, size_t n);

/* Length of the valid UTF-8 sequence (RFC 3629) at text, of which left bytes are there, or 0. */
size_t utf8_length(const char *text, size_t left);

/*
 * Foreign text that is to be printed. Clean is UTF-8 without characters that a terminal obeys or
 * that turn the direction of the line; clean_text() puts a "?" for each that is not.
 */
bool is_clean_text(const char *text);
void clean_text(char *text);
