/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Small files of other programs: found and read as those programs do. */
#include "doctor.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>

#define FILES_MAX 1024u
#define LINES_MAX 100000u

void conf_files_clear(struct conf_files *c)
{
	for (size_t i = 0; i < c->n; i++)
		free(c->items[i].path);
	free(c->items);
	*c = (struct conf_files){0};
}

static bool is_conf(const char *name)
{
	size_t n = strlen(name);

	return name[0] != '.' && n > 5 && strcmp(name + n - 5, ".conf") == 0;
}

static bool shadowed(const struct conf_files *c, const char *name)
{
	for (size_t i = 0; i < c->n; i++)
		if (strcmp(c->items[i].name, name) == 0)
			return true;
	return false;
}

static int add(struct conf_files *c, const char *dir, const char *name, size_t number)
{
	struct conf_file *p;
	char *path;

	if (c->n >= FILES_MAX)
		return -E2BIG;
	p = reallocarray(c->items, c->n + 1, sizeof(*p));
	if (!p)
		return -ENOMEM;
	c->items = p;
	if (asprintf(&path, "%s/%s", dir, name) < 0)
		return -ENOMEM;
	p[c->n++] = (struct conf_file){path, strrchr(path, '/') + 1, number};
	return 0;
}

static int compare(const void *a, const void *b)
{
	return strcmp(((const struct conf_file *)a)->name, ((const struct conf_file *)b)->name);
}

static int find_in(struct conf_files *c, const char *dir, size_t number)
{
	struct dirent *e;
	DIR *dirp = opendir(dir);
	int r = 0;

	if (!dirp)
		return errno == ENOENT || errno == ENOTDIR ? 0 : -errno;
	while (r == 0 && (e = readdir(dirp)))
		if (is_conf(e->d_name) && !shadowed(c, e->d_name))
			r = add(c, dir, e->d_name, number);
	(void)closedir(dirp);
	return r;
}

int conf_files_find(const char *const *dirs, size_t n, const char *sub, struct conf_files *ret)
{
	int r = 0;

	*ret = (struct conf_files){0};
	for (size_t i = 0; r == 0 && i < n; i++) {
		_cleanup_(freep) char *dir = NULL;

		if (asprintf(&dir, "%s/%s", dirs[i], sub) < 0) {
			dir = NULL;
			r = -ENOMEM;
		} else {
			r = find_in(ret, dir, i);
		}
	}
	if (r == 0 && ret->n)
		qsort(ret->items, ret->n, sizeof(*ret->items), compare);
	if (r < 0)
		conf_files_clear(ret);
	return r;
}

static char *trim(char *line)
{
	size_t n;

	while (isspace((unsigned char)*line))
		line++;
	n = strlen(line);
	while (n && isspace((unsigned char)line[n - 1]))
		line[--n] = '\0';
	return line;
}

int each_line(const char *path, void (*see)(char *line, void *userdata), void *userdata)
{
	_cleanup_(freep) char *line = NULL;
	size_t size = 0, n = 0;
	FILE *f = fopen(path, "re");
	int r = 0;

	if (!f)
		return -errno;
	while (n++ < LINES_MAX && getline(&line, &size, f) >= 0)
		see(trim(line), userdata);
	if (ferror(f))
		r = -EIO;
	else if (!feof(f))
		r = -EFBIG;
	(void)fclose(f);
	return r;
}
