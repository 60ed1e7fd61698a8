/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The bus process speaks D-Bus with whoever asks and the engine's few verbs with the engine; it
 * may ask polkit and logind, follow NetworkManager, and write one file of DNS servers.
 * It may not touch the network's rules, has no capability, and owns no limit: the engine asks the
 * policy again.
 * Its death ends every lease; the wall stays.
 */
#include "log.h"
#include "manager.h"
#include "paths.h"
#include "sandbox.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <systemd/sd-daemon.h>

struct options {
	const char *engine_path;
};

static void help(void)
{
	(void)puts("sallyport-bus [OPTION...]\n"
		   "\n"
		   "Offers " BUS_NAME
		   " on the system bus and asks the engine for what polkit allows.\n"
		   "\n"
		   "      --engine PATH  the engine's socket (" RUN_DIR "/engine.sock)\n"
		   "      --debug        say more\n"
		   "      --help         this text\n"
		   "      --version      the version\n"
		   "\n"
		   "See sallyport(1) and sallyport-engine(8).");
}

/* -1: go on; else an exit status. */
static int parse_options(int argc, char **argv, struct options *o)
{
	static const struct option longs[] = {
		{"engine", required_argument, NULL, 'e'},
		{"debug", no_argument, NULL, 'd'},
		{"help", no_argument, NULL, 'h'},
		{"version", no_argument, NULL, 'v'},
		{0},
	};
	int c;

	*o = (struct options){.engine_path = RUN_DIR "/engine.sock"};
	while ((c = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
		switch (c) {
		case 'e':
			o->engine_path = optarg;
			break;
		case 'd':
			log_set_debug(true);
			break;
		case 'h':
			help();
			return EXIT_SUCCESS;
		case 'v':
			(void)puts("sallyport-bus " SALLYPORT_VERSION);
			return EXIT_SUCCESS;
		default:
			return 2;
		}
	}
	if (optind == argc)
		return -1;
	(void)fprintf(stderr, "sallyport-bus: what is \"%s\"? See --help.\n", argv[optind]);
	return 2;
}

static void must(int r, const char *what)
{
	if (r < 0)
		fatal("%s: %s; the wall stays, no door can be asked for", what, strerror(-r));
}

static void add_signals(sd_event *event)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
	must(sd_event_add_signal(event, NULL, SIGTERM, NULL, NULL), "signals");
	must(sd_event_add_signal(event, NULL, SIGINT, NULL, NULL), "signals");
}

int main(int argc, char **argv)
{
	static struct manager m;
	sd_event *event = NULL;
	sd_bus *bus = NULL;
	struct options o;
	int r;

	log_open("sallyport-bus");
	r = parse_options(argc, argv, &o);
	if (r >= 0)
		return r;
	sandbox_identity();
	must(sd_event_new(&event), "event loop");
	add_signals(event);
	must(sd_bus_open_system(&bus), "system bus");
	must(sd_bus_set_exit_on_disconnect(bus, 1), "system bus");
	must(sd_bus_attach_event(bus, event, SD_EVENT_PRIORITY_NORMAL), "system bus");
	must(manager_start(&m, event, bus, o.engine_path), "start");
	sandbox_lock();

	r = sd_event_loop(event);
	(void)sd_notify(0, "STOPPING=1");
	manager_stop(&m);
	(void)sd_bus_flush_close_unref(bus);
	(void)sd_event_unref(event);
	log_info("ended; every door is closed, the wall stays");
	/* More than 0: the bus has gone. The service manager is to start us again. */
	return r == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
