/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Policies from files, for the verbs that need neither the service nor a privilege. */
#include "config.h"
#include "output.h"

/*
 * The policy that these files give together, or without any the system's. EXIT_DONE with *ret, or
 * EXIT_FAILED, with diags saying what is wrong in them, or with what is wrong said.
 */
int files_parse(const struct invocation *inv, char **files, size_t n, struct diagnostics *diags,
		struct policy **ret);

/* Errors to that stream, warnings to standard error. */
void print_diagnostics(const struct diagnostics *d, FILE *errors);

/* As files_parse(), with the diagnostics printed and a sentence when there is no policy. */
int files_policy(const struct invocation *inv, char **files, size_t n, struct policy **ret);

/* The policy that is asked for: of the files that are named, the system's, or with --built-in. */
int files_asked_for(const struct invocation *inv, struct policy **ret);
