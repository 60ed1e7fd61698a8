/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "authorize.h"

#include "errors.h"
#include "log.h"

#include <errno.h>
#include <stdio.h>

#define POLKIT                                                                 \
	"org.freedesktop.PolicyKit1", "/org/freedesktop/PolicyKit1/Authority", \
		"org.freedesktop.PolicyKit1.Authority"
#define ALLOW_INTERACTION 1u
/* polkit 122 may stall for 15 s and still answer rightly; people may think for two minutes. */
#define SILENT_TIMEOUT (35 * USEC_PER_SEC)
#define PROMPT_TIMEOUT (120 * USEC_PER_SEC)
/* A bucket of checks for each uid: polkit spends about 2 ms of its time on each. */
#define BUCKETS 64
#define BUCKET_SIZE 1000u
#define BUCKET_REFILL_PER_SEC 50u

enum outcome {
	OUTCOME_PENDING,
	OUTCOME_YES,
	OUTCOME_NO,
	OUTCOME_CHALLENGE,
	OUTCOME_DISMISSED,
	OUTCOME_UNAVAILABLE,
	OUTCOME_N
};

struct query {
	struct authorizer *authorizer;
	sd_bus_message *request; /* NULL for a silent re-check */
	uid_t sender;
	bool prompt; /* a person may be asked */
	const char *action;
	char details[DETAILS_SIZE];
	uint64_t serial;
	char cancel_id[32];
	char *note;
	sd_bus_slot *slot;
	sd_bus_track *track;
	enum outcome outcome;
	void (*refused)(uint64_t id, void *userdata);
	uint64_t id;
	void *userdata;
	struct query *next;
};

struct authorizer {
	sd_bus *bus;
	struct query *queries;
	uint64_t serial;
	struct bucket {
		uid_t uid;
		uint32_t tokens;
		usec_t filled;
	} buckets[BUCKETS];
};

struct authorizer *authorizer_new(sd_bus *bus)
{
	struct authorizer *a = calloc(1, sizeof(*a));

	if (!a)
		fatal_oom();
	a->bus = bus;
	return a;
}

static void query_free(struct query *q)
{
	struct query **p = &q->authorizer->queries;

	while (*p != q)
		p = &(*p)->next;
	*p = q->next;
	(void)sd_bus_slot_unref(q->slot);
	(void)sd_bus_track_unref(q->track);
	(void)sd_bus_message_unref(q->request);
	free(q->note);
	free(q);
}

struct authorizer *authorizer_free(struct authorizer *a)
{
	if (!a)
		return NULL;
	while (a->queries)
		query_free(a->queries);
	free(a);
	return NULL;
}

void authorize_pack(const char *const *details, char *buf, size_t size)
{
	size_t used = 0;

	buf[0] = '\0';
	for (size_t i = 0; details && details[i] && used < size; i++)
		used += (size_t)snprintf(buf + used, size - used, "%s%s", i ? "\n" : "",
					 details[i]);
}

/* The packed details as polkit wants them: a{ss}. */
static int append_details(sd_bus_message *m, const char *packed)
{
	char copy[DETAILS_SIZE], *rest = copy;
	int r;

	(void)snprintf(copy, sizeof(copy), "%s", packed);
	r = sd_bus_message_open_container(m, 'a', "{ss}");
	while (r >= 0 && rest && *rest) {
		const char *key = strsep(&rest, "\n"), *value = strsep(&rest, "\n");

		r = sd_bus_message_append(m, "{ss}", key, value ? value : "");
	}
	return r < 0 ? r : sd_bus_message_close_container(m);
}

static enum outcome read_error(const sd_bus_error *e)
{
	log_warning("polkit: %s: %s", e->name, e->message ? e->message : "");
	if (sd_bus_error_has_name(e, "org.freedesktop.PolicyKit1.Error.Cancelled"))
		return OUTCOME_DISMISSED;
	return OUTCOME_UNAVAILABLE;
}

/* (bba{ss}): authorized, challenge, details. Anything else than a clear yes is no yes. */
static enum outcome read_outcome(sd_bus_message *reply)
{
	int authorized = 0, challenge = 0;
	const char *key, *value;

	if (sd_bus_message_is_method_error(reply, NULL))
		return read_error(sd_bus_message_get_error(reply));
	if (sd_bus_message_enter_container(reply, 'r', "bba{ss}") <= 0 ||
	    sd_bus_message_read(reply, "bb", &authorized, &challenge) < 0)
		return OUTCOME_UNAVAILABLE;
	if (authorized)
		return OUTCOME_YES;
	if (sd_bus_message_enter_container(reply, 'a', "{ss}") > 0)
		while (sd_bus_message_read(reply, "{ss}", &key, &value) > 0)
			if (strcmp(key, "polkit.dismissed") == 0 && *value)
				return OUTCOME_DISMISSED;
	return challenge ? OUTCOME_CHALLENGE : OUTCOME_NO;
}

