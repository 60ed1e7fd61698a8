/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The named errors of the interface. Each comes with a sentence that says what to do. The
 * functions set *e and return what a handler returns.
 */
#include "wire.h"

#include <systemd/sd-bus.h>

#define ERROR_PREFIX "org.sallyport1.Error."
#define ERROR_NOT_AUTHORIZED ERROR_PREFIX "NotAuthorized"
#define ERROR_UNKNOWN_USER ERROR_PREFIX "UnknownUser"
#define ERROR_UNKNOWN_NAMESPACE ERROR_PREFIX "UnknownNamespace"
#define ERROR_NOT_CLEARNET_USER ERROR_PREFIX "NotClearnetUser"
#define ERROR_BUSY ERROR_PREFIX "Busy"
#define ERROR_TOO_LONG ERROR_PREFIX "TooLong"
#define ERROR_TOO_MANY ERROR_PREFIX "TooMany"
#define ERROR_NO_CONSENT ERROR_PREFIX "NoConsent"
#define ERROR_NETWORK_CHANGED ERROR_PREFIX "NetworkChanged"
#define ERROR_INVALID_ADDRESS ERROR_PREFIX "InvalidAddress"
#define ERROR_NO_SERVERS ERROR_PREFIX "NoServers"
#define ERROR_NO_SUCH_LEASE ERROR_PREFIX "NoSuchLease"
#define ERROR_ENGINE_FAILURE ERROR_PREFIX "EngineFailure"
#define ERROR_NOT_REPORTED ERROR_PREFIX "NotReported"
#define ERROR_BAD_POLICY ERROR_PREFIX "BadPolicy"
#define ERROR_NOT_CONFIGURED ERROR_PREFIX "NotConfigured"
#define ERROR_TOO_OFTEN ERROR_PREFIX "TooOften"
#define ERROR_PROBE_FAILURE ERROR_PREFIX "ProbeFailure"

int error_set(sd_bus_error *e, const char *name, const char *fmt, ...) _printf_(3, 4);
/* What the engine refused, about a user ("" when it is about none). */
int error_refused(sd_bus_error *e, enum wire_refusal refusal, uint32_t detail, const char *user);
int error_engine_lost(sd_bus_error *e);
/* Nothing is opened between the announcement of sleep and waking up. */
int error_asleep(sd_bus_error *e);
/* A portal's door needs to know whom to ask for names. */
int error_no_servers(sd_bus_error *e);
/* Why engine_client_request() failed. */
int error_not_asked(sd_bus_error *e, int r);

/*
 * For a call that is answered later: turns an answer of the engine that is not the wanted type
 * (NULL, REFUSED, anything else) into an error reply. True if it did.
 */
bool error_answered(sd_bus_message *call, const struct wire_header *answer, enum wire_type wanted,
		    const char *user);
