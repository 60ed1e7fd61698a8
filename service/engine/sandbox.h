/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * From root to ENGINE_USER with CAP_NET_ADMIN and nothing else; without root: keeps only that
 * capability of what the service manager gave. Fatal on failure.
 */
void sandbox_identity(void);

/* After start-up: no new privileges, small limits, and the system calls that are left. */
void sandbox_lock(void);