static void cancel(struct query *q)
{
	sd_bus_message *m = NULL;

	if (sd_bus_message_new_method_call(q->authorizer->bus, &m, POLKIT,
					   "CancelCheckAuthorization") >= 0 &&
	    sd_bus_message_append(m, "s", q->cancel_id) >= 0 &&
	    sd_bus_message_set_expect_reply(m, 0) >= 0 && sd_bus_message_set_auto_start(m, 0) >= 0)
		(void)sd_bus_send(q->authorizer->bus, m, NULL);
	(void)sd_bus_message_unref(m);
}

static int on_reply(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	struct query *q = userdata;
	int r;

	(void)error;
	q->outcome = read_outcome(reply);
	/* Nobody waits for it any more: its window must not stay on the screen. */
	if (sd_bus_message_is_method_error(reply, SD_BUS_ERROR_NO_REPLY))
		cancel(q);
	if (!q->request) {
		if (q->outcome == OUTCOME_NO)
			q->refused(q->id, q->userdata);
		query_free(q);
		return 1;
	}
	/* The handler runs again from the top: nothing it knew before is used after the wait. */
	r = sd_bus_message_rewind(q->request, true);
	if (r >= 0)
		r = sd_bus_enqueue_for_read(q->authorizer->bus, q->request);
	if (r < 0) {
		(void)sd_bus_reply_method_errorf(
			q->request, ERROR_NOT_AUTHORIZED,
			"The answer came, but could not be used; ask again.");
		query_free(q);
	}
	return 1;
}

static int on_caller_gone(sd_bus_track *track, void *userdata)
{
	struct query *q = userdata;

	(void)track;
	cancel(q);
	query_free(q);
	return 1;
}

static int send_check(struct query *q, const char *subject, bool prompt)
{
	sd_bus_message *m = NULL;
	int r;

	r = sd_bus_message_new_method_call(q->authorizer->bus, &m, POLKIT, "CheckAuthorization");
	if (r >= 0)
		r = sd_bus_message_append(m, "(sa{sv})s", "system-bus-name", 1, "name", "s",
					  subject, q->action);
	if (r >= 0)
		r = append_details(m, q->details);
	if (r >= 0)
		r = sd_bus_message_append(m, "us", prompt ? ALLOW_INTERACTION : 0u, q->cancel_id);
	if (r >= 0)
		r = sd_bus_call_async(q->authorizer->bus, &q->slot, m, on_reply, q,
				      prompt ? PROMPT_TIMEOUT : SILENT_TIMEOUT);
	(void)sd_bus_message_unref(m);
	return r;
}

static struct query *query_new(struct authorizer *a, const char *action)
{
	struct query *q = calloc(1, sizeof(*q));

	if (!q)
		fatal_oom();
	q->authorizer = a;
	q->action = action;
	q->serial = ++a->serial;
	(void)snprintf(q->cancel_id, sizeof(q->cancel_id), "sallyport-%llu",
		       (unsigned long long)q->serial);
	q->next = a->queries;
	a->queries = q;
	return q;
}

/* One uid can neither fill polkit's queue nor eat its time (the caps are in authorize.h). */
static bool over_limits(const struct authorizer *a, uid_t uid, bool prompt)
{
	size_t all = 0, own = 0;

	/* Who has questions open is not kept from what needs no answer of a person. */
	for (const struct query *q = a->queries; q; q = q->next) {
		all += q->prompt == prompt;
		own += q->prompt == prompt && q->sender == uid;
	}
	return all >= CHECKS_MAX || own >= CHECKS_MAX_PER_UID;
}

static bool take_token(struct authorizer *a, uid_t uid)
{
	struct bucket *b = &a->buckets[0];
	usec_t now = now_boottime(), fill;

	for (size_t i = 0; i < BUCKETS; i++) {
		if (a->buckets[i].filled && a->buckets[i].uid == uid) {
			b = &a->buckets[i];
			break;
		}
		/* The one that was not used for longest is full again anyway, or nearly so. */
		if (a->buckets[i].filled < b->filled)
			b = &a->buckets[i];
	}
	if (!b->filled || b->uid != uid)
		*b = (struct bucket){.uid = uid, .tokens = BUCKET_SIZE, .filled = now};
	fill = (now - b->filled) * BUCKET_REFILL_PER_SEC / USEC_PER_SEC;
	if (fill) {
		b->tokens =
			b->tokens + fill > BUCKET_SIZE ? BUCKET_SIZE : b->tokens + (uint32_t)fill;
		b->filled = now;
	}
	if (!b->tokens)
		return false;
	b->tokens--;
	return true;
}

