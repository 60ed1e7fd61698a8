/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verbs that need neither the service nor a privilege: they link the policy's own code. */
#include "config.h"
#include "output.h"
#include "paths.h"
#include "ruleset.h"
#include "verbs.h"

#include <errno.h>

#define TOR_USER "debian-tor"

static int read_sources(const struct invocation *inv, struct sources *s)
{
	int r = 0;

	/* A file that is only looked at need not be root's. */
	for (size_t i = 0; r == 0 && i < inv->n_args; i++)
		r = sources_add_file(s, inv->args[i], false);
	if (!inv->n_args)
		r = sources_add_system(s, POLICY_DIR_USR, POLICY_DIR_ETC);
	if (r == -ENOMEM)
		fail_oom();
	if (r == -E2BIG)
		return fail(inv, EXIT_FAILED, NULL, NULL, "these are over %d files", SOURCES_MAX);
	if (r < 0)
		return fail(inv, EXIT_FAILED, NULL, NULL, "the policy cannot be read: %s",
			    strerror(-r));
	return EXIT_DONE;
}

/* Errors are the answer and go to standard output, warnings are not. */
static void print_diagnostics(const struct diagnostics *d, FILE *errors)
{
	char line[700];

	for (size_t i = 0; i < d->n; i++) {
		diagnostic_format(&d->items[i], line, sizeof(line));
		(void)fprintf(d->items[i].severity == SEVERITY_ERROR ? errors : stderr, "%s\n",
			      line);
	}
	if (d->n_dropped)
		(void)fprintf(errors, "and %zu more\n", d->n_dropped);
}

static json_object *diagnostics_json(const struct diagnostics *d)
{
	json_object *list = json_object_new_array();

	for (size_t i = 0; i < d->n; i++) {
		const struct diagnostic *item = &d->items[i];
		json_object *o = json_object_new_object();

		json_add_string(o, "severity",
				item->severity == SEVERITY_ERROR ? "error" : "warning");
		json_add_string(o, "file", item->file);
		json_add_number(o, "line", item->line);
		json_add_string(o, "text", item->text);
		(void)json_object_array_add(list, o);
	}
	return list;
}

static int parse(const struct invocation *inv, struct diagnostics *diags, struct policy **ret)
{
	_cleanup_(sources_clear) struct sources sources = {0};
	int r;

	r = read_sources(inv, &sources);
	if (r != EXIT_DONE)
		return r;
	r = config_parse(&sources, resolve_user, NULL, diags, ret);
	if (r == -ENOMEM)
		fail_oom();
	return r < 0 ? EXIT_FAILED : EXIT_DONE;
}

int verb_check(const struct invocation *inv)
{
	_cleanup_(diagnostics_clear) struct diagnostics diags = {0};
	_cleanup_(policy_freep) struct policy *p = NULL;
	_cleanup_(freep) char *text = NULL;
	json_object *o;
	int r;

	r = parse(inv, &diags, &p);
	if (p && GIVEN(inv, SHOW)) {
		text = policy_show(p);
		if (!text)
			fail_oom();
	}
	if (!GIVEN(inv, JSON)) {
		print_diagnostics(&diags, stdout);
		(void)fputs(text ? text : "", stdout);
		return r;
	}
	o = json_object_new_object();
	json_add_bool(o, "good", r == EXIT_DONE);
	json_add_number(o, "errors", diags.n_errors);
	(void)json_object_object_add(o, "diagnostics", diagnostics_json(&diags));
	if (text)
		json_add_string(o, "policy", text);
	json_print(inv, o);
	return r;
}

static int print_ruleset(const struct invocation *inv, const struct policy *p)
{
	_cleanup_(ruleset_freep) struct ruleset *rules = NULL;
	_cleanup_(freep) char *text = NULL;
	char digest[2 * sizeof(rules->digest) + 1];
	json_object *o;

	if (ruleset_build(p, &rules) < 0 || !(text = ruleset_to_text(rules, p)))
		fail_oom();
	if (!GIVEN(inv, JSON)) {
		(void)fputs(text, stdout);
		return EXIT_DONE;
	}
	for (size_t i = 0; i < sizeof(rules->digest); i++)
		(void)snprintf(digest + 2 * i, 3, "%02x", rules->digest[i]);
	o = json_object_new_object();
	json_add_string(o, "digest", digest);
	json_add_number(o, "rules", rules->n_rules);
	json_add_string(o, "text", text);
	json_print(inv, o);
	return EXIT_DONE;
}

static struct policy *built_in(void)
{
	uid_t tor = UINT32_MAX;
	struct policy *p;

	if (resolve_user(NULL, TOR_USER, &tor) < 0)
		tor = UINT32_MAX;
	p = policy_built_in(tor);
	if (!p)
		fail_oom();
	return p;
}

int verb_ruleset(const struct invocation *inv)
{
	_cleanup_(diagnostics_clear) struct diagnostics diags = {0};
	_cleanup_(policy_freep) struct policy *p = NULL;

	if (GIVEN(inv, BUILT_IN) && inv->n_args)
		return fail(inv, EXIT_USAGE, NULL, NULL, "the built-in wall is made of no file");
	if (GIVEN(inv, BUILT_IN))
		p = built_in();
	else
		(void)parse(inv, &diags, &p);
	print_diagnostics(&diags, stderr);
	if (!p)
		return fail(inv, EXIT_FAILED, NULL, NULL,
			    "a policy with errors gives no wall; the one in force stays");
	return print_ruleset(inv, p);
}
