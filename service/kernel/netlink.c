/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "netlink.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <libnftnl/common.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/time.h>

#define RECEIVE_SIZE (64u << 10)
/* Ten thousand services with their servers are about 3 MB. */
#define SOCKET_BUFFER (16 << 20)
#define DUMP_TRIES 5
#define PATIENCE_S 1 /* the kernel answers at once, or has not answered */

static void set_options(struct nl *nl)
{
	const struct timeval patience = {.tv_sec = PATIENCE_S};
	int size = SOCKET_BUFFER;

	/* Short acknowledgements, with the kernel's words. Old kernels do without. */
	(void)mnl_socket_setsockopt(nl->socket, NETLINK_CAP_ACK, &(int){1}, sizeof(int));
	(void)mnl_socket_setsockopt(nl->socket, NETLINK_EXT_ACK, &(int){1}, sizeof(int));
	(void)setsockopt(mnl_socket_get_fd(nl->socket), SOL_SOCKET, SO_SNDBUFFORCE, &size,
			 sizeof(size));
	(void)setsockopt(mnl_socket_get_fd(nl->socket), SOL_SOCKET, SO_RCVBUFFORCE, &size,
			 sizeof(size));
	/* The end of a dump may get lost: whoever waits for it must not wait for ever. */
	(void)setsockopt(mnl_socket_get_fd(nl->socket), SOL_SOCKET, SO_RCVTIMEO, &patience,
			 sizeof(patience));
	nl->portid = mnl_socket_get_portid(nl->socket);
	nl->seq = 1;
}

int nl_open(struct nl *nl, int bus)
{
	*nl = (struct nl){0};
	nl->socket = mnl_socket_open2(bus, SOCK_CLOEXEC);
	if (!nl->socket)
		return -errno;
	if (mnl_socket_bind(nl->socket, 0, MNL_SOCKET_AUTOPID) < 0) {
		int r = -errno;

		nl_close(nl);
		return r;
	}
	set_options(nl);
	return 0;
}

int nl_adopt(struct nl *nl, int fd)
{
	int error = 0;
	socklen_t len = sizeof(error);

	*nl = (struct nl){0};
	/* Reading it clears it: an overrun of whoever had the socket is no concern of ours. */
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0 ||
	    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK) < 0)
		return -errno;
	if (error && error != ENOBUFS)
		return -error;
	nl->socket = mnl_socket_fdopen(fd);
	if (!nl->socket)
		return -errno;
	set_options(nl);
	nl_drain(nl);
	return 0;
}

void nl_close(struct nl *nl)
{
	if (nl->socket)
		(void)mnl_socket_close(nl->socket);
	nl->socket = NULL;
}

static bool batch_reserve(struct batch *b, size_t more)
{
	size_t capacity = b->capacity ? b->capacity : 2 * (size_t)BATCH_MESSAGE_MAX;
	char *p;

	while (capacity - b->size < more)
		capacity *= 2;
	if (capacity == b->capacity)
		return true;
	p = realloc(b->buf, capacity);
	if (!p) {
		b->out_of_memory = true;
		return false;
	}
	b->buf = p;
	b->capacity = capacity;
	return true;
}

static struct batch_object *batch_object(struct batch *b)
{
	if (b->n_objects == b->objects_capacity) {
		size_t capacity = b->objects_capacity ? b->objects_capacity * 2 : 256;
		struct batch_object *p = reallocarray(b->objects, capacity, sizeof(*p));

		if (!p) {
			b->out_of_memory = true;
			return NULL;
		}
		b->objects = p;
		b->objects_capacity = capacity;
	}
	return &b->objects[b->n_objects++];
}

