/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sources.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

void sources_clear(struct sources *s)
{
	for (size_t i = 0; i < s->n; i++) {
		free(s->items[i].name);
		free(s->items[i].text);
		free(s->items[i].error);
	}
	free(s->items);
	*s = (struct sources){0};
}

static int set_error(struct source *s, const char *fmt, ...) _printf_(2, 3);

static int set_error(struct source *s, const char *fmt, ...)
{
	va_list ap;
	int r;

	va_start(ap, fmt);
	r = vasprintf(&s->error, fmt, ap);
	va_end(ap);
	if (r < 0) {
		s->error = NULL;
		return -ENOMEM;
	}
	return 0;
}

static const char *untrusted(const struct stat *st)
{
	if (st->st_uid != 0)
		return "does not belong to root: chown root";
	if (st->st_mode & (S_IWGRP | S_IWOTH))
		return "can be written by others than root: chmod go-w";
	return NULL;
}

static int check_directory(struct source *s, const char *path)
{
	const char *why = NULL;
	struct stat st;

	if (stat(path, &st) < 0)
		return set_error(s, "the directory %s cannot be looked at: %s", path,
				 strerror(errno));
	why = untrusted(&st);
	return why ? set_error(s, "the directory %s %s %s", path, why, path) : 0;
}

/* The directory that the file is in. 0, also when it set an error. */
static int check_parent(struct source *s)
{
	const char *slash = strrchr(s->name, '/');
	_cleanup_(freep) char *dir = strndup(s->name, slash ? (size_t)(slash - s->name) : 0);

	if (!dir)
		return -ENOMEM;
	return check_directory(s, !slash ? "." : slash == s->name ? "/" : dir);
}

