/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "util.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

int close_fd(int fd)
{
	int saved = errno;

	if (fd >= 0)
		(void)close(fd);
	errno = saved;
	return -1;
}

usec_t now_boottime(void)
{
	struct timespec ts = {0};

	(void)clock_gettime(CLOCK_BOOTTIME, &ts);
	return (usec_t)ts.tv_sec * USEC_PER_SEC + (usec_t)ts.tv_nsec / 1000;
}

/* Digits at the start of text; *ret_rest is what follows them. */
static int parse_digits(const char *text, uint64_t max, uint64_t *ret, const char **ret_rest)
{
	uint64_t n = 0;
	const char *p = text;

	for (; *p >= '0' && *p <= '9'; p++) {
		n = n * 10 + (uint64_t)(*p - '0');
		if (n > max)
			return -ERANGE;
	}
	if (p == text)
		return -EINVAL;
	*ret = n;
	*ret_rest = p;
	return 0;
}

int parse_u32(const char *text, uint32_t max, uint32_t *ret)
{
	const char *rest;
	uint64_t n;
	int r;

	r = parse_digits(text, max, &n, &rest);
	if (r < 0)
		return r;
	if (*rest)
		return -EINVAL;
	*ret = (uint32_t)n;
	return 0;
}

static const struct unit {
	const char *name;
	uint32_t seconds;
} units[] = {
	{"", 1}, {"s", 1}, {"sec", 1}, {"min", 60}, {"m", 60}, {"h", 3600}, {"d", 86400},
};

int parse_seconds(const char *text, uint32_t *ret_seconds)
{
	const char *rest;
	uint64_t n;
	int r;

	r = parse_digits(text, UINT32_MAX, &n, &rest);
	if (r < 0)
		return r;
	if (*rest == ' ')
		rest++;
	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		if (strcmp(rest, units[i].name) != 0)
			continue;
		if (n * units[i].seconds > UINT32_MAX)
			return -ERANGE;
		*ret_seconds = (uint32_t)(n * units[i].seconds);
		return 0;
	}
	return -EINVAL;
}

void format_seconds(uint32_t seconds, char *buf, size_t size)
{
	if (seconds && seconds % 3600 == 0)
		(void)snprintf(buf, size, "%uh", seconds / 3600);
	else if (seconds && seconds % 60 == 0)
		(void)snprintf(buf, size, "%umin", seconds / 60);
	else
		(void)snprintf(buf, size, "%us", seconds);
}

/* Walks /etc/passwd until match says yes; 0 and the entry's data through match, or -ESRCH. */
static int walk_passwd(bool (*match)(const struct passwd *pw, void *userdata), void *userdata)
{
	struct passwd pw, *found;
	char buf[4096];
	FILE *f;
	int r;

	f = fopen("/etc/passwd", "re");
	if (!f)
		return -errno;
	while ((r = fgetpwent_r(f, &pw, buf, sizeof(buf), &found)) == 0 && found)
		if (match(found, userdata)) {
			(void)fclose(f);
			return 0;
		}
	(void)fclose(f);
	return r == 0 || r == ENOENT ? -ESRCH : -r;
}

struct by_name {
	const char *name;
	uid_t uid;
};

static bool match_name(const struct passwd *pw, void *userdata)
{
	struct by_name *q = userdata;

	q->uid = pw->pw_uid;
	return strcmp(pw->pw_name, q->name) == 0;
}

int resolve_user(void *userdata, const char *name, uid_t *ret_uid)
{
	struct by_name q = {.name = name};
	int r;

	(void)userdata;
	r = walk_passwd(match_name, &q);
	if (r < 0)
		return r;
	*ret_uid = q.uid;
	return 0;
}

struct by_uid {
	uid_t uid;
	char *buf;
	size_t size;
};

static bool match_uid(const struct passwd *pw, void *userdata)
{
	struct by_uid *q = userdata;

	if (pw->pw_uid != q->uid)
		return false;
	(void)snprintf(q->buf, q->size, "%s", pw->pw_name);
	return true;
}

void format_user(uid_t uid, char *buf, size_t size)
{
	struct by_uid q = {.uid = uid, .buf = buf, .size = size};

	if (walk_passwd(match_uid, &q) < 0)
		(void)snprintf(buf, size, "%u", uid);
}

/* Levenshtein's distance, of short words. */
static size_t distance(const char *a, const char *b)
{
	size_t row[64], n = strlen(b);

	if (n >= ARRAY_SIZE(row))
		return n;
	for (size_t j = 0; j <= n; j++)
		row[j] = j;
	for (size_t i = 0; a[i]; i++) {
		size_t diagonal = row[0];

		row[0] = i + 1;
		for (size_t j = 0; j < n; j++) {
			size_t best = diagonal + (a[i] != b[j]);

			diagonal = row[j + 1];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (diagonal + 1 < best)
				best = diagonal + 1;
			row[j + 1] = best;
		}
	}
	return row[n];
}

const char *nearest(const char *text, const char *const *names, size_t n)
{
	const char *best = NULL;
	size_t least = 3;

	for (size_t i = 0; i < n; i++) {
		size_t d = distance(text, names[i]);

		if (d < least) {
			least = d;
			best = names[i];
		}
	}
	return best;
}

size_t utf8_length(const char *text, size_t left)
{
	const unsigned char *s = (const unsigned char *)text;
	size_t n = *s < 0x80                 ? 1
		   : *s >= 0xc2 && *s < 0xe0 ? 2
		   : *s >= 0xe0 && *s < 0xf0 ? 3
		   : *s >= 0xf0 && *s < 0xf5 ? 4
					     : 0;

	if (!n || n > left)
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	if ((*s == 0xe0 && s[1] < 0xa0) || (*s == 0xed && s[1] > 0x9f) ||
	    (*s == 0xf0 && s[1] < 0x90) || (*s == 0xf4 && s[1] > 0x8f))
		return 0;
	return n;
}

/* Controls of ASCII and of Latin-1, and those that change the direction of what follows. */
static bool is_control(const char *text, size_t n)
{
	const unsigned char *s = (const unsigned char *)text;

	if (n == 1)
		return *s < 0x20 || *s == 0x7f;
	if (n == 2)
		return *s == 0xc2 && s[1] < 0xa0;
	if (n != 3 || *s != 0xe2)
		return false;
	return (s[1] == 0x80 &&
		((s[2] >= 0x8e && s[2] <= 0x8f) || (s[2] >= 0xa8 && s[2] <= 0xae))) ||
	       (s[1] == 0x81 && s[2] >= 0xa6 && s[2] <= 0xa9);
}

bool is_clean_text(const char *text)
{
	for (size_t n; *text; text += n) {
		n = utf8_length(text, strlen(text));
		if (!n || is_control(text, n))
			return false;
	}
	return true;
}

void clean_text(char *text)
{
	char *to = text;

	for (size_t n, left = strlen(text); left; text += n, left -= n) {
		n = utf8_length(text, left);
		if (!n || is_control(text, n)) {
			*to++ = '?';
			n = n ? n : 1;
			continue;
		}
		memmove(to, text, n);
		to += n;
	}
	*to = '\0';
}
