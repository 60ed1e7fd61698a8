/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nm-owner.h"

#include "log.h"

#define DBUS "org.freedesktop.DBus"
#define DBUS_PATH "/org/freedesktop/DBus"

struct nm_owner {
	sd_bus *bus;
	char *name;    /* who has the name; NULL: nobody */
	bool trusted;  /* the bus says that it is root's */
	bool followed; /* and it was told of */
	sd_bus_slot *call;
	void (*changed)(void *userdata);
	void *userdata;
};

const char *nm_owner_name(const struct nm_owner *o)
{
	return o->trusted ? o->name : NULL;
}

static bool sent_by(sd_bus_message *m, const char *name)
{
	const char *sender = sd_bus_message_get_sender(m);

	return sender && name && strcmp(sender, name) == 0;
}

bool nm_owner_sent(const struct nm_owner *o, sd_bus_message *m)
{
	return sent_by(m, nm_owner_name(o));
}

static int call_bus(struct nm_owner *o, const char *member, const char *argument,
		    sd_bus_message_handler_t fn)
{
	o->call = sd_bus_slot_unref(o->call);
	return sd_bus_call_method_async(o->bus, &o->call, DBUS, DBUS_PATH, DBUS, member, fn, o, "s",
					argument);
}

static void tell(struct nm_owner *o)
{
	bool before = o->followed;

	o->followed = o->trusted;
	if (before || o->followed)
		o->changed(o->userdata);
}

static int on_uid(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	struct nm_owner *o = userdata;
	uint32_t uid;

	(void)error;
	o->call = sd_bus_slot_unref(o->call);
	if (sd_bus_message_is_method_error(reply, NULL) ||
	    sd_bus_message_read(reply, "u", &uid) < 0)
		return 1; /* it has left already */
	o->trusted = uid == 0;
	if (!o->trusted)
		log_warning("who is " NM " on the bus is uid %u, not root: not followed", uid);
	tell(o);
	return 1;
}

static void set_owner(struct nm_owner *o, const char *name)
{
	o->call = sd_bus_slot_unref(o->call);
	o->trusted = false;
	tell(o);
	free(o->name);
	o->name = *name ? strdup(name) : NULL;
	if (*name && !o->name)
		fatal_oom();
	if (o->name && call_bus(o, "GetConnectionUnixUser", name, on_uid) < 0)
		log_warning(NM " cannot be followed: the bus cannot be asked who it is");
}

static int on_owner(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	struct nm_owner *o = userdata;
	const char *name;

	(void)error;
	o->call = sd_bus_slot_unref(o->call);
	if (!sd_bus_message_is_method_error(reply, NULL) &&
	    sd_bus_message_read(reply, "s", &name) >= 0)
		set_owner(o, name);
	return 1;
}

static int on_owner_changed(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	const char *name, *before, *after;

	(void)error;
	if (sent_by(m, DBUS) && sd_bus_message_read(m, "sss", &name, &before, &after) >= 0 &&
	    strcmp(name, NM) == 0)
		set_owner(userdata, after);
	return 0;
}

struct nm_owner *nm_owner_new(sd_bus *bus, void (*changed)(void *userdata), void *userdata)
{
	struct nm_owner *o = calloc(1, sizeof(*o));
	int r;

	if (!o)
		fatal_oom();
	*o = (struct nm_owner){.bus = bus, .changed = changed, .userdata = userdata};
	r = sd_bus_add_match_async(bus, NULL,
				   "type='signal',sender='" DBUS "',path='" DBUS_PATH
				   "',interface='" DBUS "',member='NameOwnerChanged',arg0='" NM "'",
				   on_owner_changed, NULL, o);
	if (r >= 0)
		r = call_bus(o, "GetNameOwner", NM, on_owner);
	if (r < 0)
		log_warning(NM " cannot be followed: %s", strerror(-r));
	return o;
}

struct nm_owner *nm_owner_free(struct nm_owner *o)
{
	if (!o)
		return NULL;
	(void)sd_bus_slot_unref(o->call);
	free(o->name);
	free(o);
	return NULL;
}
