/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit.h"

#include <errno.h>
#include <glib-unix.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define AGAIN_MSEC 100
/* How long a unit may take to end, and to listen again; and then to say the first word. */
#define AGAIN_USEC (G_GINT64_CONSTANT(10) * G_USEC_PER_SEC)
#define ANSWER_SEC 20

struct unit {
	char *path;
	union browser_message start;
	unit_fn said;
	gpointer data;
	gint64 until; /* g_get_monotonic_time(): asked again until then */
	int fd;       /* -1 when there is no connection */
	guint source; /* of the connection, or of the next try; 0 for none */
	guint patience;
	gboolean answered;
};

static gboolean on_try(gpointer data);

char *unit_path(const char *user)
{
	struct sockaddr_un address;
	g_autofree char *path = g_strdup_printf("%s/%s", BROWSER_SOCKET_DIR, user);

	if (!*user || strchr(user, '/') || strlen(path) >= sizeof(address.sun_path))
		return NULL;
	return g_steal_pointer(&path);
}

static void disconnect(struct unit *u)
{
	g_clear_handle_id(&u->source, g_source_remove);
	g_clear_handle_id(&u->patience, g_source_remove);
	u->fd = close_fd(u->fd);
}

/* Nothing is touched after it: the callee may have freed the unit. */
static void say_end(struct unit *u, int error)
{
	int none[BROWSER_FDS_MAX] = {-1, -1};

	disconnect(u);
	u->said(NULL, none, error, u->data);
}

static void try_again(struct unit *u, int error)
{
	disconnect(u);
	if (g_get_monotonic_time() < u->until)
		u->source = g_timeout_add(AGAIN_MSEC, on_try, u);
	else
		say_end(u, error);
}

static gboolean on_readable(int fd, GIOCondition condition, gpointer data)
{
	struct unit *u = data;
	union browser_message m;
	int fds[BROWSER_FDS_MAX];
	const char *why;
	int r = browser_wire_receive(fd, TO_LAUNCHER, &m, fds, &why);

	(void)condition;
	if (r == -EAGAIN)
		return G_SOURCE_CONTINUE;
	if (r < 0)
		g_warning("The browser's unit: %s", why && *why ? why : g_strerror(-r));
	if (r <= 0) {
		u->source = 0;
		if (r == 0 && !u->answered)
			try_again(u, ECONNRESET);
		else
			say_end(u, -r);
		return G_SOURCE_REMOVE;
	}
	u->answered = TRUE;
	g_clear_handle_id(&u->patience, g_source_remove);
	u->said(&m, fds, 0, u->data);
	for (size_t i = 0; i < BROWSER_FDS_MAX; i++)
		close_fd(fds[i]);
	return G_SOURCE_CONTINUE;
}

/* 0 or a negative errno. */
static int dial(struct unit *u)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	u->fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (u->fd < 0)
		return -errno;
	(void)g_strlcpy(address.sun_path, u->path, sizeof(address.sun_path));
	if (connect(u->fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	return browser_wire_send(u->fd, &u->start, NULL, 0);
}

/* A socket takes who comes also when nobody is there to answer. */
static gboolean on_patience(gpointer data)
{
	struct unit *u = data;

	u->patience = 0;
	say_end(u, ETIMEDOUT);
	return G_SOURCE_REMOVE;
}

static gboolean on_try(gpointer data)
{
	struct unit *u = data;
	int r = dial(u);

	u->source = 0;
	/* Who is refused at once may find it closed; why is still to be read. */
	if (r == 0 || r == -EPIPE) {
		u->source = g_unix_fd_add(u->fd, G_IO_IN | G_IO_HUP | G_IO_ERR, on_readable, u);
		u->patience = g_timeout_add_seconds(ANSWER_SEC, on_patience, u);
	} else if (r == -EAGAIN || r == -ECONNRESET) {
		try_again(u, -r);
	} else {
		say_end(u, -r);
	}
	return G_SOURCE_REMOVE;
}

struct unit *unit_new(const char *user, guint32 displays, const char *page, unit_fn said,
		      gpointer data)
{
	struct unit *u = g_new0(struct unit, 1);

	u->path = unit_path(user);
	if (!u->path)
		u->path = g_strdup("");
	u->start = browser_message(BROWSER_START);
	u->start.start.displays = displays;
	(void)g_strlcpy(u->start.start.page, page, sizeof(u->start.start.page));
	u->said = said;
	u->data = data;
	u->until = g_get_monotonic_time() + AGAIN_USEC;
	u->fd = -1;
	u->source = g_idle_add(on_try, u);
	return u;
}

void unit_stop(struct unit *u, enum browser_stop why)
{
	union browser_message m = browser_message(BROWSER_STOP);

	m.stop.why = (uint32_t)why;
	if (u->fd >= 0 && u->answered)
		(void)browser_wire_send(u->fd, &m, NULL, 0); /* its end says the same */
}

struct unit *unit_free(struct unit *u)
{
	if (!u)
		return NULL;
	disconnect(u);
	g_free(u->path);
	g_free(u);
	return NULL;
}
