/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nfqueue.h"

#include "ruleset.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_queue.h>
#include <linux/netlink.h>
#include <sys/socket.h>

/* Whole packets: an answer that is cut off would be read as another. */
#define COPY_RANGE 0xffffu
#define DATAGRAM_SIZE (80u << 10)
#define RECEIVE_BUFFER (1 << 20)
/* Header field of IPv4: more fragments, and the offset of this one. */
#define FRAGMENT_MASK 0x3fffu
#define IPV4_HEADER 20u
#define UDP_HEADER 8u

static uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

static bool parse_udp(const uint8_t *p, size_t size, struct nfqueue_packet *ret)
{
	size_t length;

	if (size < UDP_HEADER)
		return false;
	length = get16(p + 4);
	if (length < UDP_HEADER || length > size)
		return false;
	ret->sport = get16(p);
	ret->dport = get16(p + 2);
	ret->data = p + UDP_HEADER;
	ret->size = length - UDP_HEADER;
	return true;
}

static bool parse_ipv4(const uint8_t *p, size_t size, struct nfqueue_packet *ret)
{
	size_t header, length;

	if (size < IPV4_HEADER || p[0] >> 4 != 4)
		return false;
	header = (size_t)(p[0] & 0xf) * 4;
	length = get16(p + 2);
	if (header < IPV4_HEADER || length < header || length > size)
		return false;
	/* The kernel has put fragments together before. */
	if (p[9] != IPPROTO_UDP || (get16(p + 6) & FRAGMENT_MASK))
		return false;
	ret->source = get32(p + 12);
	ret->destination = get32(p + 16);
	return parse_udp(p + header, length - header, ret);
}

/* What the attributes of a message say. */
struct seen {
	bool header, payload, cut;
};

static bool parse_attribute(const struct nlattr *a, struct nfqueue_packet *ret, struct seen *seen)
{
	const uint8_t *bytes = mnl_attr_get_payload(a);
	size_t size = mnl_attr_get_payload_len(a);

	switch (mnl_attr_get_type(a)) {
	case NFQA_PACKET_HDR:
		if (seen->header || size < sizeof(struct nfqnl_msg_packet_hdr))
			return false;
		ret->id = get32(bytes);
		seen->header = true;
		return true;
	case NFQA_MARK:
		if (size != sizeof(uint32_t))
			return false;
		ret->mark = get32(bytes);
		return true;
	case NFQA_CAP_LEN:
		seen->cut = true;
		return true;
	case NFQA_PAYLOAD:
		if (seen->payload)
			return false;
		seen->payload = parse_ipv4(bytes, size, ret);
		return seen->payload;
	default:
		return true;
	}
}

/* A number is known even of a packet that makes no sense, if it comes first, as it does. */
static bool parse_packet(const struct nlmsghdr *h, struct nfqueue_packet *ret, struct seen *seen)
{
	const struct nfgenmsg *g = mnl_nlmsg_get_payload(h);
	const uint8_t *at = (const uint8_t *)h + NLMSG_HDRLEN + sizeof(*g);
	size_t left = h->nlmsg_len - NLMSG_HDRLEN;

	*ret = (struct nfqueue_packet){0};
	*seen = (struct seen){0};
	if (left < sizeof(*g) || ntohs(g->res_id) != RULESET_QUEUE)
		return false;
	/* Not mnl_attr_for_each(): it takes the padding of the message for a part of it. */
	for (left -= sizeof(*g); left >= sizeof(struct nlattr);) {
		const struct nlattr *a = (const void *)at;
		size_t step = MNL_ALIGN(a->nla_len);

		if (a->nla_len < sizeof(*a) || a->nla_len > left || !parse_attribute(a, ret, seen))
			return false;
		if (step >= left)
			break;
		at += step;
		left -= step;
	}
	return seen->header && seen->payload && !seen->cut;
}

size_t nfqueue_parse(const void *data, size_t size, nfqueue_fn fn, nfqueue_drop_fn drop,
		     void *userdata)
{
	const uint8_t *p = data;
	size_t garbage = 0;

	while (size > 0) {
		const struct nlmsghdr *h = (const void *)p;
		struct nfqueue_packet packet;
		struct seen seen;
		size_t n;

		/* Not mnl_nlmsg_ok(): it takes a length over 2 GiB for a negative one. */
		if (size < sizeof(*h) || h->nlmsg_len < sizeof(*h) || h->nlmsg_len > size)
			return garbage + 1;
		if (h->nlmsg_type == (NFNL_SUBSYS_QUEUE << 8 | NFQNL_MSG_PACKET)) {
			if (parse_packet(h, &packet, &seen)) {
				fn(&packet, userdata);
			} else {
				garbage++;
				if (seen.header)
					drop(packet.id, userdata);
			}
		} else if (h->nlmsg_type != NLMSG_DONE && h->nlmsg_type != NLMSG_ERROR) {
			garbage++;
		}
		n = MNL_ALIGN(h->nlmsg_len);
		if (n > size)
			n = size;
		p += n;
		size -= n;
	}
	return garbage;
}

