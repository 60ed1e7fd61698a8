/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* From root to BUS_USER; without root: drops every capability there may be. Fatal on failure. */
void sandbox_identity(void);

/* After start-up: no new privileges, small limits, and the system calls that are left. */
void sandbox_lock(void);
