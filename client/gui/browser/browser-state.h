/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * What the launcher shows: decided from what is so and from what was done, and from nothing else.
 * Pure: no window, no bus, no clock.
 */
#include "browser-wire.h"

/* What the service and the system say. */
struct browser_facts {
	bool known;      /* whether there is a service was found out */
	bool sealed;     /* it answers, and its wall is up */
	bool built_in;   /* its policy has errors */
	bool configured; /* the policy has a browser */
	bool portal;     /* its user can be given a door to the log-in page */
	bool full;       /* and one to everywhere */
	bool unit;       /* the browser's unit listens */
	bool connecting, up;
	bool dns;       /* the network has named servers */
	bool door_open; /* somebody's */
};

enum browser_step {
	BROWSER_IDLE,     /* nothing was asked for, or the person went back to the start */
	BROWSER_WARNED,   /* asked for the whole network, and is told what that costs */
	BROWSER_STARTING, /* the browser was asked for */
	BROWSER_OPENING,  /* it is there, without a window, and the door was asked for */
	BROWSER_RUNNING,
	BROWSER_FAILED, /* nothing was opened, or it is closed again: see failure */
	BROWSER_OVER,   /* it ran, and has ended: see end */
	BROWSER_STEP_N
};

enum browser_failure {
	BROWSER_FAILED_NOT_ALLOWED,
	BROWSER_FAILED_DOOR_BUSY,    /* another program has a door for that user */
	BROWSER_FAILED_DOOR,         /* any other refusal of the service's */
	BROWSER_FAILED_DOOR_ENDED,   /* the door ended while the browser was starting */
	BROWSER_FAILED_UNIT,         /* the unit does not answer */
	BROWSER_FAILED_BROWSER_BUSY, /* a browser runs already */
	BROWSER_FAILED_POLICY,       /* the unit does not find itself in the policy */
	BROWSER_FAILED_PERSON,       /* the unit serves another person */
	BROWSER_FAILED_PROGRAM,      /* there is no such program */
	BROWSER_FAILED_START,        /* anything else */
	BROWSER_FAILURE_N
};

enum browser_over {
	BROWSER_OVER_CLOSED,  /* the person closed its last window */
	BROWSER_OVER_STOPPED, /* the person closed it from here */
	BROWSER_OVER_ERROR,   /* it left with an error */
	BROWSER_OVER_CRASHED,
	BROWSER_OVER_GONE, /* with its unit */
	BROWSER_OVER_DOOR, /* the door ended: the service says why */
	BROWSER_OVER_N
};

enum browser_page {
	BROWSER_PAGE_WAIT,
	BROWSER_PAGE_NO_SERVICE,
	BROWSER_PAGE_BUILT_IN,
	BROWSER_PAGE_DISABLED,
	BROWSER_PAGE_NO_DOOR,
	BROWSER_PAGE_NO_UNIT,
	BROWSER_PAGE_NO_NETWORK,
	BROWSER_PAGE_CONNECTING,
	BROWSER_PAGE_NO_SERVERS,
	BROWSER_PAGE_ASK,
	BROWSER_PAGE_ASK_FULL, /* asks for the whole network */
	BROWSER_PAGE_OPENING,
	BROWSER_PAGE_STARTING,
	BROWSER_PAGE_RUNNING,
	BROWSER_PAGE_FAILED,
	BROWSER_PAGE_OVER,
	BROWSER_PAGE_N
};

enum browser_page browser_page(const struct browser_facts *facts, enum browser_step step);

/*
 * Whether what is so now makes a step that waits for the person pointless: what had failed may go
 * now, or the question was for a network that has gone. The step is then BROWSER_IDLE again.
 */
bool browser_begins_anew(const struct browser_facts *facts, enum browser_step step,
			 enum browser_failure failure);

enum browser_failure browser_refusal_failure(enum browser_refusal refusal);
enum browser_over browser_end_over(enum browser_end how, uint32_t value);

/*
 * What is said aloud of the time that is left: the mark (seconds) that was passed between the two,
 * 0 for none. Marks are few, for who listens to a screen reader wants to hear other things as well.
 */
uint32_t browser_time_mark(uint32_t left_before, uint32_t left);
