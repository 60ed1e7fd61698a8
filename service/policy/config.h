/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Text -> policy, or diagnostics with file:line (spec section 7). Prints nothing, opens nothing.
 */
#include "policy.h"
#include "sources.h"

enum severity {
	SEVERITY_ERROR,   /* the policy is not used */
	SEVERITY_WARNING, /* it is, but something named in it gets nothing */
	SEVERITY_N
};

struct diagnostic {
	enum severity severity;
	char *file;
	uint32_t line; /* 0: the file as a whole */
	char *text;    /* "what is wrong, what to write instead"; no newline */
};

struct diagnostics {
	struct diagnostic *items;
	size_t n;
	size_t n_errors;
	size_t n_dropped; /* errors beyond DIAGNOSTICS_MAX are counted, not kept */
};

#define DIAGNOSTICS_MAX 1000

void diagnostics_clear(struct diagnostics *d);

/* "file:line: text", or "file: text" when there is no line; warnings say "warning: " first. */
void diagnostic_format(const struct diagnostic *d, char *buf, size_t size);

/* 0 and the uid; -ESRCH for no such user; another negative errno for trouble. */
typedef int (*config_resolve_fn)(void *userdata, const char *name, uid_t *ret_uid);

/*
 * Parses all sources, in order, as one policy: lists append, an empty value resets, of scalars
 * the last wins, remove = yes deletes a section. Every error is reported, not only the first.
 * 0 and *ret_policy (owned by the caller) when there was no error, warnings or not; -EBADMSG with
 * at least one error in *diags; -ENOMEM. *diags is always filled; the caller clears it.
 */
int config_parse(const struct sources *sources, config_resolve_fn resolve, void *userdata,
		 struct diagnostics *diags, struct policy **ret_policy);
