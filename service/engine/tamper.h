/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The watch over foreign changes. Where the kernel keeps the table for its owner there are none;
 * elsewhere they are undone at once, and in any case said: who, and in which generation.
 */
#include "engine.h"

/* Fatal when there is no such socket. */
void tamper_open(struct engine *e);
/* Notifications are there. */
void tamper_read(struct engine *e);
/* Loads what was in force; tries again soon when the kernel refuses. */
void tamper_repair(struct engine *e);
