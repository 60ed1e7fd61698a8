/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Who changes nf_tables: the kernel's notifications (NFNLGRP_NFTABLES,
 * linux/netfilter/nfnetlink.h). Each transaction ends with one that says its generation and the
 * process that made it.
 */
#include "netlink.h"

#define MONITOR_NAME_SIZE 17 /* a process's name (TASK_COMM_LEN) and a NUL */

struct monitor {
	struct nl nl;
	bool touched; /* the transaction that is being read has to do with a table of ours */
};

/* A transaction of somebody else's on a table of ours. */
struct change {
	uint32_t generation;
	uint32_t pid;                 /* as the kernel's first pid namespace counts */
	char name[MONITOR_NAME_SIZE]; /* printable characters only */
};

/* 0 or a negative errno. */
int monitor_open(struct monitor *m);

/*
 * Reads what is there, but not for ever: what is left makes the socket readable again. portid: of
 * the socket that our own transactions come from. *ret_n: how many changes there were, *ret_last
 * the last of them. 0, -ENOBUFS when notifications were lost, or another negative errno.
 */
int monitor_read(struct monitor *m, uint32_t portid, size_t *ret_n, struct change *ret_last);
