/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What stands on each page. */
#include "clock.h"
#include "paths.h"
#include "scan.h"
#include "texts.h"
#include "wizard.h"

#include <glib/gi18n-lib.h>

#define BUTTONS_MAX 5
#define NAME_MAX_SHOWN 64 /* characters of a network's name */

struct button {
	enum gui_button kind;
	const char *label;
	enum action action;
};

struct content {
	const char *icon, *title, *text;
	struct button buttons[BUTTONS_MAX];
	void (*fill)(struct wizard *w, GuiPage *page);
};

#define MAIN(label, action)                         \
	{                                           \
		GUI_BUTTON_SUGGESTED, label, action \
	}
#define ALSO(label, action)                     \
	{                                       \
		GUI_BUTTON_PLAIN, label, action \
	}
#define BRIDGE ALSO(N_("_Use a bridge"), ACT_BRIDGES)
#define TRY_TOR ALSO(N_("_See whether Tor connects"), ACT_TOR)
#define AGAIN MAIN(N_("_Check again"), ACT_CHECK)
#define BACK ALSO(N_("_Back"), ACT_BACK)

static void add_spinner(struct wizard *w, GuiPage *page)
{
	GtkWidget *spinner = g_object_new(GTK_TYPE_SPINNER, "accessible-role",
					  GTK_ACCESSIBLE_ROLE_PRESENTATION, NULL);

	(void)w;
	gtk_spinner_start(GTK_SPINNER(spinner));
	gtk_widget_set_size_request(spinner, 32, 32);
	gui_page_add(page, spinner);
}

static void fill_question(struct wizard *w, GuiPage *page)
{
	g_autofree char *shown = NULL;
	const char *name;

	(void)gui_service_network(w->service, &name, NULL);
	shown = g_utf8_substring(name, 0, MIN(g_utf8_strlen(name, -1), NAME_MAX_SHOWN));
	if (*shown)
		gui_page_add_fact(page, _("Network"), shown);
	gui_page_add_fact(page, _("What is sent without Tor"),
			  _("One question to the name servers of this network, and one request for "
			    "a small page to the check server that your administrator chose."));
	gui_page_add_fact(
		page, _("Who sees it"),
		_("This network and the check server. They see the address of this "
		  "computer, and a request like that of the program NetworkManager, which "
		  "many computers make."));
	gui_page_add_fact(page, _("For how long"),
			  _("On this network only. Below you can withdraw it at any time. If you "
			    "decide nothing, nothing is sent."));
	if (gui_service_consent(w->service) == GUI_CONSENT_HIDDEN)
		wizard_say(w, _("This was refused since the computer was started, so you will be "
				"asked for your password."));
}

static void fill_failed(struct wizard *w, GuiPage *page)
{
	g_autofree char *text = NULL;

	if (!w->check_error)
		return;
	text = g_strdup_printf("%s\n\n%s", w->check_error->message,
			       gui_error_advice(w->check_error));
	gui_page_set_text(page, text);
}

static void fill_portal(struct wizard *w, GuiPage *page)
{
	if (w->result.portal_here)
		gui_page_set_text(
			page,
			_("But it leads to a page of this computer itself, where it has no "
			  "business. That page will not be opened. Ask the people whose network it "
			  "is how to log in, or choose another network."));
	else if (w->result.portal_url)
		gui_page_add_fact(page, _("The network's login page"), w->result.portal_url);
}

static void fill_clock(struct wizard *w, GuiPage *page)
{
	g_autofree char *here = clock_text(g_get_real_time() / G_USEC_PER_SEC);
	g_autofree char *there = clock_text((gint64)check_result_time(&w->result));

	gui_page_add_fact(page, _("This computer says"), here);
	gui_page_add_fact(page, _("The network says"), there);
}

static void fill_denied(struct wizard *w, GuiPage *page)
{
	const char *group = wizard_tor_state(w->tor)->group;

	if (!*group)
		return;
	gui_page_add_fact(page, _("Your user"), g_get_user_name());
	gui_page_add_fact(page, _("The group whose members may"), group);
}

