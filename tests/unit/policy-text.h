/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Policies from texts, for tests. Names come from a table here, never from the machine. */
#include "config.h"

#include <errno.h>
#include <glib.h>
#include <stdio.h>

static inline int table_resolve(void *userdata, const char *name, uid_t *ret_uid)
{
	static const struct {
		const char *name;
		uid_t uid;
	} users[] = {
		{"root", 0},
		{"debian-tor", 101},
		{"_apt", 102},
		{"amnesia", 1000},
		{"clearnet", 900},
		{"second", 901},
		{"_sallyport-probe", 905},
	};

	(void)userdata;
	for (size_t i = 0; i < ARRAY_SIZE(users); i++)
		if (strcmp(users[i].name, name) == 0) {
			*ret_uid = users[i].uid;
			return 0;
		}
	return -ESRCH;
}

static inline void add_text(struct sources *s, const char *name, const char *text, size_t size)
{
	s->items = g_realloc_n(s->items, s->n + 1, sizeof(*s->items));
	s->items[s->n] = (struct source){.name = strdup(name), .size = size};
	s->items[s->n].text = malloc(size + 1);
	memcpy(s->items[s->n].text, text, size);
	s->items[s->n++].text[size] = '\0';
}

/* Diagnostics as lines of one string, to be freed with g_free(); *ret_policy may be NULL. */
static inline char *parse_text(const char *const *texts, size_t n, struct policy **ret_policy)
{
	struct sources sources = {0};
	struct diagnostics diags;
	GString *lines = g_string_new(NULL);
	char line[900], name[16];
	int r;

	*ret_policy = NULL;
	for (size_t i = 0; i < n; i++) {
		(void)snprintf(name, sizeof(name), "%c", (char)('a' + (int)i));
		add_text(&sources, name, texts[i], strlen(texts[i]));
	}
	r = config_parse(&sources, table_resolve, NULL, &diags, ret_policy);
	g_assert_true((r == 0) == (*ret_policy != NULL));
	g_assert_true((r == -EBADMSG) == (diags.n_errors > 0));
	for (size_t i = 0; i < diags.n; i++) {
		diagnostic_format(&diags.items[i], line, sizeof(line));
		g_string_append_printf(lines, "%s\n", line);
	}
	diagnostics_clear(&diags);
	sources_clear(&sources);
	return g_string_free(lines, FALSE);
}

static inline struct policy *good_policy(const char *text)
{
	struct policy *p;
	char *lines = parse_text(&text, 1, &p);

	if (!p)
		g_test_message("%s", lines);
	g_assert_nonnull(p);
	g_free(lines);
	return p;
}
