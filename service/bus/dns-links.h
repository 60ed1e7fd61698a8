/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Keeps the saved servers true: links go, and addresses become this machine's own. */
#include "manager.h"

void dns_links_changed(struct manager *m, const struct wire_links *links);