static void fill_absent(struct wizard *w, GuiPage *page)
{
	(void)w;
	gui_page_add_fact(page, _("Where Tor should listen"), TOR_CONTROL_PATH);
}

static const struct content contents[PAGE_N] = {
	[PAGE_STARTING] = {"content-loading-symbolic",
			   N_("One moment"),
			   N_("Looking for the network service and for Tor."),
			   {ALSO(N_("_Close"), ACT_CLOSE)},
			   add_spinner},
	[PAGE_NO_SERVICE] =
		{"dialog-warning-symbolic",
		 N_("The network service does not answer"),
		 N_("Until it does, nothing leaves this computer but what Tor sends, unless an "
		    "administrator has opened the network. "
		    "This window goes on by itself when the service is back. If it stays "
		    "away, restart the computer, or ask an administrator to look at "
		    "“systemctl status sallyport sallyport-engine”."),
		 {ALSO(N_("_Close"), ACT_CLOSE)},
		 NULL},
	[PAGE_NO_NETWORK] =
		{"network-offline-symbolic",
		 N_("There is no network"),
		 N_("Connect to one first: plug in a cable, or choose a Wi-Fi or mobile "
		    "network in the menu or settings of your desktop. This window then "
		    "goes on by itself."),
		 {ALSO(N_("_Close"), ACT_CLOSE)},
		 NULL},
	[PAGE_CONNECTING] = {"network-wireless-acquiring-symbolic",
			     N_("The network is being connected"),
			     N_("Wait a moment. This window goes on by itself."),
			     {ALSO(N_("_Close"), ACT_CLOSE)},
			     add_spinner},
	[PAGE_QUESTION] =
		{"org.sallyport.Wizard-symbolic",
		 N_("How do you want to connect?"),
		 N_("Many networks, as in hotels and cafés, want you to log in first, and "
		    "Tor needs to know the time. This computer can find out both, but not "
		    "through Tor. This network can also see then that you use Tor."),
		 {MAIN(N_("_Connect automatically"), ACT_CONSENT),
		  ALSO(N_("_Hide that I use Tor"), ACT_HIDE)},
		 fill_question},
	[PAGE_BUILT_IN] = {"dialog-warning-symbolic",
			   N_("The network rules of this computer have an error"),
			   N_("Until it is corrected, only Tor can use the network, and nobody can "
			      "look for a login page. An administrator sees with “sallyport check” "
			      "what is wrong. You can see whether Tor connects nevertheless."),
			   {MAIN(N_("_See whether Tor connects"), ACT_TOR), BRIDGE},
			   NULL},
	[PAGE_HIDDEN] =
		{"security-high-symbolic",
		 N_("Nothing is asked without Tor"),
		 N_("Checks without Tor are refused, for everybody who uses this computer, "
		    "until it restarts. To allow one before then takes a password.\n\nTor can "
		    "connect through a bridge, which hides from this network that you use "
		    "Tor, or without one."),
		 {MAIN(N_("_Use a bridge"), ACT_BRIDGES),
		  ALSO(N_("Connect to Tor _without a bridge"), ACT_DIRECT),
		  ALSO(N_("_Connect automatically after all"), ACT_ASK)},
		 NULL},
	[PAGE_NO_SERVERS] =
		{"network-error-symbolic",
		 N_("This network names no servers"),
		 N_("It has not said whom to ask for addresses, so neither a login page "
		    "nor the time can be looked for. Disconnect from it and connect again; "
		    "this window then goes on by itself. Or see whether Tor connects."),
		 {TRY_TOR, BRIDGE},
		 NULL},
	[PAGE_CHECKING] =
		{"network-transmit-receive-symbolic",
		 N_("Asking the network"),
		 N_("Looking for a login page, and for the time. This takes ten seconds at "
		    "most."),
		 {ALSO(N_("_Close"), ACT_CLOSE)},
		 add_spinner},
	[PAGE_CHECK_FAILED] = {"dialog-warning-symbolic",
			       N_("The network could not be checked"),
			       NULL,
			       {AGAIN, TRY_TOR, BRIDGE},
			       fill_failed},
	[PAGE_PORTAL] =
		{"network-wireless-hotspot-symbolic",
		 N_("This network wants you to log in"),
		 N_("The Unsafe Browser opens the login page, without Tor. The network sees "
		    "what you do there: log in, and do nothing else. When you are through, "
		    "this window goes on by itself."),
		 {MAIN(N_("_Log in to the network"), ACT_LOGIN),
		  ALSO(N_("I _have logged in"), ACT_CHECK), BRIDGE},
		 fill_portal},
	[PAGE_LOGIN] =
		{"network-wireless-hotspot-symbolic",
		 N_("Log in to the network"),
		 N_("Use the window of the Unsafe Browser; it asks you before anything opens. "
		    "When you have logged in, close it or say so here. The network is then "
		    "checked again, and this window goes on."),
		 {MAIN(N_("I _have logged in"), ACT_CHECK),
		  ALSO(N_("_Open the Unsafe Browser again"), ACT_LOGIN)},
		 NULL},
	[PAGE_LIMITED] =
		{"network-error-symbolic",
		 N_("The network answers, but not as it should"),
		 N_("Perhaps it has no way to the Internet at the moment, or a login page "
		    "that was not recognized. Wait a little and check again, look with the "
		    "Unsafe Browser, or see whether Tor connects."),
		 {AGAIN, ALSO(N_("_Look with the Unsafe Browser"), ACT_LOGIN), TRY_TOR, BRIDGE},
		 NULL},
	[PAGE_UNREACHED] =
		{"network-error-symbolic",
		 N_("Nothing answers on this network"),
		 N_("It is connected, but nothing came back. Check the cable, go nearer to "
		    "the Wi-Fi, or choose another network; then check again. Or see "
		    "whether Tor connects."),
		 {AGAIN, ALSO(N_("_Look with the Unsafe Browser"), ACT_LOGIN), TRY_TOR, BRIDGE},
		 NULL},
	[PAGE_CLOCK] =
		{"preferences-system-time-symbolic",
		 N_("The clock of this computer seems to be wrong"),
		 N_("Tor does not work with a wrong clock. Look at a clock that you trust: a "
		    "network can say a wrong time, too. If the network is right, set the "
		    "clock."),
		 {MAIN(N_("_Set the clock to what the network says"), ACT_SET_CLOCK),
		  ALSO(N_("_Leave the clock as it is"), ACT_LEAVE_CLOCK)},
		 fill_clock},
	[PAGE_BRIDGES] =
		{"security-high-symbolic",
		 N_("Connect through a bridge"),
		 N_("A bridge hides from this network that you use Tor. On another network or "
		    "telephone you get some at bridges.torproject.org, or from somebody "
		    "whom you trust. Enter one on each line. They are given to Tor until "
		    "it ends or the computer restarts, and not saved."),
		 {MAIN(N_("_Connect with these bridges"), ACT_USE_BRIDGES),
		  ALSO(N_("_Scan a code with the camera"), ACT_SCAN),
		  ALSO(N_("Read a code from a _picture"), ACT_PICTURE),
		  ALSO(N_("Connect to Tor _without a bridge"), ACT_DIRECT), BACK},
		 wizard_bridges_fill},
	[PAGE_TOR_ABSENT] =
		{"dialog-warning-symbolic",
		 N_("Tor does not answer"),
		 N_("Tor seems not to run on this computer, or listens elsewhere. An "
		    "administrator installs it with “apt install tor” and starts it with "
		    "“systemctl restart tor”. This window goes on by itself when it is "
		    "there."),
		 {ALSO(N_("_Close"), ACT_CLOSE), ALSO(N_("_Look for a login page"), ACT_LOOK),
		  BACK},
		 fill_absent},
	[PAGE_TOR_DENIED] =
		{"dialog-warning-symbolic",
		 N_("This window may not talk to Tor"),
		 N_("Tor may connect all the same, but nothing of it can be seen here, and "
		    "no bridge can be given to it. An administrator can add you to the "
		    "group with “adduser USER GROUP”; then log out and in again."),
		 {ALSO(N_("_Close"), ACT_CLOSE), ALSO(N_("_Look for a login page"), ACT_LOOK),
		  BACK},
		 fill_denied},
	[PAGE_TOR_REFUSED] =
		{"dialog-warning-symbolic",
		 N_("Tor does not let this window in"),
		 N_("Tor runs, but takes no orders from here. An administrator can start "
		    "it anew with “systemctl restart tor”, and look whether the file "
		    "/etc/tor/torrc says “CookieAuthentication 1”. This window goes on by "
		    "itself when Tor answers."),
		 {ALSO(N_("_Close"), ACT_CLOSE), ALSO(N_("_Look for a login page"), ACT_LOOK),
		  BACK},
		 NULL},
	[PAGE_PROGRESS] = {"org.sallyport.Wizard-symbolic",
			   N_("Connecting to Tor"),
			   NULL,
			   {BRIDGE, ALSO(N_("_Look for a login page"), ACT_LOOK)},
			   wizard_progress_fill},
	[PAGE_CONNECTED] =
		{"emblem-ok-symbolic",
		 N_("Tor is connected"),
		 N_("What uses Tor on this computer can reach the Internet now, and you can close this window. If nothing opens all the same, this network may want you to log in."),
		 {MAIN(N_("_Close"), ACT_CLOSE), ALSO(N_("_Look for a login page"), ACT_LOOK),
		  ALSO(N_("Change the _bridges"), ACT_BRIDGES)},
		 NULL},
};

