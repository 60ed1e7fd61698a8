/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Follows NetworkManager's DnsManager: what it says of a link replaces what was saved for it. Its
 * dispatcher scripts miss servers that change when a lease is renewed; this property does not.
 * One that goes away leaves its servers.
 */
#include "manager.h"

struct nm_dns *nm_dns_new(struct manager *m);
struct nm_dns *nm_dns_free(struct nm_dns *n);

/* There is another NetworkManager now, or none. */
void nm_dns_owner_changed(struct nm_dns *n);
/* Reads it anew, now or when the reading that goes on has ended. */
void nm_dns_refresh(struct nm_dns *n);
/* Tries again what has failed. */
void nm_dns_retry(struct nm_dns *n);
