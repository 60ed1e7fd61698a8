/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check-network.h"

#include "log.h"
#include "paths.h"
#include "portal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#define PROBE_NAME "org.sallyport1.Probe"
#define PROBE_PATH "/org/sallyport1/Probe"
#define CALLERS_MAX 16
#define LEASE_SECONDS 12
#define PROBE_TIMEOUT (11 * USEC_PER_SEC) /* it takes at most 9 s, and has to be started */
/* So many checks in a row, and then one more each while: as often as NetworkManager may try. */
#define TOKENS_MAX 3
#define TOKEN_EVERY (20 * USEC_PER_SEC)
#define DAY UINT64_C(86400)
#define LATEST_BY_DEFAULT (BUILD_DATE + UINT64_C(20) * 365 * DAY)

/*
 * IDLE -> OPENING (the engine is asked) -> PROBING -> CLOSING (the engine is asked) -> IDLE. Who
 * waits may be answered with an error in any of them; the way to IDLE is the same then.
 */
enum state { IDLE, OPENING, PROBING, CLOSING };

struct check_network {
	struct manager *manager;
	struct wire_autoconfig policy;
	enum state state;
	sd_bus_message *callers[CALLERS_MAX];
	size_t n_callers;
	uint32_t servers[WIRE_SERVERS_MAX];
	uint32_t n_servers;
	uint64_t lease;
	bool lease_ended; /* the engine has said so */
	int fd;           /* the lease's pipe, or -1 */
	sd_bus_slot *call;
	struct check_result result;
	uint32_t tokens;
	usec_t token_at; /* when the last one came */
};

struct check_network *check_network_new(struct manager *m)
{
	struct check_network *c = calloc(1, sizeof(*c));

	if (!c)
		fatal_oom();
	c->manager = m;
	c->fd = -1;
	c->tokens = TOKENS_MAX;
	return c;
}

struct check_network *check_network_free(struct check_network *c)
{
	if (!c)
		return NULL;
	for (size_t i = 0; i < c->n_callers; i++)
		(void)sd_bus_message_unref(c->callers[i]);
	(void)sd_bus_slot_unref(c->call);
	c->fd = close_fd(c->fd);
	free(c);
	return NULL;
}

void check_network_policy(struct check_network *c, const struct wire_autoconfig *policy)
{
	c->policy = *policy;
}

bool check_network_open(const struct check_network *c)
{
	return c && c->state != IDLE; /* without one while the manager stops */
}

static uint64_t latest(const struct check_network *c)
{
	return c->policy.latest ? c->policy.latest : LATEST_BY_DEFAULT;
}

/* The user that the bus starts the probe as, if the policy gives it the door. */
static const struct wire_door *probe_door(const struct manager *m)
{
	uid_t uid;

	if (resolve_user(NULL, PROBE_USER, &uid) < 0)
		return NULL;
	for (uint32_t i = 0; i < m->limits.n_doors; i++)
		if (m->limits.doors[i].role == ROLE_AUTOCONFIG && m->limits.doors[i].uid == uid)
			return &m->limits.doors[i];
	return NULL;
}

/* --- answers */

static void forget_callers(struct check_network *c)
{
	for (size_t i = 0; i < c->n_callers; i++)
		c->callers[i] = sd_bus_message_unref(c->callers[i]);
	c->n_callers = 0;
}

/* Everybody who waits hears it; what is still open is closed without them. */
static void answer_error(struct check_network *c, sd_bus_error *error)
{
	for (size_t i = 0; i < c->n_callers; i++)
		(void)sd_bus_reply_method_error(c->callers[i], error);
	forget_callers(c);
	sd_bus_error_free(error);
}

static int send_result(sd_bus_message *call, const struct check_result *result)
{
	sd_bus_message *reply = NULL;
	int r;

	r = sd_bus_message_new_method_return(call, &reply);
	if (r >= 0)
		r = check_result_append(reply, result);
	if (r >= 0)
		r = sd_bus_message_send(reply);
	(void)sd_bus_message_unref(reply);
	return r;
}

