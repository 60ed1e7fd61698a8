/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From the policy's files to a wall in the kernel; every way out says which wall is in force. */
#include "blocked.h"
#include "conntrack.h"
#include "egress.h"
#include "engine.h"
#include "forward.h"
#include "links.h"
#include "log.h"
#include "paths.h"
#include "proof.h"
#include "sockdiag.h"
#include "verify.h"

#include <errno.h>
#include <stdio.h>

#define ERRORS_LOGGED 20
#define TOR_USER "debian-tor"

/* What a new engine finds ends. */
static const struct nft_leases no_leases;

static void log_diagnostics(const struct diagnostics *d)
{
	char line[700];

	for (size_t i = 0; i < d->n && i < ERRORS_LOGGED; i++) {
		diagnostic_format(&d->items[i], line, sizeof(line));
		log_line(d->items[i].severity == SEVERITY_ERROR ? LOG_LEVEL_ERROR
								: LOG_LEVEL_WARNING,
			 "%s", line);
	}
	if (d->n > ERRORS_LOGGED)
		log_warning("and %zu more: sallyport check", d->n - ERRORS_LOGGED);
}

static void first_error(const struct diagnostics *d, struct load_report *report)
{
	report->n_errors = (uint32_t)(d->n_errors);
	for (size_t i = 0; i < d->n; i++)
		if (d->items[i].severity == SEVERITY_ERROR) {
			diagnostic_format(&d->items[i], report->text, sizeof(report->text));
			return;
		}
}

/* The policy's files; NULL with the report filled when they have errors. */
static struct policy *read_policy(struct load_report *report)
{
	_cleanup_(sources_clear) struct sources sources = {0};
	_cleanup_(diagnostics_clear) struct diagnostics diags = {0};
	struct policy *p = NULL;
	int r;

	r = sources_add_system(&sources, POLICY_DIR_USR, POLICY_DIR_ETC);
	if (r >= 0)
		r = config_parse(&sources, resolve_user, NULL, &diags, &p);
	if (r == -ENOMEM)
		fatal_oom();
	log_diagnostics(&diags);
	if (r >= 0)
		return p;
	report->outcome = RELOAD_REFUSED;
	first_error(&diags, report);
	if (!report->n_errors) {
		report->n_errors = 1;
		(void)snprintf(report->text, sizeof(report->text),
			       "the policy cannot be read: %s; see that %s is there", strerror(-r),
			       POLICY_DIR_USR "/policy.conf");
	}
	return NULL;
}

static struct policy *built_in_policy(void)
{
	uid_t uid = UINT32_MAX;
	struct policy *p;

	if (resolve_user(NULL, TOR_USER, &uid) < 0)
		uid = UINT32_MAX;
	p = policy_built_in(uid);
	if (!p)
		fatal_oom();
	return p;
}

static struct ruleset *build(const struct policy *p)
{
	struct ruleset *r;

	if (ruleset_build(p, &r) < 0)
		fatal_oom();
	return r;
}

/* 0, or -EBADE with what does not hold in *ret_error: the ruleset must not be loaded. */
static int prove(struct engine *e, const struct policy *p, const struct ruleset *r,
		 struct nl_error *ret_error)
{
	struct proof_finding finding;
	int n;

	n = proof_run(p, r, &finding);
	if (n == -ENOMEM)
		fatal_oom();
	if (n == 0) {
		memcpy(e->proved, r->digest, sizeof(e->proved));
		return 0;
	}
	*ret_error = (struct nl_error){.error = -EBADE, .object = "the proof of the ruleset"};
	if (n > 0)
		proof_describe(p, &finding, ret_error->text, sizeof(ret_error->text));
	else
		(void)snprintf(ret_error->text, sizeof(ret_error->text),
			       "no packet comes to its end: %s", strerror(-n));
	return -EBADE;
}

