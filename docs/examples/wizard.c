/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * wizard [--consent NETWORK] [--door USER [SCOPE]]
 *
 * An example client of org.sallyport1: prints what a window would show, as it changes, and on
 * demand consents or holds a door. Nothing is polled. docs/wizards.md tells the order of steps.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>
#include <unistd.h>

#define NAME "org.sallyport1"
#define OBJECT NAME, "/org/sallyport1" /* and where it is */
#define PERSON 120000000               /* microseconds: polkit may ask somebody */

static sd_bus *bus;
static char owner[64]; /* the unique name of NAME's owner; "": nobody */

static void must(int r, const char *what)
{
	if (r >= 0)
		return;
	(void)fprintf(stderr, "wizard: %s: %s\n", what, strerror(-r));
	exit(1);
}

/* All that is left in a message: an entry of a dictionary is a line. */
static void print(sd_bus_message *m)
{
	const char *contents;
	char type;

	while (sd_bus_message_peek_type(m, &type, &contents) > 0) {
		union {
			const char *s;
			uint32_t u;
			uint64_t t;
			int b;
		} v;

		if (contents) {
			must(sd_bus_message_enter_container(m, type, contents), "message");
			print(m);
			must(sd_bus_message_exit_container(m), "message");
			if (type == SD_BUS_TYPE_DICT_ENTRY)
				(void)puts("");
			continue;
		}
		must(sd_bus_message_read_basic(m, type, &v), "message");
		if (type == SD_BUS_TYPE_STRING)
			(void)printf("%s ", *v.s ? v.s : "-");
		else if (type == SD_BUS_TYPE_UINT64)
			(void)printf("%llu ", (unsigned long long)v.t);
		else
			(void)printf("%u ", type == SD_BUS_TYPE_BOOLEAN ? (uint32_t)v.b : v.u);
	}
}

static int on_all(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	(void)userdata;
	(void)error;
	if (!sd_bus_message_is_method_error(m, NULL))
		print(m);
	return 0;
}

/* Anybody can send a signal that looks like one of the service's: who has sent it counts. */
static int on_signal(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	const char *sender = sd_bus_message_get_sender(m);

	(void)userdata;
	(void)error;
	if (!sender || strcmp(sender, owner) != 0)
		return 0;
	if (sd_bus_message_is_signal(m, "org.freedesktop.DBus.Properties", NULL) > 0) {
		must(sd_bus_message_skip(m, "s"), "signal"); /* of which interface */
		print(m);
	} else {
		(void)printf("%s ", sd_bus_message_get_member(m));
		print(m);
		(void)puts("");
	}
	return 0;
}

/* Signals are listened to by now, so that nothing is missed: how is all to begin with? */
static int on_owner(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	static const char *const interfaces[] = {NAME ".Manager", NAME ".Autoconfig", NAME ".DNS",
						 NAME ".Clearnet"};
	const char *sender = sd_bus_message_get_sender(m), *name = "";

	(void)userdata;
	(void)error;
	if (!sender || strcmp(sender, "org.freedesktop.DBus") != 0)
		return 0;
	if (sd_bus_message_is_signal(m, NULL, NULL) > 0)
		must(sd_bus_message_read(m, "sss", NULL, NULL, &name), "signal");
	else if (!sd_bus_message_is_method_error(m, NULL))
		must(sd_bus_message_read(m, "s", &name), "GetNameOwner");
	(void)snprintf(owner, sizeof(owner), "%s", name);
	(void)puts(*owner ? "the service is there" : "the service has gone");
	for (size_t i = 0; *owner && i < sizeof(interfaces) / sizeof(interfaces[0]); i++)
		must(sd_bus_call_method_async(bus, NULL, OBJECT, "org.freedesktop.DBus.Properties",
					      "GetAll", on_all, NULL, "s", interfaces[i]),
		     "GetAll");
	return 0;
}

static int on_closed(sd_event_source *s, int fd, uint32_t revents, void *userdata)
{
	(void)fd;
	(void)revents;
	(void)userdata;
	(void)puts("the door is closed");
	return sd_event_source_set_enabled(s, SD_EVENT_OFF);
}

/* The answer to either call; a door lives while the descriptor does, so a copy is kept, and
 * watched. */
static int on_answer(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	const sd_bus_error *e = sd_bus_message_get_error(m);
	const char *what = userdata;
	int fd;

	(void)error;
	(void)printf("%s: %s\n", what, e ? e->message : "yes");
	if (e || sd_bus_message_has_signature(m, "hst") <= 0)
		return 0;
	must(sd_bus_message_read(m, "h", &fd), "answer");
	must(sd_event_add_io(sd_bus_get_event(bus), NULL, dup(fd), 0, on_closed, NULL), "lease");
	return 0;
}

static void ask_door(const char *user, const char *scope)
{
	sd_bus_message *m = NULL;
	int r;

	r = sd_bus_message_new_method_call(bus, &m, OBJECT, NAME ".Clearnet", "EnableClearnetUser");
	if (r >= 0)
		r = scope ? sd_bus_message_append(m, "sua{sv}", user, 0, 1, "scope", "s", scope)
			  : sd_bus_message_append(m, "sua{sv}", user, 0, 0);
	if (r >= 0)
		r = sd_bus_message_set_allow_interactive_authorization(m, 1);
	if (r >= 0)
		r = sd_bus_call_async(bus, NULL, m, on_answer, (char *)"door", PERSON);
	must(r, "EnableClearnetUser");
	(void)sd_bus_message_unref(m);
}

static void listen_to_all(void)
{
	static const struct {
		const char *match;
		sd_bus_message_handler_t fn;
	} matches[] = {
		{"type='signal',sender='org.freedesktop.DBus',member='NameOwnerChanged',"
		 "arg0='" NAME "'",
		 on_owner},
		{"type='signal',sender='" NAME "',path='/org/sallyport1'", on_signal},
	};

	for (size_t i = 0; i < sizeof(matches) / sizeof(matches[0]); i++)
		must(sd_bus_add_match(bus, NULL, matches[i].match, matches[i].fn, NULL), "match");
	must(sd_bus_call_method_async(bus, NULL, "org.freedesktop.DBus", "/org/freedesktop/DBus",
				      "org.freedesktop.DBus", "GetNameOwner", on_owner, NULL, "s",
				      NAME),
	     "GetNameOwner");
}

int main(int argc, char **argv)
{
	sd_event *event = NULL;

	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	must(sd_event_default(&event), "event loop");
	must(sd_bus_open_system(&bus), "system bus");
	must(sd_bus_attach_event(bus, event, SD_EVENT_PRIORITY_NORMAL), "system bus");
	listen_to_all();
	for (int i = 1; i + 1 < argc; i++)
		if (strcmp(argv[i], "--door") == 0)
			ask_door(argv[i + 1], i + 2 < argc ? argv[i + 2] : NULL);
		else if (strcmp(argv[i], "--consent") == 0)
			must(sd_bus_call_method_async(bus, NULL, OBJECT, NAME ".Autoconfig",
						      "SetAutoconfigConsent", on_answer,
						      (char *)"consent", "bs", 1, argv[i + 1]),
			     "SetAutoconfigConsent");
	return sd_event_loop(event) < 0;
}
