/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What goes through the display gateway, both ways and however slow a side is, and who does not. */
#include "gateway.h"
#include "pump.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <X11/Xauth.h>

#define DEADLINE ((gint64)10 * G_USEC_PER_SEC)
#define LOTS (4 << 20)
#define X11_DIR "/tmp/.X11-unix"
#define COOKIE_NAME "MIT-MAGIC-COOKIE-1"

static char *dir;
static int back = -1; /* where the display server listens */
static DisplayGateway *gateway;

/* A file of this test's own, unless the name is a whole path. */
static struct sockaddr_un address(const char *name)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};

	if (g_path_is_absolute(name))
		(void)g_strlcpy(a.sun_path, name, sizeof(a.sun_path));
	else
		(void)g_snprintf(a.sun_path, sizeof(a.sun_path), "%s/%s", dir, name);
	return a;
}

static int listen_at(const char *name)
{
	struct sockaddr_un a = address(name);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	g_assert_cmpint(bind(fd, (const struct sockaddr *)&a, sizeof(a)), ==, 0);
	g_assert_cmpint(listen(fd, 128), ==, 0);
	return fd;
}

static void set_up(uid_t uid)
{
	back = listen_at("back");
	gateway = display_gateway_new(BROWSER_WAYLAND, listen_at("front"), uid);
}

static void tear_down(void)
{
	struct sockaddr_un a = address("front"), b = address("back");

	display_gateway_free(g_steal_pointer(&gateway));
	back = close_fd(back);
	(void)g_unlink(a.sun_path);
	(void)g_unlink(b.sun_path);
}

static int client(void)
{
	struct sockaddr_un a = address("front");
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	g_assert_cmpint(connect(fd, (const struct sockaddr *)&a, sizeof(a)), ==, 0);
	return fd;
}

/* Lets the gateway work until there is something; the time is for a broken one. */
static void step(gint64 begun)
{
	(void)g_main_context_iteration(NULL, FALSE);
	g_assert_cmpint(g_get_monotonic_time() - begun, <, DEADLINE);
}

