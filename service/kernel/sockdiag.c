/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sockdiag.h"

#include <errno.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

/* A program with ever so many sockets on one port is not followed for ever. */
#define TRIES_EACH 64
#define TRIES_MAX 2048

struct search {
	uid_t uid;
	uint8_t protocol;
	int (*see)(const struct inet_diag_msg *m, struct search *q);
	struct sockdiag_list *list; /* see_new */
	size_t capacity;
	const struct inet_diag_req_v2 *among; /* see_hidden */
	size_t n_among, hidden;
};

void sockdiag_clear(struct sockdiag_list *l)
{
	free(l->items);
	*l = (struct sockdiag_list){0};
}

static int see_new(const struct inet_diag_msg *m, struct search *q)
{
	struct sockdiag_list *l = q->list;

	if (l->n == q->capacity) {
		size_t capacity = q->capacity ? q->capacity * 2 : 64;
		struct inet_diag_req_v2 *p = reallocarray(l->items, capacity, sizeof(*p));

		if (!p) {
			l->error = -ENOMEM;
			return MNL_CB_OK;
		}
		l->items = p;
		q->capacity = capacity;
	}
	l->items[l->n++] = (struct inet_diag_req_v2){
		.sdiag_family = m->idiag_family,
		.sdiag_protocol = q->protocol,
		.idiag_states = UINT32_MAX,
		.id = m->id,
	};
	return MNL_CB_OK;
}

static int compare_cookies(const void *a, const void *b)
{
	const struct inet_diag_req_v2 *x = a, *y = b;

	return memcmp(x->id.idiag_cookie, y->id.idiag_cookie, sizeof(x->id.idiag_cookie));
}

static int see_hidden(const struct inet_diag_msg *m, struct search *q)
{
	const struct inet_diag_req_v2 key = {.id = m->id};

	q->hidden += bsearch(&key, q->among, q->n_among, sizeof(key), compare_cookies) != NULL;
	return MNL_CB_OK;
}

static int see_socket(const struct nlmsghdr *h, void *userdata)
{
	const struct inet_diag_msg *m = mnl_nlmsg_get_payload(h);
	struct search *q = userdata;

	if (mnl_nlmsg_get_payload_len(h) < sizeof(*m) || m->idiag_uid != q->uid)
		return MNL_CB_OK;
	return q->see(m, q);
}

static struct nlmsghdr *diag_message(char *buf, uint16_t type, uint16_t flags,
				     const struct inet_diag_req_v2 *req)
{
	struct nlmsghdr *h = mnl_nlmsg_put_header(buf);

	h->nlmsg_type = type;
	h->nlmsg_flags = NLM_F_REQUEST | flags;
	memcpy(mnl_nlmsg_put_extra_header(h, sizeof(*req)), req, sizeof(*req));
	return h;
}

/* A kernel without this protocol's diag module has no such sockets to show. */
static int search_family(struct nl *nl, struct search *q, uint8_t family)
{
	char buf[256] __attribute__((aligned(8)));
	struct inet_diag_req_v2 req = {
		.sdiag_family = family,
		.sdiag_protocol = q->protocol,
		.idiag_states = q->protocol == IPPROTO_TCP ? ~(1u << TCP_LISTEN) : UINT32_MAX,
	};
	int r;

	r = nl_dump(nl, diag_message(buf, SOCK_DIAG_BY_FAMILY, NLM_F_DUMP, &req), see_socket, q);
	return r == -ENOENT || r == -EOPNOTSUPP ? 0 : r;
}

/* Every socket of the uid once. 0 or the first error. */
static int search_all(struct nl *nl, struct search *q)
{
	static const uint8_t protocols[] = {IPPROTO_TCP, IPPROTO_UDP, IPPROTO_UDPLITE};
	static const uint8_t families[] = {AF_INET, AF_INET6};
	int first = 0;

	for (size_t i = 0; i < ARRAY_SIZE(protocols); i++)
		for (size_t j = 0; j < ARRAY_SIZE(families); j++) {
			int r;

			q->protocol = protocols[i];
			r = search_family(nl, q, families[j]);
			if (r < 0 && !first)
				first = r;
		}
	return first;
}

void sockdiag_find(struct nl *nl, uid_t uid, struct sockdiag_list *ret)
{
	struct search q = {.uid = uid, .see = see_new, .list = ret};
	int r;

	*ret = (struct sockdiag_list){.uid = uid};
	r = search_all(nl, &q);
	ret->todo = ret->n;
	if (!ret->error)
		ret->error = r;
}

/* Not found, but not as a connection that has gone by itself. */
static bool may_be_hidden(const struct inet_diag_req_v2 *item)
{
	return item->sdiag_protocol != IPPROTO_TCP && item->id.idiag_dport == 0;
}

static int destroy(struct nl *nl, const struct sockdiag_list *l, struct inet_diag_req_v2 item)
{
	char buf[256] __attribute__((aligned(8)));

	/* Any other number: the kernel's hash of it is as good as random. */
	if (l->again)
		item.id.idiag_dport = (uint16_t)(l->tries * 40503u);
	return nl_request(nl, diag_message(buf, SOCK_DESTROY, 0, &item));
}

/*
 * From the back: the kernel lists first, and finds first, the one that was bound last, which stays
 * bound when it is destroyed, without its group, and would hide the rest.
 */
bool sockdiag_step(struct nl *nl, struct sockdiag_list *l, size_t most)
{
	for (; most && l->todo; most--) {
		struct inet_diag_req_v2 item = l->items[l->todo - 1];
		int r = destroy(nl, l, item);
		bool hidden = r == -ENOENT && may_be_hidden(&item);

		if (hidden && l->again < TRIES_EACH && l->tries < TRIES_MAX) {
			l->again++;
			l->tries++;
			continue;
		}
		l->again = 0;
		l->todo--;
		if (hidden)
			l->items[l->n - ++l->kept] = item;
		else if (r < 0 && r != -ENOENT && !l->error)
			l->error = r;
	}
	return l->todo;
}

size_t sockdiag_hidden(struct nl *nl, const struct sockdiag_list *l)
{
	struct inet_diag_req_v2 *kept;
	struct search q = {.uid = l->uid, .see = see_hidden, .n_among = l->kept};

	if (l->kept == 0)
		return 0;
	q.among = kept = l->items + (l->n - l->kept);
	qsort(kept, l->kept, sizeof(*kept), compare_cookies);
	(void)search_all(nl, &q);
	return q.hidden;
}

int sockdiag_destroy(struct nl *nl, uid_t uid, size_t *ret_hidden)
{
	_cleanup_(sockdiag_clear) struct sockdiag_list l;

	sockdiag_find(nl, uid, &l);
	while (sockdiag_step(nl, &l, SIZE_MAX))
		;
	*ret_hidden = sockdiag_hidden(nl, &l);
	return l.error;
}
