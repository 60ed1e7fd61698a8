/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway.h"

#include "pump.h"
#include "server.h"
#include "x11-setup.h"

#include <errno.h>
#include <glib-unix.h>
#include <sys/socket.h>
#include <unistd.h>

/*
 * Whatever else the program does comes first: a browser that never stops talking, or connecting, is
 * not to keep it from the person and from the door.
 */
#define PRIORITY G_PRIORITY_LOW
#define PAUSE_MS 1000 /* without a free descriptor: what waits would wake this up all the time */

struct DisplayGateway {
	enum browser_display which;
	int listening;
	uid_t uid;
	guint accepting;  /* its source, or that of a pause */
	GPtrArray *links; /* of GSource, each a Link */
};

enum { CLIENT, SERVER, SIDES };

/* A connection through the gateway, as a source of the main loop. */
typedef struct {
	GSource source;
	DisplayGateway *gateway;
	gboolean begins; /* X11: the client has not said yet who it is */
	int fds[SIDES];
	gpointer tags[SIDES];
	GIOCondition wanted[SIDES]; /* of each; 0 without a tag */
	Pump *from[SIDES];          /* what that side has said */
} Link;

/* Puts the cookie in. FALSE: it is not whole yet, or *ret_error is set. */
static gboolean begin_x11(Link *l, int *ret_error)
{
	Pump *p = l->from[CLIENT];
	guint8 made[X11_MADE_MAX];
	struct x11_auth auth;
	gsize used, size;

	*ret_error = 0;
	server_authorization(&auth);
	switch (x11_setup_authorize(p->bytes, p->end, &auth, made, &used, &size)) {
	case X11_SETUP_MORE:
		break;
	case X11_SETUP_BAD:
		*ret_error = -EPROTO;
		break;
	case X11_SETUP_DONE:
		/* It may grow by the cookie; no client says so much before it is answered. */
		if (p->end - used > PUMP_SIZE - size) {
			*ret_error = -EPROTO;
			break;
		}
		memmove(p->bytes + size, p->bytes + used, p->end - used);
		memcpy(p->bytes, made, size);
		p->end = p->end - used + size;
		l->begins = FALSE;
		break;
	}
	/* Nothing that begins so passes descriptors. */
	if (p->n_fds)
		*ret_error = -EPROTO;
	return !l->begins;
}

/* What one side has said to the other, as far as both go. 0, or an errno after which it is over. */
static int pump(Link *l, int side)
{
	Pump *p = l->from[side];
	gboolean held = side == CLIENT && l->begins;
	int error = 0;

	if (held || pump_is_empty(p)) {
		gssize n = pump_take(p, l->fds[side]);

		if (n == 0)
			return -EPIPE;
		if (n < 0 && n != -EAGAIN)
			return (int)n;
		if (held && (!begin_x11(l, &error) || error))
			return error;
	}
	return pump_give(p, l->fds[SIDES - 1 - side]);
}

/*
 * A side is read when the piece before has gone, and written while there is one. Of one that is
 * neither its hang-up is not waited for, which would wake this up again and again.
 */
static void watch(Link *l, int side)
{
	gboolean held = side == CLIENT && l->begins, holds = side == SERVER && l->begins;
	GIOCondition want = 0;

	if (held || pump_is_empty(l->from[side]))
		want |= G_IO_IN;
	if (!holds && !pump_is_empty(l->from[SIDES - 1 - side]))
		want |= G_IO_OUT;
	if (want == l->wanted[side])
		return;
	if (want && l->wanted[side])
		g_source_modify_unix_fd(&l->source, l->tags[side], want);
	else if (want)
		l->tags[side] = g_source_add_unix_fd(&l->source, l->fds[side], want);
	else
		g_source_remove_unix_fd(&l->source, g_steal_pointer(&l->tags[side]));
	l->wanted[side] = want;
}

