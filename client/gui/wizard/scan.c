/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scan.h"

#include "bridge-lines.h"

#include <glib/gi18n-lib.h>

static const char *const programs[SCAN_N] = {
	[SCAN_CAMERA] = "zbarcam",
	[SCAN_PICTURE] = "zbarimg",
};
static const char *const once[SCAN_N] = {
	[SCAN_CAMERA] = "--oneshot",
	[SCAN_PICTURE] = "--quiet",
};

struct scanning {
	GSubprocess *program;
	char buf[BRIDGE_TEXT_MAX + 1];
};

static void scanning_free(gpointer data)
{
	struct scanning *s = data;

	/* Also when it has more to say, or nobody waits for it any more. */
	g_subprocess_force_exit(s->program);
	g_object_unref(s->program);
	g_free(s);
}

gboolean scan_installed(enum scan from)
{
	g_autofree char *path = g_find_program_in_path(programs[from]);

	return path != NULL;
}

/* At once: whoever cancels may not be there any more when the read ends. */
static void on_cancelled(GCancellable *cancel, gpointer program)
{
	(void)cancel;
	g_subprocess_force_exit(program);
}

static void on_read(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(GTask) task = data;
	struct scanning *s = g_task_get_task_data(task);
	GError *error = NULL;
	gsize n = 0;

	if (!g_input_stream_read_all_finish(G_INPUT_STREAM(source), result, &n, &error)) {
		g_task_return_error(task, error);
		return;
	}
	s->buf[n] = '\0';
	bridge_text_unlist(s->buf);
	if (*s->buf && g_utf8_validate(s->buf, -1, NULL))
		g_task_return_pointer(task, g_strdup(s->buf), g_free);
	else
		g_task_return_new_error(task, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "%s",
					_("No code with bridges was found."));
}

void scan_start(enum scan from, const char *path, GCancellable *cancel, GAsyncReadyCallback done,
		gpointer data)
{
	/* A path that begins with a dash is absolute here, so it is no option. */
	const char *const words[] = {programs[from], "--raw", once[from], path, NULL};
	GTask *task = g_task_new(NULL, cancel, done, data);
	struct scanning *s;
	GError *error = NULL;
	GSubprocess *program = g_subprocess_newv(
		words, G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_SILENCE, &error);

	if (!program) {
		g_task_return_error(task, error);
		g_object_unref(task);
		return;
	}
	s = g_new0(struct scanning, 1);
	s->program = program;
	g_task_set_task_data(task, s, scanning_free);
	(void)g_cancellable_connect(cancel, G_CALLBACK(on_cancelled), g_object_ref(program),
				    g_object_unref);
	g_input_stream_read_all_async(g_subprocess_get_stdout_pipe(program), s->buf,
				      BRIDGE_TEXT_MAX, G_PRIORITY_DEFAULT, cancel, on_read, task);
}

char *scan_finish(GAsyncResult *result, GError **error)
{
	return g_task_propagate_pointer(G_TASK(result), error);
}
