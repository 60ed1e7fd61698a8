/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The two things that an administrator may ask of the program besides being the engine. */

/* Loads the built-in wall and returns an exit status; for early boot. */
int command_seal(void);

/* The only way to open the wall: root, said in the log, undone by a boot. An exit status. */
int command_unseal(void);