static void answer_result(struct check_network *c)
{
	autoconfig_result_changed(c->manager, c->result.connectivity);
	for (size_t i = 0; i < c->n_callers; i++)
		(void)send_result(c->callers[i], &c->result);
	forget_callers(c);
	log_info("check: %s, %s", c->result.connectivity, c->result.reason);
	if (strcmp(c->result.connectivity, "full") == 0)
		portal_passed(c->manager, "the check says so");
}

static int error_network_changed(sd_bus_error *e)
{
	return error_set(
		e, ERROR_NETWORK_CHANGED,
		"The network has changed in the middle of the check; ask the user about the "
		"new one, then call SetAutoconfigConsent.");
}

static int error_closed(sd_bus_error *e, enum wire_reason reason)
{
	if (reason == REASON_SUSPEND)
		return error_asleep(e);
	if (reason == REASON_NETWORK)
		return error_network_changed(e);
	return error_set(e, ERROR_ENGINE_FAILURE,
			 "The door for the check was closed before its time (%s); ask again.",
			 wire_reason_to_string(reason));
}

static int error_probe(sd_bus_error *e, const char *what)
{
	return error_set(
		e, ERROR_PROBE_FAILURE,
		"The connection check did not run: %s. See journalctl --namespace=sallyport "
		"-u sallyport-probe.",
		what);
}

/* --- closing */

static void go_idle(struct check_network *c)
{
	struct manager *m = c->manager;

	c->call = sd_bus_slot_unref(c->call);
	c->fd = close_fd(c->fd);
	c->lease = 0;
	c->state = IDLE;
	manager_let_sleep(m);
}

/*
 * The engine's word that nothing passes any more. Refused: the lease has ended before; what ended
 * it came first and has answered everybody, or is told as a change of the network.
 */
static void on_closed(const struct wire_header *answer, int *fd, void *userdata)
{
	struct check_network *c = userdata;
	sd_bus_error e = SD_BUS_ERROR_NULL;

	(void)fd;
	if (answer && answer->type == WIRE_LEASE_ENDED && c->result.connectivity)
		answer_result(c);
	else if (!answer)
		(void)error_engine_lost(&e);
	else
		(void)error_network_changed(&e);
	answer_error(c, &e);
	go_idle(c);
}

/*
 * It is asked even when it has said that the lease is over: its answer comes after all that it had
 * to say of that. If it cannot be asked the end of the pipe tells it, and its word comes as an
 * event.
 */
static void close_lease(struct check_network *c, enum wire_reason reason)
{
	struct wire_lease_end m = {.id = c->lease, .reason = reason};

	c->state = CLOSING;
	c->call = sd_bus_slot_unref(c->call);
	if (engine_client_request(c->manager->engine, CALLER_NONE, &m.header, WIRE_LEASE_END,
				  sizeof(m), on_closed, c) == 0)
		return;
	c->fd = close_fd(c->fd);
	if (c->lease_ended)
		on_closed(NULL, NULL, c);
}

static void fail(struct check_network *c, sd_bus_error *error, enum wire_reason reason)
{
	answer_error(c, error);
	c->result = (struct check_result){0};
	if (c->state == PROBING)
		close_lease(c, reason);
}

/* --- the way there */

static int on_probed(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	struct check_network *c = userdata;
	sd_bus_error e = SD_BUS_ERROR_NULL;

	(void)error;
	c->call = sd_bus_slot_unref(c->call);
	if (sd_bus_message_is_method_error(reply, NULL)) {
		(void)error_probe(&e, sd_bus_message_get_error(reply)->message);
		fail(c, &e, REASON_CLOSED);
		return 0;
	}
	if (check_result_read(reply, BUILD_DATE, latest(c), &c->result) < 0) {
		log_error("the probe's answer makes no sense");
		(void)error_probe(&e, "its answer makes no sense");
		fail(c, &e, REASON_CLOSED);
		return 0;
	}
	close_lease(c, REASON_CLOSED);
	return 0;
}

