/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "login.h"

#include "paths.h"

#define LAUNCHER BIN_DIR "/sallyport-unsafe-browser"

gboolean login_installed(void)
{
	return g_file_test(LAUNCHER, G_FILE_TEST_IS_EXECUTABLE);
}

GSubprocess *login_start(const char *page, GError **error)
{
	const char *const words[] = {LAUNCHER, page ? "--page" : NULL, page, NULL};

	return g_subprocess_newv(words, G_SUBPROCESS_FLAGS_NONE, error);
}
