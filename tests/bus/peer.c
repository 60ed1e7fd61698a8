/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * peer FIFO: a client of org.sallyport1 that does what it reads from FIFO, a line each, and prints
 * what happens, a line each:
 *
 *   enable USER SECONDS [interactive] [portal]   granted ID EXPIRES | error NAME: TEXT
 *   prompts N USER SECONDS              N interactive calls at once; errors as above
 *   extend ID SECONDS                   extended EXPIRES | error ...
 *   disable USER                        disabled | error ...
 *   list [interactive]                  listed N
 *   consents N                          consent | error ..., for each of N calls at once
 *   fds N                               error ... for each of N calls with 16 descriptors
 *   long OWNER INTERFACE MEMBER SIZE    error ...: a call with one text, of that size
 *   blocked own|all                     blocked N | error ...: subscribes, and has N entries
 *   unblock                             unblocked
 *   crowd N                             crowd SUBSCRIBED REFUSED, of N more connections
 *   latency N                           latency MEDIAN MAX, microseconds, of N reads one by one
 *   dropfd, dropbus, quit
 *
 * and unasked: "hup" when a lease's descriptor ends, "signal MEMBER ID TEXT", "refused UID PORT
 * CLASS".
 */
#include "util.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>
#include <unistd.h>

#define SERVICE "org.sallyport1", "/org/sallyport1"
#define CLEARNET "org.sallyport1.Clearnet"
#define AUTOCONFIG "org.sallyport1.Autoconfig"
#define MANAGER "org.sallyport1.Manager"
#define ENTRY "tttuuiyqayss"
#define PATIENCE (200 * USEC_PER_SEC)

static sd_bus *bus;
static sd_event *event;
static int lease = -1;
static sd_event_source *lease_source;

static int on_lease(sd_event_source *s, int fd, uint32_t revents, void *userdata)
{
	(void)fd;
	(void)revents;
	(void)userdata;
	(void)puts("hup");
	(void)sd_event_source_set_enabled(s, SD_EVENT_OFF);
	return 0;
}

static bool print_error(sd_bus_message *reply)
{
	const sd_bus_error *e = sd_bus_message_get_error(reply);

	if (e)
		(void)printf("error %s: %s\n", e->name, e->message ? e->message : "");
	return e;
}

static int on_enabled(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	const char *id;
	uint64_t expires;
	int fd;

	(void)userdata;
	(void)error;
	if (print_error(reply))
		return 1;
	if (sd_bus_message_read(reply, "hst", &fd, &id, &expires) < 0)
		return puts("error malformed reply");
	lease_source = sd_event_source_disable_unref(lease_source);
	close_fd(lease);
	lease = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	(void)sd_event_add_io(event, &lease_source, lease, 0, on_lease, NULL);
	return printf("granted %s %llu\n", id, (unsigned long long)expires);
}

static int on_extended(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	uint64_t expires = 0;

	(void)userdata;
	(void)error;
	if (print_error(reply))
		return 1;
	(void)sd_bus_message_read(reply, "t", &expires);
	return printf("extended %llu\n", (unsigned long long)expires);
}

static int on_disabled(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	(void)userdata;
	(void)error;
	return print_error(reply) ? 1 : puts("disabled");
}

static int on_listed(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	int n = 0;

	(void)userdata;
	(void)error;
	if (print_error(reply))
		return 1;
	(void)sd_bus_message_enter_container(reply, 'a', "(ssutts)");
	while (sd_bus_message_skip(reply, "(ssutts)") > 0)
		n++;
	return printf("listed %d\n", n);
}

static int on_subscribed(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	int n = 0;

	(void)userdata;
	(void)error;
	if (print_error(reply))
		return 1;
	(void)sd_bus_message_enter_container(reply, 'a', "(" ENTRY ")");
	while (sd_bus_message_skip(reply, "(" ENTRY ")") > 0)
		n++;
	return printf("blocked %d\n", n);
}

/* They stay until this process ends. */
static void crowd(uint32_t n)
{
	uint32_t subscribed = 0;

	for (uint32_t i = 0; i < n; i++) {
		sd_bus *other = NULL;

		if (sd_bus_open_system(&other) >= 0 &&
		    sd_bus_call_method(other, SERVICE, MANAGER, "SubscribeBlocked", NULL, NULL, "b",
				       0) >= 0)
			subscribed++;
	}
	(void)printf("crowd %u %u\n", subscribed, n - subscribed);
}

static int on_unsubscribed(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	(void)userdata;
	(void)error;
	return print_error(reply) ? 1 : puts("unblocked");
}

