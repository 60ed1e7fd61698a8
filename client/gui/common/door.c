/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "door.h"

#include "util.h"

#include <gio/gunixfdlist.h>
#include <glib-unix.h>
#include <glib/gi18n-lib.h>
#include <time.h>

/* How long the reason may come after the hang-up: they come from two processes. */
#define REASON_MSEC 500

struct _GuiDoor {
	GObject parent;
	GuiService *service;
	char *id, *user;
	guint64 expires; /* microseconds of CLOCK_BOOTTIME */
	int fd;          /* of the lease; -1 once it has ended */
	guint hang_up;   /* sources; 0 for none */
	guint patience;
	char *reason;
	gboolean told; /* "ended" was emitted, or is not wanted */
};

G_DEFINE_FINAL_TYPE(GuiDoor, gui_door, G_TYPE_OBJECT)

static guint ended;

static void shut(GuiDoor *door)
{
	g_clear_handle_id(&door->hang_up, g_source_remove);
	g_clear_handle_id(&door->patience, g_source_remove);
	door->fd = close_fd(door->fd);
}

/*
 * A program of the same user can have a copy of the descriptor, and with it would keep the door
 * open as long as this program is on the bus.
 */
static void close_for_all(GuiDoor *door)
{
	if (door->fd >= 0)
		gui_service_call(door->service, GUI_CLEARNET, "DisableClearnetUser",
				 g_variant_new("(s)", door->user), GUI_QUICK, NULL, NULL, NULL);
	shut(door);
}

static void tell(GuiDoor *door)
{
	shut(door);
	if (door->told)
		return;
	door->told = TRUE;
	g_object_ref(door); /* whoever hears it may let it go */
	g_signal_emit(door, ended, 0, door->reason);
	g_object_unref(door);
}

static gboolean on_patience(gpointer data)
{
	GuiDoor *door = data;

	door->patience = 0;
	tell(door);
	return G_SOURCE_REMOVE;
}

static gboolean on_hang_up(int fd, GIOCondition condition, gpointer data)
{
	GuiDoor *door = data;

	(void)fd;
	(void)condition;
	door->hang_up = 0;
	door->fd = close_fd(door->fd);
	if (door->reason)
		tell(door);
	else
		door->patience = g_timeout_add(REASON_MSEC, on_patience, door);
	return G_SOURCE_REMOVE;
}

static void on_lease_ended(GuiService *s, int interface, const char *name, GVariant *values,
			   GuiDoor *door)
{
	const char *id, *reason;

	(void)s;
	(void)interface;
	(void)name;
	if (!g_variant_is_of_type(values, G_VARIANT_TYPE("(ss)")))
		return;
	g_variant_get(values, "(&s&s)", &id, &reason);
	if (!g_str_equal(id, door->id) || door->reason)
		return;
	door->reason = g_strdup(reason);
	if (door->fd < 0)
		tell(door);
}

static void gui_door_init(GuiDoor *door)
{
	door->fd = -1;
}

static void gui_door_dispose(GObject *object)
{
	GuiDoor *door = GUI_DOOR(object);

	door->told = TRUE;
	close_for_all(door);
	g_clear_object(&door->service);
	G_OBJECT_CLASS(gui_door_parent_class)->dispose(object);
}

static void gui_door_finalize(GObject *object)
{
	g_free(GUI_DOOR(object)->id);
	g_free(GUI_DOOR(object)->user);
	g_free(GUI_DOOR(object)->reason);
	G_OBJECT_CLASS(gui_door_parent_class)->finalize(object);
}

