/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bridges: entered, scanned, looked at, given to Tor. */
#include "bridge-lines.h"
#include "scan.h"
#include "wizard.h"

#include <glib/gi18n-lib.h>

#define ENTRY_HEIGHT 88
#define FAULTS_SHOWN 4

/* Each is printed with the line's number. */
static const char *const faults[BRIDGE_VERDICT_N] = {
	[BRIDGE_TOO_LONG] = N_("Line %u is too long for a bridge."),
	[BRIDGE_BAD_CHARACTER] = N_("Line %u has a character that no bridge has."),
	[BRIDGE_BAD_TRANSPORT] =
		N_("Line %u does not begin with an address, or a kind such as obfs4."),
	[BRIDGE_NO_ADDRESS] = N_("Line %u ends before the address."),
	[BRIDGE_BAD_ADDRESS] = N_("Line %u needs an address and a port, as in 192.0.2.1:443."),
	[BRIDGE_BAD_FINGERPRINT] =
		N_("Line %u needs a fingerprint of 40 letters and digits after the address."),
	[BRIDGE_BAD_ARGUMENT] = N_("Line %u ends with something that does not belong there."),
	[BRIDGE_MISSING_ARGUMENT] =
		N_("Line %u lacks its end, as cert=... for obfs4 or url=... for webtunnel."),
};

static char *entered(struct wizard *w)
{
	GtkTextBuffer *buffer = gtk_text_view_get_buffer(w->entry);
	GtkTextIter start, end;

	gtk_text_buffer_get_bounds(buffer, &start, &end);
	return gtk_text_buffer_get_text(buffer, &start, &end, FALSE);
}

static void on_entered(GtkTextBuffer *buffer, struct wizard *w)
{
	(void)buffer;
	g_free(w->bridge_text);
	w->bridge_text = entered(w);
}

void wizard_bridges_fill(struct wizard *w, GuiPage *page)
{
	GtkWidget *entry = gtk_text_view_new(), *scrolled = gtk_scrolled_window_new();
	GtkTextBuffer *buffer = gtk_text_view_get_buffer(GTK_TEXT_VIEW(entry));

	w->entry = GTK_TEXT_VIEW(entry);
	gtk_text_view_set_accepts_tab(w->entry, FALSE); /* it is for going on */
	gtk_text_view_set_wrap_mode(w->entry, GTK_WRAP_CHAR);
	gtk_text_view_set_monospace(w->entry, TRUE);
	gtk_text_view_set_input_hints(w->entry, GTK_INPUT_HINT_NO_SPELLCHECK);
	g_object_set(entry, "left-margin", 9, "right-margin", 9, "top-margin", 9, "bottom-margin",
		     9, NULL);
	gtk_accessible_update_property(GTK_ACCESSIBLE(entry), GTK_ACCESSIBLE_PROPERTY_LABEL,
				       _("Bridges, one on each line"), -1);
	gtk_text_buffer_set_text(buffer, w->bridge_text ? w->bridge_text : "", -1);
	g_signal_connect(buffer, "changed", G_CALLBACK(on_entered), w);
	gtk_scrolled_window_set_min_content_height(GTK_SCROLLED_WINDOW(scrolled), ENTRY_HEIGHT);
	gtk_scrolled_window_set_child(GTK_SCROLLED_WINDOW(scrolled), entry);
	gtk_scrolled_window_set_has_frame(GTK_SCROLLED_WINDOW(scrolled), TRUE);
	gtk_widget_set_focusable(scrolled, FALSE);
	gui_page_add(page, scrolled);
	gui_page_set_focus(page, entry);
	if (wizard_tor_state(w->tor)->bridges)
		wizard_say(w, _("Tor has bridges at the moment. New ones replace them."));
}

void wizard_bridges_leave(struct wizard *w)
{
	if (w->scanning)
		g_cancellable_cancel(w->scanning);
}

/* --- to Tor */

static void on_used(GObject *source, GAsyncResult *result, gpointer data)
{
	struct wizard *w = data;
	g_autoptr(GError) error = NULL;
	g_autofree char *text = NULL;

	if (wizard_tor_finish(WIZARD_TOR(source), result, &error)) {
		w->way = WAY_TOR;
		w->hiding = false;
		wizard_update(w);
		return;
	}
	/* Translators: what Tor says, in English. */
	text = g_strdup_printf(
		_("Tor does not take these bridges. Check each line, then try again. "
		  "Tor says: %s"),
		error->message);
	wizard_say(w, text);
}

/* NULL if Tor has what it needs for that bridge. */
static char *lacking(struct wizard *w, const struct bridge *bridge)
{
	if (wizard_tor_has_transport(w->tor, bridge->transport))
		return NULL;
	/* Translators: a kind of bridge, as obfs4. */
	return g_strdup_printf(
		_("Tor has no program for bridges of the kind %s. An administrator can "
		  "install one (obfs4proxy has obfs4) and name it in /etc/tor/torrc, in a "
		  "line ClientTransportPlugin. Or use bridges of another kind."),
		bridge->transport);
}

