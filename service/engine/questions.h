/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What the ruleset in force does with a packet, and why. Nothing here changes anything. */
#include "engine.h"

/* The answer, but for its header. 0 or a negative errno. */
int questions_answer(struct engine *e, const struct wire_explain *q, struct wire_explained *ret);
