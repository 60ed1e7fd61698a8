/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The window that says what was refused to one's own programs, and why. */
#include "app.h"
#include "watch-leaks.h"

/* Shows it, or brings it to the front. What it is given must stay. */
void explain_present(GtkApplication *app, GuiService *service, LampLeakWatch *watch);
