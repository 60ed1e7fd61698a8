/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The resolver's file, users and groups: /etc alone, as the engine sees them. */
#include "doctor.h"
#include "paths.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>

#define RESOLV_CONF "/etc/resolv.conf"
#define PROBE_USER "_sallyport-probe"
#define UIDS_MAX 256u

struct resolver {
	struct finding *finding;
	size_t n;
};

static void see_resolver(char *line, void *userdata)
{
	static const char *const words[] = {"nameserver", "search", "domain"};
	struct resolver *r = userdata;
	size_t n = strcspn(line, " \t");
	const char *value = line + n + strspn(line + n, " \t");

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (strlen(words[i]) != n || strncmp(line, words[i], n) != 0)
			continue;
		if (i == 0 && strcmp(value, "127.0.0.1") == 0)
			r->n++;
		else
			found(r->finding, DOCTOR_WRONG, RESOLV_CONF " says \"%s %.200s\"", words[i],
			      value);
	}
}

void doctor_resolv_conf(const struct doctor *d, struct finding *f)
{
	struct resolver resolver = {.finding = f};
	int r = each_line(RESOLV_CONF, see_resolver, &resolver);

	(void)d;
	if (r == -ENOENT)
		found(f, DOCTOR_WRONG, "there is no " RESOLV_CONF);
	else if (r < 0)
		not_seen(f, RESOLV_CONF, r);
	else if (!resolver.n)
		found(f, DOCTOR_WRONG, RESOLV_CONF " does not say nameserver 127.0.0.1");
	else if (f->result == DOCTOR_OK)
		found(f, DOCTOR_OK, RESOLV_CONF " says 127.0.0.1 and nothing else");
}

struct group_members {
	gid_t gid;
	char *names[UIDS_MAX];
	size_t n;
};

static void members_clear(struct group_members *g)
{
	for (size_t i = 0; i < g->n; i++)
		free(g->names[i]);
}

static int take_members(struct group_members *m, const struct group *g)
{
	m->gid = g->gr_gid;
	for (char **name = g->gr_mem; *name; name++) {
		if (m->n == UIDS_MAX)
			return -E2BIG;
		m->names[m->n] = strdup(*name);
		if (!m->names[m->n])
			fail_oom();
		m->n++;
	}
	return 0;
}

/* -ESRCH: there is no such group. */
static int read_group(const char *name, struct group_members *ret)
{
	struct group g, *one;
	char buf[16384];
	int r = -ESRCH;
	FILE *f = fopen("/etc/group", "re");

	*ret = (struct group_members){0};
	if (!f)
		return -errno;
	while (r == -ESRCH && fgetgrent_r(f, &g, buf, sizeof(buf), &one) == 0)
		if (strcmp(g.gr_name, name) == 0)
			r = take_members(ret, &g);
	(void)fclose(f);
	return r;
}

static bool is_member(const struct group_members *g, const struct passwd *pw)
{
	if (pw->pw_gid == g->gid)
		return true;
	for (size_t i = 0; i < g->n; i++)
		if (strcmp(g->names[i], pw->pw_name) == 0)
			return true;
	return false;
}

/* Every user of the machine, against group and policy. */
static int compare_readers(const struct group_members *g, const struct users *readers,
			   struct finding *f)
{
	struct passwd pw, *one;
	char buf[4096];
	FILE *file = fopen("/etc/passwd", "re");

	if (!file)
		return -errno;
	while (fgetpwent_r(file, &pw, buf, sizeof(buf), &one) == 0) {
		bool member = is_member(g, &pw), reader = users_contain(readers, pw.pw_uid);

		if (member && !reader)
			found(f, DOCTOR_WRONG, "%s is in the group, and no reader of the policy",
			      pw.pw_name);
		else if (reader && !member)
			found(f, DOCTOR_WRONG, "%s is a reader of the policy, and not in the group",
			      pw.pw_name);
	}
	(void)fclose(file);
	return 0;
}

void doctor_dns_readers(const struct doctor *d, struct finding *f)
{
	_cleanup_(members_clear) struct group_members g;
	int r = read_group(DNS_GROUP, &g);

	if (r == -ESRCH)
		found(f, DOCTOR_UNKNOWN, "there is no group " DNS_GROUP ": see service-users");
	else if (r < 0)
		not_seen(f, "/etc/group", r);
	else if (!d->policy)
		found(f, DOCTOR_UNKNOWN, "a policy with errors names no readers");
	else if ((r = compare_readers(&g, &d->policy->clearnet_dns.readers, f)) < 0)
		not_seen(f, "/etc/passwd", r);
	else if (f->result == DOCTOR_OK)
		found(f, DOCTOR_OK, "the members of " DNS_GROUP " are the readers of the policy");
}

void doctor_service_users(const struct doctor *d, struct finding *f)
{
	static const char *const users[] = {ENGINE_USER, BUS_USER, PROBE_USER};
	_cleanup_(members_clear) struct group_members g;
	uid_t uid;
	int r;

	(void)d;
	for (size_t i = 0; i < ARRAY_SIZE(users); i++) {
		r = resolve_user(NULL, users[i], &uid);
		if (r == -ESRCH)
			found(f, DOCTOR_WRONG, "there is no user %s", users[i]);
		else if (r < 0)
			not_seen(f, "/etc/passwd", r);
		else if (uid == 0)
			found(f, DOCTOR_WRONG, "user %s is root", users[i]);
	}
	r = read_group(DNS_GROUP, &g);
	if (r == -ESRCH)
		found(f, DOCTOR_WRONG, "there is no group " DNS_GROUP);
	else if (r < 0)
		not_seen(f, "/etc/group", r);
	if (f->result == DOCTOR_OK)
		found(f, DOCTOR_OK, "they exist");
}
