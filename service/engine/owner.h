/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The wall's owner is a netlink socket, not a process. Where the kernel has owned tables that
 * persist, the service manager keeps that socket, so that nobody else can change the table while
 * an engine is killed and the next one starts.
 */
#include "engine.h"

/*
 * Opens the socket that loads the wall: the stored one when it is usable (-1: there is none), else
 * a new one, which is then stored before it owns anything. Finds out the table's flags. Fatal on
 * failure.
 */
void owner_open(struct engine *e, int stored);
