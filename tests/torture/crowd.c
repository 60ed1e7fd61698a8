/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * crowd UID CLIENTS CALLS {reads|doors}: so many clients at once, each with so many calls open at
 * the same time. Prints "answers N errors N slowest N ms"; an error is an answer, too. doors asks
 * for a door for the clearnet user, reads for what needs no permission.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>
#include <time.h>
#include <unistd.h>

#define NAME "org.sallyport1"
#define OBJECT "/org/sallyport1"
#define PATIENCE (60 * UINT64_C(1000000))
#define CLIENTS_MAX 256

static unsigned long answers, errors, waiting;
static double slowest, began;

static double now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static int on_answer(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	double took = now() - began;

	(void)userdata;
	(void)error;
	answers++;
	waiting--;
	if (sd_bus_message_is_method_error(m, NULL))
		errors++;
	if (took > slowest)
		slowest = took;
	return 0;
}

static int ask(sd_bus *bus, int doors)
{
	sd_bus_message *m = NULL;
	int r;

	r = sd_bus_message_new_method_call(bus, &m, NAME, OBJECT,
					   doors ? NAME ".Clearnet" : NAME ".Autoconfig",
					   doors ? "EnableClearnetUser" : "GetConsent");
	if (r >= 0 && doors)
		r = sd_bus_message_append(m, "sua{sv}", "clearnet", 1, 0);
	if (r >= 0)
		r = sd_bus_call_async(bus, NULL, m, on_answer, NULL, PATIENCE);
	(void)sd_bus_message_unref(m);
	return r;
}

/* Until each call is answered; -1 when a connection is lost or nothing comes any more. */
static int wait_for_answers(sd_bus **buses, size_t n)
{
	while (waiting > 0) {
		struct pollfd fds[CLIENTS_MAX];

		for (size_t i = 0; i < n; i++) {
			int r;

			while ((r = sd_bus_process(buses[i], NULL)) > 0)
				;
			if (r < 0)
				return -1;
			fds[i] = (struct pollfd){.fd = sd_bus_get_fd(buses[i]),
						 .events = (short)sd_bus_get_events(buses[i])};
		}
		if (waiting > 0 && poll(fds, n, 30000) <= 0)
			return -1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	static sd_bus *buses[CLIENTS_MAX];
	unsigned long clients, calls;
	uid_t uid;

	if (argc != 5 || (clients = strtoul(argv[2], NULL, 10)) > CLIENTS_MAX) {
		(void)fprintf(stderr, "usage: crowd UID CLIENTS CALLS {reads|doors}\n");
		return 2;
	}
	uid = (uid_t)strtoul(argv[1], NULL, 10);
	calls = strtoul(argv[3], NULL, 10);
	if (setresgid(uid, uid, uid) < 0 || setresuid(uid, uid, uid) < 0) {
		perror("crowd");
		return 2;
	}
	for (size_t i = 0; i < clients; i++)
		if (sd_bus_open_system(&buses[i]) < 0) {
			(void)fprintf(stderr, "crowd: client %zu cannot connect\n", i);
			return 1;
		}
	began = now();
	for (unsigned long j = 0; j < calls; j++)
		for (size_t i = 0; i < clients; i++) {
			if (ask(buses[i], strcmp(argv[4], "doors") == 0) < 0) {
				(void)fprintf(stderr, "crowd: call %lu cannot be sent\n", j);
				return 1;
			}
			waiting++;
		}
	if (wait_for_answers(buses, clients) < 0)
		(void)printf("unanswered %lu ", waiting);
	(void)printf("answers %lu errors %lu slowest %.0f ms\n", answers, errors, slowest);
	return 0;
}
