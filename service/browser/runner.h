/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * One browser for one launcher; everybody else is told why not. Returns when the browser has ended,
 * or when nobody has wanted one for some seconds.
 */
#include "browser-wire.h"
#include "policy.h"

/*
 * policy NULL: it has errors. listening: where launchers connect. Never returns before the
 * launcher was told how the browser ended, if there is still somebody to tell.
 */
void runner_run(int listening, const struct policy *policy);
