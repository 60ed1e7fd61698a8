/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Tor's control socket, as this user may use it: how far Tor is, and bridges for it. Whatever Tor
 * says is cut to size and clean text. Nothing is kept in a file, here or (there is no SAVECONF) by
 * Tor.
 */
#include "wizard-state.h"

struct tor_state {
	enum tor_link link;
	char group[64];  /* whose members may, where it is denied; "": not known */
	bool paused;     /* it is to connect to nothing yet: DisableNetwork */
	bool bridges;    /* it connects through those that it has */
	bool connected;  /* it has a circuit, as far as it knows */
	bool troubled;   /* it says that something is wrong which will not pass by itself */
	guint progress;  /* percent */
	char tag[32];    /* the name of the step */
	char words[256]; /* its own about the trouble, English; "" */
};

#define WIZARD_TYPE_TOR (wizard_tor_get_type())
G_DECLARE_FINAL_TYPE(WizardTor, wizard_tor, WIZARD, TOR, GObject)

/*
 * Signals: "changed" (), of anything in its state. Tries again each second while nobody answers.
 * Own the reference.
 */
WizardTor *wizard_tor_new(void);
const struct tor_state *wizard_tor_state(WizardTor *t);

/* Whether it has a program for that transport ("": none is needed). */
gboolean wizard_tor_has_transport(WizardTor *t, const char *transport);

/* That Tor had connected may be of a network before this one: it counts when it says so anew. */
void wizard_tor_doubt(WizardTor *t);
gboolean wizard_tor_is_fresh(WizardTor *t);

/*
 * What Tor is to do: use these bridges (lines that bridge_line_parse() has found good; NULL ends
 * them), forget all bridges, connect to nothing yet, connect. The error's text is Tor's.
 */
void wizard_tor_use_bridges(WizardTor *t, const char *const *lines, GAsyncReadyCallback done,
			    gpointer data);
void wizard_tor_forget_bridges(WizardTor *t, GAsyncReadyCallback done, gpointer data);
void wizard_tor_pause(WizardTor *t, bool pause, GAsyncReadyCallback done, gpointer data);
gboolean wizard_tor_finish(WizardTor *t, GAsyncResult *result, GError **error);
