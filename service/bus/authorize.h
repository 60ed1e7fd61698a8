/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * polkit by re-entry. A handler calls authorize() below its checks and above anything that it
 * changes; the first time the question goes out and the handler returns 1; when polkit has
 * answered, the message is put back on the read queue and the handler runs again from the top.
 * The subject is the caller's unique bus name. Absent, hung, slow or wrong answers are denials.
 */
#include "util.h"

#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#define CHECKS_MAX 64
#define CHECKS_MAX_PER_UID 4 /* questions to a person; checks that ask nobody have as many */

struct authorizer;

struct authorizer *authorizer_new(sd_bus *bus);
struct authorizer *authorizer_free(struct authorizer *a);

/* What polkit shows and logs, pairs of key and value, ended by NULL: as one string, at most. */
#define DETAILS_SIZE 512

/*
 * 1: authorized, go on. 0: asked, the handler returns 1 and will run again. Negative with *error
 * set: denied; the handler returns it. sender: the caller's uid; uid 0 is never asked.
 */
int authorize(struct authorizer *a, sd_bus_message *m, uid_t sender, const char *action,
	      const char *const *details, sd_bus_error *error);

/*
 * Stands at the top of a handler that asks: when it returns, an answer that it did not use is
 * forgotten, for it will not run again. (Refused above the authorize line, say.)
 */
struct visit {
	struct authorizer *authorizer;
	sd_bus_message *message;
};
void visit_end(struct visit *v);
/* At the top of a handler; nothing else names it. */
#define VISIT(authorizer, message) \
	_cleanup_(visit_end) __attribute__((unused)) struct visit visit = {(authorizer), (message)}

/*
 * What was learnt of the caller while the question is open, to be used when the handler runs
 * again: a number for the open question (0: none), and a text that goes with it.
 */
uint64_t authorize_open_question(const struct authorizer *a, const sd_bus_message *m);
void authorize_set_note(struct authorizer *a, uint64_t question, const char *note);
const char *authorize_note(const struct authorizer *a, const sd_bus_message *m);

/* The details as one string, to ask again with authorize_again(). */
void authorize_pack(const char *const *details, char *buf, size_t size);

/*
 * Asks silently whether a holder may still. fn is called at most once, and only for a plain no;
 * a challenge, an error or no polkit at all leave things as they are.
 */
void authorize_again(struct authorizer *a, const char *sender, const char *action,
		     const char *packed_details, void (*fn)(uint64_t id, void *userdata),
		     uint64_t id, void *userdata);
