/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "manager.h"

#include "address-check.h"
#include "blocked.h"
#include "check-network.h"
#include "dns-links.h"
#include "log.h"
#include "network.h"
#include "nm-dns.h"
#include "nm-owner.h"
#include "nm-primary.h"
#include "paths.h"
#include "portal.h"
#include "scope.h"
#include "tor-control.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <systemd/sd-daemon.h>

/* polkit announces a change once for each file; wait until they have all been read. */
#define RECHECK_DELAY (300 * USEC_PER_MSEC)
#define INTERFACE_MAX 255 /* as D-Bus has it */

int caller_ids(sd_bus_message *m, uid_t *ret_uid, pid_t *ret_pid)
{
	uint64_t mask = SD_BUS_CREDS_EUID | (ret_pid ? SD_BUS_CREDS_PID : 0);
	sd_bus_creds *creds = NULL;
	int r;

	/* From the bus, never from /proc: a pid may be somebody else's by now. */
	r = sd_bus_query_sender_creds(m, mask, &creds);
	if (r >= 0)
		r = sd_bus_creds_get_euid(creds, ret_uid);
	if (r >= 0 && ret_pid)
		r = sd_bus_creds_get_pid(creds, ret_pid);
	(void)sd_bus_creds_unref(creds);
	return r;
}

const struct wire_door *manager_door(const struct manager *m, const char *user, bool *ret_known)
{
	uint32_t number;
	uid_t uid;
	int r;

	*ret_known = true;
	for (uint32_t i = 0; i < m->limits.n_doors; i++)
		if (m->limits.doors[i].role != ROLE_NAMESPACE &&
		    strcmp(m->limits.doors[i].name, user) == 0)
			return &m->limits.doors[i];
	r = resolve_user(NULL, user, &uid);
	if (r < 0 && parse_u32(user, UINT32_MAX - 1, &number) == 0) {
		uid = number;
		r = 0;
	}
	*ret_known = r == 0;
	for (uint32_t i = 0; r == 0 && i < m->limits.n_doors; i++)
		if (m->limits.doors[i].role != ROLE_NAMESPACE && m->limits.doors[i].uid == uid)
			return &m->limits.doors[i];
	return NULL;
}

const struct wire_door *manager_namespace(const struct manager *m, const char *name)
{
	for (uint32_t i = 0; i < m->limits.n_doors; i++)
		if (m->limits.doors[i].role == ROLE_NAMESPACE &&
		    strcmp(m->limits.doors[i].name, name) == 0)
			return &m->limits.doors[i];
	return NULL;
}

void manager_signal(struct manager *m, const char *destination, const char *member,
		    const char *types, ...)
{
	sd_bus_message *s = NULL;
	va_list ap;
	int r;

	r = sd_bus_message_new_signal(m->bus, &s, OBJECT_PATH, CLEARNET_INTERFACE, member);
	va_start(ap, types);
	if (r >= 0)
		r = sd_bus_message_appendv(s, types, ap);
	va_end(ap);
	/* Never broadcast: who uses the clearnet is nobody else's business. */
	if (r >= 0)
		r = sd_bus_message_set_destination(s, destination);
	if (r >= 0)
		(void)sd_bus_send(m->bus, s, NULL);
	(void)sd_bus_message_unref(s);
}

void manager_changed(struct manager *m, const char *interface, const char *property)
{
	(void)sd_bus_emit_properties_changed(m->bus, OBJECT_PATH, interface, property, NULL);
}

/* The name means: the wall is up. It is kept when the engine is lost; Sealed says so. */
static void take_name(struct manager *m)
{
	int r;

	if (m->has_name)
		return;
	r = sd_bus_request_name(m->bus, BUS_NAME, 0);
	if (r < 0)
		fatal("the name %s: %s; the wall stays", BUS_NAME, strerror(-r));
	m->has_name = true;
	(void)sd_notify(0, "READY=1");
	log_info("ready");
}

static bool same_doors(const struct wire_limits *a, const struct wire_limits *b)
{
	return a->n_doors == b->n_doors && memcmp(a->doors, b->doors, sizeof(a->doors)) == 0;
}

static void set_limits(struct manager *m, const struct wire_limits *limits)
{
	struct wire_limits before = m->limits;

	m->limits = *limits;
	if (before.sealed != limits->sealed)
		manager_changed(m, MANAGER_INTERFACE, "Sealed");
	if (before.built_in != limits->built_in)
		manager_changed(m, MANAGER_INTERFACE, "BuiltIn");
	if (memcmp(before.digest, limits->digest, sizeof(before.digest)) != 0)
		manager_changed(m, MANAGER_INTERFACE, "PolicyDigest");
	if (!same_doors(&before, limits))
		manager_changed(m, CLEARNET_INTERFACE, "Doors");
	if (before.browser != limits->browser || !same_doors(&before, limits))
		manager_changed(m, CLEARNET_INTERFACE, "Browser");
	if (before.default_seconds != limits->default_seconds ||
	    before.longest_seconds != limits->longest_seconds ||
	    before.most_leases != limits->most_leases)
		manager_changed(m, CLEARNET_INTERFACE, "Limits");
}

