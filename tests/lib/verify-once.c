/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The engine's way from a policy to a verified wall, without the engine, so that a test can change
 * the wall between the steps while nobody mends it. Nobody owns the tables that this makes.
 *
 *   verify-once POLICY load    the wall into the kernel, in tables made anew, with a lease,
 * connected networks, and the second wall on every link that the policy covers verify-once POLICY
 * check   reads it back: a line "same", or "differs: ..."; and the times
 *   verify-once POLICY dump DIR   what the kernel says, as the fuzzer of the decoder takes it, in
 *                              small pieces: its corpus, for after a change of the wall
 */
#include "config.h"
#include "nft-prove.h"

#include <errno.h>
#include <libnftnl/common.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <time.h>

#define TOKEN 0x73616c79u
#define DUMP_SIZE 4000
#define LEASE_UID 902
#define LEASE_MARK (MARK_LEASE | 0x123456)
#define LEASE_MS 15000
#define SCOPED_UID 907
#define SCOPED_MARK (MARK_SCOPED | 0x654321)

static struct nl nft, route;
static struct policy *policy;
static struct ruleset *ruleset;
static struct route_range network = {0xc0a84d00u, 0xc0a84dffu};
static const struct route_ranges networks = {.items = &network, .n = 1};
/* What a lease of a smaller scope reaches: a server, and what it has named. */
static const struct nft_reach reach[] = {
	{.addr = 0xc0a84d01u, .port = 53, .protocol = 17, .timeout_ms = LEASE_MS},
	{.addr = 0xc6336414u, .port = 80, .protocol = 6, .timeout_ms = LEASE_MS},
	{.addr = 0xc6336414u, .port = 443, .protocol = 6, .timeout_ms = LEASE_MS},
};
static struct nft_lease lease[] = {
	{.uid = LEASE_UID, .mark = LEASE_MARK, .timeout_ms = LEASE_MS},
	{.uid = SCOPED_UID,
	 .mark = SCOPED_MARK,
	 .timeout_ms = LEASE_MS,
	 .scoped = true,
	 .reach = reach,
	 .n_reach = ARRAY_SIZE(reach)},
};
static const struct nft_leases leases = {lease, ARRAY_SIZE(lease)};

static _noreturn_ void fail(const char *what, int r)
{
	(void)fprintf(stderr, "verify-once: %s: %s\n", what, strerror(-r));
	exit(EXIT_FAILURE);
}

static void must(int r, const struct nl_error *error)
{
	if (r < 0)
		fail(error->object, r);
}

static void read_policy(const char *path)
{
	struct sources sources = {0};
	struct diagnostics diags = {0};
	char line[700];
	int r;

	r = sources_add_file(&sources, path, false);
	if (r >= 0)
		r = config_parse(&sources, resolve_user, NULL, &diags, &policy);
	for (size_t i = 0; r < 0 && i < diags.n; i++) {
		diagnostic_format(&diags.items[i], line, sizeof(line));
		(void)fprintf(stderr, "verify-once: %s\n", line);
	}
	if (r < 0 || ruleset_build(policy, &ruleset) < 0)
		fail(path, r);
	diagnostics_clear(&diags);
	sources_clear(&sources);
}

/* The links that there are, and those of them that the policy covers. */
static void list_links(struct links *all, struct nft_links *covered)
{
	int r = link_list(&route, all);

	if (r < 0)
		fail("links", r);
	covered->items = calloc(all->n + 1, sizeof(*covered->items));
	if (!covered->items)
		fail("links", -ENOMEM);
	covered->n = 0;
	for (size_t i = 0; i < all->n; i++) {
		const struct link *l = &all->items[i];
		struct nft_link *c = &covered->items[covered->n];

		if (!policy_covers(policy, l->name))
			continue;
		*c = (struct nft_link){.index = l->index, .bare = l->bare};
		memcpy(c->name, l->name, sizeof(c->name));
		covered->n++;
	}
}

static void load(void)
{
	const struct nft_wall w = {
		.ruleset = ruleset,
		.token = TOKEN,
		.leases = &leases,
		.anew = true,
	};
	_cleanup_(links_clear) struct links all = {0};
	struct nft_links covered;
	struct nl_error error;

	list_links(&all, &covered);
	must(nft_load_egress(&nft, &w, &covered, &error), &error);
	must(nft_load(&nft, &w, &error), &error);
	must(nft_on_link(&nft, &networks, &error), &error);
	free(covered.items);
}

static double now_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

