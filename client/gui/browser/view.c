/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "view.h"

struct press {
	enum deed deed;
	view_fn did;
	gpointer data;
};

static void on_clicked(GtkButton *button, gpointer data)
{
	const struct press press = *(const struct press *)data; /* the button may go meanwhile */

	(void)button;
	press.did(press.deed, press.data);
}

/* What opens something, or goes on, is suggested where it comes first. */
static enum gui_button kind(enum deed deed, gsize place)
{
	switch (deed) {
	case DEED_OPEN_FULL:
	case DEED_STOP:
		return GUI_BUTTON_DESTRUCTIVE;
	case DEED_OPEN_PORTAL:
	case DEED_BACK:
	case DEED_RETRY:
	case DEED_AGAIN:
	case DEED_MORE_TIME:
		return place == 0 ? GUI_BUTTON_SUGGESTED : GUI_BUTTON_PLAIN;
	case DEED_NONE:
	case DEED_WARN_FULL:
	case DEED_ABORT:
	case DEED_CANCEL:
	case DEED_CLOSE:
	case DEED_N:
		break;
	}
	return GUI_BUTTON_PLAIN;
}

GuiPage *view_new(const struct content *c, view_fn did, gpointer data)
{
	GuiPage *page = gui_page_new(c->icon, c->title, c->text);

	if (c->busy) {
		GtkWidget *spinner = g_object_new(
			GTK_TYPE_SPINNER, "spinning", TRUE, "width-request", 32, "height-request",
			32, "accessible-role", GTK_ACCESSIBLE_ROLE_PRESENTATION, NULL);

		gui_page_add(page, spinner);
	}
	for (gsize i = 0; i < CONTENT_LINES; i++)
		if (c->lines[i].value)
			(void)gui_page_add_fact(page, c->lines[i].name, c->lines[i].value);
	for (gsize i = 0; i < CONTENT_DEEDS && c->deeds[i]; i++) {
		struct press *press = g_new(struct press, 1);
		GtkButton *button;

		*press = (struct press){c->deeds[i], did, data};
		button = gui_page_add_button(page, kind(c->deeds[i], i), deed_label(c->deeds[i]),
					     G_CALLBACK(on_clicked), press);
		g_object_set_data_full(G_OBJECT(button), "press", press, g_free);
	}
	return page;
}
