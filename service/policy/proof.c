/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "proof.h"

#include "invariants.h"

#include <errno.h>
#include <stdio.h>

/* What every packet that begins on this machine has: net.ipv4.ip_default_ttl. */
#define LOCAL_TTL 64u
/* What docs/security.md promises of the netfilter log. */
#define REPORTS_A_SECOND 5u
#define REPORTS_AT_ONCE 10u
#define REPORTS6_A_SECOND 1u
#define REPORTS6_AT_ONCE 5u

struct proof {
	struct world world;
	struct terms terms;
	struct arena arena; /* of the terms */
	enum rs_chain chain;
	struct proof_finding *finding;
};

/* Packets of a flow in either direction, and those that conntrack does not know. */
enum flow { FLOW_ORIGINAL, FLOW_REPLY, FLOW_NONE, FLOW_N };

static void class_of_flow(struct arena *a, struct class *c, enum flow flow)
{
	static const uint8_t of_flows[] = {
		FIELD_CT_DIRECTION,      FIELD_CT_STATUS,         FIELD_CT_MARK,
		FIELD_CT_ORIGINAL_DADDR, FIELD_CT_ORIGINAL_DPORT,
	};
	static const struct range running[] = {{2, 2}, {4, 4}};
	static const struct range begun[] = {{2, 2}, {4, 4}, {8, 8}}, none[] = {{1, 1}, {64, 64}};
	static const struct range directions[] = {{RS_CT_ORIGINAL, RS_CT_ORIGINAL},
						  {RS_CT_REPLY, RS_CT_REPLY}};
	static const struct domain states[FLOW_N] = {
		[FLOW_ORIGINAL] = {begun, ARRAY_SIZE(begun), false},
		[FLOW_REPLY] = {running, ARRAY_SIZE(running), false},
		[FLOW_NONE] = {none, ARRAY_SIZE(none), false},
	};

	class_keep(a, c, FIELD_CT_STATE, &states[flow]);
	if (flow != FLOW_NONE) {
		c->fields[FIELD_CT_DIRECTION] = (struct domain){&directions[flow], 1, false};
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(of_flows); i++)
		c->fields[of_flows[i]] = (struct domain){.absent = true};
}

static unsigned bits_of(const struct policy *p, const struct outcome *o)
{
	static const unsigned verdicts[VERDICT_N] = {
		[VERDICT_ACCEPT] = ACCEPTED,
		[VERDICT_DROP] = DROPPED,
		[VERDICT_REFUSE] = REFUSED,
		/* It may be let go. */
		[VERDICT_QUEUE] = ACCEPTED | QUEUED,
	};

	return verdicts[o->verdict] | (o->marked ? MARKED : 0) |
	       (o->redirected ? REDIRECTED : UNDIRECTED) |
	       (o->redirected && o->port != p->automap.port ? NOT_TRANSPORT : 0) |
	       (o->redirected && o->port != p->dns.port ? NOT_DNSPORT : 0) |
	       (o->admitted ? 0 : BARRED) | (o->limited ? 0 : WITHIN_LIMITS) |
	       (o->marked ? 0 : PLAIN) | (o->reset ? BY_RESET : BY_ICMP) |
	       (o->logged ? REPORTED : UNREPORTED) | (o->checked ? 0 : UNCHECKED) |
	       (o->rate > REPORTS_A_SECOND || o->burst > REPORTS_AT_ONCE ? TOO_MANY : 0) |
	       (o->rate > REPORTS6_A_SECOND || o->burst > REPORTS6_AT_ONCE ? TOO_MANY6 : 0) |
	       (o->verdict == VERDICT_QUEUE ? 0 : STRAIGHT) | (o->spent ? 0 : UNSPENT) |
	       (o->masqueraded ? MASQUERADED : UNMASQUERADED) |
	       (o->ttl == LOCAL_TTL ? 0 : TTL_TELLS) | (o->carried ? 0 : UNCARRIED) |
	       (o->once == SET_SPENT ? 0 : NOT_BY_SPENT) |
	       (o->once == SET_ASKED ? 0 : NOT_BY_ASKED) |
	       (o->counter == COUNTER_NONE ? UNCOUNTED : 0) |
	       (o->reason == o->counter ? 0 : MISNAMED) | (o->rule == RULE_NONE ? ENDLESS : 0);
}

