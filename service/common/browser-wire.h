/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The boundary between the launcher, a program of the desktop's user, and the runner, which runs
 * the unsafe browser as the user of [browser] in the unit sallyport-browser@USER.service: one
 * SEQPACKET datagram at BROWSER_SOCKET_DIR "/USER" is one message, of exactly its struct's size, in
 * the machine's byte order. The table below is the protocol.
 *
 * The launcher connects and sends START; the runner answers STARTED or REFUSED, and after STARTED,
 * once, ENDED. The connection is the browser's life: at its end, whatever ended it, the browser and
 * all of its processes are gone, and what they wrote. A refusal closes the connection, too. One
 * that ends before any answer met a unit that was just ending: connect again, for some seconds.
 *
 * A message that is not known, not of its size, out of range or not the one that may come now is
 * refused (PROTOCOL) and ends the connection, and with it the browser.
 */
#include "http-url.h"
#include "util.h"

#define BROWSER_SOCKET_DIR "/run/sallyport-browser"
#define BROWSER_WIRE_VERSION 1
#define BROWSER_PAGE_SIZE HTTP_URL_SIZE
#define BROWSER_FDS_MAX 2 /* one per display */

enum browser_side {
	TO_RUNNER,
	TO_LAUNCHER,
};

/* X(number, NAME, struct, side, why it is safe) */
#define BROWSER_MESSAGES(X)                                                                     \
	X(1, START, start, TO_RUNNER,                                                           \
	  "runs the policy's command and no other; a page is a whole http or https URL")        \
	X(2, STARTED, started, TO_LAUNCHER,                                                     \
	  "carries listening sockets that only the browser can reach: nothing is opened to it") \
	X(3, REFUSED, refused, TO_LAUNCHER, "a refusal with its number")                        \
	X(4, STOP, stop, TO_RUNNER, "ending is always safe")                                    \
	X(5, ENDED, ended, TO_LAUNCHER, "how the browser's first process ended")

enum browser_type {
#define X(number, NAME, name, side, why) BROWSER_##NAME = (number),
	BROWSER_MESSAGES(X)
#undef X
		BROWSER_TYPE_N
};

/* A set of displays; their sockets come in this order. */
enum browser_display {
	BROWSER_WAYLAND = 1 << 0,
	BROWSER_X11 = 1 << 1,
	BROWSER_DISPLAYS = BROWSER_WAYLAND | BROWSER_X11,
};

#define BROWSER_REFUSALS(X)                                                                    \
	X(NONE, "none")               /* not refused: never on the wire */                     \
	X(DISABLED, "disabled")       /* the policy has no [browser] */                        \
	X(NO_POLICY, "no-policy")     /* the policy has errors */                              \
	X(WRONG_USER, "wrong-user")   /* its browser is another user's, another unit's */      \
	X(NOT_ALLOWED, "not-allowed") /* who asks is not of [users] desktop */                 \
	X(BUSY, "busy")               /* a browser runs already */                             \
	X(NO_PROGRAM, "no-program")   /* the command's program cannot be run; detail: errno */ \
	X(PROTOCOL, "protocol")       /* that is no message, or not now */                     \
	X(FAILURE, "failure")         /* of the system; detail: errno */

enum browser_refusal {
#define X(NAME, text) BROWSER_REFUSAL_##NAME,
	BROWSER_REFUSALS(X)
#undef X
		BROWSER_REFUSAL_N
};

/* Why the launcher stops the browser: for the log. */
#define BROWSER_STOPS(X)                               \
	X(ASKED, "asked")     /* the person did */     \
	X(LEASE, "lease")     /* the door is closed */ \
	X(SESSION, "session") /* the desktop's session ends */

enum browser_stop {
#define X(NAME, text) BROWSER_STOP_##NAME,
	BROWSER_STOPS(X)
#undef X
		BROWSER_STOP_N
};

enum browser_end {
	BROWSER_EXITED, /* value: its status */
	BROWSER_KILLED, /* value: the signal */
	BROWSER_END_N
};

struct browser_header {
	uint16_t type;    /* enum browser_type */
	uint16_t version; /* BROWSER_WIRE_VERSION */
	uint32_t pad;
};

struct browser_start {
	struct browser_header header;
	uint32_t displays; /* that the launcher can serve; at least one */
	uint32_t pad;
	char page[BROWSER_PAGE_SIZE]; /* with its NUL; "": the browser's own first page */
};

struct browser_started {
	struct browser_header header;
	uint32_t displays; /* whose listening sockets come along */
	uint32_t uid;      /* whose connections to take there, and nobody else's */
};

struct browser_refused {
	struct browser_header header;
	uint32_t refusal; /* enum browser_refusal */
	uint32_t detail;
};

struct browser_stop_message {
	struct browser_header header;
	uint32_t why; /* enum browser_stop */
	uint32_t pad;
};

struct browser_ended {
	struct browser_header header;
	uint32_t how; /* enum browser_end */
	uint32_t value;
};

/* Room for any message; header.type says which it is. */
union browser_message {
	struct browser_header header;
	struct browser_start start;
	struct browser_started started;
	struct browser_refused refused;
	struct browser_stop_message stop;
	struct browser_ended ended;
};

/* A message of that type, all else 0. */
union browser_message browser_message(enum browser_type type);

/* 0, or -EPROTO with *ret_why. How many descriptors came along is checked, too. */
int browser_wire_check(const void *data, size_t size, enum browser_side side, size_t n_fds,
		       const char **ret_why);

/*
 * Receives one message that has passed the check. The descriptors are the caller's, close on exec;
 * the others of fds are -1. 1; 0 at the end of the connection; -EAGAIN; -EPROTO with *ret_why, and
 * no descriptor is left open; or another negative errno. Never blocks.
 */
int browser_wire_receive(int fd, enum browser_side side, union browser_message *ret,
			 int fds[BROWSER_FDS_MAX], const char **ret_why);

/* Sends one; the descriptors stay the caller's. 0 or a negative errno; no block, no SIGPIPE. */
int browser_wire_send(int fd, const union browser_message *m, const int *fds, size_t n_fds);

const char *browser_refusal_to_string(enum browser_refusal refusal);
const char *browser_stop_to_string(enum browser_stop why);
