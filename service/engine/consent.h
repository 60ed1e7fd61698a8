/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Consent, tied to the network that was there when it was given: this process sees by itself when
 * that changes, whatever the bus process says or does. What was withdrawn stays so until the boot.
 */
#include "engine.h"

#define CONSENT_RECORD_PATH "/run/sallyport/consent"

/* Before the sandbox. Fatal when there is no route socket. */
void consent_open(struct engine *e);
/* Readable when the network may have changed; -1 while there is no consent that could end. */
int consent_fd(const struct engine *e);
/* Ends a consent whose network is no more, and what stands on it. */
void consent_look(struct engine *e);
/* Ends a consent, if there is one. */
void consent_lose(struct engine *e, enum consent_ended why);

/* SET_CONSENT: REFUSAL_NONE, or why not, with the number that belongs to it. */
enum wire_refusal consent_set(struct engine *e, const struct wire_set_consent *request,
			      uint32_t *ret_detail);
/* CONSENT: an answer, or with cookie 0 an event. */
void consent_send(struct engine *e, uint32_t cookie);
