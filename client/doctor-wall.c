/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The wall itself, the policy that it comes from, and the two processes behind it. */
#include "doctor.h"
#include "link.h"
#include "nft.h"
#include "paths.h"
#include "ruleset.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <sys/utsname.h>
#include <unistd.h>

#define LOCK_PATH RUN_DIR "/engine.lock"
#define UNSEALED_PATH RUN_DIR "/unsealed"
#define FLAGS_WANTED (NFT_FLAG_OWNER | NFT_FLAG_PERSIST)
/* Linux 6.9 has tables that outlive their owner. */
#define PERSIST_SINCE 6009ul
#define LINES_SHOWN 10

void doctor_wall(const struct doctor *d, struct finding *f)
{
	if (d->survey_error)
		not_seen(f, "the kernel's tables", d->survey_error);
	else if (d->survey.wall)
		found(f, DOCTOR_OK, "table inet " RULESET_TABLE " is in the kernel");
	else
		found(f, DOCTOR_WRONG,
		      "there is no table inet " RULESET_TABLE
		      " in the kernel: everything may leave this machine");
}

static bool kernel_can_persist(char *release, size_t size)
{
	struct utsname u;
	unsigned long major, minor = 0;
	char *end;

	if (uname(&u) < 0)
		return true;
	(void)snprintf(release, size, "%.60s", u.release);
	major = strtoul(u.release, &end, 10);
	if (*end == '.')
		minor = strtoul(end + 1, NULL, 10);
	return major * 1000 + minor >= PERSIST_SINCE;
}

/* The engine that runs holds a lock. 0: none does. */
static pid_t engine_pid(void)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	_cleanup_(closep) int fd = open(LOCK_PATH, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0 || fcntl(fd, F_GETLK, &lock) < 0 || lock.l_type == F_UNLCK)
		return 0;
	return lock.l_pid;
}

struct port {
	uint32_t number;
	unsigned long inode; /* 0: not seen */
};

/* /proc/net/netlink: address, protocol, port, groups, two sizes, dump, locks, drops, inode. */
static void see_port(char *line, void *userdata)
{
	unsigned long fields[10] = {0};
	struct port *port = userdata;
	char *p = line;

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		fields[i] = strtoul(p, &p, i == 0 || i == 3 ? 16 : 10);
		p += strspn(p, " ");
	}
	if (fields[1] == NETLINK_NETFILTER && fields[2] == port->number)
		port->inode = fields[9];
}

/* 1 or 0, or a negative errno. */
static int has_socket(pid_t pid, unsigned long inode)
{
	char dir[64], wanted[64], target[64];
	struct dirent *e;
	DIR *dirp;
	ssize_t n;
	int r = 0;

	(void)snprintf(dir, sizeof(dir), "/proc/%d/fd", (int)pid);
	(void)snprintf(wanted, sizeof(wanted), "socket:[%lu]", inode);
	dirp = opendir(dir);
	if (!dirp)
		return -errno;
	while (r == 0 && (e = readdir(dirp))) {
		n = readlinkat(dirfd(dirp), e->d_name, target, sizeof(target) - 1);
		if (n < 0)
			continue;
		target[n] = '\0';
		r = strcmp(target, wanted) == 0;
	}
	(void)closedir(dirp);
	return r;
}

static void check_owning_process(uint32_t number, struct finding *f)
{
	struct port port = {.number = number};
	pid_t pid = engine_pid();
	int r = each_line("/proc/net/netlink", see_port, &port);

	if (!pid) {
		found(f, DOCTOR_WRONG, "the table has an owner, but no engine runs");
		return;
	}
	if (r == 0)
		r = port.inode ? has_socket(pid, port.inode) : -ENOENT;
	if (r < 0)
		not_seen(f, "the socket that owns the table", r);
	else if (r == 0)
		found(f, DOCTOR_WRONG, "the owner of the table is not the engine, process %d",
		      (int)pid);
	else
		found(f, DOCTOR_OK, "the engine, process %d, owns the table", (int)pid);
}

void doctor_owner(const struct doctor *d, struct finding *f)
{
	uint32_t flags = d->survey.wall_flags & FLAGS_WANTED;
	char release[64] = "";

	if (d->survey_error)
		not_seen(f, "the kernel's tables", d->survey_error);
	else if (!d->survey.wall)
		found(f, DOCTOR_UNKNOWN, "there is no table that could have an owner");
	else if (flags == NFT_FLAG_OWNER)
		found(f, DOCTOR_WRONG,
		      "the table has an owner but does not persist: it goes with its owner");
	else if (flags == FLAGS_WANTED)
		check_owning_process(d->survey.wall_owner, f);
	else if (kernel_can_persist(release, sizeof(release)))
		found(f, DOCTOR_WRONG, "nobody owns the table: any process of root can change it");
	else
		found(f, DOCTOR_OK,
		      "nobody can: this kernel, %s, is older than 6.9, and the engine is left to "
		      "watch the table",
		      release);
}

static bool is_covered(const struct survey *s, const char *link)
{
	for (size_t i = 0; i < s->n_covered; i++)
		if (strcmp(s->covered[i].name, link) == 0)
			return true;
	return false;
}

static int list_links(struct links *ret)
{
	struct nl nl;
	int r = nl_open(&nl, NETLINK_ROUTE);

	if (r < 0)
		return r;
	r = link_list(&nl, ret);
	nl_close(&nl);
	return r;
}

