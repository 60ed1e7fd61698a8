/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The launcher's window: shows what is so, does what the person wants. */
#include "app.h"
#include "browser-wire.h"

struct launcher;

struct launcher *launcher_new(AdwApplication *app);
/* Ends the browser and closes the door; why is for the browser's log. */
struct launcher *launcher_free(struct launcher *l, enum browser_stop why);

/* To the front. */
void launcher_present(struct launcher *l);
/* The first page of browsers that are opened from now on. */
void launcher_set_page(struct launcher *l, const char *url);
/* More time for the browser that runs, if one does. */
void launcher_more_time(struct launcher *l);
