/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "wizard.h"

#include "clock.h"
#include "login.h"
#include "texts.h"

#include <glib/gi18n-lib.h>

/* So that the longest page is seen at once, where the screen has room for it. */
#define WIDTH 640
#define HEIGHT 760

void wizard_facts(struct wizard *w, struct facts *ret)
{
	const struct tor_state *tor = wizard_tor_state(w->tor);
	enum gui_connectivity connectivity = gui_service_connectivity(w->service);
	enum gui_consent consent = gui_service_consent(w->service);
	guint64 there = check_result_time(&w->result);

	/* The answer may be here before the property has changed. */
	if (connectivity == GUI_CONNECTIVITY_UNKNOWN)
		connectivity = w->result.connectivity;
	*ret = (struct facts){
		.known = gui_service_known(w->service),
		.sealed = gui_service_sealed(w->service),
		.built_in = gui_service_built_in(w->service),
		.network = gui_service_network(w->service, NULL, NULL),
		.consent = consent,
		.connectivity = connectivity,
		.has_dns = gui_service_has_dns(w->service),
		.door_open = gui_service_door_open(w->service),
		.way = w->way,
		.check = w->checking      ? CHECK_RUNNING
			 : w->check_error ? CHECK_FAILED
					  : CHECK_IDLE,
		.logging_in = w->logging_in,
		/* A portal's clock may be anything. */
		.clock_wrong = !w->clock_left && connectivity == GUI_CONNECTIVITY_FULL &&
			       clock_is_wrong(g_get_real_time() / G_USEC_PER_SEC, there),
		.link = tor->link,
		/* Of another network's circuits Tor learns only in time that they are gone. */
		.tor_connected =
			tor->connected &&
			(wizard_tor_is_fresh(w->tor) || w->way == WAY_TOR ||
			 (connectivity == GUI_CONNECTIVITY_FULL && consent == GUI_CONSENT_GRANTED)),
	};
}

void wizard_say(struct wizard *w, const char *text)
{
	if (!w->window)
		return;
	gtk_label_set_text(w->notice, text ? text : "");
	gtk_widget_set_visible(GTK_WIDGET(w->notice), text && *text);
}

void wizard_say_error(struct wizard *w, const GError *error)
{
	g_autofree char *text = g_strdup_printf("%s %s", error->message, gui_error_advice(error));

	wizard_say(w, text);
}

/* --- the check */

static void on_checked(GObject *source, GAsyncResult *result, gpointer data)
{
	struct wizard *w = data;
	GError *error = NULL;
	struct check_result answer = {0};

	if (!check_network_finish(GUI_SERVICE(source), result, &answer, &error) &&
	    g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
		g_error_free(error);
		return; /* it was of another network */
	}
	g_clear_object(&w->checking);
	check_result_clear(&w->result);
	w->result = answer;
	w->check_error = error;
	w->logging_in &= answer.connectivity == GUI_CONNECTIVITY_PORTAL;
	wizard_update(w);
}

static void forget_check(struct wizard *w)
{
	if (w->checking)
		g_cancellable_cancel(w->checking);
	g_clear_object(&w->checking);
	g_clear_error(&w->check_error);
	check_result_clear(&w->result);
}

static void start_check(struct wizard *w)
{
	forget_check(w);
	w->checking = g_cancellable_new();
	check_network(w->service, w->checking, on_checked, w);
}

/* --- logging in */

/*
 * Whoever has logged in closes the browser, and with it the door, and need not close the launcher's
 * window, too. A launcher that has handed over to one that was there ends with the door still open.
 */
static void look_after_login(struct wizard *w, const struct facts *f)
{
	bool shut = w->door_was_open && !f->door_open;

	w->door_was_open = w->logging_in && f->door_open;
	if (!w->logging_in || f->door_open || (w->browser && !shut))
		return;
	w->logging_in = false;
	if (f->consent == GUI_CONSENT_GRANTED && f->connectivity != GUI_CONNECTIVITY_FULL)
		start_check(w);
}

