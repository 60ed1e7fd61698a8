/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * After a lease: its program's sockets are destroyed bit by bit, so that a program with ever so
 * many of them does not keep the engine from anything. Nothing passes meanwhile: what admitted
 * their packets has gone before.
 */
#include "engine.h"

/* Those that there are now; a later lease's are not touched. */
void cut_begin(struct engine *e, uid_t uid);
/* Some of them. True: there is more to do. */
bool cut_step(struct engine *e);