static void on_limits(const struct wire_limits *limits, void *userdata)
{
	struct manager *m = userdata;

	set_limits(m, limits);
	autoconfig_refresh(m);
	if (limits->sealed)
		take_name(m);
	nm_dns_refresh(m->nm_dns);
}

static void on_lease_ended(uint64_t id, enum wire_reason reason, void *userdata)
{
	struct manager *m = userdata;

	held_ended(m, id, reason);
	check_network_lease_ended(m->check, id, reason);
}

/* That the wall was changed is everybody's business. */
static void on_tampered(const struct wire_tampered *t, void *userdata)
{
	struct manager *m = userdata;

	(void)sd_bus_emit_signal(m->bus, OBJECT_PATH, MANAGER_INTERFACE, "TamperDetected", "uusb",
				 t->generation, t->pid, t->name, (int)t->repaired);
}

static void on_blocked(const struct wire_blocked_entry *b, void *userdata)
{
	blocked_tell(userdata, b);
}

static void on_consent(const struct wire_consent *c, void *userdata)
{
	autoconfig_changed(userdata, (enum consent_value)c->value);
}

static void on_links(const struct wire_links *links, void *userdata)
{
	dns_links_changed(userdata, links);
	network_number_changed(userdata, links->network);
}

static void on_dns_answer(const struct wire_dns_answer *a, void *userdata)
{
	portal_dns_answer(userdata, a);
}

static void on_autoconfig(const struct wire_autoconfig *a, void *userdata)
{
	struct manager *m = userdata;

	check_network_policy(m->check, a);
}

static void on_engine_lost(void *userdata)
{
	static const struct wire_limits none;
	struct manager *m = userdata;

	set_limits(m, &none);
	check_network_lost(m->check);
	autoconfig_changed(m, CONSENT_UNKNOWN);
	network_number_changed(m, 0);
	m->dns.up_known = false;
	while (m->held)
		held_ended(m, m->held->id, REASON_FAILURE);
}

static void on_tick(void *userdata)
{
	struct manager *m = userdata;

	held_retry(m);
	sessions_retry(m->sessions);
	nm_dns_retry(m->nm_dns);
	nm_primary_retry(m->nm_primary);
	network_retry(m);
	tor_control_retry(m->tor);
}

static void on_nm_changed(void *userdata)
{
	struct manager *m = userdata;

	nm_dns_owner_changed(m->nm_dns);
	nm_primary_owner_changed(m->nm_primary);
}

static void on_session_gone(const char *path, void *userdata)
{
	struct manager *m = userdata;

	for (struct held *h = m->held; h; h = h->next)
		if (h->session && strcmp(h->session, path) == 0)
			held_end(h, REASON_SESSION);
}

static void on_tor_connected(void *userdata)
{
	portal_passed(userdata, "Tor has connected");
}

static bool all_closed(const struct manager *m)
{
	return !m->held && !m->opening && !check_network_open(m->check);
}

void manager_let_sleep(struct manager *m)
{
	if (m->sessions && all_closed(m))
		sessions_release(m->sessions);
}

static bool on_sleeping(void *userdata)
{
	struct manager *m = userdata;

	held_end_all(m, REASON_SUSPEND);
	check_network_sleep(m->check);
	return all_closed(m);
}

static void on_refused(uint64_t id, void *userdata)
{
	struct held *h = held_find(userdata, id);

	if (h)
		held_end(h, REASON_DENIED);
}

static void arm_recheck(struct manager *m)
{
	m->changed_again = false;
	(void)sd_event_source_set_time_relative(m->recheck, RECHECK_DELAY);
	(void)sd_event_source_set_enabled(m->recheck, SD_EVENT_ONESHOT);
}

static int recheck(sd_event_source *s, uint64_t usec, void *userdata)
{
	struct manager *m = userdata;

	(void)s;
	(void)usec;
	if (m->changed_again)
		arm_recheck(m);
	blocked_recheck(m);
	for (struct held *h = m->held; h; h = h->next)
		if (h->holder != 0 && scope_action(h->uid, h->scope))
			authorize_again(m->authorizer, h->sender, scope_action(h->uid, h->scope),
					h->details, on_refused, h->id, m);
	return 0;
}

static int on_polkit_changed(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct manager *m = userdata;

	(void)message;
	(void)error;
	if (!m->held && !blocked_needs_recheck(m))
		return 0;
	/* Never put off, or rules that keep changing would keep a door open: one more afterwards.
	 */
	if (sd_event_source_get_enabled(m->recheck, NULL) > 0)
		m->changed_again = true;
	else
		arm_recheck(m);
	return 0;
}