static int conclude(struct query *q, const char *action, const char *details, sd_bus_error *error)
{
	enum outcome outcome = q->outcome;
	bool same = strcmp(q->action, action) == 0 && strcmp(q->details, details) == 0;

	query_free(q);
	if (outcome == OUTCOME_YES && !same)
		return error_set(
			error, ERROR_NOT_AUTHORIZED,
			"What was asked for changed while the question was open; ask again.");
	switch (outcome) {
	case OUTCOME_YES:
		return 1;
	case OUTCOME_CHALLENGE:
		return error_set(
			error, SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED,
			"This needs a password; ask from a desktop session or a terminal with "
			"a polkit agent.");
	case OUTCOME_DISMISSED:
		return error_set(error, ERROR_NOT_AUTHORIZED,
				 "The question was dismissed; nothing was changed.");
	case OUTCOME_UNAVAILABLE:
		return error_set(
			error, ERROR_NOT_AUTHORIZED,
			"polkit did not answer, so the answer is no; see that polkit runs.");
	case OUTCOME_PENDING:
	case OUTCOME_NO:
	case OUTCOME_N:
		break;
	}
	return error_set(
		error, ERROR_NOT_AUTHORIZED,
		"polkit says no to %s for this user or session; an administrator can allow it "
		"with a rule.",
		action);
}

static int start(struct query *q, sd_bus_message *m, sd_bus_error *error)
{
	int r;

	q->request = sd_bus_message_ref(m);
	r = sd_bus_track_new(q->authorizer->bus, &q->track, on_caller_gone, q);
	if (r >= 0)
		r = sd_bus_track_add_sender(q->track, m);
	if (r >= 0)
		r = send_check(q, sd_bus_message_get_sender(m), q->prompt);
	if (r >= 0)
		return 0;
	query_free(q);
	return error_set(error, ERROR_NOT_AUTHORIZED,
			 "polkit cannot be asked: %s; ask again later.", strerror(-r));
}

static struct query *find_query(const struct authorizer *a, const sd_bus_message *m)
{
	struct query *q = a->queries;

	while (q && q->request != m)
		q = q->next;
	return q;
}

void visit_end(struct visit *v)
{
	struct query *q = find_query(v->authorizer, v->message);

	if (q && q->outcome != OUTCOME_PENDING)
		query_free(q);
}

uint64_t authorize_open_question(const struct authorizer *a, const sd_bus_message *m)
{
	const struct query *q = find_query(a, m);

	return q ? q->serial : 0;
}

void authorize_set_note(struct authorizer *a, uint64_t question, const char *note)
{
	struct query *q = a->queries;

	while (q && q->serial != question)
		q = q->next;
	if (!q)
		return; /* its caller has left */
	free(q->note);
	q->note = strdup(note);
	if (!q->note)
		fatal_oom();
}

const char *authorize_note(const struct authorizer *a, const sd_bus_message *m)
{
	const struct query *q = find_query(a, m);

	return q ? q->note : NULL;
}

int authorize(struct authorizer *a, sd_bus_message *m, uid_t sender, const char *action,
	      const char *const *details, sd_bus_error *error)
{
	char packed[DETAILS_SIZE];
	struct query *q;
	bool prompt;

	if (sender == 0)
		return 1;
	authorize_pack(details, packed, sizeof(packed));
	q = find_query(a, m);
	if (q)
		return q->outcome == OUTCOME_PENDING ? 0 : conclude(q, action, packed, error);
	prompt = sd_bus_message_get_allow_interactive_authorization(m) > 0;
	if (over_limits(a, sender, prompt))
		return error_set(
			error, ERROR_TOO_MANY,
			"Too many questions of this user (or of all) are open; answer or close "
			"them first.");
	if (!take_token(a, sender))
		return error_set(error, ERROR_TOO_MANY,
				 "This user asks too often; wait a few seconds.");
	q = query_new(a, action);
	q->sender = sender;
	q->prompt = prompt;
	memcpy(q->details, packed, sizeof(packed));
	return start(q, m, error);
}

void authorize_again(struct authorizer *a, const char *sender, const char *action,
		     const char *packed_details, void (*fn)(uint64_t id, void *userdata),
		     uint64_t id, void *userdata)
{
	struct query *q = query_new(a, action);

	q->sender = UINT32_MAX;
	q->refused = fn;
	q->id = id;
	q->userdata = userdata;
	(void)snprintf(q->details, sizeof(q->details), "%s", packed_details);
	if (send_check(q, sender, false) < 0)
		query_free(q);
}
