/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "page.h"

#include <glib/gi18n-lib.h>

#define WIDTH 480 /* pixels at which lines are still easy to read */

struct _GuiPage {
	AdwBin parent;
	GtkLabel *title, *text;
	GtkBox *body, *buttons;
	GtkListBox *facts; /* NULL until there is one */
	GtkWidget *focus;  /* weak */
	GtkViewport *view; /* what scrolls */
};

G_DEFINE_FINAL_TYPE(GuiPage, gui_page, ADW_TYPE_BIN)

static GtkLabel *label_new(const char *class, GtkAccessibleRole role)
{
	GtkWidget *label =
		g_object_new(GTK_TYPE_LABEL, "accessible-role", role, "wrap", TRUE, "justify",
			     GTK_JUSTIFY_CENTER, "wrap-mode", PANGO_WRAP_WORD_CHAR, NULL);

	gtk_widget_add_css_class(label, class);
	return GTK_LABEL(label);
}

static void gui_page_init(GuiPage *page)
{
	GtkWidget *scrolled = gtk_scrolled_window_new(), *clamp = adw_clamp_new();
	GtkWidget *body = gtk_box_new(GTK_ORIENTATION_VERTICAL, 18);
	GtkWidget *buttons = gtk_box_new(GTK_ORIENTATION_VERTICAL, 12);

	page->body = GTK_BOX(body);
	page->buttons = GTK_BOX(buttons);
	page->title = label_new("title-1", GTK_ACCESSIBLE_ROLE_HEADING);
	page->text = label_new("body", GTK_ACCESSIBLE_ROLE_LABEL);
	gtk_widget_set_valign(body, GTK_ALIGN_CENTER);
	gtk_widget_set_margin_top(body, 24);
	gtk_widget_set_margin_bottom(body, 24);
	gtk_widget_set_margin_start(body, 24);
	gtk_widget_set_margin_end(body, 24);
	gtk_box_append(page->body, GTK_WIDGET(page->title));
	gtk_box_append(page->body, GTK_WIDGET(page->text));
	gtk_box_append(page->body, buttons);
	gtk_widget_set_halign(buttons, GTK_ALIGN_CENTER);
	adw_clamp_set_maximum_size(ADW_CLAMP(clamp), WIDTH);
	adw_clamp_set_child(ADW_CLAMP(clamp), body);
	gtk_scrolled_window_set_policy(GTK_SCROLLED_WINDOW(scrolled), GTK_POLICY_NEVER,
				       GTK_POLICY_AUTOMATIC);
	gtk_scrolled_window_set_child(GTK_SCROLLED_WINDOW(scrolled), clamp);
	page->view = GTK_VIEWPORT(gtk_scrolled_window_get_child(GTK_SCROLLED_WINDOW(scrolled)));
	gtk_widget_set_vexpand(scrolled, TRUE);
	gtk_widget_set_focusable(scrolled,
				 FALSE); /* Page Up and Page Down do it from the buttons */
	adw_bin_set_child(ADW_BIN(page), scrolled);
}

static void gui_page_dispose(GObject *object)
{
	g_clear_weak_pointer(&GUI_PAGE(object)->focus);
	G_OBJECT_CLASS(gui_page_parent_class)->dispose(object);
}

static void gui_page_class_init(GuiPageClass *class)
{
	G_OBJECT_CLASS(class)->dispose = gui_page_dispose;
}

GuiPage *gui_page_new(const char *icon, const char *title, const char *text)
{
	GuiPage *page = g_object_new(GUI_TYPE_PAGE, NULL);
	GtkWidget *image = g_object_new(GTK_TYPE_IMAGE, "icon-name", icon, "pixel-size", 64,
					"accessible-role", GTK_ACCESSIBLE_ROLE_PRESENTATION, NULL);

	gtk_box_prepend(page->body, image);
	gui_page_set_title(page, title);
	gui_page_set_text(page, text);
	return page;
}

const char *gui_page_title(GuiPage *page)
{
	return gtk_label_get_text(page->title);
}

void gui_page_set_title(GuiPage *page, const char *title)
{
	gtk_label_set_text(page->title, title);
}

void gui_page_set_text(GuiPage *page, const char *text)
{
	gtk_label_set_text(page->text, text ? text : "");
	gtk_widget_set_visible(GTK_WIDGET(page->text), text && *text);
}