static int served(void)
{
	gint64 begun = g_get_monotonic_time();
	int fd;

	while ((fd = accept4(back, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) < 0)
		step(begun);
	return fd;
}

static gssize receive(int fd, void *buf, gsize size)
{
	gint64 begun = g_get_monotonic_time();
	gssize n;

	while ((n = recv(fd, buf, size, 0)) < 0 && errno == EAGAIN)
		step(begun);
	return n < 0 ? -errno : n;
}

static void expect(int fd, const char *text)
{
	char buf[64];
	gssize n = receive(fd, buf, sizeof(buf));

	g_assert_cmpmem(buf, MAX(n, 0), text, strlen(text));
}

static gboolean is_over(int fd)
{
	char c;

	return receive(fd, &c, 1) <= 0;
}

static void test_both_ways(void)
{
	int a, b, c, d;

	set_up(getuid());
	a = client();
	b = served();
	c = client();
	d = served();
	g_assert_cmpint(send(a, "one", 3, 0), ==, 3);
	expect(b, "one");
	g_assert_cmpint(send(d, "two", 3, 0), ==, 3);
	expect(c, "two");
	g_assert_cmpuint(display_gateway_connections(gateway), ==, 2);
	/* What was said last still arrives; the other connection goes on. */
	g_assert_cmpint(send(a, "end", 3, 0), ==, 3);
	close_fd(a);
	expect(b, "end");
	g_assert_true(is_over(b));
	g_assert_cmpuint(display_gateway_connections(gateway), ==, 1);
	close_fd(d);
	g_assert_true(is_over(c));
	g_assert_cmpuint(display_gateway_connections(gateway), ==, 0);
	close_fd(b);
	close_fd(c);
	tear_down();
}

static void test_descriptors(void)
{
	Pump *p = g_new0(Pump, 1);
	int a, b, ends[2];
	gssize n;

	set_up(getuid());
	a = client();
	b = served();
	g_assert_cmpint(pipe2(ends, O_CLOEXEC | O_NONBLOCK), ==, 0);
	p->bytes[0] = 'x';
	p->end = 1;
	p->n_fds = 1;
	p->fds[0] = ends[1];
	g_assert_cmpint(pump_give(p, a), ==, 0);
	while ((n = pump_take(p, b)) == -EAGAIN)
		(void)g_main_context_iteration(NULL, FALSE);
	g_assert_cmpint(n, ==, 1);
	g_assert_cmpuint(p->n_fds, ==, 1);
	g_assert_cmpint(write(p->fds[0], "y", 1), ==, 1);
	pump_clear(p);
	/* Of the gateway's copies none is left: the pipe is at its end. */
	g_assert_cmpint(read(ends[0], p->bytes, 2), ==, 1);
	g_assert_cmpint(read(ends[0], p->bytes, 2), ==, 0);
	close_fd(ends[0]);
	close_fd(a);
	close_fd(b);
	g_free(p);
	tear_down();
}

/* Everything arrives in order, and of a side that does not read only so much is taken. */
static void test_slow(gconstpointer from_server)
{
	gint64 begun = g_get_monotonic_time();
	gsize sent = 0, got = 0, held;
	guint32 buf[4096];
	int fds[2], from, to;
	gssize n;

	set_up(getuid());
	fds[0] = client();
	fds[1] = served();
	from = fds[from_server != NULL];
	to = fds[from_server == NULL];
	for (int i = 0, idle = 0; idle < 1000; i++, idle++) {
		(void)g_main_context_iteration(NULL, FALSE);
		for (gsize j = 0; j < G_N_ELEMENTS(buf); j++)
			buf[j] = (guint32)(sent / sizeof(*buf) + j);
		n = send(from, buf, sizeof(buf) - sent % sizeof(*buf), 0);
		if (n > 0 && n % (gssize)sizeof(*buf) == 0) {
			sent += (gsize)n;
			idle = 0;
		} else {
			g_assert_cmpint(n, <, 0);
		}
		g_assert_cmpuint(sent, <, LOTS);
	}
	held = sent;
	while (got < sent && (n = receive(to, buf, sizeof(buf))) > 0) {
		for (gsize j = 0; j < (gsize)n / sizeof(*buf); j++)
			g_assert_cmpuint(buf[j], ==, got / sizeof(*buf) + j);
		got += (gsize)n;
		step(begun);
	}
	g_assert_cmpuint(got, ==, held);
	close_fd(fds[0]);
	close_fd(fds[1]);
	tear_down();
}

/* A cookie of that display, in a file that $XAUTHORITY names. */
static void write_cookie(const char *path, char *number)
{
	char host[256] = "", name[] = COOKIE_NAME, data[] = "0123456789abcdef";
	Xauth entry = {FamilyLocal, 0,
		       host,        (unsigned short)strlen(number),
		       number,      (unsigned short)strlen(name),
		       name,        (unsigned short)strlen(data),
		       data};
	FILE *f = fopen(path, "w");

	g_assert_cmpint(gethostname(host, sizeof(host) - 1), ==, 0);
	entry.address_length = (unsigned short)strlen(host);
	g_assert_nonnull(f);
	g_assert_cmpint(XauWriteAuth(f, &entry), ==, 1);
	g_assert_cmpint(fclose(f), ==, 0);
	g_setenv("XAUTHORITY", path, TRUE);
}

/*
 * A client that says as much as is taken at once: with the cookie it is more than that, and nothing
 * of it is passed on.
 */
static void test_x11_full(void)
{
	g_autofree char *number = g_strdup_printf("%u", 40000 + (unsigned)getpid() % 20000),
			*display = g_strconcat(":", number, NULL),
			*path = g_strconcat(X11_DIR "/X", number, NULL),
			*cookies = g_build_filename(dir, "cookies", NULL);
	struct sockaddr_un front = address("front");
	g_autofree guint8 *said = g_malloc0(PUMP_SIZE);
	guint8 buf[64];
	int a, b;

	(void)g_mkdir(X11_DIR, 01777);
	g_setenv("DISPLAY", display, TRUE);
	write_cookie(cookies, number);
	back = listen_at(path);
	gateway = display_gateway_new(BROWSER_X11, listen_at("front"), getuid());
	a = client();
	memcpy(said, "l\0\13", 3);
	g_assert_cmpint(send(a, said, PUMP_SIZE, 0), ==, PUMP_SIZE);
	b = served();
	g_assert_cmpint(receive(b, buf, sizeof(buf)), <=, 0);
	g_assert_cmpuint(display_gateway_connections(gateway), ==, 0);
	close_fd(b);
	close_fd(a);
	display_gateway_free(g_steal_pointer(&gateway));
	back = close_fd(back);
	(void)g_unlink(path);
	(void)g_unlink(cookies);
	(void)g_unlink(front.sun_path);
}

static void test_strangers(void)
{
	int a;

	set_up(getuid() + 1);
	a = client();
	g_assert_true(is_over(a));
	g_assert_cmpint(accept4(back, NULL, NULL, 0), ==, -1);
	close_fd(a);
	tear_down();
}

static void test_many(void)
{
	int fds[GATEWAY_CONNECTIONS_MAX + 1], ends[GATEWAY_CONNECTIONS_MAX];

	set_up(getuid());
	for (gsize i = 0; i < GATEWAY_CONNECTIONS_MAX; i++) {
		fds[i] = client();
		ends[i] = served();
	}
	fds[GATEWAY_CONNECTIONS_MAX] = client();
	g_assert_true(is_over(fds[GATEWAY_CONNECTIONS_MAX]));
	g_assert_cmpuint(display_gateway_connections(gateway), ==, GATEWAY_CONNECTIONS_MAX);
	/* With the gateway all of them end at once. */
	display_gateway_free(g_steal_pointer(&gateway));
	for (gsize i = 0; i < GATEWAY_CONNECTIONS_MAX; i++) {
		g_assert_true(is_over(fds[i]));
		g_assert_true(is_over(ends[i]));
		close_fd(fds[i]);
		close_fd(ends[i]);
	}
	close_fd(fds[GATEWAY_CONNECTIONS_MAX]);
	tear_down();
}

static gboolean count(gpointer data)
{
	++*(int *)data;
	return G_SOURCE_REMOVE;
}

/* What the program would do when it is idle comes before a connection, and before what it says. */
static void test_comes_last(void)
{
	int idle = 0, a, b;

	set_up(getuid());
	a = client();
	(void)g_idle_add(count, &idle);
	(void)g_main_context_iteration(NULL, FALSE);
	g_assert_cmpint(idle, ==, 1);
	g_assert_cmpint(accept4(back, NULL, NULL, 0), ==, -1);
	b = served();
	g_assert_cmpint(send(a, "x", 1, 0), ==, 1);
	(void)g_idle_add(count, &idle);
	(void)g_main_context_iteration(NULL, FALSE);
	g_assert_cmpint(idle, ==, 2);
	g_assert_cmpint(recv(b, &idle, 1, 0), ==, -1);
	expect(b, "x");
	close_fd(a);
	close_fd(b);
	tear_down();
}

/* Without a free descriptor nobody is served, and when there is one again whoever has waited. */
static void test_no_descriptor(void)
{
	struct rlimit before, none;
	int a, b, lowest;

	set_up(getuid());
	a = client();
	lowest = dup(a);
	close_fd(lowest);
	g_assert_cmpint(getrlimit(RLIMIT_NOFILE, &before), ==, 0);
	none = (struct rlimit){(rlim_t)lowest, before.rlim_max};
	g_assert_cmpint(setrlimit(RLIMIT_NOFILE, &none), ==, 0);
	while (!g_main_context_iteration(NULL, FALSE))
		;
	g_assert_cmpint(setrlimit(RLIMIT_NOFILE, &before), ==, 0);
	g_assert_false(g_main_context_iteration(NULL, FALSE));
	b = served();
	g_assert_cmpint(send(a, "x", 1, 0), ==, 1);
	expect(b, "x");
	close_fd(a);
	close_fd(b);
	tear_down();
}

static void test_available(void)
{
	g_unsetenv("DISPLAY");
	g_assert_cmpuint(display_gateway_available(), ==, 0);
	back = listen_at("back");
	g_assert_cmpuint(display_gateway_available(), ==, BROWSER_WAYLAND);
	tear_down();
	g_setenv("DISPLAY", "far.example:1", TRUE);
	g_assert_cmpuint(display_gateway_available(), ==, 0);
}

int main(int argc, char **argv)
{
	struct sockaddr_un a;
	int failed;

	g_test_init(&argc, &argv, NULL);
	dir = g_dir_make_tmp("gateway-XXXXXX", NULL);
	a = address("back");
	g_setenv("WAYLAND_DISPLAY", a.sun_path, TRUE);
	g_test_add_func("/gateway/available", test_available);
	g_test_add_func("/gateway/both-ways", test_both_ways);
	g_test_add_func("/gateway/descriptors", test_descriptors);
	g_test_add_data_func("/gateway/slow-server", NULL, test_slow);
	g_test_add_data_func("/gateway/slow-client", &back, test_slow);
	g_test_add_func("/gateway/x11-full", test_x11_full);
	g_test_add_func("/gateway/strangers", test_strangers);
	g_test_add_func("/gateway/many", test_many);
	g_test_add_func("/gateway/comes-last", test_comes_last);
	g_test_add_func("/gateway/no-descriptor", test_no_descriptor);
	failed = g_test_run();
	(void)g_rmdir(dir);
	g_free(dir);
	return failed;
}
