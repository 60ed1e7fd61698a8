/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "user.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <unistd.h>

#define NOBODY_GROUP 65534
#define PATH_DEFAULT "/usr/local/bin:/usr/bin:/bin:/usr/local/games:/usr/games"

/* What of root's environment is about the terminal and the language, and so stays. */
static const char *const kept[] = {"TERM",       "COLORTERM",   "NO_COLOR",   "LANG",
				   "LANGUAGE",   "LC_ALL",      "LC_CTYPE",   "LC_TIME",
				   "LC_COLLATE", "LC_MESSAGES", "LC_NUMERIC", "TZ"};

static int take(struct target *t, const struct passwd *pw)
{
	t->uid = pw->pw_uid;
	t->gid = pw->pw_gid;
	t->name = strdup(pw->pw_name);
	t->home = strdup(pw->pw_dir);
	t->shell = strdup(*pw->pw_shell ? pw->pw_shell : "/bin/sh");
	return t->name && t->home && t->shell ? 0 : -ENOMEM;
}

/* /etc/passwd alone, as the engine has it. */
static int look_up(const char *user, bool by_number, uid_t uid, struct target *ret)
{
	struct passwd pw, *found;
	char buf[4096];
	int r = -ESRCH;
	FILE *f;

	f = fopen("/etc/passwd", "re");
	if (!f)
		return -errno;
	while (r == -ESRCH && fgetpwent_r(f, &pw, buf, sizeof(buf), &found) == 0)
		if (by_number ? pw.pw_uid == uid : strcmp(pw.pw_name, user) == 0)
			r = take(ret, &pw);
	(void)fclose(f);
	return r;
}

static int find(const char *user, struct target *ret)
{
	uint32_t uid = 0;
	bool number;
	int r;

	r = look_up(user, false, 0, ret);
	if (r != -ESRCH)
		return r;
	number = parse_u32(user, UINT32_MAX - 1, &uid) == 0;
	r = number ? look_up(user, true, uid, ret) : -ESRCH;
	if (r == -ESRCH && number) {
		*ret = (struct target){.uid = uid, .gid = NOBODY_GROUP};
		r = 0;
	}
	return r;
}

int target_find(const struct invocation *inv, const char *user, struct target *ret)
{
	uid_t real, effective, saved;
	int r;

	r = find(user, ret);
	if (r == -ESRCH)
		return fail(inv, EXIT_NO_SUCH, NULL, NULL,
			    "there is no user \"%s\" on this machine", user);
	if (r < 0)
		return fail(inv, EXIT_FAILED, NULL, NULL, "/etc/passwd cannot be read: %s",
			    strerror(-r));
	if (getresuid(&real, &effective, &saved) < 0)
		return fail(inv, EXIT_FAILED, NULL, NULL, "%s", strerror(errno));
	ret->other = real != ret->uid || effective != ret->uid || saved != ret->uid;
	if (ret->other && effective != 0)
		return fail(inv, EXIT_NOT_THAT_USER, NULL,
			    "Only root can; or open the door with sallyport clearnet on, and run "
			    "the command as that user by other means.",
			    "you may not become user \"%s\", so no door was opened", user);
	return EXIT_DONE;
}

static int change_ids(const struct target *t)
{
	int r;

	r = t->name ? initgroups(t->name, t->gid) : setgroups(0, NULL);
	if (r < 0 || setresgid(t->gid, t->gid, t->gid) < 0 || setresuid(t->uid, t->uid, t->uid) < 0)
		return -errno;
	/* Must never happen: a way back. */
	if (t->uid != 0 && setresuid((uid_t)-1, 0, (uid_t)-1) == 0)
		return -EPERM;
	return 0;
}

static int clean_environment(const struct target *t)
{
	char *values[ARRAY_SIZE(kept)];
	char number[16];
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(kept); i++)
		values[i] = getenv(kept[i]);
	if (clearenv() != 0)
		return -ENOMEM;
	for (size_t i = 0; i < ARRAY_SIZE(kept); i++)
		if (values[i])
			r |= setenv(kept[i], values[i], 1);
	(void)snprintf(number, sizeof(number), "%u", t->uid);
	r |= setenv("USER", t->name ? t->name : number, 1);
	r |= setenv("LOGNAME", t->name ? t->name : number, 1);
	r |= setenv("HOME", t->home ? t->home : "/", 1);
	r |= setenv("SHELL", t->shell ? t->shell : "/bin/sh", 1);
	r |= setenv("PATH", PATH_DEFAULT, 1);
	return r ? -ENOMEM : 0;
}

int target_become(const struct target *t)
{
	int r;

	if (!t->other)
		return 0;
	r = change_ids(t);
	if (r == 0)
		r = clean_environment(t);
	/* Root's directory may be one that this user cannot even stand in. */
	if (r == 0 && access(".", X_OK) < 0 && (!t->home || chdir(t->home) < 0) && chdir("/") < 0)
		r = -errno;
	return r;
}

void target_clear(struct target *t)
{
	free(t->name);
	free(t->home);
	free(t->shell);
}
