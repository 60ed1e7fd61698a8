/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nm-dns.h"

#include "address-check.h"
#include "log.h"
#include "nm-config.h"
#include "nm-owner.h"

#include <errno.h>

#define DNS_PATH NM_PATH "/DnsManager"
#define DNS_MANAGER NM ".DnsManager"
#define FAILURES_TOLD 3

struct nm_dns {
	struct manager *manager;
	sd_bus_slot *call;   /* that waits for its answer */
	bool reading, again; /* one reading after the other */
	bool failed;
	unsigned int failures;    /* one after the other */
	struct nm_config config;  /* that is being read */
	struct nm_config applied; /* what was said last, for the log */
};

static void done(struct nm_dns *n)
{
	n->reading = false;
	if (n->again)
		nm_dns_refresh(n);
}

static void fail(struct nm_dns *n, const char *why)
{
	/* One that starts has its name before it has the property. */
	if (++n->failures == FAILURES_TOLD)
		log_warning("NetworkManager's DNS servers cannot be read: %s; those that are "
			    "known stay",
			    why);
	n->failed = true;
	done(n);
}

/* Those that cannot be servers here. */
static void drop(struct nm_config *c, const enum address_kind *kinds)
{
	for (size_t i = 0; i < c->n; i++) {
		struct nm_link *l = &c->links[i];
		size_t n = l->n;

		l->n = 0;
		for (size_t j = 0; j < n; j++, kinds++)
			if (*kinds == ADDRESS_OTHER)
				l->servers[l->n++] = l->servers[j];
			else
				l->left_out++;
		memset(&l->servers[l->n], 0, (n - l->n) * sizeof(l->servers[0]));
	}
}

/* It lets a link without a carrier be for some seconds; when one is back, it is read anew. */
static void drop_links_down(struct nm_config *c, const struct clearnet_dns *d)
{
	size_t n = 0;

	for (size_t i = 0; i < c->n; i++)
		if (clearnet_dns_is_up(d, c->links[i].name))
			c->links[n++] = c->links[i];
	c->n = n;
}

static void say(const struct nm_link *l, struct nm_config *before)
{
	const struct nm_link *old = nm_config_find(before, l->name);

	if (old && memcmp(old, l, sizeof(*l)) == 0)
		return;
	log_info("link %s: %zu clearnet DNS servers, as NetworkManager says", l->name, l->n);
	if (l->left_out)
		log_warning("link %s: NetworkManager names %zu DNS servers that cannot be used: "
			    "left out",
			    l->name, l->left_out);
}

static void save(struct nm_dns *n, struct nm_link *l)
{
	struct clearnet_dns *d = &n->manager->dns;
	int r;

	/* As many as the published file has room for. */
	while ((r = clearnet_dns_save(d, l->name, l->servers, l->n, DNS_FROM_NM)) == -ENOSPC) {
		l->servers[--l->n] = (struct dns_server){0};
		l->left_out++;
	}
	if (r < 0) {
		l->left_out += l->n;
		l->n = 0;
		memset(l->servers, 0, sizeof(l->servers));
	}
	say(l, &n->applied);
}

/* Links of which it said something, and says nothing any more. */
static void forget_others(struct nm_dns *n)
{
	struct clearnet_dns *d = &n->manager->dns;

	for (size_t i = d->n; i-- > 0;) {
		char name[DNS_LINK_SIZE];

		if (d->links[i].from != DNS_FROM_NM || nm_config_find(&n->config, d->links[i].name))
			continue;
		memcpy(name, d->links[i].name, sizeof(name));
		(void)clearnet_dns_save(d, name, NULL, 0, DNS_FROM_NM);
		log_info("link %s: NetworkManager names no DNS servers any more", name);
	}
}

static void on_checked(int error, const enum address_kind *kinds, void *userdata)
{
	struct nm_dns *n = userdata;

	if (error) {
		n->failed = true;
		done(n);
		return;
	}
	drop(&n->config, kinds);
	drop_links_down(&n->config, &n->manager->dns);
	forget_others(n);
	for (size_t i = 0; i < n->config.n; i++)
		save(n, &n->config.links[i]);
	if (n->config.left_out && n->config.left_out != n->applied.left_out)
		log_warning("NetworkManager names %zu links that cannot be ones, or are too many: "
			    "left out",
			    n->config.left_out);
	n->applied = n->config;
	n->failures = 0;
	dns_changed(n->manager);
	done(n);
}

static void check(struct nm_dns *n)
{
	struct dns_server all[DNS_LINKS_MAX * DNS_SERVERS_MAX];
	size_t n_all = 0;

	for (size_t i = 0; i < n->config.n; i++) {
		const struct nm_link *l = &n->config.links[i];

		memcpy(&all[n_all], l->servers, l->n * sizeof(all[0]));
		n_all += l->n;
	}
	address_check(n->manager, all, n_all, on_checked, n);
}

static int on_configuration(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	struct nm_dns *n = userdata;
	int r;

	(void)error;
	n->call = sd_bus_slot_unref(n->call);
	if (sd_bus_message_is_method_error(reply, NULL)) {
		fail(n, sd_bus_message_get_error(reply)->name);
		return 1;
	}
	r = nm_config_read(reply, n->manager->limits.dns_most, &n->config);
	if (r < 0)
		fail(n, strerror(-r));
	else
		check(n);
	return 1;
}

void nm_dns_refresh(struct nm_dns *n)
{
	const char *owner = nm_owner_name(n->manager->nm);
	int r;

	n->again = n->reading;
	if (!owner || !n->manager->limits.sealed || n->reading)
		return;
	n->reading = true;
	n->failed = false;
	r = sd_bus_call_method_async(n->manager->bus, &n->call, owner, DNS_PATH, DBUS_PROPERTIES,
				     "Get", on_configuration, n, "ss", DNS_MANAGER,
				     "Configuration");
	if (r < 0)
		fail(n, strerror(-r));
}

void nm_dns_retry(struct nm_dns *n)
{
	if (n->failed)
		nm_dns_refresh(n);
}

void nm_dns_owner_changed(struct nm_dns *n)
{
	/* Nobody answers for the one before. A check of addresses that goes on ends by itself. */
	if (n->call)
		n->reading = false;
	n->call = sd_bus_slot_unref(n->call);
	n->failed = false;
	nm_dns_refresh(n);
}

/* What it says in the signal is not used: it is read when its turn comes. */
static int on_changed(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct nm_dns *n = userdata;
	const char *interface;

	(void)error;
	if (nm_owner_sent(n->manager->nm, m) && sd_bus_message_read(m, "s", &interface) >= 0 &&
	    strcmp(interface, DNS_MANAGER) == 0)
		nm_dns_refresh(n);
	return 0;
}

struct nm_dns *nm_dns_new(struct manager *m)
{
	struct nm_dns *n = calloc(1, sizeof(*n));
	int r;

	if (!n)
		fatal_oom();
	n->manager = m;
	r = sd_bus_add_match_async(m->bus, NULL,
				   "type='signal',sender='" NM "',path='" DNS_PATH
				   "',interface='" DBUS_PROPERTIES "',member='PropertiesChanged'",
				   on_changed, NULL, n);
	if (r < 0)
		log_warning("NetworkManager's DNS servers cannot be followed: %s", strerror(-r));
	return n;
}

struct nm_dns *nm_dns_free(struct nm_dns *n)
{
	if (!n)
		return NULL;
	(void)sd_bus_slot_unref(n->call);
	free(n);
	return NULL;
}
