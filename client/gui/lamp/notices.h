/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Notifications (org.freedesktop.Notifications), of each kind at most one, which is changed in
 * place. Whatever server is there, or comes later, or has no buttons.
 */
#include <gio/gio.h>
#include <stdbool.h>

enum lamp_notice { NOTICE_DOOR, NOTICE_LEAKS, NOTICE_WALL, NOTICE_FAILURE, NOTICE_N };
enum lamp_urgency { URGENCY_LOW, URGENCY_NORMAL, URGENCY_CRITICAL };

struct lamp_words {
	const char *title, *text; /* plain; nothing in them is markup to the server */
	enum lamp_urgency urgency;
	bool stays;                 /* until it is taken away */
	const char *action, *label; /* one button; NULL: none */
	bool click;                 /* a click on the whole does the same */
	const char *otherwise;      /* a sentence for servers without buttons; NULL: none */
};

/*
 * Signals:
 *   "action" (notice, action)  as int and string: the person has pressed that
 *   "closed" (notice)          it went away, and not by lamp_notices_hide()
 */
#define LAMP_TYPE_NOTICES (lamp_notices_get_type())
G_DECLARE_FINAL_TYPE(LampNotices, lamp_notices, LAMP, NOTICES, GObject)

LampNotices *lamp_notices_new(void);
/* Shows it, or changes what is there. */
void lamp_notices_show(LampNotices *n, enum lamp_notice which, const struct lamp_words *words);
void lamp_notices_hide(LampNotices *n, enum lamp_notice which);
