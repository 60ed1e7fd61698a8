/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "explain-page.h"

#include "refusal.h"

#include <glib/gi18n-lib.h>
#include <unistd.h>

#define ICON "org.sallyport.Lamp-symbolic"

/* What the service says of the latest one, by the rules in force: its own sentences. */
static void on_explained(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(GuiPage) page = data;
	g_autoptr(GVariant) reply =
		gui_service_call_finish(GUI_SERVICE(source), result, NULL, NULL);
	g_autoptr(GVariant) details = NULL;
	const char *why, *remedy;

	if (!reply || !g_variant_is_of_type(reply, G_VARIANT_TYPE("(sa{sv})")))
		return;
	details = g_variant_get_child_value(reply, 1);
	if (g_variant_lookup(details, "why", "&s", &why) && *why)
		(void)gui_page_add_fact(page, _("What the rules say (in English)"), why);
	if (g_variant_lookup(details, "remedy", "&s", &remedy) && *remedy)
		(void)gui_page_add_fact(page, _("What would allow it (in English)"), remedy);
}

static void ask(GuiService *service, GuiPage *page, const struct leak *leak)
{
	g_autofree char *user = g_strdup_printf("%u", (guint)getuid());

	gui_service_call(service, GUI_MANAGER, "Explain",
			 g_variant_new("(syi@ayq)", user, leak->protocol, leak->family,
				       g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE, leak->address,
								 leak->address_size, 1),
				       leak->port),
			 GUI_QUICK, NULL, on_explained, g_object_ref(page));
}

GuiPage *explain_page_new(GuiService *service, const struct leak *leak)
{
	GuiPage *page = gui_page_new(ICON, refusal_what(leak->class), refusal_why(leak->class));
	g_autofree char *protocol = refusal_protocol(leak);
	g_autofree char *times = refusal_times(leak->count);
	g_autofree char *first = refusal_clock(leak->first), *last = refusal_clock(leak->last);
	g_autofree char *to = refusal_destination(leak);
	/* Translators: how often, then two times of day. */
	g_autofree char *often = g_strdup_printf(_("%s, from %s to %s"), times, first, last);

	gui_page_set_focus(page,
			   gui_page_add_fact(page, _("What to do"), refusal_advice(leak->class)));
	(void)gui_page_add_fact(page, _("Protocol"), protocol);
	(void)gui_page_add_fact(page, _("How often it was reported"), often);
	(void)gui_page_add_fact(page, _("The last one was to"),
				to ? to : _("Not kept, to protect you"));
	(void)gui_page_add_fact(page, _("Rule of the policy"), leak->origin);
	if (to)
		ask(service, page, leak);
	return page;
}
