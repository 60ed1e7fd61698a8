/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The Unsafe Browser's launcher, a program of its own that asks the person itself. */
#include <gio/gio.h>

gboolean login_installed(void);
/* page: what it is to show first, or NULL. NULL, and the error, if it does not start. */
GSubprocess *login_start(const char *page, GError **error);
