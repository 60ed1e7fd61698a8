/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How far Tor is, and what to do when it does not get further. */
#include "wizard.h"

#include <glib/gi18n-lib.h>

/* Tor's own steps follow within seconds, also over a slow mobile network. */
#define PATIENCE_SECONDS 30

/* By how their tags begin; the first that fits (control-spec, bootstrap phases). */
static const struct {
	const char *tag, *text;
} steps[] = {
	{"conn_pt", N_("Reaching the bridge.")},
	{"conn_done_pt", N_("Reaching the bridge.")}, /* only the program for it is there */
	{"conn_proxy", N_("Reaching the proxy.")},
	{"conn_done_proxy", N_("The proxy answers.")},
	{"conn_done", N_("The Tor network answers.")},
	{"conn", N_("Reaching the Tor network.")},
	{"handshake", N_("Agreeing on encryption.")},
	{"onehop", N_("Agreeing on encryption.")},
	{"requesting_status", N_("Loading the list of Tor's relays.")},
	{"loading_status", N_("Loading the list of Tor's relays.")},
	{"loading_keys", N_("Loading the list of Tor's relays.")},
	{"requesting_desc", N_("Loading what is to be known of the relays.")},
	{"loading_desc", N_("Loading what is to be known of the relays.")},
	{"enough_dirinfo", N_("Enough relays are known.")},
	{"ap_", N_("Reaching the first relay.")},
	{"circuit_create", N_("Making the first way through Tor.")},
	{"done", N_("Almost there.")},
};

static const char *step_text(const struct tor_state *s)
{
	if (s->paused)
		return _("Tor is told to begin.");
	for (gsize i = 0; i < G_N_ELEMENTS(steps); i++)
		if (g_str_has_prefix(s->tag, steps[i].tag))
			return _(steps[i].text);
	return _("Tor begins.");
}

static gboolean on_patience(gpointer data)
{
	struct wizard *w = data;

	w->patience = 0;
	w->stuck = true;
	wizard_update(w);
	return G_SOURCE_REMOVE;
}

static void begin_to_wait(struct wizard *w, guint progress)
{
	g_clear_handle_id(&w->patience, g_source_remove);
	w->patience = g_timeout_add_seconds(PATIENCE_SECONDS, on_patience, w);
	w->was = progress;
	w->stuck = false;
}

void wizard_progress_fill(struct wizard *w, GuiPage *page)
{
	GtkWidget *bar = gtk_progress_bar_new(), *trouble = gtk_label_new(NULL);

	gtk_progress_bar_set_show_text(GTK_PROGRESS_BAR(bar), TRUE);
	gtk_accessible_update_property(GTK_ACCESSIBLE(bar), GTK_ACCESSIBLE_PROPERTY_LABEL,
				       _("How far Tor is"), -1);
	w->progress = GTK_PROGRESS_BAR(bar);
	gui_page_add(page, bar);
	gtk_label_set_wrap(GTK_LABEL(trouble), TRUE);
	gtk_label_set_wrap_mode(GTK_LABEL(trouble), PANGO_WRAP_WORD_CHAR);
	gtk_label_set_justify(GTK_LABEL(trouble), GTK_JUSTIFY_CENTER);
	w->trouble = GTK_LABEL(trouble);
	gui_page_add(page, trouble);
	begin_to_wait(w, wizard_tor_state(w->tor)->progress);
	wizard_progress_refresh(w);
}

void wizard_progress_refresh(struct wizard *w)
{
	const struct tor_state *s = wizard_tor_state(w->tor);
	g_autofree char *percent = NULL, *trouble = NULL;
	const char *advice;

	if (s->progress != w->was)
		begin_to_wait(w, s->progress);
	/* Translators: percent of the way. */
	percent = g_strdup_printf(_("%u %%"), s->progress);
	gtk_progress_bar_set_fraction(w->progress, s->progress / 100.0);
	gtk_progress_bar_set_text(w->progress, percent);
	gui_page_set_text(w->page, step_text(s));
	gtk_widget_set_visible(GTK_WIDGET(w->trouble), w->stuck || s->troubled);
	advice =
		s->bridges
			? _("Tor does not get further. Perhaps the bridge is gone, or this network "
			    "blocks it: try another one. Or the network wants you to log in first: "
			    "look for a login page.")
			: _("Tor does not get further. Perhaps this network blocks Tor: then a "
			    "bridge helps. Or it wants you to log in first: then look for a login "
			    "page.");
	/* Translators: the advice, then what Tor itself says, in English. */
	trouble = *s->words ? g_strdup_printf(_("%s\n\nTor says: %s"), advice, s->words)
			    : g_strdup(advice);
	gtk_label_set_text(w->trouble, trouble);
}

void wizard_progress_leave(struct wizard *w)
{
	g_clear_handle_id(&w->patience, g_source_remove);
	w->stuck = false;
}
