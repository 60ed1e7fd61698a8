/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A packet in words. */
#include "class.h"

#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <strings.h>

#define PROTOCOL_DCCP 33
#define PROTOCOL_GRE 47
#define PROTOCOL_SCTP 132
#define PROTOCOL_UDPLITE 136

bool protocol_has_ports(uint8_t protocol)
{
	return protocol == IPPROTO_TCP || protocol == IPPROTO_UDP || protocol == PROTOCOL_DCCP ||
	       protocol == PROTOCOL_SCTP || protocol == PROTOCOL_UDPLITE;
}

static const struct {
	uint8_t number;
	const char *name;
} protocols[] = {
	{IPPROTO_TCP, "TCP"},           {IPPROTO_UDP, "UDP"},    {IPPROTO_ICMP, "ICMP"},
	{IPPROTO_ICMPV6, "ICMPv6"},     {PROTOCOL_DCCP, "DCCP"}, {PROTOCOL_SCTP, "SCTP"},
	{PROTOCOL_UDPLITE, "UDP-Lite"}, {PROTOCOL_GRE, "GRE"},
};

const char *protocol_name(uint8_t protocol)
{
	for (size_t i = 0; i < ARRAY_SIZE(protocols); i++)
		if (protocols[i].number == protocol)
			return protocols[i].name;
	return NULL;
}

bool protocol_from_string(const char *text, uint8_t *ret)
{
	uint32_t number;

	for (size_t i = 0; i < ARRAY_SIZE(protocols); i++)
		if (strcasecmp(protocols[i].name, text) == 0) {
			*ret = protocols[i].number;
			return true;
		}
	if (parse_u32(text, UINT8_MAX, &number) < 0)
		return false;
	*ret = (uint8_t)number;
	return true;
}

struct words {
	char *buf;
	size_t size, used;
};

static _printf_(2, 3) void say(struct words *w, const char *format, ...)
{
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(w->buf + w->used, w->size - w->used, format, ap);
	va_end(ap);
	if (n > 0)
		w->used += (size_t)n < w->size - w->used ? (size_t)n : w->size - w->used - 1;
}

static void say_protocol(struct words *w, uint32_t protocol)
{
	const char *name = protocol_name((uint8_t)protocol);

	if (name)
		say(w, "%s", name);
	else
		say(w, "IP protocol %u", protocol);
}

static void say_end(struct words *w, const struct packet *p, const char *word,
		    enum rs_field address, enum rs_field port)
{
	uint32_t a = p->value[address];

	say(w, " %s %u.%u.%u.%u", word, a >> 24, a >> 16 & 0xff, a >> 8 & 0xff, a & 0xff);
	if (!p->lacks[port])
		say(w, ":%u", p->value[port]);
}

static void say_end6(struct words *w, const struct packet *p, const char *word,
		     enum rs_field address, enum rs_field port)
{
	if (p->value[address] == 1)
		say(w, " %s ::1", word);
	else
		say(w, " %s another IPv6 address", word);
	if (!p->lacks[port])
		say(w, ", port %u", p->value[port]);
}

static void say_owner(struct words *w, const struct packet *p)
{
	if (p->lacks[FIELD_SKUID])
		say(w, "without an owner, ");
	else
		say(w, "of uid %u, ", p->value[FIELD_SKUID]);
}

static void say_flow(struct words *w, const struct packet *p)
{
	static const struct {
		uint32_t state;
		const char *text;
	} states[] = {
		{1, "of no flow"},    {2, "of a running flow"}, {4, "about a flow"},
		{8, "of a new flow"}, {64, "untracked"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(states); i++)
		if (p->value[FIELD_CT_STATE] == states[i].state)
			say(w, ", %s", states[i].text);
	if (!p->lacks[FIELD_CT_DIRECTION] && p->value[FIELD_CT_DIRECTION] == RS_CT_REPLY)
		say(w, ", a reply");
	if (!p->lacks[FIELD_CT_MARK] && p->value[FIELD_CT_MARK])
		say(w, " with mark 0x%08x", p->value[FIELD_CT_MARK]);
}

/* By its name, if the packet has one that can be read. */
static void say_link(struct words *w, const struct packet *p, bool in)
{
	enum rs_field field = in ? FIELD_IIFNAME : FIELD_OIFNAME;
	char name[RS_LINK_CHARS + 1];

	if (p->value[in ? FIELD_IIF : FIELD_OIF] == RS_LOOPBACK_INDEX) {
		say(w, " through lo");
		return;
	}
	rs_link_name(&p->value[field], name);
	say(w, " through %s", *name && !p->lacks[field] ? name : "a link");
}

static void say_frame(struct words *w, const struct packet *p)
{
	say(w, "a frame ");
	say_owner(w, p);
	say(w, "sent as 0x%04x, type 0x%04x", p->value[FIELD_PROTOCOL], p->value[FIELD_ETHER_TYPE]);
	if (p->lacks[FIELD_RTCLASSID])
		say(w, ", without a route");
}

void packet_format(const struct packet *p, enum rs_chain chain, char *buf, size_t size)
{
	struct words w = {.buf = buf, .size = size};
	bool in = chain == CHAIN_INPUT, v6 = p->value[FIELD_NFPROTO] == RS_NFPROTO_IPV6;

	if (rs_chain_table(chain) == TABLE_EGRESS) {
		say_frame(&w, p);
		return;
	}
	say(&w, "a packet ");
	say_owner(&w, p);
	say_protocol(&w, p->value[FIELD_L4PROTO]);
	if (v6)
		say_end6(&w, p, in ? "from" : "to", in ? FIELD_IP6_SADDR : FIELD_IP6_DADDR,
			 in ? FIELD_TH_SPORT : FIELD_TH_DPORT);
	else
		say_end(&w, p, in ? "from" : "to", in ? FIELD_IP_SADDR : FIELD_IP_DADDR,
			in ? FIELD_TH_SPORT : FIELD_TH_DPORT);
	say_link(&w, p, in);
	say_flow(&w, p);
}
