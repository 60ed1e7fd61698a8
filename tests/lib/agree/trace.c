/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's trace (NFT_MSG_TRACE): one message for each rule that matched, in the order in which
 * a packet met them. Packets are told apart by their trace id, and one packet's ways through hooks
 * by the first rule of the test's own chains. Within a refusal another packet passes: the RST.
 */
#include "agree.h"
#include "marks.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>

#define OPEN_MAX 4096
#define BUFFER_SIZE (256u << 10)

static struct sighting open_sightings[OPEN_MAX];
static size_t n_open;

struct event {
	const struct nlattr *a[NFTA_TRACE_MAX + 1];
	uint8_t family;
};

static uint32_t number(const struct event *e, int attribute)
{
	return e->a[attribute] ? ntohl(mnl_attr_get_u32(e->a[attribute])) : 0;
}

static void take_header(const struct event *e, int attribute, uint8_t *bytes, size_t size,
			size_t *ret_n)
{
	const struct nlattr *a = e->a[attribute];

	*ret_n = 0;
	if (!a)
		return;
	*ret_n = mnl_attr_get_payload_len(a) < size ? mnl_attr_get_payload_len(a) : size;
	memcpy(bytes, mnl_attr_get_payload(a), *ret_n);
}

static void take_headers(const struct event *e, struct headers *h)
{
	if (!e->a[NFTA_TRACE_NETWORK_HEADER])
		return;
	take_header(e, NFTA_TRACE_NETWORK_HEADER, h->network, sizeof(h->network), &h->n_network);
	take_header(e, NFTA_TRACE_TRANSPORT_HEADER, h->transport, sizeof(h->transport),
		    &h->n_transport);
}

static struct sighting *find(uint32_t id)
{
	for (size_t i = n_open; i > 0; i--)
		if (open_sightings[i - 1].id == id)
			return &open_sightings[i - 1];
	return NULL;
}

static void set_field(struct sighting *g, enum rs_field field, uint32_t v)
{
	g->packet.value[field] = v;
	g->packet.lacks[field] = false;
}

/* Whose refusal is on its way: 0, or the packet's id. */
static uint32_t being_refused(void)
{
	for (size_t i = n_open; i > 0; i--)
		if (open_sightings[i - 1].refusing && open_sightings[i - 1].fate == FATE_NONE)
			return open_sightings[i - 1].id;
	return 0;
}

/* As the kernel has it: no link has an empty name. */
static void set_link(struct sighting *g, enum rs_field field, uint32_t index)
{
	const char *name = index == RS_LOOPBACK_INDEX ? "lo"
			   : index >= LINK_INDEX      ? links[index - LINK_INDEX]
						      : "";
	uint32_t words[RS_LINK_WORDS];

	rs_link_words(name, words);
	for (size_t i = 0; i < RS_LINK_WORDS; i++)
		set_field(g, field + i, words[i]);
}

static struct sighting *begin(const struct event *e, uint32_t id, enum rs_chain hook)
{
	struct sighting *g = &open_sightings[n_open];

	*g = (struct sighting){
		.id = id,
		.hook = hook,
		.nat_rule = RULE_NONE,
		.rule = RULE_NONE,
		.cause = hook == CHAIN_OUTPUT ? being_refused() : 0,
	};
	n_open++;
	for (size_t i = 0; i < FIELD_N; i++)
		g->packet.lacks[i] = true;
	set_field(g, FIELD_IIF, number(e, NFTA_TRACE_IIF));
	set_field(g, FIELD_OIF, number(e, NFTA_TRACE_OIF));
	set_link(g, FIELD_IIFNAME, number(e, NFTA_TRACE_IIF));
	set_link(g, FIELD_OIFNAME, number(e, NFTA_TRACE_OIF));
	set_field(g, FIELD_NFPROTO, number(e, NFTA_TRACE_NFPROTO));
	return g;
}

/* As the register had it, whose bytes are the mark's. */
static uint32_t decoded(enum rs_field field, uint32_t mark)
{
	uint8_t bytes[4];

	memcpy(bytes, &mark, sizeof(mark));
	if (rs_fields[field].size == 1)
		return bytes[0];
	if (rs_fields[field].size == 2)
		return (uint32_t)bytes[0] << 8 | bytes[1];
	return rs_fields[field].network ? ntohl(mark) : mark;
}

