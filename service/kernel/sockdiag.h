/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Sockets by owner (linux/inet_diag.h): every TCP, UDP and UDP-Lite socket of a uid but listening
 * ones is destroyed, so that its programs read ECONNABORTED at once instead of waiting.
 *
 * The kernel looks for the socket by its addresses and compares the cookie then. Of several UDP
 * sockets at one address it finds one: with SO_REUSEPORT another one for another remote port, so
 * some are tried; with SO_REUSEADDR always the same one, and the others, of whatever uid, stay.
 */
#include "netlink.h"

#include <linux/inet_diag.h>

struct sockdiag_list {
	uid_t uid;
	struct inet_diag_req_v2 *items;
	size_t n, todo, kept; /* todo: at the front; kept, perhaps hidden: at the back */
	size_t tries, again;  /* with other ports, in all and for this one */
	int error;            /* the first, negative errno */
};

/* What there is now; nl is of NETLINK_SOCK_DIAG. Errors are kept in the list. */
void sockdiag_find(struct nl *nl, uid_t uid, struct sockdiag_list *ret);
/* Destroys some, with at most that many requests. True: there is more to do. */
bool sockdiag_step(struct nl *nl, struct sockdiag_list *l, size_t most);
/* After the last step: how many live still, hidden by others. */
size_t sockdiag_hidden(struct nl *nl, const struct sockdiag_list *l);
void sockdiag_clear(struct sockdiag_list *l);

/* All of it at once. 0 or a negative errno; *ret_hidden: how many could not be reached. */
int sockdiag_destroy(struct nl *nl, uid_t uid, size_t *ret_hidden);
