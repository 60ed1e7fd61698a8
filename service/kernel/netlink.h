/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * One netlink socket: batches for nf_tables whose errors are attributed to the object that caused
 * them, single requests, dumps that are repeated when the kernel says that they were torn.
 */
#include "util.h"

#include <libmnl/libmnl.h>

struct nl {
	struct mnl_socket *socket;
	uint32_t portid;
	uint32_t seq;
	uint8_t queue; /* enum nft_queue, how this kernel takes a queue; nft-expr.h */
};

/* What the kernel said no to. */
struct nl_error {
	int error;       /* negative errno */
	char object[96]; /* "rule 3 of chain output", "elements of set services" */
	char text[480];  /* the kernel's own words, often empty; or why it was not asked */
};

/* bus: NETLINK_NETFILTER, NETLINK_SOCK_DIAG or NETLINK_ROUTE. 0 or a negative errno. */
int nl_open(struct nl *nl, int bus);
/*
 * Goes on with a socket that another process had: what is left in it is thrown away. Takes fd over
 * when it returns 0; else a negative errno.
 */
int nl_adopt(struct nl *nl, int fd);
void nl_close(struct nl *nl);
/* Throws away what is there to read: it would be taken for answers to the next request. */
void nl_drain(const struct nl *nl);
/*
 * Whether a datagram is messages to its end. libmnl takes a length over 2 GiB for a negative one,
 * and reads on wherever it leads.
 */
bool nl_well_formed(const char *buf, size_t size);

/*
 * One transaction of nf_tables. Objects are appended; nothing reaches the kernel before
 * batch_commit(), and then all of it or nothing.
 */
struct batch {
	struct nl *nl;
	char *buf;
	size_t size, capacity;
	struct batch_object {
		uint32_t seq;
		char name[72];
	} * objects;
	size_t n_objects, objects_capacity;
	struct nlmsghdr *open;
	bool out_of_memory;
};

/* More than one message can grow to: the kernel's nested attributes end at 64 KiB. */
#define BATCH_MESSAGE_MAX (96u << 10)

void batch_begin(struct batch *b, struct nl *nl);

/*
 * Opens a message of the batch; name is what an error about it says. At least BATCH_MESSAGE_MAX
 * bytes may be written behind it. NULL: out of memory, remembered in the batch.
 */
struct nlmsghdr *batch_put(struct batch *b, uint16_t type, uint16_t family, uint16_t flags,
			   const char *name, ...) _printf_(5, 6);
/* Ends the message that was opened last. */
void batch_done(struct batch *b);

/*
 * Sends the batch and reads the answers. 0 when the kernel has committed it; -ENOBUFS when the
 * answers were lost, so that it has committed all of it or nothing; else a negative errno, nothing
 * was changed, and *ret_error says what the kernel refused.
 */
int batch_commit(struct batch *b, struct nl_error *ret_error);
void batch_clear(struct batch *b);

/* Sends one request and waits for its acknowledgement. 0 or a negative errno. */
int nl_request(struct nl *nl, struct nlmsghdr *h);

/*
 * Sends one request (NLM_F_DUMP or not) and calls cb for every answer; cb returns MNL_CB_OK or
 * MNL_CB_ERROR. -EINTR after several torn dumps, -ETIMEDOUT when the end of the answers is lost,
 * -EBADMSG when they make no sense; else 0 or a negative errno.
 */
int nl_dump(struct nl *nl, struct nlmsghdr *h, mnl_cb_t cb, void *userdata);