static int ask_probe(struct check_network *c)
{
	sd_bus_message *m = NULL;
	int r;

	r = sd_bus_message_new_method_call(c->manager->bus, &m, PROBE_NAME, PROBE_PATH, PROBE_NAME,
					   "Check");
	if (r >= 0)
		r = sd_bus_message_append(m, "ss", c->policy.url, c->policy.response);
	if (r >= 0)
		r = sd_bus_message_append_array(m, 'u', c->servers,
						c->n_servers * sizeof(c->servers[0]));
	if (r >= 0)
		r = sd_bus_message_append(m, "tt", (uint64_t)BUILD_DATE, latest(c));
	if (r >= 0)
		r = sd_bus_call_async(c->manager->bus, &c->call, m, on_probed, c, PROBE_TIMEOUT);
	(void)sd_bus_message_unref(m);
	return r;
}

static void on_opened(const struct wire_header *answer, int *fd, void *userdata)
{
	const struct wire_lease_opened *opened = (const void *)answer;
	const struct wire_refused *refused = (const void *)answer;
	struct check_network *c = userdata;
	sd_bus_error e = SD_BUS_ERROR_NULL;

	if (!answer || answer->type != WIRE_LEASE_OPENED || *fd < 0) {
		if (answer && answer->type == WIRE_REFUSED)
			(void)error_refused(&e, (enum wire_refusal)refused->refusal,
					    refused->detail, PROBE_USER);
		else
			(void)error_engine_lost(&e);
		answer_error(c, &e);
		go_idle(c);
		return;
	}
	c->fd = TAKE_FD(*fd);
	c->lease = opened->id;
	c->state = PROBING;
	if (c->n_callers == 0)
		close_lease(c, REASON_CLOSED); /* they were told already why not */
	else if (sessions_asleep(c->manager->sessions))
		check_network_sleep(c);
	else if (ask_probe(c) < 0) {
		(void)error_probe(&e, "the bus does not take the call");
		fail(c, &e, REASON_CLOSED);
	}
}

/* --- what comes between */

void check_network_consent(struct check_network *c, enum consent_value value)
{
	sd_bus_error e = SD_BUS_ERROR_NULL;

	if (value == CONSENT_GRANTED || c->state == IDLE)
		return;
	if (value == CONSENT_HIDDEN)
		(void)error_refused(&e, REFUSAL_NO_CONSENT, 0, "");
	else
		(void)error_network_changed(&e);
	fail(c, &e, REASON_CONSENT);
}

/* Of the two reasons that a consent can end for the engine tells next. */
void check_network_lease_ended(struct check_network *c, uint64_t id, enum wire_reason reason)
{
	sd_bus_error e = SD_BUS_ERROR_NULL;

	if (c->state < PROBING || c->lease != id)
		return;
	c->lease_ended = true;
	if (c->state == CLOSING && c->fd < 0) {
		/* The event that close_lease() waits for. */
		if (c->result.connectivity && reason == REASON_CLOSED)
			answer_result(c);
		(void)error_closed(&e, reason);
		answer_error(c, &e);
		go_idle(c);
		return;
	}
	if (reason == REASON_CONSENT)
		return;
	(void)error_closed(&e, reason);
	fail(c, &e, reason);
}

void check_network_lost(struct check_network *c)
{
	sd_bus_error e = SD_BUS_ERROR_NULL;

	c->policy = (struct wire_autoconfig){0};
	c->lease_ended = true;
	(void)error_engine_lost(&e);
	fail(c, &e, REASON_FAILURE);
	if (c->state != IDLE)
		go_idle(c);
}

void check_network_sleep(struct check_network *c)
{
	sd_bus_error e = SD_BUS_ERROR_NULL;

	(void)error_asleep(&e);
	fail(c, &e, REASON_SUSPEND);
}

/* --- the method */

