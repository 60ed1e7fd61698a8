/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nflog.h"

#include "ruleset.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_log.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <sys/socket.h>

/* The rest of the packet is nobody's business: its headers, and the ports behind them. */
#define COPY_RANGE 64
/* Fifteen reports may come at once, five a second after that; a forged flood is to be lost. */
#define RECEIVE_BUFFER (64 << 10)
#define DATAGRAM_SIZE (8u << 10)
#define TIMEOUT_CENTISECONDS 10
/* A header field of 13 bits, in units of 8 bytes. */
#define FRAGMENT_OFFSET 0x1fffu
#define IPPROTO_DCCP_ 33

static bool has_ports(uint8_t protocol)
{
	return protocol == IPPROTO_TCP || protocol == IPPROTO_UDP || protocol == IPPROTO_UDPLITE ||
	       protocol == IPPROTO_SCTP || protocol == IPPROTO_DCCP_;
}

static uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

/* What follows the headers of the network layer, as much of it as was copied. */
static void parse_transport(const uint8_t *p, size_t size, struct nflog_packet *ret)
{
	if (!has_ports(ret->protocol) || size < 4)
		return;
	ret->has_ports = true;
	ret->sport = get16(p);
	ret->dport = get16(p + 2);
	if (ret->protocol == IPPROTO_TCP && size >= 14)
		ret->tcp_flags = p[13];
}

static bool parse_ipv4(const uint8_t *p, size_t size, struct nflog_packet *ret)
{
	size_t header = size ? (size_t)(p[0] & 0xf) * 4 : 0;

	if (header < 20 || size < header)
		return false;
	ret->family = AF_INET;
	ret->ip_start = p[0];
	ret->protocol = p[9];
	memcpy(ret->source, p + 12, 4);
	memcpy(ret->destination, p + 16, 4);
	if (!(get16(p + 6) & FRAGMENT_OFFSET))
		parse_transport(p + header, size - header, ret);
	return true;
}

/* The size of an extension header, or 0 if this is none, or its end was not copied. */
static size_t extension_size(uint8_t protocol, const uint8_t *p, size_t size)
{
	size_t n;

	if (size < 8)
		return 0;
	switch (protocol) {
	case IPPROTO_HOPOPTS:
	case IPPROTO_ROUTING:
	case IPPROTO_DSTOPTS:
		n = ((size_t)p[1] + 1) * 8;
		break;
	case IPPROTO_AH:
		n = ((size_t)p[1] + 2) * 4;
		break;
	case IPPROTO_FRAGMENT:
		n = 8;
		break;
	default:
		return 0;
	}
	return n <= size ? n : 0;
}

static bool parse_ipv6(const uint8_t *p, size_t size, struct nflog_packet *ret)
{
	if (size < 40)
		return false;
	ret->family = AF_INET6;
	ret->protocol = p[6];
	memcpy(ret->source, p + 8, 16);
	memcpy(ret->destination, p + 24, 16);
	p += 40;
	size -= 40;
	for (int i = 0; i < NFLOG_HEADERS_MAX; i++) {
		size_t n = extension_size(ret->protocol, p, size);

		if (!n)
			break;
		/* Behind the header of a later fragment stands no header any more. */
		if (ret->protocol == IPPROTO_FRAGMENT && get16(p + 2) >> 3) {
			ret->protocol = p[0];
			return true;
		}
		ret->protocol = p[0];
		p += n;
		size -= n;
	}
	parse_transport(p, size, ret);
	return true;
}

static bool parse_payload(const struct nlattr *a, struct nflog_packet *ret)
{
	const uint8_t *p = mnl_attr_get_payload(a);
	size_t size = mnl_attr_get_payload_len(a);

	if (size == 0)
		return false;
	if (p[0] >> 4 == 4)
		return parse_ipv4(p, size, ret);
	return p[0] >> 4 == 6 && parse_ipv6(p, size, ret);
}

/* A number of the kernel's, in network order. */
static bool parse_number(const struct nlattr *a, uint32_t *ret)
{
	if (mnl_attr_validate(a, MNL_TYPE_U32) < 0)
		return false;
	*ret = ntohl(mnl_attr_get_u32(a));
	return true;
}

/* One attribute; false when it is not as the kernel writes it. */
static bool parse_attribute(const struct nlattr *a, struct nflog_packet *ret, bool *ret_packet)
{
	switch (mnl_attr_get_type(a)) {
	case NFULA_UID:
		return parse_number(a, &ret->uid);
	case NFULA_MARK:
		return parse_number(a, &ret->counter) && ret->counter < COUNTER_N;
	case NFULA_IFINDEX_OUTDEV:
		return parse_number(a, &ret->oif);
	case NFULA_PAYLOAD:
		if (*ret_packet)
			return false;
		*ret_packet = parse_payload(a, ret);
		return *ret_packet;
	default:
		return true;
	}
}

