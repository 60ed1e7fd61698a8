/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Ends the process if it is root or has any privilege. */
void sandbox_identity(void);
/* What is left from now on: no_new_privs, rlimits, seccomp. Ends the process if that fails. */
void sandbox_lock(void);
