/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "run.h"

#include "gateway.h"
#include "texts.h"
#include "unit.h"

struct run {
	GuiService *service;
	run_fn changed;
	gpointer data;
	enum browser_step step;
	enum browser_failure failure;
	enum browser_over over;
	GError *error;
	char *reason;
	char *page;
	char *user, *network; /* the browser's, and the UUID of what the door was asked for in */
	char *asked;          /* gui_service_owner() of whom it was asked from */
	char *scope;
	GCancellable *cancel; /* of the question for the door; NULL when none is open */
	GuiDoor *door;
	struct unit *unit;
	struct browser_started started;
	int listening[BROWSER_FDS_MAX]; /* for its windows, until there is a door; -1 for none */
	DisplayGateway *gateways[BROWSER_FDS_MAX];
};

/* What waits for an answer may outlive the run: it has a cancelled question then. */
struct question {
	struct run *run;
	GCancellable *cancel;
};

struct run *run_new(GuiService *s, run_fn changed, gpointer data)
{
	struct run *run = g_new0(struct run, 1);

	run->service = g_object_ref(s);
	run->changed = changed;
	run->data = data;
	run->page = g_strdup("");
	for (size_t i = 0; i < BROWSER_FDS_MAX; i++)
		run->listening[i] = -1;
	return run;
}

/* The door first: from then on nothing that is left of a browser reaches anybody. */
static void shut(struct run *run)
{
	if (run->cancel)
		g_cancellable_cancel(run->cancel);
	g_clear_object(&run->cancel);
	if (run->door)
		gui_door_close(run->door);
	g_clear_object(&run->door);
	run->unit = unit_free(run->unit);
	for (size_t i = 0; i < BROWSER_FDS_MAX; i++) {
		run->listening[i] = close_fd(run->listening[i]);
		g_clear_pointer(&run->gateways[i], display_gateway_free);
	}
}

static void go(struct run *run, enum browser_step step)
{
	run->step = step;
	run->changed(run->data);
}

/* Takes error, which may be NULL. */
static void fail(struct run *run, enum browser_failure failure, GError *error)
{
	shut(run);
	g_clear_error(&run->error);
	run->failure = failure;
	run->error = error;
	go(run, BROWSER_FAILED);
}

static void finish(struct run *run, enum browser_over over, const char *reason)
{
	g_autofree char *kept = g_strdup(reason); /* it may be the door's */

	shut(run);
	g_free(run->reason);
	run->reason = g_steal_pointer(&kept);
	run->over = over;
	go(run, BROWSER_OVER);
}

static void stop_by_door(struct run *run, const char *reason)
{
	if (run->unit)
		unit_stop(run->unit, BROWSER_STOP_LEASE);
	if (run->step == BROWSER_RUNNING)
		finish(run, BROWSER_OVER_DOOR, reason);
	else
		fail(run, BROWSER_FAILED_DOOR_ENDED, NULL);
}

/* Whether it still is the service that gave the door; a new one knows nothing of it. */
static gboolean same_service(struct run *run)
{
	g_autofree char *owner = gui_service_owner(run->service);

	return gui_service_sealed(run->service) && g_strcmp0(owner, run->asked) == 0;
}

/* Where the service has gone it could not say so. */
static void on_door_ended(GuiDoor *door, const char *reason, struct run *run)
{
	(void)door;
	if (!reason && !same_service(run))
		reason = "bus-gone";
	stop_by_door(run, reason);
}

static void on_unit_end(struct run *run, int error)
{
	if (run->step == BROWSER_RUNNING) {
		finish(run, BROWSER_OVER_GONE, NULL);
		return;
	}
	g_message("The browser's unit does not answer: %s", g_strerror(error));
	fail(run, BROWSER_FAILED_UNIT, NULL);
}

/* The browser's windows come here: the descriptors are in the order of the displays. */
static void let_windows_in(struct run *run)
{
	size_t n = 0;

	for (guint32 which = BROWSER_WAYLAND; which & BROWSER_DISPLAYS; which <<= 1)
		if (run->started.displays & which) {
			run->gateways[n] =
				display_gateway_new((enum browser_display)which,
						    TAKE_FD(run->listening[n]), run->started.uid);
			n++;
		}
	go(run, BROWSER_RUNNING);
}

static void ask_for_door(struct run *run);

/*
 * The door last: a unit that has answered is a new one, of which no process was there before, and
 * so none that would go through a door that another browser was given. The browser waits for its
 * display meanwhile.
 */
static void on_started(struct run *run, const struct browser_started *m, int fds[BROWSER_FDS_MAX])
{
	if (m->displays & ~display_gateway_available()) {
		fail(run, BROWSER_FAILED_START, NULL);
		return;
	}
	run->started = *m;
	for (size_t i = 0; i < BROWSER_FDS_MAX; i++)
		run->listening[i] = TAKE_FD(fds[i]);
	ask_for_door(run);
}

