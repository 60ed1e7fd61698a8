/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The service on the bus, as a window sees it (docs/wizards.md): its properties, kept up to date,
 * and its methods. What is not known (no service, no such property yet) reads as closed, empty or
 * unknown. Strings that are returned stay valid until the next "changed".
 */
#include <gio/gio.h>

enum gui_interface { GUI_CLEARNET, GUI_DNS, GUI_AUTOCONFIG, GUI_MANAGER, GUI_INTERFACE_N };

/* As org.sallyport1.Autoconfig.Network: no default route, one in the making, one that is up. */
enum gui_network { GUI_NETWORK_NONE, GUI_NETWORK_CONNECTING, GUI_NETWORK_UP, GUI_NETWORK_N };
enum gui_consent { GUI_CONSENT_UNKNOWN, GUI_CONSENT_GRANTED, GUI_CONSENT_HIDDEN, GUI_CONSENT_N };
/* What the last check of this network said. */
enum gui_connectivity {
	GUI_CONNECTIVITY_UNKNOWN,
	GUI_CONNECTIVITY_NONE,
	GUI_CONNECTIVITY_PORTAL,
	GUI_CONNECTIVITY_LIMITED,
	GUI_CONNECTIVITY_FULL,
	GUI_CONNECTIVITY_N
};

#define GUI_TYPE_SERVICE (gui_service_get_type())
G_DECLARE_FINAL_TYPE(GuiService, gui_service, GUI, SERVICE, GObject)

/*
 * Signals:
 *   "changed" ()                           some property or whether the service is there
 *   "signal" (interface, name, values)     a signal of the service's, as int (enum gui_interface),
 * string and GVariant; with its name as detail ("signal::LeaseEnded")
 *
 * Returns at once; "changed" comes when it is known whether there is a service, or when that has
 * taken some seconds, and gui_service_known() is true from then on. Own the reference.
 */
GuiService *gui_service_new(void);

gboolean gui_service_known(GuiService *s);
/* Its unique name on the bus: another one is another service, which knows nothing of what the one
 * before was asked. NULL: there is none. Free with g_free. */
char *gui_service_owner(GuiService *s);
/* It answers and its wall is in the kernel. */
gboolean gui_service_sealed(GuiService *s);
/* Its policy has errors: the wall is up and has no doors. */
gboolean gui_service_built_in(GuiService *s);
/* ret_name and ret_uuid may be NULL. */
enum gui_network gui_service_network(GuiService *s, const char **ret_name, const char **ret_uuid);
enum gui_consent gui_service_consent(GuiService *s);
enum gui_connectivity gui_service_connectivity(GuiService *s);
gboolean gui_service_has_dns(GuiService *s);
/* Whether any door is open, whoever's. */
gboolean gui_service_door_open(GuiService *s);
/* Whether a door of that scope ("portal", "full") can be asked for that user. */
gboolean gui_service_offers(GuiService *s, const char *user, const char *scope);
/* Seconds of a door by default and at most; 0 while unknown. */
void gui_service_limits(GuiService *s, guint *ret_usual, guint *ret_longest);
/* The user whom the Unsafe Browser runs as; "" if the policy has none. */
const char *gui_service_browser(GuiService *s);

/* Whether polkit may ask the person, and for how long the answer is waited for. */
enum gui_patience { GUI_QUICK, GUI_MAY_ASK };

/*
 * Calls a method; values is consumed if floating. gui_service_call_finish() returns the reply, or
 * NULL and the error (GUI_ERROR of texts.h, G_DBUS_ERROR or G_IO_ERROR), whose text is then the
 * service's own sentence; ret_fds may be NULL.
 */
void gui_service_call(GuiService *s, enum gui_interface interface, const char *method,
		      GVariant *values, enum gui_patience patience, GCancellable *cancel,
		      GAsyncReadyCallback done, gpointer data);
GVariant *gui_service_call_finish(GuiService *s, GAsyncResult *result, GUnixFDList **ret_fds,
				  GError **error);
