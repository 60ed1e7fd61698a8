/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Calls to the service. First without a question to anybody; when polkit would have to ask, and
 * asking is wanted, again with leave to ask, and with an agent on this terminal.
 */
#include "output.h"

#include <systemd/sd-bus.h>

#define SERVICE_NAME "org.sallyport1"
#define SERVICE_PATH "/org/sallyport1"
#define CLEARNET_INTERFACE "org.sallyport1.Clearnet"
#define DNS_INTERFACE "org.sallyport1.DNS"
#define AUTOCONFIG_INTERFACE "org.sallyport1.Autoconfig"
#define MANAGER_INTERFACE "org.sallyport1.Manager"

struct service {
	const struct invocation *inv;
	sd_bus *bus;
	bool may_ask;     /* a person may be asked for a password */
	bool ask_at_once; /* the leave to ask is part of the question: see ListLeases */
	bool no_start;    /* a service that does not run is not started */
	usec_t timeout;   /* of a call that asks nobody; 0: a long one */
};

/* EXIT_DONE, or an exit code with what is wrong said. */
int service_open(struct service *s, const struct invocation *inv);
void service_close(struct service *s);

/* Writes a call's arguments; a negative errno for trouble. */
typedef int (*service_fill_fn)(sd_bus_message *m, const void *userdata);

/*
 * Calls. 0 or positive and, where not NULL, the reply, which the caller unrefs; else a negative
 * errno with *error set. fill may be NULL.
 */
int service_try(struct service *s, const char *interface, const char *member, service_fill_fn fill,
		const void *userdata, sd_bus_error *error, sd_bus_message **ret);

/* The same, with a failure said: EXIT_DONE or an exit code. */
int service_call(struct service *s, const char *interface, const char *member, service_fill_fn fill,
		 const void *userdata, sd_bus_message **ret);

/* Says what a failed call means and what to do next. The exit code. */
int service_explain(const struct service *s, const sd_bus_error *error, int r);
/* A reply that is not as it should be. */
int service_nonsense(const struct service *s, int r);

/* For calls with one string. */
int fill_string(sd_bus_message *m, const void *string);

/* agent.c: a polkit agent for this process on its terminal; 0 if there is none. */
pid_t agent_start(void);
void agent_stop(pid_t pid);
