/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Codes with bridges: from the camera (zbarcam) or a picture (zbarimg), where they are installed.
 * Other programs, so that what reads a stranger's picture has none of ours in its hands; of what
 * they say no more than BRIDGE_TEXT_MAX octets are read.
 */
#include <gio/gio.h>

enum scan { SCAN_CAMERA, SCAN_PICTURE, SCAN_N };

gboolean scan_installed(enum scan from);
/* path: of the picture; NULL for the camera. */
void scan_start(enum scan from, const char *path, GCancellable *cancel, GAsyncReadyCallback done,
		gpointer data);
/* Lines of text, foreign; NULL, and the error, when no code was found. */
char *scan_finish(GAsyncResult *result, GError **error);