static void gui_door_class_init(GuiDoorClass *class)
{
	G_OBJECT_CLASS(class)->dispose = gui_door_dispose;
	G_OBJECT_CLASS(class)->finalize = gui_door_finalize;
	ended = g_signal_new("ended", G_TYPE_FROM_CLASS(class), G_SIGNAL_RUN_LAST, 0, NULL, NULL,
			     NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
}

/* Takes fd. */
static GuiDoor *door_new(GuiService *s, const char *user, int fd, const char *id, guint64 expires)
{
	GuiDoor *door = g_object_new(GUI_TYPE_DOOR, NULL);

	door->service = g_object_ref(s);
	door->fd = fd;
	door->id = g_strdup(id);
	door->user = g_strdup(user);
	door->expires = expires;
	door->hang_up = g_unix_fd_add(fd, G_IO_HUP | G_IO_ERR | G_IO_IN, on_hang_up, door);
	g_signal_connect_object(s, "signal::LeaseEnded", G_CALLBACK(on_lease_ended), door, 0);
	return door;
}

static GuiDoor *read_door(GuiService *s, const char *user, GVariant *reply, GUnixFDList *fds,
			  GError **error)
{
	gint32 handle;
	const char *id;
	guint64 expires;
	int fd;

	if (!fds || !g_variant_is_of_type(reply, G_VARIANT_TYPE("(hst)"))) {
		g_set_error_literal(error, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_SIGNATURE,
				    _("The service's answer cannot be understood."));
		return NULL;
	}
	g_variant_get(reply, "(h&st)", &handle, &id, &expires);
	fd = g_unix_fd_list_get(fds, handle, error);
	return fd < 0 ? NULL : door_new(s, user, fd, id, expires);
}

static void on_opened(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(GTask) task = data;
	g_autoptr(GUnixFDList) fds = NULL;
	GError *error = NULL;
	g_autoptr(GVariant) reply =
		gui_service_call_finish(GUI_SERVICE(source), result, &fds, &error);
	GuiDoor *door = reply ? read_door(GUI_SERVICE(source), g_task_get_task_data(task), reply,
					  fds, &error)
			      : NULL;

	if (door)
		g_task_return_pointer(task, door, g_object_unref);
	else
		g_task_return_error(task, error);
}

void gui_door_open(GuiService *s, const char *user, const char *scope, guint seconds,
		   GCancellable *cancel, GAsyncReadyCallback done, gpointer data)
{
	GVariantBuilder options = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE_VARDICT);
	GTask *task = g_task_new(s, cancel, done, data);

	g_task_set_task_data(task, g_strdup(user), g_free);
	g_variant_builder_add(&options, "{sv}", "scope", g_variant_new_string(scope));
	gui_service_call(s, GUI_CLEARNET, "EnableClearnetUser",
			 g_variant_new("(sua{sv})", user, seconds, &options), GUI_MAY_ASK, cancel,
			 on_opened, task);
}

GuiDoor *gui_door_open_finish(GuiService *s, GAsyncResult *result, GError **error)
{
	g_return_val_if_fail(g_task_is_valid(result, s), NULL);
	return g_task_propagate_pointer(G_TASK(result), error);
}

static void on_extended(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(GTask) task = data;
	GuiDoor *door = g_task_get_source_object(task);
	GError *error = NULL;
	g_autoptr(GVariant) reply =
		gui_service_call_finish(GUI_SERVICE(source), result, NULL, &error);

	if (!reply) {
		g_task_return_error(task, error);
		return;
	}
	g_variant_get(reply, "(t)", &door->expires);
	g_task_return_boolean(task, TRUE);
}

void gui_door_extend(GuiDoor *door, guint seconds, GAsyncReadyCallback done, gpointer data)
{
	gui_service_call(door->service, GUI_CLEARNET, "ExtendLease",
			 g_variant_new("(su)", door->id, seconds), GUI_MAY_ASK, NULL, on_extended,
			 g_task_new(door, NULL, done, data));
}

gboolean gui_door_extend_finish(GuiDoor *door, GAsyncResult *result, GError **error)
{
	g_return_val_if_fail(g_task_is_valid(result, door), FALSE);
	return g_task_propagate_boolean(G_TASK(result), error);
}

guint gui_door_left(GuiDoor *door)
{
	struct timespec now;
	guint64 usec;

	clock_gettime(CLOCK_BOOTTIME, &now);
	usec = (guint64)now.tv_sec * G_USEC_PER_SEC + (guint64)now.tv_nsec / 1000;
	if (door->fd < 0 || door->expires <= usec)
		return 0;
	return (guint)((door->expires - usec + G_USEC_PER_SEC - 1) / G_USEC_PER_SEC);
}

gboolean gui_door_is_open(GuiDoor *door)
{
	return door->fd >= 0;
}

void gui_door_close(GuiDoor *door)
{
	door->told = TRUE;
	close_for_all(door);
}