void engine_describe(const struct nl_error *error, char *buf, size_t size)
{
	const char *hint = "";

	if (error->error == -EBADE) {
		(void)snprintf(buf, size, "the ruleset is not what the policy means: %s",
			       error->text);
		return;
	}
	if (error->error == LOAD_NOT_AS_SENT) {
		(void)snprintf(buf, size, "%s", error->text);
		return;
	}
	if (error->error == -EPERM)
		hint = "; another process owns the table, or CAP_NET_ADMIN is missing";
	else if (error->error == -ENOENT || error->error == -EOPNOTSUPP)
		hint = "; is a kernel module missing (nft_ct, nft_fib_inet, nft_reject_inet, "
		       "nft_redir, nft_log)?";
	(void)snprintf(buf, size, "the kernel refuses %s: %s%s%s%s", error->object,
		       strerror(-error->error), *error->text ? ": " : "", error->text, hint);
}

/*
 * When the kernel's answers were lost, it has either all of this load or nothing of it; loading
 * again makes it sure. A table that somebody else made without those flags never gets them.
 */
static int load_wall(struct engine *e, struct nft_wall *w, struct nl_error *error)
{
	int n;

	w->flags = e->table_flags;
	n = nft_load(&e->nft, w, error);
	if (n == -EOPNOTSUPP && w->flags && strncmp(error->object, "table", 5) == 0) {
		log_warning("the table that is there was not made by us: it cannot be owned, and "
			    "another root process could change the wall");
		w->flags = e->table_flags = 0;
	}
	/* The second time everything is written, whatever became of the first. */
	w->in_force = NULL;
	if (n == -ENOBUFS || (n == -EOPNOTSUPP && !e->table_flags))
		n = nft_load(&e->nft, w, error);
	return n;
}

/* Both walls: the second first, since what the first lets through would not pass an old one. */
static int load_walls(struct engine *e, const struct policy *p, struct nft_wall *w,
		      struct nl_error *error)
{
	bool rules = !w->in_force || !ruleset_same_rules(w->ruleset, w->in_force);
	int r;

	w->token = rules ? egress_prepare(e, p, w->ruleset, w->anew) : e->egress.token;
	r = load_wall(e, w, error);
	if (rules)
		egress_settle(e, r < 0 && e->policy ? e->policy : p,
			      r < 0 && e->egress.token ? e->egress.token : w->token);
	return r;
}

/* Nobody knows what shape the table has: nothing of it stays, and doors are put back. */
static int load_anew(struct engine *e, const struct policy *p, struct nft_wall *w,
		     struct nl_error *error)
{
	_cleanup_(freep) struct nft_lease *items = NULL;
	struct nft_leases leases;
	int r;

	engine_end_probes(e);
	engine_kernel_leases(e, &leases);
	items = leases.items;
	w->leases = &leases;
	w->anew = true;
	w->in_force = NULL;
	e->on_link_known = false;
	r = load_walls(e, p, w, error);
	w->leases = NULL;
	return r;
}

/*
 * A wall counts as loaded when what is read back is what was sent, and its invariants hold. If it
 * differs, once more into a table made anew. LOAD_NOT_AS_SENT: it does even then, or cannot be read
 * or proved.
 */
static int load_and_verify(struct engine *e, const struct policy *p, struct nft_wall *w,
			   struct nl_error *error)
{
	static const char *const what[VERIFY_N] = {
		[VERIFY_DIFFERS] = "is not what was sent",
		[VERIFY_UNPROVED] = "does not mean what it should",
		[VERIFY_UNREADABLE] = "cannot be read back",
	};
	struct verification v;
	int r;

	r = load_walls(e, p, w, error);
	if (r < 0)
		return r;
	verify_ruleset(e, p, w->ruleset, &v);
	if (v.outcome == VERIFY_DIFFERS) {
		log_error("the wall that is there is not what was sent: %s; it is made anew",
			  v.text);
		r = load_anew(e, p, w, error);
		if (r < 0)
			return r;
		verify_ruleset(e, p, w->ruleset, &v);
	}
	if (v.outcome == VERIFY_SAME)
		return 0;
	*error = (struct nl_error){.error = LOAD_NOT_AS_SENT, .object = "the wall"};
	(void)snprintf(error->text, sizeof(error->text), "the wall that is there %s: %.400s",
		       what[v.outcome], v.text);
	return error->error;
}

