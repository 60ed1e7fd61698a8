/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The constant tables of ruleset.h: names, fields, sets, hooks. */
#include "ruleset.h"

const struct rs_field_info rs_fields[FIELD_N] = {
	[FIELD_IIF] = {"iif", 4, false, NULL, 0},
	[FIELD_OIF] = {"oif", 4, false, NULL, 0},
	[FIELD_IIFNAME] = {"iifname", 4, true, "ifname", 41},
	[FIELD_IIFNAME_2] = {NULL, 4, true, NULL, 0},
	[FIELD_IIFNAME_3] = {NULL, 4, true, NULL, 0},
	[FIELD_IIFNAME_4] = {NULL, 4, true, NULL, 0},
	[FIELD_OIFNAME] = {"oifname", 4, true, "ifname", 41},
	[FIELD_OIFNAME_2] = {NULL, 4, true, NULL, 0},
	[FIELD_OIFNAME_3] = {NULL, 4, true, NULL, 0},
	[FIELD_OIFNAME_4] = {NULL, 4, true, NULL, 0},
	[FIELD_NFPROTO] = {"meta nfproto", 1, false, NULL, 0},
	[FIELD_L4PROTO] = {"meta l4proto", 1, false, "inet_proto", 12},
	[FIELD_SKUID] = {"meta skuid", 4, false, "uid", 24},
	[FIELD_FIB_DADDR_TYPE] = {"fib daddr type", 4, false, NULL, 0},
	[FIELD_CT_STATE] = {"ct state", 4, false, NULL, 0},
	[FIELD_CT_DIRECTION] = {"ct direction", 1, false, NULL, 0},
	[FIELD_CT_STATUS] = {"ct status", 4, false, NULL, 0},
	[FIELD_CT_MARK] = {"ct mark", 4, false, "mark", 19},
	[FIELD_CT_ORIGINAL_DADDR] = {"ct original ip daddr", 4, true, NULL, 0},
	[FIELD_CT_ORIGINAL_DPORT] = {"ct original proto-dst", 2, true, NULL, 0},
	[FIELD_IP_START] = {"@nh,0,8", 1, false, NULL, 0},
	[FIELD_IP_SADDR] = {"ip saddr", 4, true, "ipv4_addr", 7},
	[FIELD_IP_DADDR] = {"ip daddr", 4, true, "ipv4_addr", 7},
	[FIELD_IP6_SADDR] = {"ip6 saddr", 16, true, NULL, 0},
	[FIELD_IP6_DADDR] = {"ip6 daddr", 16, true, NULL, 0},
	[FIELD_TH_SPORT] = {"th sport", 2, true, "inet_service", 13},
	[FIELD_TH_DPORT] = {"th dport", 2, true, "inet_service", 13},
	[FIELD_TCP_FLAGS] = {"tcp flags", 1, false, NULL, 0},
	[FIELD_PROTOCOL] = {"meta protocol", 2, true, NULL, 0},
	[FIELD_ETHER_TYPE] = {"ether type", 2, true, NULL, 0},
	[FIELD_META_MARK] = {"meta mark", 4, false, "mark", 19},
	[FIELD_RTCLASSID] = {"meta rtclassid", 4, false, NULL, 0},
	[FIELD_ARP_HTYPE] = {"arp htype", 2, true, NULL, 0},
	[FIELD_ARP_PTYPE] = {"arp ptype", 2, true, NULL, 0},
	[FIELD_ARP_HLEN] = {"arp hlen", 1, false, NULL, 0},
	[FIELD_ARP_PLEN] = {"arp plen", 1, false, NULL, 0},
	[FIELD_ARP_OPERATION] = {"arp operation", 2, true, "arp_op", 11},
};

static const char *const tables[TABLE_N] = {
	[TABLE_WALL] = "inet " RULESET_TABLE,
	[TABLE_EGRESS] = "netdev " RULESET_TABLE,
};

static const char *const chains[CHAIN_N] = {
#define X(NAME, name) [CHAIN_##NAME] = (name),
	RS_CHAINS(X)
#undef X
};

/*
 * Priorities: NF_IP_PRI_NAT_DST, _NAT_SRC, NF_IP_PRI_FILTER and NF_IP_PRI_LAST of
 * linux/netfilter_ipv4.h. What comes to the last has been let through by all before it.
 */
static const struct rs_base bases[] = {
	[CHAIN_NAT_OUTPUT] = {"nat", 3, -100, false},
	[CHAIN_NAT_POSTROUTING] = {"nat", 4, 100, false},
	[CHAIN_OUTPUT] = {"filter", 3, 0, true},
	[CHAIN_INPUT] = {"filter", 1, 0, true},
	[CHAIN_FORWARD] = {"filter", 2, 0, true},
	[CHAIN_ADMITTED] = {"filter", 3, INT32_MAX, false},
};

static const struct {
	const char *name, *what;
} counters[COUNTER_N] = {
#define X(NAME, name, what) [COUNTER_##NAME] = {name, what},
	RS_COUNTERS(X)
#undef X
};

static const struct rs_set_info sets[SET_N] = {
#define X(NAME, text, set_flags, set_data, ...)  \
	[SET_##NAME] = {.name = (text),          \
			.flags = (set_flags),    \
			.data = (set_data),      \
			.fields = {__VA_ARGS__}, \
			.n_fields = ARRAY_SIZE(((const uint8_t[]){__VA_ARGS__}))},
	RS_SETS(X)
#undef X
};

void rs_link_words(const char *name, uint32_t ret[RS_LINK_WORDS])
{
	size_t n = strlen(name);

	for (size_t i = 0; i < RS_LINK_WORDS; i++) {
		ret[i] = 0;
		for (size_t k = 4 * i; k < 4 * i + 4; k++)
			ret[i] = ret[i] << 8 | (k < n ? (unsigned char)name[k] : 0);
	}
}

void rs_link_name(const uint32_t words[RS_LINK_WORDS], char ret[RS_LINK_CHARS + 1])
{
	for (size_t i = 0; i < RS_LINK_CHARS; i++)
		ret[i] = (char)(words[i / 4] >> (24 - 8 * (i % 4)));
	ret[RS_LINK_CHARS] = '\0';
	clean_text(ret);
}

const char *rs_table_name(enum rs_table t)
{
	return tables[t];
}

enum rs_table rs_chain_table(enum rs_chain c)
{
	return c < CHAIN_EGRESS ? TABLE_WALL : TABLE_EGRESS;
}

enum rs_table rs_counter_table(enum rs_counter c)
{
	return c < COUNTER_EGRESS_FORGED ? TABLE_WALL : TABLE_EGRESS;
}

enum rs_table rs_set_table(enum rs_set s)
{
	return s < SET_ADMITTED ? TABLE_WALL : TABLE_EGRESS;
}

const char *rs_chain_name(enum rs_chain c)
{
	return chains[c];
}

const struct rs_base *rs_chain_base(enum rs_chain c)
{
	return c < ARRAY_SIZE(bases) ? &bases[c] : NULL;
}

const char *rs_counter_name(enum rs_counter c)
{
	return counters[c].name;
}

const char *rs_counter_what(enum rs_counter c)
{
	return counters[c].what;
}

const struct rs_set_info *rs_set_info(enum rs_set s)
{
	return &sets[s];
}
