/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "item.h"

#include <glib/gi18n-lib.h>
#include <unistd.h>

#define OBJECT "/StatusNotifierItem"
#define INTERFACE "org.kde.StatusNotifierItem"
#define WATCHER "org.kde.StatusNotifierWatcher"
#define ICON "org.sallyport.Lamp-symbolic"
#define ICON_LAST "org.sallyport.Lamp-last-symbolic"

static const char interface_xml[] =
	"<node><interface name='" INTERFACE "'>"
	"<property name='Category' type='s' access='read'/>"
	"<property name='Id' type='s' access='read'/>"
	"<property name='Title' type='s' access='read'/>"
	"<property name='Status' type='s' access='read'/>"
	"<property name='WindowId' type='i' access='read'/>"
	"<property name='IconThemePath' type='s' access='read'/>"
	"<property name='IconName' type='s' access='read'/>"
	"<property name='IconAccessibleDesc' type='s' access='read'/>"
	"<property name='AttentionIconName' type='s' access='read'/>"
	"<property name='AttentionAccessibleDesc' type='s' access='read'/>"
	"<property name='OverlayIconName' type='s' access='read'/>"
	"<property name='ToolTip' type='(sa(iiay)ss)' access='read'/>"
	"<property name='ItemIsMenu' type='b' access='read'/>"
	"<property name='Menu' type='o' access='read'/>"
	"<method name='ContextMenu'><arg type='i' direction='in'/><arg type='i' direction='in'/>"
	"</method>"
	"<method name='Activate'><arg type='i' direction='in'/><arg type='i' direction='in'/>"
	"</method>"
	"<method name='SecondaryActivate'><arg type='i' direction='in'/>"
	"<arg type='i' direction='in'/></method>"
	"<method name='Scroll'><arg type='i' direction='in'/><arg type='s' direction='in'/>"
	"</method>"
	"<signal name='NewTitle'/><signal name='NewIcon'/><signal name='NewAttentionIcon'/>"
	"<signal name='NewToolTip'/><signal name='NewStatus'><arg type='s'/></signal>"
	"</interface></node>";

static const char *const statuses[LAMP_LIGHT_N] = {
	[LAMP_OFF] = "Passive",
	[LAMP_ON] = "Active",
	[LAMP_LAST] = "NeedsAttention",
};

struct _LampItem {
	GObject parent;
	GDBusConnection *session;
	GDBusProxy *watcher; /* NULL until it is made */
	GCancellable *cancel;
	guint object, name; /* 0: not there */
	gboolean has_name, tray;
	enum lamp_light light;
	char *title, *text, *menu, *bus_name;
};

G_DEFINE_FINAL_TYPE(LampItem, lamp_item, G_TYPE_OBJECT)

static guint tray_signal;

static GVariant *tooltip(LampItem *item)
{
	/* Its text may be markup to the tray. */
	g_autofree char *text = g_markup_escape_text(item->text, -1);

	return g_variant_new("(s@a(iiay)ss)", ICON,
			     g_variant_new_array(G_VARIANT_TYPE("(iiay)"), NULL, 0), item->title,
			     text);
}

static GVariant *get_property(GDBusConnection *connection, const char *sender, const char *path,
			      const char *interface, const char *name, GError **error,
			      gpointer data)
{
	LampItem *item = data;
	const struct {
		const char *name, *value;
	} texts[] = {
		{"Category", "SystemServices"},
		{"Id", "sallyport-lamp"},
		{"Title", item->title},
		{"Status", statuses[item->light]},
		{"IconThemePath", ""},
		{"IconName", ICON},
		{"IconAccessibleDesc", item->title},
		{"AttentionIconName", ICON_LAST},
		{"AttentionAccessibleDesc", item->title},
		{"OverlayIconName", ""},
	};

	(void)connection;
	(void)sender;
	(void)path;
	(void)interface;
	(void)error;
	for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
		if (g_str_equal(texts[i].name, name))
			return g_variant_new_string(texts[i].value);
	if (g_str_equal(name, "ToolTip"))
		return tooltip(item);
	if (g_str_equal(name, "Menu"))
		return g_variant_new_object_path(item->menu);
	if (g_str_equal(name, "ItemIsMenu"))
		return g_variant_new_boolean(TRUE);
	return g_variant_new_int32(0); /* WindowId */
}

