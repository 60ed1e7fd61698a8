/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "links.h"

#include "log.h"

#include <linux/netlink.h>

void links_open(struct engine *e)
{
	int r;

	r = route_watch(&e->route_watch);
	if (r < 0)
		fatal("no route socket: %s; the wall stays as it is", strerror(-r));
}

void links_refresh(struct engine *e)
{
	_cleanup_(route_ranges_clear) struct route_ranges now = {0};
	struct nl_error error;
	int r;

	nl_drain(&e->route_watch);
	if (!e->policy->lan.on_link)
		return;
	r = route_connected(&e->route, &now);
	if (r < 0)
		log_error("connected networks: %s; no LAN until they are known", strerror(-r));
	else if (e->on_link_known && route_ranges_equal(&now, &e->on_link))
		return;
	r = nft_on_link(&e->nft, &now, &error);
	if (r < 0) {
		log_error("connected networks: the kernel refuses %s: %s; the old ones stay",
			  error.object, strerror(-r));
		return;
	}
	route_ranges_clear(&e->on_link);
	e->on_link = now;
	e->on_link_known = true;
	now = (struct route_ranges){0};
}
