/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * An http or https URL, and where it leads. Stricter than a browser: what it might read otherwise
 * (backslashes, a user, blanks, control characters, an address in disguise) is no URL here.
 */
#include "util.h"

#define HTTP_URL_SIZE 1024 /* of one that is printed, with its NUL */
#define HTTP_HOST_SIZE 254

struct http_url {
	bool https;
	char host[HTTP_HOST_SIZE]; /* as written; an IPv6 address without its brackets */
	bool ipv6;
	uint16_t port;    /* 0: not said */
	const char *rest; /* path, query, fragment: behind the authority, may be empty */
	size_t rest_size;
};

/* Size bytes that need no NUL. The result points into them. */
bool http_url_parse(const char *text, size_t size, struct http_url *ret);

/*
 * What a Location of size bytes means at a URL that was parsed: always a whole URL, which
 * http_url_parse() takes. False: none that is to be shown to anybody.
 */
bool http_url_resolve(const struct http_url *base, const char *location, size_t size,
		      char buf[HTTP_URL_SIZE]);

enum host_kind {
	HOST_NAME,     /* whoever resolves it decides */
	HOST_INTERNET, /* an address out there */
	HOST_LAN,      /* an address of a local network */
	HOST_LOOPBACK, /* this machine itself */
	HOST_KIND_N
};

/* Of a host that was parsed. */
enum host_kind http_host_kind(const struct http_url *url);
const char *host_kind_to_string(enum host_kind kind);
