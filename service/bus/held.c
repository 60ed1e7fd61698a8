/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The doors that are open, as their holders see them. The engine alone opens and closes. */
#include "manager.h"

#include "log.h"
#include "portal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

struct held *held_find(const struct manager *m, uint64_t id)
{
	struct held *h = m->held;

	while (h && h->id != id)
		h = h->next;
	return h;
}

struct held *held_find_uid(const struct manager *m, uid_t uid)
{
	struct held *h = m->held;

	while (h && h->uid != uid)
		h = h->next;
	return h;
}

static void held_free(struct held *h)
{
	(void)sd_bus_track_unref(h->track);
	free(h->sender);
	free(h->session);
	free(h);
}

static int on_holder_gone(sd_bus_track *track, void *userdata)
{
	(void)track;
	held_end(userdata, REASON_LEFT);
	return 1; /* done: after a 0 it would be called again and again */
}

struct held *held_add(struct manager *m, sd_bus_message *call, const struct held *template)
{
	struct held *h = malloc(sizeof(*h));
	char id[24];
	int r;

	if (!h)
		fatal_oom();
	*h = *template;
	h->manager = m;
	h->sender = strdup(sd_bus_message_get_sender(call));
	if (!h->sender)
		fatal_oom();
	r = sd_bus_track_new(m->bus, &h->track, on_holder_gone, h);
	if (r >= 0)
		r = sd_bus_track_add_sender(h->track, call);
	h->next = m->held;
	m->held = h;
	portal_follow(m);
	if (!h->next)
		manager_changed(m, CLEARNET_INTERFACE, "ClearnetActive");
	if (r < 0) {
		held_end(h, REASON_LEFT);
		return h;
	}
	(void)snprintf(id, sizeof(id), "%" PRIu64, h->id);
	manager_signal(m, h->sender, "LeaseStarted", "sst", id, h->user, h->expires);
	return h;
}

void held_ended(struct manager *m, uint64_t id, enum wire_reason reason)
{
	struct held **p = &m->held, *h;
	char text[24];

	while (*p && (*p)->id != id)
		p = &(*p)->next;
	h = *p;
	if (!h)
		return;
	*p = h->next;
	(void)snprintf(text, sizeof(text), "%" PRIu64, id);
	manager_signal(m, h->sender, "LeaseEnded", "ss", text, wire_reason_to_string(reason));
	log_info("lease %" PRIu64 " for %s ended: %s", id, h->user, wire_reason_to_string(reason));
	held_free(h);
	portal_follow(m);
	if (m->held)
		return;
	manager_changed(m, CLEARNET_INTERFACE, "ClearnetActive");
	manager_let_sleep(m);
}

static void on_ended(const struct wire_header *answer, int *fd, void *userdata)
{
	const struct wire_lease_ended *ended = (const void *)answer;

	(void)fd;
	/* Refused: it had ended already, and the event for that came before. */
	if (answer && answer->type == WIRE_LEASE_ENDED)
		held_ended(userdata, ended->id, (enum wire_reason)ended->reason);
}

/* Without an engine the lease has ended, or will within the kernel's timeout. */
static void ask_end(struct held *h)
{
	struct wire_lease_end m = {.id = h->id, .reason = h->reason};

	h->asked = engine_client_request(h->manager->engine, CALLER_NONE, &m.header, WIRE_LEASE_END,
					 sizeof(m), on_ended, h->manager) == 0;
}

void held_end(struct held *h, enum wire_reason reason)
{
	if (h->ending)
		return;
	h->ending = true;
	h->reason = reason;
	ask_end(h);
}

void held_retry(struct manager *m)
{
	for (struct held *h = m->held; h; h = h->next)
		if (h->ending && !h->asked)
			ask_end(h);
}

void held_end_all(struct manager *m, enum wire_reason reason)
{
	for (struct held *h = m->held; h; h = h->next)
		held_end(h, reason);
}