static void on_browser_ended(GObject *source, GAsyncResult *result, gpointer data)
{
	struct wizard *w = data;

	(void)g_subprocess_wait_finish(G_SUBPROCESS(source), result, NULL);
	if (w->browser == G_SUBPROCESS(source))
		g_clear_object(&w->browser); /* else another one was started meanwhile */
	wizard_update(w);
}

static void log_in(struct wizard *w)
{
	g_autoptr(GError) error = NULL;

	if (!login_installed()) {
		wizard_say(
			w,
			_("The Unsafe Browser is not installed. An administrator can install it; "
			  "it comes with this window."));
		return;
	}
	g_clear_object(&w->browser);
	w->browser = login_start(w->result.portal_url, &error);
	if (!w->browser) {
		wizard_say_error(w, error);
		return;
	}
	w->logging_in = true;
	g_subprocess_wait_async(w->browser, NULL, on_browser_ended, w);
}

/* --- consent */

static void on_consented(GObject *source, GAsyncResult *result, gpointer data)
{
	struct wizard *w = data;
	g_autoptr(GError) error = NULL;
	g_autoptr(GVariant) reply =
		gui_service_call_finish(GUI_SERVICE(source), result, NULL, &error);

	if (reply) {
		w->way = WAY_NONE;
		w->hiding = false;
		g_clear_error(&w->check_error); /* it was of a time without consent */
	}
	wizard_update(w);
	if (!reply)
		wizard_say_error(w, error);
}

static void consent(struct wizard *w)
{
	const char *name, *uuid;

	(void)gui_service_network(w->service, &name, &uuid);
	/* Without NetworkManager a network has no name of its own. */
	gui_service_call(w->service, GUI_AUTOCONFIG, "SetAutoconfigConsent",
			 g_variant_new("(bs)", TRUE,
				       *uuid   ? uuid
				       : *name ? name
					       : "network"),
			 GUI_MAY_ASK, NULL, on_consented, w);
}

static void on_withdrawn(GObject *source, GAsyncResult *result, gpointer data)
{
	struct wizard *w = data;
	g_autoptr(GError) error = NULL;
	g_autoptr(GVariant) reply =
		gui_service_call_finish(GUI_SERVICE(source), result, NULL, &error);

	w->withdrawing = false;
	wizard_update(w);
	if (!reply)
		wizard_say_error(w, error);
	else if (w->shown != PAGE_HIDDEN && w->shown != PAGE_BRIDGES)
		wizard_say(w,
			   _("Withdrawn. Until the computer restarts no check without Tor is made, "
			     "whoever asks; to allow one before then takes a password."));
}

static void withdraw(struct wizard *w)
{
	forget_check(w);
	w->withdrawing = true;
	gui_service_call(w->service, GUI_AUTOCONFIG, "SetAutoconfigConsent",
			 g_variant_new("(bs)", FALSE, ""), GUI_QUICK, NULL, on_withdrawn, w);
}

/* --- Tor */

static void on_told(GObject *source, GAsyncResult *result, gpointer data)
{
	struct wizard *w = data;
	g_autoptr(GError) error = NULL;
	g_autofree char *text = NULL;

	if (wizard_tor_finish(WIZARD_TOR(source), result, &error))
		return;
	/* Translators: what Tor says, in English. */
	text = g_strdup_printf(_("Tor does not do what it was told. Try again, or ask an "
				 "administrator. Tor says: %s"),
			       error->message);
	wizard_say(w, text);
}

/* A Tor that would show itself to the network waits for the bridges: see go_on(). */
static void hide(struct wizard *w)
{
	w->way = WAY_BRIDGES;
	w->hiding = true;
	withdraw(w);
}

static void connect_direct(struct wizard *w)
{
	w->way = WAY_TOR;
	w->hiding = false;
	if (wizard_tor_state(w->tor)->bridges)
		wizard_tor_forget_bridges(w->tor, on_told, w);
}

