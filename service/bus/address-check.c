/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "address-check.h"

#include "log.h"

#include <errno.h>

struct address_check {
	struct dns_server *servers;
	enum address_kind *kinds;
	size_t n, done;
	address_checked_fn fn;
	void *userdata;
	struct address_check *next;
};

static void finish(struct manager *m, int error)
{
	struct address_check *c = m->checks;

	m->checks = c->next;
	c->fn(error, c->kinds, c->userdata);
	free(c->servers);
	free(c->kinds);
	free(c);
}

static void go_on(struct manager *m);

static void on_answer(const struct wire_header *answer, int *fd, void *userdata)
{
	const struct wire_address *a = (const void *)answer;
	struct manager *m = userdata;
	struct address_check *c = m->checks;

	(void)fd;
	if (answer && answer->type == WIRE_ADDRESS)
		c->kinds[c->done++] = (enum address_kind)a->kind;
	else
		finish(m, answer ? -EIO : -ENOTCONN);
	go_on(m);
}

static int ask(struct manager *m, const struct address_check *c)
{
	const struct dns_server *s = &c->servers[c->done];
	struct wire_check_address request = {.family = (uint32_t)s->family};

	memcpy(request.address, s->address, s->family == AF_INET ? 4 : 16);
	return engine_client_request(m->engine, CALLER_NONE, &request.header, WIRE_CHECK_ADDRESS,
				     sizeof(request), on_answer, m);
}

/* Until an answer has to be waited for, or nothing is left. */
static void go_on(struct manager *m)
{
	m->checking = true;
	while (m->checks) {
		int r = 0;

		if (m->checks->done < m->checks->n) {
			r = ask(m, m->checks);
			if (r == 0)
				return;
		}
		finish(m, r);
	}
	m->checking = false;
}

void address_check(struct manager *m, const struct dns_server *servers, size_t n,
		   address_checked_fn fn, void *userdata)
{
	struct address_check *c = calloc(1, sizeof(*c)), **at = &m->checks;

	if (!c)
		fatal_oom();
	*c = (struct address_check){.n = n, .fn = fn, .userdata = userdata};
	c->servers = calloc(n + 1, sizeof(*c->servers));
	c->kinds = calloc(n + 1, sizeof(*c->kinds));
	if (!c->servers || !c->kinds)
		fatal_oom();
	if (n)
		memcpy(c->servers, servers, n * sizeof(*servers));
	while (*at)
		at = &(*at)->next;
	*at = c;
	if (!m->checking)
		go_on(m);
}

void address_check_stop(struct manager *m)
{
	m->checking = true; /* nobody is asked any more */
	while (m->checks)
		finish(m, -ECANCELED);
}
