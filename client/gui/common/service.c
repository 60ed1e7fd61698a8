/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "service.h"

#include "texts.h"

#include <gio/gunixfdlist.h>
#include <glib/gi18n-lib.h>
#include <string.h>

#define BUS_NAME "org.sallyport1"
#define OBJECT "/org/sallyport1"
#define QUICK_MSEC (25 * 1000)
#define PERSON_MSEC (120 * 1000)
/* A service that is started for the first question, and cannot begin, answers much later. */
#define KNOWN_SEC 4
/* A bus that has gone, or is not there yet, tells nobody when it comes. */
#define AGAIN_SEC 2

struct _GuiService {
	GObject parent;
	GDBusProxy *proxies[GUI_INTERFACE_N]; /* NULL until they are made */
	guint missing;                        /* how many are still being made */
	guint patience;                       /* the source that waits for them; 0 for none */
	guint again;                          /* the source that tries anew, likewise */
	gboolean warned;                      /* that there is no bus */
	gpointer bus;                         /* whose end is waited for; not a reference */
	GCancellable *cancel;
};

G_DEFINE_FINAL_TYPE(GuiService, gui_service, G_TYPE_OBJECT)

enum { CHANGED, SIGNAL, SIGNAL_N };
static guint signals[SIGNAL_N];

static const char *const interfaces[GUI_INTERFACE_N] = {
	[GUI_CLEARNET] = BUS_NAME ".Clearnet",
	[GUI_DNS] = BUS_NAME ".DNS",
	[GUI_AUTOCONFIG] = BUS_NAME ".Autoconfig",
	[GUI_MANAGER] = BUS_NAME ".Manager",
};
static const char *const networks[GUI_NETWORK_N] = {"none", "connecting", "up"};
static const char *const consents[GUI_CONSENT_N] = {"unknown", "granted", "hidden"};
static const char *const connectivities[GUI_CONNECTIVITY_N] = {"unknown", "none", "portal",
							       "limited", "full"};

static void changed(GuiService *s)
{
	if (gui_service_known(s))
		g_signal_emit(s, signals[CHANGED], 0);
}

static void on_signal(GDBusProxy *proxy, const char *sender, const char *name, GVariant *values,
		      GuiService *s)
{
	int which = 0;

	(void)sender; /* a proxy passes on only what the owner of the name has sent */
	while (s->proxies[which] != proxy)
		which++;
	g_signal_emit(s, signals[SIGNAL], g_quark_from_string(name), which, name, values);
}

static int which_interface(GDBusProxy *proxy)
{
	int which = 0;

	while (strcmp(interfaces[which], g_dbus_proxy_get_interface_name(proxy)) != 0)
		which++;
	return which;
}

static void connect_to(GuiService *s);

static gboolean on_again(gpointer data)
{
	GuiService *s = data;

	s->again = 0;
	connect_to(s);
	return G_SOURCE_REMOVE;
}

static void try_again(GuiService *s)
{
	if (s->missing == 0 && !s->again)
		s->again = g_timeout_add_seconds(AGAIN_SEC, on_again, s);
}

/* The end of a bus is the service's end, not this window's. GLib makes a new connection only when
 * nobody has the old one any more. */
static void on_bus_closed(GuiService *s)
{
	s->bus = NULL;
	for (int i = 0; i < GUI_INTERFACE_N; i++)
		g_clear_object(&s->proxies[i]);
	try_again(s);
	changed(s);
}

static void watch_bus(GuiService *s, GDBusConnection *bus)
{
	g_dbus_connection_set_exit_on_close(bus, FALSE);
	if (s->bus == bus)
		return;
	s->bus = bus;
	g_signal_connect_object(bus, "closed", G_CALLBACK(on_bus_closed), s, G_CONNECT_SWAPPED);
}

static void keep(GuiService *s, GDBusProxy *proxy)
{
	g_set_object(&s->proxies[which_interface(proxy)], proxy);
	g_signal_connect_object(proxy, "g-properties-changed", G_CALLBACK(changed), s,
				G_CONNECT_SWAPPED);
	g_signal_connect_object(proxy, "notify::g-name-owner", G_CALLBACK(changed), s,
				G_CONNECT_SWAPPED);
	g_signal_connect_object(proxy, "g-signal", G_CALLBACK(on_signal), s, 0);
}

/* Without a bus there is no proxy, and so no service: the window says that, and why is in its log.
 */