/* What is wrong with line n, or NULL. */
static char *fault(struct wizard *w, const char *line, guint n, GPtrArray *lines)
{
	g_autofree struct bridge *bridge = g_new(struct bridge, 1);
	enum bridge_verdict verdict = bridge_line_parse(line, strlen(line), bridge);

	if (verdict == BRIDGE_BLANK)
		return NULL;
	if (verdict != BRIDGE_GOOD)
		return g_strdup_printf(_(faults[verdict]), n);
	g_ptr_array_add(lines, g_strdup(bridge->text));
	return lacking(w, bridge);
}

void wizard_bridges_use(struct wizard *w)
{
	g_autofree char *text = entered(w);
	g_auto(GStrv) given = g_strsplit(text, "\n", -1);
	g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GPtrArray) wrong = g_ptr_array_new_with_free_func(g_free);
	g_autofree char *said = NULL;

	for (guint i = 0; given[i] && wrong->len < FAULTS_SHOWN; i++) {
		char *why = fault(w, given[i], i + 1, lines);

		if (why && !g_ptr_array_find_with_equal_func(wrong, why, g_str_equal, NULL))
			g_ptr_array_add(wrong, why);
		else
			g_free(why);
	}
	if (wrong->len == 0 && lines->len == 0)
		g_ptr_array_add(wrong, g_strdup(_("Enter at least one bridge.")));
	if (wrong->len == 0 && lines->len > BRIDGES_MAX)
		g_ptr_array_add(wrong,
				g_strdup(_("These are more bridges than Tor can use. Enter a "
					   "few of them.")));
	if (wrong->len > 0) {
		g_ptr_array_add(wrong, NULL);
		said = g_strjoinv("\n", (char **)wrong->pdata);
		wizard_say(w, said);
		gtk_widget_grab_focus(GTK_WIDGET(w->entry));
		return;
	}
	g_ptr_array_add(lines, NULL);
	wizard_say(w, NULL);
	wizard_tor_use_bridges(w->tor, (const char *const *)lines->pdata, on_used, w);
}

/* --- codes */

static void on_scanned(GObject *source, GAsyncResult *result, gpointer data)
{
	struct wizard *w = data;
	g_autoptr(GError) error = NULL;
	g_autofree char *text = scan_finish(result, &error);
	g_autofree char *all = NULL;

	(void)source;
	if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
		return;
	g_clear_object(&w->scanning);
	if (!w->entry)
		return;
	if (!text) {
		wizard_say(w, error->message);
		return;
	}
	all = w->bridge_text && *w->bridge_text
		      ? g_strdup_printf("%s\n%s", g_strchomp(w->bridge_text), text)
		      : g_strdup(text);
	gtk_text_buffer_set_text(gtk_text_view_get_buffer(w->entry), g_strchomp(all), -1);
	wizard_say(w, _("The code was read. Look at it, then connect."));
	gtk_widget_grab_focus(GTK_WIDGET(w->entry));
}

static void scan(struct wizard *w, enum scan from, const char *path)
{
	if (w->scanning)
		g_cancellable_cancel(w->scanning);
	g_clear_object(&w->scanning);
	w->scanning = g_cancellable_new();
	scan_start(from, path, w->scanning, on_scanned, w);
}

void wizard_bridges_scan(struct wizard *w)
{
	wizard_say(w, _("Hold the code before the camera."));
	scan(w, SCAN_CAMERA, NULL);
}

static void on_chosen(GtkNativeDialog *dialog, int response, struct wizard *w)
{
	g_autoptr(GFile) file = gtk_file_chooser_get_file(GTK_FILE_CHOOSER(dialog));
	g_autofree char *path = file ? g_file_get_path(file) : NULL;

	if (response == GTK_RESPONSE_ACCEPT && path && w->entry)
		scan(w, SCAN_PICTURE, path);
	g_object_unref(dialog);
}

void wizard_bridges_picture(struct wizard *w)
{
	GtkFileChooserNative *dialog =
		gtk_file_chooser_native_new(_("A picture of a code"), GTK_WINDOW(w->window),
					    GTK_FILE_CHOOSER_ACTION_OPEN, _("_Read"), _("_Cancel"));
	g_autoptr(GtkFileFilter) pictures = gtk_file_filter_new();

	gtk_file_filter_add_mime_type(pictures, "image/*");
	gtk_file_filter_set_name(pictures, _("Pictures"));
	gtk_file_chooser_add_filter(GTK_FILE_CHOOSER(dialog), pictures);
	g_signal_connect(dialog, "response", G_CALLBACK(on_chosen), w);
	gtk_native_dialog_set_modal(GTK_NATIVE_DIALOG(dialog), TRUE);
	gtk_native_dialog_show(GTK_NATIVE_DIALOG(dialog));
}
