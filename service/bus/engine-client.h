/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The connection to the engine: requests that are answered later, a heartbeat, and coming back
 * after either process was restarted. Never blocks.
 */
#include "channel.h"

#include <systemd/sd-event.h>

struct engine_client;

/*
 * The answer to a request: one of the wire's structs (with its header), or NULL when the engine
 * is lost. *fd, if not -1, may be taken (set to -1); what is left is closed.
 */
typedef void (*engine_answer_fn)(const struct wire_header *answer, int *fd, void *userdata);

struct engine_events {
	/* LIMITS came: after connecting, after a reload, after POLICY_CHANGED. */
	void (*limits)(const struct wire_limits *limits, void *userdata);
	void (*lease_ended)(uint64_t id, enum wire_reason reason, void *userdata);
	/* Another process has changed the wall. */
	void (*tampered)(const struct wire_tampered *t, void *userdata);
	/* A packet was refused. */
	void (*blocked)(const struct wire_blocked_entry *b, void *userdata);
	/* A consent has ended. */
	void (*consent)(const struct wire_consent *c, void *userdata);
	/* Which links are up; and again when they or this machine's addresses change. */
	void (*links)(const struct wire_links *links, void *userdata);
	/* A DNS answer is held back until its addresses are told. */
	void (*dns_answer)(const struct wire_dns_answer *a, void *userdata);
	/* What the policy says of the connection that is consented to, before the limits. */
	void (*autoconfig)(const struct wire_autoconfig *a, void *userdata);
	void (*lost)(void *userdata);
	/* A second has passed with the engine there: for what could not be asked before. */
	void (*tick)(void *userdata);
	void *userdata;
};

int engine_client_new(sd_event *event, const char *path, const struct engine_events *events,
		      struct engine_client **ret);
struct engine_client *engine_client_free(struct engine_client *c);

/* Not for a caller: the service's own requests, for which there is always room. */
#define CALLER_NONE UINT32_MAX

/*
 * Sends a request for a caller of that uid; the cookie is filled in. The answer comes to fn exactly
 * once, never before this returns. 0, -ENOTCONN when there is no engine, -EBUSY with too many
 * requests open, of this caller or of all.
 */
int engine_client_request(struct engine_client *c, uid_t caller, struct wire_header *request,
			  enum wire_type type, size_t size, engine_answer_fn fn, void *userdata);

/* Sends what the engine does not answer. 0, -ENOTCONN, or -EBUSY when it does not read. */
int engine_client_tell(struct engine_client *c, struct wire_header *message, enum wire_type type,
		       size_t size);

/* Asks for the limits again; the event follows. */
void engine_client_refresh(struct engine_client *c);