static void on_proxy(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GDBusProxy) proxy = g_dbus_proxy_new_for_bus_finish(result, &error);
	GDBusConnection *bus = proxy ? g_dbus_proxy_get_connection(proxy) : NULL;
	GuiService *s;

	(void)source;
	if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
		return;
	s = data;
	s->missing--;
	if (bus && !g_dbus_connection_is_closed(bus)) {
		watch_bus(s, bus);
		keep(s, proxy);
		s->warned = FALSE;
	} else {
		if (error && !s->warned)
			g_warning("No proxy for the service: %s", error->message);
		s->warned = TRUE;
		try_again(s);
	}
	changed(s);
}

static void connect_to(GuiService *s)
{
	s->missing = GUI_INTERFACE_N;
	for (int i = 0; i < GUI_INTERFACE_N; i++)
		g_dbus_proxy_new_for_bus(G_BUS_TYPE_SYSTEM, G_DBUS_PROXY_FLAGS_NONE, NULL, BUS_NAME,
					 OBJECT, interfaces[i], s->cancel, on_proxy, s);
}

static gboolean on_patience(gpointer data)
{
	GuiService *s = data;

	s->patience = 0;
	changed(s);
	return G_SOURCE_REMOVE;
}

static void gui_service_init(GuiService *s)
{
	(void)gui_error_quark(); /* from now on its errors are known by number */
	s->cancel = g_cancellable_new();
	s->patience = g_timeout_add_seconds(KNOWN_SEC, on_patience, s);
	connect_to(s);
}

static void gui_service_dispose(GObject *object)
{
	GuiService *s = GUI_SERVICE(object);

	g_clear_handle_id(&s->patience, g_source_remove);
	g_clear_handle_id(&s->again, g_source_remove);
	g_cancellable_cancel(s->cancel);
	for (int i = 0; i < GUI_INTERFACE_N; i++)
		g_clear_object(&s->proxies[i]);
	G_OBJECT_CLASS(gui_service_parent_class)->dispose(object);
}

static void gui_service_finalize(GObject *object)
{
	g_clear_object(&GUI_SERVICE(object)->cancel);
	G_OBJECT_CLASS(gui_service_parent_class)->finalize(object);
}

static void gui_service_class_init(GuiServiceClass *class)
{
	GType type = G_TYPE_FROM_CLASS(class);

	G_OBJECT_CLASS(class)->dispose = gui_service_dispose;
	G_OBJECT_CLASS(class)->finalize = gui_service_finalize;
	signals[CHANGED] = g_signal_new("changed", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
					G_TYPE_NONE, 0);
	signals[SIGNAL] =
		g_signal_new("signal", type, G_SIGNAL_RUN_LAST | G_SIGNAL_DETAILED, 0, NULL, NULL,
			     NULL, G_TYPE_NONE, 3, G_TYPE_INT, G_TYPE_STRING, G_TYPE_VARIANT);
}

GuiService *gui_service_new(void)
{
	return g_object_new(GUI_TYPE_SERVICE, NULL);
}

gboolean gui_service_known(GuiService *s)
{
	return s->missing == 0 || s->patience == 0;
}

char *gui_service_owner(GuiService *s)
{
	GDBusProxy *proxy = s->proxies[GUI_MANAGER];

	return proxy ? g_dbus_proxy_get_name_owner(proxy) : NULL;
}

/* The property, if the service is there and it has that type. Free with g_variant_unref. */
static GVariant *property(GuiService *s, enum gui_interface interface, const char *name,
			  const char *type)
{
	g_autofree char *owner = NULL;
	g_autoptr(GVariant) value = NULL;

	if (!s->proxies[interface])
		return NULL;
	owner = g_dbus_proxy_get_name_owner(s->proxies[interface]);
	if (owner)
		value = g_dbus_proxy_get_cached_property(s->proxies[interface], name);
	if (!value || !g_variant_is_of_type(value, G_VARIANT_TYPE(type)))
		return NULL;
	return g_steal_pointer(&value);
}

static gboolean truth(GuiService *s, enum gui_interface interface, const char *name)
{
	g_autoptr(GVariant) value = property(s, interface, name, "b");

	return value && g_variant_get_boolean(value);
}

/* The text's place in names; 0 for one that this version does not know. */
static int place(const char *text, const char *const names[], int n)
{
	for (int i = 1; i < n; i++)
		if (strcmp(text, names[i]) == 0)
			return i;
	return 0;
}

/* The proxy keeps what a text property points to until it changes. */
static const char *text(GuiService *s, enum gui_interface interface, const char *name)
{
	g_autoptr(GVariant) value = property(s, interface, name, "s");

	return value ? g_variant_get_string(value, NULL) : "";
}

gboolean gui_service_sealed(GuiService *s)
{
	return truth(s, GUI_MANAGER, "Sealed");
}

