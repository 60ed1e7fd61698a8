/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nm-primary.h"

#include "log.h"
#include "network.h"
#include "nm-owner.h"

#include <errno.h>
#include <stdio.h>

#define NM_ACTIVE NM ".Connection.Active"
#define NM_NO_PATH "/"
#define WAITING_MAX 32
/* Calls wait for it, so one that hangs is given up soon. */
#define READ_TIMEOUT (5 * USEC_PER_SEC)

struct nm_primary {
	struct manager *manager;
	sd_bus_slot *call; /* that waits for its answer */
	bool reading, again;
	bool failed;
	struct primary next; /* that is being read */
	struct primary now;
	sd_bus_message *waiting[WAITING_MAX];
	size_t n_waiting;
};

/* A string or object path that is wanted of a dictionary. */
struct wanted {
	const char *key, *type;
	const char *value; /* NULL: it was not there */
};

static int read_entry(sd_bus_message *m, struct wanted *wanted, size_t n)
{
	const char *key;
	int r;

	r = sd_bus_message_read(m, "s", &key);
	if (r < 0)
		return r;
	for (size_t i = 0; i < n; i++)
		if (strcmp(key, wanted[i].key) == 0)
			return sd_bus_message_read(m, "v", wanted[i].type, &wanted[i].value);
	return sd_bus_message_skip(m, "v");
}

/* The answer to GetAll. 0, -ENODATA when something is not there, or another negative errno. */
static int read_properties(sd_bus_message *m, struct wanted *wanted, size_t n)
{
	int r;

	r = sd_bus_message_enter_container(m, 'a', "{sv}");
	while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
		r = read_entry(m, wanted, n);
		if (r >= 0)
			r = sd_bus_message_exit_container(m);
	}
	for (size_t i = 0; r >= 0 && i < n; i++)
		if (!wanted[i].value)
			r = -ENODATA;
	return r < 0 ? r : 0;
}

static void take_text(char *to, const char *text)
{
	bool good = strlen(text) <= NETWORK_NAME_MAX && is_clean_text(text);

	(void)snprintf(to, NETWORK_NAME_MAX + 1, "%s", good ? text : "");
}

static void start(struct nm_primary *p);

static void let_go(struct nm_primary *p)
{
	size_t n = p->n_waiting;

	p->n_waiting = 0;
	for (size_t i = 0; i < n; i++) {
		sd_bus_message *call = p->waiting[i];
		int r = sd_bus_message_rewind(call, true);

		if (r >= 0)
			r = sd_bus_enqueue_for_read(p->manager->bus, call);
		if (r < 0)
			(void)sd_bus_reply_method_errno(call, r, NULL);
		(void)sd_bus_message_unref(call);
	}
}

static void done(struct nm_primary *p)
{
	p->call = sd_bus_slot_unref(p->call);
	p->reading = false;
	if (p->again)
		start(p);
	if (!p->reading)
		let_go(p);
}

/* The connection may have gone since its name was read; then there is more news to come. */
static void fail(struct nm_primary *p, const char *why)
{
	log_debug("NetworkManager's primary connection cannot be read: %s", why);
	p->failed = true;
	done(p);
}

static void finish(struct nm_primary *p)
{
	p->next.known = true;
	p->now = p->next;
	network_primary_changed(p->manager);
	done(p);
}

static int get_all(struct nm_primary *p, const char *path, const char *interface,
		   sd_bus_message_handler_t fn)
{
	const char *owner = nm_owner_name(p->manager->nm);
	sd_bus_message *m = NULL;
	int r;

	p->call = sd_bus_slot_unref(p->call);
	r = owner ? sd_bus_message_new_method_call(p->manager->bus, &m, owner, path,
						   DBUS_PROPERTIES, "GetAll")
		  : -ENOTCONN;
	if (r >= 0)
		r = sd_bus_message_append(m, "s", interface);
	if (r >= 0)
		r = sd_bus_call_async(p->manager->bus, &p->call, m, fn, p, READ_TIMEOUT);
	(void)sd_bus_message_unref(m);
	return r;
}

