/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "server.h"

#include "util.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <X11/Xauth.h>

#define X11_DIR "/tmp/.X11-unix"
#define COOKIE "MIT-MAGIC-COOKIE-1"

/* The number of a display of this machine (":1", ":1.0", "unix:1"), or NULL. */
static char *x11_number(void)
{
	const char *display = g_getenv("DISPLAY"), *number = display ? strrchr(display, ':') : NULL;
	gsize digits;

	if (!number || (*display != ':' && !g_str_has_prefix(display, "unix:") &&
			!g_str_has_prefix(display, "unix/:")))
		return NULL;
	number++;
	digits = strspn(number, "0123456789");
	if (!digits || (number[digits] && number[digits] != '.'))
		return NULL;
	return g_strndup(number, digits);
}

/* The file alone: anybody can take the abstract name of a display that does not listen there. */
static char *x11_path(void)
{
	g_autofree char *number = x11_number();

	return number ? g_strconcat(X11_DIR "/X", number, NULL) : NULL;
}

static char *wayland_path(void)
{
	const char *name = g_getenv("WAYLAND_DISPLAY"), *dir = g_getenv("XDG_RUNTIME_DIR");

	if (!name || !*name)
		return NULL;
	if (*name == '/')
		return g_strdup(name);
	return dir ? g_build_filename(dir, name, NULL) : NULL;
}

static int connect_path(const char *path)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	_cleanup_(closep) int fd = -1;

	if (!path)
		return -ENOENT;
	if (g_strlcpy(a.sun_path, path, sizeof(a.sun_path)) >= sizeof(a.sun_path))
		return -ENAMETOOLONG;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || connect(fd, (const struct sockaddr *)&a, sizeof(a)) < 0)
		return -errno;
	return TAKE_FD(fd);
}

int server_connect(enum browser_display which)
{
	g_autofree char *path = which == BROWSER_X11 ? x11_path() : wayland_path();

	return connect_path(path);
}

/* An entry names the machine: another name, or none, is another's display. */
void server_authorization(struct x11_auth *ret)
{
	g_autofree char *number = x11_number();
	char host[256] = "";
	Xauth *found;

	*ret = (struct x11_auth){.name_size = 0};
	if (!number || gethostname(host, sizeof(host) - 1) < 0)
		return;
	found = XauGetAuthByAddr(FamilyLocal, (unsigned short)strlen(host), host,
				 (unsigned short)strlen(number), number, sizeof(COOKIE) - 1,
				 COOKIE);
	if (!found)
		return;
	if (found->name_length <= X11_AUTH_MAX && found->data_length <= X11_AUTH_MAX) {
		ret->name_size = found->name_length;
		ret->data_size = found->data_length;
		memcpy(ret->name, found->name, ret->name_size);
		memcpy(ret->data, found->data, ret->data_size);
	}
	XauDisposeAuth(found);
}