static bool row_applies(const struct proof *proof, const struct row *row, unsigned outcome,
			int counter)
{
	const struct policy *p = proof->terms.policy;
	unsigned verdicts = row->outcome & VERDICTS, others = row->outcome & ~VERDICTS;

	if (row->chain != proof->chain ||
	    (row->counter != COUNTER_NONE && row->counter != counter) ||
	    (verdicts && !(verdicts & outcome)) || (others & outcome) != others)
		return false;
	switch ((enum when)row->when) {
	case WITH_TOR:
		return p->tor.n > 0;
	case WITH_TOR_LOOPBACK:
		return p->tor.n > 0 && p->tor_may.loopback;
	case WITH_ON_LINK:
		return p->lan.on_link;
	case WITH_EGRESS:
		return p->egress.enable;
	case WITH_NAMESPACE_DOOR:
		return proof->terms.grants[GRANT_NAMESPACE_DOORS].n > 0;
	case WITHOUT_NAMESPACE_DOOR:
		return proof->terms.grants[GRANT_NAMESPACE_DOORS].n == 0;
	case ALWAYS:
		break;
	}
	return true;
}

static uint64_t kept_bit(enum rs_set set)
{
	return UINT64_C(1) << set;
}

/* Narrows the class to what the clause asks; false: nothing is left. */
static bool narrow(struct proof *proof, struct class *c, const struct clause *clause)
{
	static const struct domain lacking = {.absent = true};
	struct arena *a = &proof->world.arena;

	switch ((enum asks)clause->kind) {
	case ASKS_NOTHING:
		return true;
	case ASKS_IS:
		class_keep(a, c, clause->field, &proof->terms.terms[clause->operand]);
		break;
	case ASKS_NOT:
		class_drop(a, c, clause->field, &proof->terms.terms[clause->operand]);
		break;
	case ASKS_HAS:
		c->fields[clause->field].absent = false;
		break;
	case ASKS_LACKS:
		class_keep(a, c, clause->field, &lacking);
		break;
	case ASKS_GRANTED:
	case ASKS_UNGRANTED:
		class_relate(c, &proof->terms.relations[clause->operand],
			     clause->kind == ASKS_GRANTED);
		return true;
	case ASKS_IN:
		c->in |= kept_bit(clause->operand);
		return !(c->in & c->not_in);
	case ASKS_UNLESS:
		c->not_in |= kept_bit(clause->operand);
		return !(c->in & c->not_in);
	}
	return !domain_empty(&c->fields[clause->field]);
}

/* Is there a packet of the class that the row says there must not be? */
static bool breaks(struct proof *proof, const struct row *row, const struct class *c,
		   struct packet *ret)
{
	struct class bad = *c;

	for (size_t i = 0; i < CLAUSES_MAX; i++)
		if (!narrow(proof, &bad, &row->clauses[i]))
			return false;
	return class_example(&proof->world.arena, &bad, ret);
}

static int look_at(const struct class *c, const struct outcome *o, void *userdata)
{
	struct proof *proof = userdata;
	struct proof_finding *f = proof->finding;
	unsigned outcome = bits_of(proof->terms.policy, o);

	for (size_t i = 0; i < n_invariant_rows; i++) {
		const struct row *row = &invariant_rows[i];
		struct arena_mark mark = arena_mark(&proof->world.arena);
		bool found = row_applies(proof, row, outcome, o->counter) &&
			     breaks(proof, row, c, &f->packet);

		arena_release(&proof->world.arena, mark);
		if (!found)
			continue;
		f->number = row->number;
		f->sentence = invariant_sentence(row->number);
		f->chain = proof->chain;
		f->outcome = *o;
		rule_name(proof->world.ruleset, o->rule, f->rule, sizeof(f->rule));
		return 1;
	}
	return 0;
}

/* Conntrack knows no flow of a packet that is too short for its protocol, or a later fragment. */
static void class_of_protocol(struct proof *proof, struct class *c, bool with_ports)
{
	static const uint8_t header[] = {FIELD_TH_SPORT, FIELD_TH_DPORT, FIELD_TCP_FLAGS};
	const struct domain *protocols = &proof->terms.terms[TERM_WITH_PORTS];

	if (!with_ports) {
		class_drop(&proof->world.arena, c, FIELD_L4PROTO, protocols);
		return;
	}
	class_keep(&proof->world.arena, c, FIELD_L4PROTO, protocols);
	for (size_t i = 0; i < ARRAY_SIZE(header); i++)
		c->fields[header[i]].absent = false;
}

