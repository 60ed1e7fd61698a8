/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "survey.h"

#include "ruleset.h"
#include "survey-rule.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libnftnl/common.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdio.h>

/* Beyond these it is said that not all was seen. */
#define CHAINS_MAX 4096u
#define JUMPS_MAX 16384u
#define OBJECTS_MAX 256u

struct survey_jump {
	size_t from;
	char *target;
};

struct reader {
	struct survey *s;
	uint32_t seq; /* a dump that was torn begins anew, under another number */
	size_t chain; /* of the rule that was seen last: the kernel gives them chain by chain */
	bool out_of_memory;
};

static void chains_clear(struct survey *s)
{
	for (size_t i = 0; i < s->n_chains; i++) {
		free(s->chains[i].table);
		free(s->chains[i].name);
	}
	free(s->chains);
	s->chains = NULL;
	s->n_chains = 0;
}

static void jumps_clear(struct survey *s)
{
	for (size_t i = 0; i < s->n_jumps; i++)
		free(s->jumps[i].target);
	free(s->jumps);
	s->jumps = NULL;
	s->n_jumps = 0;
}

static void objects_clear(struct survey_object **items, size_t *n)
{
	for (size_t i = 0; i < *n; i++) {
		free((*items)[i].table);
		free((*items)[i].name);
	}
	free(*items);
	*items = NULL;
	*n = 0;
}

void survey_clear(struct survey *s)
{
	chains_clear(s);
	jumps_clear(s);
	objects_clear(&s->covered, &s->n_covered);
	objects_clear(&s->flowtables, &s->n_flowtables);
	objects_clear(&s->helpers, &s->n_helpers);
	*s = (struct survey){0};
}

/* A name as it may be shown: whoever made the table chose its bytes. */
static char *copy_name(struct reader *r, const char *name)
{
	char *copy = strdup(name ? name : "");

	if (!copy)
		r->out_of_memory = true;
	for (char *p = copy; p && *p; p++)
		if (*p < ' ' || *p > '~')
			*p = '?';
	return copy;
}

/* Room for one more; NULL: no memory, or too many. Sizes double, so powers of two are full. */
static void *grow(struct reader *r, void *items, size_t n, size_t size, size_t max)
{
	void *p = items;

	if (n >= max)
		r->s->incomplete = true;
	if (n >= max || r->out_of_memory)
		return NULL;
	if (!(n & (n - 1)))
		p = reallocarray(items, n ? n * 2 : 1, size);
	if (!p)
		r->out_of_memory = true;
	return p;
}

/* Whether the message is readable and of a table that is not ours; with its attributes. */
static bool foreign(const struct nlmsghdr *h, const struct nlattr **tb, size_t n, uint16_t table)
{
	const struct nfgenmsg *g = mnl_nlmsg_get_payload(h);
	const struct nlattr *a;
	const char *name;

	for (size_t i = 0; i < n; i++)
		tb[i] = NULL;
	if (mnl_nlmsg_get_payload_len(h) < sizeof(*g))
		return false;
	mnl_attr_for_each(a, h, sizeof(*g))
	{
		if (mnl_attr_get_type(a) < n)
			tb[mnl_attr_get_type(a)] = a;
	}
	name = survey_string(tb[table]);
	if (!name)
		return false;
	/* The wall, and what of it sits on the wire. */
	return strcmp(name, RULESET_TABLE) != 0 ||
	       (g->nfgen_family != NFPROTO_INET && g->nfgen_family != NFPROTO_NETDEV);
}

static uint8_t family_of(const struct nlmsghdr *h)
{
	return ((const struct nfgenmsg *)mnl_nlmsg_get_payload(h))->nfgen_family;
}

static bool begins_anew(struct reader *r, const struct nlmsghdr *h)
{
	bool anew = r->seq != h->nlmsg_seq;

	r->seq = h->nlmsg_seq;
	return anew;
}

