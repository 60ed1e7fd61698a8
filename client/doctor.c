/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sallyport doctor: whether this machine is as the wall expects it. It changes nothing. */
#include "doctor.h"

#include "paths.h"
#include "verbs.h"

#include <errno.h>
#include <linux/netlink.h>
#include <stdarg.h>
#include <unistd.h>

#define START \
	"systemctl start sallyport-seal.service sallyport-engine.socket sallyport-engine.service"

/* Names are documented in sallyport(1): scripts rest on them. */
static const struct check {
	const char *name, *looks_at, *why, *todo;
	void (*run)(const struct doctor *d, struct finding *f);
} checks[] = {
	{"wall", "table inet sallyport in the kernel",
	 "Without it everything leaves this machine, past Tor.", START, doctor_wall},
	{"owner", "who owns the table in the kernel",
	 "What nobody owns any other program of root can take down, by mistake too.",
	 "systemctl restart sallyport-engine.service", doctor_owner},
	{"egress", "table netdev sallyport, and the links that there are",
	 "On a link without it leaves what goes round the wall: packet sockets, containers.",
	 "systemctl restart sallyport-engine.service; see the engine's log", doctor_egress},
	{"namespaces", "the links of [namespace] sections",
	 "A confined program that is not there is no fault; one behind a bridge would get nothing.",
	 "ip link set LINK nomaster", doctor_namespaces},
	{"unsealed", "/run/sallyport/unsealed",
	 "The wall was opened on purpose, and its units do not start.",
	 "Boot; or rm /run/sallyport/unsealed && " START, doctor_unsealed},
	{"service", "org.sallyport1 on the system bus, and the engine behind it",
	 "Without the engine doors close by themselves, and none can be opened.",
	 "systemctl status sallyport sallyport-engine; journalctl --namespace=sallyport",
	 doctor_service},
	{"policy", "the policy's files, as sallyport check does",
	 "With an error anywhere the engine keeps the old wall, or starts with the built-in one.",
	 "sallyport check", doctor_policy},
	{"policy-users", "the users that the policy names",
	 "A user that does not exist gets nothing of what the policy grants.",
	 "Make the user, or take it out of the policy; then sallyport reload", doctor_policy_users},
	{"in-force", "the wall in force, against the one that the files mean",
	 "What was changed in the files counts after a reload.", "sallyport reload",
	 doctor_in_force},
	{"foreign-hooks", "base chains of other tables, and what their rules do",
	 "Nobody can let through what the wall drops, but packets can be sent round it, or changed "
	 "before it or after it.",
	 "Take these rules out of the program that made them (published ports of Docker are such)",
	 doctor_foreign_hooks},
	{"foreign-marks", "rules of other tables that set conntrack marks",
	 "The wall tells its flows by the upper eight bits of the mark: who sets them forges its "
	 "admission.",
	 "Let that program use marks of the lower 24 bits, and leave the upper ones alone",
	 doctor_foreign_marks},
	{"flowtables", "flowtables of other tables",
	 "What flows in one goes from link to link without passing the wall.",
	 "Take it out of the program that made it", doctor_flowtables},
	{"conntrack-helpers", "assignment of conntrack helpers",
	 "A helper lets the kernel parse what strangers send, and expect connections for it.",
	 "sysctl net.netfilter.nf_conntrack_helper=0; take the rules out of the program that made "
	 "them",
	 doctor_helpers},
	{"mtu-probing", "net.ipv4.tcp_mtu_probing and tcp_base_mss",
	 "ICMP is refused: without probing, uploads through a link with a small MTU hang for ever.",
	 "systemctl restart systemd-sysctl", doctor_mtu_probing},
	{"ipv6-links", "disable_ipv6 of new links and of each link but lo",
	 "Nothing of IPv6 leaves; with an address programs try it all the same, and wait.",
	 "systemctl restart systemd-sysctl", doctor_ipv6_links},
	{"route-localnet", "route_localnet of each link",
	 "With it 127.0.0.0/8, where the local services are, can be reached from outside.",
	 "systemctl restart systemd-sysctl", doctor_route_localnet},
	{"network-manager", "NetworkManager's configuration, all files merged",
	 "It would write a network's own servers into resolv.conf, and ask a stranger whether there "
	 "is an Internet.",
	 "See that /usr/lib/NetworkManager/conf.d/60-sallyport.conf counts, then systemctl reload "
	 "NetworkManager",
	 doctor_network_manager},
	{"resolv-conf", "/etc/resolv.conf",
	 "Names are resolved through Tor at 127.0.0.1; other servers are refused, and names then "
	 "take long or fail.",
	 "echo nameserver 127.0.0.1 >/etc/resolv.conf", doctor_resolv_conf},
	{"dns-readers", "group " DNS_GROUP ", against [clearnet-dns] readers",
	 "Members of the group can read the servers of the network that one is in.",
	 "usermod -a -G " DNS_GROUP " USER, or gpasswd -d USER " DNS_GROUP, doctor_dns_readers},
	{"service-users", "the users and the group of the service",
	 "Without them neither engine nor service starts.", "systemd-sysusers",
	 doctor_service_users},
	{"units", "what starts at boot", "The wall must be there before the network is.",
	 "systemctl enable sallyport-seal.service sallyport-engine.socket sallyport-engine.service",
	 doctor_units},
	{"drop-ins", "whether network managers wait for the seal",
	 "If the wall cannot be loaded, no link may come up.",
	 "Install the package's drop-ins anew, then systemctl daemon-reload", doctor_drop_ins},
};

