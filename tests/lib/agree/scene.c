/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One policy in force, and what the evaluator has to know of it: rules, leases, own networks. */
#include "agree.h"
#include "conntrack.h"
#include "marks.h"
#include "wire.h"

#include <errno.h>
#include <libnftnl/common.h>
#include <libnftnl/object.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <stdio.h>

#define LEASE_TIMEOUT_MS 3600000u

static int compare_keys(const void *pa, const void *pb)
{
	const struct rs_element *a = pa, *b = pb;

	for (size_t i = 0; i < RS_KEY_MAX; i++)
		if (a->key[i] != b->key[i])
			return a->key[i] < b->key[i] ? -1 : 1;
	return 0;
}

static void keep(struct scene *s, enum rs_set set, const struct rs_element *e)
{
	struct rs_elements *v = &s->kept[set];
	struct rs_element *p = reallocarray(v->items, v->n + 1, sizeof(*p));

	if (!p)
		abort();
	p[v->n++] = *e;
	v->items = p;
	qsort(v->items, v->n, sizeof(*p), compare_keys);
}

static void keep_key(struct scene *s, enum rs_set set, uint32_t first, uint32_t second,
		     uint32_t data)
{
	keep(s, set,
	     &(struct rs_element){.key = {first, second}, .end = {first, second}, .data = data});
}

static void keep_reach(struct scene *s, const struct nft_lease *l, const struct nft_reach *r)
{
	struct rs_element e = {.key = {l->uid, r->addr, r->protocol, r->port}, .data = l->mark};

	memcpy(e.end, e.key, sizeof(e.end));
	keep(s, SET_SCOPED, &e);
}

/* What the evaluator knows of the sets that are not the policy's, from the beginning. */
static int worlds_init(struct scene *s)
{
	struct nft_lease_element elements[NFT_LEASE_ELEMENTS];
	size_t n;

	world_clear(&s->original);
	world_clear(&s->actual);
	for (size_t i = 0; i < SET_N; i++)
		if ((rs_set_info(i)->flags & RS_TIMEOUT) && !(rs_set_info(i)->flags & RS_DYNAMIC))
			s->kept[i].n = 0;
	keep_key(s, SET_ADMITTED, TOKEN, 0, 0);
	for (size_t i = 0; i < s->n_leases; i++) {
		const struct nft_lease *l = &s->leases[i].lease;

		if (!s->leases[i].live)
			continue;
		n = nft_lease_elements(l, elements);
		for (size_t k = 0; k < n; k++)
			keep(s, elements[k].set, &elements[k].element);
		for (size_t k = 0; k < l->n_reach; k++)
			keep_reach(s, l, &l->reach[k]);
	}
	if (world_init(&s->original, s->ruleset, s->kept) < 0)
		return -1;
	return world_init(&s->actual, s->loaded, s->kept);
}

int scene_once(struct scene *s, enum rs_set set, uint32_t mark, uint32_t address)
{
	keep_key(s, set, mark, rs_set_info(set)->n_fields > 1 ? address : 0, 0);
	return worlds_init(s);
}

int scene_lease(struct scene *s)
{
	struct lease_kept *l = s->n_leases ? &s->leases[dice((uint32_t)s->n_leases)] : NULL;
	struct nl_error error;
	int r;

	if (!l)
		return 0;
	for (size_t i = 0; !l->live && i < s->n_leases; i++)
		if (s->leases[i].live && s->leases[i].lease.uid == l->lease.uid)
			return 0; /* the engine gives a user one */
	r = l->live ? nft_lease_remove(&s->nft, &l->lease, &error)
		    : nft_lease_add(&s->nft, &l->lease, &error);
	if (r < 0) {
		complain("a lease: %s: %s", error.object, strerror(-r));
		return -1;
	}
	l->live = !l->live;
	return worlds_init(s);
}

static int on_link(struct scene *s)
{
	static const struct route_range some[] = {
		{0x0a090800, 0x0a0908ff},
		{0xac140000, 0xac14007f},
		{0xc0a84d00, 0xc0a84dff},
		{0xcb007100, 0xcb00710f},
	};
	struct route_range items[ARRAY_SIZE(some)];
	struct route_ranges ranges = {.items = items};
	struct nl_error error;

	for (size_t i = 0; i < ARRAY_SIZE(some); i++) {
		if (one_in(4))
			continue;
		items[ranges.n++] = some[i];
		keep(s, SET_ON_LINK,
		     &(struct rs_element){.key = {some[i].first}, .end = {some[i].last}});
	}
	return nft_on_link(&s->nft, &ranges, &error);
}

