/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The probe asks the network one DNS question and one HTTP request, for the bus process, and says
 * what the answer means. It alone reads what strangers send.
 * It has no privilege, no file to write, and no way out but the door that is open for its user
 * while a check runs; it decides nothing. Its death ends a check with an error; the wall stays, and
 * the door closes without it.
 */
#include "check.h"
#include "log.h"
#include "paths.h"
#include "sandbox.h"

#include <curl/curl.h>
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-daemon.h>

#define PROBE_NAME "org.sallyport1.Probe"
#define PROBE_PATH "/org/sallyport1/Probe"
#define IDLE (5 * USEC_PER_SEC) /* then the next check starts another process */

static int read_request(sd_bus_message *m, struct check_request *ret, sd_bus_error *error)
{
	struct http_url url;
	const void *servers;
	size_t size;
	int r;

	*ret = (struct check_request){0};
	r = sd_bus_message_read(m, "ss", &ret->url, &ret->response);
	if (r >= 0)
		r = sd_bus_message_read_array(m, 'u', &servers, &size);
	if (r >= 0)
		r = sd_bus_message_read(m, "tt", &ret->earliest, &ret->latest);
	if (r < 0)
		return r;
	ret->n_servers = size / sizeof(uint32_t);
	if (ret->n_servers > CHECK_SERVERS_MAX || !check_url(ret->url, &url))
		return sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS,
					 "That is no URL of a check, or more than %d servers.",
					 CHECK_SERVERS_MAX);
	if (size)
		memcpy(ret->servers, servers, size);
	return 0;
}

static int append_text(sd_bus_message *m, const char *key, const char *value)
{
	return *value ? sd_bus_message_append(m, "{sv}", key, "s", value) : 0;
}

static int append_details(sd_bus_message *m, const struct judge *j, usec_t date_at)
{
	int r = sd_bus_message_open_container(m, 'a', "{sv}");

	if (r >= 0)
		r = append_text(m, "reason", outcome_to_string(j->outcome));
	if (r >= 0 && j->status)
		r = sd_bus_message_append(m, "{sv}", "status", "u", j->status);
	if (r >= 0)
		r = append_text(m, "date-reason", date_verdict_to_string(j->date_verdict));
	if (r >= 0 && j->date)
		r = sd_bus_message_append(m, "{sv}", "date-at", "t", date_at);
	if (r >= 0 && outcome_is_portal(j->outcome) && *j->portal_url) {
		r = append_text(m, "portal-url", j->portal_url);
		if (r >= 0)
			r = append_text(m, "portal-kind", host_kind_to_string(j->portal_kind));
	}
	return r >= 0 ? sd_bus_message_close_container(m) : r;
}

static int method_check(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
	sd_bus_message *reply = NULL;
	struct check_request request;
	usec_t date_at;
	struct judge j;
	int r;

	(void)userdata;
	r = read_request(call, &request, error);
	if (r < 0)
		return r;
	check_network(&request, &j, &date_at);
	r = sd_bus_message_new_method_return(call, &reply);
	if (r >= 0)
		r = sd_bus_message_append(reply, "st", outcome_connectivity(j.outcome), j.date);
	if (r >= 0)
		r = append_details(reply, &j, date_at);
	if (r >= 0)
		r = sd_bus_message_send(reply);
	(void)sd_bus_message_unref(reply);
	return r;
}

static const sd_bus_vtable vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_METHOD_WITH_ARGS(
		"Check",
		SD_BUS_ARGS("s", url, "s", response, "au", servers, "t", earliest, "t", latest),
		SD_BUS_RESULT("s", connectivity, "t", date, "a{sv}", details), method_check,
		SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_VTABLE_END,
};

static void help(void)
{
	(void)puts("sallyport-probe [OPTION...]\n"
		   "\n"
		   "Offers " PROBE_NAME
		   " on the system bus, which starts it, to sallyport-bus alone:\n"
		   "the one connection without Tor that somebody has consented to.\n"
		   "\n"
		   "      --help         this text\n"
		   "      --version      the version\n"
		   "\n"
		   "See sallyport(1) and sallyport.conf(5).");
}

/* -1: go on; else an exit status. */
static int parse_options(int argc, char **argv)
{
	static const struct option longs[] = {
		{"help", no_argument, NULL, 'h'},
		{"version", no_argument, NULL, 'v'},
		{0},
	};
	int c;

	while ((c = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
		switch (c) {
		case 'h':
			help();
			return EXIT_SUCCESS;
		case 'v':
			(void)puts("sallyport-probe " SALLYPORT_VERSION);
			return EXIT_SUCCESS;
		default:
			return 2;
		}
	}
	if (optind == argc)
		return -1;
	(void)fprintf(stderr, "sallyport-probe: what is \"%s\"? See --help.\n", argv[optind]);
	return 2;
}

static void must(int r, const char *what)
{
	if (r < 0)
		fatal("%s: %s; no check", what, strerror(-r));
}

/*
 * Until nobody has asked for some seconds. The name goes first: what was sent to it before that is
 * answered still, what comes later starts another process.
 */
static void serve(sd_bus *bus)
{
	bool leaving = false;

	for (;;) {
		int r = sd_bus_process(bus, NULL);

		must(r, "system bus");
		if (r > 0)
			continue;
		r = sd_bus_wait(bus, leaving ? 0 : IDLE);
		must(r == -EINTR ? 1 : r, "system bus");
		if (r == 0 && leaving)
			return;
		if (r == 0) {
			must(sd_bus_release_name(bus, PROBE_NAME), "its name");
			leaving = true;
		}
	}
}

int main(int argc, char **argv)
{
	sd_bus *bus = NULL;
	int r;

	log_open("sallyport-probe");
	r = parse_options(argc, argv);
	if (r >= 0)
		return r;
	sandbox_identity();
	(void)signal(SIGPIPE, SIG_IGN);
	if (curl_global_init(CURL_GLOBAL_NOTHING) != CURLE_OK)
		fatal("libcurl does not start; no check");
	must(sd_bus_open_system(&bus), "system bus");
	must(sd_bus_add_object_vtable(bus, NULL, PROBE_PATH, PROBE_NAME, vtable, NULL),
	     "system bus");
	sandbox_lock();
	must(sd_bus_request_name(bus, PROBE_NAME, 0), "its name");
	(void)sd_notify(0, "READY=1");
	serve(bus);
	(void)sd_bus_flush_close_unref(bus);
	curl_global_cleanup();
	return EXIT_SUCCESS;
}