static struct nlmsghdr *put_message(char *buf, uint16_t type)
{
	struct nlmsghdr *h = mnl_nlmsg_put_header(buf);
	struct nfgenmsg *g;

	h->nlmsg_type = (uint16_t)(NFNL_SUBSYS_QUEUE << 8 | type);
	h->nlmsg_flags = NLM_F_REQUEST;
	g = mnl_nlmsg_put_extra_header(h, sizeof(*g));
	*g = (struct nfgenmsg){AF_UNSPEC, NFNETLINK_V0, htons(RULESET_QUEUE)};
	return h;
}

static int bind_queue(struct nfqueue *q)
{
	const struct nfqnl_msg_config_cmd bind = {.command = NFQNL_CFG_CMD_BIND,
						  .pf = htons(AF_INET)};
	char buf[256] __attribute__((aligned(8)));
	struct nlmsghdr *h = put_message(buf, NFQNL_MSG_CONFIG);

	mnl_attr_put(h, NFQA_CFG_CMD, sizeof(bind), &bind);
	return nl_request(&q->nl, h);
}

/* Neither NFQA_CFG_F_FAIL_OPEN nor the like: what has no room is dropped. */
static int set_up_queue(struct nfqueue *q)
{
	const struct nfqnl_msg_config_params params = {htonl(COPY_RANGE), NFQNL_COPY_PACKET};
	char buf[256] __attribute__((aligned(8)));
	struct nlmsghdr *h = put_message(buf, NFQNL_MSG_CONFIG);

	mnl_attr_put(h, NFQA_CFG_PARAMS, sizeof(params), &params);
	mnl_attr_put_u32(h, NFQA_CFG_QUEUE_MAXLEN, htonl(NFQUEUE_LENGTH));
	return nl_request(&q->nl, h);
}

int nfqueue_open(struct nfqueue *q)
{
	int size = RECEIVE_BUFFER, r;

	*q = (struct nfqueue){0};
	r = nl_open(&q->nl, NETLINK_NETFILTER);
	if (r < 0)
		return r;
	if (setsockopt(mnl_socket_get_fd(q->nl.socket), SOL_SOCKET, SO_RCVBUFFORCE, &size,
		       sizeof(size)) < 0) {
		r = -errno;
		nl_close(&q->nl);
		return r;
	}
	q->error = -ENOTCONN;
	(void)nfqueue_listen(q);
	return 0;
}

int nfqueue_listen(struct nfqueue *q)
{
	if (q->error == 0)
		return 0;
	q->error = bind_queue(q);
	if (q->error == 0)
		q->error = set_up_queue(q);
	return q->error;
}

int nfqueue_fd(const struct nfqueue *q)
{
	return q->nl.socket ? mnl_socket_get_fd(q->nl.socket) : -1;
}

int nfqueue_verdict(struct nfqueue *q, uint32_t id, bool accept)
{
	const struct nfqnl_msg_verdict_hdr verdict = {htonl(accept ? NF_ACCEPT : NF_DROP),
						      htonl(id)};
	char buf[256] __attribute__((aligned(8)));
	struct nlmsghdr *h = put_message(buf, NFQNL_MSG_VERDICT);

	mnl_attr_put(h, NFQA_VERDICT_HDR, sizeof(verdict), &verdict);
	/* A lease's mark is nobody's business. */
	mnl_attr_put_u32(h, NFQA_MARK, 0);
	h->nlmsg_seq = ++q->nl.seq;
	/* Without an acknowledgement: it would come among the packets. */
	if (mnl_socket_sendto(q->nl.socket, h, h->nlmsg_len) < 0)
		return -errno;
	return 0;
}

struct reading {
	struct nfqueue *queue;
	nfqueue_fn fn;
	void *userdata;
};

static void pass_on(const struct nfqueue_packet *packet, void *userdata)
{
	struct reading *r = userdata;

	r->fn(packet, r->userdata);
}

static void drop_packet(uint32_t id, void *userdata)
{
	struct reading *r = userdata;

	(void)nfqueue_verdict(r->queue, id, false);
}

int nfqueue_read(struct nfqueue *q, size_t most, nfqueue_fn fn, void *userdata)
{
	static char buf[DATAGRAM_SIZE] __attribute__((aligned(8)));
	struct reading reading = {q, fn, userdata};
	struct sockaddr_nl from;
	int r = 0;

	for (; most && r == 0; most--) {
		socklen_t len = sizeof(from);
		ssize_t n = recvfrom(mnl_socket_get_fd(q->nl.socket), buf, sizeof(buf),
				     MSG_DONTWAIT | MSG_TRUNC, (struct sockaddr *)&from, &len);

		if (n < 0 && errno == ENOBUFS)
			q->lost++;
		else if (n < 0 && errno != EINTR)
			r = -errno;
		/* Another process may write to this socket if it is root. */
		else if (n >= 0 &&
			 (len != sizeof(from) || from.nl_pid != 0 || (size_t)n > sizeof(buf)))
			q->garbage++;
		else if (n >= 0)
			q->garbage += nfqueue_parse(buf, (size_t)n, pass_on, drop_packet, &reading);
	}
	explicit_bzero(buf, sizeof(buf));
	return r == -EAGAIN ? 0 : r;
}
