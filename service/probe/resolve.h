/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The one DNS question, sent by glibc's own resolver, as it is for NetworkManager's getaddrinfo().
 */
#include "judge.h"

#include <netinet/in.h>

#define RESOLVE_SERVERS_MAX 3 /* that glibc asks (MAXNS), one after the other */
#define RESOLVE_SECONDS 6     /* with all of them together */

/* OUTCOME_N and the first address, in host order; or what was wrong. Blocks. */
enum outcome resolve_host(const char *host, const uint32_t *servers, size_t n, uint32_t *ret);
