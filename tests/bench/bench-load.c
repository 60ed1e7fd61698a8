/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bench-load ROUNDS SERVICES: how long it takes to load the wall, to read it back and to prove it,
 * and to open and close a door, beside nft -f as a process, libnftables in process, and one bare
 * set element. Runs in a network namespace of its own; prints "NAME<tab>OURS<tab>PEER<tab>RATIO"
 * with medians in microseconds.
 */
#include "log.h"
#include "nft-compare.h"
#include "nft.h"
#include "proof.h"

#include <errno.h>
#include <fcntl.h>
#include <libnftnl/set.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <nftables/libnftables.h>
#include <sched.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS_MAX 2000
#define TABLE "bench"
#define TOKEN 0x73616c79u

extern char **environ;

static double now_us(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e6 + (double)ts.tv_nsec / 1e3;
}

static int compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double median(double *v, size_t n)
{
	qsort(v, n, sizeof(*v), compare_doubles);
	return v[n / 2];
}

static struct nl nl, monitor;
static struct policy *policy;
static struct ruleset *ruleset;
static char *text_file;
static char *text;
static struct nft_ctx *ctx;
static char *engine;
static char nft_name[] = "nft", file_option[] = "-f", seal_option[] = "--seal";

/* N services of one user each on 127.0.0.1, beside a policy like the shipped one. */
static struct policy *make_policy(size_t n)
{
	struct policy *p = policy_built_in(102);
	struct user *users = calloc(3, sizeof(*users));

	if (!p || !users)
		fatal_oom();
	users[0].uid = 1000;
	users[1].uid = 0;
	users[2].uid = 1002;
	p->clearnet = (struct users){&users[2], 1};
	p->automap.users = p->dns.users = (struct users){&users[0], 1};
	p->services = calloc(n, sizeof(*p->services));
	for (size_t i = 0; i < n; i++) {
		struct service *s = &p->services[i];

		s->listens = calloc(1, sizeof(*s->listens));
		*s->listens = (struct listen){
			.addr = 0x7f000001u + (uint32_t)(i / 25000),
			.first = (uint16_t)(10000 + i % 25000 * 2),
			.last = (uint16_t)(10000 + i % 25000 * 2),
			.protocol = 6,
		};
		s->n_listens = 1;
		s->users = (struct users){&users[0], 1};
		s->server = (struct users){&users[1], 1};
	}
	p->n_services = n;
	return p;
}

static void must(int r, const struct nl_error *error)
{
	if (r < 0)
		fatal("%s: %s %s", error->object, strerror(-r), error->text);
}

static void load_ours(void)
{
	struct nl_error error;

	must(nft_load(&nl, &(struct nft_wall){.ruleset = ruleset, .token = TOKEN}, &error), &error);
}

static void read_back(void)
{
	const struct nft_leases leases = {0};
	const struct nft_expected should = {.ruleset = ruleset, .leases = &leases};
	_cleanup_(nft_seen_clear) struct nft_seen seen = {0};
	char difference[NFT_FAULT_SIZE];

	if (nft_read(&nl, TOKEN, &seen) < 0 || nft_compare(&should, &seen, difference))
		fatal("what was loaded is not what is there: %s", difference);
}

static void prove(void)
{
	struct proof_finding finding;

	if (proof_run(policy, ruleset, &finding) != 0)
		fatal("no proof");
}

static void delete_ours(void)
{
	struct nl_error error;

	(void)nft_delete(&nl, TABLE_WALL, &error);
	nl_drain(&monitor);
}

static pid_t child;

static void reap(void)
{
	int status;

	if (waitpid(child, &status, 0) < 0 || status != 0)
		fatal("a loader failed");
}

static void spawn(char *const argv[])
{
	if (posix_spawnp(&child, argv[0], NULL, NULL, argv, environ) != 0)
		fatal("%s: not found", argv[0]);
}

static void run(char *const argv[])
{
	spawn(argv);
	reap();
}

/* Until the kernel announces a new generation of its rules: from then on packets are judged. */
static void wait_generation(void)
{
	char buf[65536] __attribute__((aligned(8)));

	for (;;) {
		ssize_t n = mnl_socket_recvfrom(monitor.socket, buf, sizeof(buf));
		const struct nlmsghdr *h = (const void *)buf;
		int left = (int)n;

		if (n < 0 && errno != ENOBUFS)
			fatal("monitor: %s", strerror(errno));
		for (; n > 0 && mnl_nlmsg_ok(h, left); h = mnl_nlmsg_next(h, &left))
			if ((h->nlmsg_type & 0xff) == NFT_MSG_NEWGEN)
				return;
	}
}

static void open_monitor(void)
{
	int group = NFNLGRP_NFTABLES;

	if (nl_open(&monitor, NETLINK_NETFILTER) < 0 ||
	    mnl_socket_setsockopt(monitor.socket, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) <
		    0)
		fatal("monitor: %s", strerror(errno));
}

static void run_nft(void)
{
	run((char *[]){nft_name, file_option, text_file, NULL});
}

static void run_libnftables(void)
{
	if (nft_run_cmd_from_buffer(ctx, text) != 0)
		fatal("libnftables: %s", nft_ctx_get_error_buffer(ctx));
}

static void seal_until_sealed(void)
{
	spawn((char *[]){engine, seal_option, NULL});
	wait_generation();
}