/* All of an open file. 0, also when it set an error. */
static int read_text(struct source *s, int fd, size_t size)
{
	/* One byte more, to see that the file did not grow. */
	s->text = malloc(size + 2);
	if (!s->text)
		return -ENOMEM;
	while (s->size <= size) {
		ssize_t n = read(fd, s->text + s->size, size + 1 - s->size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return set_error(s, "cannot be read: %s", strerror(errno));
		if (n == 0)
			break;
		s->size += (size_t)n;
	}
	if (s->size > size)
		return set_error(s, "grew while it was read: try again");
	s->text[s->size] = '\0';
	return 0;
}

static int read_source(struct source *s, bool trusted)
{
	_cleanup_(closep) int fd =
		open(s->name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	const char *why = NULL;
	struct stat st;
	int r = 0;

	if (fd < 0 && errno == ELOOP)
		return set_error(s, "is a symbolic link: put the file itself there");
	if (fd < 0)
		return set_error(s, "cannot be opened: %s", strerror(errno));
	if (fstat(fd, &st) < 0)
		return set_error(s, "cannot be looked at: %s", strerror(errno));
	if (S_ISDIR(st.st_mode))
		return set_error(s, "is a directory: name a file");
	if (!S_ISREG(st.st_mode))
		return set_error(s, "is not a regular file: name one");
	if (trusted)
		why = untrusted(&st);
	if (why)
		return set_error(s, "%s %s", why, s->name);
	if (trusted)
		r = check_parent(s);
	if (r < 0 || s->error)
		return r;
	if (st.st_size > SOURCE_SIZE_MAX)
		return set_error(s, "is larger than %u MiB: split it into drop-ins",
				 SOURCE_SIZE_MAX >> 20);
	return read_text(s, fd, (size_t)st.st_size);
}

static int add_source(struct sources *s, const char *path, struct source **ret)
{
	struct source *items;

	if (s->n >= SOURCES_MAX)
		return -E2BIG;
	items = reallocarray(s->items, s->n + 1, sizeof(*items));
	if (!items)
		return -ENOMEM;
	s->items = items;
	items[s->n] = (struct source){.name = strdup(path)};
	if (!items[s->n].name)
		return -ENOMEM;
	*ret = &items[s->n++];
	return 0;
}

int sources_add_file(struct sources *s, const char *path, bool trusted)
{
	struct source *item;
	int r;

	r = add_source(s, path, &item);
	if (r < 0)
		return r;
	r = read_source(item, trusted);
	if (item->error) {
		free(item->text);
		item->text = NULL;
		item->size = 0;
	}
	return r;
}

/* Drop-ins by name; of two with the same name the one that was found first stays. */
struct drop_ins {
	struct drop_in {
		char *name;
		const char *dir;
	} items[SOURCES_MAX];
	size_t n;
};

static void drop_ins_clear(struct drop_ins *d)
{
	for (size_t i = 0; i < d->n; i++)
		free(d->items[i].name);
}

static bool is_drop_in(const char *name)
{
	size_t n = strlen(name);

	return name[0] != '.' && n > 5 && strcmp(name + n - 5, ".conf") == 0;
}

static int add_drop_in(struct drop_ins *d, const char *dir, const char *name)
{
	for (size_t i = 0; i < d->n; i++)
		if (strcmp(d->items[i].name, name) == 0)
			return 0;
	if (d->n == ARRAY_SIZE(d->items))
		return -E2BIG;
	d->items[d->n].dir = dir;
	d->items[d->n].name = strdup(name);
	return d->items[d->n].name ? (d->n++, 0) : -ENOMEM;
}

/* An entry in which the directory itself is the error. */
static int blame(struct sources *s, const char *path, const char *why, const char *what)
{
	struct source *item;
	int r;

	r = add_source(s, path, &item);
	return r < 0 ? r : set_error(item, "%s%s", why, what);
}

/*
 * A directory of the policy, also one that has no file: who owns it decides what there is. 0 and
 * *ret_there, which is false as well when it has become an entry with an error.
 */
static int look_at_directory(struct sources *s, const char *path, bool *ret_there)
{
	struct stat st;
	const char *why;

	*ret_there = false;
	if (stat(path, &st) < 0)
		return errno == ENOENT ? 0
				       : blame(s, path, "cannot be looked at: ", strerror(errno));
	if (!S_ISDIR(st.st_mode))
		return blame(s, path, "is not a directory: move it away", "");
	why = untrusted(&st);
	if (why)
		return blame(s, path, "the directory ", why);
	*ret_there = true;
	return 0;
}

static int find_drop_ins(struct sources *s, struct drop_ins *d, const char *dir)
{
	_cleanup_(freep) char *path = NULL;
	struct dirent *e;
	bool there;
	DIR *dirp;
	int r;

	if (asprintf(&path, "%s/policy.d", dir) < 0) {
		path = NULL;
		return -ENOMEM;
	}
	r = look_at_directory(s, dir, &there);
	if (r == 0 && there)
		r = look_at_directory(s, path, &there);
	if (r < 0 || !there)
		return r;
	dirp = opendir(path);
	if (!dirp)
		return blame(s, path, "cannot be read: ", strerror(errno));
	while (r == 0 && (e = readdir(dirp)))
		if (is_drop_in(e->d_name))
			r = add_drop_in(d, dir, e->d_name);
	(void)closedir(dirp);
	return r;
}

static int compare_drop_ins(const void *a, const void *b)
{
	return strcmp(((const struct drop_in *)a)->name, ((const struct drop_in *)b)->name);
}

static int add_in(struct sources *s, const char *dir, const char *sub, const char *name)
{
	_cleanup_(freep) char *path = NULL;

	if (asprintf(&path, "%s/%s%s", dir, sub, name) < 0) {
		path = NULL;
		return -ENOMEM;
	}
	return sources_add_file(s, path, true);
}

/* What is there but cannot be looked at counts as there: it must not be passed over. */
static bool there(const char *dir, const char *name)
{
	char path[4096];
	struct stat st;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	return lstat(path, &st) == 0 || (errno != ENOENT && errno != ENOTDIR);
}

int sources_add_system(struct sources *s, const char *dir_usr, const char *dir_etc)
{
	static const char policy[] = "policy.conf";
	_cleanup_(drop_ins_clear) struct drop_ins drop_ins = {0};
	int r = 0;

	if (there(dir_etc, policy))
		r = add_in(s, dir_etc, "", policy);
	else if (there(dir_usr, policy))
		r = add_in(s, dir_usr, "", policy);
	if (r == 0)
		r = find_drop_ins(s, &drop_ins, dir_etc);
	if (r == 0)
		r = find_drop_ins(s, &drop_ins, dir_usr);
	qsort(drop_ins.items, drop_ins.n, sizeof(*drop_ins.items), compare_drop_ins);
	for (size_t i = 0; r == 0 && i < drop_ins.n; i++)
		r = add_in(s, drop_ins.items[i].dir, "policy.d/", drop_ins.items[i].name);
	return r;
}
