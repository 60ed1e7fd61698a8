/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which files are a policy, and which are not to be trusted. */
#include "sources.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

static char *dir;

static char *path(const char *name)
{
	return g_build_filename(dir, name, NULL);
}

static void put(const char *name, const char *text)
{
	char *p = path(name), *parent = g_path_get_dirname(p);

	g_assert_cmpint(g_mkdir_with_parents(parent, 0755), ==, 0);
	g_assert_true(g_file_set_contents(p, text, -1, NULL));
	g_assert_cmpint(chmod(p, 0644), ==, 0);
	g_free(parent);
	g_free(p);
}

/* What is said of a file, NULL for nothing; freed by the next call. */
static struct sources seen;

static const char *said(const char *name, bool trusted)
{
	char *p = path(name);

	sources_clear(&seen);
	g_assert_cmpint(sources_add_file(&seen, p, trusted), ==, 0);
	g_assert_cmpuint(seen.n, ==, 1);
	g_assert_cmpstr(seen.items[0].name, ==, p);
	g_assert_true(!seen.items[0].text == !!seen.items[0].error);
	g_free(p);
	return seen.items[0].error;
}

static void remove_tree(const char *top)
{
	GDir *d = g_dir_open(top, 0, NULL);
	const char *name;

	while (d && (name = g_dir_read_name(d))) {
		char *p = g_build_filename(top, name, NULL);

		if (g_file_test(p, G_FILE_TEST_IS_DIR) && !g_file_test(p, G_FILE_TEST_IS_SYMLINK))
			remove_tree(p);
		else
			(void)g_unlink(p);
		g_free(p);
	}
	if (d)
		g_dir_close(d);
	(void)g_rmdir(top);
}

static void test_kinds(void)
{
	char *p = path("fifo"), *link = path("link"), *folder = path("folder");

	put("good", "text\n");
	g_assert_null(said("good", false));
	g_assert_cmpstr(said("nothing", false), ==, "cannot be opened: No such file or directory");
	g_assert_cmpint(g_mkdir(folder, 0755), ==, 0);
	g_assert_cmpstr(said("folder", false), ==, "is a directory: name a file");
	g_assert_cmpint(mkfifo(p, 0644), ==, 0);
	g_assert_cmpstr(said("fifo", false), ==, "is not a regular file: name one");
	g_assert_cmpint(symlink("good", link), ==, 0);
	g_assert_cmpstr(said("link", false), ==, "is a symbolic link: put the file itself there");
	g_free(folder);
	g_free(p);
	g_free(link);
}

static void test_size(void)
{
	char *p = path("large");

	put("large", "");
	g_assert_cmpint(truncate(p, SOURCE_SIZE_MAX), ==, 0);
	g_assert_null(said("large", false));
	g_assert_cmpint(truncate(p, SOURCE_SIZE_MAX + 1), ==, 0);
	g_assert_cmpstr(said("large", false), ==, "is larger than 4 MiB: split it into drop-ins");
	g_free(p);
}

static void test_trust(void)
{
	char *p = path("own");

	if (getuid() != 0) {
		g_test_skip("only root can give files away");
		return;
	}
	put("own", "text\n");
	g_assert_null(said("own", true));
	g_assert_cmpint(chmod(p, 0664), ==, 0);
	g_assert_nonnull(
		strstr(said("own", true), "can be written by others than root: chmod go-w"));
	g_assert_null(said("own", false));
	g_assert_cmpint(chmod(p, 0644), ==, 0);
	g_assert_cmpint(chown(p, 1, 0), ==, 0);
	g_assert_nonnull(strstr(said("own", true), "does not belong to root: chown root"));
	g_assert_cmpint(chown(p, 0, 0), ==, 0);
	g_assert_cmpint(chmod(dir, 0777), ==, 0);
	g_assert_nonnull(strstr(said("own", true), "the directory "));
	g_assert_cmpint(chmod(dir, 0755), ==, 0);
	g_free(p);
}