/* Some of where packets go anyway: DNS, HTTP and HTTPS there. */
static void reach_draw(struct lease_kept *k)
{
	static const uint32_t addresses[] = {
		0xc0a84d01, 0xc0a84d14, 0x0a090807, 0x0a090809, 0xac140001, 0xcb007105, 0xcb007106,
		0xc6336401, 0x08080808, 0x64400001, 0x7f000001, 0xc0a84dff, 0xa9fe0101, 0xe00000fb,
	};
	static const struct {
		uint8_t protocol;
		uint16_t port;
	} ends[] = {{IPPROTO_UDP, 53}, {IPPROTO_TCP, 80}, {IPPROTO_TCP, 443}};

	k->lease.scoped = true;
	k->lease.reach = k->reach;
	for (size_t i = 0; i < ARRAY_SIZE(addresses); i++)
		for (size_t e = 0; e < ARRAY_SIZE(ends); e++)
			if (!one_in(4))
				k->reach[k->lease.n_reach++] = (struct nft_reach){
					.addr = addresses[i],
					.port = ends[e].port,
					.protocol = ends[e].protocol,
					.timeout_ms = LEASE_TIMEOUT_MS,
				};
}

/* The last ones are of whole namespaces. */
static void namespace_leases_draw(struct scene *s)
{
	for (size_t i = 0; i < s->policy->n_namespaces && s->n_leases < LEASES_MAX; i++) {
		const struct namespace *n = &s->policy->namespaces[i];
		struct nft_lease *l = &s->leases[s->n_leases].lease;

		if (!n->door)
			continue;
		*l = (struct nft_lease){
			.uid = WIRE_NAMESPACE_BASE + (uint32_t)i,
			.mark = FORWARD_MARK((uint32_t)i),
			.timeout_ms = LEASE_TIMEOUT_MS,
			.is_namespace = true,
			.peer = n->peer,
		};
		memcpy(l->link, n->interface, sizeof(l->link));
		s->n_leases++;
	}
}

static void leases_draw(struct scene *s)
{
	const struct users *const roles[] = {&s->policy->clearnet, &s->policy->autoconfig};

	for (size_t i = 0; i + 2 < LEASES_MAX; i++) {
		const struct users *u = roles[dice(2)];
		struct lease_kept *k = &s->leases[s->n_leases];
		bool scoped = one_in(2);

		if (!u->n)
			continue;
		s->n_leases++;
		k->lease = (struct nft_lease){
			.uid = u->items[dice((uint32_t)u->n)].uid,
			.mark = scoped ? SCOPED_MARK((uint32_t)i) : LEASE_MARK((uint32_t)i),
			.timeout_ms = LEASE_TIMEOUT_MS,
		};
		if (scoped)
			reach_draw(k);
	}
}

struct numbering {
	struct scene *s;
	enum rs_table table;
	size_t seen[CHAIN_N];
};

/* Rules are dumped in the order of their chain, as they were loaded. */
static void number_rule(const char *chain, uint64_t handle, void *userdata)
{
	struct numbering *n = userdata;
	const struct ruleset *r = n->s->loaded;
	size_t k = 0, c = 0;

	while (c < CHAIN_N && strcmp(rs_chain_name(c), chain) != 0)
		c++;
	if (c == CHAIN_N || handle >= HANDLES_MAX)
		return;
	for (size_t i = 0; i < r->n_rules; i++)
		if (r->rules[i].chain == c && k++ == n->seen[c])
			n->s->rules[n->table][handle] = i;
	n->seen[c]++;
}

static int number_rules(struct scene *s)
{
	static const uint16_t families[] = {NFPROTO_INET, NFPROTO_NETDEV};

	for (size_t t = 0; t < TABLE_N; t++) {
		struct numbering n = {.s = s, .table = t};

		for (size_t i = 0; i < HANDLES_MAX; i++)
			s->rules[t][i] = RULE_NONE;
		if (each_rule(&s->nft, families[t], RULESET_TABLE, number_rule, &n) < 0)
			return -1;
	}
	return 0;
}

