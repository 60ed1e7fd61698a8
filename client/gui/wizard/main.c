/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sallyport-wizard: leads a person from a network to Tor. It may ask the service on the bus for
 * what anybody may ask, and tell Tor what the person's groups allow; it has no privilege, keeps no
 * file, and decides nothing. When it dies, nothing opens and nothing closes.
 */
#include "wizard.h"

#include <glib/gi18n-lib.h>

#define APP_ID "org.sallyport.Wizard"

static void on_activate(GtkApplication *app, gpointer data)
{
	GtkWindow *window = gtk_application_get_active_window(app);

	(void)data;
	if (window)
		gtk_window_present(window);
	else
		wizard_start(app);
}

int main(int argc, char **argv)
{
	g_autoptr(AdwApplication) app = NULL;

	/* Before any text: gettext is told where by gui_app_new() only. */
	app = gui_app_new(APP_ID, G_APPLICATION_DEFAULT_FLAGS, NULL);
	g_application_set_option_context_summary(
		G_APPLICATION(app), _("Connects this computer to Tor, and says what that takes."));
	gtk_window_set_default_icon_name(APP_ID);
	g_signal_connect(app, "activate", G_CALLBACK(on_activate), NULL);
	return g_application_run(G_APPLICATION(app), argc, argv);
}
