/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check.h"

#include "http-url.h"
#include "util.h"

#include <glib/gi18n-lib.h>

static const struct {
	const char *name;
	enum gui_connectivity connectivity;
} connectivities[] = {
	{"none", GUI_CONNECTIVITY_NONE},
	{"portal", GUI_CONNECTIVITY_PORTAL},
	{"limited", GUI_CONNECTIVITY_LIMITED},
	{"full", GUI_CONNECTIVITY_FULL},
};

void check_result_clear(struct check_result *r)
{
	g_free(r->portal_url);
	*r = (struct check_result){0};
}

guint64 check_result_time(const struct check_result *r)
{
	usec_t now = now_boottime();

	if (!r->date || now < r->date_at)
		return r->date;
	return r->date + (now - r->date_at) / USEC_PER_SEC;
}

void check_network(GuiService *s, GCancellable *cancel, GAsyncReadyCallback done, gpointer data)
{
	gui_service_call(s, GUI_AUTOCONFIG, "CheckNetwork", NULL, GUI_MAY_ASK, cancel, done, data);
}

static void read_details(GVariant *details, struct check_result *ret)
{
	const char *url = "", *kind = "";
	struct http_url parsed;

	(void)g_variant_lookup(details, "date-at", "t", &ret->date_at);
	(void)g_variant_lookup(details, "portal-url", "&s", &url);
	(void)g_variant_lookup(details, "portal-kind", "&s", &kind);
	ret->portal_here = g_str_equal(kind, "loopback");
	/* The service has judged it already; what is opened is looked at once more. */
	if (!ret->portal_here && http_url_parse(url, strlen(url), &parsed))
		ret->portal_url = g_strdup(url);
}

gboolean check_network_finish(GuiService *s, GAsyncResult *result, struct check_result *ret,
			      GError **error)
{
	g_autoptr(GVariant) reply = gui_service_call_finish(s, result, NULL, error);
	g_autoptr(GVariant) details = NULL;
	const char *connectivity;

	check_result_clear(ret);
	if (!reply)
		return FALSE;
	if (!g_variant_is_of_type(reply, G_VARIANT_TYPE("(sta{sv})"))) {
		g_set_error_literal(error, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_SIGNATURE,
				    _("The service's answer cannot be understood."));
		return FALSE;
	}
	g_variant_get(reply, "(&st@a{sv})", &connectivity, &ret->date, &details);
	for (gsize i = 0; i < G_N_ELEMENTS(connectivities); i++)
		if (g_str_equal(connectivities[i].name, connectivity))
			ret->connectivity = connectivities[i].connectivity;
	read_details(details, ret);
	return TRUE;
}
