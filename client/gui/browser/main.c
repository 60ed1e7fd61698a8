/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sallyport-unsafe-browser [--page URL]
 *
 * May: ask the service for a door, as every program of the desktop may, and the browser's unit for
 * a browser; show windows. May not: anything that the person whom it runs for may not. Its death:
 * the door closes and the browser ends, for both hang on descriptors that it alone has.
 */
#include "browser-wire.h"
#include "http-url.h"
#include "launcher.h"

#include <glib-unix.h>
#include <glib/gi18n-lib.h>

#define ID "org.sallyport.UnsafeBrowser"
#define USAGE 2 /* exit status */

static struct launcher *launcher; /* NULL until the first start has come */
static enum browser_stop why = BROWSER_STOP_ASKED;

static const char *page_of(GVariantDict *options)
{
	const char *page = "";

	(void)g_variant_dict_lookup(options, "page", "&s", &page);
	return page;
}

/* NULL: a browser can begin there; else why not, to be freed. */
static char *page_fault(const char *page)
{
	struct http_url url;

	if (!*page)
		return NULL;
	if (strlen(page) >= BROWSER_PAGE_SIZE)
		return g_strdup_printf(_("%s: this address is too long: %s\n"), g_get_prgname(),
				       page);
	if (http_url_parse(page, strlen(page), &url))
		return NULL;
	return g_strdup_printf(_("%s: this is no http or https address: %s\n"), g_get_prgname(),
			       page);
}

/* Before anybody else hears of it. */
static int on_options(GApplication *app, GVariantDict *options, gpointer data)
{
	g_autofree char *fault = page_fault(page_of(options));

	(void)app;
	(void)data;
	if (!fault)
		return -1;
	g_printerr("%s", fault);
	return USAGE;
}

/* page: of browsers that are started from now on; "" for their own. */
static void begin(GApplication *app, const char *page)
{
	if (!launcher)
		launcher = launcher_new(ADW_APPLICATION(app));
	launcher_present(launcher);
	launcher_set_page(launcher, page);
}

/* Of a start that comes over the bus: checked anew, it is anybody's of the session. */
static int on_command_line(GApplication *app, GApplicationCommandLine *line, gpointer data)
{
	GVariantDict *options = g_application_command_line_get_options_dict(line);
	const char *page = page_of(options);
	g_autofree char *fault = page_fault(page);

	(void)data;
	if (fault) {
		g_application_command_line_printerr(line, "%s", fault);
		return USAGE;
	}
	begin(app, page);
	return 0;
}

static void on_activate(GApplication *app, gpointer data)
{
	(void)data;
	begin(app, "");
}

static void on_shutdown(GApplication *app, gpointer data)
{
	(void)app;
	(void)data;
	launcher = launcher_free(launcher, why);
}

static void on_more_time(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	(void)action;
	(void)parameter;
	(void)data;
	if (launcher)
		launcher_more_time(launcher);
}

/* That somebody looks at the notification is no new start. */
static void on_show(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	(void)action;
	(void)parameter;
	(void)data;
	if (launcher)
		launcher_present(launcher);
}

static gboolean on_signal(gpointer data)
{
	why = BROWSER_STOP_SESSION;
	g_application_quit(data);
	return G_SOURCE_CONTINUE;
}

int main(int argc, char **argv)
{
	static const int signals[] = {SIGHUP, SIGINT, SIGTERM};
	static const GActionEntry actions[] = {{.name = "more-time", .activate = on_more_time},
					       {.name = "show", .activate = on_show}};
	g_autoptr(AdwApplication) app =
		gui_app_new(ID, G_APPLICATION_HANDLES_COMMAND_LINE,
			    N_("Opens a browser that does not use Tor, to log in to a network."));

	g_application_add_main_option(G_APPLICATION(app), "page", 0, 0, G_OPTION_ARG_STRING,
				      _("Begin at this http or https address"), _("ADDRESS"));
	g_object_set(app, "register-session", TRUE, NULL);
	g_action_map_add_action_entries(G_ACTION_MAP(app), actions, G_N_ELEMENTS(actions), NULL);
	g_signal_connect(app, "handle-local-options", G_CALLBACK(on_options), NULL);
	g_signal_connect(app, "command-line", G_CALLBACK(on_command_line), NULL);
	g_signal_connect(app, "activate", G_CALLBACK(on_activate), NULL);
	g_signal_connect(app, "shutdown", G_CALLBACK(on_shutdown), NULL);
	for (gsize i = 0; i < G_N_ELEMENTS(signals); i++)
		(void)g_unix_signal_add(signals[i], on_signal, app);
	return g_application_run(G_APPLICATION(app), argc, argv);
}
