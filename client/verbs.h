/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What main.c's table runs: one function a verb. Each returns an exit code. */
#include "args.h"

int verb_status(const struct invocation *inv);
int verb_on(const struct invocation *inv);
int verb_run(const struct invocation *inv);
int verb_extend(const struct invocation *inv);
int verb_off(const struct invocation *inv);
int verb_dns_save(const struct invocation *inv);
int verb_dns_show(const struct invocation *inv);
int verb_dns_forget(const struct invocation *inv);
int verb_consent_grant(const struct invocation *inv);
int verb_consent_withdraw(const struct invocation *inv);
int verb_consent_show(const struct invocation *inv);
int verb_check_network(const struct invocation *inv);
int verb_reload(const struct invocation *inv);
int verb_verify(const struct invocation *inv);
int verb_watch(const struct invocation *inv);
int verb_blocked(const struct invocation *inv);
int verb_check(const struct invocation *inv);
int verb_ruleset(const struct invocation *inv);
int verb_explain(const struct invocation *inv);
int verb_diff(const struct invocation *inv);
int verb_leak_test(const struct invocation *inv);
int verb_doctor(const struct invocation *inv);
