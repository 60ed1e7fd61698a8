/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "service.h"

#include "paths.h"

#include <errno.h>
#include <unistd.h>

/* polkitd may hang for 15 seconds and then still answer rightly; a person may take minutes. */
#define TIMEOUT_SILENT (60 * USEC_PER_SEC)
#define TIMEOUT_ASKING (600 * USEC_PER_SEC)

#define LOG_HINT "See: journalctl --namespace=sallyport -u sallyport -u sallyport-engine"

static const struct meaning {
	const char *name;
	enum exit_code code;
	const char *text; /* instead of the error's own sentence, if not NULL */
	const char *next;
} meanings[] = {
	{"org.sallyport1.Error.NotAuthorized", EXIT_NOT_AUTHORIZED, NULL, NULL},
	{"org.sallyport1.Error.UnknownUser", EXIT_NO_SUCH, NULL, NULL},
	{"org.sallyport1.Error.UnknownNamespace", EXIT_NO_SUCH, NULL,
	 "sallyport check --show prints the policy."},
	{"org.sallyport1.Error.NotClearnetUser", EXIT_NOT_GRANTED, NULL,
	 "sallyport check --show prints what the policy grants."},
	{"org.sallyport1.Error.Busy", EXIT_BUSY, NULL,
	 "sallyport status shows it, sallyport clearnet off USER closes it."},
	{"org.sallyport1.Error.TooLong", EXIT_NOT_GRANTED, NULL, NULL},
	{"org.sallyport1.Error.TooMany", EXIT_NOT_GRANTED, NULL,
	 "sallyport status shows the open doors."},
	{"org.sallyport1.Error.NoConsent", EXIT_NOT_GRANTED, NULL,
	 "sallyport consent grant NETWORK consents."},
	{"org.sallyport1.Error.NetworkChanged", EXIT_NOT_GRANTED, NULL, NULL},
	{"org.sallyport1.Error.NoServers", EXIT_NOT_GRANTED, NULL, NULL},
	{"org.sallyport1.Error.InvalidAddress", EXIT_FAILED, NULL, NULL},
	{"org.sallyport1.Error.NoSuchLease", EXIT_NO_SUCH, NULL,
	 "sallyport status shows the open doors."},
	{"org.sallyport1.Error.EngineFailure", EXIT_NO_SERVICE, NULL, LOG_HINT},
	{"org.sallyport1.Error.NotReported", EXIT_FAILED, NULL, NULL},
	{"org.sallyport1.Error.TooOften", EXIT_NOT_GRANTED, NULL, NULL},
	{"org.sallyport1.Error.NotConfigured", EXIT_NOT_GRANTED, NULL, NULL},
	{"org.sallyport1.Error.ProbeFailure", EXIT_FAILED, NULL, NULL},
	{"org.sallyport1.Error.BadPolicy", EXIT_BAD_POLICY, NULL, NULL},
	{SD_BUS_ERROR_INVALID_ARGS, EXIT_USAGE, NULL, NULL},
	{SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED, EXIT_NOT_AUTHORIZED,
	 "a person must authorize this, and nobody could be asked",
	 "Run it on a terminal, or with --interactive where a desktop's agent can ask."},
	{SD_BUS_ERROR_ACCESS_DENIED, EXIT_NOT_AUTHORIZED, NULL, NULL},
	{SD_BUS_ERROR_SERVICE_UNKNOWN, EXIT_NO_SERVICE, "the service is not there",
	 "See: systemctl status sallyport sallyport-engine"},
	{SD_BUS_ERROR_NAME_HAS_NO_OWNER, EXIT_NO_SERVICE, "the service is not there",
	 "See: systemctl status sallyport sallyport-engine"},
	{SD_BUS_ERROR_NO_REPLY, EXIT_NO_SERVICE, "the service gave no answer; no door was opened",
	 LOG_HINT},
	{SD_BUS_ERROR_TIMEOUT, EXIT_NO_SERVICE, "the service did not answer in time", LOG_HINT},
	{SD_BUS_ERROR_DISCONNECTED, EXIT_NO_SERVICE, "the system bus has gone", NULL},
};

