/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * What NetworkManager says of DNS servers: the property Configuration of its DnsManager
 * (org.freedesktop.NetworkManager.DnsManager.xml), an entry or more for each link.
 */
#include "clearnet-dns.h"

#include <systemd/sd-bus.h>

struct nm_link {
	char name[DNS_LINK_SIZE];
	struct dns_server servers[DNS_SERVERS_MAX];
	size_t n;
	size_t left_out; /* what cannot be a server, or is one too many */
};

struct nm_config {
	struct nm_link links[DNS_LINKS_MAX];
	size_t n;
	size_t left_out; /* entries with a name that is no link's, or of one link too many */
};

/*
 * Reads the variant that the message is at; of each link at most so many servers. What is said of
 * no link is left out. 0, or a negative errno when it is not of the type that it should be.
 */
int nm_config_read(sd_bus_message *m, size_t most, struct nm_config *ret);

struct nm_link *nm_config_find(struct nm_config *c, const char *name);
