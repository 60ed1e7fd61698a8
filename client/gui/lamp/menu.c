/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "menu.h"

#include <glib/gi18n-lib.h>
#include <libdbusmenu-glib/dbusmenu-glib.h>

struct _LampMenu {
	GObject parent;
	DbusmenuServer *server;
	DbusmenuMenuitem *root;
	GPtrArray *lines; /* of DbusmenuMenuitem: that say how much is left, in the doors' order */
	char *users;      /* whose doors these are */
};

G_DEFINE_FINAL_TYPE(LampMenu, lamp_menu, G_TYPE_OBJECT)

enum { OPENED, CLOSE, EXPLAIN, SIGNAL_N };
static guint signals[SIGNAL_N];

/* In a label "_" marks the next letter. */
static void set_label(DbusmenuMenuitem *line, const char *label)
{
	g_auto(GStrv) parts = g_strsplit(label, "_", -1);
	g_autofree char *plain = g_strjoinv("__", parts);

	(void)dbusmenu_menuitem_property_set(line, DBUSMENU_MENUITEM_PROP_LABEL, plain);
}

static DbusmenuMenuitem *add(LampMenu *menu, gboolean enabled)
{
	DbusmenuMenuitem *line = dbusmenu_menuitem_new();

	(void)dbusmenu_menuitem_property_set_bool(line, DBUSMENU_MENUITEM_PROP_ENABLED, enabled);
	(void)dbusmenu_menuitem_child_append(menu->root, line);
	g_object_unref(line); /* the root has it */
	return line;
}

static void add_separator(LampMenu *menu)
{
	(void)dbusmenu_menuitem_property_set(add(menu, TRUE), DBUSMENU_MENUITEM_PROP_TYPE,
					     "separator");
}

static void on_close(DbusmenuMenuitem *line, guint when, LampMenu *menu)
{
	(void)when;
	g_signal_emit(menu, signals[CLOSE], 0, g_object_get_data(G_OBJECT(line), "user"));
}

static void on_explain(LampMenu *menu)
{
	g_signal_emit(menu, signals[EXPLAIN], 0);
}

static void on_opened(LampMenu *menu)
{
	g_signal_emit(menu, signals[OPENED], 0);
}

static void clear(LampMenu *menu)
{
	g_list_free_full(dbusmenu_menuitem_take_children(menu->root), g_object_unref);
	g_ptr_array_set_size(menu->lines, 0);
}

static void add_door(LampMenu *menu, const struct lamp_door *door)
{
	DbusmenuMenuitem *close;

	g_ptr_array_add(menu->lines, add(menu, FALSE));
	close = add(menu, TRUE);
	g_object_set_data_full(G_OBJECT(close), "user", g_strdup(door->user), g_free);
	g_signal_connect_object(close, DBUSMENU_MENUITEM_SIGNAL_ITEM_ACTIVATED,
				G_CALLBACK(on_close), menu, 0);
	(void)dbusmenu_menuitem_property_set(close, DBUSMENU_MENUITEM_PROP_LABEL, _("_Close now"));
	add_separator(menu);
}

static void build(LampMenu *menu, const struct lamp_doors *doors)
{
	guint n = doors->own ? doors->own->len : 0;
	DbusmenuMenuitem *explain;

	clear(menu);
	for (guint i = 0; i < n; i++)
		add_door(menu, doors->own->pdata[i]);
	if (n == 0) {
		set_label(add(menu, FALSE), lamp_doors_title(doors));
		add_separator(menu);
	}
	explain = add(menu, TRUE);
	(void)dbusmenu_menuitem_property_set(explain, DBUSMENU_MENUITEM_PROP_LABEL,
					     _("_What was refused, and why"));
	g_signal_connect_object(explain, DBUSMENU_MENUITEM_SIGNAL_ITEM_ACTIVATED,
				G_CALLBACK(on_explain), menu, G_CONNECT_SWAPPED);
}

/* What the menu's lines depend on, but for the time. */
static char *users_of(const struct lamp_doors *doors)
{
	g_autoptr(GString) users = g_string_new(lamp_doors_title(doors));

	for (guint i = 0; doors->own && i < doors->own->len; i++)
		g_string_append_printf(users, "\n%s",
				       ((struct lamp_door *)doors->own->pdata[i])->user);
	return g_string_free(g_steal_pointer(&users), FALSE);
}

void lamp_menu_set(LampMenu *menu, const struct lamp_doors *doors, usec_t now)
{
	g_autofree char *users = users_of(doors);

	if (g_strcmp0(users, menu->users) != 0) {
		g_free(menu->users);
		menu->users = g_steal_pointer(&users);
		build(menu, doors);
	}
	for (guint i = 0; i < menu->lines->len; i++) {
		g_autofree char *label = lamp_door_label(doors->own->pdata[i], now);

		set_label(menu->lines->pdata[i], label);
	}
}

static void lamp_menu_init(LampMenu *menu)
{
	menu->lines = g_ptr_array_new();
	menu->root = dbusmenu_menuitem_new();
	menu->server = dbusmenu_server_new(LAMP_MENU_PATH);
	dbusmenu_server_set_root(menu->server, menu->root);
	g_signal_connect_object(menu->root, DBUSMENU_MENUITEM_SIGNAL_ABOUT_TO_SHOW,
				G_CALLBACK(on_opened), menu, G_CONNECT_SWAPPED);
}

static void lamp_menu_dispose(GObject *object)
{
	LampMenu *menu = LAMP_MENU(object);

	g_clear_object(&menu->server);
	g_clear_object(&menu->root);
	G_OBJECT_CLASS(lamp_menu_parent_class)->dispose(object);
}

static void lamp_menu_finalize(GObject *object)
{
	g_ptr_array_unref(LAMP_MENU(object)->lines);
	g_free(LAMP_MENU(object)->users);
	G_OBJECT_CLASS(lamp_menu_parent_class)->finalize(object);
}

static void lamp_menu_class_init(LampMenuClass *class)
{
	GType type = G_TYPE_FROM_CLASS(class);

	G_OBJECT_CLASS(class)->dispose = lamp_menu_dispose;
	G_OBJECT_CLASS(class)->finalize = lamp_menu_finalize;
	signals[OPENED] = g_signal_new("opened", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
				       G_TYPE_NONE, 0);
	signals[CLOSE] = g_signal_new("close", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
				      G_TYPE_NONE, 1, G_TYPE_STRING);
	signals[EXPLAIN] = g_signal_new("explain", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
					G_TYPE_NONE, 0);
}

LampMenu *lamp_menu_new(void)
{
	return g_object_new(LAMP_TYPE_MENU, NULL);
}