void gui_page_add(GuiPage *page, GtkWidget *widget)
{
	GtkWidget *last = gtk_widget_get_prev_sibling(GTK_WIDGET(page->buttons));

	gtk_box_insert_child_after(page->body, widget, last);
}

void gui_page_set_focus(GuiPage *page, GtkWidget *widget)
{
	g_set_weak_pointer(&page->focus, widget);
}

static const char *const classes[] = {
	[GUI_BUTTON_SUGGESTED] = "suggested-action",
	[GUI_BUTTON_PLAIN] = "regular",
	[GUI_BUTTON_DESTRUCTIVE] = "destructive-action",
};

GtkButton *gui_page_add_button(GuiPage *page, enum gui_button kind, const char *label,
			       GCallback clicked, gpointer data)
{
	GtkWidget *button = gtk_button_new(), *text = gtk_label_new_with_mnemonic(label);

	/* A button that makes its label itself tells a screen reader the mnemonic's underscore. */
	gtk_button_set_child(GTK_BUTTON(button), text);
	gtk_label_set_mnemonic_widget(GTK_LABEL(text), button);
	gtk_accessible_update_relation(GTK_ACCESSIBLE(button), GTK_ACCESSIBLE_RELATION_LABELLED_BY,
				       text, NULL, -1);
	/* A label that is longer than the window is wrapped, not cut. */
	gtk_label_set_wrap(GTK_LABEL(text), TRUE);
	gtk_label_set_justify(GTK_LABEL(text), GTK_JUSTIFY_CENTER);
	gtk_widget_add_css_class(button, "pill");
	gtk_widget_add_css_class(button, classes[kind]);
	g_signal_connect(button, "clicked", clicked, data);
	gtk_box_append(page->buttons, button);
	if (!page->focus) {
		gtk_accessible_update_relation(GTK_ACCESSIBLE(button),
					       GTK_ACCESSIBLE_RELATION_DESCRIBED_BY, page->title,
					       page->text, NULL, -1);
		gui_page_set_focus(page, button);
	}
	return GTK_BUTTON(button);
}

/* Reached by Tab, as what is pressed is: who reads by ear, or by keyboard, is to come by it. */
static void set_read(GtkWidget *row, const char *name, const char *value)
{
	/* Translators: what it is, and what is so, for the screen reader. */
	g_autofree char *all = g_strdup_printf(_("%s: %s"), name, value);

	gtk_list_box_row_set_activatable(GTK_LIST_BOX_ROW(row), FALSE);
	gtk_accessible_update_property(GTK_ACCESSIBLE(row), GTK_ACCESSIBLE_PROPERTY_LABEL, all, -1);
}

GtkWidget *gui_page_add_fact(GuiPage *page, const char *name, const char *value)
{
	GtkWidget *row = gtk_list_box_row_new(), *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 3);
	GtkWidget *what = gtk_label_new(name), *is = gtk_label_new(value);

	if (!page->facts) {
		page->facts = GTK_LIST_BOX(gtk_list_box_new());
		gtk_list_box_set_selection_mode(page->facts, GTK_SELECTION_NONE);
		gtk_widget_add_css_class(GTK_WIDGET(page->facts), "boxed-list");
		gui_page_add(page, GTK_WIDGET(page->facts));
	}
	gtk_widget_add_css_class(what, "caption");
	gtk_widget_add_css_class(what, "dim-label");
	gtk_label_set_xalign(GTK_LABEL(what), 0);
	gtk_label_set_xalign(GTK_LABEL(is), 0);
	gtk_label_set_wrap(GTK_LABEL(is), TRUE);
	gtk_label_set_wrap_mode(GTK_LABEL(is), PANGO_WRAP_WORD_CHAR);
	gtk_widget_set_margin_top(box, 9);
	gtk_widget_set_margin_bottom(box, 9);
	gtk_widget_set_margin_start(box, 12);
	gtk_widget_set_margin_end(box, 12);
	gtk_box_append(GTK_BOX(box), what);
	gtk_box_append(GTK_BOX(box), is);
	gtk_list_box_row_set_child(GTK_LIST_BOX_ROW(row), box);
	set_read(row, name, value);
	gtk_list_box_append(page->facts, row);
	return row;
}

void gui_page_take_focus(GuiPage *page)
{
	if (!page->focus)
		return;
	/* A page begins at its beginning: what a button does is to be read before. */
	gtk_viewport_set_scroll_to_focus(page->view, FALSE);
	gtk_widget_grab_focus(page->focus);
	gtk_viewport_set_scroll_to_focus(page->view, TRUE);
}
