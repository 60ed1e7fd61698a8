/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes as a policy: no crash, and either errors or a policy; and a policy, shown, is the same
 * policy again.
 */
#include "config.h"
#include "fuzz.h"
#include "ruleset.h"

#include <errno.h>

static int resolve(void *userdata, const char *name, uid_t *ret_uid)
{
	(void)userdata;
	if (strcmp(name, "debian-tor") == 0)
		*ret_uid = 101;
	else if (strcmp(name, "amnesia") == 0)
		*ret_uid = 1000;
	else if (strcmp(name, "clearnet") == 0)
		*ret_uid = 900;
	else if (strcmp(name, "root") == 0)
		*ret_uid = 0;
	else
		return -ESRCH;
	return 0;
}

static struct policy *parse(const char *text, size_t size)
{
	struct source source = {.name = (char *)(uintptr_t) "fuzz", .size = size};
	struct sources sources = {.items = &source, .n = 1};
	struct diagnostics diags;
	struct policy *p = NULL;
	char line[900];
	int r;

	source.text = malloc(size + 1);
	if (!source.text)
		abort();
	memcpy(source.text, text, size);
	source.text[size] = '\0';
	r = config_parse(&sources, resolve, NULL, &diags, &p);
	if ((r == 0) != (p != NULL) || (r == -EBADMSG) != (diags.n_errors > 0))
		abort();
	for (size_t i = 0; i < diags.n; i++)
		diagnostic_format(&diags.items[i], line, sizeof(line));
	diagnostics_clear(&diags);
	free(source.text);
	return p;
}

static void same_again(const struct policy *p, const struct ruleset *r)
{
	char *text = policy_show(p);
	struct policy *q;
	struct ruleset *s;

	if (!text)
		abort();
	q = parse(text, strlen(text));
	if (!q || ruleset_build(q, &s) < 0 || memcmp(r->digest, s->digest, sizeof(r->digest)) != 0)
		abort();
	(void)ruleset_free(s);
	(void)policy_free(q);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct policy *p = parse((const char *)data, size);
	struct ruleset *r;
	char *text;

	if (!p)
		return 0;
	if (ruleset_build(p, &r) < 0)
		abort();
	text = ruleset_to_text(r, p);
	if (!text)
		abort();
	same_again(p, r);
	free(text);
	(void)ruleset_free(r);
	(void)policy_free(p);
	return 0;
}
