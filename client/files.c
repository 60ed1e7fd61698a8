/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "files.h"

#include "paths.h"

#include <errno.h>

#define TOR_USER "debian-tor"

static int read_sources(const struct invocation *inv, char **files, size_t n, struct sources *s)
{
	int r = 0;

	/* A file that is only looked at need not be root's. */
	for (size_t i = 0; r == 0 && i < n; i++)
		r = sources_add_file(s, files[i], false);
	if (!n)
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

void print_diagnostics(const struct diagnostics *d, FILE *errors)
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

int files_parse(const struct invocation *inv, char **files, size_t n, struct diagnostics *diags,
		struct policy **ret)
{
	_cleanup_(sources_clear) struct sources sources = {0};
	int r;

	r = read_sources(inv, files, n, &sources);
	if (r != EXIT_DONE)
		return r;
	r = config_parse(&sources, resolve_user, NULL, diags, ret);
	if (r == -ENOMEM)
		fail_oom();
	return r < 0 ? EXIT_FAILED : EXIT_DONE;
}

int files_policy(const struct invocation *inv, char **files, size_t n, struct policy **ret)
{
	_cleanup_(diagnostics_clear) struct diagnostics diags = {0};

	(void)files_parse(inv, files, n, &diags, ret);
	print_diagnostics(&diags, stderr);
	if (!*ret)
		return fail(inv, EXIT_FAILED, NULL, NULL,
			    "a policy with errors gives no wall; the one in force stays");
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

int files_asked_for(const struct invocation *inv, struct policy **ret)
{
	if (!GIVEN(inv, BUILT_IN))
		return files_policy(inv, inv->args, inv->n_args, ret);
	if (inv->n_args)
		return fail(inv, EXIT_USAGE, NULL, NULL, "the built-in wall is made of no file");
	*ret = built_in();
	return EXIT_DONE;
}