static int see_table(const struct nlmsghdr *h, void *userdata)
{
	const struct nlattr *tb[NFTA_TABLE_MAX + 1];
	struct reader *r = userdata;

	if (foreign(h, tb, ARRAY_SIZE(tb), NFTA_TABLE_NAME) || !tb[NFTA_TABLE_NAME] ||
	    family_of(h) != NFPROTO_INET)
		return MNL_CB_OK;
	r->s->wall = true;
	r->s->wall_flags = survey_u32(tb[NFTA_TABLE_FLAGS]);
	r->s->wall_owner = survey_u32(tb[NFTA_TABLE_OWNER]);
	return MNL_CB_OK;
}

static void add_device(struct survey_chain *c, const char *name)
{
	size_t used = strlen(c->devices);

	if (name)
		(void)snprintf(c->devices + used, sizeof(c->devices) - used, "%s%s",
			       used ? " " : "", name);
}

static void read_hook(struct survey_chain *c, const struct nlattr *nest)
{
	const struct nlattr *tb[NFTA_HOOK_MAX + 1], *a;

	survey_attributes(nest, tb, ARRAY_SIZE(tb));
	c->base = true;
	c->hook = survey_u32(tb[NFTA_HOOK_HOOKNUM]);
	c->priority = (int32_t)survey_u32(tb[NFTA_HOOK_PRIORITY]);
	if (!tb[NFTA_HOOK_DEVS]) {
		add_device(c, survey_string(tb[NFTA_HOOK_DEV]));
		return;
	}
	mnl_attr_for_each_nested(a, tb[NFTA_HOOK_DEVS])
	{
		add_device(c, survey_string(a));
	}
}

static void add_object(struct reader *r, struct survey_object **items, size_t *n, uint8_t family,
		       const char *table, const char *name)
{
	struct survey_object *o = grow(r, *items, *n, sizeof(*o), OBJECTS_MAX);

	if (!o)
		return;
	*items = o;
	o[(*n)++] = (struct survey_object){copy_name(r, table), copy_name(r, name), family};
}

/* A chain of ours: on which link it stands, if it is one of the second wall's. */
static void see_own_chain(struct reader *r, const struct nlattr *const *tb)
{
	struct survey_chain c = {0};

	if (!tb[NFTA_CHAIN_HOOK])
		return;
	read_hook(&c, tb[NFTA_CHAIN_HOOK]);
	if (*c.devices)
		add_object(r, &r->s->covered, &r->s->n_covered, NFPROTO_NETDEV, RULESET_TABLE,
			   c.devices);
}

static int see_chain(const struct nlmsghdr *h, void *userdata)
{
	const struct nlattr *tb[NFTA_CHAIN_MAX + 1];
	struct reader *r = userdata;
	struct survey_chain *c;
	const char *type;

	if (begins_anew(r, h)) {
		chains_clear(r->s);
		objects_clear(&r->s->covered, &r->s->n_covered);
	}
	if (!foreign(h, tb, ARRAY_SIZE(tb), NFTA_CHAIN_TABLE)) {
		if (tb[NFTA_CHAIN_TABLE] && family_of(h) == NFPROTO_NETDEV)
			see_own_chain(r, tb);
		return MNL_CB_OK;
	}
	c = grow(r, r->s->chains, r->s->n_chains, sizeof(*c), CHAINS_MAX);
	if (!c)
		return MNL_CB_OK;
	r->s->chains = c;
	c += r->s->n_chains++;
	*c = (struct survey_chain){
		.table = copy_name(r, survey_string(tb[NFTA_CHAIN_TABLE])),
		.name = copy_name(r, survey_string(tb[NFTA_CHAIN_NAME])),
		.family = family_of(h),
	};
	type = survey_string(tb[NFTA_CHAIN_TYPE]);
	(void)snprintf(c->type, sizeof(c->type), "%s", type ? type : "");
	if (tb[NFTA_CHAIN_HOOK])
		read_hook(c, tb[NFTA_CHAIN_HOOK]);
	return MNL_CB_OK;
}

static bool is_chain(const struct survey_chain *c, uint8_t family, const char *table,
		     const char *name)
{
	return c->family == family && strcmp(c->table, table) == 0 && strcmp(c->name, name) == 0;
}

/* The index of a chain; n_chains if it is not there. near: where to look first. */
static size_t find_chain(const struct survey *s, size_t near, uint8_t family, const char *table,
			 const char *name)
{
	size_t i = 0;

	if (near < s->n_chains && is_chain(&s->chains[near], family, table, name))
		return near;
	while (i < s->n_chains && !is_chain(&s->chains[i], family, table, name))
		i++;
	return i;
}

