/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "resolve.h"

#include "dns-message.h"

#include <arpa/nameser.h>
#include <errno.h>
#include <netdb.h>
#include <resolv.h>
#include <strings.h>

#define DNS_PORT 53
#define ANSWER_SIZE 1472 /* of a UDP datagram that an Ethernet link carries whole */

/*
 * Seconds for the first server, and for all: the n-th has first * 2^n / servers, of which at least
 * one (glibc, resolv/res_send.c).
 */
static const struct {
	int first, all;
} retrans[RESOLVE_SERVERS_MAX] = {{4, 4}, {3, 6}, {2, 5}};

/*
 * Each server is asked once: the kernel lets one flow a server pass, and a second question after a
 * lost one would be another. Nothing of the machine's resolv.conf counts, whose server is Tor; with
 * its options away the question is the one of a machine that has none.
 */
static int open_resolver(struct __res_state *r, const uint32_t *servers, size_t n)
{
	memset(r, 0, sizeof(*r));
	if (res_ninit(r) != 0)
		return -1;
	r->options = RES_DEFAULT | RES_INIT | RES_IGNTC; /* the door is closed to TCP 53 */
	r->retry = 1;
	r->retrans = retrans[n - 1].first;
	r->nscount = (int)n;
	for (size_t i = 0; i < n; i++)
		r->nsaddr_list[i] = (struct sockaddr_in){
			.sin_family = AF_INET,
			.sin_port = htons(DNS_PORT),
			.sin_addr.s_addr = htonl(servers[i]),
		};
	return 0;
}

/*
 * No answer at all, or none that says anything. glibc says the same (ETIMEDOUT) when a server says
 * that it cannot or will not (SERVFAIL, REFUSED): then it was quicker.
 */
static enum outcome why_not(int h_error, int error, bool in_time)
{
	switch (h_error) {
	case HOST_NOT_FOUND:
		return OUTCOME_DNS_NO_NAME;
	case NO_DATA:
		return OUTCOME_DNS_NO_ADDRESS;
	default:
		break;
	}
	switch (error) {
	case ETIMEDOUT:
		return in_time ? OUTCOME_DNS_ERROR : OUTCOME_DNS_TIMEOUT;
	case ECONNREFUSED: /* an ICMP error */
		return OUTCOME_DNS_REFUSED;
	case EPERM:
	case EACCES:
		return OUTCOME_BUDGET;
	case ENETUNREACH:
	case EHOSTUNREACH:
		return OUTCOME_UNREACHABLE;
	default:
		return OUTCOME_DNS_ERROR;
	}
}

/* Where no server on the network is: nothing is ever sent there. */
static bool is_bad(uint32_t a)
{
	return a >> 24 == 0 || a >> 24 == 127 || a >> 28 >= 0xe || a >> 16 == 0xa9fe;
}

static enum outcome read_answer(const uint8_t *data, size_t size, const char *host, uint32_t *ret)
{
	struct dns_answer answer;
	const char *why;

	if (dns_answer_read(data, size, &answer, &why) < 0 || answer.type != DNS_TYPE_A ||
	    strcasecmp(answer.name, host) != 0)
		return OUTCOME_DNS_MALFORMED;
	if (answer.n == 0)
		return OUTCOME_DNS_NO_ADDRESS;
	*ret = answer.addresses[0].address;
	return is_bad(*ret) ? OUTCOME_DNS_BAD_ADDRESS : OUTCOME_N;
}

enum outcome resolve_host(const char *host, const uint32_t *servers, size_t n, uint32_t *ret)
{
	uint8_t answer[ANSWER_SIZE];
	usec_t began = now_boottime();
	struct __res_state r;
	enum outcome o;
	int size;

	if (n == 0)
		return OUTCOME_NO_SERVERS;
	n = n < RESOLVE_SERVERS_MAX ? n : RESOLVE_SERVERS_MAX;
	if (open_resolver(&r, servers, n) < 0)
		return OUTCOME_DNS_ERROR;
	errno = 0;
	size = res_nquery(&r, host, ns_c_in, ns_t_a, answer, sizeof(answer));
	if (size >= 0)
		o = read_answer(answer,
				(size_t)size < sizeof(answer) ? (size_t)size : sizeof(answer), host,
				ret);
	else
		o = why_not(r.res_h_errno, errno,
			    now_boottime() - began < (usec_t)retrans[n - 1].all * USEC_PER_SEC);
	res_nclose(&r);
	return o;
}
