/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bench-bus ROUNDS USER: how long EnableClearnetUser takes, beside polkit's own share of it (the
 * same check, asked of polkit directly) and a call that asks nobody. In turn, so that a machine
 * whose speed drifts is fair to all. Prints "NAME<tab>OURS<tab>PEER<tab>RATIO" with medians in
 * microseconds. Whoever runs it must be let in by a rule.
 */
#include "log.h"

#include <errno.h>
#include <stdio.h>
#include <systemd/sd-bus.h>
#include <time.h>

#define ROUNDS_MAX 5000
#define SERVICE "org.sallyport1", "/org/sallyport1"

static sd_bus *bus;

static double now_us(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e6 + (double)ts.tv_nsec / 1e3;
}

static int compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static void must(int r, const sd_bus_error *error, const char *what)
{
	if (r < 0)
		fatal("%s: %s", what, error && error->message ? error->message : strerror(-r));
}

/* The door is closed again outside the time that is taken. */
static double enable(const char *user)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	sd_bus_message *reply = NULL;
	double t = now_us();

	must(sd_bus_call_method(bus, SERVICE, "org.sallyport1.Clearnet", "EnableClearnetUser",
				&error, &reply, "sua{sv}", user, 60u, 0),
	     &error, "EnableClearnetUser");
	t = now_us() - t;
	must(sd_bus_call_method(bus, SERVICE, "org.sallyport1.Clearnet", "DisableClearnetUser",
				&error, NULL, "s", user),
	     &error, "DisableClearnetUser");
	/* Not before: the answer has the lease's descriptor. */
	(void)sd_bus_message_unref(reply);
	return t;
}

/* What the service asks of polkit, asked by ourselves about ourselves. */
static double ask_polkit(void)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	const char *name;
	double t = now_us();

	must(sd_bus_get_unique_name(bus, &name), NULL, "the name on the bus");
	must(sd_bus_call_method(bus, "org.freedesktop.PolicyKit1",
				"/org/freedesktop/PolicyKit1/Authority",
				"org.freedesktop.PolicyKit1.Authority", "CheckAuthorization",
				&error, NULL, "(sa{sv})sa{ss}us", "system-bus-name", 1, "name", "s",
				name, "org.sallyport1.enable-clearnet-user", 0, 0u, ""),
	     &error, "polkit");
	return now_us() - t;
}

static double read_property(void)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	int active;
	double t = now_us();

	must(sd_bus_get_property_trivial(bus, SERVICE, "org.sallyport1.Clearnet", "ClearnetActive",
					 &error, 'b', &active),
	     &error, "a property");
	return now_us() - t;
}

static double median(double *v, size_t n)
{
	qsort(v, n, sizeof(*v), compare_doubles);
	return v[n / 2];
}

int main(int argc, char **argv)
{
	static double ours[ROUNDS_MAX], polkit[ROUNDS_MAX], property[ROUNDS_MAX];
	double a, b, c;
	uint32_t n;

	log_open("bench-bus");
	if (argc != 3 || parse_u32(argv[1], ROUNDS_MAX, &n) < 0 || n == 0)
		fatal("usage: bench-bus ROUNDS USER");
	must(sd_bus_open_system(&bus), NULL, "the system bus");
	(void)enable(argv[2]);
	for (uint32_t i = 0; i < n; i++) {
		ours[i] = enable(argv[2]);
		polkit[i] = ask_polkit();
		property[i] = read_property();
	}
	a = median(ours, n);
	b = median(polkit, n);
	c = median(property, n);
	(void)printf("EnableClearnetUser, against polkit's check alone\t%.0f\t%.0f\t%.2f\n", a, b,
		     a / b);
	(void)printf("a property, against polkit's check alone\t%.0f\t%.0f\t%.2f\n", c, b, c / b);
	(void)sd_bus_flush_close_unref(bus);
	return 0;
}
