/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The wizard's one window: what is so, what it shows of it, and what the person does there. */
#include "app.h"
#include "check.h"
#include "tor-control.h"
#include "wizard-state.h"

/* What a button does. */
enum action {
	ACT_CONSENT, /* "connect automatically" */
	ACT_HIDE,    /* "hide that I use Tor" */
	ACT_WITHDRAW,
	ACT_ASK,     /* back to the question */
	ACT_BACK,    /* to what is so without a choice */
	ACT_BRIDGES, /* to the page for them */
	ACT_TOR,     /* wait for Tor, as it is */
	ACT_DIRECT,  /* the same without bridges */
	ACT_LOOK,    /* for a login page: asked for, if that is not allowed yet */
	ACT_CHECK,
	ACT_LOGIN,
	ACT_SET_CLOCK,
	ACT_LEAVE_CLOCK,
	ACT_USE_BRIDGES,
	ACT_SCAN,
	ACT_PICTURE,
	ACT_CLOSE,
	ACTION_N
};

struct wizard {
	GuiWindow *window; /* NULL: it was closed */
	GuiService *service;
	WizardTor *tor;
	GtkLabel *standing, *door; /* of the footer */
	GtkWidget *status;         /* around them: where keys do nothing */
	GtkWidget *withdraw;

	char *network; /* which one the rest is of; NULL: none is up */
	enum way way;
	bool clock_left; /* the clock is right, or is to stay as it is */
	bool hiding;     /* Tor is to wait for bridges, or for another decision */
	bool told;       /* Tor, that it is to begin */
	bool told_to_wait;
	char *bridge_text; /* as it was entered; never in a file */

	bool withdrawing;       /* until that is so no check is begun */
	GCancellable *checking; /* NULL: no check is under way */
	struct check_result result;
	GError *check_error;
	GSubprocess *browser; /* the launcher, while it runs */
	bool door_was_open;   /* for it, the last time that anything changed */
	bool logging_in;      /* it, or one that it has handed over to, is there */
	GCancellable *scanning;
	GCancellable *setting_clock;

	bool acting;     /* the person does something just now */
	enum page shown; /* PAGE_N: none yet */
	GuiPage *page;   /* it, which the window owns */
	GtkLabel *notice;
	GtkTextView *entry;       /* of the page for bridges */
	GtkProgressBar *progress; /* of the page that shows it */
	GtkLabel *trouble;
	guint patience; /* a source; 0: it is over, or not needed */
	guint was;      /* Tor's progress when it began */
	bool stuck;
};

/* Shows the window; it and all that belongs to it goes with the application. */
void wizard_start(GtkApplication *app);

void wizard_facts(struct wizard *w, struct facts *ret);
/* Looks at what is so, and shows it. */
void wizard_update(struct wizard *w);
void wizard_act(struct wizard *w, enum action action);

/* A sentence above the buttons of the page, until the next one comes. NULL: none. */
void wizard_say(struct wizard *w, const char *text);
/* An error, and what to do about it. */
void wizard_say_error(struct wizard *w, const GError *error);

/* pages.c: the page, and what changes while it is shown */
GuiPage *wizard_page_new(struct wizard *w, enum page page);
void wizard_page_refresh(struct wizard *w);
GtkWidget *wizard_footer_new(struct wizard *w);
void wizard_footer_refresh(struct wizard *w, const struct facts *f);

/* progress.c */
void wizard_progress_fill(struct wizard *w, GuiPage *page);
void wizard_progress_refresh(struct wizard *w);
void wizard_progress_leave(struct wizard *w);

/* bridges.c: the page for them, and what its buttons do */
void wizard_bridges_fill(struct wizard *w, GuiPage *page);
void wizard_bridges_use(struct wizard *w);
void wizard_bridges_scan(struct wizard *w);
void wizard_bridges_picture(struct wizard *w);
void wizard_bridges_leave(struct wizard *w);
