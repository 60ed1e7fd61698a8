/* SPDX-License-Identifier: GPL-2.0-or-later */
/* NetworkManager's configuration, merged as NetworkManager.conf(5) says. */
#include "doctor.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#define PROGRAM "/usr/sbin/NetworkManager"
#define MAIN_FILE "/etc/NetworkManager/NetworkManager.conf"
/*
 * What was changed over D-Bus. A key there is ".set.KEY", or nothing for one that was taken away,
 * and counts only while the files say what they said then: ".was.KEY".
 */
#define OWN_FILE "/var/lib/NetworkManager/NetworkManager-intern.conf"

static const struct {
	const char *group, *key;
} keys[] = {
	{"main", "dns"},
	{"connectivity", "enabled"},
	{"connectivity", "uri"},
	{"connectivity", "interval"},
};
enum { KEY_DNS, KEY_ENABLED, KEY_URI, KEY_INTERVAL, KEY_N };

/* How a key can be written. */
enum { FORM_PLAIN, FORM_SET, FORM_WAS, FORM_N };
static const char *const prefixes[FORM_N] = {"", ".set.", ".was."};

struct values {
	char *of[FORM_N][KEY_N];
};

struct file {
	struct values values;
	bool main, connectivity, config; /* the group that is being read */
	char *enable;                    /* of [.config]: whether the file counts */
};

static void values_clear(struct values *v)
{
	for (size_t form = 0; form < FORM_N; form++)
		for (size_t i = 0; i < KEY_N; i++)
			free(v->of[form][i]);
	*v = (struct values){0};
}

static void file_clear(struct file *f)
{
	values_clear(&f->values);
	free(f->enable);
}

static void set(char **to, const char *value)
{
	char *copy = value ? strdup(value) : NULL;

	if (value && !copy)
		fail_oom();
	free(*to);
	*to = copy;
}

static void see_key(struct file *f, const char *key, const char *value)
{
	size_t form = FORM_N - 1;

	if (f->config && strcmp(key, "enable") == 0)
		set(&f->enable, value);
	/* The plain form comes last: every key begins with nothing. */
	while (strncmp(key, prefixes[form], strlen(prefixes[form])) != 0)
		form--;
	key += strlen(prefixes[form]);
	for (size_t i = 0; i < KEY_N; i++) {
		bool here = strcmp(keys[i].group, "main") == 0 ? f->main : f->connectivity;

		if (here && strcmp(keys[i].key, key) == 0)
			set(&f->values.of[form][i], value);
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
	if (file.enable && !is_true(file.enable)) {
		found(f, DOCTOR_UNKNOWN, "%s counts only under a condition (%.100s)", path,
		      file.enable);
		return;
	}
	for (size_t i = 0; i < KEY_N; i++)
		if (file.values.of[FORM_PLAIN][i])
			set(&v->of[FORM_PLAIN][i], file.values.of[FORM_PLAIN][i]);
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
	for (size_t i = 0; r == 0 && i < KEY_N; i++) {
		const char *to = own.values.of[FORM_SET][i], *was = own.values.of[FORM_WAS][i];

		if ((to || was) && same(was, v->of[FORM_PLAIN][i]))
			set(&v->of[FORM_PLAIN][i], to);
	}
}

/* Without an address to ask, or with an interval of nothing, nobody is asked. */
static bool connectivity_off(char *const *is)
{
	uint32_t interval = 1;

	if (is_false(is[KEY_ENABLED]) || !is[KEY_URI] || !*is[KEY_URI])
		return true;
	return is[KEY_INTERVAL] && parse_u32(is[KEY_INTERVAL], UINT32_MAX, &interval) == 0 &&
	       !interval;
}

void doctor_network_manager(const struct doctor *d, struct finding *f)
{
	_cleanup_(values_clear) struct values v = {0};
	char **is = v.of[FORM_PLAIN];
	const char *dns;

	(void)d;
	if (access(PROGRAM, F_OK) < 0 && errno == ENOENT) {
		found(f, DOCTOR_OK, "NetworkManager is not installed");
		return;
	}
	merge_files(&v, f);
	merge_own(&v, f);
	dns = is[KEY_DNS];
	if (!dns || strcmp(dns, "none") != 0)
		found(f, DOCTOR_WRONG, "[main] dns is %s%s, not none", dns ? "" : "not set",
		      dns ? dns : "");
	if (!connectivity_off(is))
		found(f, DOCTOR_WRONG, "[connectivity] is not off: it asks %.200s", is[KEY_URI]);
	if (f->result == DOCTOR_OK)
		found(f, DOCTOR_OK, "dns=none, and no connectivity check");
}
