/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel did beside what the evaluator says. */
#include "agree.h"

#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>

#define COMPLAINTS_MAX 8
#define FRAGMENT_OFFSET 0x1fff
#define OTHER_ADDRESS6 UINT32_MAX /* any but those below 2^32 */

struct tally tally;

static const enum verdict verdicts[] = {
	[FATE_ACCEPTED] = VERDICT_ACCEPT,
	[FATE_DROPPED] = VERDICT_DROP,
	[FATE_REFUSED] = VERDICT_REFUSE,
	[FATE_QUEUED] = VERDICT_QUEUE,
};

void complain(const char *format, ...)
{
	static unsigned complaints;
	va_list ap;

	if (complaints++ >= COMPLAINTS_MAX)
		return;
	va_start(ap, format);
	(void)printf("# ");
	(void)vprintf(format, ap);
	(void)printf("\n");
	va_end(ap);
	(void)fflush(stdout);
}

static uint32_t word_at(const uint8_t *bytes)
{
	return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 |
	       bytes[3];
}

static void set(struct packet *p, enum rs_field field, uint32_t v)
{
	p->value[field] = v;
	p->lacks[field] = false;
}

/* Bytes of the network header, whatever it is: as a rule that does not ask would read them. */
static void set_from(struct packet *p, const struct headers *h, enum rs_field field, size_t offset)
{
	size_t size = rs_fields[field].size;
	const uint8_t *at = h->network + offset;

	if (offset + size > h->n_network)
		return;
	if (size == 16)
		set(p, field,
		    word_at(at) || word_at(at + 4) || word_at(at + 8) ? OTHER_ADDRESS6
								      : word_at(at + 12));
	else
		set(p, field,
		    size == 4   ? word_at(at)
		    : size == 2 ? (uint32_t)at[0] << 8 | at[1]
				: at[0]);
}

static void addresses(struct packet *p, const struct headers *h, bool frame)
{
	set_from(p, h, FIELD_IP_START, 0);
	set_from(p, h, FIELD_IP_SADDR, 12);
	set_from(p, h, FIELD_IP_DADDR, 16);
	set_from(p, h, FIELD_IP6_SADDR, 8);
	set_from(p, h, FIELD_IP6_DADDR, 24);
	if (!frame)
		return;
	set_from(p, h, FIELD_ARP_HTYPE, 0);
	set_from(p, h, FIELD_ARP_PTYPE, 2);
	set_from(p, h, FIELD_ARP_HLEN, 4);
	set_from(p, h, FIELD_ARP_PLEN, 5);
	set_from(p, h, FIELD_ARP_OPERATION, 6);
}

static void describe(const struct sighting *g, const struct packet *p, char *buf, size_t size)
{
	size_t used;

	packet_format(p, g->hook, buf, size);
	used = strlen(buf);
	for (size_t i = 1; i < FIELD_N && used < size; i++) {
		int n;

		if (p->lacks[i])
			continue;
		n = snprintf(buf + used, size - used, "; %s 0x%x",
			     rs_fields[i].text ? rs_fields[i].text : "..", p->value[i]);
		used += n > 0 ? (size_t)n : 0;
	}
}

static void disagree(const struct sighting *g, const struct packet *p, const char *what,
		     const char *kernel, const char *evaluator)
{
	char text[1024];

	tally.disagreements++;
	describe(g, p, text, sizeof(text));
	complain("%s: the kernel: %s; the evaluator: %s; %s: %s", what, kernel, evaluator,
		 rs_chain_name(g->hook), text);
}

/* Every part that a class of one packet is split into, for limits, must end alike. */
struct prediction {
	struct outcome o;
	uint32_t mark;
	size_t n;
	bool differs;
};

static int take(const struct class *c, const struct outcome *o, void *userdata)
{
	struct prediction *p = userdata;
	const struct domain *mark = &c->fields[CLASS_NEW_MARK];

	if (p->n++ && (p->o.verdict != o->verdict || p->o.rule != o->rule))
		p->differs = true;
	p->o = *o;
	if (o->marked)
		p->mark = domain_single(mark) ? mark->items[0].first : UINT32_MAX;
	return 0;
}

/* Both ways in which the evaluator is asked: of one packet, and of a class. */
static struct prediction predict(struct world *w, enum rs_chain chain, const struct packet *p)
{
	struct arena_mark mark = arena_mark(&w->arena);
	struct prediction ret = {0};
	struct outcome o = {0};
	struct class c;

	class_of(&w->arena, &c, p);
	if (verdict_follow(w, chain, &c, take, &ret) < 0 || verdict_of(w, chain, p, &o) < 0)
		ret.differs = true;
	arena_release(&w->arena, mark);
	/* A second wall's rule that passes a few packets a second passed this one. */
	if (o.checked && o.counter == COUNTER_EGRESS_DHCP)
		ret.differs = false;
	else if (o.verdict != ret.o.verdict || o.rule != ret.o.rule || o.counter != ret.o.counter ||
		 (o.marked && o.mark != ret.mark))
		ret.differs = true;
	ret.o = o;
	return ret;
}

