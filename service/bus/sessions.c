/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sessions.h"

#include "log.h"

#include <errno.h>
#include <fcntl.h>

#define LOGIND "org.freedesktop.login1"
#define MANAGER LOGIND, "/org/freedesktop/login1", "org.freedesktop.login1.Manager"
#define SESSION_INTERFACE "org.freedesktop.login1.Session"
#define USER_INTERFACE "org.freedesktop.login1.User"
#define PROPERTIES "org.freedesktop.DBus.Properties"
#define LOOKUP_TIMEOUT (2 * USEC_PER_SEC)

struct sessions {
	sd_bus *bus;
	struct session_events events;
	int inhibitor;
	bool refused; /* logind is there, but gave no inhibitor */
	bool asleep;
};

/* One search: session of the pid, else the user's display, then whether it is active. */
struct search {
	struct sessions *sessions;
	uid_t uid;
	char *path;
	session_found_fn fn;
	uint64_t id;
	void *userdata;
};

static void search_end(struct search *q, const char *path, bool active)
{
	q->fn(q->id, path, active, q->userdata);
	free(q->path);
	free(q);
}

static int call(struct sessions *s, sd_bus_message *m, sd_bus_message_handler_t fn, void *userdata)
{
	int r = sd_bus_message_set_auto_start(m, 0);

	if (r >= 0)
		r = sd_bus_call_async(s->bus, NULL, m, fn, userdata, LOOKUP_TIMEOUT);
	return r;
}

static int get_property(struct search *q, const char *path, const char *interface, const char *name,
			sd_bus_message_handler_t fn)
{
	sd_bus_message *m = NULL;
	int r;

	r = sd_bus_message_new_method_call(q->sessions->bus, &m, LOGIND, path, PROPERTIES, "Get");
	if (r >= 0)
		r = sd_bus_message_append(m, "ss", interface, name);
	if (r >= 0)
		r = call(q->sessions, m, fn, q);
	(void)sd_bus_message_unref(m);
	return r;
}

static int ask_manager(struct search *q, const char *member, uint32_t argument,
		       sd_bus_message_handler_t fn)
{
	sd_bus_message *m = NULL;
	int r;

	r = sd_bus_message_new_method_call(q->sessions->bus, &m, MANAGER, member);
	if (r >= 0)
		r = sd_bus_message_append(m, "u", argument);
	if (r >= 0)
		r = call(q->sessions, m, fn, q);
	(void)sd_bus_message_unref(m);
	return r;
}

static int on_active(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	struct search *q = userdata;
	int active = 0;

	(void)error;
	/* A session that cannot be asked any more has ended. */
	if (sd_bus_message_is_method_error(reply, NULL) ||
	    sd_bus_message_read(reply, "v", "b", &active) < 0)
		active = 0;
	search_end(q, q->path, active);
	return 1;
}

static void found(struct search *q, const char *path)
{
	q->path = strdup(path);
	if (!q->path)
		fatal_oom();
	if (get_property(q, path, SESSION_INTERFACE, "Active", on_active) < 0)
		search_end(q, NULL, false);
}

static int on_display(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	const char *id = "", *path = "/";
	struct search *q = userdata;

	(void)error;
	if (sd_bus_message_is_method_error(reply, NULL) ||
	    sd_bus_message_read(reply, "v", "(so)", &id, &path) < 0 || !*id)
		search_end(q, NULL, false);
	else
		found(q, path);
	return 1;
}

static int on_user(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	struct search *q = userdata;
	const char *path;

	(void)error;
	if (sd_bus_message_is_method_error(reply, NULL) ||
	    sd_bus_message_read(reply, "o", &path) < 0 ||
	    get_property(q, path, USER_INTERFACE, "Display", on_display) < 0)
		search_end(q, NULL, false);
	return 1;
}

static int on_session(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	struct search *q = userdata;
	const char *path;

	(void)error;
	if (!sd_bus_message_is_method_error(reply, NULL) &&
	    sd_bus_message_read(reply, "o", &path) >= 0)
		found(q, path);
	else if (ask_manager(q, "GetUser", q->uid, on_user) < 0)
		search_end(q, NULL, false);
	return 1;
}

static struct search *search_new(struct sessions *s, session_found_fn fn, uint64_t id,
				 void *userdata)
{
	struct search *q = calloc(1, sizeof(*q));

	if (!q)
		fatal_oom();
	*q = (struct search){.sessions = s, .fn = fn, .id = id, .userdata = userdata};
	return q;
}

void sessions_find(struct sessions *s, pid_t pid, uid_t uid, session_found_fn fn, uint64_t id,
		   void *userdata)
{
	struct search *q = search_new(s, fn, id, userdata);

	q->uid = uid;
	if (ask_manager(q, "GetSessionByPID", (uint32_t)pid, on_session) < 0)
		search_end(q, NULL, false);
}

void sessions_check(struct sessions *s, const char *path, session_found_fn fn, uint64_t id,
		    void *userdata)
{
	found(search_new(s, fn, id, userdata), path);
}

