/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* [lan] on-link: keeps the kernel's set of directly connected networks true. */
#include "engine.h"

/* Fatal when there is no route socket. */
void links_open(struct engine *e);
/* Routes have changed, or a policy was loaded. On failure the set is emptied: no LAN. */
void links_refresh(struct engine *e);