/* A click opens the menu, which is the tray's to do. */
static void method_call(GDBusConnection *connection, const char *sender, const char *path,
			const char *interface, const char *method, GVariant *values,
			GDBusMethodInvocation *invocation, gpointer data)
{
	(void)connection;
	(void)sender;
	(void)path;
	(void)interface;
	(void)method;
	(void)values;
	(void)data;
	g_dbus_method_invocation_return_value(invocation, NULL);
}

static void export(LampItem *item)
{
	static const GDBusInterfaceVTable vtable = {.method_call = method_call,
						    .get_property = get_property};
	g_autoptr(GDBusNodeInfo) node = g_dbus_node_info_new_for_xml(interface_xml, NULL);
	g_autoptr(GError) error = NULL;

	item->object = g_dbus_connection_register_object(item->session, OBJECT, node->interfaces[0],
							 &vtable, item, NULL, &error);
	if (!item->object)
		g_warning("No indicator: %s", error->message);
}

static void emit(LampItem *item, const char *name, GVariant *values)
{
	(void)g_dbus_connection_emit_signal(item->session, NULL, OBJECT, INTERFACE, name, values,
					    NULL);
}

/* Whoever comes as a watcher, at whatever time, is told of it. */
static void register_item(LampItem *item)
{
	g_autofree char *owner = NULL;

	if (!item->has_name || !item->watcher)
		return;
	owner = g_dbus_proxy_get_name_owner(item->watcher);
	if (owner)
		g_dbus_proxy_call(item->watcher, "RegisterStatusNotifierItem",
				  g_variant_new("(s)", item->bus_name), G_DBUS_CALL_FLAGS_NONE, -1,
				  item->cancel, NULL, NULL);
}

static void on_named(GDBusConnection *connection, const char *name, gpointer data)
{
	LampItem *item = data;

	(void)connection;
	(void)name;
	item->has_name = TRUE;
	register_item(item);
}

static void on_unnamed(GDBusConnection *connection, const char *name, gpointer data)
{
	(void)connection;
	(void)name;
	((LampItem *)data)->has_name = FALSE;
}

static void look_for_tray(LampItem *item)
{
	g_autofree char *owner = g_dbus_proxy_get_name_owner(item->watcher);
	g_autoptr(GVariant) host =
		g_dbus_proxy_get_cached_property(item->watcher, "IsStatusNotifierHostRegistered");
	gboolean tray = owner && host && g_variant_is_of_type(host, G_VARIANT_TYPE_BOOLEAN) &&
			g_variant_get_boolean(host);

	if (tray == item->tray)
		return;
	item->tray = tray;
	g_signal_emit(item, tray_signal, 0);
}

static void on_watcher_owner(LampItem *item)
{
	register_item(item);
	look_for_tray(item);
}

/* Watchers tell of their hosts by signals of their own, not all by PropertiesChanged. */
static void on_host(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GVariant) reply =
		g_dbus_connection_call_finish(G_DBUS_CONNECTION(source), result, &error);
	g_autoptr(GVariant) value = NULL;
	LampItem *item = data;

	if (!reply)
		return; /* cancelled, or the watcher has gone, which is told otherwise */
	g_variant_get(reply, "(v)", &value);
	g_dbus_proxy_set_cached_property(item->watcher, "IsStatusNotifierHostRegistered", value);
	look_for_tray(item);
}

static void on_watcher_signal(LampItem *item, const char *sender, const char *name)
{
	(void)sender;
	if (!g_str_has_prefix(name, "StatusNotifierHost"))
		return;
	g_dbus_connection_call(item->session, WATCHER, "/StatusNotifierWatcher",
			       "org.freedesktop.DBus.Properties", "Get",
			       g_variant_new("(ss)", WATCHER, "IsStatusNotifierHostRegistered"),
			       G_VARIANT_TYPE("(v)"), G_DBUS_CALL_FLAGS_NO_AUTO_START, -1,
			       item->cancel, on_host, item);
}

