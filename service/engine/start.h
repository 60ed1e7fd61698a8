/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What a process has to arrange before it may be the engine, and how it stops being one. */
#include "util.h"

#define ENGINE_SOCKET_PATH "/run/sallyport/engine.sock"
#define ENGINE_LOCK_PATH "/run/sallyport/engine.lock"
#define UNSEALED_PATH "/run/sallyport/unsealed"

/* As root: makes /run/sallyport for the engine's user if tmpfiles has not. */
void start_run_dir(void);

/*
 * Takes the lock that only one engine can have; it lasts as long as the process. 0, or -EBUSY and
 * the holder's pid, or another negative errno.
 */
int start_lock(pid_t *ret_holder);
/* The pid of the running engine, or 0. */
pid_t start_lock_holder(void);

/* What the service manager passed; -1: not that. Fatal when it passed anything else. */
struct passed {
	int listener; /* the bus process connects here */
	int owner;    /* a netlink socket that an earlier engine had stored */
};
void start_take_passed(struct passed *ret);
/* Listens at path; as root, the bus process's user alone may connect. 0 or a negative errno. */
int start_make_socket(const char *path, int *ret_fd);

/* Tells the service manager, if there is one (sd_notify(3)); opened before the sandbox closes. */
void start_notify_open(void);
void start_notify(const char *state);

/*
 * The service manager keeps a descriptor while the process is away, and passes it to the next one;
 * or lets go of it. It has done so on return. 0 or a negative errno; -ENOTCONN: there is none.
 */
int start_store(const char *name, int fd);
int start_unstore(const char *name);
