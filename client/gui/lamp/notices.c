/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "notices.h"

#define NAME "org.freedesktop.Notifications"
#define OBJECT "/org/freedesktop/Notifications"
#define ICON "org.sallyport.Lamp"

struct notice {
	struct _LampNotices *all;
	struct lamp_words words; /* our own copies; no title: not wanted */
	guint32 id;              /* the server's; 0: not shown */
	gboolean sending, stale; /* a call is on its way; what is shown is not what is wanted */
};

struct _LampNotices {
	GObject parent;
	GDBusProxy *server; /* NULL until it is made */
	GCancellable *cancel;
	GStrv can;            /* NULL until the server has said */
	gboolean asking, new; /* what it can do; another one came meanwhile */
	struct notice notices[NOTICE_N];
};

G_DEFINE_FINAL_TYPE(LampNotices, lamp_notices, G_TYPE_OBJECT)

enum { ACTION, CLOSED, SIGNAL_N };
static guint signals[SIGNAL_N];

static void words_clear(struct lamp_words *w)
{
	const char *texts[] = {w->title, w->text, w->action, w->label, w->otherwise};

	for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
		g_free((char *)texts[i]);
	*w = (struct lamp_words){0};
}

static void words_copy(struct lamp_words *to, const struct lamp_words *from)
{
	struct lamp_words copy = *from;

	copy.title = g_strdup(from->title);
	copy.text = g_strdup(from->text);
	copy.action = g_strdup(from->action);
	copy.label = g_strdup(from->label);
	copy.otherwise = g_strdup(from->otherwise);
	words_clear(to);
	*to = copy;
}

static gboolean can(const LampNotices *n, const char *what)
{
	return g_strv_contains((const char *const *)n->can, what);
}

/* As the server reads it: a name that looks like markup must not be any. */
static char *body(const LampNotices *n, const struct lamp_words *w)
{
	const char *more = can(n, "actions") || !w->otherwise ? "" : w->otherwise;
	g_autofree char *plain = g_strjoin(*more ? "\n" : "", w->text, more, NULL);

	return can(n, "body-markup") ? g_markup_escape_text(plain, -1) : g_steal_pointer(&plain);
}

static GVariant *parameters(const LampNotices *n, const struct notice *notice)
{
	const struct lamp_words *w = &notice->words;
	GVariantBuilder actions = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE("as"));
	GVariantBuilder hints = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE_VARDICT);
	g_autofree char *text = body(n, w);

	if (w->action && can(n, "actions")) {
		if (w->click) {
			g_variant_builder_add(&actions, "s", "default");
			g_variant_builder_add(&actions, "s", w->label);
		}
		g_variant_builder_add(&actions, "s", w->action);
		g_variant_builder_add(&actions, "s", w->label);
	}
	g_variant_builder_add(&hints, "{sv}", "urgency", g_variant_new_byte((guint8)w->urgency));
	g_variant_builder_add(&hints, "{sv}", "desktop-entry", g_variant_new_string(ICON));
	if (w->stays)
		g_variant_builder_add(&hints, "{sv}", "resident", g_variant_new_boolean(TRUE));
	return g_variant_new("(susssasa{sv}i)", "sallyport", notice->id, ICON, w->title, text,
			     &actions, &hints, w->stays ? 0 : -1);
}

static void send(struct notice *notice);
static void ask(LampNotices *n);

static void close_shown(LampNotices *n, guint32 id)
{
	g_dbus_proxy_call(n->server, "CloseNotification", g_variant_new("(u)", id),
			  G_DBUS_CALL_FLAGS_NO_AUTO_START, -1, n->cancel, NULL, NULL);
}

static void on_sent(GObject *source, GAsyncResult *result, gpointer data)
{
	struct notice *notice = data;
	g_autoptr(GError) error = NULL;
	g_autoptr(GVariant) reply = g_dbus_proxy_call_finish(G_DBUS_PROXY(source), result, &error);

	if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
		return; /* and it is no more */
	notice->sending = FALSE;
	if (!reply || !g_variant_is_of_type(reply, G_VARIANT_TYPE("(u)"))) {
		notice->stale = TRUE; /* until another server comes, or there is news */
		return;
	}
	g_variant_get(reply, "(u)", &notice->id);
	if (!notice->words.title) {
		close_shown(notice->all, notice->id);
		notice->id = 0;
	} else if (notice->stale) {
		send(notice);
	}
}

static void send(struct notice *notice)
{
	LampNotices *n = notice->all;

	notice->stale = TRUE;
	if (notice->sending)
		return;
	if (!n->can) {
		ask(n);
		return;
	}
	notice->stale = FALSE;
	notice->sending = TRUE;
	g_dbus_proxy_call(n->server, "Notify", parameters(n, notice), G_DBUS_CALL_FLAGS_NONE, -1,
			  n->cancel, on_sent, notice);
}

static void send_all(LampNotices *n)
{
	for (int i = 0; i < NOTICE_N; i++)
		if (n->notices[i].words.title && n->notices[i].stale)
			send(&n->notices[i]);
}

static void on_can(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GVariant) reply = g_dbus_proxy_call_finish(G_DBUS_PROXY(source), result, &error);
	LampNotices *n;

	if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
		return;
	n = data;
	n->asking = FALSE;
	if (n->new) {
		ask(n);
		return;
	}
	if (!reply || !g_variant_is_of_type(reply, G_VARIANT_TYPE("(as)")))
		return; /* there is none: with the next one, or with news */
	g_strfreev(n->can);
	g_variant_get(reply, "(^as)", &n->can);
	send_all(n);
}