static int on_inhibitor(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	struct sessions *s = userdata;
	int fd;

	(void)error;
	/* Without logind nobody is asked again: its coming is announced. */
	if (sd_bus_message_is_method_error(reply, SD_BUS_ERROR_SERVICE_UNKNOWN) ||
	    sd_bus_message_is_method_error(reply, SD_BUS_ERROR_NAME_HAS_NO_OWNER) ||
	    s->inhibitor >= 0 || s->asleep)
		return 1;
	if (!sd_bus_message_is_method_error(reply, NULL) &&
	    sd_bus_message_read(reply, "h", &fd) >= 0)
		s->inhibitor = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	s->refused = s->inhibitor < 0;
	return 1;
}

/* A delay lock: logind waits for it, but not for long, so a hung service cannot keep us awake. */
static void inhibit(struct sessions *s)
{
	sd_bus_message *m = NULL;
	int r;

	if (s->inhibitor >= 0)
		return;
	s->refused = false;
	r = sd_bus_message_new_method_call(s->bus, &m, MANAGER, "Inhibit");
	if (r >= 0)
		r = sd_bus_message_append(m, "ssss", "sleep", "sallyport",
					  "Doors through the network's wall are closed first",
					  "delay");
	if (r >= 0)
		(void)call(s, m, on_inhibitor, s);
	(void)sd_bus_message_unref(m);
}

void sessions_retry(struct sessions *s)
{
	if (s->refused && !s->asleep)
		inhibit(s);
}

bool sessions_asleep(const struct sessions *s)
{
	return s->asleep;
}

void sessions_release(struct sessions *s)
{
	if (s->asleep)
		s->inhibitor = close_fd(s->inhibitor);
}

static int on_sleep(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct sessions *s = userdata;
	int begins;

	(void)error;
	if (sd_bus_message_read(m, "b", &begins) < 0)
		return 0;
	s->asleep = begins;
	if (!begins)
		inhibit(s);
	else if (s->events.sleeping(s->events.userdata))
		sessions_release(s);
	return 0;
}

static int on_removed(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct sessions *s = userdata;
	const char *id, *path;

	(void)error;
	if (sd_bus_message_read(m, "so", &id, &path) >= 0)
		s->events.gone(path, s->events.userdata);
	return 0;
}

static int on_changed(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct sessions *s = userdata;
	const char *interface, *name;

	(void)error;
	if (sd_bus_message_read(m, "s", &interface) < 0 ||
	    strcmp(interface, SESSION_INTERFACE) != 0 ||
	    sd_bus_message_enter_container(m, 'a', "{sv}") < 0)
		return 0;
	while (sd_bus_message_enter_container(m, 'e', "sv") > 0) {
		int active = 1;

		if (sd_bus_message_read(m, "s", &name) < 0)
			return 0;
		if (strcmp(name, "Active") != 0)
			(void)sd_bus_message_skip(m, "v");
		else if (sd_bus_message_read(m, "v", "b", &active) < 0)
			active = 0;
		if (!active)
			s->events.gone(sd_bus_message_get_path(m), s->events.userdata);
		(void)sd_bus_message_exit_container(m);
	}
	return 0;
}

/* A new logind has forgotten our lock. */
static int on_owner(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct sessions *s = userdata;
	const char *name, *before, *after;

	(void)error;
	if (sd_bus_message_read(m, "sss", &name, &before, &after) < 0)
		return 0;
	s->inhibitor = close_fd(s->inhibitor);
	s->asleep = false;
	if (*after)
		inhibit(s);
	return 0;
}

struct sessions *sessions_new(sd_bus *bus, const struct session_events *events)
{
	static const struct {
		const char *match;
		sd_bus_message_handler_t fn;
	} matches[] = {
		{"type='signal',sender='" LOGIND "',interface='org.freedesktop.login1.Manager',"
		 "member='PrepareForSleep'",
		 on_sleep},
		{"type='signal',sender='" LOGIND "',interface='org.freedesktop.login1.Manager',"
		 "member='SessionRemoved'",
		 on_removed},
		{"type='signal',sender='" LOGIND "',interface='" PROPERTIES "',"
		 "member='PropertiesChanged',path_namespace='/org/freedesktop/login1/session'",
		 on_changed},
		{"type='signal',sender='org.freedesktop.DBus',interface='org.freedesktop.DBus',"
		 "member='NameOwnerChanged',arg0='" LOGIND "'",
		 on_owner},
	};
	struct sessions *s = calloc(1, sizeof(*s));

	if (!s)
		fatal_oom();
	*s = (struct sessions){.bus = bus, .events = *events, .inhibitor = -1};
	for (size_t i = 0; i < ARRAY_SIZE(matches); i++)
		if (sd_bus_add_match_async(bus, NULL, matches[i].match, matches[i].fn, NULL, s) < 0)
			log_warning("logind's signals cannot be heard; doors do not close with "
				    "sessions or sleep");
	inhibit(s);
	return s;
}

struct sessions *sessions_free(struct sessions *s)
{
	if (!s)
		return NULL;
	close_fd(s->inhibitor);
	free(s);
	return NULL;
}