/* 0, or how long until there is one. */
static usec_t take_token(struct check_network *c)
{
	usec_t now = now_boottime(), since = now - c->token_at;

	if (since >= TOKEN_EVERY) {
		uint64_t new = since / TOKEN_EVERY;

		c->tokens = new >= TOKENS_MAX - c->tokens ? TOKENS_MAX : c->tokens + (uint32_t) new;
		c->token_at = c->tokens == TOKENS_MAX ? now : c->token_at + new *TOKEN_EVERY;
		since = now - c->token_at;
	}
	if (c->tokens == 0)
		return TOKEN_EVERY - since;
	c->tokens--;
	return 0;
}

/* Why it cannot run, whoever asks. */
static int refuse_by_state(const struct manager *m, sd_bus_error *error)
{
	const struct check_network *c = m->check;

	if (!m->limits.sealed)
		return error_engine_lost(error);
	if (m->limits.built_in)
		return error_refused(error, REFUSAL_NO_POLICY, 0, "");
	if (!*c->policy.url)
		return error_set(
			error, ERROR_NOT_CONFIGURED,
			"The policy names nobody to ask; an administrator can write [autoconfig] "
			"url, and docs/autoconfig.md says who learns what then.");
	if (!probe_door(m))
		return error_set(
			error, ERROR_NOT_CONFIGURED,
			"The policy gives user " PROBE_USER
			" no door; an administrator can write it into [users] autoconfig.");
	if (m->consent != CONSENT_GRANTED)
		return error_refused(error, REFUSAL_NO_CONSENT, 0, "");
	if (sessions_asleep(m->sessions))
		return error_asleep(error);
	if (c->n_callers == CALLERS_MAX || (c->state != IDLE && c->n_callers == 0))
		return error_set(
			error, ERROR_BUSY,
			"A check is just being ended, or too many wait for one; ask again.");
	return 0;
}

static int begin(struct check_network *c, uid_t caller, sd_bus_error *error)
{
	struct manager *m = c->manager;
	const struct wire_door *door = probe_door(m);
	struct wire_lease_open request = {
		.uid = door ? door->uid : 0, /* without the user: refused by the engine */
		.seconds = LEASE_SECONDS < m->limits.longest_seconds ? LEASE_SECONDS
								     : m->limits.longest_seconds,
		.holder = caller,
		.scope = SCOPE_PROBE,
		.n_servers = c->n_servers,
	};
	usec_t wait = take_token(c);
	int r;

	if (wait)
		return error_set(
			error, ERROR_TOO_OFTEN,
			"The network was checked %d times lately, and each time it is told that "
			"we are here; ask again in %" PRIu64 " s.",
			TOKENS_MAX, wait / USEC_PER_SEC + 1);
	memcpy(request.servers, c->servers, c->n_servers * sizeof(c->servers[0]));
	c->result = (struct check_result){0};
	c->lease_ended = false;
	r = engine_client_request(m->engine, caller, &request.header, WIRE_LEASE_OPEN,
				  sizeof(request), on_opened, c);
	if (r < 0)
		return error_not_asked(error, r);
	c->state = OPENING;
	return 0;
}

/*
 * Safe to offer: only with the consent of whoever sits there, to the host that the administrator
 * chose, no oftener than NetworkManager would; the caller learns what the network says of itself.
 */
int method_check_network(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
	struct manager *m = userdata;
	struct check_network *c = m->check;
	VISIT(m->authorizer, call);
	uid_t uid;
	int r;

	r = caller_ids(call, &uid, NULL);
	if (r >= 0)
		r = refuse_by_state(m, error);
	if (r < 0)
		return r;

	/* authorize */
	r = authorize(m->authorizer, call, uid, ACTION_CHECK_NETWORK, NULL, error);
	if (r <= 0)
		return r < 0 ? r : 1;

	if (c->state == IDLE) {
		char links[PORTAL_NETWORK_SIZE];

		c->n_servers = portal_servers(m, c->servers, links);
		if (c->n_servers == 0) {
			const struct check_result none = {
				.connectivity = "none",
				.reason = "no-servers",
				.date_reason = "no-date",
			};

			return send_result(call, &none); /* nothing was opened, and nothing sent */
		}
		r = begin(c, uid, error);
	}
	if (r < 0)
		return r;
	c->callers[c->n_callers++] = sd_bus_message_ref(call);
	return 1;
}
