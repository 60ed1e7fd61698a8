/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Switches of the kernel below /proc/sys. */
#include "doctor.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>

#define SYS_NET "/proc/sys/net/"

static void take_number(char *line, void *userdata)
{
	uint32_t *number = userdata;

	if (parse_u32(line, UINT32_MAX - 1, number) < 0)
		*number = UINT32_MAX;
}

int sysctl_number(const char *path, uint32_t *ret)
{
	uint32_t number = UINT32_MAX;
	int r = each_line(path, take_number, &number);

	if (r < 0)
		return r;
	if (number == UINT32_MAX)
		return -EBADMSG;
	*ret = number;
	return 0;
}

void doctor_mtu_probing(const struct doctor *d, struct finding *f)
{
	static const struct {
		const char *name, *path;
		uint32_t wanted;
	} wanted[] = {
		{"net.ipv4.tcp_mtu_probing", SYS_NET "ipv4/tcp_mtu_probing", 1},
		{"net.ipv4.tcp_base_mss", SYS_NET "ipv4/tcp_base_mss", 512},
	};
	uint32_t number;
	int r;

	(void)d;
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		r = sysctl_number(wanted[i].path, &number);
		if (r < 0)
			not_seen(f, wanted[i].name, r);
		else if (number != wanted[i].wanted)
			found(f, DOCTOR_WRONG, "%s is %u, not %u", wanted[i].name, number,
			      wanted[i].wanted);
		else
			found(f, DOCTOR_OK, "%s is %u", wanted[i].name, number);
	}
}

/* Links that must not be looked at, besides what is no link. */
struct per_link {
	const char *dir, *key;
	uint32_t wanted;
	const char *skip[2];
};

static bool skipped(const struct per_link *p, const char *link)
{
	for (size_t i = 0; i < ARRAY_SIZE(p->skip); i++)
		if (p->skip[i] && strcmp(p->skip[i], link) == 0)
			return true;
	return link[0] == '.';
}

static void check_link(const struct per_link *p, const char *link, struct finding *f, size_t *n)
{
	_cleanup_(freep) char *path = NULL;
	uint32_t number;
	int r;

	if (asprintf(&path, "%s/%s/%s", p->dir, link, p->key) < 0) {
		path = NULL;
		fail_oom();
	}
	r = sysctl_number(path, &number);
	if (r == -ENOENT)
		return; /* it has gone meanwhile */
	++*n;
	if (r < 0)
		not_seen(f, path, r);
	else if (number != p->wanted)
		found(f, DOCTOR_WRONG, "%s of %s is %u", p->key, link, number);
}

static void check_links(const struct per_link *p, struct finding *f)
{
	DIR *dir = opendir(p->dir);
	struct dirent *e;
	size_t n = 0;

	if (!dir && errno == ENOENT) {
		found(f, DOCTOR_OK, "the kernel does not have %s", p->dir);
		return;
	}
	if (!dir) {
		not_seen(f, p->dir, -errno);
		return;
	}
	while ((e = readdir(dir)))
		if (!skipped(p, e->d_name))
			check_link(p, e->d_name, f, &n);
	(void)closedir(dir);
	if (f->result == DOCTOR_OK)
		found(f, DOCTOR_OK, "%s is %u in all %zu places", p->key, p->wanted, n);
}

void doctor_ipv6_links(const struct doctor *d, struct finding *f)
{
	/* "all" only says what was written there last. */
	static const struct per_link p = {SYS_NET "ipv6/conf", "disable_ipv6", 1, {"lo", "all"}};

	(void)d;
	check_links(&p, f);
}

void doctor_route_localnet(const struct doctor *d, struct finding *f)
{
	static const struct per_link p = {SYS_NET "ipv4/conf", "route_localnet", 0, {NULL, NULL}};

	(void)d;
	check_links(&p, f);
}
