/* SPDX-License-Identifier: GPL-2.0-or-later */
/* NetworkManager's configuration, merged as NetworkManager.conf(5) says. */
#include "doctor.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#define PROGRAM "/usr/sbin/NetworkManager"
#define MAIN_FILE "/etc/NetworkManager/NetworkManager.conf"
/* What was changed over D-Bus: counts only while the files say what they said then. */
#define OWN_FILE "/var/lib/NetworkManager/NetworkManager-intern.conf"
#define WAS ".was."

static const struct {
	const char *group, *key;
} keys[] = {
	{"main", "dns"},
	{"connectivity", "enabled"},
	{"connectivity", "uri"},
	{"connectivity", "interval"},
};
enum { KEY_DNS, KEY_ENABLED, KEY_URI, KEY_INTERVAL, KEY_N };

struct values {
	char *is[KEY_N];
	char *was[KEY_N];
};

struct file {
	struct values values;
	bool main, connectivity, config; /* the group that is being read */
	char *enable;                    /* of [.config]: whether the file counts */
};

static void values_clear(struct values *v)
{
	for (size_t i = 0; i < KEY_N; i++) {
		free(v->is[i]);
		free(v->was[i]);
	}
	*v = (struct values){0};
}

static void file_clear(struct file *f)
{
	values_clear(&f->values);
	free(f->enable);
}

static void set(char **to, const char *value)
{
	free(*to);
	*to = strdup(value);
	if (!*to)
		fail_oom();
}

static void see_key(struct file *f, const char *key, const char *value)
{
	bool was = strncmp(key, WAS, sizeof(WAS) - 1) == 0;

	if (f->config && strcmp(key, "enable") == 0)
		set(&f->enable, value);
	if (was)
		key += sizeof(WAS) - 1;
	for (size_t i = 0; i < KEY_N; i++) {
		bool here = strcmp(keys[i].group, "main") == 0 ? f->main : f->connectivity;

		if (here && strcmp(keys[i].key, key) == 0)
			set(was ? &f->values.was[i] : &f->values.is[i], value);
	}
}

static void see_line(char *line, void *userdata)
{
	struct file *f = userdata;
	char *equals = strchr(line, '='), *end;

	if (*line == '[') {
		f->main = strcmp(line, "[main]") == 0;
		f->connectivity = strcmp(line, "[connectivity]") == 0;
		f->config = strcmp(line, "[.config]") == 0;
		return;
	}
	if (*line == '#' || !equals)
		return;
	for (end = equals; end > line && (end[-1] == ' ' || end[-1] == '\t'); end--)
		;
	*end = '\0';
	see_key(f, line, equals + 1 + strspn(equals + 1, " \t"));
}

static bool is_word(const char *value, const char *const *words, size_t n)
{
	for (size_t i = 0; value && i < n; i++)
		if (strcasecmp(value, words[i]) == 0)
			return true;
	return false;
}

static bool is_false(const char *value)
{
	static const char *const words[] = {"false", "no", "off", "0"};

	return is_word(value, words, ARRAY_SIZE(words));
}

static bool is_true(const char *value)
{
	static const char *const words[] = {"true", "yes", "on", "1"};

	return is_word(value, words, ARRAY_SIZE(words));
}

static void merge_file(struct values *v, const char *path, struct finding *f)
{
	_cleanup_(file_clear) struct file file = {0};
	int r = each_line(path, see_line, &file);

	if (r < 0 && r != -ENOENT)
		not_seen(f, path, r);
	if (r < 0 || is_false(file.enable))
		return;
	if (file.enable && !is_true(file.enable))
		found(f, DOCTOR_UNKNOWN, "%s counts only under a condition (%.100s)", path,
		      file.enable);
	for (size_t i = 0; i < KEY_N; i++)
		if (file.values.is[i])
			set(&v->is[i], file.values.is[i]);
}

/* Files of packages and of this boot come before the main file, the administrator's after it. */
static void merge_files(struct values *v, struct finding *f)
{
	static const char *const dirs[] = {"/etc/NetworkManager", "/run/NetworkManager",
					   "/usr/lib/NetworkManager"};
	static const size_t etc = 0, order[] = {2, 1, 0};
	_cleanup_(conf_files_clear) struct conf_files files = {0};
	int r = conf_files_find(dirs, ARRAY_SIZE(dirs), "conf.d", &files);

	if (r == -ENOMEM)
		fail_oom();
	if (r < 0)
		not_seen(f, "the directories conf.d of NetworkManager", r);
	for (size_t o = 0; o < ARRAY_SIZE(order); o++) {
		if (order[o] == etc)
			merge_file(v, MAIN_FILE, f);
		for (size_t i = 0; i < files.n; i++)
			if (files.items[i].dir == order[o])
				merge_file(v, files.items[i].path, f);
	}
}

static bool same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static void merge_own(struct values *v, struct finding *f)
{
	_cleanup_(file_clear) struct file own = {0};
	int r = each_line(OWN_FILE, see_line, &own);

	if (r < 0 && r != -ENOENT)
		not_seen(f, OWN_FILE, r);
	for (size_t i = 0; r == 0 && i < KEY_N; i++)
		if (own.values.is[i] && same(own.values.was[i], v->is[i]))
			set(&v->is[i], own.values.is[i]);
}

/* Without an address to ask, or with an interval of nothing, nobody is asked. */
static bool connectivity_off(const struct values *v)
{
	uint32_t interval = 1;

	return is_false(v->is[KEY_ENABLED]) || !v->is[KEY_URI] || !*v->is[KEY_URI] ||
	       (v->is[KEY_INTERVAL] && parse_u32(v->is[KEY_INTERVAL], UINT32_MAX, &interval) == 0 &&
		!interval);
}

void doctor_network_manager(const struct doctor *d, struct finding *f)
{
	_cleanup_(values_clear) struct values v = {0};
	const char *dns;

	(void)d;
	if (access(PROGRAM, F_OK) < 0 && errno == ENOENT) {
		found(f, DOCTOR_OK, "NetworkManager is not installed");
		return;
	}
	merge_files(&v, f);
	merge_own(&v, f);
	dns = v.is[KEY_DNS];
	if (!dns || strcmp(dns, "none") != 0)
		found(f, DOCTOR_WRONG, "[main] dns is %s%s, not none", dns ? "" : "not set",
		      dns ? dns : "");
	if (!connectivity_off(&v))
		found(f, DOCTOR_WRONG, "[connectivity] is not off: it asks %.200s", v.is[KEY_URI]);
	if (f->result == DOCTOR_OK)
		found(f, DOCTOR_OK, "dns=none, and no connectivity check");
}
