/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * What the windows say: the service's errors by number, what to do about each, why a door has
 * ended. The texts are translated, and static.
 */
#include <glib.h>

/* org.sallyport1.Error.NAME, see sallyport(1). */
#define GUI_ERRORS(X)                           \
	X(NOT_AUTHORIZED, "NotAuthorized")      \
	X(UNKNOWN_USER, "UnknownUser")          \
	X(NOT_CLEARNET_USER, "NotClearnetUser") \
	X(BUSY, "Busy")                         \
	X(TOO_LONG, "TooLong")                  \
	X(TOO_MANY, "TooMany")                  \
	X(NO_CONSENT, "NoConsent")              \
	X(NETWORK_CHANGED, "NetworkChanged")    \
	X(INVALID_ADDRESS, "InvalidAddress")    \
	X(NO_SERVERS, "NoServers")              \
	X(NO_SUCH_LEASE, "NoSuchLease")         \
	X(ENGINE_FAILURE, "EngineFailure")      \
	X(NOT_REPORTED, "NotReported")          \
	X(BAD_POLICY, "BadPolicy")              \
	X(NOT_CONFIGURED, "NotConfigured")      \
	X(TOO_OFTEN, "TooOften")                \
	X(PROBE_FAILURE, "ProbeFailure")

enum gui_error {
#define X(NAME, name) GUI_ERROR_##NAME,
	GUI_ERRORS(X)
#undef X
		GUI_ERROR_MUST_ASK, /* the bus's InteractiveAuthorizationRequired */
	GUI_ERROR_N
};

#define GUI_ERROR (gui_error_quark())
/* From the first call on GDBus turns the service's errors into this domain. */
GQuark gui_error_quark(void);

/* What the person can do about it, in a sentence or two. Of an error that is not GUI_ERROR, too. */
const char *gui_error_advice(const GError *error);

/* Why a door has ended, in a sentence: of the reason in LeaseEnded; NULL or unknown: in general. */
const char *gui_reason_text(const char *reason);

/* "4 minutes", "1 minute 5 seconds", "12 seconds": free with g_free. */
char *gui_span_text(guint seconds);
