/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "owner.h"

#include "log.h"
#include "start.h"

#include <errno.h>

#define STORE_NAME "owner"

/* Usable is a socket through which the kernel takes transactions. */
static int take_stored(struct engine *e, int fd)
{
	struct nl_error error;
	int r;

	r = nl_adopt(&e->nft, fd);
	if (r < 0) {
		close_fd(fd);
		return r;
	}
	r = nft_table_flags(&e->nft, &e->table_flags, &error);
	if (r == 0 && !e->table_flags)
		r = -EOPNOTSUPP;
	if (r < 0)
		nl_close(&e->nft);
	return r;
}

static void store(const struct engine *e)
{
	int r = start_store(STORE_NAME, mnl_socket_get_fd(e->nft.socket));

	if (r < 0 && r != -ENOTCONN)
		log_warning(
			"the service manager does not keep the wall's owner: %s; while no engine "
			"runs another root process could change the wall",
			strerror(-r));
}

void owner_open(struct engine *e, int stored)
{
	int r;

	engine_init(e);
	if (stored >= 0) {
		r = take_stored(e, stored);
		if (r == 0) {
			log_info("the wall's owner was kept while no engine ran");
			return;
		}
		/* As long as it is open anywhere it may own the table, and nobody else can. */
		log_warning(
			"the wall's owner that was kept is of no use: %s; another takes its place, "
			"the wall stays",
			strerror(-r));
		(void)start_unstore(STORE_NAME);
	}
	engine_open_wall(e);
	if (e->table_flags)
		store(e);
	else
		log_info("this kernel has no owned tables that persist: another root process could "
			 "change the wall");
}
