/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app.h"

#include "paths.h"

#include <glib/gi18n-lib.h>
#include <locale.h>

struct _GuiWindow {
	AdwApplicationWindow parent;
	char *name; /* of the program, before or without a page */
	AdwHeaderBar *header;
	AdwBin *place, *footer;
};

G_DEFINE_FINAL_TYPE(GuiWindow, gui_window, ADW_TYPE_APPLICATION_WINDOW)

static int on_options(GApplication *app, GVariantDict *options, gpointer data)
{
	(void)app;
	(void)data;
	if (!g_variant_dict_contains(options, "version"))
		return -1;
	g_print("%s %s\n", g_get_prgname(), SALLYPORT_VERSION);
	return 0;
}

AdwApplication *gui_app_new(const char *id, GApplicationFlags flags, const char *summary)
{
	AdwApplication *app;

	(void)setlocale(LC_ALL, "");
	(void)bindtextdomain(GETTEXT_PACKAGE, LOCALE_DIR);
	(void)bind_textdomain_codeset(GETTEXT_PACKAGE, "UTF-8");
	app = adw_application_new(id, flags);
	g_application_add_main_option(G_APPLICATION(app), "version", 0, 0, G_OPTION_ARG_NONE,
				      _("Print the version and exit"), NULL);
	g_application_set_option_context_summary(G_APPLICATION(app),
						 g_dgettext(GETTEXT_PACKAGE, summary));
	g_signal_connect(app, "handle-local-options", G_CALLBACK(on_options), NULL);
	return app;
}

static void gui_window_init(GuiWindow *w)
{
	GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 0), *header = adw_header_bar_new();
	GtkWidget *place = adw_bin_new(), *footer = adw_bin_new();

	w->header = ADW_HEADER_BAR(header);
	w->place = ADW_BIN(place);
	w->footer = ADW_BIN(footer);
	gtk_widget_set_vexpand(place, TRUE);
	gtk_box_append(GTK_BOX(box), header);
	gtk_box_append(GTK_BOX(box), place);
	gtk_box_append(GTK_BOX(box), footer);
	adw_application_window_set_content(ADW_APPLICATION_WINDOW(w), box);
	gtk_window_set_default_size(GTK_WINDOW(w), 640, 700);
}

static void gui_window_finalize(GObject *object)
{
	g_free(GUI_WINDOW(object)->name);
	G_OBJECT_CLASS(gui_window_parent_class)->finalize(object);
}

static void gui_window_class_init(GuiWindowClass *class)
{
	G_OBJECT_CLASS(class)->finalize = gui_window_finalize;
}

GuiWindow *gui_window_new(GtkApplication *app, const char *title)
{
	GuiWindow *w = g_object_new(GUI_TYPE_WINDOW, "application", app, "title", title, NULL);

	w->name = g_strdup(title);
	return w;
}

AdwHeaderBar *gui_window_header(GuiWindow *w)
{
	return w->header;
}

void gui_window_set_footer(GuiWindow *w, GtkWidget *footer)
{
	adw_bin_set_child(w->footer, footer);
}

void gui_window_show(GuiWindow *w, GuiPage *page)
{
	/* Translators: a page's title, then the program's name, as a window's title. */
	g_autofree char *title = g_strdup_printf(_("%s – %s"), gui_page_title(page), w->name);

	adw_bin_set_child(w->place, GTK_WIDGET(page));
	gtk_window_set_title(GTK_WINDOW(w), title);
	gui_page_take_focus(page);
}

GuiPage *gui_window_page(GuiWindow *w)
{
	GtkWidget *page = adw_bin_get_child(w->place);

	return page ? GUI_PAGE(page) : NULL;
}
