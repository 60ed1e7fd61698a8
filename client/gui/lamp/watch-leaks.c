/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "watch-leaks.h"

#include "refusal.h"
#include "texts.h"

#include <glib/gi18n-lib.h>

#define EXPLAIN_ACTION "explain"
/* A service that would not tell is asked again. */
#define AGAIN_SECONDS 30

struct _LampLeakWatch {
	GObject parent;
	GuiService *service;
	LampNotices *notices;
	GCancellable *cancel;
	struct leaks *leaks;
	GError *error;
	char *asked; /* the service that was asked to tell; NULL: none */
	guint again; /* once, when it is to be asked anew; 0: it is not */
	guint due;   /* once, when a notice is due; 0: none is */
	gboolean silent;
};

G_DEFINE_FINAL_TYPE(LampLeakWatch, lamp_leak_watch, G_TYPE_OBJECT)

enum { CHANGED, EXPLAIN, SIGNAL_N };
static guint signals[SIGNAL_N];

static guint32 count(const GPtrArray *groups)
{
	guint32 n = 0;

	for (guint i = 0; i < groups->len; i++)
		n += ((const struct leak *)groups->pdata[i])->count;
	return n;
}

static void show(LampLeakWatch *w)
{
	g_autoptr(GPtrArray) groups = leaks_groups(w->leaks, true);
	guint32 n = count(groups);
	g_autofree char *text = refusal_list(groups);
	g_autofree char *title = g_strdup_printf(
		g_dngettext(GETTEXT_PACKAGE, "A connection of your programs was refused",
			    "%u connections of your programs were refused", n),
		n);
	const struct lamp_words words = {
		.title = title,
		.text = text,
		.urgency = URGENCY_LOW,
		.action = EXPLAIN_ACTION,
		.label = _("Explain"),
		.click = true,
		.otherwise = _("\"sallyport-lamp --explain\" tells why."),
	};

	leaks_shown(w->leaks, now_boottime());
	lamp_notices_show(w->notices, NOTICE_LEAKS, &words);
}

static gboolean on_due(gpointer data)
{
	LampLeakWatch *w = data;

	w->due = 0;
	show(w);
	return G_SOURCE_REMOVE;
}

static void plan(LampLeakWatch *w)
{
	usec_t due = leaks_due(w->leaks), now = now_boottime();

	g_clear_handle_id(&w->due, g_source_remove);
	if (!w->silent && due != USEC_INFINITY)
		w->due = g_timeout_add((guint)(due > now ? (due - now) / USEC_PER_MSEC : 0), on_due,
				       w);
}

static void on_blocked(LampLeakWatch *w, int interface, const char *name, GVariant *values)
{
	(void)interface;
	(void)name;
	if (!leaks_read_signal(w->leaks, values, now_boottime()))
		return;
	plan(w);
	g_signal_emit(w, signals[CHANGED], 0);
}

static gboolean on_again(gpointer data);

static void on_subscribed(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GVariant) reply =
		gui_service_call_finish(GUI_SERVICE(source), result, NULL, &error);
	LampLeakWatch *w = data;

	if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
		return;
	if (error && !w->again)
		w->again = g_timeout_add_seconds(AGAIN_SECONDS, on_again, w);
	if (error && w->error && g_str_equal(error->message, w->error->message))
		return;
	g_clear_error(&w->error);
	w->error = g_steal_pointer(&error);
	if (reply)
		leaks_read_list(w->leaks, reply);
	plan(w);
	g_signal_emit(w, signals[CHANGED], 0);
}

/* A service that comes anew knows of no subscription, and an engine of no refusals. */
static void on_changed(LampLeakWatch *w)
{
	g_autofree char *owner =
		gui_service_sealed(w->service) ? gui_service_owner(w->service) : NULL;

	if (g_strcmp0(owner, w->asked) == 0)
		return;
	g_clear_handle_id(&w->again, g_source_remove);
	g_free(w->asked);
	w->asked = g_steal_pointer(&owner);
	if (w->asked)
		gui_service_call(w->service, GUI_MANAGER, "SubscribeBlocked",
				 g_variant_new("(b)", FALSE), GUI_QUICK, w->cancel, on_subscribed,
				 w);
}

static gboolean on_again(gpointer data)
{
	LampLeakWatch *w = data;

	w->again = 0;
	g_clear_pointer(&w->asked, g_free);
	on_changed(w);
	return G_SOURCE_REMOVE;
}

static void on_action(LampLeakWatch *w, int notice)
{
	if (notice != NOTICE_LEAKS)
		return;
	g_signal_emit(w, signals[EXPLAIN], 0);
	lamp_notices_hide(w->notices, NOTICE_LEAKS);
	leaks_closed(w->leaks);
	plan(w);
}

static void on_closed(LampLeakWatch *w, int notice)
{
	if (notice != NOTICE_LEAKS)
		return;
	leaks_closed(w->leaks);
	plan(w);
}

static void lamp_leak_watch_init(LampLeakWatch *w)
{
	w->cancel = g_cancellable_new();
	w->leaks = leaks_new();
}

static void lamp_leak_watch_dispose(GObject *object)
{
	LampLeakWatch *w = LAMP_LEAK_WATCH(object);

	g_cancellable_cancel(w->cancel);
	g_clear_handle_id(&w->again, g_source_remove);
	g_clear_handle_id(&w->due, g_source_remove);
	g_clear_object(&w->service);
	g_clear_object(&w->notices);
	G_OBJECT_CLASS(lamp_leak_watch_parent_class)->dispose(object);
}

static void lamp_leak_watch_finalize(GObject *object)
{
	LampLeakWatch *w = LAMP_LEAK_WATCH(object);

	g_clear_object(&w->cancel);
	g_clear_error(&w->error);
	g_free(w->asked);
	leaks_free(w->leaks);
	G_OBJECT_CLASS(lamp_leak_watch_parent_class)->finalize(object);
}

static void lamp_leak_watch_class_init(LampLeakWatchClass *class)
{
	GType type = G_TYPE_FROM_CLASS(class);

	G_OBJECT_CLASS(class)->dispose = lamp_leak_watch_dispose;
	G_OBJECT_CLASS(class)->finalize = lamp_leak_watch_finalize;
	signals[CHANGED] = g_signal_new("changed", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
					G_TYPE_NONE, 0);
	signals[EXPLAIN] = g_signal_new("explain", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
					G_TYPE_NONE, 0);
}

LampLeakWatch *lamp_leak_watch_new(GuiService *service, LampNotices *notices, gboolean silent)
{
	LampLeakWatch *w = g_object_new(LAMP_TYPE_LEAK_WATCH, NULL);

	w->service = g_object_ref(service);
	w->notices = g_object_ref(notices);
	w->silent = silent;
	g_signal_connect_object(service, "changed", G_CALLBACK(on_changed), w, G_CONNECT_SWAPPED);
	g_signal_connect_object(service, "signal::Blocked", G_CALLBACK(on_blocked), w,
				G_CONNECT_SWAPPED);
	g_signal_connect_object(notices, "action", G_CALLBACK(on_action), w, G_CONNECT_SWAPPED);
	g_signal_connect_object(notices, "closed", G_CALLBACK(on_closed), w, G_CONNECT_SWAPPED);
	return w;
}

const struct leaks *lamp_leak_watch_leaks(LampLeakWatch *w)
{
	return w->leaks;
}

const GError *lamp_leak_watch_error(LampLeakWatch *w)
{
	return w->error;
}
