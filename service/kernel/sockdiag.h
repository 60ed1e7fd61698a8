/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Sockets by owner (linux/inet_diag.h). */
#include "netlink.h"

/*
 * Destroys every TCP, UDP and UDP-Lite socket of uid except listening ones, so that its programs
 * read ECONNABORTED at once instead of waiting. nl is of NETLINK_SOCK_DIAG.
 * 0 or a negative errno; *ret_n: how many.
 */
int sockdiag_destroy(struct nl *nl, uid_t uid, size_t *ret_n);