static bool spawn_failed(const char *name)
{
	static const char spawn[] = "org.freedesktop.DBus.Error.Spawn.",
			  systemd[] = "org.freedesktop.systemd1.";

	return strncmp(name, spawn, sizeof(spawn) - 1) == 0 ||
	       strncmp(name, systemd, sizeof(systemd) - 1) == 0;
}

int service_explain(const struct service *s, const sd_bus_error *error, int r)
{
	const char *text = error->message && *error->message ? error->message : strerror(-r);

	if (!error->name)
		return fail(s->inv, EXIT_NO_SERVICE, NULL, LOG_HINT, "the call failed: %s",
			    strerror(-r));
	for (size_t i = 0; i < ARRAY_SIZE(meanings); i++)
		if (strcmp(meanings[i].name, error->name) == 0)
			return fail(s->inv, meanings[i].code, error->name, meanings[i].next, "%s",
				    meanings[i].text ? meanings[i].text : text);
	if (spawn_failed(error->name))
		return fail(s->inv, EXIT_NO_SERVICE, error->name,
			    "See: systemctl status sallyport sallyport-engine",
			    "the service could not be started: %s", text);
	return fail(s->inv, EXIT_FAILED, error->name, LOG_HINT, "%s (%s)", text, error->name);
}

int service_nonsense(const struct service *s, int r)
{
	return fail(s->inv, EXIT_FAILED, NULL,
		    "Are sallyport and sallyport-bus of the same version?",
		    "the service's answer cannot be read: %s", strerror(-r));
}

int service_open(struct service *s, const struct invocation *inv)
{
	int r;

	*s = (struct service){.inv = inv};
	s->may_ask = !GIVEN(inv, NO_ASK_PASSWORD) &&
		     (GIVEN(inv, INTERACTIVE) || isatty(STDIN_FILENO)) &&
		     (inv->verb->options & BIT(INTERACTIVE));
	r = sd_bus_open_system_with_description(&s->bus, "sallyport");
	if (r < 0)
		return fail(inv, EXIT_NO_SERVICE, NULL, "See: systemctl status dbus",
			    "the system bus cannot be reached: %s", strerror(-r));
	return EXIT_DONE;
}

void service_close(struct service *s)
{
	s->bus = sd_bus_flush_close_unref(s->bus);
}

static int call_once(struct service *s, bool ask, const char *interface, const char *member,
		     service_fill_fn fill, const void *userdata, sd_bus_error *error,
		     sd_bus_message **ret)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
	int r;

	r = sd_bus_message_new_method_call(s->bus, &m, SERVICE_NAME, SERVICE_PATH, interface,
					   member);
	if (r >= 0)
		r = sd_bus_message_set_allow_interactive_authorization(m, ask);
	if (r >= 0)
		r = sd_bus_message_set_auto_start(m, !s->no_start);
	if (r >= 0 && fill)
		r = fill(m, userdata);
	if (r < 0)
		return r;
	if (ask)
		return sd_bus_call(s->bus, m, TIMEOUT_ASKING, error, ret);
	return sd_bus_call(s->bus, m, s->timeout ? s->timeout : TIMEOUT_SILENT, error, ret);
}

int service_try(struct service *s, const char *interface, const char *member, service_fill_fn fill,
		const void *userdata, sd_bus_error *error, sd_bus_message **ret)
{
	pid_t agent;
	int r;

	if (!s->ask_at_once) {
		r = call_once(s, false, interface, member, fill, userdata, error, ret);
		if (r >= 0 || !s->may_ask ||
		    !sd_bus_error_has_name(error, SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED))
			return r;
		sd_bus_error_free(error);
	}
	agent = s->may_ask ? agent_start() : 0;
	r = call_once(s, true, interface, member, fill, userdata, error, ret);
	agent_stop(agent);
	return r;
}

int service_call(struct service *s, const char *interface, const char *member, service_fill_fn fill,
		 const void *userdata, sd_bus_message **ret)
{
	_cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
	int r;

	r = service_try(s, interface, member, fill, userdata, &error, ret);
	return r < 0 ? service_explain(s, &error, r) : EXIT_DONE;
}

int fill_string(sd_bus_message *m, const void *string)
{
	return sd_bus_message_append(m, "s", string);
}