static void batch_control(struct batch *b, uint16_t type, const char *name)
{
	struct batch_object *o;
	struct nlmsghdr *h;
	struct nfgenmsg *g;

	if (b->out_of_memory || !batch_reserve(b, 256) || !(o = batch_object(b)))
		return;
	h = mnl_nlmsg_put_header(b->buf + b->size);
	h->nlmsg_type = type;
	h->nlmsg_flags = NLM_F_REQUEST;
	h->nlmsg_seq = o->seq = b->nl->seq++;
	g = mnl_nlmsg_put_extra_header(h, sizeof(*g));
	g->nfgen_family = AF_UNSPEC;
	g->version = NFNETLINK_V0;
	g->res_id = htons(NFNL_SUBSYS_NFTABLES);
	(void)snprintf(o->name, sizeof(o->name), "%s", name);
	b->size += MNL_ALIGN(h->nlmsg_len);
}

void batch_begin(struct batch *b, struct nl *nl)
{
	b->nl = nl;
	b->size = 0;
	b->n_objects = 0;
	b->open = NULL;
	b->out_of_memory = false;
	batch_control(b, NFNL_MSG_BATCH_BEGIN, "the batch itself (is CAP_NET_ADMIN there?)");
}

struct nlmsghdr *batch_put(struct batch *b, uint16_t type, uint16_t family, uint16_t flags,
			   const char *name, ...)
{
	struct batch_object *o;
	va_list ap;

	if (b->out_of_memory || !batch_reserve(b, 2 * (size_t)BATCH_MESSAGE_MAX) ||
	    !(o = batch_object(b)))
		return NULL;
	va_start(ap, name);
	(void)vsnprintf(o->name, sizeof(o->name), name, ap);
	va_end(ap);
	o->seq = b->nl->seq++;
	b->open = nftnl_nlmsg_build_hdr(b->buf + b->size, type, family, NLM_F_REQUEST | flags,
					o->seq);
	return b->open;
}

void batch_done(struct batch *b)
{
	if (!b->out_of_memory)
		b->size += MNL_ALIGN(b->open->nlmsg_len);
}

void batch_clear(struct batch *b)
{
	free(b->buf);
	free(b->objects);
	*b = (struct batch){0};
}

bool nl_well_formed(const char *buf, size_t size)
{
	while (size > 0) {
		struct nlmsghdr h;
		size_t n;

		if (size < sizeof(h))
			return false;
		memcpy(&h, buf, sizeof(h));
		if (h.nlmsg_len < sizeof(h) || h.nlmsg_len > size)
			return false;
		n = MNL_ALIGN(h.nlmsg_len);
		if (n > size)
			n = size;
		buf += n;
		size -= n;
	}
	return true;
}

static void describe_error(const struct batch *b, const struct nlmsghdr *h,
			   const struct nlmsgerr *e, struct nl_error *ret)
{
	size_t skip = sizeof(*e);
	const struct nlattr *a;

	*ret = (struct nl_error){.error = e->error};
	for (size_t i = 0; i < b->n_objects; i++)
		if (b->objects[i].seq == h->nlmsg_seq)
			(void)snprintf(ret->object, sizeof(ret->object), "%s", b->objects[i].name);
	if (!(h->nlmsg_flags & NLM_F_ACK_TLVS))
		return;
	if (!(h->nlmsg_flags & NLM_F_CAPPED))
		skip += e->msg.nlmsg_len - sizeof(struct nlmsghdr);
	if (skip >= mnl_nlmsg_get_payload_len(h))
		return;
	mnl_attr_for_each(a, h, skip)
	{
		if (mnl_attr_get_type(a) == NLMSGERR_ATTR_MSG &&
		    mnl_attr_validate(a, MNL_TYPE_NUL_STRING) >= 0)
			(void)snprintf(ret->text, sizeof(ret->text), "%s", mnl_attr_get_str(a));
	}
}

struct verdict {
	uint32_t last_seq; /* of the object that asked for an acknowledgement */
	bool acknowledged;
	struct nl_error first;
};