static const char *verdict_name(enum fate fate)
{
	return fate == FATE_NONE ? "nothing" : verdict_to_string(verdicts[fate]);
}

static bool same_outcome(const struct sighting *g, const struct prediction *e, size_t rule)
{
	return !e->differs && g->fate != FATE_NONE && verdicts[g->fate] == e->o.verdict &&
	       rule == e->o.rule;
}

/* The mark that the flow has behind the wall; without a flow there is none. */
static uint32_t mark_behind(const struct sighting *g, const struct prediction *e)
{
	return e->o.marked ? e->mark : g->packet.value[FIELD_CT_MARK];
}

static bool same_mark(const struct sighting *g, const struct prediction *e)
{
	if (!g->went_on || g->packet.lacks[FIELD_CT_MARK])
		return true;
	return g->has_mark_after && g->mark_after == mark_behind(g, e);
}

/* A refused packet's mark says why, to whoever reads the report. */
static bool same_reason(const struct ruleset *r, const struct sighting *g,
			const struct prediction *e)
{
	const struct rs_rule *rule = e->o.rule == RULE_NONE ? NULL : &r->rules[e->o.rule];

	for (size_t i = 0; rule && g->fate == FATE_REFUSED && i < rule->n_stmts; i++)
		if (rule->stmts[i].kind == STMT_REASON)
			return g->reason == rule->stmts[i].object;
	return true;
}

static bool about(const struct packet *p, const struct packet *refused)
{
	return p->value[FIELD_CT_STATE] == RS_CT_RELATED && !refused->lacks[FIELD_CT_MARK] &&
	       p->value[FIELD_CT_ORIGINAL_DADDR] == refused->value[FIELD_CT_ORIGINAL_DADDR] &&
	       p->value[FIELD_CT_ORIGINAL_DPORT] == refused->value[FIELD_CT_ORIGINAL_DPORT];
}

/*
 * The RST or ICMP error that refuses a packet is sent before the packet's way ends, and is of its
 * flow: its conntrack mark is what the refused packet's has become.
 */
static void judge_refusal(const struct sighting *g, const struct prediction *e)
{
	static struct packet refused;
	static uint32_t id, mark;

	if (g->cause && g->cause == id && about(&g->packet, &refused)) {
		tally.refusals++;
		if (g->packet.value[FIELD_CT_MARK] != mark)
			disagree(g, &g->packet, "the mark of a refused flow", "as here",
				 "another one");
	}
	if (g->fate != FATE_REFUSED)
		return;
	id = g->id;
	refused = g->packet;
	mark = mark_behind(g, e);
}

static void judge_loaded(struct scene *s, const struct sighting *g, const struct prediction *e)
{
	char kernel[160], evaluator[160], rule[64];

	if (same_outcome(g, e, g->rule) && same_mark(g, e) && same_reason(s->loaded, g, e))
		return;
	rule_name(s->loaded, g->rule, rule, sizeof(rule));
	(void)snprintf(kernel, sizeof(kernel), "%s by %s, mark 0x%x, reason %u",
		       verdict_name(g->fate), rule, g->mark_after, g->reason);
	rule_name(s->loaded, e->o.rule, rule, sizeof(rule));
	(void)snprintf(evaluator, sizeof(evaluator), "%s by %s, mark 0x%x, counter %d%s",
		       verdict_to_string(e->o.verdict), rule, mark_behind(g, e), e->o.counter,
		       e->differs ? ", two ways" : "");
	disagree(g, &g->packet, "a packet", kernel, evaluator);
}

/* Whether it makes a difference to anybody that the rules are others. */
static bool differs(const struct scene *s, const struct sighting *g, const struct prediction *e,
		    const struct prediction *o)
{
	size_t rule = e->o.rule == RULE_NONE ? RULE_NONE : s->same[e->o.rule];

	return e->o.verdict != o->o.verdict || rule != o->o.rule || e->o.counter != o->o.counter ||
	       (g->went_on && !g->packet.lacks[FIELD_CT_MARK] &&
		mark_behind(g, e) != mark_behind(g, o));
}

/* The mutant against the original: what the evaluators say, and what the kernel did. */
static void judge_mutant(struct scene *s, const struct sighting *g, const struct prediction *e)
{
	struct prediction o = predict(&s->original, g->hook, &g->packet);
	size_t got = g->rule == RULE_NONE ? RULE_NONE : s->same[g->rule];

	if (o.o.counter != COUNTER_NONE)
		tally.originally[o.o.counter]++;
	tally.differences += differs(s, g, e, &o);
	if (!same_outcome(g, &o, got) || !same_mark(g, &o) || !same_reason(s->ruleset, g, &o))
		tally.caught++;
}

