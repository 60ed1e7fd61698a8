/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "explain.h"

#include "explain-page.h"
#include "refusal.h"
#include "texts.h"

#include <glib/gi18n-lib.h>

#define ICON "org.sallyport.Lamp-symbolic"

/* Lives as long as its window, which is hidden when it is closed. */
struct explain {
	GuiWindow *window;
	GuiService *service;
	LampLeakWatch *watch;
	GtkListBox *list;  /* of the page that lists them; NULL: another page is there */
	GuiPage *page;     /* that page */
	gboolean empty;    /* it says that there is nothing */
	struct leak *left; /* which one was looked at last, to come back to */
};

static void show_list(struct explain *e);

static void on_back(GtkButton *button, struct explain *e)
{
	(void)button;
	show_list(e);
}

static struct leak *leak_of(GtkListBoxRow *row)
{
	return g_object_get_data(G_OBJECT(row), "leak");
}

static void on_row(GtkListBox *list, GtkListBoxRow *row, struct explain *e)
{
	GuiPage *page = explain_page_new(e->service, leak_of(row));

	(void)list;
	if (e->left)
		leak_free(e->left);
	e->left = leak_copy(leak_of(row));
	e->list = NULL;
	e->page = NULL;
	(void)gui_page_add_button(page, GUI_BUTTON_SUGGESTED, _("_Back to the list"),
				  G_CALLBACK(on_back), e);
	gui_window_show(e->window, page);
}

static void fill_row(GtkListBoxRow *row, const struct leak *leak)
{
	g_autofree char *protocol = refusal_protocol(leak);
	g_autofree char *times = refusal_times(leak->count);
	g_autofree char *clock = refusal_clock(leak->last);
	/* Translators: by which protocol, how often, and the time of day. */
	g_autofree char *text = g_strdup_printf(_("%s: %s, last at %s"), protocol, times, clock);

	/* Translators: what was refused; by which protocol, how often and when: for the screen
	 * reader. */
	g_autofree char *all = g_strdup_printf(_("%s; %s"), refusal_what(leak->class), text);

	adw_action_row_set_subtitle(ADW_ACTION_ROW(row), text);
	gtk_accessible_update_property(GTK_ACCESSIBLE(row), GTK_ACCESSIBLE_PROPERTY_LABEL, all, -1);
	g_object_set_data_full(G_OBJECT(row), "leak", leak_copy(leak), (GDestroyNotify)leak_free);
}

static GtkListBoxRow *row_new(const struct leak *leak)
{
	GtkWidget *row = adw_action_row_new();
	GtkWidget *arrow = g_object_new(GTK_TYPE_IMAGE, "icon-name", "go-next-symbolic",
					"accessible-role", GTK_ACCESSIBLE_ROLE_PRESENTATION, NULL);

	adw_preferences_row_set_use_markup(ADW_PREFERENCES_ROW(row), FALSE);
	adw_preferences_row_set_title(ADW_PREFERENCES_ROW(row), refusal_what(leak->class));
	adw_action_row_set_title_lines(ADW_ACTION_ROW(row), 0);
	adw_action_row_set_subtitle_lines(ADW_ACTION_ROW(row), 0);
	adw_action_row_add_suffix(ADW_ACTION_ROW(row), arrow);
	gtk_list_box_row_set_activatable(GTK_LIST_BOX_ROW(row), TRUE);
	fill_row(GTK_LIST_BOX_ROW(row), leak);
	return GTK_LIST_BOX_ROW(row);
}

static GtkListBoxRow *find_row(GtkListBox *list, const struct leak *leak)
{
	GtkListBoxRow *row;

	for (int i = 0; (row = gtk_list_box_get_row_at_index(list, i)); i++)
		if (leak_same(leak_of(row), leak))
			return row;
	return NULL;
}

/* Rows stay where they are, and so does the keyboard; new ones come on top, the last make room. */
static void fill_list(struct explain *e)
{
	g_autoptr(GPtrArray) groups = leaks_groups(lamp_leak_watch_leaks(e->watch), false);
	GtkListBoxRow *last;

	for (guint i = groups->len; i-- > 0;) {
		GtkListBoxRow *row = find_row(e->list, groups->pdata[i]);

		if (row)
			fill_row(row, groups->pdata[i]);
		else
			gtk_list_box_prepend(e->list, GTK_WIDGET(row_new(groups->pdata[i])));
	}
	while ((last = gtk_list_box_get_row_at_index(e->list, LEAKS_MOST)))
		gtk_list_box_remove(e->list, GTK_WIDGET(last));
}