/* --- the clock */

static void on_clock(GObject *source, GAsyncResult *result, gpointer data)
{
	struct wizard *w = data;
	g_autoptr(GError) error = NULL;
	g_autofree char *text = NULL;

	(void)source;
	if (clock_set_finish(result, &error)) {
		w->clock_left = true;
		wizard_update(w);
		return;
	}
	if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
		return; /* it was of another network */
	if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_BUSY)) {
		wizard_say(w, _("The clock was not set, for this computer sets it by itself, which "
				"does not work behind Tor. An administrator turns that off with "
				"“timedatectl set-ntp false”. Then try again."));
		return;
	}
	text = g_strdup_printf(
		/* Translators: what the system says may be in English. */
		_("The clock was not set. Try again, or ask an administrator to set it with "
		  "“timedatectl set-time”. The system says: %s"),
		error->message);
	wizard_say(w, text);
}

static void forget_clock(struct wizard *w)
{
	if (w->setting_clock)
		g_cancellable_cancel(w->setting_clock);
	g_clear_object(&w->setting_clock);
}

static void set_clock(struct wizard *w)
{
	forget_clock(w);
	w->setting_clock = g_cancellable_new();
	clock_set(check_result_time(&w->result), w->setting_clock, on_clock, w);
}

/* --- what the person does */

static void choose(struct wizard *w, enum way way)
{
	w->way = way;
}

static void act(struct wizard *w, enum action action)
{
	switch (action) {
	case ACT_CONSENT:
		consent(w);
		break;
	case ACT_HIDE:
		hide(w);
		break;
	case ACT_WITHDRAW:
		withdraw(w);
		break;
	case ACT_ASK:
		choose(w, WAY_ASK);
		break;
	case ACT_BACK:
		choose(w, WAY_NONE);
		w->shown = PAGE_N; /* the same page may offer something else now */
		break;
	case ACT_BRIDGES:
		choose(w, WAY_BRIDGES);
		break;
	case ACT_TOR:
		w->hiding = false;
		choose(w, WAY_TOR);
		break;
	case ACT_DIRECT:
		connect_direct(w);
		break;
	case ACT_LOOK:
		wizard_tor_doubt(w->tor);
		choose(w, WAY_NONE);
		if (gui_service_consent(w->service) == GUI_CONSENT_GRANTED)
			start_check(w);
		break;
	case ACT_CHECK:
		choose(w, WAY_NONE);
		start_check(w);
		break;
	case ACT_LOGIN:
		log_in(w);
		break;
	case ACT_SET_CLOCK:
		set_clock(w);
		break;
	case ACT_LEAVE_CLOCK:
		w->clock_left = true;
		break;
	case ACT_USE_BRIDGES:
		wizard_bridges_use(w);
		return; /* what it says stays */
	case ACT_SCAN:
		wizard_bridges_scan(w);
		return;
	case ACT_PICTURE:
		wizard_bridges_picture(w);
		return;
	case ACT_CLOSE:
		gtk_window_close(GTK_WINDOW(w->window));
		return;
	case ACTION_N:
		break;
	}
	wizard_update(w);
}

void wizard_act(struct wizard *w, enum action action)
{
	wizard_say(w, NULL);
	w->acting = true;
	act(w, action);
	w->acting = false;
}

/* --- what is so */

/* What was chosen and found on one network is nothing on another. */
static void look_at_network(struct wizard *w)
{
	const char *name, *uuid;
	g_autofree char *now = NULL;

	if (gui_service_network(w->service, &name, &uuid) == GUI_NETWORK_UP)
		now = g_strdup_printf("%s %s", uuid, name);
	if (g_strcmp0(now, w->network) == 0)
		return;
	if (w->network) {
		w->way = WAY_NONE;
		w->clock_left = w->logging_in = false;
		forget_check(w);
		forget_clock(w);
		wizard_tor_doubt(w->tor);
		w->shown = PAGE_N; /* a new one, also of the same kind */
	}
	g_free(w->network);
	w->network = g_steal_pointer(&now);
}