static void ask(LampNotices *n)
{
	if (n->asking || !n->server)
		return;
	n->asking = TRUE;
	n->new = FALSE;
	g_dbus_proxy_call(n->server, "GetCapabilities", NULL, G_DBUS_CALL_FLAGS_NONE, -1, n->cancel,
			  on_can, n);
}

/* What the one before had shown went with it. */
static void on_owner(LampNotices *n)
{
	g_autofree char *owner = g_dbus_proxy_get_name_owner(n->server);
	gboolean wanted = FALSE;

	g_clear_pointer(&n->can, g_strfreev);
	for (int i = 0; i < NOTICE_N; i++) {
		n->notices[i].id = 0;
		n->notices[i].stale = n->notices[i].words.title != NULL;
		wanted |= n->notices[i].stale;
	}
	n->new = owner != NULL;
	if (owner && wanted)
		ask(n);
}

/* What the person has pressed, if it is what was offered. */
static gboolean is_action(const struct lamp_words *w, GVariant *values)
{
	const char *key;

	if (!w->action || !g_variant_is_of_type(values, G_VARIANT_TYPE("(us)")))
		return FALSE;
	g_variant_get_child(values, 1, "&s", &key);
	return g_str_equal(key, w->action) || (w->click && g_str_equal(key, "default"));
}

static void take_away(struct notice *notice)
{
	notice->id = 0;
	notice->stale = FALSE;
	words_clear(&notice->words);
	g_signal_emit(notice->all, signals[CLOSED], 0, (int)(notice - notice->all->notices));
}

static void on_signal(GDBusProxy *server, const char *sender, const char *name, GVariant *values,
		      LampNotices *n)
{
	gboolean pressed = g_str_equal(name, "ActionInvoked");
	guint32 id;

	(void)server;
	(void)sender; /* the proxy passes on only what its owner has sent */
	if (!g_variant_is_of_type(values, G_VARIANT_TYPE(pressed ? "(us)" : "(uu)")) ||
	    (!pressed && !g_str_equal(name, "NotificationClosed")))
		return;
	g_variant_get_child(values, 0, "u", &id);
	for (int i = 0; id && i < NOTICE_N; i++) {
		struct notice *notice = &n->notices[i];

		if (notice->id != id)
			continue;
		if (!pressed)
			take_away(notice);
		else if (is_action(&notice->words, values))
			g_signal_emit(n, signals[ACTION], 0, i, notice->words.action);
		return;
	}
}

static void on_server(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(GError) error = NULL;
	GDBusProxy *server = g_dbus_proxy_new_for_bus_finish(result, &error);
	LampNotices *n = data;

	(void)source;
	if (!server) {
		if (!g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
			g_warning("No notifications: %s", error->message);
		return;
	}
	n->server = server;
	g_signal_connect_object(server, "notify::g-name-owner", G_CALLBACK(on_owner), n,
				G_CONNECT_SWAPPED);
	g_signal_connect_object(server, "g-signal", G_CALLBACK(on_signal), n, 0);
	on_owner(n);
	send_all(n);
}

static void lamp_notices_init(LampNotices *n)
{
	for (int i = 0; i < NOTICE_N; i++)
		n->notices[i].all = n;
	n->cancel = g_cancellable_new();
	g_dbus_proxy_new_for_bus(G_BUS_TYPE_SESSION,
				 G_DBUS_PROXY_FLAGS_DO_NOT_LOAD_PROPERTIES |
					 G_DBUS_PROXY_FLAGS_DO_NOT_AUTO_START_AT_CONSTRUCTION,
				 NULL, NAME, OBJECT, NAME, n->cancel, on_server, n);
}

static void lamp_notices_dispose(GObject *object)
{
	LampNotices *n = LAMP_NOTICES(object);

	g_cancellable_cancel(n->cancel);
	g_clear_object(&n->server);
	G_OBJECT_CLASS(lamp_notices_parent_class)->dispose(object);
}

static void lamp_notices_finalize(GObject *object)
{
	LampNotices *n = LAMP_NOTICES(object);

	for (int i = 0; i < NOTICE_N; i++)
		words_clear(&n->notices[i].words);
	g_strfreev(n->can);
	g_clear_object(&n->cancel);
	G_OBJECT_CLASS(lamp_notices_parent_class)->finalize(object);
}

static void lamp_notices_class_init(LampNoticesClass *class)
{
	GType type = G_TYPE_FROM_CLASS(class);

	G_OBJECT_CLASS(class)->dispose = lamp_notices_dispose;
	G_OBJECT_CLASS(class)->finalize = lamp_notices_finalize;
	signals[ACTION] = g_signal_new("action", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
				       G_TYPE_NONE, 2, G_TYPE_INT, G_TYPE_STRING);
	signals[CLOSED] = g_signal_new("closed", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
				       G_TYPE_NONE, 1, G_TYPE_INT);
}

LampNotices *lamp_notices_new(void)
{
	return g_object_new(LAMP_TYPE_NOTICES, NULL);
}

void lamp_notices_show(LampNotices *n, enum lamp_notice which, const struct lamp_words *words)
{
	words_copy(&n->notices[which].words, words);
	send(&n->notices[which]);
}

void lamp_notices_hide(LampNotices *n, enum lamp_notice which)
{
	struct notice *notice = &n->notices[which];

	if (!notice->words.title)
		return;
	words_clear(&notice->words);
	notice->stale = FALSE;
	if (notice->id && !notice->sending) {
		close_shown(n, notice->id);
		notice->id = 0;
	}
}
