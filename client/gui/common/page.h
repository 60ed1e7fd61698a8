/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * A page of a window, the same in all of them: an icon, a title (a heading for the screen reader),
 * what is so in plain words, what belongs to it, and buttons for what can be done. It scrolls when
 * it does not fit, so that nothing is lost at 200 % text.
 */
#include <adwaita.h>

#define GUI_TYPE_PAGE (gui_page_get_type())
G_DECLARE_FINAL_TYPE(GuiPage, gui_page, GUI, PAGE, AdwBin)

/* icon: a symbolic icon's name, decoration only. text may be NULL. */
GuiPage *gui_page_new(const char *icon, const char *title, const char *text);

const char *gui_page_title(GuiPage *page);
void gui_page_set_title(GuiPage *page, const char *title);
/* The text is read with the first button, so a screen reader says it when the page comes. */
void gui_page_set_text(GuiPage *page, const char *text);

/* Between the text and the buttons. */
void gui_page_add(GuiPage *page, GtkWidget *widget);

enum gui_button { GUI_BUTTON_SUGGESTED, GUI_BUTTON_PLAIN, GUI_BUTTON_DESTRUCTIVE };
/*
 * label has a mnemonic ("_Log in"). clicked: void (*)(GtkButton *, gpointer). The page's own
 * reference; the first one gets the focus when the page is shown.
 */
GtkButton *gui_page_add_button(GuiPage *page, enum gui_button kind, const char *label,
			       GCallback clicked, gpointer data);
/*
 * A line that is read, not pressed: name and value ("Network", "Café"). Returns its row, which the
 * keyboard reaches.
 */
GtkWidget *gui_page_add_fact(GuiPage *page, const char *name, const char *value);

/* Where the focus goes when the page comes, if not to the first button. */
void gui_page_set_focus(GuiPage *page, GtkWidget *widget);
void gui_page_take_focus(GuiPage *page);
