/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What every window's program has in common: language, one instance, one window of pages. */
#include "page.h"

/*
 * An application that is there once in a session: a second start makes the first one "activate"
 * (its window comes to the front). id: its name on the session bus; its desktop file has the same.
 * Own it.
 * --version and --help are its own; summary is what --help says, not yet translated (N_()).
 */
AdwApplication *gui_app_new(const char *id, GApplicationFlags flags, const char *summary);

/*
 * A window whose content is one page at a time under a header bar. Escape does nothing, the close
 * button asks nobody: what closing means is the program's ("close-request").
 */
#define GUI_TYPE_WINDOW (gui_window_get_type())
G_DECLARE_FINAL_TYPE(GuiWindow, gui_window, GUI, WINDOW, AdwApplicationWindow)

GuiWindow *gui_window_new(GtkApplication *app, const char *title);
/* For what stands on every page: in the header bar's end, and below the page. */
AdwHeaderBar *gui_window_header(GuiWindow *w);
void gui_window_set_footer(GuiWindow *w, GtkWidget *footer);

/*
 * Shows page, which the window takes (a floating reference) and drops when the next one comes; the
 * focus goes to it and its title is the window's, so that a screen reader reads both.
 */
void gui_window_show(GuiWindow *w, GuiPage *page);
GuiPage *gui_window_page(GuiWindow *w);