static void on_button(GtkButton *button, gpointer data)
{
	enum action action = GPOINTER_TO_INT(g_object_get_data(G_OBJECT(button), "action"));

	wizard_act(data, action);
}

/* The notice is there from the beginning, so that a screen reader hears it change. */
static void add_notice(struct wizard *w, GuiPage *page)
{
	GtkWidget *notice =
		g_object_new(GTK_TYPE_LABEL, "accessible-role", GTK_ACCESSIBLE_ROLE_ALERT, "wrap",
			     TRUE, "wrap-mode", PANGO_WRAP_WORD_CHAR, "justify", GTK_JUSTIFY_CENTER,
			     "visible", FALSE, NULL);

	gtk_widget_add_css_class(notice, "heading");
	w->notice = GTK_LABEL(notice);
	gui_page_add(page, notice);
}

/* What cannot be done here is not offered. */
static bool is_offered(struct wizard *w, enum action action)
{
	switch (action) {
	case ACT_BACK:
		return w->way != WAY_NONE;
	case ACT_LOGIN:
		return !w->result.portal_here;
	case ACT_SCAN:
		return scan_installed(SCAN_CAMERA);
	case ACT_PICTURE:
		return scan_installed(SCAN_PICTURE);
	default:
		return true;
	}
}

GuiPage *wizard_page_new(struct wizard *w, enum page page)
{
	const struct content *c = &contents[page];
	GuiPage *p = gui_page_new(c->icon, _(c->title), c->text ? _(c->text) : NULL);

	w->page = p;
	w->entry = NULL;
	w->progress = NULL;
	w->trouble = NULL;
	add_notice(w, p);
	if (c->fill)
		c->fill(w, p);
	/* Below whatever the page has. */
	g_object_ref(w->notice);
	gtk_box_remove(GTK_BOX(gtk_widget_get_parent(GTK_WIDGET(w->notice))),
		       GTK_WIDGET(w->notice));
	gui_page_add(p, GTK_WIDGET(w->notice));
	g_object_unref(w->notice);
	for (size_t i = 0; i < BUTTONS_MAX && c->buttons[i].label; i++) {
		const struct button *b = &c->buttons[i];
		GtkButton *button;

		if (!is_offered(w, b->action))
			continue;
		button = gui_page_add_button(p, b->kind, _(b->label), G_CALLBACK(on_button), w);
		g_object_set_data(G_OBJECT(button), "action", GINT_TO_POINTER((int)b->action));
	}
	return p;
}

