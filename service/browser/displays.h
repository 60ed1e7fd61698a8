/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The sockets of displays that are not here: they listen where the browser looks for a display, in
 * this mount namespace alone, and whoever gets the descriptors accepts.
 */
#include "browser-wire.h"

#define DISPLAY_NAME_SIZE 16

struct displays {
	uint32_t which;           /* set of enum browser_display */
	int fds[BROWSER_FDS_MAX]; /* in the order of their bits; the first n are open */
	size_t n;
	int reserved;                    /* see displays_make() */
	char x11[DISPLAY_NAME_SIZE];     /* what DISPLAY is to be, or "" */
	char wayland[DISPLAY_NAME_SIZE]; /* WAYLAND_DISPLAY, or "" */
};

/*
 * Makes those of which; the Wayland one in runtime_dir. libxcb asks for the abstract name of an X11
 * display first, which everybody in the network namespace may take. So that nobody can catch the
 * browser's windows, it is bound here before the display's number is told, and never listens: the
 * file is what answers. 0 or a negative errno; then nothing is open.
 */
int displays_make(struct displays *d, uint32_t which, const char *runtime_dir);

/* Closes what listens. The reserved name stays until the process ends. */
void displays_close(struct displays *d);

/* Closes everything: there is no browser that looks for them. */
void displays_abandon(struct displays *d);
