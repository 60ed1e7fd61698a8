/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The walls in the copy, loaded by what the engine loads them with. Each change looks once more
 * that it is not the machine's own.
 */
#include "leak-test.h"

#include "link.h"
#include "ruleset.h"

#include <errno.h>
#include <netinet/in.h>

#define DOOR_MSEC 15000

static int refuse_home(const struct leak_copy *c, struct nl_error *ret_error)
{
	if (!leak_is_home(c))
		return 0;
	*ret_error = (struct nl_error){.error = -EPERM, .object = "the machine's own network"};
	return -EPERM;
}

/* As the engine does: what the kernel cannot do leaves the first wall alone. */
static int load_second(struct leak_copy *c, const struct nft_wall *w, struct nl_error *ret_error)
{
	_cleanup_(links_clear) struct links all = {0};
	struct nft_links links = {0};
	int r;

	r = link_list(&c->route, &all);
	if (r == 0)
		r = links_to_cover(c->policy, &all, &links);
	if (r < 0) {
		*ret_error = (struct nl_error){.error = r, .object = "the list of links"};
		return r;
	}
	r = nft_load_egress(&c->nft, w, &links, ret_error);
	free(links.items);
	if (r == -ENOENT || r == -EOPNOTSUPP) {
		(void)nft_delete(&c->nft, TABLE_EGRESS, ret_error);
		return 0;
	}
	return r < 0 ? r : nft_egress_token(&c->nft, w->token, 0, ret_error);
}

int leak_wall_load(struct leak_copy *c, struct nl_error *ret_error)
{
	const struct nft_wall w = {.ruleset = c->ruleset, .token = c->token};
	int r = refuse_home(c, ret_error);

	if (r == 0 && c->policy->egress.enable)
		r = load_second(c, &w, ret_error);
	return r < 0 ? r : nft_load(&c->nft, &w, ret_error);
}

int leak_wall_on_link(struct leak_copy *c, struct nl_error *ret_error)
{
	_cleanup_(route_ranges_clear) struct route_ranges ranges = {0};
	int r = refuse_home(c, ret_error);

	if (r < 0 || !c->policy->lan.on_link)
		return r;
	*ret_error = (struct nl_error){.object = "the list of routes"};
	r = route_connected(&c->route, &ranges);
	return r < 0 ? r : nft_on_link(&c->nft, &ranges, ret_error);
}

int leak_wall_open(struct leak_copy *c, struct nl_error *ret_error)
{
	int r = refuse_home(c, ret_error);

	if (r < 0)
		return r;
	r = nft_delete(&c->nft, TABLE_EGRESS, ret_error);
	if (r < 0 && r != -ENOENT)
		return r;
	return nft_delete(&c->nft, TABLE_WALL, ret_error);
}

#define REACHES 2 /* TCP and UDP */

/* The door that the policy has for that user: an autoconfig user's leads to one place only. */
static struct nft_lease lease_of(const struct leak_copy *c, size_t user,
				 struct nft_reach reach[REACHES])
{
	struct nft_lease l = {.uid = c->run->users.items[user].uid, .timeout_ms = DOOR_MSEC};
	bool autoconfig = false;

	(void)policy_door(c->policy, l.uid, &autoconfig);
	l.scoped = autoconfig;
	l.mark = (autoconfig ? MARK_SCOPED : MARK_LEASE) | (uint32_t)(user + 1);
	for (size_t i = 0; autoconfig && i < REACHES; i++)
		reach[l.n_reach++] = (struct nft_reach){
			.addr = leak_target_address(c, TO_PEER),
			.port = LEAK_PEER_PORT,
			.protocol = i ? IPPROTO_UDP : IPPROTO_TCP,
			.timeout_ms = DOOR_MSEC,
		};
	l.reach = reach;
	return l;
}

int leak_door_open(struct leak_copy *c, size_t user, struct nl_error *ret_error)
{
	struct nft_reach reach[REACHES];
	const struct nft_lease l = lease_of(c, user, reach);
	int r = refuse_home(c, ret_error);

	return r < 0 ? r : nft_lease_add(&c->nft, &l, ret_error);
}

int leak_door_close(struct leak_copy *c, size_t user, struct nl_error *ret_error)
{
	struct nft_reach reach[REACHES];
	const struct nft_lease l = lease_of(c, user, reach);
	int r = refuse_home(c, ret_error);

	return r < 0 ? r : nft_lease_remove(&c->nft, &l, ret_error);
}
