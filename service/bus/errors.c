/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "errors.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#define TEXT_SIZE 640 /* a sentence of ours around one of the engine's */

/*
 * Whatever a stranger sent may stand in it, however long. Unbounded, it would make a message over
 * the bus's limit; cut within a character, one that is no text: the bus ends who sends either.
 */
int error_set(sd_bus_error *e, const char *name, const char *fmt, ...)
{
	char text[TEXT_SIZE];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	clean_text(text);
	return sd_bus_error_set(e, name, text);
}

int error_engine_lost(sd_bus_error *e)
{
	return error_set(
		e, ERROR_ENGINE_FAILURE,
		"The engine does not answer, so no door opens; the wall stays. See systemctl "
		"status sallyport-engine.");
}

int error_asleep(sd_bus_error *e)
{
	return error_set(e, ERROR_BUSY,
			 "The machine goes to sleep, and no door is left open then; ask again when "
			 "it is awake.");
}

int error_no_servers(sd_bus_error *e)
{
	return error_set(
		e, ERROR_NO_SERVERS,
		"No IPv4 DNS server of a network that is up is known: connect first; where "
		"NetworkManager does not manage the network, save its servers with "
		"sallyport dns save.");
}

int error_not_asked(sd_bus_error *e, int r)
{
	if (r != -EBUSY)
		return error_engine_lost(e);
	return error_set(e, ERROR_TOO_MANY,
			 "Too many requests of this user (or of all) wait for the engine; ask "
			 "again in a moment.");
}

int error_refused(sd_bus_error *e, enum wire_refusal refusal, uint32_t detail, const char *user)
{
	char span[24];

	switch (refusal) {
	case REFUSAL_NOT_A_DOOR:
		return error_set(
			e, ERROR_NOT_CLEARNET_USER,
			"The policy gives user \"%s\" no door; an administrator can write a user "
			"made for it into [users] clearnet and reload.",
			user);
	case REFUSAL_BUSY:
		return error_set(
			e, ERROR_BUSY,
			"Another lease for user \"%s\" is open; wait until it ends, or close "
			"it.",
			user);
	case REFUSAL_TOO_LONG:
		format_seconds(detail, span, sizeof(span));
		return error_set(e, ERROR_TOO_LONG,
				 "The policy allows at most %s; ask for less, and extend it later.",
				 span);
	case REFUSAL_TOO_MANY:
		return error_set(e, ERROR_TOO_MANY,
				 "The policy allows at most %u open doors; close another first.",
				 detail);
	case REFUSAL_NO_CONSENT:
		return error_set(
			e, ERROR_NO_CONSENT,
			"Nobody has consented to a connection without Tor on this network; ask "
			"the user, then call SetAutoconfigConsent.");
	case REFUSAL_HIDDEN:
		return error_set(
			e, ERROR_NOT_AUTHORIZED,
			"Consent was withdrawn, and stays so until the boot; ask again, and polkit "
			"is asked who may lift that.");
	case REFUSAL_NO_NETWORK:
		return error_set(
			e, ERROR_NETWORK_CHANGED,
			"There is no network that this could be for: no IPv4 default route on a link with "
			"a carrier. Connect first, then ask again.");
	case REFUSAL_NO_SERVERS:
		return error_set(
			e, ERROR_NO_SERVERS,
			"A door to the network's portal needs DNS servers of the network that leads "
			"to the Internet, and none that may be asked is known; connect first, then "
			"ask again.");
	case REFUSAL_NO_SUCH_LEASE:
		return error_set(e, ERROR_NO_SUCH_LEASE,
				 "There is no such lease of yours; it has ended.");
	case REFUSAL_USER_CHANGED:
		return error_set(
			e, ERROR_NOT_CLEARNET_USER,
			"User \"%s\" has another number now than when the policy was loaded; "
			"reload first.",
			user);
	case REFUSAL_NO_POLICY:
		return error_set(
			e, ERROR_BAD_POLICY,
			"The policy has errors, so the built-in wall is up, which has no door; "
			"run sallyport check.");
	case REFUSAL_ENGINE_FAILURE:
		return error_set(
			e, ERROR_ENGINE_FAILURE,
			"The kernel refused (error %u); nothing was opened. The engine's log "
			"says more.",
			detail);
	case REFUSAL_NONE:
	case REFUSAL_N:
		break;
	}
	return error_engine_lost(e);
}

bool error_answered(sd_bus_message *call, const struct wire_header *answer, enum wire_type wanted,
		    const char *user)
{
	const struct wire_refused *refused = (const void *)answer;
	sd_bus_error e = SD_BUS_ERROR_NULL;

	if (answer && answer->type == wanted)
		return false;
	if (answer && answer->type == WIRE_REFUSED)
		(void)error_refused(&e, (enum wire_refusal)refused->refusal, refused->detail, user);
	else
		(void)error_engine_lost(&e);
	(void)sd_bus_reply_method_error(call, &e);
	sd_bus_error_free(&e);
	return true;
}
