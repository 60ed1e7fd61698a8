/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * launcher FIFO SOCKET [PAGE]: what a launcher is to the runner, without a window. Connects, starts
 * the browser on the display of its environment, and prints a line for what it is told: "started",
 * "refused REASON DETAIL", "ended exited|killed VALUE", "over". Commands of FIFO, a line each:
 *
 * stop            STOP
 * again           START once more
 * garbage         bytes that are no message
 */
#include "gateway.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int runner = -1;
static GMainLoop *loop;
static DisplayGateway *gateways[BROWSER_FDS_MAX];
static const char *page = "";

static void send_start(void)
{
	union browser_message m = browser_message(BROWSER_START);

	m.start.displays = display_gateway_available();
	g_strlcpy(m.start.page, page, sizeof(m.start.page));
	(void)browser_wire_send(runner, &m, NULL, 0);
}

static void on_started(const struct browser_started *m, const int *fds)
{
	gsize n = 0;

	for (guint32 bit = 1; bit <= BROWSER_DISPLAYS; bit <<= 1)
		if (m->displays & bit) {
			gateways[n] =
				display_gateway_new((enum browser_display)bit, fds[n], m->uid);
			n++;
		}
	(void)printf("started %u\n", m->uid);
}

static gboolean on_message(gint fd, GIOCondition condition, gpointer data)
{
	union browser_message m;
	int fds[BROWSER_FDS_MAX];
	const char *why;
	int r = browser_wire_receive(fd, TO_LAUNCHER, &m, fds, &why);

	(void)condition;
	(void)data;
	if (r == 1 && m.header.type == BROWSER_STARTED) {
		on_started(&m.started, fds);
	} else if (r == 1 && m.header.type == BROWSER_REFUSED) {
		(void)printf("refused %s %u\n",
			     browser_refusal_to_string((enum browser_refusal)m.refused.refusal),
			     m.refused.detail);
	} else if (r == 1) {
		(void)printf("ended %s %u\n", m.ended.how == BROWSER_EXITED ? "exited" : "killed",
			     m.ended.value);
	} else if (r != -EAGAIN) {
		(void)printf("over\n");
		g_main_loop_quit(loop);
	}
	(void)fflush(stdout);
	return G_SOURCE_CONTINUE;
}

static gboolean on_command(gint fd, GIOCondition condition, gpointer data)
{
	union browser_message m = browser_message(BROWSER_STOP);
	char line[64] = "";

	(void)condition;
	(void)data;
	if (read(fd, line, sizeof(line) - 1) <= 0)
		return G_SOURCE_CONTINUE;
	if (g_str_has_prefix(line, "stop"))
		(void)browser_wire_send(runner, &m, NULL, 0);
	else if (g_str_has_prefix(line, "again"))
		send_start();
	else if (g_str_has_prefix(line, "garbage"))
		(void)send(runner, line, sizeof(line), MSG_NOSIGNAL);
	return G_SOURCE_CONTINUE;
}

int main(int argc, char **argv)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fifo;

	if (argc < 3 || (fifo = open(argv[1], O_RDWR | O_CLOEXEC | O_NONBLOCK)) < 0)
		return EXIT_FAILURE;
	if (argc > 3)
		page = argv[3];
	g_strlcpy(a.sun_path, argv[2], sizeof(a.sun_path));
	runner = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (connect(runner, (const struct sockaddr *)&a, sizeof(a)) < 0) {
		(void)printf("no connection: %s\n", g_strerror(errno));
		return EXIT_FAILURE;
	}
	loop = g_main_loop_new(NULL, FALSE);
	g_unix_fd_add(runner, G_IO_IN, on_message, NULL);
	g_unix_fd_add(fifo, G_IO_IN, on_command, NULL);
	send_start();
	g_main_loop_run(loop);
	for (gsize i = 0; i < BROWSER_FDS_MAX; i++)
		display_gateway_free(gateways[i]);
	g_main_loop_unref(loop);
	return EXIT_SUCCESS;
}
