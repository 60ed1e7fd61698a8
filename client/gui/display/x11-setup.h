/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * How an X11 client begins a connection (X Window System Protocol, "Connection Setup"): who it says
 * that it is, which is put in another's place. Pure; the bytes are a stranger's.
 */
#include <stddef.h>
#include <stdint.h>

#define X11_SETUP_MAX 1024 /* of what a client sends: room for any cookie there is */
#define X11_AUTH_MAX 256   /* of a name, of a cookie that is put in */
#define X11_MADE_MAX (12 + 2 * X11_AUTH_MAX)

/* What authorizes a client; both empty: the server knows it otherwise. */
struct x11_auth {
	uint8_t name[X11_AUTH_MAX], data[X11_AUTH_MAX];
	size_t name_size, data_size;
};

enum x11_setup {
	X11_SETUP_DONE, /* *ret_used bytes were it, and out has *ret_made in their place */
	X11_SETUP_MORE, /* it is not whole yet */
	X11_SETUP_BAD,  /* no X11 client says that */
};

/* The authorization that the client names is not looked at. */
enum x11_setup x11_setup_authorize(const uint8_t *in, size_t size, const struct x11_auth *auth,
				   uint8_t out[X11_MADE_MAX], size_t *ret_used, size_t *ret_made);
