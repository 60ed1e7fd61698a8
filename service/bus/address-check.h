/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Whose an address is: this process has no network to look at, so the engine is asked. One list
 * after the other, one address after the other, in the order in which they came; so what is done
 * with the answers is done in that order, too.
 */
#include "manager.h"

/*
 * error: 0, or a negative errno when nobody knows; kinds: of each server then. It is called once,
 * maybe before address_check() returns.
 */
typedef void (*address_checked_fn)(int error, const enum address_kind *kinds, void *userdata);

/* The list is copied. An empty one is checked, too: it waits for those before it. */
void address_check(struct manager *m, const struct dns_server *servers, size_t n,
		   address_checked_fn fn, void *userdata);
/* Whoever waits is told that nobody knows. */
void address_check_stop(struct manager *m);
