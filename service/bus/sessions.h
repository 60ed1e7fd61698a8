/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * logind over D-Bus (org.freedesktop.login1(5)): which session a holder belongs to, when that
 * session ends or stops being active, and when the machine goes to sleep. Without logind no
 * holder has a session; nothing waits for it.
 */
#include "util.h"

#include <systemd/sd-bus.h>

struct sessions;

struct session_events {
	/* The session at this path ended, or is not active any more. */
	void (*gone)(const char *path, void *userdata);
	/* Sleep is announced: return true when nothing has to be waited for. */
	bool (*sleeping)(void *userdata);
	void *userdata;
};

struct sessions *sessions_new(sd_bus *bus, const struct session_events *events);
struct sessions *sessions_free(struct sessions *s);

/* What sleeping() had to wait for is done: lets the machine sleep. */
void sessions_release(struct sessions *s);
/* From the announcement of sleep until waking up. */
bool sessions_asleep(const struct sessions *s);
/* Asks logind again to wait for us at the next sleep, if it would not or did not answer. */
void sessions_retry(struct sessions *s);

/*
 * Finds the session of a process, else the user's display session. fn is called once, perhaps
 * never before this returns: path NULL when there is none; active: is it now.
 */
typedef void (*session_found_fn)(uint64_t id, const char *path, bool active, void *userdata);
void sessions_find(struct sessions *s, pid_t pid, uid_t uid, session_found_fn fn, uint64_t id,
		   void *userdata);

/* Whether a session that was found is active still; one that has ended is not. */
void sessions_check(struct sessions *s, const char *path, session_found_fn fn, uint64_t id,
		    void *userdata);
