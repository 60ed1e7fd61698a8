/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sockdiag.h"

#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

struct found {
	struct inet_diag_req_v2 *items;
	size_t n, capacity;
	uid_t uid;
	uint8_t protocol;
	bool out_of_memory;
};

static void found_clear(struct found *f)
{
	free(f->items);
}

static int see_socket(const struct nlmsghdr *h, void *userdata)
{
	const struct inet_diag_msg *m = mnl_nlmsg_get_payload(h);
	struct found *f = userdata;

	if (mnl_nlmsg_get_payload_len(h) < sizeof(*m) || m->idiag_uid != f->uid)
		return MNL_CB_OK;
	if (f->n == f->capacity) {
		size_t capacity = f->capacity ? f->capacity * 2 : 64;
		struct inet_diag_req_v2 *p = reallocarray(f->items, capacity, sizeof(*p));

		if (!p) {
			f->out_of_memory = true;
			return MNL_CB_OK;
		}
		f->items = p;
		f->capacity = capacity;
	}
	f->items[f->n++] = (struct inet_diag_req_v2){
		.sdiag_family = m->idiag_family,
		.sdiag_protocol = f->protocol,
		.idiag_states = UINT32_MAX,
		.id = m->id,
	};
	return MNL_CB_OK;
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

static int find_sockets(struct nl *nl, struct found *f, uint8_t family)
{
	char buf[256] __attribute__((aligned(8)));
	struct inet_diag_req_v2 req = {
		.sdiag_family = family,
		.sdiag_protocol = f->protocol,
		.idiag_states = f->protocol == IPPROTO_TCP ? ~(1u << TCP_LISTEN) : UINT32_MAX,
	};
	size_t start = f->n;
	int r;

	r = nl_dump(nl, diag_message(buf, SOCK_DIAG_BY_FAMILY, NLM_F_DUMP, &req), see_socket, f);
	if (f->out_of_memory)
		return -ENOMEM;
	/* A kernel without this protocol's diag module has no such sockets to show. */
	if (r == -ENOENT || r == -EOPNOTSUPP) {
		f->n = start;
		return 0;
	}
	return r;
}

int sockdiag_destroy(struct nl *nl, uid_t uid, size_t *ret_n)
{
	static const uint8_t protocols[] = {IPPROTO_TCP, IPPROTO_UDP, IPPROTO_UDPLITE};
	static const uint8_t families[] = {AF_INET, AF_INET6};
	_cleanup_(found_clear) struct found f = {.uid = uid};
	char buf[256] __attribute__((aligned(8)));
	int first = 0;

	*ret_n = 0;
	for (size_t i = 0; i < ARRAY_SIZE(protocols); i++)
		for (size_t j = 0; j < ARRAY_SIZE(families); j++) {
			int r;

			f.protocol = protocols[i];
			r = find_sockets(nl, &f, families[j]);
			if (r < 0 && !first)
				first = r;
		}
	for (size_t i = 0; i < f.n; i++) {
		int r = nl_request(nl, diag_message(buf, SOCK_DESTROY, 0, &f.items[i]));

		/* Gone by itself meanwhile is what we want. */
		if (r == 0)
			(*ret_n)++;
		else if (r != -ENOENT && !first)
			first = r;
	}
	return first;
}
