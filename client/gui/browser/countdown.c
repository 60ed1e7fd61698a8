/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "countdown.h"

#include "browser-state.h"
#include "texts.h"

#include <glib/gi18n-lib.h>

struct countdown {
	GuiDoor *door;
	GtkBox *box;
	GtkLabel *timer;
	GtkWidget *alert; /* NULL until something was said */
	guint left;
	guint source;
	countdown_fn mark;
	gpointer data;
};

static void show(struct countdown *c)
{
	g_autofree char *text = g_strdup_printf("%u:%02u", c->left / 60, c->left % 60);

	gtk_label_set_text(c->timer, text);
}

static gboolean on_second(gpointer data)
{
	struct countdown *c = data;
	guint before = c->left;
	guint32 mark;

	c->left = gui_door_left(c->door);
	show(c);
	/* Why a door has ended is said by the page that comes then. */
	mark = gui_door_is_open(c->door) ? browser_time_mark(before, c->left) : 0;
	if (mark) {
		g_autofree char *span = gui_span_text(mark);
		/* Translators: "2 minutes left", "30 seconds left" */
		g_autofree char *text = g_strdup_printf(_("%s left"), span);

		countdown_say(GTK_WIDGET(c->box), text);
		c->mark(mark, c->data);
	}
	return G_SOURCE_CONTINUE;
}

static void countdown_free(gpointer data)
{
	struct countdown *c = data;

	g_source_remove(c->source);
	g_object_unref(c->door);
	g_free(c);
}

static GtkWidget *add_label(struct countdown *c, const char *text, GtkAccessibleRole role,
			    const char *class)
{
	GtkWidget *label = g_object_new(GTK_TYPE_LABEL, "label", text, "accessible-role", role,
					"wrap", TRUE, "justify", GTK_JUSTIFY_CENTER, NULL);

	gtk_widget_add_css_class(label, class);
	gtk_box_append(c->box, label);
	return label;
}

GtkWidget *countdown_new(GuiDoor *door, countdown_fn mark, gpointer data)
{
	GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 3);
	struct countdown *c = g_new0(struct countdown, 1);
	GtkWidget *title, *timer;

	c->door = g_object_ref(door);
	c->box = GTK_BOX(box);
	c->mark = mark;
	c->data = data;
	c->left = gui_door_left(door);
	title = add_label(c, _("Time left"), GTK_ACCESSIBLE_ROLE_LABEL, "caption-heading");
	timer = add_label(c, "", GTK_ACCESSIBLE_ROLE_TIMER, "title-1");
	gtk_widget_add_css_class(timer, "numeric");
	gtk_accessible_update_relation(GTK_ACCESSIBLE(timer), GTK_ACCESSIBLE_RELATION_DESCRIBED_BY,
				       title, NULL, -1);
	c->timer = GTK_LABEL(timer);
	show(c);
	c->source = g_timeout_add_seconds(1, on_second, c);
	g_object_set_data_full(G_OBJECT(box), "countdown", c, countdown_free);
	return box;
}

/* A new label each time: that one comes is what a screen reader hears of. */
void countdown_say(GtkWidget *countdown, const char *text)
{
	struct countdown *c = g_object_get_data(G_OBJECT(countdown), "countdown");

	if (c->alert)
		gtk_box_remove(c->box, c->alert);
	c->alert = add_label(c, text, GTK_ACCESSIBLE_ROLE_ALERT, "heading");
}