static void add_list(struct explain *e)
{
	GtkWidget *list = gtk_list_box_new();
	GtkListBoxRow *row;

	e->list = GTK_LIST_BOX(list);
	gtk_list_box_set_selection_mode(e->list, GTK_SELECTION_NONE);
	gtk_widget_add_css_class(list, "boxed-list");
	gtk_accessible_update_property(GTK_ACCESSIBLE(list), GTK_ACCESSIBLE_PROPERTY_LABEL,
				       gui_page_title(e->page), -1);
	g_signal_connect(list, "row-activated", G_CALLBACK(on_row), e);
	fill_list(e);
	gui_page_add(e->page, list);
	row = e->left ? find_row(e->list, e->left) : NULL;
	if (!row)
		row = gtk_list_box_get_row_at_index(e->list, 0);
	gui_page_set_focus(e->page, GTK_WIDGET(row));
}

static void on_close(GtkButton *button, struct explain *e)
{
	(void)button;
	gtk_window_close(GTK_WINDOW(e->window));
}

/* Of the three states the page is for this one. */
static GuiPage *page_of(struct explain *e)
{
	const GError *error = lamp_leak_watch_error(e->watch);
	g_autofree char *text = NULL;

	if (!gui_service_sealed(e->service))
		return gui_page_new(
			ICON, _("The network guard does not answer"),
			_("What was refused cannot be known now. The wall stays as it is. "
			  "Wait a moment; if it stays so, restart the computer."));
	if (error) {
		text = g_strjoin("\n", error->message, gui_error_advice(error), NULL);
		return gui_page_new(ICON, _("What was refused is not known"), text);
	}
	if (e->empty)
		return gui_page_new(ICON, _("Nothing was refused"),
				    _("None of your programs has tried lately what is not allowed. "
				      "There is nothing to do."));
	return gui_page_new(ICON, _("What was refused"),
			    _("Your programs tried this lately, and none of it left the computer. "
			      "Choose one to see why, and what to do."));
}

static gboolean is_listable(struct explain *e)
{
	return gui_service_sealed(e->service) && !lamp_leak_watch_error(e->watch);
}

static void show_list(struct explain *e)
{
	e->empty = lamp_leak_watch_leaks(e->watch)->entries.length == 0;
	e->list = NULL;
	e->page = page_of(e);
	if (is_listable(e) && !e->empty)
		add_list(e);
	(void)gui_page_add_button(e->page, GUI_BUTTON_PLAIN, _("_Close"), G_CALLBACK(on_close), e);
	gui_window_show(e->window, e->page);
}

/* A page that explains one stays; of the list only what changes is changed. */
static void on_changed(struct explain *e)
{
	gboolean list = is_listable(e) && lamp_leak_watch_leaks(e->watch)->entries.length > 0;

	if (!e->page || !gtk_widget_get_visible(GTK_WIDGET(e->window)))
		return;
	if (list && e->list)
		fill_list(e);
	else
		show_list(e);
}

static void explain_free(void *data)
{
	struct explain *e = data;

	if (e->left)
		leak_free(e->left);
	g_free(e);
}

static struct explain *explain_new(GtkApplication *app, GuiService *service, LampLeakWatch *watch)
{
	struct explain *e = g_new0(struct explain, 1);

	e->window = gui_window_new(app, _("Refused connections"));
	e->service = service;
	e->watch = watch;
	g_object_set_data_full(G_OBJECT(e->window), "explain", e, explain_free);
	g_signal_connect_swapped(watch, "changed", G_CALLBACK(on_changed), e);
	g_signal_connect_swapped(service, "changed", G_CALLBACK(on_changed), e);
	/* Of a second one GTK would not tell the screen reader. */
	gtk_window_set_hide_on_close(GTK_WINDOW(e->window), TRUE);
	return e;
}

void explain_present(GtkApplication *app, GuiService *service, LampLeakWatch *watch)
{
	GtkWindow *window = gtk_application_get_active_window(app);
	struct explain *e = window ? g_object_get_data(G_OBJECT(window), "explain")
				   : explain_new(app, service, watch);

	if (!gtk_widget_get_visible(GTK_WIDGET(e->window)))
		show_list(e);
	gtk_window_present(GTK_WINDOW(e->window));
}