static int on_connection(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	struct wanted wanted[] = {{"Id", "s", NULL}, {"Uuid", "s", NULL}};
	struct nm_primary *p = userdata;
	int r;

	(void)error;
	if (sd_bus_message_is_method_error(reply, NULL)) {
		fail(p, sd_bus_message_get_error(reply)->name);
		return 1;
	}
	r = read_properties(reply, wanted, ARRAY_SIZE(wanted));
	if (r < 0) {
		fail(p, strerror(-r));
		return 1;
	}
	take_text(p->next.name, wanted[0].value);
	take_text(p->next.uuid, wanted[1].value);
	finish(p);
	return 1;
}

static int on_manager(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	struct wanted wanted[] = {{"PrimaryConnection", "o", NULL},
				  {"ActivatingConnection", "o", NULL}};
	struct nm_primary *p = userdata;
	int r;

	(void)error;
	if (sd_bus_message_is_method_error(reply, NULL)) {
		fail(p, sd_bus_message_get_error(reply)->name);
		return 1;
	}
	r = read_properties(reply, wanted, ARRAY_SIZE(wanted));
	if (r < 0) {
		fail(p, strerror(-r));
		return 1;
	}
	p->next = (struct primary){.connecting = strcmp(wanted[1].value, NM_NO_PATH) != 0};
	if (strcmp(wanted[0].value, NM_NO_PATH) == 0) {
		finish(p);
		return 1;
	}
	r = get_all(p, wanted[0].value, NM_ACTIVE, on_connection);
	if (r < 0)
		fail(p, strerror(-r));
	return 1;
}

/* Now, or when the reading that goes on has ended. */
static void start(struct nm_primary *p)
{
	int r;

	p->again = p->reading;
	if (p->reading || !nm_owner_name(p->manager->nm))
		return;
	p->reading = true;
	p->failed = false;
	r = get_all(p, NM_PATH, NM, on_manager);
	if (r < 0)
		fail(p, strerror(-r));
}

void nm_primary_retry(struct nm_primary *p)
{
	if (p->failed)
		start(p);
}

void nm_primary_owner_changed(struct nm_primary *p)
{
	p->call = sd_bus_slot_unref(p->call);
	p->reading = p->again = p->failed = false;
	if (!nm_owner_name(p->manager->nm)) {
		p->now = (struct primary){0};
		network_primary_changed(p->manager);
		let_go(p);
		return;
	}
	start(p);
}

/* What it says in the signal is not used: it is read when its turn comes. */
static int on_changed(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct nm_primary *p = userdata;
	const char *interface;

	(void)error;
	if (nm_owner_sent(p->manager->nm, m) && sd_bus_message_read(m, "s", &interface) >= 0 &&
	    strcmp(interface, NM) == 0)
		start(p);
	return 0;
}

const struct primary *nm_primary_get(const struct nm_primary *p)
{
	return &p->now;
}

int nm_primary_settle(struct nm_primary *p, sd_bus_message *call, sd_bus_error *error)
{
	if (!p->reading)
		return 0;
	if (p->n_waiting == WAITING_MAX)
		return error_set(error, ERROR_TOO_MANY,
				 "Too many wait for what NetworkManager says; ask again in a "
				 "moment.");
	p->waiting[p->n_waiting++] = sd_bus_message_ref(call);
	return 1;
}

struct nm_primary *nm_primary_new(struct manager *m)
{
	struct nm_primary *p = calloc(1, sizeof(*p));
	int r;

	if (!p)
		fatal_oom();
	p->manager = m;
	r = sd_bus_add_match_async(m->bus, NULL,
				   "type='signal',sender='" NM "',path='" NM_PATH
				   "',interface='" DBUS_PROPERTIES "',member='PropertiesChanged'",
				   on_changed, NULL, p);
	if (r < 0)
		log_warning("NetworkManager's connections cannot be followed: %s", strerror(-r));
	return p;
}

struct nm_primary *nm_primary_free(struct nm_primary *p)
{
	if (!p)
		return NULL;
	(void)sd_bus_slot_unref(p->call);
	for (size_t i = 0; i < p->n_waiting; i++)
		(void)sd_bus_message_unref(p->waiting[i]);
	free(p);
	return NULL;
}
