/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "forward.h"

#include "log.h"

static bool is_wanted(const struct engine *e, const struct lease *l, const struct link *link)
{
	if (!l || !l->is_namespace)
		return false;
	for (size_t i = 0; i < GATEWAY_WAYS; i++)
		if (e->scoped.network.ways[i].link == link->index)
			return true;
	return strcmp(l->link, link->name) == 0;
}

static bool should_forward(const struct engine *e, const struct lease *coming,
			   const struct link *link)
{
	for (size_t i = 0; i < e->leases.n; i++)
		if (is_wanted(e, &e->leases.items[i], link))
			return true;
	return is_wanted(e, coming, link);
}

static bool is_ours(const struct engine *e)
{
	for (size_t i = 0; i < e->policy->n_namespaces; i++)
		if (e->policy->namespaces[i].door)
			return true;
	return e->forwards;
}

int forward_follow(struct engine *e, const struct lease *coming)
{
	_cleanup_(links_clear) struct links all = {0};
	int result = 0, r;

	if (!is_ours(e))
		return 0;
	r = link_list(&e->route, &all);
	if (r < 0) {
		log_error("links: %s; which of them forward stays as it is", strerror(-r));
		return r;
	}
	e->forwards = false;
	for (size_t i = 0; i < all.n; i++) {
		const struct link *l = &all.items[i];
		bool wanted = should_forward(e, coming, l);

		r = l->forwards != wanted ? link_set_forwards(&e->route, l->index, wanted) : 0;
		e->forwards |= wanted || r < 0;
		/* It may just have gone. */
		if (r == 0 || r == -ENODEV)
			continue;
		log_error("link %s: its forwarding cannot be set: %s", l->name, strerror(-r));
		result = r;
	}
	return result;
}
