/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * A door that this process holds open by a descriptor. It ends when the descriptor is closed, when
 * this process or the service dies, or when the engine says so; the reason comes as a signal, of
 * which only the one that gave us the lease is believed.
 */
#include "service.h"

#include <systemd/sd-event.h>

struct hold {
	struct service *service;
	const char *user;  /* as the caller wrote it */
	const char *scope; /* that was asked for */
	char *id;
	usec_t expires;

	bool ended;
	bool confirmed; /* the service said so, or the engine let go */
	char reason[24];

	int fd;
	char *sender; /* the service's unique name */
	bool closing;
	sd_event *event;
	sd_bus_slot *filter, *list;
	sd_event_source *io, *grace, *poll;
	void (*changed)(struct hold *h, void *userdata);
	void *userdata;
};

/*
 * Opens the door, for as long and as far as the invocation says. EXIT_DONE, or an exit code with
 * what is wrong said.
 */
int hold_open(struct service *s, const char *user, struct hold *ret);

/*
 * Watches it, and the bus, in an event loop; changed is called when it has ended, and when it will
 * end at another time than was thought. 0 or a negative errno.
 */
int hold_watch(struct hold *h, sd_event *event, void (*changed)(struct hold *h, void *userdata),
	       void *userdata);

/* Lets go; changed is called when the door is shut, or when nobody confirmed it in time. */
void hold_close(struct hold *h);
void hold_clear(struct hold *h);

/* "its time was up"; the exit code of one who only held it. */
const char *hold_reason(const struct hold *h);
int hold_code(const struct hold *h);
/* {"event": ..., "id": ..., ...} */
void hold_event(const struct hold *h, const char *event);