static int on_consent(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	(void)userdata;
	(void)error;
	return print_error(reply) ? 1 : puts("consent");
}

static sd_bus_message *new_call(const char *member)
{
	sd_bus_message *m = NULL;

	if (sd_bus_message_new_method_call(bus, &m, SERVICE, CLEARNET, member) < 0)
		exit(EXIT_FAILURE);
	return m;
}

static void send_call(sd_bus_message *m, bool interactive, sd_bus_message_handler_t fn)
{
	(void)sd_bus_message_set_allow_interactive_authorization(m, interactive);
	if (sd_bus_call_async(bus, NULL, m, fn, NULL, PATIENCE) < 0)
		(void)puts("error cannot send");
	(void)sd_bus_message_unref(m);
}

static void enable(const char *user, uint32_t seconds, bool interactive, bool portal)
{
	sd_bus_message *m = new_call("EnableClearnetUser");

	if (portal)
		(void)sd_bus_message_append(m, "sua{sv}", user, seconds, 1, "scope", "s", "portal");
	else
		(void)sd_bus_message_append(m, "sua{sv}", user, seconds, 0);
	send_call(m, interactive, on_enabled);
}

static int compare(const void *a, const void *b)
{
	return *(const usec_t *)a < *(const usec_t *)b ? -1
						       : *(const usec_t *)a > *(const usec_t *)b;
}

static void consents(uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		if (sd_bus_call_method_async(bus, NULL, SERVICE, AUTOCONFIG, "GetConsent",
					     on_consent, NULL, NULL) < 0)
			(void)puts("error cannot send");
	(void)puts("asking");
}

/* Between them reads, for which the service asks the bus who it is that calls. */
static void fds(uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		sd_bus_message *m = new_call(i % 4 ? "ExtendLease" : "ListLeases");

		for (int k = 0; i % 4 && k < 16; k++)
			(void)sd_bus_message_append(m, "h", STDIN_FILENO);
		send_call(m, false, i % 4 ? on_extended : on_listed);
	}
	(void)puts("sent");
}

static void call_long(const char *owner, const char *interface, const char *member, uint32_t size)
{
	_cleanup_(freep) char *text = malloc((size_t)size + 1);
	sd_bus_message *m = NULL;

	if (!text || sd_bus_message_new_method_call(bus, &m, owner, "/org/sallyport1", interface,
						    member) < 0)
		exit(EXIT_FAILURE);
	memset(text, 'x', size);
	text[size] = '\0';
	(void)sd_bus_message_append(m, "s", text);
	send_call(m, false, on_unsubscribed);
}

static void latency(uint32_t n)
{
	_cleanup_(freep) usec_t *times = calloc(n ? n : 1, sizeof(*times));

	for (uint32_t i = 0; times && i < n; i++) {
		usec_t start = now_boottime();

		(void)sd_bus_call_method(bus, SERVICE, CLEARNET, "ListLeases", NULL, NULL, NULL);
		times[i] = now_boottime() - start;
	}
	if (!times || !n)
		return;
	qsort(times, n, sizeof(*times), compare);
	(void)printf("latency %llu %llu\n", (unsigned long long)times[n / 2],
		     (unsigned long long)times[n - 1]);
}

