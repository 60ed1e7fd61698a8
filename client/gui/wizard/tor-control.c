/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tor-control.h"

#include "paths.h"
#include "tor-text.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gunixsocketaddress.h>
#include <glib/gi18n-lib.h>
#include <grp.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define COOKIE_PATH TOR_CONTROL_PATH ".authcookie"
#define COOKIE_SIZE 32U
#define RETRY_SECONDS 1
/* One that is there, and has not let this program in by then, does not mean to. */
#define LET_IN_SECONDS 10
#define PLUGINS_MAX 16
/*
 * Systems have Tor read its torrc anew each day (SIGHUP), which would undo what it was told here:
 * bridges, a pause, and the end of one that the torrc begins with.
 */
#define KEPT "__ReloadTorrcOnSIGHUP=0"

/* What was asked, in order: answers come in that order, and say nothing else of it. */
enum asked { ASKED_LET_IN, ASKED_NEWS, ASKED_SETTINGS, ASKED_TO_SET, ASKED_TO_LEAVE };

struct question {
	enum asked asked;
	const char *then; /* what is asked next if the answer is good; NULL: nothing */
	GTask *task;      /* NULL: nobody waits */
};

struct _WizardTor {
	GObject parent;
	struct tor_state state;
	GPtrArray *plugins; /* transports, as ClientTransportPlugin has them, with commas */
	GCancellable *cancel;
	GSocketConnection *connection; /* NULL: there is none */
	GQueue asked;                  /* of struct question */
	GString *out;                  /* what is still to be written */
	bool writing;
	bool fresh;  /* what it says of its circuits is of this network */
	guint retry; /* sources; 0 for none */
	guint patience;
	struct tor_text text;
	char buf[4096];
};

G_DEFINE_FINAL_TYPE(WizardTor, wizard_tor, G_TYPE_OBJECT)

static guint changed;

static void question_free(gpointer data)
{
	struct question *q = data;

	if (q->task) {
		g_task_return_new_error(q->task, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED, "%s",
					_("Tor has ended the conversation."));
		g_object_unref(q->task);
	}
	g_free(q);
}

/* Whose members may: the socket's directory says it, which everybody may look at from outside. */
static void find_group(WizardTor *t)
{
	g_autofree char *directory = g_path_get_dirname(TOR_CONTROL_PATH);
	struct stat st;
	struct group *group;

	t->state.group[0] = '\0';
	if (stat(directory, &st) < 0)
		return;
	group = getgrgid(st.st_gid);
	if (group)
		(void)g_strlcpy(t->state.group, group->gr_name, sizeof(t->state.group));
}

static gboolean on_retry(gpointer data);

static void hang_up(WizardTor *t, enum tor_link link)
{
	GQueue left = t->asked;

	g_clear_handle_id(&t->patience, g_source_remove);
	g_cancellable_cancel(t->cancel);
	g_clear_object(&t->cancel);
	t->cancel = g_cancellable_new();
	g_clear_object(&t->connection);
	g_ptr_array_set_size(t->plugins, 0);
	g_string_truncate(t->out, 0);
	t->writing = false;
	t->text = (struct tor_text){0};
	t->state = (struct tor_state){.link = link};
	if (link == TOR_LINK_DENIED)
		find_group(t);
	if (!t->retry)
		t->retry = g_timeout_add_seconds(RETRY_SECONDS, on_retry, t);
	g_queue_init(&t->asked);
	g_queue_clear_full(&left, question_free);
	g_signal_emit(t, changed, 0);
}

/* --- asking */

static void write_out(WizardTor *t);

static void on_written(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(GError) error = NULL;
	gboolean good =
		g_output_stream_write_all_finish(G_OUTPUT_STREAM(source), result, NULL, &error);
	WizardTor *t = data;

	if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
		return;
	t->writing = false;
	if (good)
		write_out(t);
	else
		hang_up(t, TOR_LINK_ABSENT);
}

static void write_out(WizardTor *t)
{
	GOutputStream *stream;
	gsize n = t->out->len;
	char *text;

	if (t->writing || n == 0)
		return;
	stream = g_io_stream_get_output_stream(G_IO_STREAM(t->connection));
	text = g_string_free(t->out, FALSE);
	t->out = g_string_new(NULL);
	t->writing = true;
	/* The stream keeps the text alive as long as it needs it. */
	g_object_set_data_full(G_OBJECT(stream), "text", text, g_free);
	g_output_stream_write_all_async(stream, text, n, G_PRIORITY_DEFAULT, t->cancel, on_written,
					t);
}