static gboolean link_dispatch(GSource *source, GSourceFunc callback, gpointer data)
{
	Link *l = (Link *)source;
	int error = 0;

	(void)callback;
	(void)data;
	for (int side = 0; side < SIDES && !error; side++)
		error = pump(l, side);
	if (error) {
		g_ptr_array_remove_fast(l->gateway->links, source);
		return G_SOURCE_REMOVE;
	}
	for (int side = 0; side < SIDES; side++)
		watch(l, side);
	return G_SOURCE_CONTINUE;
}

static void link_finalize(GSource *source)
{
	Link *l = (Link *)source;

	for (int side = 0; side < SIDES; side++) {
		close_fd(l->fds[side]);
		pump_clear(l->from[side]);
		g_free(l->from[side]);
	}
}

static GSourceFuncs link_funcs = {.dispatch = link_dispatch, .finalize = link_finalize};

static void add_link(DisplayGateway *g, int client, int server)
{
	GSource *source = g_source_new(&link_funcs, sizeof(Link));
	Link *l = (Link *)source;

	l->gateway = g;
	l->begins = g->which == BROWSER_X11;
	l->fds[CLIENT] = client;
	l->fds[SERVER] = server;
	for (int side = 0; side < SIDES; side++)
		l->from[side] = g_new0(Pump, 1);
	for (int side = 0; side < SIDES; side++)
		watch(l, side);
	g_source_set_priority(source, PRIORITY);
	g_source_attach(source, NULL);
	g_ptr_array_add(g->links, source);
}

static gboolean is_of(int fd, uid_t uid)
{
	struct ucred cred = {.uid = (uid_t)-1};
	socklen_t size = sizeof(cred);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &size) == 0 && cred.uid == uid;
}

static void accept_connections(DisplayGateway *g);

static gboolean on_pause_over(gpointer data)
{
	accept_connections(data);
	return G_SOURCE_REMOVE;
}

/* Whoever is not served is left: a display that is not there. */
static gboolean on_connection(int listening, GIOCondition condition, gpointer data)
{
	DisplayGateway *g = data;
	_cleanup_(closep) int client = accept4(listening, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	int server;

	(void)condition;
	if (client < 0 && (errno == EMFILE || errno == ENFILE)) {
		g->accepting = g_timeout_add(PAUSE_MS, on_pause_over, g);
		return G_SOURCE_REMOVE;
	}
	if (client < 0 || !is_of(client, g->uid) || g->links->len >= GATEWAY_CONNECTIONS_MAX)
		return G_SOURCE_CONTINUE;
	server = server_connect(g->which);
	if (server < 0)
		g_warning("no connection to the display: %s", g_strerror(-server));
	else
		add_link(g, TAKE_FD(client), server);
	return G_SOURCE_CONTINUE;
}

static void accept_connections(DisplayGateway *g)
{
	g->accepting = g_unix_fd_add_full(PRIORITY, g->listening, G_IO_IN, on_connection, g, NULL);
}

static gboolean answers(enum browser_display which)
{
	int fd = server_connect(which);

	close_fd(fd);
	return fd >= 0;
}

guint32 display_gateway_available(void)
{
	if (answers(BROWSER_WAYLAND))
		return BROWSER_WAYLAND;
	return answers(BROWSER_X11) ? BROWSER_X11 : 0;
}

static void destroy_link(gpointer source)
{
	g_source_destroy(source);
	g_source_unref(source);
}

DisplayGateway *display_gateway_new(enum browser_display which, int listening, uid_t uid)
{
	DisplayGateway *g = g_new0(DisplayGateway, 1);

	g->which = which;
	g->listening = listening;
	g->uid = uid;
	g->links = g_ptr_array_new_with_free_func(destroy_link);
	accept_connections(g);
	return g;
}

void display_gateway_free(DisplayGateway *g)
{
	if (!g)
		return;
	if (g->accepting)
		g_source_remove(g->accepting);
	g_ptr_array_unref(g->links);
	close_fd(g->listening);
	g_free(g);
}

guint display_gateway_connections(const DisplayGateway *g)
{
	return g->links->len;
}
