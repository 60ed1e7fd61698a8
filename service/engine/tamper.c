/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tamper.h"

#include "egress.h"
#include "log.h"

#include <stdio.h>

#define RETRY (50 * USEC_PER_MSEC)

void tamper_open(struct engine *e)
{
	int r = monitor_open(&e->monitor);

	if (r < 0)
		fatal("no notifications of nf_tables: %s; the wall stays as it is", strerror(-r));
}

void tamper_repair(struct engine *e)
{
	struct nl_error error;
	char text[WIRE_TEXT_SIZE];
	int r;

	r = engine_repair(e, &error);
	e->repair_at = r < 0 ? now_boottime() + RETRY : USEC_INFINITY;
	if (r == 0) {
		egress_refresh(e); /* a link may wait for a chain that was taken away */
		return;
	}
	engine_describe(&error, text, sizeof(text));
	log_error("THE WALL IS NOT WHAT IT WAS: %s; trying again", text);
}

static void tell(struct engine *e, const struct change *c, usec_t took)
{
	struct wire_tampered m = {
		.generation = c->generation,
		.pid = c->pid,
		.repaired = e->repair_at == USEC_INFINITY,
	};

	log_warning("TAMPERED: %s (pid %u) changed the wall, generation %u; %s %llu.%llu ms",
		    *c->name ? c->name : "an unknown process", c->pid, c->generation,
		    m.repaired ? "it is as it was again, after" : "not repaired yet, tried for",
		    (unsigned long long)(took / USEC_PER_MSEC),
		    (unsigned long long)(took % USEC_PER_MSEC / 100));
	(void)snprintf(m.name, sizeof(m.name), "%s", c->name);
	wire_header_init(&m.header, WIRE_TAMPERED, 0);
	engine_send(e, &m, sizeof(m), -1);
}

void tamper_read(struct engine *e)
{
	usec_t since = now_boottime();
	struct change last = {0};
	size_t n;
	int r;

	r = monitor_read(&e->monitor, e->nft.portid, &n, &last);
	if (r < 0 && r != -ENOBUFS)
		log_error("notifications of nf_tables: %s; foreign changes may go unseen",
			  strerror(-r));
	/* What was lost may have been a change. Where nobody else can make one it was none. */
	if (!n && (r != -ENOBUFS || e->table_flags))
		return;
	tamper_repair(e);
	if (n)
		tell(e, &last, now_boottime() - since);
}