static void ask(WizardTor *t, enum asked asked, const char *command, GTask *task)
{
	struct question *q = g_new0(struct question, 1);

	q->asked = asked;
	q->task = task;
	g_queue_push_tail(&t->asked, q);
	if (!t->connection) {
		question_free(g_queue_pop_tail(&t->asked));
		return;
	}
	g_string_append_printf(t->out, "%s\r\n", command);
	write_out(t);
}

/* The longest comes first: of the last line it is known that the answer is at its end. */
static void ask_settings(WizardTor *t)
{
	g_ptr_array_set_size(t->plugins, 0);
	ask(t, ASKED_NEWS, "GETINFO status/bootstrap-phase status/circuit-established", NULL);
	ask(t, ASKED_SETTINGS, "GETCONF ClientTransportPlugin UseBridges DisableNetwork", NULL);
}

static void ask_news(WizardTor *t)
{
	ask(t, ASKED_NEWS, "SETEVENTS STATUS_CLIENT CONF_CHANGED", NULL);
	ask_settings(t);
}

/* --- hearing */

static void hear_bootstrap(WizardTor *t, const char *arguments)
{
	struct tor_state *s = &t->state;
	char text[16];
	uint32_t progress;

	if (tor_text_argument(arguments, "PROGRESS", text, sizeof(text)) &&
	    parse_u32(text, 100, &progress) == 0)
		s->progress = progress;
	(void)tor_text_argument(arguments, "TAG", s->tag, sizeof(s->tag));
	(void)tor_text_argument(arguments, "WARNING", s->words, sizeof(s->words));
	s->troubled = tor_text_argument(arguments, "RECOMMENDATION", text, sizeof(text)) &&
		      strcmp(text, "warn") == 0;
}

static void hear_event(WizardTor *t, const char *text)
{
	const char *bootstrap = tor_text_action(text, "BOOTSTRAP");

	if (bootstrap) {
		hear_bootstrap(t, bootstrap);
		t->fresh = true;
		t->state.connected |= t->state.progress == 100;
	} else if (tor_text_action(text, "CIRCUIT_ESTABLISHED")) {
		t->state.connected = t->fresh = true;
		t->state.troubled = false;
	} else if (tor_text_action(text, "CIRCUIT_NOT_ESTABLISHED")) {
		t->state.connected = false;
	}
}

static void hear_value(WizardTor *t, const char *text)
{
	struct tor_state *s = &t->state;
	const char *rest;

	if ((rest = tor_text_after(text, "status/bootstrap-phase="))) {
		rest = tor_text_action(rest, "BOOTSTRAP");
		hear_bootstrap(t, rest ? rest : "");
	} else if ((rest = tor_text_after(text, "status/circuit-established="))) {
		s->connected = *rest == '1';
	} else if ((rest = tor_text_after(text, "DisableNetwork="))) {
		s->paused = *rest == '1';
	} else if ((rest = tor_text_after(text, "UseBridges="))) {
		s->bridges = *rest == '1';
	} else if ((rest = tor_text_after(text, "ClientTransportPlugin="))) {
		if (t->plugins->len < PLUGINS_MAX)
			g_ptr_array_add(t->plugins, g_strndup(rest, strcspn(rest, " ")));
	}
}

/* It talks when what it has been told before is known: until then nobody acts on it. */
static void hear_settings(WizardTor *t)
{
	g_clear_handle_id(&t->patience, g_source_remove);
	t->state.link = TOR_LINK_TALKS;
}

/* Nobody has tried the new way yet, and what led here on the old one is gone. */
static void leave_circuits(WizardTor *t)
{
	t->state.connected = t->state.troubled = false;
	t->state.progress = 0;
	t->state.tag[0] = t->state.words[0] = '\0';
}

static void ask_then(WizardTor *t, struct question *q)
{
	if (q->asked == ASKED_TO_LEAVE)
		leave_circuits(t);
	ask(t, ASKED_TO_SET, q->then, g_steal_pointer(&q->task));
	question_free(q);
}

/* The last line of an answer. False: this is not to go on. */
static bool hear_end(WizardTor *t, const char *line)
{
	struct question *q = g_queue_pop_head(&t->asked);
	bool good = *line == '2';
	GTask *task;

	if (!q)
		return true; /* Tor says goodbye */
	if (q->asked == ASKED_LET_IN && !good) {
		question_free(q);
		return false;
	}
	if (q->then && good) {
		ask_then(t, q);
		return true;
	}
	if (q->asked == ASKED_LET_IN)
		ask_news(t);
	if (q->asked == ASKED_SETTINGS)
		hear_settings(t);
	if (q->asked == ASKED_TO_SET || q->asked == ASKED_TO_LEAVE)
		ask_settings(t);
	task = g_steal_pointer(&q->task);
	question_free(q);
	if (task && good) {
		g_task_return_boolean(task, TRUE);
	} else if (task) {
		g_autofree char *words = g_strdup(line + 4);

		clean_text(words);
		g_task_return_new_error(task, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "%s", words);
	}
	g_clear_object(&task);
	return true;
}

