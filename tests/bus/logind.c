/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * logind FIFO: as much of org.freedesktop.login1 as sallyport asks of it, for what a real one does
 * only on a machine that boots, logs in and sleeps. Commands, a line each:
 *
 *   session UID NAME    processes of UID are in session NAME, which is active
 *   inactive NAME       it is not any more; remove NAME: it has ended
 *   sleep, wake         announces it
 *   refuse, grant       gives no delay locks, gives them again
 *
 * Prints "ready", "inhibited" and "released" (the delay lock is gone).
 */
#include "util.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>
#include <unistd.h>

#define LOGIND "org.freedesktop.login1"
#define MANAGER_PATH "/org/freedesktop/login1"
#define MANAGER LOGIND ".Manager"
#define SESSION LOGIND ".Session"

struct session {
	uid_t uid;
	char name[32], path[96];
	int active;
};

static sd_bus *bus;
static sd_event *event;
static struct session sessions[8];
static size_t n_sessions;
static bool refusing;

static const struct session *of_uid(uid_t uid)
{
	for (size_t i = 0; i < n_sessions; i++)
		if (sessions[i].uid == uid)
			return &sessions[i];
	return NULL;
}

static int method_by_pid(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	const struct session *s = NULL;
	struct stat st;
	char path[32];
	uint32_t pid;

	(void)userdata;
	if (sd_bus_message_read(m, "u", &pid) < 0)
		return -1;
	(void)snprintf(path, sizeof(path), "/proc/%u", pid);
	if (stat(path, &st) == 0)
		s = of_uid(st.st_uid);
	if (!s)
		return sd_bus_error_set(error, LOGIND ".NoSessionForPID", "none");
	return sd_bus_reply_method_return(m, "o", s->path);
}

static int method_user(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	(void)m;
	(void)userdata;
	return sd_bus_error_set(error, LOGIND ".NoSuchUser", "none");
}

static int on_released(sd_event_source *s, int fd, uint32_t revents, void *userdata)
{
	(void)fd;
	(void)revents;
	(void)userdata;
	(void)puts("released");
	(void)sd_event_source_disable_unref(s);
	return 0;
}

static int method_inhibit(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	int fds[2], r;

	(void)userdata;
	if (refusing)
		return sd_bus_error_set(error, LOGIND ".OperationInProgress", "not now");
	if (pipe2(fds, O_CLOEXEC) < 0 ||
	    sd_event_add_io(event, NULL, fds[0], 0, on_released, NULL) < 0)
		return -1;
	(void)puts("inhibited");
	r = sd_bus_reply_method_return(m, "h", fds[1]);
	(void)close(fds[1]);
	return r;
}

static int property_active(sd_bus *b, const char *path, const char *interface, const char *name,
			   sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	(void)b;
	(void)path;
	(void)interface;
	(void)name;
	(void)error;
	return sd_bus_message_append(reply, "b", ((const struct session *)userdata)->active);
}

static const sd_bus_vtable manager_vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_METHOD("GetSessionByPID", "u", "o", method_by_pid, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD("GetUser", "u", "o", method_user, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD("Inhibit", "ssss", "h", method_inhibit, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_VTABLE_END,
};

static const sd_bus_vtable session_vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_PROPERTY("Active", "b", property_active, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_VTABLE_END,
};

static void add_session(uid_t uid, const char *name)
{
	struct session *s = &sessions[n_sessions];

	if (n_sessions == ARRAY_SIZE(sessions))
		return;
	n_sessions++;
	s->uid = uid;
	s->active = 1;
	(void)snprintf(s->name, sizeof(s->name), "%s", name);
	(void)snprintf(s->path, sizeof(s->path), MANAGER_PATH "/session/%s", name);
	(void)sd_bus_add_object_vtable(bus, NULL, s->path, SESSION, session_vtable, s);
	(void)printf("session %s\n", name);
}

static void obey(const char *line)
{
	char word[3][32] = {"", "", ""};
	uint32_t uid;

	(void)sscanf(line, "%31s %31s %31s", word[0], word[1], word[2]);
	if (strcmp(word[0], "session") == 0 && parse_u32(word[1], UINT32_MAX, &uid) == 0)
		add_session(uid, word[2]);
	if (strcmp(word[0], "sleep") == 0 || strcmp(word[0], "wake") == 0)
		(void)sd_bus_emit_signal(bus, MANAGER_PATH, MANAGER, "PrepareForSleep", "b",
					 strcmp(word[0], "sleep") == 0);
	if (strcmp(word[0], "refuse") == 0 || strcmp(word[0], "grant") == 0)
		refusing = strcmp(word[0], "refuse") == 0;
	for (size_t i = 0; i < n_sessions; i++) {
		struct session *s = &sessions[i];

		if (strcmp(s->name, word[1]) != 0)
			continue;
		if (strcmp(word[0], "inactive") == 0) {
			s->active = 0;
			(void)sd_bus_emit_properties_changed(bus, s->path, SESSION, "Active", NULL);
		} else if (strcmp(word[0], "remove") == 0) {
			(void)sd_bus_emit_signal(bus, MANAGER_PATH, MANAGER, "SessionRemoved", "so",
						 s->name, s->path);
			s->uid = UINT32_MAX;
		}
	}
}

static int on_command(sd_event_source *s, int fd, uint32_t revents, void *userdata)
{
	char buf[256];
	ssize_t n = read(fd, buf, sizeof(buf) - 1);
	char *rest = buf, *line;

	(void)s;
	(void)revents;
	(void)userdata;
	if (n <= 0)
		return 0;
	buf[n] = '\0';
	while ((line = strsep(&rest, "\n")))
		if (*line)
			obey(line);
	return 0;
}

int main(int argc, char **argv)
{
	int fd = argc == 2 ? open(argv[1], O_RDWR | O_NONBLOCK | O_CLOEXEC) : -1;

	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	if (fd < 0 || sd_event_default(&event) < 0 || sd_bus_open_system(&bus) < 0 ||
	    sd_bus_attach_event(bus, event, 0) < 0 ||
	    sd_bus_add_object_vtable(bus, NULL, MANAGER_PATH, MANAGER, manager_vtable, NULL) < 0 ||
	    sd_event_add_io(event, NULL, fd, EPOLLIN, on_command, NULL) < 0 ||
	    sd_bus_request_name(bus, LOGIND, 0) < 0)
		return EXIT_FAILURE;
	(void)puts("ready");
	return sd_event_loop(event) < 0;
}