static void take_probe(const struct event *e, uint32_t id, const struct probe *p)
{
	uint32_t mark = number(e, NFTA_TRACE_MARK);
	struct sighting *g = p->kind == PROBE_BEGIN ? begin(e, id, p->hook) : find(id);

	if (!g)
		return;
	take_headers(e, &g->headers);
	switch (p->kind) {
	case PROBE_BEGIN:
		set_field(g, p->hook == CHAIN_EGRESS ? FIELD_META_MARK : FIELD_CT_STATE, mark);
		break;
	case PROBE_FIELD:
		set_field(g, p->field, decoded(p->field, mark));
		break;
	case PROBE_MARK_AFTER:
		g->has_mark_after = true;
		g->mark_after = mark;
		break;
	case PROBE_END:
		g->went_on = true;
		break;
	case PROBE_NONE:
		break;
	}
}

static int verdict_code(const struct event *e)
{
	const struct nlattr *a;

	if (number(e, NFTA_TRACE_TYPE) == NFT_TRACETYPE_POLICY)
		return (int)number(e, NFTA_TRACE_POLICY);
	if (!e->a[NFTA_TRACE_VERDICT])
		return NFT_CONTINUE;
	mnl_attr_for_each_nested(a, e->a[NFTA_TRACE_VERDICT]) if (mnl_attr_get_type(a) ==
								  NFTA_VERDICT_CODE) return (int)
		ntohl(mnl_attr_get_u32(a));
	return NFT_CONTINUE;
}

static bool has_stmt(const struct rs_rule *r, enum rs_kind kind)
{
	for (size_t i = 0; i < r->n_stmts; i++)
		if (r->stmts[i].kind == kind)
			return true;
	return false;
}

static bool counted(const struct scene *s, const struct sighting *g)
{
	return g->rule != RULE_NONE && has_stmt(&s->loaded->rules[g->rule], STMT_COUNT);
}

static void take_nat(struct scene *s, const struct event *e, struct sighting *g, size_t rule)
{
	g->nat_asked = true;
	take_headers(e, &g->nat_headers);
	if (rule == RULE_NONE)
		return;
	g->nat_rule = rule;
	s->hits[rule]++;
}

/* A rule of the wall that matched, or (RULE_NONE) the end of a base chain. */
static void take_rule(struct scene *s, const struct event *e, struct sighting *g, size_t rule)
{
	const struct rs_rule *r = rule == RULE_NONE ? NULL : &s->loaded->rules[rule];
	int code = verdict_code(e);
	bool refuses = r && (has_stmt(r, STMT_RESET) || has_stmt(r, STMT_PROHIBIT));

	take_headers(e, &g->headers);
	if (r)
		s->hits[rule]++;
	if (r && r->chain == CHAIN_ADMITTED) {
		g->admitted = number(e, NFTA_TRACE_MARK);
		return;
	}
	if (r && r->chain == CHAIN_REFUSE && code == NFT_GOTO)
		g->refusing = true;
	if (code == NF_ACCEPT)
		g->fate = FATE_ACCEPTED;
	else if (code == NF_DROP)
		g->fate = refuses ? FATE_REFUSED : FATE_DROPPED;
	else if (code != NFT_CONTINUE && code >= 0 && (code & NF_VERDICT_MASK) == NF_QUEUE)
		g->fate = FATE_QUEUED;
	if (refuses)
		g->reason = number(e, NFTA_TRACE_MARK);
	if ((r && has_stmt(r, STMT_COUNT)) ||
	    (!counted(s, g) && (code == NF_ACCEPT || code == NF_DROP || g->fate == FATE_QUEUED)))
		g->rule = rule;
}

static size_t rule_of(const struct scene *s, const struct event *e, enum rs_table table)
{
	uint64_t handle = e->a[NFTA_TRACE_RULE_HANDLE]
				  ? be64toh(mnl_attr_get_u64(e->a[NFTA_TRACE_RULE_HANDLE]))
				  : 0;

	return handle && handle < HANDLES_MAX ? s->rules[table][handle] : RULE_NONE;
}