static const char *const result_names[DOCTOR_N] = {
#define X(NAME, name) [DOCTOR_##NAME] = (name),
	DOCTOR_RESULTS(X)
#undef X
};

void found(struct finding *f, enum doctor_result r, const char *fmt, ...)
{
	char **lines = reallocarray(f->lines, f->n + 1, sizeof(*lines));
	va_list ap;
	int n;

	if (!lines)
		fail_oom();
	f->lines = lines;
	va_start(ap, fmt);
	n = vasprintf(&lines[f->n], fmt, ap);
	va_end(ap);
	if (n < 0)
		fail_oom();
	f->n++;
	if (r > f->result)
		f->result = r;
}

void not_seen(struct finding *f, const char *what, int error)
{
	if ((error == -EPERM || error == -EACCES) && geteuid() != 0)
		found(f, DOCTOR_UNKNOWN, "run as root to see %s", what);
	else
		found(f, DOCTOR_UNKNOWN, "%s cannot be seen: %s", what, strerror(-error));
}

static void finding_clear(struct finding *f)
{
	for (size_t i = 0; i < f->n; i++)
		free(f->lines[i]);
	free(f->lines);
	*f = (struct finding){0};
}

static void doctor_clear(struct doctor *d)
{
	(void)policy_free(d->policy);
	diagnostics_clear(&d->diags);
	survey_clear(&d->survey);
	doctor_service_clear(&d->service);
}

static void gather_policy(struct doctor *d)
{
	_cleanup_(sources_clear) struct sources sources = {0};
	int r;

	r = sources_add_system(&sources, POLICY_DIR_USR, POLICY_DIR_ETC);
	if (r >= 0)
		r = config_parse(&sources, resolve_user, NULL, &d->diags, &d->policy);
	if (r == -ENOMEM)
		fail_oom();
	d->policy_error = r;
}

static void gather_survey(struct doctor *d)
{
	struct nl nl;
	int r = nl_open(&nl, NETLINK_NETFILTER);

	if (r == 0) {
		r = survey_read(&nl, &d->survey);
		nl_close(&nl);
	}
	d->survey_error = r;
}

static json_object *finding_json(const struct check *c, const struct finding *f)
{
	json_object *o = json_object_new_object(), *lines = json_object_new_array();

	for (size_t i = 0; i < f->n; i++)
		(void)json_object_array_add(lines, json_object_new_string(f->lines[i]));
	json_add_string(o, "name", c->name);
	json_add_string(o, "result", result_names[f->result]);
	json_add_string(o, "looks_at", c->looks_at);
	(void)json_object_object_add(o, "found", lines);
	json_add_string(o, "why", c->why);
	json_add_string(o, "do", c->todo);
	return o;
}

static void print_finding(const struct check *c, const struct finding *f)
{
	static const enum colour colours[DOCTOR_N] = {
		[DOCTOR_OK] = GREEN, [DOCTOR_UNKNOWN] = YELLOW, [DOCTOR_WRONG] = RED};

	for (size_t i = 0; i < f->n; i++)
		(void)printf("%s%-8s%s %-18s %s\n", i ? "" : colour(colours[f->result]),
			     i ? "" : result_names[f->result], i ? "" : colour(PLAIN),
			     i ? "" : c->name, f->lines[i]);
	if (f->result == DOCTOR_WRONG)
		(void)printf("%28swhy: %s\n%28sdo: %s\n", "", c->why, "", c->todo);
}

int verb_doctor(const struct invocation *inv)
{
	_cleanup_(doctor_clear) struct doctor d = {0};
	json_object *list = GIVEN(inv, JSON) ? json_object_new_array() : NULL;
	size_t counts[DOCTOR_N] = {0};

	gather_policy(&d);
	gather_survey(&d);
	doctor_service_ask(inv, &d.service);
	for (size_t i = 0; i < ARRAY_SIZE(checks); i++) {
		_cleanup_(finding_clear) struct finding f = {0};

		checks[i].run(&d, &f);
		counts[f.result]++;
		if (list)
			(void)json_object_array_add(list, finding_json(&checks[i], &f));
		else
			print_finding(&checks[i], &f);
	}
	if (list)
		json_print(inv, list);
	else
		(void)printf("%zu ok, %zu wrong, %zu unknown\n", counts[DOCTOR_OK],
			     counts[DOCTOR_WRONG], counts[DOCTOR_UNKNOWN]);
	return counts[DOCTOR_WRONG] ? EXIT_FAILED : EXIT_DONE;
}