static void test_system(void)
{
	struct sources s = {0};
	char *usr = path("usr"), *etc = path("etc");
	static const char *const names[] = {"usr/policy.conf", "etc/policy.d/10-a.conf",
					    "usr/policy.d/20-b.conf", "etc/policy.d/30-c.conf"};

	put("usr/policy.conf", "usr");
	put("usr/policy.d/10-a.conf", "of usr");
	put("usr/policy.d/20-b.conf", "b");
	put("usr/policy.d/readme", "not one");
	put("etc/policy.d/10-a.conf", "of etc");
	put("etc/policy.d/30-c.conf", "c");
	put("etc/policy.d/.hidden.conf", "not one");
	g_assert_cmpint(sources_add_system(&s, usr, etc), ==, 0);
	g_assert_cmpuint(s.n, ==, ARRAY_SIZE(names));
	for (size_t i = 0; i < s.n; i++)
		g_assert_true(g_str_has_suffix(s.items[i].name, names[i]));
	g_assert_cmpstr(s.items[1].text, ==, "of etc");
	sources_clear(&s);

	put("etc/policy.conf", "etc");
	g_assert_cmpint(sources_add_system(&s, usr, etc), ==, 0);
	g_assert_cmpuint(s.n, ==, ARRAY_SIZE(names));
	g_assert_cmpstr(s.items[0].text, ==, "etc");
	sources_clear(&s);
	g_assert_cmpint(sources_add_system(&s, "/nonexistent", "/nonexistent"), ==, 0);
	g_assert_cmpuint(s.n, ==, 0);
	g_free(usr);
	g_free(etc);
}

/* What is said of the last of the system's files, and of which path; freed by the next call. */
static const char *said_last(const char *suffix)
{
	char *usr = path("usr2"), *etc = path("etc2");

	sources_clear(&seen);
	g_assert_cmpint(sources_add_system(&seen, usr, etc), ==, 0);
	g_free(usr);
	g_free(etc);
	if (!seen.n || !seen.items[seen.n - 1].error)
		return "nothing";
	g_assert_true(g_str_has_suffix(seen.items[seen.n - 1].name, suffix));
	return seen.items[seen.n - 1].error;
}

static void test_directories(void)
{
	char *etc = path("etc2"), *drop_ins = path("etc2/policy.d");

	put("usr2/policy.conf", "usr");
	put("etc2/policy.d", "a file");
	g_assert_cmpstr(said_last("etc2/policy.d"), ==, "is not a directory: move it away");
	(void)g_unlink(drop_ins);
	g_assert_cmpstr(said_last(""), ==, "nothing");
	if (getuid() == 0) {
		g_assert_cmpint(chmod(etc, 0777), ==, 0);
		g_assert_nonnull(
			strstr(said_last("etc2"), "the directory can be written by others"));
		g_assert_cmpint(chmod(etc, 0755), ==, 0);
		g_assert_cmpint(chown(etc, 1, 0), ==, 0);
		g_assert_nonnull(strstr(said_last("etc2"), "does not belong to root"));
		g_assert_cmpint(chown(etc, 0, 0), ==, 0);
		g_assert_cmpint(g_mkdir(drop_ins, 0700), ==, 0);
		g_assert_cmpint(chown(drop_ins, 1, 0), ==, 0);
		g_assert_nonnull(strstr(said_last("etc2/policy.d"), "does not belong to root"));
		g_assert_cmpint(chown(drop_ins, 0, 0), ==, 0);
	}
	g_assert_cmpstr(said_last(""), ==, "nothing");
	g_free(drop_ins);
	g_free(etc);
}

int main(int argc, char **argv)
{
	int r;

	g_test_init(&argc, &argv, NULL);
	dir = g_dir_make_tmp("sallyport-test.XXXXXX", NULL);
	g_assert_nonnull(dir);
	g_assert_cmpint(chmod(dir, 0755), ==, 0);
	g_test_add_func("/sources/kinds", test_kinds);
	g_test_add_func("/sources/size", test_size);
	g_test_add_func("/sources/trust", test_trust);
	g_test_add_func("/sources/system", test_system);
	g_test_add_func("/sources/directories", test_directories);
	r = g_test_run();
	sources_clear(&seen);
	remove_tree(dir);
	g_free(dir);
	return r;
}
