/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The second wall: which frames leave by a link. */
#include "rules.h"

#include <arpa/inet.h>

#define DHCP_SERVER_PORT 67u
#define DHCP_CLIENT_PORT 68u
#define BROADCAST_ADDR 0xffffffffu
/* linux/if_ether.h, linux/if_arp.h */
#define ETHER_IPV4 0x0800u
#define ETHER_ARP 0x0806u
#define ETHER_IPV6 0x86ddu
#define ETHER_EAPOL 0x888eu
#define ARP_ETHERNET 1u
#define ROOT 0u

/* What the egress chains do with the rest. */
static void egress_rest(struct ruleset *r, enum rs_chain chain)
{
	static const struct {
		uint32_t protocol;
		enum rs_counter counter;
	} classes[] = {
		{ETHER_IPV4, COUNTER_EGRESS_IPV4},
		{ETHER_IPV6, COUNTER_EGRESS_IPV6},
		{ETHER_ARP, COUNTER_EGRESS_ARP},
	};
	const struct rs_stmt other[] = {COUNT(EGRESS_OTHER), DROP};
	struct origin none = {0};

	for (size_t i = 0; i < ARRAY_SIZE(classes); i++) {
		const struct rs_stmt stmts[] = {
			IS(PROTOCOL, classes[i].protocol),
			S(.kind = STMT_COUNT, .object = (uint8_t)classes[i].counter),
			DROP,
		};

		ruleset_add(r, chain, none, stmts, ARRAY_SIZE(stmts));
	}
	ruleset_add(r, chain, none, other, ARRAY_SIZE(other));
}

/*
 * The second wall. Whoever may use a packet socket can set a mark as well, and lie about what its
 * frame is; but such a frame has no route. Root's DHCP and EAPOL come from packet sockets, too.
 */
void chains_egress(struct ruleset *r, const struct policy *p)
{
	struct origin o = p->egress.enable_at;

	if (!p->egress.enable)
		return;
	RULE_FROM(r, ADMITTED, o, S(.kind = STMT_ADMIT));

	RULE_FROM(r, EGRESS, o, IS(PROTOCOL, ETHER_IPV4), IS(ETHER_TYPE, ETHER_IPV4),
		  IN(ADMITTED, FIELD_META_MARK), IS(RTCLASSID, 0), ACCEPT);
	RULE(r, EGRESS, IS(PROTOCOL, ETHER_IPV4), IN(ADMITTED, FIELD_META_MARK),
	     COUNT(EGRESS_FORGED), DROP);
	RULE(r, EGRESS, IS(PROTOCOL, ETHER_ARP), IS(ETHER_TYPE, ETHER_ARP),
	     IS(ARP_HTYPE, ARP_ETHERNET), IS(ARP_PTYPE, ETHER_IPV4), IS(ARP_HLEN, 6),
	     IS(ARP_PLEN, 4), IN(ARP_OPERATIONS, FIELD_ARP_OPERATION), ACCEPT);
	RULE(r, EGRESS, IS(PROTOCOL, ETHER_EAPOL), IS(ETHER_TYPE, ETHER_EAPOL), IS(SKUID, ROOT),
	     COUNT(EGRESS_EAPOL), ACCEPT);
	RULE(r, EGRESS, IS(PROTOCOL, ETHER_IPV4), IS(ETHER_TYPE, ETHER_IPV4), IS(SKUID, ROOT),
	     IS(IP_SADDR, 0), IS(IP_DADDR, BROADCAST_ADDR), IS(L4PROTO, IPPROTO_UDP),
	     IS(TH_SPORT, DHCP_CLIENT_PORT), IS(TH_DPORT, DHCP_SERVER_PORT),
	     S(.kind = STMT_LIMIT, .value = 10, .mask = 10), COUNT(EGRESS_DHCP), ACCEPT);
	egress_rest(r, CHAIN_EGRESS);

	/* A link without frames (a tunnel): what is sent there is the bare packet. */
	RULE_FROM(r, EGRESS_BARE, o, IS(PROTOCOL, ETHER_IPV4), IN(ADMITTED, FIELD_META_MARK),
		  IS(RTCLASSID, 0), ACCEPT);
	RULE(r, EGRESS_BARE, IS(PROTOCOL, ETHER_IPV4), IN(ADMITTED, FIELD_META_MARK),
	     COUNT(EGRESS_FORGED), DROP);
	egress_rest(r, CHAIN_EGRESS_BARE);
}
