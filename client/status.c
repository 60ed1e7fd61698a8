/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "paths.h"
#include "refusal-class.h"
#include "state.h"
#include "verbs.h"

#include <inttypes.h>
#include <unistd.h>

#define UNSEALED_PATH RUN_DIR "/unsealed"

/* The whole answer. What the caller may not see is left out, and is no failure. */
struct status {
	struct wall wall;
	struct doors doors;
	struct consent_state consent;
	struct dns_server *servers;
	size_t n_servers;
	bool dns_seen;
	struct counter *counters;
	size_t n_counters;
	bool counted;
	bool unsealed; /* opened on purpose, by sallyport-engine --unseal */
};

static void status_clear(struct status *s)
{
	doors_clear(&s->doors);
	free(s->servers);
	free(s->counters);
}

static int status_code(const struct status *s)
{
	if (!s->wall.sealed)
		return EXIT_NOT_SEALED;
	return s->wall.built_in ? EXIT_BAD_POLICY : EXIT_DONE;
}

static void print_wall(const struct status *s)
{
	if (s->unsealed)
		(void)printf(
			"Wall      %s%sOPEN%s: it was taken down by sallyport-engine --unseal\n"
			"          a boot seals again, or, as root:\n"
			"          sallyport-engine --seal && systemctl start sallyport-engine\n",
			colour(BOLD), colour(RED), colour(PLAIN));
	else if (!s->wall.sealed)
		(void)printf(
			"Wall      %sthe engine does not answer%s; the wall stays in the kernel\n"
			"          see: systemctl status sallyport-engine\n",
			colour(RED), colour(PLAIN));
	else if (s->wall.built_in)
		(void)printf("Wall      %ssealed with the built-in wall%s, because the policy has "
			     "errors:\n          Tor only, no LAN, no door; sallyport check prints "
			     "them\n",
			     colour(YELLOW), colour(PLAIN));
	else
		(void)printf("Wall      %ssealed%s (%.12s)\n", colour(GREEN), colour(PLAIN),
			     s->wall.digest);
}

static void print_doors(const struct doors *doors)
{
	char left[32], holder[64];

	if (!doors->n)
		(void)puts("Doors     none is open");
	for (size_t i = 0; i < doors->n; i++) {
		const struct door *d = &doors->items[i];

		format_left(d->expires, left, sizeof(left));
		format_user(d->holder, holder, sizeof(holder));
		(void)printf("%-10s%s%s%s for another %s (lease %s%s, held by %s)\n",
			     i ? "" : "Doors", colour(YELLOW), d->user, colour(PLAIN), left, d->id,
			     scope_note(d->scope), holder);
	}
}

static void print_rest(const struct status *s, bool all)
{
	char sentence[256];

	if (s->wall.sealed) {
		consent_sentence(&s->consent, sentence, sizeof(sentence));
		(void)printf("Consent   %s\n", sentence);
	}
	if (s->dns_seen && !s->n_servers)
		(void)puts("DNS       no servers are saved");
	for (size_t i = 0; i < s->n_servers; i++)
		(void)printf("%-10s%s %s\n", i ? "" : "DNS", s->servers[i].link,
			     s->servers[i].address);
	for (size_t i = 0, shown = 0; i < s->n_counters; i++)
		if (s->counters[i].packets || all)
			(void)printf("%-10s%" PRIu64 " %s: %s\n", shown++ ? "" : "Counted",
				     s->counters[i].packets, s->counters[i].class,
				     refusal_what(s->counters[i].class));
}

static void print_json(const struct invocation *inv, const struct status *s)
{
	json_object *o = json_object_new_object(), *doors = json_object_new_array();

	for (size_t i = 0; i < s->doors.n; i++)
		(void)json_object_array_add(doors, door_json(&s->doors.items[i]));
	json_add_string(o, "wall", s->unsealed ? "unsealed" : wall_word(&s->wall));
	json_add_bool(o, "sealed", s->wall.sealed);
	json_add_bool(o, "built_in", s->wall.built_in);
	json_add_string(o, "digest", s->wall.digest);
	json_add_string(o, "version", s->wall.version);
	(void)json_object_object_add(o, "doors", doors);
	(void)json_object_object_add(o, "consent",
				     s->wall.sealed ? consent_json(&s->consent) : NULL);
	(void)json_object_object_add(o, "dns",
				     s->dns_seen ? dns_json(s->servers, s->n_servers) : NULL);
	(void)json_object_object_add(o, "counters",
				     s->counted ? counters_json(s->counters, s->n_counters) : NULL);
	json_print(inv, o);
}

/* EXIT_DONE, or the code of the failure, which is said. */
static int gather(struct service *service, bool all, struct status *s)
{
	_cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
	bool may_ask = service->may_ask;
	int r;

	/* Only those who want everybody's doors are asked for a password. */
	service->may_ask = false;
	r = state_wall(service, &error, &s->wall);
	service->may_ask = may_ask && all;
	service->ask_at_once = all;
	if (r >= 0)
		r = state_doors(service, &error, &s->doors);
	service->may_ask = service->ask_at_once = false;
	/* That the engine does not answer is an answer; the consent is the engine's. */
	if (r >= 0 && s->wall.sealed)
		r = state_consent(service, &error, &s->consent);
	if (r < 0)
		return service_explain(service, &error, r);
	s->dns_seen = state_dns(service, &error, &s->servers, &s->n_servers) >= 0;
	s->counted = state_counters(service, &error, &s->counters, &s->n_counters) >= 0;
	return EXIT_DONE;
}

int verb_status(const struct invocation *inv)
{
	_cleanup_(service_close) struct service service = {0};
	_cleanup_(status_clear) struct status s = {0};
	int r = EXIT_DONE;

	if (GIVEN(inv, ALL) && GIVEN(inv, NO_ASK_PASSWORD))
		return fail(inv, EXIT_USAGE, NULL, NULL,
			    "--all may have to ask for a password, --no-ask-password forbids it");
	s.unsealed = access(UNSEALED_PATH, F_OK) == 0;
	if (!s.unsealed)
		r = service_open(&service, inv);
	if (r == EXIT_DONE && !s.unsealed)
		r = gather(&service, GIVEN(inv, ALL), &s);
	if (r != EXIT_DONE)
		return r;
	if (GIVEN(inv, JSON)) {
		print_json(inv, &s);
		return status_code(&s);
	}
	print_wall(&s);
	if (s.unsealed)
		return EXIT_NOT_SEALED;
	print_doors(&s.doors);
	print_rest(&s, GIVEN(inv, ALL));
	return status_code(&s);
}