static void on_unit(const union browser_message *m, int fds[BROWSER_FDS_MAX], int error,
		    gpointer data)
{
	struct run *run = data;

	if (!m)
		on_unit_end(run, error);
	else if (m->header.type == BROWSER_STARTED && run->step == BROWSER_STARTING)
		on_started(run, &m->started, fds);
	else if (m->header.type == BROWSER_REFUSED && run->step == BROWSER_STARTING)
		fail(run, browser_refusal_failure((enum browser_refusal)m->refused.refusal), NULL);
	else if (m->header.type == BROWSER_ENDED && run->step == BROWSER_RUNNING)
		finish(run, browser_end_over((enum browser_end)m->ended.how, m->ended.value), NULL);
	else
		fail(run, BROWSER_FAILED_START, NULL);
}

static enum browser_failure door_failure(const GError *error)
{
	if (g_error_matches(error, GUI_ERROR, GUI_ERROR_BUSY))
		return BROWSER_FAILED_DOOR_BUSY;
	if (g_error_matches(error, GUI_ERROR, GUI_ERROR_NOT_AUTHORIZED) ||
	    g_error_matches(error, GUI_ERROR, GUI_ERROR_MUST_ASK))
		return BROWSER_FAILED_NOT_ALLOWED;
	return BROWSER_FAILED_DOOR;
}

/*
 * A smaller door ends with its network by itself. One to everywhere does not, but the person has
 * agreed to be seen in that network, and in no other.
 */
static gboolean network_changed(struct run *run)
{
	const char *uuid;
	enum gui_network network = gui_service_network(run->service, NULL, &uuid);

	return network == GUI_NETWORK_NONE ||
	       (network == GUI_NETWORK_UP && !g_str_equal(uuid, run->network));
}

static void on_opened(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autofree struct question *question = data;
	g_autoptr(GCancellable) cancel = question->cancel;
	g_autoptr(GError) error = NULL;
	g_autoptr(GuiDoor) door = gui_door_open_finish(GUI_SERVICE(source), result, &error);
	struct run *run = question->run;

	if (g_cancellable_is_cancelled(cancel))
		return; /* a door that came all the same is closed with its last reference */
	g_clear_object(&run->cancel);
	if (!door) {
		enum browser_failure failure = door_failure(error);

		fail(run, failure, g_steal_pointer(&error));
		return;
	}
	run->door = g_steal_pointer(&door);
	if (network_changed(run)) {
		stop_by_door(run, "network");
		return;
	}
	g_signal_connect(run->door, "ended", G_CALLBACK(on_door_ended), run);
	let_windows_in(run);
}

static void ask_for_door(struct run *run)
{
	struct question *question = g_new0(struct question, 1);

	run->cancel = g_cancellable_new();
	question->run = run;
	question->cancel = g_object_ref(run->cancel);
	gui_door_open(run->service, run->user, run->scope, 0, run->cancel, on_opened, question);
	go(run, BROWSER_OPENING);
}

void run_open(struct run *run, const char *scope)
{
	const char *uuid;

	if (run->unit)
		return;
	(void)gui_service_network(run->service, NULL, &uuid);
	g_free(run->network);
	run->network = g_strdup(uuid);
	g_free(run->user);
	run->user = g_strdup(gui_service_browser(run->service));
	g_free(run->asked);
	run->asked = gui_service_owner(run->service);
	g_free(run->scope);
	run->scope = g_strdup(scope);
	run->unit = unit_new(run->user, display_gateway_available(), run->page, on_unit, run);
	go(run, BROWSER_STARTING);
}

void run_warn(struct run *run)
{
	go(run, BROWSER_WARNED);
}

void run_back(struct run *run)
{
	shut(run);
	go(run, BROWSER_IDLE);
}

void run_stop(struct run *run, enum browser_stop why)
{
	if (run->unit)
		unit_stop(run->unit, why);
	if (run->step == BROWSER_RUNNING)
		finish(run, BROWSER_OVER_STOPPED, NULL);
	else
		run_back(run);
}

void run_look(struct run *run, const struct browser_facts *facts)
{
	/* A service that has just begun does not know the network yet. */
	if (run->door && same_service(run) && network_changed(run))
		stop_by_door(run, "network");
	else if (browser_begins_anew(facts, run->step, run->failure))
		run_back(run);
}

enum browser_step run_step(const struct run *run)
{
	return run->step;
}

enum browser_failure run_failure(const struct run *run, const GError **ret_error)
{
	*ret_error = run->error;
	return run->failure;
}

enum browser_over run_over(const struct run *run, const char **ret_reason)
{
	*ret_reason = run->reason;
	return run->over;
}

GuiDoor *run_door(const struct run *run)
{
	return run->door;
}

void run_set_page(struct run *run, const char *url)
{
	g_free(run->page);
	run->page = g_strdup(url);
}

const char *run_page(const struct run *run)
{
	return run->page;
}

struct run *run_free(struct run *run, enum browser_stop why)
{
	if (run->unit)
		unit_stop(run->unit, why);
	shut(run);
	g_clear_error(&run->error);
	g_free(run->reason);
	g_free(run->page);
	g_free(run->user);
	g_free(run->network);
	g_free(run->scope);
	g_free(run->asked);
	g_object_unref(run->service);
	g_free(run);
	return NULL;
}