static bool parse_packet(const struct nlmsghdr *h, struct nflog_packet *ret)
{
	const struct nfgenmsg *g = mnl_nlmsg_get_payload(h);
	const uint8_t *at = (const uint8_t *)h + NLMSG_HDRLEN + sizeof(*g);
	size_t left = h->nlmsg_len - NLMSG_HDRLEN;
	bool packet = false;

	/* A mark of 0 is not written: it is the counter of that number. */
	*ret = (struct nflog_packet){.uid = NFLOG_NO_UID};
	if (left < sizeof(*g) || ntohs(g->res_id) != RULESET_LOG_GROUP)
		return false;
	/* Not mnl_attr_for_each(): it takes the padding of the message for a part of it. */
	for (left -= sizeof(*g); left >= sizeof(struct nlattr);) {
		const struct nlattr *a = (const void *)at;
		size_t step = MNL_ALIGN(a->nla_len);

		if (a->nla_len < sizeof(*a) || a->nla_len > left ||
		    !parse_attribute(a, ret, &packet))
			return false;
		if (step >= left)
			break;
		at += step;
		left -= step;
	}
	return packet;
}

size_t nflog_parse(const void *data, size_t size, nflog_fn fn, void *userdata)
{
	const uint8_t *p = data;
	size_t garbage = 0;

	while (size > 0) {
		const struct nlmsghdr *h = (const void *)p;
		struct nflog_packet packet;
		size_t n;

		/* Not mnl_nlmsg_ok(): it takes a length over 2 GiB for a negative one. */
		if (size < sizeof(*h) || h->nlmsg_len < sizeof(*h) || h->nlmsg_len > size)
			return garbage + 1;
		if (h->nlmsg_type == (NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_PACKET)) {
			if (parse_packet(h, &packet))
				fn(&packet, userdata);
			else
				garbage++;
			explicit_bzero(&packet, sizeof(packet));
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

int nflog_open(struct nflog *l)
{
	int size = RECEIVE_BUFFER, r;

	*l = (struct nflog){0};
	r = nl_open(&l->nl, NETLINK_NETFILTER);
	if (r < 0)
		return r;
	if (setsockopt(mnl_socket_get_fd(l->nl.socket), SOL_SOCKET, SO_RCVBUF, &size,
		       sizeof(size)) < 0) {
		r = -errno;
		nl_close(&l->nl);
		return r;
	}
	l->error = -ENOTCONN;
	(void)nflog_listen(l);
	return 0;
}

int nflog_fd(const struct nflog *l)
{
	return l->nl.socket ? mnl_socket_get_fd(l->nl.socket) : -1;
}

int nflog_listen(struct nflog *l)
{
	const struct nfulnl_msg_config_cmd bind = {NFULNL_CFG_CMD_BIND};
	const struct nfulnl_msg_config_mode mode = {htonl(COPY_RANGE), NFULNL_COPY_PACKET, 0};
	char buf[256] __attribute__((aligned(8)));
	struct nlmsghdr *h;
	struct nfgenmsg *g;

	if (l->error == 0)
		return 0;
	h = mnl_nlmsg_put_header(buf);
	h->nlmsg_type = NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_CONFIG;
	h->nlmsg_flags = NLM_F_REQUEST;
	g = mnl_nlmsg_put_extra_header(h, sizeof(*g));
	*g = (struct nfgenmsg){AF_UNSPEC, NFNETLINK_V0, htons(RULESET_LOG_GROUP)};
	mnl_attr_put(h, NFULA_CFG_CMD, sizeof(bind), &bind);
	mnl_attr_put(h, NFULA_CFG_MODE, sizeof(mode), &mode);
	mnl_attr_put_u32(h, NFULA_CFG_QTHRESH, htonl(1));
	mnl_attr_put_u32(h, NFULA_CFG_TIMEOUT, htonl(TIMEOUT_CENTISECONDS));
	l->error = nl_request(&l->nl, h);
	return l->error;
}

int nflog_read(struct nflog *l, size_t most, nflog_fn fn, void *userdata)
{
	static char buf[DATAGRAM_SIZE] __attribute__((aligned(8)));
	struct sockaddr_nl from;
	int r = 0;

	for (; most && r == 0; most--) {
		socklen_t len = sizeof(from);
		ssize_t n = recvfrom(mnl_socket_get_fd(l->nl.socket), buf, sizeof(buf),
				     MSG_DONTWAIT | MSG_TRUNC, (struct sockaddr *)&from, &len);

		if (n < 0 && errno == ENOBUFS)
			l->lost++;
		else if (n < 0 && errno != EINTR)
			r = -errno;
		/* Another process may write to this socket if it is root. */
		else if (n >= 0 &&
			 (len != sizeof(from) || from.nl_pid != 0 || (size_t)n > sizeof(buf)))
			l->garbage++;
		else if (n >= 0)
			l->garbage += nflog_parse(buf, (size_t)n, fn, userdata);
	}
	explicit_bzero(buf, sizeof(buf));
	return r == -EAGAIN ? 0 : r;
}