/* Of IPv4 the protocol is always known. */
static void class_of_family(struct proof *proof, struct class *c, bool ipv6)
{
	class_keep(&proof->world.arena, c, FIELD_NFPROTO,
		   &proof->terms.terms[ipv6 ? TERM_V6 : TERM_V4]);
	if (!ipv6)
		c->fields[FIELD_L4PROTO].absent = false;
}

static int prove_flow(struct proof *proof, enum flow flow, bool ipv6, bool with_ports)
{
	struct arena *a = &proof->world.arena;
	struct arena_mark mark = arena_mark(a);
	struct class c;
	int r;

	class_all(&c);
	class_of_family(proof, &c, ipv6);
	class_of_flow(a, &c, flow);
	if (flow != FLOW_NONE)
		class_of_protocol(proof, &c, with_ports);
	r = verdict_follow(&proof->world, proof->chain, &c, look_at, proof);
	arena_release(a, mark);
	return r;
}

static int prove_family(struct proof *proof, bool ipv6)
{
	int r = 0;

	for (enum flow flow = 0; flow < FLOW_N && r == 0; flow++) {
		r = prove_flow(proof, flow, ipv6, true);
		if (r == 0 && flow != FLOW_NONE)
			r = prove_flow(proof, flow, ipv6, false);
	}
	return r;
}

static int prove_chain(struct proof *proof, enum rs_chain chain, bool flows)
{
	struct class c;
	int r;

	proof->chain = chain;
	if (!flows) {
		class_all(&c);
		return verdict_follow(&proof->world, chain, &c, look_at, proof);
	}
	r = prove_family(proof, false);
	return r == 0 ? prove_family(proof, true) : r;
}

static int prove(struct proof *proof)
{
	static const struct {
		enum rs_chain chain;
		bool flows; /* conntrack has seen its packets */
	} chains[] = {
		{CHAIN_OUTPUT, true},   {CHAIN_INPUT, true},   {CHAIN_FORWARD, true},
		{CHAIN_ADMITTED, true}, {CHAIN_EGRESS, false}, {CHAIN_EGRESS_BARE, false},
	};
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(chains) && r == 0; i++)
		r = prove_chain(proof, chains[i].chain, chains[i].flows);
	return r;
}

/* The kernel asks these chains about a flow's first packet only. */
static int prove_nat(struct proof *proof, enum rs_chain chain)
{
	struct arena *a = &proof->world.arena;
	int r = 0;

	proof->chain = chain;
	for (int ipv6 = 0; ipv6 < 2 && r == 0; ipv6++) {
		struct arena_mark mark = arena_mark(a);
		struct class c;

		class_all(&c);
		class_of_family(proof, &c, ipv6);
		class_keep(a, &c, FIELD_CT_STATE, &proof->terms.terms[TERM_NEW]);
		r = verdict_follow(&proof->world, chain, &c, look_at, proof);
		arena_release(a, mark);
	}
	return r;
}

int proof_run(const struct policy *p, const struct ruleset *r, struct proof_finding *ret)
{
	struct proof proof = {.finding = ret};
	int result;

	*ret = (struct proof_finding){0};
	result = world_init(&proof.world, r, NULL);
	if (result < 0)
		return result;
	result = terms_init(&proof.terms, &proof.arena, p);
	if (result == 0)
		result = prove(&proof);
	if (result == 0)
		result = prove_nat(&proof, CHAIN_NAT_OUTPUT);
	if (result == 0)
		result = prove_nat(&proof, CHAIN_NAT_POSTROUTING);
	terms_clear(&proof.terms);
	arena_clear(&proof.arena);
	world_clear(&proof.world);
	return result;
}

const char *proof_sentence(unsigned number)
{
	return invariant_sentence(number);
}

void proof_describe(const struct policy *p, const struct proof_finding *f, char *buf, size_t size)
{
	char packet[200], origin[200];

	packet_format(&f->packet, f->chain, packet, sizeof(packet));
	policy_format_origin(p, f->outcome.origin, origin, sizeof(origin));
	(void)snprintf(buf, size, "invariant %u does not hold: %s; but %s: %s%s by %s (%s)",
		       f->number, f->sentence, packet, verdict_to_string(f->outcome.verdict),
		       f->outcome.redirected ? " and redirected" : "", f->rule, origin);
}
