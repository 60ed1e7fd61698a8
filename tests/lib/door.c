/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * door USER SECONDS: a program that asks over D-Bus for a door and holds it, as stdin says.
 * Prints "opened ID" or "refused ERROR SENTENCE"; "ended" when the descriptor says so, and
 * "signal ID REASON" for each LeaseEnded. Commands, a line each:
 *
 * close          closes the descriptor, stays on the bus: prints "closed"
 * leave          leaves the bus, keeps the descriptor: prints "left"
 * disable USER   DisableClearnetUser: prints "disabled" or "refused ..."
 * extend SECONDS prints "extended" or "refused ..."
 * quit           so does the end of stdin
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#define NAME "org.sallyport1"
#define OBJECT "/org/sallyport1"
#define CLEARNET "org.sallyport1.Clearnet"
#define PATIENCE (120 * UINT64_C(1000000))

static sd_bus *bus;
static int lease = -1;
static char id[64];

static void die(const char *what, int r)
{
	(void)fprintf(stderr, "door: %s: %s\n", what, strerror(-r));
	exit(2);
}

static int call(const char *member, sd_bus_message **ret, const char *types, ...)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	sd_bus_message *m = NULL;
	va_list ap;
	int r;

	r = sd_bus_message_new_method_call(bus, &m, NAME, OBJECT, CLEARNET, member);
	if (r < 0)
		die(member, r);
	va_start(ap, types);
	r = sd_bus_message_appendv(m, types, ap);
	va_end(ap);
	if (r < 0)
		die(member, r);
	(void)sd_bus_message_set_allow_interactive_authorization(m, 1);
	r = sd_bus_call(bus, m, PATIENCE, &error, ret);
	if (r < 0)
		(void)printf("refused %s %s\n", error.name ? error.name : strerror(-r),
			     error.message ? error.message : "");
	sd_bus_error_free(&error);
	(void)sd_bus_message_unref(m);
	return r;
}

static int on_ended(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	const char *its, *reason;

	(void)userdata;
	(void)error;
	if (sd_bus_message_read(m, "ss", &its, &reason) >= 0)
		(void)printf("signal %s %s\n", its, reason);
	return 0;
}

static int open_door(const char *user, unsigned seconds)
{
	sd_bus_message *reply = NULL;
	const char *its;
	uint64_t expires;
	int fd, r;

	r = call("EnableClearnetUser", &reply, "sua{sv}", user, seconds, 0);
	if (r < 0)
		return r;
	r = sd_bus_message_read(reply, "hst", &fd, &its, &expires);
	if (r < 0)
		die("the answer", r);
	lease = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	(void)snprintf(id, sizeof(id), "%s", its);
	(void)sd_bus_message_unref(reply);
	(void)printf("opened %s\n", id);
	return 0;
}

static void close_lease(void)
{
	if (lease >= 0)
		(void)close(lease);
	lease = -1;
}

static void extend(unsigned seconds)
{
	sd_bus_message *reply = NULL;

	if (call("ExtendLease", &reply, "su", id, seconds) >= 0)
		(void)puts("extended");
	(void)sd_bus_message_unref(reply);
}

static void disable(const char *user)
{
	sd_bus_message *reply = NULL;

	if (call("DisableClearnetUser", &reply, "s", user) >= 0)
		(void)puts("disabled");
	(void)sd_bus_message_unref(reply);
}

/* False: the end. */
static int obey(char *line)
{
	char *rest = NULL, *verb = strtok_r(line, " \n", &rest),
	     *word = strtok_r(NULL, " \n", &rest);

	if (!verb || strcmp(verb, "quit") == 0)
		return 0;
	if (strcmp(verb, "close") == 0) {
		close_lease();
		(void)puts("closed");
	} else if (strcmp(verb, "leave") == 0) {
		bus = sd_bus_flush_close_unref(bus);
		(void)puts("left");
	} else if (strcmp(verb, "extend") == 0 && word && bus) {
		extend((unsigned)strtoul(word, NULL, 10));
	} else if (strcmp(verb, "disable") == 0 && word && bus) {
		disable(word);
	} else {
		(void)puts("refused what? not now");
	}
	return 1;
}

static int bus_round(void)
{
	int r;

	while (bus && (r = sd_bus_process(bus, NULL)) != 0)
		if (r < 0) {
			(void)puts("bus gone");
			bus = sd_bus_unref(bus);
		}
	return bus ? sd_bus_get_fd(bus) : -1;
}

static void loop(void)
{
	for (;;) {
		struct pollfd p[] = {
			{.fd = STDIN_FILENO, .events = POLLIN},
			{.fd = lease, .events = 0},
			{.fd = bus_round(), .events = POLLIN},
		};
		char line[256];

		p[1].fd = lease;
		(void)fflush(stdout);
		if (poll(p, 3, -1) < 0 && errno != EINTR)
			die("poll", -errno);
		if (p[1].revents) {
			(void)puts("ended");
			close_lease();
		}
		if (p[0].revents) {
			ssize_t n = read(STDIN_FILENO, line, sizeof(line) - 1);

			if (n <= 0)
				return;
			line[n] = '\0';
			if (!obey(line))
				return;
		}
	}
}

int main(int argc, char **argv)
{
	int r;

	if (argc != 3) {
		(void)fprintf(stderr, "usage: door USER SECONDS\n");
		return 2;
	}
	r = sd_bus_open_system(&bus);
	if (r < 0)
		die("the system bus", r);
	r = sd_bus_match_signal(bus, NULL, NAME, OBJECT, CLEARNET, "LeaseEnded", on_ended, NULL);
	if (r < 0)
		die("match", r);
	if (open_door(argv[1], (unsigned)strtoul(argv[2], NULL, 10)) < 0) {
		(void)fflush(stdout);
		return 1;
	}
	loop();
	return 0;
}