static void obey(char *line)
{
	char word[5][64] = {"", "", "", "", ""};
	uint32_t n = 0, seconds = 0;
	sd_bus_message *m;

	(void)sscanf(line, "%63s %63s %63s %63s %63s", word[0], word[1], word[2], word[3], word[4]);
	if (strcmp(word[0], "enable") == 0 && parse_u32(word[2], UINT32_MAX, &seconds) == 0) {
		enable(word[1], seconds, strstr(line, " interactive"), strstr(line, " portal"));
	} else if (strcmp(word[0], "prompts") == 0 && parse_u32(word[1], 1000, &n) == 0 &&
		   parse_u32(word[3], UINT32_MAX, &seconds) == 0) {
		for (uint32_t i = 0; i < n; i++)
			enable(word[2], seconds, true, false);
		(void)puts("prompting");
	} else if (strcmp(word[0], "extend") == 0 &&
		   parse_u32(word[2], UINT32_MAX, &seconds) == 0) {
		m = new_call("ExtendLease");
		(void)sd_bus_message_append(m, "su", word[1], seconds);
		send_call(m, false, on_extended);
	} else if (strcmp(word[0], "disable") == 0) {
		m = new_call("DisableClearnetUser");
		(void)sd_bus_message_append(m, "s", word[1]);
		send_call(m, false, on_disabled);
	} else if (strcmp(word[0], "list") == 0) {
		send_call(new_call("ListLeases"), *word[1], on_listed);
	} else if (strcmp(word[0], "consents") == 0 && parse_u32(word[1], 1000, &n) == 0) {
		consents(n);
	} else if (strcmp(word[0], "fds") == 0 && parse_u32(word[1], 1000, &n) == 0) {
		fds(n);
	} else if (strcmp(word[0], "long") == 0 && parse_u32(word[4], UINT32_MAX, &n) == 0) {
		call_long(word[1], word[2], word[3], n);
	} else if (strcmp(word[0], "blocked") == 0) {
		(void)sd_bus_call_method_async(bus, NULL, SERVICE, MANAGER, "SubscribeBlocked",
					       on_subscribed, NULL, "b",
					       strcmp(word[1], "all") == 0);
	} else if (strcmp(word[0], "crowd") == 0 && parse_u32(word[1], 100, &n) == 0) {
		crowd(n);
	} else if (strcmp(word[0], "unblock") == 0) {
		(void)sd_bus_call_method_async(bus, NULL, SERVICE, MANAGER, "UnsubscribeBlocked",
					       on_unsubscribed, NULL, NULL);
	} else if (strcmp(word[0], "latency") == 0 && parse_u32(word[1], 10000, &n) == 0) {
		latency(n);
	} else if (strcmp(word[0], "dropfd") == 0) {
		lease_source = sd_event_source_disable_unref(lease_source);
		lease = close_fd(lease);
	} else if (strcmp(word[0], "dropbus") == 0) {
		(void)sd_bus_set_exit_on_disconnect(bus, 0);
		(void)sd_bus_flush(bus);
		sd_bus_close(bus);
	} else if (strcmp(word[0], "quit") == 0) {
		(void)sd_event_exit(event, 0);
	} else {
		(void)printf("what is \"%s\"?\n", line);
	}
}

static int on_command(sd_event_source *s, int fd, uint32_t revents, void *userdata)
{
	static char buf[4096];
	static size_t used;
	ssize_t n = read(fd, buf + used, sizeof(buf) - 1 - used);
	char *newline;

	(void)s;
	(void)revents;
	(void)userdata;
	if (n <= 0)
		return 0;
	used += (size_t)n;
	buf[used] = '\0';
	while ((newline = strchr(buf, '\n'))) {
		*newline = '\0';
		obey(buf);
		used -= (size_t)(newline + 1 - buf);
		memmove(buf, newline + 1, used + 1);
	}
	return 0;
}

static int on_signal(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	const char *id = "", *text = "";

	(void)userdata;
	(void)error;
	(void)sd_bus_message_read(m, "ss", &id, &text);
	return printf("signal %s %s %s\n", sd_bus_message_get_member(m), id, text) < 0;
}

static int on_blocked(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	const char *class = "";
	uint32_t uid = 0;
	uint16_t port = 0;

	(void)userdata;
	(void)error;
	(void)sd_bus_message_skip(m, "tttu");
	(void)sd_bus_message_read(m, "u", &uid);
	(void)sd_bus_message_skip(m, "iy");
	(void)sd_bus_message_read(m, "q", &port);
	(void)sd_bus_message_skip(m, "ay");
	(void)sd_bus_message_read(m, "s", &class);
	return printf("refused %u %u %s\n", uid, port, class) < 0;
}

int main(int argc, char **argv)
{
	int fd, r;

	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	fd = argc == 2 ? open(argv[1], O_RDWR | O_NONBLOCK | O_CLOEXEC) : -1;
	if (fd < 0 || sd_event_default(&event) < 0 || sd_bus_open_system(&bus) < 0 ||
	    sd_bus_attach_event(bus, event, 0) < 0 ||
	    sd_bus_match_signal(bus, NULL, NULL, "/org/sallyport1", CLEARNET, NULL, on_signal,
				NULL) < 0 ||
	    sd_bus_match_signal(bus, NULL, NULL, "/org/sallyport1", MANAGER, "Blocked", on_blocked,
				NULL) < 0 ||
	    sd_event_add_io(event, NULL, fd, EPOLLIN, on_command, NULL) < 0) {
		(void)fprintf(stderr, "peer: %s\n", strerror(errno));
		return EXIT_FAILURE;
	}
	(void)puts("ready");
	r = sd_event_loop(event);
	return r < 0 ? EXIT_FAILURE : r;
}