/* Tor is told once, and anew when it is another Tor: what it says to that is shown. */
static void tell_tor(struct wizard *w, enum page page)
{
	const struct tor_state *tor = wizard_tor_state(w->tor);
	bool talks = tor->link == TOR_LINK_TALKS;
	bool waits = talks && page == PAGE_PROGRESS && tor->paused;
	bool shows = talks && w->hiding && (page == PAGE_BRIDGES || page == PAGE_HIDDEN) &&
		     !tor->paused && !tor->bridges;
	bool begin = waits && !w->told, wait = shows && !w->told_to_wait;

	w->told = waits;
	w->told_to_wait = shows;
	if (begin || wait)
		wizard_tor_pause(w->tor, wait, on_told, w);
}

/* What goes on by itself on a page. */
static void go_on(struct wizard *w, enum page page)
{
	tell_tor(w, page);
	if (page == PAGE_CHECKING && !w->checking && !w->withdrawing)
		start_check(w);
}

/*
 * A page that comes by itself takes the keyboard to where it does nothing: the next key is meant
 * for the page before.
 */
static void show_page(struct wizard *w, enum page page)
{
	GuiPage *p;

	wizard_progress_leave(w);
	wizard_bridges_leave(w);
	w->shown = page;
	p = wizard_page_new(w, page);
	if (!w->acting && !w->entry)
		gui_page_set_focus(p, w->status);
	gui_window_show(w->window, p);
}

void wizard_update(struct wizard *w)
{
	struct facts f;
	enum page page;

	if (!w->window)
		return;
	look_at_network(w);
	wizard_facts(w, &f);
	look_after_login(w, &f);
	wizard_facts(w, &f);
	page = page_of(&f);
	wizard_footer_refresh(w, &f);
	if (page != w->shown)
		show_page(w, page);
	else
		wizard_page_refresh(w);
	go_on(w, page);
}

/* The program may outlive its window: answers that are under way then come to nothing. */
static void on_destroy(GtkWidget *window, gpointer data)
{
	struct wizard *w = data;

	(void)window;
	g_signal_handlers_disconnect_by_data(w->tor, w);
	g_signal_handlers_disconnect_by_data(w->service, w);
	wizard_progress_leave(w);
	wizard_bridges_leave(w);
	forget_check(w);
	w->entry = NULL;
	w->progress = NULL;
	w->window = NULL;
}

/* Of the application, whose windows have gone before: from then on nobody is answered. */
static void wizard_free(gpointer data, GObject *app)
{
	struct wizard *w = data;

	(void)app;
	g_clear_object(&w->scanning);
	g_clear_object(&w->setting_clock);
	g_clear_object(&w->browser);
	g_object_unref(w->tor);
	g_object_unref(w->service);
	g_free(w->bridge_text);
	g_free(w->network);
	g_free(w);
}

void wizard_start(GtkApplication *app)
{
	struct wizard *w = g_new0(struct wizard, 1);

	w->shown = PAGE_N;
	w->window = gui_window_new(app, _("Tor Connection"));
	gtk_window_set_default_size(GTK_WINDOW(w->window), WIDTH, HEIGHT);
	w->service = gui_service_new();
	w->tor = wizard_tor_new();
	gui_window_set_footer(w->window, wizard_footer_new(w));
	g_signal_connect_swapped(w->service, "changed", G_CALLBACK(wizard_update), w);
	g_signal_connect_swapped(w->tor, "changed", G_CALLBACK(wizard_update), w);
	g_signal_connect(w->window, "destroy", G_CALLBACK(on_destroy), w);
	g_object_weak_ref(G_OBJECT(app), wizard_free, w);
	wizard_update(w);
	gtk_window_present(GTK_WINDOW(w->window));
}