/*
 * Policy and ruleset become the engine's once the kernel has them; *ret_before, if not NULL, is the
 * policy before, the caller's now.
 */
static int enforce(struct engine *e, struct policy *p, const struct nft_leases *leases,
		   struct policy **ret_before, struct nl_error *error)
{
	_cleanup_(ruleset_freep) struct ruleset *r = build(p);
	/* Only in a table that nobody else can change is the last load certainly what is there. */
	struct nft_wall w = {
		.ruleset = r,
		.in_force = e->table_flags && !leases ? e->ruleset : NULL,
		.leases = leases,
	};
	int n;

	n = prove(e, p, r, error);
	if (n == 0)
		n = load_and_verify(e, p, &w, error);
	if (n < 0)
		return n;
	if (ret_before)
		*ret_before = e->policy;
	else
		(void)policy_free(e->policy);
	(void)ruleset_free(e->ruleset);
	e->policy = p;
	e->ruleset = TAKE_PTR(r);
	return 0;
}

int engine_repair(struct engine *e, struct nl_error *ret_error)
{
	_cleanup_(freep) struct nft_lease *items = NULL;
	struct nft_leases leases;
	struct nft_wall w = {.ruleset = e->ruleset, .leases = &leases};
	int r;

	engine_end_probes(e);
	engine_kernel_leases(e, &leases);
	items = leases.items;
	/* A load keeps the set of connected networks, whatever somebody has made of it. */
	e->on_link_known = false;
	r = load_and_verify(e, e->policy, &w, ret_error);
	/* A chain with our name and another hook, a set of another type: not to be mended. */
	if (r < 0 && r != LOAD_NOT_AS_SENT) {
		w.leases = &leases;
		w.anew = true;
		r = load_and_verify(e, e->policy, &w, ret_error);
	}
	if (r == 0)
		links_refresh(e);
	return r;
}

int engine_seal_built_in(struct engine *e, struct nl_error *ret_error)
{
	_cleanup_(policy_freep) struct policy *p = built_in_policy();
	int r;

	r = enforce(e, p, &no_leases, NULL, ret_error);
	if (r < 0)
		return r;
	(void)TAKE_PTR(p);
	e->built_in = true;
	return 0;
}

static bool seal_with_policy(struct engine *e)
{
	struct load_report report = {0};
	_cleanup_(policy_freep) struct policy *p = read_policy(&report);
	struct nl_error error;
	char text[600];

	if (!p) {
		log_error("the policy has %u errors; the built-in wall comes into force: Tor only, "
			  "no LAN, no door",
			  report.n_errors);
		return false;
	}
	if (enforce(e, p, &no_leases, NULL, &error) < 0) {
		engine_describe(&error, text, sizeof(text));
		log_error("%s; the built-in wall is tried", text);
		return false;
	}
	(void)TAKE_PTR(p);
	e->built_in = false;
	return true;
}

/* Their packets have stopped with the load; their programs would wait for ever. */
static void destroy_sockets(struct engine *e, const struct users *u,
			    const struct policy *but_not_of)
{
	for (size_t i = 0; i < u->n; i++) {
		bool autoconfig;
		size_t n;
		int r;

		if (but_not_of && policy_door(but_not_of, u->items[i].uid, &autoconfig))
			continue;
		r = sockdiag_destroy(&e->diag, u->items[i].uid, &n);
		if (r < 0)
			log_warning("sockets of uid %u were left to time out: %s", u->items[i].uid,
				    strerror(-r));
	}
}

/* before: the doors that there were already, whose leases end by themselves; NULL: at start. */
static void cut_flows_of_doors(struct engine *e, const struct policy *before)
{
	destroy_sockets(e, &e->policy->clearnet, before);
	destroy_sockets(e, &e->policy->autoconfig, before);
}