gboolean gui_service_built_in(GuiService *s)
{
	return truth(s, GUI_MANAGER, "BuiltIn");
}

enum gui_network gui_service_network(GuiService *s, const char **ret_name, const char **ret_uuid)
{
	g_autoptr(GVariant) value = property(s, GUI_AUTOCONFIG, "Network", "(sss)");
	const char *state = "", *name = "", *uuid = "";

	if (value)
		g_variant_get(value, "(&s&s&s)", &state, &name, &uuid);
	if (ret_name)
		*ret_name = name;
	if (ret_uuid)
		*ret_uuid = uuid;
	return place(state, networks, GUI_NETWORK_N);
}

enum gui_consent gui_service_consent(GuiService *s)
{
	return place(text(s, GUI_AUTOCONFIG, "Consent"), consents, GUI_CONSENT_N);
}

enum gui_connectivity gui_service_connectivity(GuiService *s)
{
	return place(text(s, GUI_AUTOCONFIG, "Connectivity"), connectivities, GUI_CONNECTIVITY_N);
}

gboolean gui_service_has_dns(GuiService *s)
{
	return truth(s, GUI_DNS, "ClearnetDNSAvailable");
}

gboolean gui_service_door_open(GuiService *s)
{
	return truth(s, GUI_CLEARNET, "ClearnetActive");
}

gboolean gui_service_offers(GuiService *s, const char *user, const char *scope)
{
	g_autoptr(GVariant) doors = property(s, GUI_CLEARNET, "Doors", "a(sas)");
	g_autoptr(GVariantIter) scopes = NULL;
	GVariantIter users;
	const char *name;
	gboolean offered = FALSE;

	if (!doors)
		return FALSE;
	g_variant_iter_init(&users, doors);
	while (!offered && g_variant_iter_loop(&users, "(&sas)", &name, &scopes)) {
		const char *one;

		while (strcmp(name, user) == 0 && g_variant_iter_next(scopes, "&s", &one))
			offered |= strcmp(one, scope) == 0;
	}
	return offered;
}

void gui_service_limits(GuiService *s, guint *ret_usual, guint *ret_longest)
{
	g_autoptr(GVariant) limits = property(s, GUI_CLEARNET, "Limits", "(uuu)");

	*ret_usual = *ret_longest = 0;
	if (limits)
		g_variant_get(limits, "(uuu)", ret_usual, ret_longest, NULL);
}

const char *gui_service_browser(GuiService *s)
{
	return text(s, GUI_CLEARNET, "Browser");
}

/* The text is the service's own sentence, without the name that GDBus puts before it. */
static void on_reply(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(GTask) task = data;
	GUnixFDList *fds = NULL;
	GError *error = NULL;
	GVariant *reply = g_dbus_proxy_call_with_unix_fd_list_finish(G_DBUS_PROXY(source), &fds,
								     result, &error);

	if (reply) {
		g_task_set_task_data(task, fds, fds ? g_object_unref : NULL);
		g_task_return_pointer(task, reply, (GDestroyNotify)g_variant_unref);
		return;
	}
	g_dbus_error_strip_remote_error(error);
	g_task_return_error(task, error);
}

void gui_service_call(GuiService *s, enum gui_interface interface, const char *method,
		      GVariant *values, enum gui_patience patience, GCancellable *cancel,
		      GAsyncReadyCallback done, gpointer data)
{
	GTask *task = g_task_new(s, cancel, done, data);
	gboolean ask = patience == GUI_MAY_ASK;

	if (!s->proxies[interface]) {
		if (values)
			g_variant_unref(g_variant_ref_sink(values));
		g_task_return_new_error(task, G_DBUS_ERROR, G_DBUS_ERROR_SERVICE_UNKNOWN, "%s",
					_("There is no system bus."));
		g_object_unref(task);
		return;
	}
	g_dbus_proxy_call_with_unix_fd_list(
		s->proxies[interface], method, values,
		ask ? G_DBUS_CALL_FLAGS_ALLOW_INTERACTIVE_AUTHORIZATION : G_DBUS_CALL_FLAGS_NONE,
		ask ? PERSON_MSEC : QUICK_MSEC, NULL, cancel, on_reply, task);
}

GVariant *gui_service_call_finish(GuiService *s, GAsyncResult *result, GUnixFDList **ret_fds,
				  GError **error)
{
	GUnixFDList *fds;

	g_return_val_if_fail(g_task_is_valid(result, s), NULL);
	fds = g_task_get_task_data(G_TASK(result));
	if (ret_fds)
		*ret_fds = fds ? g_object_ref(fds) : NULL;
	return g_task_propagate_pointer(G_TASK(result), error);
}
