/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cut.h"

#include "log.h"
#include "sockdiag.h"

/* Requests of one turn of the loop: some milliseconds. */
#define SLICE 64

struct cut {
	struct sockdiag_list sockets;
	struct cut *next;
};

/* Takes the one at *p out of the queue. */
static void drop(struct cut **p)
{
	struct cut *c = *p;

	*p = c->next;
	sockdiag_clear(&c->sockets);
	free(c);
}

void cut_begin(struct engine *e, uid_t uid)
{
	struct cut *c = calloc(1, sizeof(*c)), **p = &e->cuts;

	if (!c)
		fatal_oom();
	sockdiag_find(&e->diag, uid, &c->sockets);
	/* What is left of an earlier lease is among them. */
	while (*p)
		if ((*p)->sockets.uid == uid)
			drop(p);
		else
			p = &(*p)->next;
	*p = c;
}

bool cut_step(struct engine *e)
{
	struct sockdiag_list *l;
	size_t hidden;

	if (!e->cuts)
		return false;
	l = &e->cuts->sockets;
	if (sockdiag_step(&e->diag, l, SLICE))
		return true;
	hidden = sockdiag_hidden(&e->diag, l);
	if (l->error || hidden)
		log_warning("%zu sockets of uid %u could not be reached, and time out: %s", hidden,
			    l->uid,
			    l->error ? strerror(-l->error) : "others have the same address");
	drop(&e->cuts);
	return e->cuts;
}