static int load(struct scene *s)
{
	struct nft_link items[LINKS] = {{.index = LINK_INDEX}, {.index = LINK_INDEX + 1}};
	const struct nft_links covered = {.items = items, .n = LINKS};
	const struct nft_wall wall = {.ruleset = s->loaded, .token = TOKEN, .anew = true};
	struct nl_error error = {0};
	int r;

	s->bare = items[1].bare = one_in(2);
	for (size_t i = 0; i < LINKS; i++)
		memcpy(items[i].name, links[i], strlen(links[i]) + 1);
	r = probes_load(&s->nft, &s->probes, &error);
	if (r == 0)
		r = nft_load(&s->nft, &wall, &error);
	if (r == 0 && s->policy->egress.enable)
		r = nft_load_egress(&s->nft, &wall, &covered, &error);
	if (r < 0)
		complain("loading: %s: %s %s", error.object, strerror(-r), error.text);
	return r;
}

int scene_open(struct scene *s, const char *policy, mutate_fn mutate, void *userdata)
{
	*s = (struct scene){.host = -1, .peer = -1, .trace = -1};
	if (policy) {
		s->text = strdup(policy);
		s->policy = parse_policy(policy);
	} else {
		s->policy = random_policy(&s->text);
	}
	if (!s->policy || ruleset_build(s->policy, &s->ruleset) < 0 ||
	    ruleset_build(s->policy, &s->loaded) < 0)
		return -1;
	s->same = calloc(s->loaded->n_rules, sizeof(*s->same));
	s->hits = calloc(s->loaded->n_rules, sizeof(*s->hits));
	if (!s->same || !s->hits)
		return -1;
	for (size_t i = 0; i < s->loaded->n_rules; i++)
		s->same[i] = i;
	while (mutate && !mutate(s, userdata))
		;
	leases_draw(s);
	namespace_leases_draw(s);
	trace_reset();
	if (lab_open(s) < 0) {
		complain("no namespaces: %s", strerror(errno));
		return -1;
	}
	if (load(s) < 0 || on_link(s) < 0 || number_rules(s) < 0 || worlds_init(s) < 0)
		return -1;
	for (size_t i = 0; i < 2 * s->n_leases; i++)
		if (scene_lease(s) < 0)
			return -1;
	if (lab_links_up() < 0 || traffic_open(s) < 0) {
		complain("no links: %s", strerror(errno));
		return -1;
	}
	return 0;
}

void scene_close(struct scene *s)
{
	world_clear(&s->original);
	world_clear(&s->actual);
	for (size_t i = 0; i < SET_N; i++)
		free(s->kept[i].items);
	(void)ruleset_free(s->ruleset);
	(void)ruleset_free(s->loaded);
	free(s->same);
	free(s->hits);
	(void)policy_free(s->policy);
	free(s->text);
	if (s->nft.socket)
		nl_close(&s->nft);
	close_fd(s->trace);
	close_fd(s->host);
	close_fd(s->peer);
}

int scene_forget_flows(struct scene *s)
{
	return conntrack_delete(&s->nft, 0, 0);
}

static int see_counter(const struct nlmsghdr *h, void *userdata)
{
	struct nftnl_obj *o = nftnl_obj_alloc();
	struct scene *s = userdata;

	if (!o)
		return MNL_CB_ERROR;
	if (nftnl_obj_nlmsg_parse(h, o) == 0 &&
	    strcmp(nftnl_obj_get_str(o, NFTNL_OBJ_TABLE), RULESET_TABLE) == 0)
		for (size_t i = 0; i < COUNTER_N; i++)
			if (strcmp(nftnl_obj_get_str(o, NFTNL_OBJ_NAME), rs_counter_name(i)) == 0)
				s->counters[i] = nftnl_obj_get_u64(o, NFTNL_OBJ_CTR_PKTS);
	nftnl_obj_free(o);
	return MNL_CB_OK;
}

int scene_counters(struct scene *s)
{
	static const uint16_t families[] = {NFPROTO_INET, NFPROTO_NETDEV};
	char buf[256] __attribute__((aligned(8)));

	for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
		struct nlmsghdr *h =
			nftnl_nlmsg_build_hdr(buf, NFT_MSG_GETOBJ, families[i], NLM_F_DUMP, 0);

		if (nl_dump(&s->nft, h, see_counter, s) < 0)
			return -1;
	}
	return 0;
}
