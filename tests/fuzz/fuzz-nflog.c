/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as reports of refused packets: no crash, and only what a packet can be. */
#include "fuzz.h"
#include "nflog.h"
#include "ruleset.h"

#include <sys/socket.h>

static void see(const struct nflog_packet *p, void *userdata)
{
	static const uint8_t zero[NFLOG_ADDRESS_SIZE];

	(void)userdata;
	if ((p->family != AF_INET && p->family != AF_INET6) || p->counter >= COUNTER_N)
		abort();
	if (!p->has_ports && (p->sport || p->dport || p->tcp_flags))
		abort();
	if (p->family == AF_INET &&
	    (memcmp(p->source + 4, zero, 12) != 0 || memcmp(p->destination + 4, zero, 12) != 0))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);

	/* Of exactly its size, and aligned. */
	if (!copy)
		return 0;
	if (size)
		memcpy(copy, data, size);
	(void)nflog_parse(copy, size, see, NULL);
	free(copy);
	return 0;
}
