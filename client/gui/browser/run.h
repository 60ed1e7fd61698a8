/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * One browser behind one door, from the click to the end. The browser is started first, and waits
 * for its display; then the door is opened, then its windows come through the gateway; whatever of
 * the three ends first, the two others end at once.
 */
#include "browser-state.h"
#include "door.h"

struct run;
typedef void (*run_fn)(gpointer data);

/* changed: called whenever run_step() or what belongs to it has changed. */
struct run *run_new(GuiService *s, run_fn changed, gpointer data);
/* Ends all of it; why is for the unit's log. */
struct run *run_free(struct run *run, enum browser_stop why);

enum browser_step run_step(const struct run *run);
/* In BROWSER_FAILED: what, and the service's own error for one of the door, else NULL. */
enum browser_failure run_failure(const struct run *run, const GError **ret_error);
/* In BROWSER_OVER: what, and the reason in LeaseEnded for BROWSER_OVER_DOOR, else NULL. */
enum browser_over run_over(const struct run *run, const char **ret_reason);
/* The door in BROWSER_RUNNING. */
GuiDoor *run_door(const struct run *run);

/* The first page of browsers that are started from now on: an http or https URL, or "". */
void run_set_page(struct run *run, const char *url);
const char *run_page(const struct run *run);

/* What the person does. */
void run_open(struct run *run, const char *scope);
void run_warn(struct run *run);
void run_back(struct run *run);
/* Closes the browser and the door. Before there was a browser, as if nothing had been asked for. */
void run_stop(struct run *run, enum browser_stop why);

/* What the service says has changed. */
void run_look(struct run *run, const struct browser_facts *facts);