static void cut_earlier_flows(struct engine *e)
{
	int r;

	cut_flows_of_doors(e, NULL);
	/* Of either scope, and of namespaces. */
	r = conntrack_delete(&e->work, MARK_LEASE, MARK_DOORS);
	if (r >= 0)
		r = conntrack_delete(&e->work, MARK_FORWARD, MARK_KIND);
	if (r < 0)
		log_warning("conntrack entries of earlier leases were left to time out: %s",
			    strerror(-r));
}

void engine_seal(struct engine *e)
{
	struct nl_error error;
	char text[600];

	if (!seal_with_policy(e) && engine_seal_built_in(e, &error) < 0) {
		engine_describe(&error, text, sizeof(text));
		fatal("%s; %s", text,
		      error.error == LOAD_NOT_AS_SENT ? "no door opens"
						      : "whatever wall was there before stays");
	}
	cut_earlier_flows(e);
	log_info("sealed with the %s wall", e->built_in ? "built-in" : "policy's");
}

/* The same rules and sets: nothing is written. */
static bool same_wall(const struct engine *e, const struct ruleset *r)
{
	return memcmp(e->ruleset->digest, r->digest, sizeof(r->digest)) == 0;
}

/* What was loaded is not as it should be: the wall before comes into force again. */
static void load_previous(struct engine *e)
{
	struct nl_error error;
	char text[WIRE_TEXT_SIZE];

	if (engine_repair(e, &error) == 0) {
		egress_refresh(e);
		log_info("the ruleset before is in force again");
		return;
	}
	engine_describe(&error, text, sizeof(text));
	log_error("THE WALL IS NOT WHAT IT WAS: %s; trying again", text);
	e->repair_at = now_boottime();
}

static void refuse_reload(struct engine *e, const struct nl_error *error, struct load_report *ret)
{
	ret->outcome = RELOAD_REFUSED;
	ret->n_errors = 1;
	engine_describe(error, ret->text, sizeof(ret->text));
	if (error->error != LOAD_NOT_AS_SENT) {
		log_error("reload refused: %s; the ruleset in force stays", ret->text);
		return;
	}
	log_error("reload refused: %s; the ruleset before is loaded again and stays", ret->text);
	load_previous(e);
}

static void adopt(struct engine *e, struct policy *p)
{
	struct lease_effects effects;

	e->built_in = false;
	blocked_reconsider(e);
	lease_reconsider(&e->leases, p, now_boottime(), &effects);
	engine_apply(e, &effects);
}

void engine_reload(struct engine *e, struct load_report *ret)
{
	_cleanup_(policy_freep) struct policy *p = NULL, *before = NULL;
	_cleanup_(ruleset_freep) struct ruleset *r = NULL;
	struct nl_error error;

	*ret = (struct load_report){0};
	p = read_policy(ret);
	if (!p) {
		log_error("reload refused: %u errors; the ruleset in force stays", ret->n_errors);
		return;
	}
	r = build(p);
	if (same_wall(e, r)) {
		/* Lines may have moved: the origins are the new ones. */
		ret->outcome = RELOAD_UNCHANGED;
		(void)policy_free(e->policy);
		(void)ruleset_free(e->ruleset);
		e->policy = TAKE_PTR(p);
		e->ruleset = TAKE_PTR(r);
	} else if (enforce(e, p, NULL, &before, &error) == 0) {
		ret->outcome = RELOAD_LOADED;
		(void)TAKE_PTR(p);
		cut_flows_of_doors(e, before);
	} else {
		refuse_reload(e, &error, ret);
		return;
	}
	links_refresh(e);
	egress_refresh(e);
	adopt(e, e->policy);
	(void)forward_follow(e, NULL);
	log_info("reloaded: %s", ret->outcome == RELOAD_LOADED ? "loaded" : "nothing has changed");
}