/* The packet as it was before a redirect. */
static struct packet before_nat(const struct sighting *g)
{
	const struct headers *h = &g->nat_headers;
	struct packet p = g->packet;

	addresses(&p, h, false);
	if (h->n_transport >= 4)
		set(&p, FIELD_TH_DPORT, (uint32_t)h->transport[2] << 8 | h->transport[3]);
	p.value[FIELD_CT_STATUS] &= ~RS_CT_STATUS_DNAT;
	return p;
}

/* Where a packet goes on to: its port, the same as before without a redirect. */
static uint32_t port_behind(const struct packet *p, const struct outcome *nat)
{
	return nat->redirected ? nat->port : p->value[FIELD_TH_DPORT];
}

static void judge_nat_mutant(struct scene *s, const struct sighting *g, const struct packet *before,
			     const struct outcome *nat)
{
	struct outcome o;

	if (verdict_of(&s->original, CHAIN_NAT_OUTPUT, before, &o) < 0)
		return;
	tally.differences += port_behind(before, nat) != port_behind(before, &o) ||
			     nat->redirected != o.redirected;
	tally.caught += g->packet.value[FIELD_TH_DPORT] != port_behind(before, &o) ||
			(g->nat_rule != RULE_NONE) != o.redirected;
}

/* What redirects, before; and both one after the other, as for an administrator's question. */
static void judge_nat(struct scene *s, const struct sighting *g, const struct prediction *wall)
{
	struct packet before = before_nat(g);
	struct outcome nat, whole;
	char kernel[64], evaluator[64];
	size_t rule;

	if (!g->nat_asked || verdict_of(&s->actual, CHAIN_NAT_OUTPUT, &before, &nat) < 0)
		return;
	tally.nat++;
	tally.redirects += nat.redirected;
	judge_nat_mutant(s, g, &before, &nat);
	rule = nat.redirected ? nat.rule : RULE_NONE;
	if (rule != g->nat_rule) {
		rule_name(s->loaded, g->nat_rule, kernel, sizeof(kernel));
		rule_name(s->loaded, rule, evaluator, sizeof(evaluator));
		disagree(g, &before, "a redirect", kernel, evaluator);
	}
	if (verdict_output(&s->actual, &before, &whole) < 0 || whole.verdict != wall->o.verdict ||
	    whole.counter != wall->o.counter ||
	    before.value[FIELD_TH_DPORT] != g->packet.value[FIELD_TH_DPORT] ||
	    before.value[FIELD_IP_DADDR] != g->packet.value[FIELD_IP_DADDR])
		disagree(g, &g->packet, "a redirect, and then the wall", verdict_name(g->fate),
			 verdict_to_string(whole.verdict));
}

static void count(const struct sighting *g, const struct prediction *e)
{
	tally.packets++;
	tally.by_hook[g->hook]++;
	tally.by_verdict[e->o.verdict]++;
	tally.marks += e->o.marked;
	tally.frames += rs_chain_table(g->hook) == TABLE_EGRESS && g->fate == FATE_ACCEPTED;
	if (e->o.counter != COUNTER_NONE) {
		tally.by_counter[e->o.counter]++;
		tally.predicted[e->o.counter]++;
	}
}

void judge(struct scene *s, const struct sighting *seen)
{
	struct sighting g = *seen;
	bool frame = g.hook == CHAIN_EGRESS;
	struct prediction e;

	addresses(&g.packet, &g.headers, frame);
	if (frame && s->bare && g.packet.value[FIELD_OIF] == LINK_INDEX + 1)
		g.hook = CHAIN_EGRESS_BARE;
	e = predict(&s->actual, g.hook, &g.packet);
	judge_loaded(s, &g, &e);
	judge_mutant(s, &g, &e);
	judge_refusal(&g, &e);
	if (g.hook == CHAIN_OUTPUT)
		judge_nat(s, &g, &e);
	if (g.hook == CHAIN_OUTPUT && g.fate == FATE_ACCEPTED && s->policy->egress.enable &&
	    g.admitted != TOKEN)
		disagree(&g, &g.packet, "the second wall's mark", "none", "the token");
	count(&g, &e);
	if (e.o.once != ONCE_NONE && scene_once(s, (enum rs_set)e.o.once, mark_behind(&g, &e),
						g.packet.value[FIELD_IP_DADDR]) < 0)
		tally.disagreements++;
}

void judge_counters(struct scene *s)
{
	for (size_t i = 0; i < COUNTER_N; i++) {
		tally.caught += s->counters[i] != tally.originally[i];
		if (s->counters[i] != tally.predicted[i]) {
			tally.disagreements++;
			complain("counter %s: the kernel: %llu; the evaluator: %llu",
				 rs_counter_name(i), (unsigned long long)s->counters[i],
				 (unsigned long long)tally.predicted[i]);
		}
	}
}
