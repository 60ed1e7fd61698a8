/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The service manager's files: what starts at boot, and what waits for the seal. */
#include "doctor.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define SEAL "sallyport-seal.service"

/* Of two files with the same name the first one counts. */
static const char *const dirs[] = {"/etc/systemd/system", "/run/systemd/system",
				   "/usr/local/lib/systemd/system", "/usr/lib/systemd/system"};

static bool there(const char *dir, const char *middle, const char *name)
{
	char path[512];
	struct stat st;

	(void)snprintf(path, sizeof(path), "%s/%s%s", dir, middle, name);
	return lstat(path, &st) == 0;
}

/* A unit is masked by an empty file, most often a link to /dev/null. */
enum state { STATE_ABSENT, STATE_MASKED, STATE_THERE };

static enum state unit_state(const char *unit)
{
	char path[512];
	struct stat st;

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", dirs[i], unit);
		if (stat(path, &st) == 0)
			return S_ISCHR(st.st_mode) || st.st_size == 0 ? STATE_MASKED : STATE_THERE;
	}
	return STATE_ABSENT;
}

static bool enabled(const char *unit, const char *target)
{
	static const char *const kinds[] = {"wants", "requires"};
	char middle[128];

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++)
		for (size_t j = 0; j < ARRAY_SIZE(kinds); j++) {
			(void)snprintf(middle, sizeof(middle), "%s.%s/", target, kinds[j]);
			if (there(dirs[i], middle, unit))
				return true;
		}
	return false;
}

void doctor_units(const struct doctor *d, struct finding *f)
{
	static const struct {
		const char *unit, *target;
	} units[] = {
		{SEAL, "sysinit.target"},
		{"sallyport-engine.service", "multi-user.target"},
		{"sallyport-engine.socket", "sockets.target"},
	};

	(void)d;
	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		switch (unit_state(units[i].unit)) {
		case STATE_ABSENT:
			found(f, DOCTOR_WRONG, "%s is not installed", units[i].unit);
			break;
		case STATE_MASKED:
			found(f, DOCTOR_WRONG, "%s is masked", units[i].unit);
			break;
		case STATE_THERE:
			if (!enabled(units[i].unit, units[i].target))
				found(f, DOCTOR_WRONG, "%s does not start with %s", units[i].unit,
				      units[i].target);
			break;
		}
	}
	if (f->result == DOCTOR_OK)
		found(f, DOCTOR_OK, "seal, engine and socket start at boot");
}

struct dependencies {
	bool needs, follows;
};

static bool has_word(const char *words, const char *word)
{
	size_t n = strlen(word);

	for (const char *p = strstr(words, word); p; p = strstr(p + 1, word))
		if ((p == words || strchr(" \t=", p[-1])) && strchr(" \t", p[n]))
			return true;
	return false;
}

static void see_dependency(char *line, void *userdata)
{
	static const char *const needs[] = {"Requires=", "BindsTo="};
	struct dependencies *d = userdata;

	if (!has_word(line, SEAL))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(needs); i++)
		if (strncmp(line, needs[i], strlen(needs[i])) == 0)
			d->needs = true;
	if (strncmp(line, "After=", sizeof("After=") - 1) == 0)
		d->follows = true;
}

static void check_drop_in(const char *unit, struct finding *f)
{
	_cleanup_(conf_files_clear) struct conf_files files = {0};
	struct dependencies have = {0};
	char sub[128];
	int r;

	(void)snprintf(sub, sizeof(sub), "%s.d", unit);
	r = conf_files_find(dirs, ARRAY_SIZE(dirs), sub, &files);
	if (r == -ENOMEM)
		fail_oom();
	for (size_t i = 0; r == 0 && i < files.n; i++)
		r = each_line(files.items[i].path, see_dependency, &have);
	if (r < 0)
		not_seen(f, sub, r);
	else if (!have.needs || !have.follows)
		found(f, DOCTOR_WRONG, "%s does not %s " SEAL, unit,
		      have.needs ? "wait for" : "require");
	else
		found(f, DOCTOR_OK, "%s waits for the seal", unit);
}

void doctor_drop_ins(const struct doctor *d, struct finding *f)
{
	/* The last two are of ifupdown. */
	static const char *const units[] = {"NetworkManager.service", "systemd-networkd.service",
					    "networking.service", "ifup@.service"};

	(void)d;
	for (size_t i = 0; i < ARRAY_SIZE(units); i++)
		if (unit_state(units[i]) == STATE_THERE)
			check_drop_in(units[i], f);
	if (!f->n)
		found(f, DOCTOR_OK, "no network manager is installed that is known here");
}
