/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dns-links.h"

#include "address-check.h"
#include "log.h"
#include "nm-dns.h"

/* Every server that is saved, while the engine is asked about each. */
struct recheck {
	struct manager *manager;
	size_t n;
	struct {
		char link[DNS_LINK_SIZE];
		struct dns_server server;
	} items[DNS_LINKS_MAX * DNS_SERVERS_MAX];
};

static void on_checked(int error, const enum address_kind *kinds, void *userdata)
{
	struct recheck *c = userdata;
	struct clearnet_dns *d = &c->manager->dns;
	bool changed = false;

	/* With the engine lost they stay: a new one says anew what is so. */
	for (size_t i = 0; !error && i < c->n; i++) {
		if (kinds[i] == ADDRESS_OTHER)
			continue;
		log_warning("link %s: a clearnet DNS server has become an address of this "
			    "machine or its network: forgotten",
			    c->items[i].link);
		clearnet_dns_remove(d, c->items[i].link, &c->items[i].server);
		changed = true;
	}
	if (changed)
		dns_changed(c->manager);
	free(c);
}

static void recheck(struct manager *m)
{
	struct dns_server all[DNS_LINKS_MAX * DNS_SERVERS_MAX];
	struct recheck *c = calloc(1, sizeof(*c));

	if (!c)
		fatal_oom();
	c->manager = m;
	for (size_t i = 0; i < m->dns.n; i++) {
		const struct dns_link *l = &m->dns.links[i];

		for (size_t j = 0; j < l->n; j++, c->n++) {
			memcpy(c->items[c->n].link, l->name, sizeof(l->name));
			c->items[c->n].server = all[c->n] = l->servers[j];
		}
	}
	address_check(m, all, c->n, on_checked, c);
}

void dns_links_changed(struct manager *m, const struct wire_links *links)
{
	bool addresses = !m->dns.up_known || links->addresses != m->dns.up.addresses;

	if (clearnet_dns_links(&m->dns, links))
		dns_changed(m);
	if (addresses)
		recheck(m);
	nm_dns_refresh(m->nm_dns);
}