static void check(void)
{
	_cleanup_(nft_seen_clear) struct nft_seen seen = {0};
	_cleanup_(links_clear) struct links all = {0};
	char difference[NFT_FAULT_SIZE];
	struct nft_links covered;
	double start, read, compared, proved;
	bool differs;
	struct nft_expected should = {
		.ruleset = ruleset,
		.leases = &leases,
		.lease_timeout_ms = LEASE_MS,
		.on_link = &networks,
		.egress = true,
		.token = TOKEN,
		.covered = &covered,
		.by_name = true,
		.links = &all,
	};
	int r;

	list_links(&all, &covered);
	start = now_ms();
	r = nft_read(&nft, TOKEN, &seen);
	if (r < 0)
		fail("the wall cannot be read", r);
	read = now_ms();
	differs = nft_compare(&should, &seen, difference);
	compared = now_ms();
	(void)printf("comparison: %s\n", differs ? difference : "same");
	r = nft_prove(policy, &should, &seen, difference);
	if (r < 0)
		fail("proof", r);
	(void)printf("proof: %s\n", r > 0 ? difference : "proved");
	proved = now_ms();
	(void)printf("%zu rules, %zu elements, read in %.2f ms, compared in %.2f ms, proved "
		     "in %.2f ms\n",
		     seen.ruleset->n_rules, seen.n_elements, read - start, compared - read,
		     proved - compared);
	free(covered.items);
}

/* The kernel's messages, in files small enough for a fuzzer. */
struct dump {
	const char *dir;
	unsigned int n;
	size_t size;
	FILE *f;
};

static int dump_message(const struct nlmsghdr *h, void *userdata)
{
	struct dump *d = userdata;
	char path[4096];

	if (!d->f || d->size + h->nlmsg_len > DUMP_SIZE) {
		if (d->f)
			(void)fclose(d->f);
		(void)snprintf(path, sizeof(path), "%s/dump-%02u", d->dir, d->n++);
		d->f = fopen(path, "w");
		d->size = 0;
	}
	if (!d->f || fwrite(h, 1, h->nlmsg_len, d->f) != h->nlmsg_len)
		fail(d->dir, -errno);
	d->size += h->nlmsg_len;
	return MNL_CB_OK;
}

static void dump_type(struct dump *d, uint16_t type, enum rs_table table, const char *set)
{
	static const uint16_t families[] = {NFPROTO_INET, NFPROTO_NETDEV};
	char buf[512] __attribute__((aligned(8)));
	struct nlmsghdr *h =
		nftnl_nlmsg_build_hdr(buf, type, families[table], NLM_F_REQUEST | NLM_F_DUMP, 0);
	int r;

	if (type != NFT_MSG_GETTABLE)
		mnl_attr_put_strz(h, NFTA_TABLE_NAME, RULESET_TABLE);
	if (set)
		mnl_attr_put_strz(h, NFTA_SET_ELEM_LIST_SET, set);
	r = nl_dump(&nft, h, dump_message, d);
	if (r < 0)
		fail("dump", r);
}

static void dump(const char *dir)
{
	static const uint16_t types[] = {NFT_MSG_GETTABLE, NFT_MSG_GETCHAIN, NFT_MSG_GETSET,
					 NFT_MSG_GETOBJ, NFT_MSG_GETRULE};
	struct dump d = {.dir = dir};

	for (enum rs_table t = 0; t < TABLE_N; t++) {
		for (size_t i = 0; i < ARRAY_SIZE(types); i++)
			dump_type(&d, types[i], t, NULL);
		for (enum rs_set s = 0; s < SET_N; s++)
			if (rs_set_table(s) == t)
				dump_type(&d, NFT_MSG_GETSETELEM, t, rs_set_info(s)->name);
	}
	if (d.f)
		(void)fclose(d.f);
}

int main(int argc, char **argv)
{
	int r;

	if (argc < 3 || argc != (strcmp(argv[2], "dump") == 0 ? 4 : 3)) {
		(void)fputs("usage: verify-once POLICY load|check|dump [DIR]\n", stderr);
		return EXIT_FAILURE;
	}
	r = nl_open(&nft, NETLINK_NETFILTER);
	if (r >= 0)
		r = nl_open(&route, NETLINK_ROUTE);
	if (r < 0)
		fail("netlink", r);
	read_policy(argv[1]);
	if (strcmp(argv[2], "load") == 0)
		load();
	else if (strcmp(argv[2], "dump") == 0)
		dump(argv[3]);
	else
		check();
	(void)ruleset_free(ruleset);
	(void)policy_free(policy);
	nl_close(&nft);
	nl_close(&route);
	return EXIT_SUCCESS;
}
