/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * CheckNetwork(): the one connection that was consented to. A lease for the probe's user, the probe
 * asked, the lease closed, and only then the answer. Whoever asks meanwhile shares the one that
 * runs: a second connection would be one more that somebody can tell us by.
 */
#include "check-result.h"
#include "manager.h"

struct check_network;

int method_check_network(sd_bus_message *call, void *userdata, sd_bus_error *error);

struct check_network *check_network_new(struct manager *m);
struct check_network *check_network_free(struct check_network *c);

/* What the policy says of it. */
void check_network_policy(struct check_network *c, const struct wire_autoconfig *policy);
/* Consent is not granted any more: whoever waits hears so at once. */
void check_network_consent(struct check_network *c, enum consent_value value);
/* The engine has ended a lease, perhaps that of the check. */
void check_network_lease_ended(struct check_network *c, uint64_t id, enum wire_reason reason);
/* The engine is lost, and every lease with it. */
void check_network_lost(struct check_network *c);
/* The machine goes to sleep: the lease is to end. */
void check_network_sleep(struct check_network *c);
/* Whether its lease is open, or about to be. */
bool check_network_open(const struct check_network *c);