/* One datagram of answers. The first error is the cause; others follow from it. */
static void read_answers(const struct batch *b, const char *buf, size_t size, struct verdict *v)
{
	const struct nlmsghdr *h = (const void *)buf;
	int left = (int)size;

	for (; mnl_nlmsg_ok(h, left); h = mnl_nlmsg_next(h, &left)) {
		const struct nlmsgerr *e = mnl_nlmsg_get_payload(h);

		if (h->nlmsg_type != NLMSG_ERROR || mnl_nlmsg_get_payload_len(h) < sizeof(*e))
			continue;
		if (e->error == 0)
			v->acknowledged |= h->nlmsg_seq == v->last_seq;
		else if (!v->first.error)
			describe_error(b, h, e, &v->first);
	}
}

void nl_drain(const struct nl *nl)
{
	char byte;

	while (recv(mnl_socket_get_fd(nl->socket), &byte, sizeof(byte), MSG_DONTWAIT) >= 0 ||
	       errno == EINTR || errno == ENOBUFS)
		;
}

int batch_commit(struct batch *b, struct nl_error *ret_error)
{
	static char buf[RECEIVE_SIZE] __attribute__((aligned(8)));
	struct verdict v = {0};

	*ret_error = (struct nl_error){0};
	if (b->open && !b->out_of_memory) {
		b->open->nlmsg_flags |= NLM_F_ACK;
		v.last_seq = b->open->nlmsg_seq;
	}
	batch_control(b, NFNL_MSG_BATCH_END, "the end of the batch");
	if (b->out_of_memory) {
		(void)snprintf(ret_error->object, sizeof(ret_error->object),
			       "what it was never told");
		return ret_error->error = -ENOMEM;
	}
	nl_drain(b->nl);
	if (mnl_socket_sendto(b->nl->socket, b->buf, b->size) < 0) {
		ret_error->error = -errno;
		(void)snprintf(ret_error->object, sizeof(ret_error->object), "a batch of %zu bytes",
			       b->size);
		return ret_error->error;
	}
	/* nf_tables answers before sendto() returns: EAGAIN is the end. */
	for (;;) {
		ssize_t n = recv(mnl_socket_get_fd(b->nl->socket), buf, sizeof(buf), MSG_DONTWAIT);

		if (n < 0 && errno != EINTR && errno != ENOBUFS)
			break;
		if (n >= 0 && nl_well_formed(buf, (size_t)n))
			read_answers(b, buf, (size_t)n, &v);
	}
	if (v.first.error) {
		*ret_error = v.first;
		return v.first.error;
	}
	if (v.acknowledged)
		return 0;
	/* Without an answer that can be read the batch may have been committed, or not. */
	ret_error->error = -ENOBUFS;
	(void)snprintf(ret_error->object, sizeof(ret_error->object), "the answer to the batch");
	return ret_error->error;
}

int nl_dump(struct nl *nl, struct nlmsghdr *h, mnl_cb_t cb, void *userdata)
{
	static char buf[RECEIVE_SIZE] __attribute__((aligned(8)));

	for (int i = 0; i < DUMP_TRIES; i++) {
		int r = MNL_CB_OK;

		nl_drain(nl);
		h->nlmsg_seq = nl->seq++;
		h->nlmsg_pid = 0;
		if (mnl_socket_sendto(nl->socket, h, h->nlmsg_len) < 0)
			return -errno;
		while (r > MNL_CB_STOP) {
			ssize_t n = mnl_socket_recvfrom(nl->socket, buf, sizeof(buf));

			if (n >= 0 && !nl_well_formed(buf, (size_t)n)) {
				n = -1;
				errno = EBADMSG;
			}
			if (n < 0)
				r = MNL_CB_ERROR;
			else
				r = mnl_cb_run(buf, (size_t)n, h->nlmsg_seq, nl->portid, cb,
					       userdata);
		}
		if (r == MNL_CB_STOP)
			return 0;
		if (errno != EINTR)
			return errno == EAGAIN ? -ETIMEDOUT : -errno;
	}
	return -EINTR;
}

int nl_request(struct nl *nl, struct nlmsghdr *h)
{
	h->nlmsg_flags |= NLM_F_ACK;
	return nl_dump(nl, h, NULL, NULL);
}
