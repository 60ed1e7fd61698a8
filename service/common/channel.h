/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * One SEQPACKET datagram in, one out, with at most one descriptor beside it. Never blocks.
 */
#include "wire.h"

/*
 * Receives one message into buf, which must have room for WIRE_SIZE_MAX bytes and be aligned for
 * any wire struct. A descriptor that came along is in *ret_fd (owned by the caller, close on
 * exec), else -1. The message has passed wire_check() for the given side.
 * Its size; 0 at the end of the connection; -EAGAIN; -EPROTO with *ret_why (bytes that are no
 * message, truncated, or more than one descriptor; none is left open); or another negative errno.
 */
ssize_t channel_receive(int fd, enum wire_side side, void *buf,
			const struct wire_message **ret_message, int *ret_fd, const char **ret_why);

/*
 * Sends one message; extra_fd may be -1 and stays the caller's. 0, -EAGAIN when the peer does not
 * read, or another negative errno. Never raises SIGPIPE.
 */
int channel_send(int fd, const void *message, size_t size, int extra_fd);

/* The uid of the peer as it was when it connected (SO_PEERCRED). */
int channel_peer_uid(int fd, uid_t *ret_uid);
