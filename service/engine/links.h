/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * [lan] on-link: keeps the kernel's set of directly connected networks true. Tells the bus process
 * which links are up, whether there is a network and when it is another, and what kind of address
 * one is here, for it has no network to look at.
 */
#include "engine.h"

/* Fatal when there is no route socket. */
void links_open(struct engine *e);
/* Something has changed: reads what, and remembers whether it may be this machine's addresses. */
void links_read(struct engine *e);
/* Routes have changed, or a policy was loaded. On failure the set is emptied: no LAN. */
void links_refresh(struct engine *e);

/*
 * Tells the bus process if there is something new, or anyhow. One that is not heard of is told a
 * few times and then no more until it is: links_heard().
 */
void links_tell(struct engine *e, bool anyhow);
void links_heard(struct engine *e);
/* 0, or a negative errno: nobody knows. */
int links_check_address(struct engine *e, uint32_t family, const uint8_t *address,
			enum address_kind *ret);
