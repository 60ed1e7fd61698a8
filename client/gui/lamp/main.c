/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The lamp shows that a door past Tor is open, and closes the person's own; it tells what was
 * refused to their programs. It has no privilege: it asks the service as anybody can. If it dies,
 * doors stay as they are, and the service closes them when their time is up.
 */
#include "app.h"
#include "explain.h"
#include "item.h"
#include "menu.h"
#include "notices.h"
#include "watch-doors.h"
#include "watch-leaks.h"
#include "watch-wall.h"

#include <glib/gi18n-lib.h>

#define ID "org.sallyport.Lamp"

struct lamp {
	GtkApplication *app;
	GuiService *service;
	LampNotices *notices;
	LampItem *item;
	LampMenu *menu;
	LampLeakWatch *leaks;
	gboolean silent; /* about what was refused */
};

static void on_explain(struct lamp *lamp)
{
	explain_present(lamp->app, lamp->service, lamp->leaks);
}

/* In the first one of the session only. */
static void on_startup(struct lamp *lamp)
{
	GDBusConnection *session = g_application_get_dbus_connection(G_APPLICATION(lamp->app));

	lamp->service = gui_service_new();
	lamp->notices = lamp_notices_new();
	lamp->menu = lamp_menu_new();
	lamp->item = lamp_item_new(session, LAMP_MENU_PATH);
	lamp->leaks = lamp_leak_watch_new(lamp->service, lamp->notices, lamp->silent);
	watch_doors(lamp->service, lamp->item, lamp->menu, lamp->notices);
	watch_wall(lamp->service, lamp->notices);
	g_signal_connect_swapped(lamp->menu, "explain", G_CALLBACK(on_explain), lamp);
	g_signal_connect_swapped(lamp->leaks, "explain", G_CALLBACK(on_explain), lamp);
	g_application_hold(G_APPLICATION(lamp->app)); /* it has no window, mostly */
}

/* A second start has nothing to bring to the front. */
static void on_activate(struct lamp *lamp)
{
	(void)lamp;
}

/* Who is not the first of the session asks the first one. */
static int on_options(GApplication *app, GVariantDict *options, struct lamp *lamp)
{
	g_autoptr(GError) error = NULL;

	lamp->silent = g_variant_dict_contains(options, "no-leaks");
	if (!g_application_register(app, NULL, &error) || !g_application_get_dbus_connection(app)) {
		g_printerr("sallyport-lamp: %s\n",
			   error ? error->message : _("There is no session bus."));
		return 1;
	}
	if (g_variant_dict_contains(options, "explain"))
		g_action_group_activate_action(G_ACTION_GROUP(app), "explain", NULL);
	return -1;
}

static const GOptionEntry options[] = {
	{"explain", 0, 0, G_OPTION_ARG_NONE, NULL,
	 N_("Show what was refused to your programs, and why"), NULL},
	{"no-leaks", 0, 0, G_OPTION_ARG_NONE, NULL, N_("Do not notify of what was refused"), NULL},
	{0},
};

int main(int argc, char **argv)
{
	struct lamp lamp = {0};
	g_autoptr(GSimpleAction) explain = g_simple_action_new("explain", NULL);
	g_autoptr(AdwApplication) app =
		gui_app_new(ID, G_APPLICATION_DEFAULT_FLAGS,
			    _("Shows while a door past Tor is open, and tells what was refused."));

	lamp.app = GTK_APPLICATION(app);
	g_application_add_main_option_entries(G_APPLICATION(app), options);
	g_signal_connect_swapped(explain, "activate", G_CALLBACK(on_explain), &lamp);
	g_action_map_add_action(G_ACTION_MAP(app), G_ACTION(explain));
	g_signal_connect(app, "handle-local-options", G_CALLBACK(on_options), &lamp);
	g_signal_connect_swapped(app, "startup", G_CALLBACK(on_startup), &lamp);
	g_signal_connect_swapped(app, "activate", G_CALLBACK(on_activate), &lamp);
	return g_application_run(G_APPLICATION(app), argc, argv);
}
