/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verbs that need neither the service nor a privilege: they link the policy's own code. */
#include "files.h"
#include "ruleset.h"
#include "verbs.h"

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

int verb_check(const struct invocation *inv)
{
	_cleanup_(diagnostics_clear) struct diagnostics diags = {0};
	_cleanup_(policy_freep) struct policy *p = NULL;
	_cleanup_(freep) char *text = NULL;
	json_object *o;
	int r;

	r = files_parse(inv, inv->args, inv->n_args, &diags, &p);
	if (p && GIVEN(inv, SHOW)) {
		text = policy_show(p);
		if (!text)
			fail_oom();
	}
	if (!GIVEN(inv, JSON)) {
		/* They are the answer. */
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

int verb_ruleset(const struct invocation *inv)
{
	_cleanup_(policy_freep) struct policy *p = NULL;
	int r = files_asked_for(inv, &p);

	return r == EXIT_DONE ? print_ruleset(inv, p) : r;
}
