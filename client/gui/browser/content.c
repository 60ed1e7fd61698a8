/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "content.h"

#include "paths.h"
#include "texts.h"
#include "words.h"

#include <glib/gi18n-lib.h>

/* Of BROWSER_OVER_DOOR, where the reason has a title and an icon of its own. */
static const struct {
	const char *reason, *icon, *title;
} ends[] = {
	{"deadline", "document-open-recent-symbolic", N_("The time is up")},
	{"online", "emblem-ok-symbolic", N_("You are logged in")},
	{"network", "network-offline-symbolic", N_("The network has changed")},
	{"bus-gone", "dialog-warning-symbolic", N_("The network service has ended")},
};

static const char *const labels[DEED_N] = {
	[DEED_OPEN_PORTAL] = N_("_Log in to the network"),
	[DEED_WARN_FULL] = N_("Open the _whole network…"),
	[DEED_OPEN_FULL] = N_("Open the _whole network"),
	[DEED_BACK] = N_("_Back"),
	[DEED_RETRY] = N_("_Try again"),
	[DEED_AGAIN] = N_("_Open again"),
	[DEED_MORE_TIME] = N_("_More time"),
	[DEED_STOP] = N_("_Close now"),
	[DEED_ABORT] = N_("_Cancel"),
	[DEED_CANCEL] = N_("_Cancel"),
	[DEED_CLOSE] = N_("_Close"),
};

const char *deed_label(enum deed deed)
{
	return g_dgettext(GETTEXT_PACKAGE, labels[deed]);
}

/* What belongs to the question: where, for how long, and to which page. */
static void add_lines(struct content *c, GuiService *s, const struct run *run)
{
	g_autofree char *span = NULL;
	const char *network;
	guint usual, longest;

	(void)gui_service_network(s, &network, NULL);
	gui_service_limits(s, &usual, &longest);
	span = gui_span_text(usual);
	c->lines[0].name = _("Network");
	if (*network)
		c->lines[0].value = g_strdup(network);
	c->lines[1].name = _("First page");
	if (*run_page(run))
		c->lines[1].value = g_strdup(run_page(run));
	c->lines[2].name = _("Open for");
	if (usual)
		c->lines[2].value = g_strdup_printf(_("%s, unless you ask for more"), span);
}

static void refine_ask(struct content *c, const struct browser_facts *facts)
{
	if (c->page == BROWSER_PAGE_ASK && !facts->full) {
		c->deeds[1] = DEED_CANCEL;
		c->deeds[2] = DEED_NONE;
	} else if (c->page == BROWSER_PAGE_ASK_FULL && !facts->portal) {
		c->deeds[0] = DEED_CANCEL;
	}
}

static void refine_failure(struct content *c, const GError *error)
{
	if (c->text || !error)
		return; /* it is said already */
	c->text = g_strdup(gui_error_advice(error));
	c->lines[0].name = _("The service says");
	c->lines[0].value = g_strdup(error->message);
}

/* A title of its own says all that the reason's sentence does, but for the good news. */
static void refine_end(struct content *c, const char *reason)
{
	const char *rest = _("The browser is closed, and what it had stored is deleted.");

	if (c->text)
		return;
	for (gsize i = 0; reason && i < G_N_ELEMENTS(ends); i++)
		if (g_str_equal(ends[i].reason, reason)) {
			c->icon = ends[i].icon;
			c->title = g_dgettext(GETTEXT_PACKAGE, ends[i].title);
			c->text = g_strdup(rest);
		}
	if (g_strcmp0(reason, "online") == 0) {
		c->deeds[0] = DEED_CLOSE;
		c->deeds[1] = DEED_AGAIN;
		g_clear_pointer(&c->text, g_free);
	}
	if (!c->text)
		c->text = g_strdup_printf("%s\n\n%s", gui_reason_text(reason), rest);
}

static void add_aid(struct content *c, enum aid aid, GuiService *s)
{
	static const char *const names[AID_N] = {
		[AID_POLICY] = N_("File"),
		[AID_CHECK] = N_("Command"),
		[AID_UNIT] = N_("Command"),
	};

	if (aid != AID_NONE)
		c->lines[0].name = g_dgettext(GETTEXT_PACKAGE, names[aid]);
	if (aid == AID_POLICY)
		c->lines[0].value = g_strdup(POLICY_DIR_ETC "/policy.conf");
	else if (aid == AID_CHECK)
		c->lines[0].value = g_strdup("sallyport check");
	else if (aid == AID_UNIT)
		c->lines[0].value = g_strdup_printf("systemctl start sallyport-browser@%s.socket",
						    gui_service_browser(s));
}

static void say(struct content *c, const struct words *words, GuiService *s)
{
	c->icon = words->icon;
	c->title = g_dgettext(GETTEXT_PACKAGE, words->title);
	if (words->text)
		c->text = g_strdup(g_dgettext(GETTEXT_PACKAGE, words->text));
	c->busy = words->busy;
	memcpy(c->deeds, words->deeds, sizeof(c->deeds));
	add_aid(c, words->aid, s);
}

struct content content_of(const struct browser_facts *facts, GuiService *s, const struct run *run)
{
	struct content c = {.page = browser_page(facts, run_step(run))};
	const GError *error;
	const char *reason;
	enum browser_failure failure = run_failure(run, &error);
	enum browser_over over = run_over(run, &reason);

	if (c.page == BROWSER_PAGE_FAILED) {
		say(&c, &words_of_failures[failure], s);
		refine_failure(&c, error);
	} else if (c.page == BROWSER_PAGE_OVER) {
		say(&c, &words_of_ends[over], s);
		refine_end(&c, reason);
	} else {
		say(&c, &words_of_pages[c.page], s);
	}
	if (c.page == BROWSER_PAGE_ASK || c.page == BROWSER_PAGE_ASK_FULL) {
		add_lines(&c, s, run);
		refine_ask(&c, facts);
	}
	return c;
}

gboolean content_equal(const struct content *a, const struct content *b)
{
	if (a->page != b->page || g_strcmp0(a->title, b->title) != 0 ||
	    g_strcmp0(a->text, b->text) != 0 || memcmp(a->deeds, b->deeds, sizeof(a->deeds)) != 0)
		return FALSE;
	for (gsize i = 0; i < CONTENT_LINES; i++)
		if (g_strcmp0(a->lines[i].value, b->lines[i].value) != 0)
			return FALSE;
	return TRUE;
}

void content_clear(struct content *c)
{
	g_clear_pointer(&c->text, g_free);
	for (gsize i = 0; i < CONTENT_LINES; i++)
		g_clear_pointer(&c->lines[i].value, g_free);
}