static void nft_until_loaded(void)
{
	spawn((char *[]){nft_name, file_option, text_file, NULL});
	wait_generation();
}

static const struct nft_lease lease = {
	.uid = 1002,
	.mark = MARK_LEASE | 0x123456,
	.timeout_ms = 15000,
};

static void lease_on(void)
{
	struct nl_error error;

	must(nft_lease_add(&nl, &lease, &error), &error);
}

static void lease_off(void)
{
	struct nl_error error;

	must(nft_lease_remove(&nl, &lease, &error), &error);
}

/* The least that anybody could do: one element of one set in a batch of its own. */
static void one_element(uint16_t type, uint16_t flags)
{
	_cleanup_(batch_clear) struct batch b = {0};
	struct nftnl_set *s = nftnl_set_alloc();
	struct nftnl_set_elem *e = nftnl_set_elem_alloc();
	struct nl_error error;
	uint32_t key = 4242;

	nftnl_set_set_str(s, NFTNL_SET_TABLE, RULESET_TABLE);
	nftnl_set_set_str(s, NFTNL_SET_NAME, "live");
	nftnl_set_elem_set(e, NFTNL_SET_ELEM_KEY, &key, sizeof(key));
	nftnl_set_elem_add(s, e);
	batch_begin(&b, &nl);
	nftnl_set_elems_nlmsg_build_payload(batch_put(&b, type, NFPROTO_INET, flags, "one element"),
					    s);
	batch_done(&b);
	must(batch_commit(&b, &error), &error);
	nftnl_set_free(s);
}

static void element_on(void)
{
	one_element(NFT_MSG_NEWSETELEM, NLM_F_CREATE | NLM_F_EXCL);
}

static void element_off(void)
{
	one_element(NFT_MSG_DELSETELEM, 0);
}

static void nothing(void)
{
}

struct side {
	void (*before)(void);
	void (*timed)(void);
	void (*after)(void);
};

static double once(const struct side *s)
{
	double t;

	s->before();
	t = now_us();
	s->timed();
	t = now_us() - t;
	s->after();
	return t;
}

/* Both in turn, so that a machine whose speed drifts is fair to both. */
static void compare(const char *name, const struct side *ours, const struct side *peer, size_t n)
{
	static double a[ROUNDS_MAX], b[ROUNDS_MAX];
	double x, y;

	(void)once(ours);
	(void)once(peer);
	for (size_t i = 0; i < n; i++) {
		a[i] = once(ours);
		b[i] = once(peer);
	}
	x = median(a, n);
	y = median(b, n);
	(void)printf("%s\t%.1f\t%.1f\t%.2f\n", name, x, y, y / x);
	(void)fflush(stdout);
}

static void write_text(void)
{
	char *body = ruleset_to_text(ruleset, NULL);
	FILE *f;
	int fd;

	text_file = strdup("/tmp/bench-load.XXXXXX");
	fd = mkstemp(text_file);
	if (!body || fd < 0 ||
	    asprintf(&text, "table inet %s { }\nflush table inet %s\n%s", RULESET_TABLE,
		     RULESET_TABLE, body) < 0)
		fatal_oom();
	f = fdopen(fd, "w");
	(void)fputs(text, f);
	(void)fclose(f);
	free(body);
}

int main(int argc, char **argv)
{
	const struct side load = {nothing, load_ours, nothing};
	const struct side back = {nothing, read_back, nothing};
	const struct side proof = {nothing, prove, nothing};
	const struct side nft = {nothing, run_nft, nothing};
	const struct side lib = {nothing, run_libnftables, nothing};
	const struct side seal = {delete_ours, seal_until_sealed, reap};
	const struct side nft_first = {delete_ours, nft_until_loaded, reap};
	const struct side on = {nothing, lease_on, lease_off};
	const struct side off = {lease_on, lease_off, nothing};
	const struct side bare_on = {nothing, element_on, element_off};
	const struct side bare_off = {element_on, element_off, nothing};
	uint32_t rounds, services;

	log_open("bench-load");
	if (argc != 4 || parse_u32(argv[1], ROUNDS_MAX, &rounds) < 0 ||
	    parse_u32(argv[2], 100000, &services) < 0)
		fatal("usage: bench-load ROUNDS SERVICES ENGINE");
	engine = argv[3];
	if (unshare(CLONE_NEWNET) < 0 || nl_open(&nl, NETLINK_NETFILTER) < 0)
		fatal("a network namespace: %s", strerror(errno));
	open_monitor();
	policy = make_policy(services);
	if (ruleset_build(policy, &ruleset) < 0)
		fatal_oom();
	write_text();
	ctx = nft_ctx_new(NFT_CTX_DEFAULT);
	(void)nft_ctx_buffer_error(ctx);
	load_ours();
	compare("read back and compared, against the load", &back, &load, rounds);
	compare("proved, against the load", &proof, &load, rounds);
	compare("load, against nft -f as a process", &load, &nft, rounds);
	compare("load, against libnftables in process", &load, &lib, rounds);
	if (services <= 100)
		compare("exec to sealed, against nft -f, first load", &seal, &nft_first, rounds);
	load_ours();
	compare("lease on, against one bare element", &on, &bare_on, (size_t)rounds * 10);
	compare("lease off to the last packet, against one bare element", &off, &bare_off,
		(size_t)rounds * 10);
	(void)unlink(text_file);
	return EXIT_SUCCESS;
}
