/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "blocked.h"

#include "log.h"

#include <sys/socket.h>

#define SUBSCRIBERS_MAX 64
#define SUBSCRIBERS_MAX_PER_UID 8

struct subscriber {
	uint64_t id;
	struct manager *manager;
	char *sender; /* unique bus name */
	uid_t uid;
	bool all;
	sd_bus_track *track;
	struct subscriber *next;
};

static struct subscriber *find(const struct manager *m, const char *sender)
{
	struct subscriber *s = m->subscribers;

	while (s && strcmp(s->sender, sender) != 0)
		s = s->next;
	return s;
}

static void forget(struct subscriber *s)
{
	struct subscriber **p = &s->manager->subscribers;

	while (*p != s)
		p = &(*p)->next;
	*p = s->next;
	(void)sd_bus_track_unref(s->track);
	free(s->sender);
	free(s);
}

void blocked_unsubscribe(struct manager *m, const char *sender)
{
	struct subscriber *s = find(m, sender);

	if (s)
		forget(s);
}

void blocked_unsubscribe_all(struct manager *m)
{
	while (m->subscribers)
		forget(m->subscribers);
}

int blocked_has_room(const struct manager *m, sd_bus_message *call, uid_t uid, sd_bus_error *error)
{
	size_t all = 0, own = 0;

	if (find(m, sd_bus_message_get_sender(call)))
		return 0;
	for (const struct subscriber *s = m->subscribers; s; s = s->next) {
		all++;
		own += s->uid == uid;
	}
	if (all < SUBSCRIBERS_MAX && own < SUBSCRIBERS_MAX_PER_UID)
		return 0;
	return error_set(error, ERROR_TOO_MANY,
			 "Too many subscriptions of this user (or of all); end another first.");
}

static int on_gone(sd_bus_track *track, void *userdata)
{
	(void)track;
	forget(userdata);
	return 1;
}

int blocked_subscribe(struct manager *m, sd_bus_message *call, uid_t uid, bool all,
		      sd_bus_error *error)
{
	struct subscriber *s = find(m, sd_bus_message_get_sender(call));
	int r;

	if (s) {
		s->all = all;
		return 0;
	}
	r = blocked_has_room(m, call, uid, error);
	if (r < 0)
		return r;
	s = calloc(1, sizeof(*s));
	if (!s || !(s->sender = strdup(sd_bus_message_get_sender(call))))
		fatal_oom();
	s->id = ++m->last_subscriber;
	s->manager = m;
	s->uid = uid;
	s->all = all;
	s->next = m->subscribers;
	m->subscribers = s;
	r = sd_bus_track_new(m->bus, &s->track, on_gone, s);
	if (r >= 0)
		r = sd_bus_track_add_sender(s->track, call);
	if (r < 0)
		forget(s); /* it has left already */
	return r < 0 ? r : 0;
}

int blocked_append(sd_bus_message *m, const struct wire_blocked_entry *b)
{
	size_t size = !b->has_destination ? 0 : b->family == AF_INET ? 4 : 16;
	int r;

	r = sd_bus_message_append(m, "tttuuiyq", b->number, b->first, b->last, b->count, b->uid,
				  (int32_t)b->family, b->protocol, b->port);
	if (r >= 0)
		r = sd_bus_message_append_array(m, 'y', b->destination, size);
	if (r >= 0)
		r = sd_bus_message_append(m, "ss", b->class, b->origin);
	return r;
}

/* Whoever does not read it makes the bus wait, not us. */
static void tell(const struct subscriber *s, const struct wire_blocked_entry *b)
{
	sd_bus_message *m = NULL;
	int r;

	r = sd_bus_message_new_signal(s->manager->bus, &m, OBJECT_PATH, MANAGER_INTERFACE,
				      "Blocked");
	if (r >= 0)
		r = sd_bus_message_sensitive(m);
	if (r >= 0)
		r = blocked_append(m, b);
	/* Never broadcast: where a user's programs want to go is nobody else's business. */
	if (r >= 0)
		r = sd_bus_message_set_destination(m, s->sender);
	if (r >= 0)
		(void)sd_bus_send(s->manager->bus, m, NULL);
	(void)sd_bus_message_unref(m);
}

void blocked_tell(struct manager *m, const struct wire_blocked_entry *b)
{
	/* A packet without an owner is nobody's own: no user has that number. */
	for (const struct subscriber *s = m->subscribers; s; s = s->next)
		if (s->all || s->uid == b->uid)
			tell(s, b);
}

static bool needs_right(const struct subscriber *s)
{
	return s->all && s->uid != 0;
}

bool blocked_needs_recheck(const struct manager *m)
{
	for (const struct subscriber *s = m->subscribers; s; s = s->next)
		if (needs_right(s))
			return true;
	return false;
}

static void on_refused(uint64_t id, void *userdata)
{
	const struct manager *m = userdata;

	/* Whoever may not hear of the others' any more still hears of the own. */
	for (struct subscriber *s = m->subscribers; s; s = s->next)
		if (s->id == id)
			s->all = false;
}

void blocked_recheck(struct manager *m)
{
	for (const struct subscriber *s = m->subscribers; s; s = s->next)
		if (needs_right(s))
			authorize_again(m->authorizer, s->sender, ACTION_INSPECT, "", on_refused,
					s->id, m);
}
