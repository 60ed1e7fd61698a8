/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What may pass between the launcher and the runner, and that nothing else does or is left open. */
#include "browser-wire.h"

#include <dirent.h>
#include <errno.h>
#include <glib.h>
#include <sys/socket.h>
#include <unistd.h>

static int pair[2];

static unsigned open_fds(void)
{
	DIR *d = opendir("/proc/self/fd");
	unsigned n = 0;

	while (readdir(d))
		n++;
	(void)closedir(d);
	return n;
}

static union browser_message start_of(const char *page)
{
	union browser_message m = browser_message(BROWSER_START);

	m.start.displays = BROWSER_X11;
	g_strlcpy(m.start.page, page, sizeof(m.start.page));
	return m;
}

static bool passes(const union browser_message *m, size_t size, enum browser_side side,
		   size_t n_fds)
{
	const char *why;
	int r = browser_wire_check(m, size, side, n_fds, &why);

	g_assert_true(r == 0 || r == -EPROTO);
	g_assert_cmpint(r == 0, ==, why == NULL);
	return r == 0;
}

static bool start_passes(const union browser_message *m)
{
	return passes(m, sizeof(m->start), TO_RUNNER, 0);
}

static void test_start(void)
{
	static const char *const good[] = {"", "http://a.example/", "https://192.0.2.1:8080/x?y#z"};
	static const char *const bad[] = {"file:///etc/passwd", "about:config", "--remote", "a",
					  "http://a b/",        "http://"};
	union browser_message m;

	for (size_t i = 0; i < G_N_ELEMENTS(good); i++) {
		m = start_of(good[i]);
		g_assert_true(start_passes(&m));
	}
	for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
		m = start_of(bad[i]);
		g_assert_false(start_passes(&m));
	}
	m = start_of("");
	m.start.page[BROWSER_PAGE_SIZE - 1] = 'x';
	g_assert_false(start_passes(&m));
	memset(m.start.page, 'x', sizeof(m.start.page));
	g_assert_false(start_passes(&m));
	m = start_of("");
	m.start.displays = 0;
	g_assert_false(start_passes(&m));
	m.start.displays = BROWSER_DISPLAYS + 1;
	g_assert_false(start_passes(&m));
}

static void test_frames(void)
{
	union browser_message m = start_of("");

	g_assert_true(start_passes(&m));
	g_assert_false(passes(&m, sizeof(m.start), TO_LAUNCHER, 0));
	g_assert_false(passes(&m, sizeof(m.start), TO_RUNNER, 1));
	for (size_t size = 0; size < sizeof(m.start); size++)
		g_assert_false(passes(&m, size, TO_RUNNER, 0));
	m.header.version++;
	g_assert_false(start_passes(&m));
	m = start_of("");
	m.header.pad = 1;
	g_assert_false(start_passes(&m));
	for (unsigned type = 0; type <= UINT16_MAX; type++) {
		m = start_of("");
		m.header.type = (uint16_t)type;
		g_assert_cmpint(start_passes(&m), ==, type == BROWSER_START);
	}
}

static void test_ranges(void)
{
	union browser_message m = browser_message(BROWSER_STARTED);

	m.started.displays = BROWSER_DISPLAYS;
	g_assert_true(passes(&m, sizeof(m.started), TO_LAUNCHER, 2));
	g_assert_false(passes(&m, sizeof(m.started), TO_LAUNCHER, 1));
	m = browser_message(BROWSER_REFUSED);
	for (uint32_t i = 0; i < BROWSER_REFUSAL_N + 2; i++) {
		m.refused.refusal = i;
		g_assert_cmpint(passes(&m, sizeof(m.refused), TO_LAUNCHER, 0), ==,
				i > 0 && i < BROWSER_REFUSAL_N);
	}
	m = browser_message(BROWSER_STOP);
	g_assert_true(passes(&m, sizeof(m.stop), TO_RUNNER, 0));
	m.stop.why = BROWSER_STOP_N;
	g_assert_false(passes(&m, sizeof(m.stop), TO_RUNNER, 0));
	m = browser_message(BROWSER_ENDED);
	g_assert_true(passes(&m, sizeof(m.ended), TO_LAUNCHER, 0));
	m.ended.how = BROWSER_END_N;
	g_assert_false(passes(&m, sizeof(m.ended), TO_LAUNCHER, 0));
}

static void test_descriptors(void)
{
	union browser_message m = browser_message(BROWSER_STARTED), got;
	unsigned before = open_fds();
	int fds[BROWSER_FDS_MAX];
	const char *why;

	g_assert_cmpint(browser_wire_receive(pair[1], TO_LAUNCHER, &got, fds, &why), ==, -EAGAIN);
	m.started.displays = BROWSER_DISPLAYS;
	m.started.uid = 7;
	g_assert_cmpint(browser_wire_send(pair[0], &m, pair, 2), ==, 0);
	g_assert_cmpint(browser_wire_receive(pair[1], TO_LAUNCHER, &got, fds, &why), ==, 1);
	g_assert_cmpmem(&m.started, sizeof(m.started), &got.started, sizeof(got.started));
	for (size_t i = 0; i < BROWSER_FDS_MAX; i++) {
		g_assert_cmpint(fds[i], >=, 0);
		close_fd(fds[i]);
	}
	/* Beside a message that has none, or fewer: closed, and no message. */
	g_assert_cmpint(browser_wire_send(pair[0], &m, pair, 1), ==, 0);
	g_assert_cmpint(browser_wire_receive(pair[1], TO_LAUNCHER, &got, fds, &why), ==, -EPROTO);
	m = start_of("http://a.example/");
	g_assert_cmpint(browser_wire_send(pair[0], &m, pair, 2), ==, 0);
	g_assert_cmpint(browser_wire_receive(pair[1], TO_RUNNER, &got, fds, &why), ==, -EPROTO);
	g_assert_cmpint(open_fds(), ==, before);
}

static void test_sizes(void)
{
	uint8_t large[sizeof(union browser_message) + 1] = {0};
	union browser_message m;
	int fds[BROWSER_FDS_MAX];
	const char *why;

	g_assert_cmpint(send(pair[0], large, sizeof(large), 0), ==, sizeof(large));
	g_assert_cmpint(browser_wire_receive(pair[1], TO_RUNNER, &m, fds, &why), ==, -EPROTO);
	g_assert_cmpint(send(pair[0], large, 3, 0), ==, 3);
	g_assert_cmpint(browser_wire_receive(pair[1], TO_RUNNER, &m, fds, &why), ==, -EPROTO);
	(void)close(pair[0]);
	g_assert_cmpint(browser_wire_receive(pair[1], TO_RUNNER, &m, fds, &why), ==, 0);
	m = browser_message(BROWSER_STOP);
	g_assert_cmpint(browser_wire_send(pair[1], &m, NULL, 0), ==, -EPIPE);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_assert_cmpint(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), ==, 0);
	g_test_add_func("/browser-wire/start", test_start);
	g_test_add_func("/browser-wire/frames", test_frames);
	g_test_add_func("/browser-wire/ranges", test_ranges);
	g_test_add_func("/browser-wire/descriptors", test_descriptors);
	g_test_add_func("/browser-wire/sizes", test_sizes);
	return g_test_run();
}
