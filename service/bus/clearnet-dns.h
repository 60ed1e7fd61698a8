/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The network's own DNS servers, for each link, and their publication for the policy's readers
 * (spec section 4). The published file keeps its inode, for it is bind-mounted into sandboxes; it
 * has a fixed size and is written by one pwrite(), so nobody reads it empty or half-written.
 */
#include "wire.h"

#include <netinet/in.h>

#define DNS_LINKS_MAX 16
#define DNS_SERVERS_MAX 32 /* of one link; the policy's [clearnet-dns] most may say less */
#define DNS_LINK_SIZE WIRE_LINK_SIZE
#define DNS_FILE_SIZE 512

struct dns_server {
	int family; /* AF_INET or AF_INET6 */
	uint8_t address[16];
};

enum dns_source {
	DNS_FROM_CALLER, /* SaveClearnetDNS */
	DNS_FROM_NM,
};

struct dns_link {
	char name[DNS_LINK_SIZE];
	enum dns_source from;
	bool seen; /* the link was there, and was this one: */
	uint32_t index, lost;
	struct dns_server servers[DNS_SERVERS_MAX];
	size_t n;
};

struct clearnet_dns {
	struct dns_link links[DNS_LINKS_MAX];
	size_t n;
	struct wire_links up; /* as the engine said last */
	bool up_known;        /* and since then it was not lost */
	int fd;               /* of the published file; -1: it could not be opened */
};

/* Opens the file, making it if need be, and publishes that there are no servers. */
void clearnet_dns_open(struct clearnet_dns *d, const char *path);
void clearnet_dns_close(struct clearnet_dns *d);

/* NULL when it is a link's name, else what is wrong with it. */
const char *clearnet_dns_check_link(const char *name);
/* NULL when a server may have that address, else what is wrong with it. */
const char *clearnet_dns_check_server(int family, const uint8_t *address, size_t size);

/*
 * Replaces a link's servers (none: forgets the link). -E2BIG: too many links; -ENOSPC: the file has
 * no room for them. Then nothing has changed.
 */
int clearnet_dns_save(struct clearnet_dns *d, const char *link, const struct dns_server *servers,
		      size_t n, enum dns_source from);
/* One server of a link. */
void clearnet_dns_remove(struct clearnet_dns *d, const char *link, const struct dns_server *server);

/*
 * Which links are up. A link that was, and is no longer, or was away, takes its servers with it;
 * those of one that has not been up yet wait for it. How many links were forgotten.
 */
size_t clearnet_dns_links(struct clearnet_dns *d, const struct wire_links *up);
bool clearnet_dns_is_up(const struct clearnet_dns *d, const char *link);
/* Whether there is one that is published. */
bool clearnet_dns_available(const struct clearnet_dns *d);
/* Writes the file; a failure is logged, and the old text stays then. */
void clearnet_dns_publish_or_say(const struct clearnet_dns *d);
