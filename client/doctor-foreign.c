/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tables of others. They are no offence: Docker, libvirt and NetworkManager have them. Nobody can
 * let through what the wall drops; wrong is what gets round it, or changes what it has judged.
 */
#include "doctor.h"
#include "ruleset.h"

#include <errno.h>
#include <stdio.h>

#define OUT (1u << WHERE_OUT)
#define ANYWHERE ((1u << WHERE_N) - 1)

/* Effects that are another check's are not here. */
static const struct {
	enum survey_effect effect;
	uint32_t harms; /* at these places */
	const char *harm, *harmless;
} meanings[] = {
	{EFFECT_DESTINATION, OUT, "can redirect what the wall admits",
	 "the wall drops what comes in, wherever it is sent"},
	{EFFECT_SOURCE, 0, NULL, "decides nothing about what leaves"},
	{EFFECT_UNMARK, 0, NULL, "only drops more"},
	{EFFECT_ELSEWHERE, ANYWHERE, "goes round the wall", NULL},
	{EFFECT_QUEUE, OUT, "can change what the wall has passed", "the wall judges afterwards"},
	{EFFECT_UNTRACKED, 0, NULL, "only drops more: what is not tracked has no mark"},
	{EFFECT_PACKET, 0, NULL, "changes nothing that the wall judges by"},
};

/* Of a chain that does nothing of that kind. */
static const struct {
	const char *type, *means;
} types[] = {
	{"filter", "only drops more"},
	{"nat", "redirects nothing"},
	{"route", "can send what the wall admits over another link, and nothing else"},
};

static void describe(const struct survey_chain *c, char *buf, size_t size)
{
	(void)snprintf(buf, size, "%s %s %s (%s, hook %s%s%s, priority %d)",
		       survey_family_name(c->family), c->table, c->name, c->type,
		       survey_hook_name(c), *c->devices ? " of " : "", c->devices, c->priority);
}

static bool before_the_wall(const struct survey_chain *c)
{
	return strcmp(survey_hook_name(c), "output") == 0 &&
	       c->priority < rs_chain_base(CHAIN_OUTPUT)->priority;
}

static void judge(const struct survey_chain *c, struct finding *f)
{
	uint32_t where = 1u << survey_where(c);
	char name[512];

	describe(c, name, sizeof(name));
	for (size_t i = 0; i < ARRAY_SIZE(meanings); i++) {
		enum survey_effect e = meanings[i].effect;
		bool harm = meanings[i].harms & where;

		if (!(c->effects & (UINT32_C(1) << e)))
			continue;
		/* What a program changes before the wall, the wall sees. */
		if (e == EFFECT_QUEUE && before_the_wall(c))
			harm = false;
		found(f, harm ? DOCTOR_WRONG : DOCTOR_OK, "%s: %s: %s", name, survey_effect_what(e),
		      harm ? meanings[i].harm : meanings[i].harmless);
	}
	if (c->effects & EFFECT_BIT(OTHER))
		found(f, DOCTOR_UNKNOWN, "%s: %s: nft list ruleset shows it", name,
		      survey_effect_what(EFFECT_OTHER));
	for (size_t i = 0; !c->effects && i < ARRAY_SIZE(types); i++)
		if (strcmp(c->type, types[i].type) == 0)
			found(f, DOCTOR_OK, "%s: %s", name, types[i].means);
}

/* iptables-legacy keeps its rules elsewhere; only the names of its tables are to be had. */
struct legacy {
	const char *family;
	struct finding *finding;
};

static void see_legacy(char *line, void *userdata)
{
	static const char *const harmless[] = {"filter", "security"};
	const struct legacy *l = userdata;

	for (size_t i = 0; i < ARRAY_SIZE(harmless); i++)
		if (strcmp(line, harmless[i]) == 0) {
			found(l->finding, DOCTOR_OK, "%s %s of iptables-legacy: only drops more",
			      l->family, line);
			return;
		}
	found(l->finding, DOCTOR_UNKNOWN,
	      "%s %s of iptables-legacy is there, and its rules are not looked at: "
	      "iptables-legacy-save and ip6tables-legacy-save show them",
	      l->family, line);
}