static void take_event(struct scene *s, const struct event *e)
{
	uint32_t id = number(e, NFTA_TRACE_ID);
	const char *table = e->a[NFTA_TRACE_TABLE] ? mnl_attr_get_str(e->a[NFTA_TRACE_TABLE]) : "";
	const char *chain = e->a[NFTA_TRACE_CHAIN] ? mnl_attr_get_str(e->a[NFTA_TRACE_CHAIN]) : "";
	bool frames = e->family == NFPROTO_NETDEV;
	uint64_t handle;
	struct sighting *g;

	/* Without the second wall frames are nobody's business. */
	if (frames && !s->policy->egress.enable)
		return;
	if (strcmp(table, PROBE_TABLE) == 0 && e->a[NFTA_TRACE_RULE_HANDLE]) {
		handle = be64toh(mnl_attr_get_u64(e->a[NFTA_TRACE_RULE_HANDLE]));
		if (handle < HANDLES_MAX)
			take_probe(e, id,
				   frames ? &s->probes.netdev[handle] : &s->probes.inet[handle]);
		return;
	}
	if (strcmp(table, RULESET_TABLE) != 0 || !(g = find(id)))
		return;
	/* A link's chain has one rule, to the chain that judges. */
	if (frames && strncmp(chain, "link_", 5) == 0 && verdict_code(e) == NFT_GOTO) {
		take_headers(e, &g->headers);
		return;
	}
	if (strcmp(chain, rs_chain_name(CHAIN_NAT_OUTPUT)) == 0)
		take_nat(s, e, g, rule_of(s, e, TABLE_WALL));
	else if (strcmp(chain, rs_chain_name(CHAIN_NAT_POSTROUTING)) == 0)
		return;
	else if (strcmp(chain, rs_chain_name(CHAIN_ADMITTED)) != 0 ||
		 rule_of(s, e, TABLE_WALL) != RULE_NONE)
		take_rule(s, e, g, rule_of(s, e, frames ? TABLE_EGRESS : TABLE_WALL));
}

/* What became of it is known, and nothing more will be said of it. */
static bool whole(const struct sighting *g)
{
	/* Nobody listens to the queue. */
	return g->fate == FATE_DROPPED || g->fate == FATE_REFUSED || g->fate == FATE_QUEUED ||
	       (g->fate == FATE_ACCEPTED && (g->went_on || g->hook == CHAIN_EGRESS));
}

static void judge_all(struct scene *s)
{
	size_t kept = 0;

	for (size_t i = 0; i < n_open; i++) {
		if (whole(&open_sightings[i]))
			judge(s, &open_sightings[i]);
		else
			open_sightings[kept++] = open_sightings[i];
	}
	n_open = kept;
}

static int see_event(const struct nlmsghdr *h, void *userdata)
{
	const struct nfgenmsg *g = mnl_nlmsg_get_payload(h);
	struct event e = {.family = g->nfgen_family};
	const struct nlattr *a;

	if ((h->nlmsg_type & 0xff) != NFT_MSG_TRACE)
		return MNL_CB_OK;
	mnl_attr_for_each(a, h, sizeof(*g)) if (mnl_attr_get_type(a) <= NFTA_TRACE_MAX)
		e.a[mnl_attr_get_type(a)] = a;
	take_event(userdata, &e);
	return MNL_CB_OK;
}

int trace_read(struct scene *s)
{
	static char buf[BUFFER_SIZE] __attribute__((aligned(8)));

	for (;;) {
		ssize_t n = recv(s->trace, buf, sizeof(buf), MSG_DONTWAIT);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			break;
		if (n < 0) {
			complain("the kernel's trace was lost: %s", strerror(errno));
			return -1;
		}
		(void)mnl_cb_run(buf, (size_t)n, 0, 0, see_event, s);
		if (n_open > OPEN_MAX - 64)
			judge_all(s);
	}
	judge_all(s);
	return 0;
}

/*
 * Packets that the kernel's own NAT drops never come from there to the wall: an ICMP error that
 * conntrack has called RELATED, if its checksum or content is wrong; and a redirected packet for
 * which there is no route then, as from 127.0.0.1 by a socket that is bound to a link.
 */
static bool lost_in_nat(const struct sighting *g)
{
	const struct packet *p = &g->packet;
	uint32_t protocol = p->value[FIELD_L4PROTO];

	if (g->hook != CHAIN_OUTPUT || g->fate != FATE_NONE || !p->lacks[FIELD_FIB_DADDR_TYPE])
		return false;
	return g->nat_rule != RULE_NONE ||
	       (p->value[FIELD_CT_STATE] == RS_CT_RELATED &&
		(protocol == IPPROTO_ICMP || protocol == IPPROTO_ICMPV6));
}

size_t trace_pending(void)
{
	size_t n = 0;

	for (size_t i = 0; i < n_open; i++) {
		const struct sighting *g = &open_sightings[i];

		if (lost_in_nat(g))
			continue;
		n++;
		complain("nobody knows what became of a packet at %s: protocol %u, state %u, %s, "
			 "fate %d",
			 rs_chain_name(g->hook), g->packet.value[FIELD_L4PROTO],
			 g->packet.value[FIELD_CT_STATE],
			 g->packet.lacks[FIELD_FIB_DADDR_TYPE] ? "never at the wall"
							       : "was at the wall",
			 g->fate);
	}
	return n;
}

void trace_reset(void)
{
	n_open = 0;
}