void doctor_egress(const struct doctor *d, struct finding *f)
{
	_cleanup_(links_clear) struct links links = {0};
	int r = list_links(&links);

	if (d->survey_error || r < 0) {
		not_seen(f, r < 0 ? "the links" : "the kernel's tables",
			 r < 0 ? r : d->survey_error);
		return;
	}
	if (!d->policy) {
		found(f, DOCTOR_UNKNOWN, "a policy with errors does not say which links");
		return;
	}
	if (!d->policy->egress.enable) {
		found(f, DOCTOR_OK, "the policy wants no second wall");
		return;
	}
	for (size_t i = 0; i < links.n; i++) {
		const char *link = links.items[i].name;

		if (policy_covers(d->policy, link) && !is_covered(&d->survey, link))
			found(f, DOCTOR_WRONG, "link %s is not covered", link);
	}
	if (f->result == DOCTOR_OK)
		found(f, DOCTOR_OK, "it stands on every link that the policy does not except");
}

static const struct link *find_link(const struct links *links, const char *name)
{
	for (size_t i = 0; i < links->n; i++)
		if (strcmp(links->items[i].name, name) == 0)
			return &links->items[i];
	return NULL;
}

/* Pairs come and go with their programs: one that is not there is a hint, and no fault. */
void doctor_namespaces(const struct doctor *d, struct finding *f)
{
	_cleanup_(links_clear) struct links links = {0};
	int r = list_links(&links);

	if (r < 0) {
		not_seen(f, "the links", r);
		return;
	}
	if (!d->policy) {
		found(f, DOCTOR_UNKNOWN, "a policy with errors does not say which links");
		return;
	}
	for (size_t i = 0; i < d->policy->n_namespaces; i++) {
		const struct namespace *n = &d->policy->namespaces[i];
		const struct link *link = find_link(&links, n->interface);

		if (!link)
			found(f, DOCTOR_OK, "%s: there is no link %s; its program does not run",
			      n->name, n->interface);
		else if (link->port)
			found(f, DOCTOR_WRONG, "%s: link %s is a port of another link", n->name,
			      n->interface);
		else
			found(f, DOCTOR_OK, "%s: link %s leads to it", n->name, n->interface);
	}
	if (!f->n)
		found(f, DOCTOR_OK, "the policy confines no program");
}

void doctor_unsealed(const struct doctor *d, struct finding *f)
{
	(void)d;
	if (access(UNSEALED_PATH, F_OK) == 0)
		found(f, DOCTOR_WRONG,
		      UNSEALED_PATH " is there: the wall was opened by "
				    "sallyport-engine --unseal");
	else if (errno != ENOENT)
		not_seen(f, UNSEALED_PATH, -errno);
	else
		found(f, DOCTOR_OK, "nobody has opened the wall since the boot");
}

void doctor_service(const struct doctor *d, struct finding *f)
{
	if (d->service.error)
		found(f, DOCTOR_WRONG, "the service does not answer: %s", d->service.error);
	else if (!d->service.sealed)
		found(f, DOCTOR_WRONG, "the service answers, the engine does not");
	else
		found(f, DOCTOR_OK, "service and engine answer");
}

static void list_diagnostics(const struct diagnostics *d, enum severity severity, struct finding *f)
{
	char line[700];
	size_t n = 0;

	for (size_t i = 0; i < d->n; i++) {
		if (d->items[i].severity != severity)
			continue;
		diagnostic_format(&d->items[i], line, sizeof(line));
		if (n++ < LINES_SHOWN)
			found(f, DOCTOR_WRONG, "%s", line);
	}
	if (n > LINES_SHOWN)
		found(f, DOCTOR_WRONG, "and %zu more", n - LINES_SHOWN);
}

void doctor_policy(const struct doctor *d, struct finding *f)
{
	list_diagnostics(&d->diags, SEVERITY_ERROR, f);
	if (d->policy)
		found(f, DOCTOR_OK, "the policy is good");
	else if (f->result == DOCTOR_OK)
		found(f, DOCTOR_WRONG, "the policy cannot be read: %s", strerror(-d->policy_error));
}

void doctor_policy_users(const struct doctor *d, struct finding *f)
{
	list_diagnostics(&d->diags, SEVERITY_WARNING, f);
	if (!d->policy)
		found(f, DOCTOR_UNKNOWN, "a policy with errors names nobody");
	else if (f->result == DOCTOR_OK)
		found(f, DOCTOR_OK, "everybody whom the policy names exists");
}

void doctor_in_force(const struct doctor *d, struct finding *f)
{
	_cleanup_(ruleset_freep) struct ruleset *rules = NULL;
	char digest[2 * sizeof(rules->digest) + 1];

	if (d->service.error || !d->service.sealed) {
		found(f, DOCTOR_UNKNOWN, "nobody says what is in force: see service");
		return;
	}
	if (!d->policy) {
		found(f, DOCTOR_UNKNOWN, "a policy with errors has no wall to compare with");
		return;
	}
	if (ruleset_build(d->policy, &rules) < 0)
		fail_oom();
	for (size_t i = 0; i < sizeof(rules->digest); i++)
		(void)snprintf(digest + 2 * i, 3, "%02x", rules->digest[i]);
	if (d->service.built_in)
		found(f, DOCTOR_WRONG, "the built-in wall is in force, not the policy's");
	else if (strcmp(digest, d->service.digest) != 0)
		found(f, DOCTOR_WRONG, "the files mean the wall %.12s, in force is %.12s", digest,
		      d->service.digest);
	else
		found(f, DOCTOR_OK, "what the files say is in force (%.12s)", digest);
}