static void on_watcher(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(GError) error = NULL;
	GDBusProxy *watcher = g_dbus_proxy_new_finish(result, &error);
	LampItem *item = data;

	(void)source;
	if (!watcher) {
		if (!g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
			g_warning("No tray: %s", error->message);
		return;
	}
	item->watcher = watcher;
	g_signal_connect_object(watcher, "notify::g-name-owner", G_CALLBACK(on_watcher_owner), item,
				G_CONNECT_SWAPPED);
	g_signal_connect_object(watcher, "g-properties-changed", G_CALLBACK(look_for_tray), item,
				G_CONNECT_SWAPPED);
	g_signal_connect_object(watcher, "g-signal", G_CALLBACK(on_watcher_signal), item,
				G_CONNECT_SWAPPED);
	on_watcher_owner(item);
}

static void lamp_item_init(LampItem *item)
{
	item->cancel = g_cancellable_new();
	item->title = g_strdup("");
	item->text = g_strdup("");
	item->bus_name = g_strdup_printf(INTERFACE "-%d-1", (int)getpid());
}

static void lamp_item_dispose(GObject *object)
{
	LampItem *item = LAMP_ITEM(object);

	g_cancellable_cancel(item->cancel);
	g_clear_handle_id(&item->name, g_bus_unown_name);
	if (item->object)
		(void)g_dbus_connection_unregister_object(item->session, item->object);
	item->object = 0;
	g_clear_object(&item->watcher);
	g_clear_object(&item->session);
	G_OBJECT_CLASS(lamp_item_parent_class)->dispose(object);
}

static void lamp_item_finalize(GObject *object)
{
	LampItem *item = LAMP_ITEM(object);

	g_clear_object(&item->cancel);
	g_free(item->title);
	g_free(item->text);
	g_free(item->menu);
	g_free(item->bus_name);
	G_OBJECT_CLASS(lamp_item_parent_class)->finalize(object);
}

static void lamp_item_class_init(LampItemClass *class)
{
	G_OBJECT_CLASS(class)->dispose = lamp_item_dispose;
	G_OBJECT_CLASS(class)->finalize = lamp_item_finalize;
	tray_signal = g_signal_new("tray", G_TYPE_FROM_CLASS(class), G_SIGNAL_RUN_LAST, 0, NULL,
				   NULL, NULL, G_TYPE_NONE, 0);
}

LampItem *lamp_item_new(GDBusConnection *session, const char *menu)
{
	LampItem *item = g_object_new(LAMP_TYPE_ITEM, NULL);

	item->session = g_object_ref(session);
	item->menu = g_strdup(menu);
	export(item);
	g_dbus_proxy_new(session, G_DBUS_PROXY_FLAGS_DO_NOT_AUTO_START, NULL, WATCHER,
			 "/StatusNotifierWatcher", WATCHER, item->cancel, on_watcher, item);
	return item;
}

static void put(LampItem *item, char **place, const char *text, const char *signal)
{
	if (g_str_equal(*place, text))
		return;
	g_free(*place);
	*place = g_strdup(text);
	emit(item, signal, NULL);
}

static void set_light(LampItem *item, enum lamp_light light)
{
	if (item->light == light)
		return;
	item->light = light;
	emit(item, "NewStatus", g_variant_new("(s)", statuses[light]));
	if (light != LAMP_OFF && !item->name) {
		item->name = g_bus_own_name_on_connection(item->session, item->bus_name,
							  G_BUS_NAME_OWNER_FLAGS_DO_NOT_QUEUE,
							  on_named, on_unnamed, item, NULL);
	} else if (light == LAMP_OFF) {
		g_clear_handle_id(&item->name, g_bus_unown_name);
		item->has_name = FALSE;
	}
}

void lamp_item_set(LampItem *item, enum lamp_light light, const char *title, const char *text)
{
	put(item, &item->title, title, "NewTitle");
	put(item, &item->text, text, "NewToolTip");
	set_light(item, light);
}

gboolean lamp_item_has_tray(LampItem *item)
{
	return item->tray;
}