void wizard_page_refresh(struct wizard *w)
{
	if (w->progress)
		wizard_progress_refresh(w);
}

/* --- the footer */

static const char *const standings[STANDING_N] = {
	[STANDING_UNKNOWN] = N_("The network is closed, unless an administrator has opened it."),
	[STANDING_CLOSED] = N_("A check without Tor is not allowed."),
	[STANDING_ALLOWED] = N_("The check without Tor is allowed on this network."),
	[STANDING_HIDDEN] = N_("Checks without Tor are refused until the computer restarts."),
};

static GtkLabel *footer_label(GtkWidget *box, const char *text)
{
	GtkWidget *label = gtk_label_new(text);

	gtk_label_set_wrap(GTK_LABEL(label), TRUE);
	gtk_label_set_xalign(GTK_LABEL(label), 0);
	gtk_widget_set_hexpand(label, TRUE);
	gtk_box_append(GTK_BOX(box), label);
	return GTK_LABEL(label);
}

GtkWidget *wizard_footer_new(struct wizard *w)
{
	GtkWidget *outer = gtk_box_new(GTK_ORIENTATION_VERTICAL, 0);
	GtkWidget *box = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 12);
	GtkWidget *texts = gtk_box_new(GTK_ORIENTATION_VERTICAL, 3), *what;
	/* A box passes Tab on to what is in it; a row keeps it. */
	GtkWidget *list = gtk_list_box_new(), *row = gtk_list_box_row_new();

	gtk_box_append(GTK_BOX(outer), gtk_separator_new(GTK_ORIENTATION_HORIZONTAL));
	gtk_box_append(GTK_BOX(outer), box);
	gtk_widget_set_margin_top(box, 12);
	gtk_widget_set_margin_bottom(box, 12);
	gtk_widget_set_margin_start(box, 12);
	gtk_widget_set_margin_end(box, 12);
	gtk_list_box_row_set_child(GTK_LIST_BOX_ROW(row), texts);
	gtk_list_box_row_set_activatable(GTK_LIST_BOX_ROW(row), FALSE);
	gtk_list_box_set_selection_mode(GTK_LIST_BOX(list), GTK_SELECTION_NONE);
	gtk_list_box_append(GTK_LIST_BOX(list), row);
	gtk_widget_add_css_class(list, "background");
	gtk_widget_set_hexpand(list, TRUE);
	gtk_widget_set_margin_top(texts, 6);
	gtk_widget_set_margin_bottom(texts, 6);
	gtk_widget_set_margin_start(texts, 6);
	gtk_widget_set_margin_end(texts, 6);
	gtk_widget_set_valign(list, GTK_ALIGN_CENTER);
	gtk_box_append(GTK_BOX(box), list);
	w->status = row;
	w->standing = footer_label(texts, "");
	w->door = footer_label(texts, _("A browser can reach this network without Tor right now."));
	w->withdraw = gtk_button_new();
	what = gtk_label_new_with_mnemonic(_("With_draw"));
	gtk_button_set_child(GTK_BUTTON(w->withdraw), what);
	gtk_label_set_mnemonic_widget(GTK_LABEL(what), w->withdraw);
	gtk_accessible_update_relation(GTK_ACCESSIBLE(w->withdraw),
				       GTK_ACCESSIBLE_RELATION_LABELLED_BY, what, NULL, -1);
	gtk_widget_set_valign(w->withdraw, GTK_ALIGN_CENTER);
	gtk_accessible_update_relation(GTK_ACCESSIBLE(w->withdraw),
				       GTK_ACCESSIBLE_RELATION_DESCRIBED_BY, w->standing, NULL, -1);
	g_object_set_data(G_OBJECT(w->withdraw), "action", GINT_TO_POINTER((int)ACT_WITHDRAW));
	g_signal_connect(w->withdraw, "clicked", G_CALLBACK(on_button), w);
	gtk_box_append(GTK_BOX(box), w->withdraw);
	return outer;
}

void wizard_footer_refresh(struct wizard *w, const struct facts *f)
{
	enum standing standing = standing_of(f);

	gtk_label_set_text(w->standing, _(standings[standing]));
	gtk_accessible_update_property(GTK_ACCESSIBLE(w->status), GTK_ACCESSIBLE_PROPERTY_LABEL,
				       _(standings[standing]), -1);
	gtk_widget_set_visible(GTK_WIDGET(w->door), f->sealed && f->door_open);
	gtk_widget_set_visible(w->withdraw, standing == STANDING_ALLOWED);
}