static bool hear(WizardTor *t, const char *line)
{
	const char *rest;

	if (!tor_text_has_code(line))
		return false;
	if ((rest = tor_text_after(line, "650 STATUS_CLIENT ")))
		hear_event(t, rest);
	else if (tor_text_after(line, "650-CONF_CHANGED"))
		ask_settings(t);
	if (tor_text_after(line, "650"))
		return true;
	hear_value(t, line + 4);
	return line[3] != ' ' || hear_end(t, line);
}

static void read_more(WizardTor *t);

static void on_read(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(GError) error = NULL;
	gssize n = g_input_stream_read_finish(G_INPUT_STREAM(source), result, &error);
	WizardTor *t = data;
	const char *at;
	size_t left;

	if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
		return;
	if (n <= 0) {
		hang_up(t, TOR_LINK_ABSENT);
		return;
	}
	g_object_ref(t); /* whoever hears of it may let it go */
	at = t->buf;
	left = (size_t)n;
	while (t->connection && tor_text_read(&t->text, &at, &left))
		if (!hear(t, t->text.line))
			hang_up(t, TOR_LINK_REFUSED);
	if (t->connection) {
		g_signal_emit(t, changed, 0);
		read_more(t);
	}
	g_object_unref(t);
}

static void read_more(WizardTor *t)
{
	if (t->connection)
		g_input_stream_read_async(g_io_stream_get_input_stream(G_IO_STREAM(t->connection)),
					  t->buf, sizeof(t->buf), G_PRIORITY_DEFAULT, t->cancel,
					  on_read, t);
}

/* --- the way there */

