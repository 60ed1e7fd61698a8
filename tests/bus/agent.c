/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * agent SESSION hang|dismiss|PASSWORD: a polkit authentication agent for tests. It leaves every
 * question open, dismisses it, or gives the password to polkit's own helper. Prints "ready",
 * "asked ACTION: MESSAGE" and "cancelled".
 */
#include "util.h"

#include <pwd.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>
#include <unistd.h>

#define HELPER "/usr/lib/polkit-1/polkit-agent-helper-1"
#define OBJECT "/org/sallyport/tests/Agent"
#define POLKIT                                                                 \
	"org.freedesktop.PolicyKit1", "/org/freedesktop/PolicyKit1/Authority", \
		"org.freedesktop.PolicyKit1.Authority"

static const char *mode;

/* The helper tells polkitd itself whether the password was right. */
static void give_password(const char *user, const char *cookie)
{
	char line[512];
	int fds[2];
	FILE *f;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) < 0)
		return;
	pid = fork();
	if (pid == 0) {
		(void)dup2(fds[1], STDIN_FILENO);
		(void)dup2(fds[1], STDOUT_FILENO);
		(void)close(fds[0]);
		(void)execl(HELPER, HELPER, user, (char *)NULL);
		_exit(127);
	}
	(void)close(fds[1]);
	f = fdopen(fds[0], "r+");
	(void)dprintf(fds[0], "%s\n", cookie);
	while (f && fgets(line, sizeof(line), f)) {
		if (strncmp(line, "PAM_PROMPT", 10) == 0)
			(void)dprintf(fds[0], "%s\n", mode);
		else if (strncmp(line, "SUCCESS", 7) == 0 || strncmp(line, "FAILURE", 7) == 0)
			break;
		else
			(void)dprintf(fds[0], "\n");
	}
	if (f)
		(void)fclose(f);
	(void)waitpid(pid, NULL, 0);
}

/* The first identity that polkit would take, as a user's name. */
static void read_identity(sd_bus_message *m, char *user, size_t size)
{
	const char *kind, *key;
	uint32_t uid = UINT32_MAX;
	const struct passwd *pw;

	(void)sd_bus_message_enter_container(m, 'a', "(sa{sv})");
	if (sd_bus_message_enter_container(m, 'r', "sa{sv}") > 0 &&
	    sd_bus_message_read(m, "s", &kind) > 0 &&
	    sd_bus_message_enter_container(m, 'a', "{sv}") > 0 &&
	    sd_bus_message_enter_container(m, 'e', "sv") > 0) {
		(void)sd_bus_message_read(m, "s", &key);
		(void)sd_bus_message_read(m, "v", "u", &uid);
	}
	pw = getpwuid(uid);
	(void)snprintf(user, size, "%s", pw ? pw->pw_name : "");
}

static int method_begin(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	const char *action, *message, *icon, *cookie;
	char user[64];

	(void)userdata;
	if (sd_bus_message_read(m, "sss", &action, &message, &icon) < 0 ||
	    sd_bus_message_skip(m, "a{ss}") < 0 || sd_bus_message_read(m, "s", &cookie) < 0)
		return -1;
	(void)printf("asked %s: %s\n", action, message);
	read_identity(m, user, sizeof(user));
	if (strcmp(mode, "hang") == 0) {
		(void)sd_bus_message_ref(m);
		return 1;
	}
	if (strcmp(mode, "dismiss") == 0)
		return sd_bus_error_set(error, "org.freedesktop.PolicyKit1.Error.Cancelled", "no");
	give_password(user, cookie);
	return sd_bus_reply_method_return(m, NULL);
}

static int method_cancel(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	(void)userdata;
	(void)error;
	(void)puts("cancelled");
	return sd_bus_reply_method_return(m, NULL);
}

static const sd_bus_vtable vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_METHOD("BeginAuthentication", "sssa{ss}sa(sa{sv})", "", method_begin,
		      SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD("CancelAuthentication", "s", "", method_cancel, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_VTABLE_END,
};

int main(int argc, char **argv)
{
	sd_event *event = NULL;
	sd_bus *bus = NULL;
	int r;

	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc != 3)
		return 2;
	mode = argv[2];
	if (sd_event_default(&event) < 0 || sd_bus_open_system(&bus) < 0 ||
	    sd_bus_attach_event(bus, event, 0) < 0 ||
	    sd_bus_add_object_vtable(bus, NULL, OBJECT,
				     "org.freedesktop.PolicyKit1.AuthenticationAgent", vtable,
				     NULL) < 0)
		return EXIT_FAILURE;
	r = sd_bus_call_method(bus, POLKIT, "RegisterAuthenticationAgent", NULL, NULL, "(sa{sv})ss",
			       "unix-session", 1, "session-id", "s", argv[1], "C", OBJECT);
	if (r < 0) {
		(void)fprintf(stderr, "agent: %s\n", strerror(-r));
		return EXIT_FAILURE;
	}
	(void)puts("ready");
	return sd_event_loop(event) < 0;
}