static void add_jump(struct reader *r, size_t from, const char *target)
{
	struct survey_jump *j = grow(r, r->s->jumps, r->s->n_jumps, sizeof(*j), JUMPS_MAX);

	if (!j)
		return;
	r->s->jumps = j;
	j[r->s->n_jumps++] = (struct survey_jump){from, copy_name(r, target)};
}

static void rules_clear(struct survey *s)
{
	jumps_clear(s);
	for (size_t i = 0; i < s->n_chains; i++) {
		s->chains[i].effects = s->chains[i].n_rules = 0;
		s->chains[i].anywhere = false;
	}
}

static int see_rule(const struct nlmsghdr *h, void *userdata)
{
	const struct nlattr *tb[NFTA_RULE_MAX + 1];
	struct reader *r = userdata;
	_cleanup_(freep) char *table = NULL, *name = NULL;
	struct survey_rule rule;
	struct survey_chain *c;

	if (begins_anew(r, h))
		rules_clear(r->s);
	if (!foreign(h, tb, ARRAY_SIZE(tb), NFTA_RULE_TABLE))
		return MNL_CB_OK;
	table = copy_name(r, survey_string(tb[NFTA_RULE_TABLE]));
	name = copy_name(r, survey_string(tb[NFTA_RULE_CHAIN]));
	if (!table || !name)
		return MNL_CB_OK;
	r->chain = find_chain(r->s, r->chain, family_of(h), table, name);
	if (r->chain == r->s->n_chains)
		return MNL_CB_OK;
	c = &r->s->chains[r->chain];
	survey_rule(tb[NFTA_RULE_EXPRESSIONS], c->family, &rule);
	c->n_rules++;
	c->effects |= rule.effects;
	c->anywhere |= rule.anywhere;
	if (rule.target)
		add_jump(r, r->chain, rule.target);
	return MNL_CB_OK;
}

static int see_flowtable(const struct nlmsghdr *h, void *userdata)
{
	const struct nlattr *tb[NFTA_FLOWTABLE_MAX + 1];
	struct reader *r = userdata;

	if (begins_anew(r, h))
		objects_clear(&r->s->flowtables, &r->s->n_flowtables);
	if (foreign(h, tb, ARRAY_SIZE(tb), NFTA_FLOWTABLE_TABLE))
		add_object(r, &r->s->flowtables, &r->s->n_flowtables, family_of(h),
			   survey_string(tb[NFTA_FLOWTABLE_TABLE]),
			   survey_string(tb[NFTA_FLOWTABLE_NAME]));
	return MNL_CB_OK;
}

static int see_object(const struct nlmsghdr *h, void *userdata)
{
	const struct nlattr *tb[NFTA_OBJ_MAX + 1];
	struct reader *r = userdata;

	if (begins_anew(r, h))
		objects_clear(&r->s->helpers, &r->s->n_helpers);
	if (foreign(h, tb, ARRAY_SIZE(tb), NFTA_OBJ_TABLE) &&
	    survey_u32(tb[NFTA_OBJ_TYPE]) == NFT_OBJECT_CT_HELPER)
		add_object(r, &r->s->helpers, &r->s->n_helpers, family_of(h),
			   survey_string(tb[NFTA_OBJ_TABLE]), survey_string(tb[NFTA_OBJ_NAME]));
	return MNL_CB_OK;
}

/* Whatever a base chain reaches, it does. The kernel admits no loop of jumps. */
static void reach(struct survey *s, size_t at, uint32_t *effects, bool *seen)
{
	const struct survey_chain *c = &s->chains[at];

	if (seen[at])
		return;
	seen[at] = true;
	*effects |= c->effects;
	for (size_t i = 0; c->anywhere && i < s->n_chains; i++)
		if (!s->chains[i].base && s->chains[i].family == c->family &&
		    strcmp(s->chains[i].table, c->table) == 0)
			reach(s, i, effects, seen);
	for (size_t i = 0; i < s->n_jumps; i++) {
		size_t to = s->n_chains;

		if (s->jumps[i].from == at && s->jumps[i].target)
			to = find_chain(s, to, c->family, c->table, s->jumps[i].target);
		if (to < s->n_chains)
			reach(s, to, effects, seen);
	}
}