/*
 * A signal that was sent to us alone came without a match, so the bus has not checked its sender:
 * sd-bus takes any sender for a well-known name, in its own matches too (sd_bus_track). All that
 * we listen to are broadcasts. The bus policy says the same; this holds before we have our name.
 */
static int drop_directed_signal(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	const char *sender = sd_bus_message_get_sender(message);

	(void)userdata;
	(void)error;
	return sd_bus_message_is_signal(message, NULL, NULL) > 0 &&
	       sd_bus_message_get_destination(message) &&
	       !(sender && strcmp(sender, "org.freedesktop.DBus") == 0);
}

/*
 * sd-bus repeats an interface that it does not know in its error, however long: that would be over
 * the bus's limit, and the bus ends who sends such a message.
 */
static int refuse_long_interface(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	const char *interface;

	(void)userdata;
	if (sd_bus_message_is_method_call(message, DBUS_PROPERTIES, "GetAll") <= 0 ||
	    sd_bus_message_read(message, "s", &interface) < 0 || strlen(interface) <= INTERFACE_MAX)
		return 0;
	return error_set(error, SD_BUS_ERROR_INVALID_ARGS,
			 "An interface's name has at most %d characters.", INTERFACE_MAX);
}

static int add_objects(struct manager *m)
{
	const struct {
		const char *interface;
		const sd_bus_vtable *vtable;
	} objects[] = {
		{CLEARNET_INTERFACE, clearnet_vtable},
		{CLEARNET_INTERFACE, doors_vtable},
		{DNS_INTERFACE, dns_vtable},
		{AUTOCONFIG_INTERFACE, autoconfig_vtable},
		{AUTOCONFIG_INTERFACE, network_vtable},
		{MANAGER_INTERFACE, manager_vtable},
		{MANAGER_INTERFACE, blocked_vtable},
	};

	for (size_t i = 0; i < ARRAY_SIZE(objects); i++) {
		int r = sd_bus_add_object_vtable(m->bus, NULL, OBJECT_PATH, objects[i].interface,
						 objects[i].vtable, m);

		if (r < 0)
			return r;
	}
	return 0;
}

int manager_start(struct manager *m, sd_event *event, sd_bus *bus, const char *engine_path)
{
	const struct engine_events engine_events = {
		on_limits,     on_lease_ended, on_tampered,    on_blocked, on_consent, on_links,
		on_dns_answer, on_autoconfig,  on_engine_lost, on_tick,    m};
	const struct session_events session_events = {on_session_gone, on_sleeping, m};
	int r;

	*m = (struct manager){.event = event, .bus = bus};
	m->authorizer = authorizer_new(bus);
	clearnet_dns_open(&m->dns, RUN_DIR "/dns/resolv.conf");
	r = sd_bus_add_filter(bus, NULL, drop_directed_signal, NULL);
	if (r >= 0)
		r = sd_bus_add_filter(bus, NULL, refuse_long_interface, NULL);
	if (r >= 0)
		r = add_objects(m);
	if (r >= 0)
		r = sd_bus_add_match_async(bus, NULL,
					   "type='signal',sender='org.freedesktop.PolicyKit1',"
					   "path='/org/freedesktop/PolicyKit1/Authority',"
					   "interface='org.freedesktop.PolicyKit1.Authority',"
					   "member='Changed'",
					   on_polkit_changed, NULL, m);
	if (r >= 0)
		r = sd_event_add_time(event, &m->recheck, CLOCK_BOOTTIME, 0, 0, recheck, m);
	if (r >= 0)
		r = sd_event_source_set_enabled(m->recheck, SD_EVENT_OFF);
	if (r < 0)
		return r;
	m->sessions = sessions_new(bus, &session_events);
	m->nm = nm_owner_new(bus, on_nm_changed, m);
	m->nm_dns = nm_dns_new(m);
	m->nm_primary = nm_primary_new(m);
	m->tor = tor_control_new(event, on_tor_connected, m);
	m->check = check_network_new(m);
	return engine_client_new(event, engine_path, &engine_events, &m->engine);
}

void manager_stop(struct manager *m)
{
	/* The engine ends every lease when this connection ends. */
	m->engine = engine_client_free(m->engine);
	address_check_stop(m);
	m->check = check_network_free(m->check);
	m->nm_primary = nm_primary_free(m->nm_primary);
	m->nm_dns = nm_dns_free(m->nm_dns);
	m->nm = nm_owner_free(m->nm);
	while (m->held)
		held_ended(m, m->held->id, REASON_BUS_GONE);
	m->tor = tor_control_free(m->tor);
	blocked_unsubscribe_all(m);
	m->recheck = sd_event_source_disable_unref(m->recheck);
	m->sessions = sessions_free(m->sessions);
	m->authorizer = authorizer_free(m->authorizer);
	clearnet_dns_close(&m->dns);
}