/* As hexadecimal digits; "" where Tor wants none. 0 or a negative errno. */
static int read_cookie(char text[static COOKIE_SIZE * 2 + 1])
{
	_cleanup_(closep) int fd =
		open(COOKIE_PATH, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	uint8_t cookie[COOKIE_SIZE + 1];
	ssize_t n;

	text[0] = '\0';
	if (fd < 0 && errno == ENOENT)
		return 0;
	n = fd < 0 ? -1 : read(fd, cookie, sizeof(cookie));
	if (n < 0)
		return -errno;
	if (n != COOKIE_SIZE)
		return -EBADMSG;
	for (size_t i = 0; i < COOKIE_SIZE; i++)
		(void)snprintf(text + i * 2, 3, "%02x", cookie[i]);
	return 0;
}

static gboolean on_patience(gpointer data)
{
	WizardTor *t = data;

	t->patience = 0;
	hang_up(t, TOR_LINK_REFUSED);
	return G_SOURCE_REMOVE;
}

static void greet(WizardTor *t)
{
	char cookie[COOKIE_SIZE * 2 + 1], command[sizeof(cookie) + 16];
	int r = read_cookie(cookie);

	if (r < 0) {
		hang_up(t, r == -EACCES ? TOR_LINK_DENIED : TOR_LINK_REFUSED);
		return;
	}
	if (t->state.link == TOR_LINK_DENIED) {
		t->state.link = TOR_LINK_UNKNOWN; /* it is granted now */
		g_signal_emit(t, changed, 0);
	}
	(void)snprintf(command, sizeof(command), "AUTHENTICATE %s", cookie);
	ask(t, ASKED_LET_IN, command, NULL);
	t->patience = g_timeout_add_seconds(LET_IN_SECONDS, on_patience, t);
	read_more(t);
}

static void on_connected(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(GError) error = NULL;
	GSocketConnection *connection =
		g_socket_client_connect_finish(G_SOCKET_CLIENT(source), result, &error);
	WizardTor *t = data;

	if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
		return;
	t->connection = connection;
	if (connection)
		greet(t);
	else
		hang_up(t, g_error_matches(error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED)
				   ? TOR_LINK_DENIED
				   : TOR_LINK_ABSENT);
}

static void try_connect(WizardTor *t)
{
	g_autoptr(GSocketClient) client = g_socket_client_new();
	g_autoptr(GSocketAddress) address = g_unix_socket_address_new(TOR_CONTROL_PATH);

	g_socket_client_connect_async(client, G_SOCKET_CONNECTABLE(address), t->cancel,
				      on_connected, t);
}

static gboolean on_retry(gpointer data)
{
	WizardTor *t = data;

	t->retry = 0;
	try_connect(t);
	return G_SOURCE_REMOVE;
}

/* --- the object */

static void wizard_tor_init(WizardTor *t)
{
	t->plugins = g_ptr_array_new_with_free_func(g_free);
	t->out = g_string_new(NULL);
	t->cancel = g_cancellable_new();
	t->fresh = true;
	g_queue_init(&t->asked);
	try_connect(t);
}

static void wizard_tor_dispose(GObject *object)
{
	WizardTor *t = WIZARD_TOR(object);

	g_clear_handle_id(&t->retry, g_source_remove);
	g_clear_handle_id(&t->patience, g_source_remove);
	g_cancellable_cancel(t->cancel);
	g_clear_object(&t->connection);
	g_queue_clear_full(&t->asked, question_free);
	G_OBJECT_CLASS(wizard_tor_parent_class)->dispose(object);
}

static void wizard_tor_finalize(GObject *object)
{
	WizardTor *t = WIZARD_TOR(object);

	g_clear_object(&t->cancel);
	g_ptr_array_unref(t->plugins);
	g_string_free(t->out, TRUE);
	G_OBJECT_CLASS(wizard_tor_parent_class)->finalize(object);
}

static void wizard_tor_class_init(WizardTorClass *class)
{
	G_OBJECT_CLASS(class)->dispose = wizard_tor_dispose;
	G_OBJECT_CLASS(class)->finalize = wizard_tor_finalize;
	changed = g_signal_new("changed", G_TYPE_FROM_CLASS(class), G_SIGNAL_RUN_LAST, 0, NULL,
			       NULL, NULL, G_TYPE_NONE, 0);
}

WizardTor *wizard_tor_new(void)
{
	return g_object_new(WIZARD_TYPE_TOR, NULL);
}

const struct tor_state *wizard_tor_state(WizardTor *t)
{
	return &t->state;
}

gboolean wizard_tor_is_fresh(WizardTor *t)
{
	return t->fresh;
}

void wizard_tor_doubt(WizardTor *t)
{
	t->fresh = false;
}

gboolean wizard_tor_has_transport(WizardTor *t, const char *transport)
{
	for (guint i = 0; i < t->plugins->len; i++) {
		g_auto(GStrv) names = g_strsplit(g_ptr_array_index(t->plugins, i), ",", -1);

		if (g_strv_contains((const char *const *)names, transport))
			return TRUE;
	}
	return !*transport;
}

static void set(WizardTor *t, const char *command, GAsyncReadyCallback done, gpointer data)
{
	ask(t, ASKED_TO_SET, command, g_task_new(t, NULL, done, data));
}

/*
 * Tor keeps circuits that it has when its bridges change. It drops them without a network: when it
 * then says that it is connected, it is on the new way. What it does not take changes nothing.
 */
static void set_way(WizardTor *t, const char *command, GAsyncReadyCallback done, gpointer data)
{
	struct question *q;

	leave_circuits(t);
	ask(t, ASKED_TO_LEAVE, command, g_task_new(t, NULL, done, data));
	q = g_queue_peek_tail(&t->asked);
	if (q)
		q->then = "SETCONF DisableNetwork=0";
}

void wizard_tor_use_bridges(WizardTor *t, const char *const *lines, GAsyncReadyCallback done,
			    gpointer data)
{
	g_autoptr(GString) command = g_string_new("SETCONF UseBridges=1 DisableNetwork=1 " KEPT);

	for (; *lines; lines++)
		g_string_append_printf(command, " Bridge=\"%s\"", *lines);
	set_way(t, command->str, done, data);
}

void wizard_tor_forget_bridges(WizardTor *t, GAsyncReadyCallback done, gpointer data)
{
	set_way(t, "RESETCONF UseBridges Bridge DisableNetwork=1 " KEPT, done, data);
}

void wizard_tor_pause(WizardTor *t, bool pause, GAsyncReadyCallback done, gpointer data)
{
	set(t, pause ? "SETCONF DisableNetwork=1 " KEPT : "SETCONF DisableNetwork=0 " KEPT, done,
	    data);
}

gboolean wizard_tor_finish(WizardTor *t, GAsyncResult *result, GError **error)
{
	g_return_val_if_fail(g_task_is_valid(result, t), FALSE);
	return g_task_propagate_boolean(G_TASK(result), error);
}