static int reach_all(struct survey *s)
{
	size_t n = s->n_chains ? s->n_chains : 1;
	_cleanup_(freep) uint32_t *effects = calloc(n, sizeof(*effects));
	_cleanup_(freep) bool *seen = calloc(n, sizeof(*seen));

	if (!effects || !seen)
		return -ENOMEM;
	for (size_t i = 0; i < s->n_chains; i++) {
		memset(seen, 0, n * sizeof(*seen));
		if (s->chains[i].base)
			reach(s, i, &effects[i], seen);
	}
	for (size_t i = 0; i < s->n_chains; i++)
		if (s->chains[i].base)
			s->chains[i].effects = effects[i];
	return 0;
}

static const struct {
	uint16_t type;
	mnl_cb_t see;
} dumps[] = {
	{NFT_MSG_GETTABLE, see_table}, {NFT_MSG_GETCHAIN, see_chain},
	{NFT_MSG_GETRULE, see_rule},   {NFT_MSG_GETFLOWTABLE, see_flowtable},
	{NFT_MSG_GETOBJ, see_object},
};

int survey_read(struct nl *nl, struct survey *ret)
{
	char buf[256] __attribute__((aligned(8)));
	struct reader reader = {.s = ret};
	int r = 0;

	*ret = (struct survey){0};
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(dumps); i++)
		r = nl_dump(nl,
			    nftnl_nlmsg_build_hdr(buf, dumps[i].type, NFPROTO_UNSPEC,
						  NLM_F_REQUEST | NLM_F_DUMP, 0),
			    dumps[i].see, &reader);
	if (r == 0 && reader.out_of_memory)
		r = -ENOMEM;
	if (r == 0)
		r = reach_all(ret);
	if (r < 0)
		survey_clear(ret);
	return r;
}

const char *survey_family_name(uint8_t family)
{
	switch (family) {
	case NFPROTO_INET:
		return "inet";
	case NFPROTO_IPV4:
		return "ip";
	case NFPROTO_IPV6:
		return "ip6";
	case NFPROTO_ARP:
		return "arp";
	case NFPROTO_BRIDGE:
		return "bridge";
	case NFPROTO_NETDEV:
		return "netdev";
	default:
		return "unknown";
	}
}

/* By number; families differ. */
static const struct hook {
	const char *name;
	enum survey_where where;
} ip_hooks[] = {{"prerouting", WHERE_IN}, {"input", WHERE_IN},        {"forward", WHERE_FORWARD},
		{"output", WHERE_OUT},    {"postrouting", WHERE_OUT}, {"ingress", WHERE_IN}},
  arp_hooks[] = {{"input", WHERE_IN}, {"output", WHERE_OUT}, {"forward", WHERE_FORWARD}},
  netdev_hooks[] = {{"ingress", WHERE_IN}, {"egress", WHERE_OUT}};

static const struct hook *hook_of(const struct survey_chain *c)
{
	static const struct hook unknown = {"unknown", WHERE_OUT};
	const struct hook *hooks = ip_hooks;
	size_t n = ARRAY_SIZE(ip_hooks);

	if (c->family == NFPROTO_ARP) {
		hooks = arp_hooks;
		n = ARRAY_SIZE(arp_hooks);
	} else if (c->family == NFPROTO_NETDEV) {
		hooks = netdev_hooks;
		n = ARRAY_SIZE(netdev_hooks);
	}
	return c->hook < n ? &hooks[c->hook] : &unknown;
}

const char *survey_hook_name(const struct survey_chain *c)
{
	return hook_of(c)->name;
}

enum survey_where survey_where(const struct survey_chain *c)
{
	return hook_of(c)->where;
}

const char *survey_effect_what(enum survey_effect e)
{
	static const char *const what[EFFECT_N] = {
#define X(NAME, text) [EFFECT_##NAME] = (text),
		SURVEY_EFFECTS(X)
#undef X
	};

	return what[e];
}