static void check_legacy(struct finding *f)
{
	static const struct {
		const char *family, *path;
	} lists[] = {
		{"ip", "/proc/net/ip_tables_names"},
		{"ip6", "/proc/net/ip6_tables_names"},
	};
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		struct legacy l = {lists[i].family, f};

		r = each_line(lists[i].path, see_legacy, &l);
		if (r < 0 && r != -ENOENT)
			not_seen(f, lists[i].path, r);
	}
}

/* Whether there is a survey to be judged. */
static bool surveyed(const struct doctor *d, struct finding *f)
{
	if (d->survey_error)
		not_seen(f, "the kernel's tables", d->survey_error);
	else if (d->survey.incomplete)
		found(f, DOCTOR_UNKNOWN, "there are more chains and rules than are looked at");
	return !d->survey_error;
}

void doctor_foreign_hooks(const struct doctor *d, struct finding *f)
{
	if (!surveyed(d, f))
		return;
	for (size_t i = 0; i < d->survey.n_chains; i++)
		if (d->survey.chains[i].base)
			judge(&d->survey.chains[i], f);
	check_legacy(f);
	if (!f->n)
		found(f, DOCTOR_OK, "nobody else has a hook");
}

void doctor_foreign_marks(const struct doctor *d, struct finding *f)
{
	char name[512];

	if (!surveyed(d, f))
		return;
	for (size_t i = 0; i < d->survey.n_chains; i++) {
		const struct survey_chain *c = &d->survey.chains[i];

		if (!c->base || !(c->effects & EFFECT_BIT(MARK)))
			continue;
		describe(c, name, sizeof(name));
		found(f, DOCTOR_WRONG, "%s: %s, or may", name, survey_effect_what(EFFECT_MARK));
	}
	if (!f->n)
		found(f, DOCTOR_OK, "nobody else sets marks of 0x%08x", MARK_KIND);
}

void doctor_flowtables(const struct doctor *d, struct finding *f)
{
	if (!surveyed(d, f))
		return;
	for (size_t i = 0; i < d->survey.n_flowtables; i++) {
		const struct survey_object *o = &d->survey.flowtables[i];

		found(f, DOCTOR_WRONG, "flowtable %s %s %s: what flows in it passes no hook",
		      survey_family_name(o->family), o->table, o->name);
	}
	if (!f->n)
		found(f, DOCTOR_OK, "there is none");
}

static void helper_rules(const struct survey *s, struct finding *f)
{
	char name[512];

	for (size_t i = 0; i < s->n_helpers; i++)
		found(f, DOCTOR_WRONG, "ct helper %s %s %s",
		      survey_family_name(s->helpers[i].family), s->helpers[i].table,
		      s->helpers[i].name);
	for (size_t i = 0; i < s->n_chains; i++) {
		if (!s->chains[i].base || !(s->chains[i].effects & EFFECT_BIT(HELPER)))
			continue;
		describe(&s->chains[i], name, sizeof(name));
		found(f, DOCTOR_WRONG, "%s: %s", name, survey_effect_what(EFFECT_HELPER));
	}
}

static void see_expectation(char *line, void *userdata)
{
	found(userdata, DOCTOR_WRONG, "a connection is expected: %.200s", line);
}

void doctor_helpers(const struct doctor *d, struct finding *f)
{
	static const char automatic[] = "/proc/sys/net/netfilter/nf_conntrack_helper",
			  expected[] = "/proc/net/nf_conntrack_expect";
	uint32_t number = 0;
	int r = sysctl_number(automatic, &number);

	if (r < 0 && r != -ENOENT)
		not_seen(f, automatic, r);
	else if (number)
		found(f, DOCTOR_WRONG, "net.netfilter.nf_conntrack_helper is %u", number);
	r = each_line(expected, see_expectation, f);
	if (r < 0 && r != -ENOENT)
		not_seen(f, expected, r);
	if (surveyed(d, f))
		helper_rules(&d->survey, f);
	if (!f->n)
		found(f, DOCTOR_OK, "nobody assigns one");
}
