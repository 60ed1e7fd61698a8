/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verdict.h"

#include <errno.h>
#include <stdio.h>

#define LOOPBACK_ADDR 0x7f000001u
/* The kernel refuses loops; what was read back is followed no further than that all the same. */
#define DEPTH_MAX 64

const char *verdict_to_string(enum verdict v)
{
	static const char *const names[VERDICT_N] = {
		[VERDICT_ACCEPT] = "accepted",
		[VERDICT_DROP] = "dropped",
		[VERDICT_REFUSE] = "refused",
		[VERDICT_QUEUE] = "held back",
	};

	return names[v];
}

/* The ranges of a set with one field. */
static struct domain domain_of(struct arena *a, const struct rs_elements *v)
{
	struct range *items = arena_ranges(a, v->n);

	if (!items)
		return (struct domain){0};
	for (size_t i = 0; i < v->n; i++)
		items[i] = (struct range){v->items[i].key[0], v->items[i].end[0]};
	return domain_from(items, v->n);
}

static void chains_init(struct world *w)
{
	size_t last[CHAIN_N];

	for (size_t i = 0; i < CHAIN_N; i++)
		w->first[i] = last[i] = RULE_NONE;
	for (size_t i = 0; i < w->ruleset->n_rules; i++) {
		enum rs_chain chain = w->ruleset->rules[i].chain;

		w->next[i] = RULE_NONE;
		if (last[chain] == RULE_NONE)
			w->first[chain] = i;
		else
			w->next[last[chain]] = i;
		last[chain] = i;
	}
}

int world_init(struct world *w, const struct ruleset *r, const struct rs_elements *kept)
{
	*w = (struct world){.ruleset = r};
	w->next = calloc(r->n_rules + 1, sizeof(*w->next));
	if (!w->next)
		return -ENOMEM;
	chains_init(w);
	for (size_t i = 0; i < SET_N; i++) {
		const struct rs_set_info *info = rs_set_info(i);
		bool changes = info->flags & RS_KEPT;
		const struct rs_elements *v = changes && kept ? &kept[i] : &r->elements[i];

		w->known[i] = !changes || kept;
		w->relations[i] = relation_of(v, info->fields, info->n_fields);
		if (info->n_fields == 1)
			w->domains[i] = domain_of(&w->arena, v);
	}
	if (!w->arena.out_of_memory)
		return 0;
	world_clear(w);
	return -ENOMEM;
}

void world_clear(struct world *w)
{
	free(w->next);
	arena_clear(&w->arena);
	*w = (struct world){0};
}

struct follow {
	struct world *world;
	outcome_fn fn;
	void *userdata;
	int result;
};

/* Where a class stands, and what has happened to it before. */
struct step {
	struct class c;
	struct outcome o;
	struct origin matched; /* of an element, in the rule at hand */
	bool drops;            /* at the end of a chain */
	unsigned depth;
};

static void follow(struct follow *f, struct step *s, size_t rule);

static void follow_chain(struct follow *f, struct step *s, enum rs_chain chain)
{
	if (s->depth++ == DEPTH_MAX)
		f->result = -ELOOP;
	else
		follow(f, s, f->world->first[chain]);
}

/* What a rule sees in place of the packet's field: a mark that was set is there at once. */
static size_t seen(const struct step *s, uint8_t field)
{
	return field == FIELD_CT_MARK && s->o.marked ? CLASS_NEW_MARK : field;
}

/* What does not match goes on with the next rule. */
static void let_go(struct follow *f, const struct step *rest, size_t rule)
{
	struct step s = *rest;

	if (!class_empty(&s.c) && !f->result)
		follow(f, &s, f->world->next[rule]);
}

static void let_go_lacking(struct follow *f, const struct step *s, size_t rule, size_t field)
{
	struct step rest = *s;

	if (!s->c.fields[field].absent)
		return;
	rest.c.fields[field] = (struct domain){.absent = true};
	let_go(f, &rest, rule);
}

/* Packets with a value inside stay, or (not) those with another one; the others are let go. */
static bool split_field(struct follow *f, struct step *s, size_t rule, size_t field,
			struct domain inside, bool not )
{
	struct domain outside = domain_minus(&f->world->arena, &s->c.fields[field], &inside);
	struct step rest = *s;

	rest.c.fields[field] = not ? inside : outside;
	rest.c.fields[field].absent = s->c.fields[field].absent;
	s->c.fields[field] = not ? outside : inside;
	let_go(f, &rest, rule);
	return s->c.fields[field].n > 0;
}

/* IS and IS_NOT. A mask that cannot be followed exactly lets both be. */
static bool match(struct follow *f, struct step *s, size_t rule, const struct rs_stmt *stmt)
{
	size_t field = seen(s, stmt->fields[0]);
	struct domain inside;

	if (!domain_masked(&f->world->arena, &s->c.fields[field],
			   stmt->mask ? stmt->mask : UINT32_MAX, stmt->value, &inside)) {
		let_go(f, s, rule);
		s->c.fields[field].absent = false;
		return true;
	}
	return split_field(f, s, rule, field, inside, stmt->kind == STMT_IS_NOT);
}

/* The relation that a statement asks for: the set's keys, of the fields that it looks at. */
static struct relation relation_seen(const struct world *w, const struct step *s,
				     const struct rs_stmt *stmt)
{
	struct relation r = w->relations[stmt->object];

	r.n_fields = stmt->n_fields;
	for (size_t i = 0; i < stmt->n_fields; i++)
		r.fields[i] = (uint8_t)seen(s, stmt->fields[i]);
	return r;
}

static bool all_single(const struct class *c, const struct relation *r)
{
	for (size_t i = 0; i < r->n_fields; i++)
		if (!domain_single(&c->fields[r->fields[i]]))
			return false;
	return true;
}

static void need_fields(struct step *s, const struct relation *r)
{
	for (size_t i = 0; i < r->n_fields; i++)
		s->c.fields[r->fields[i]].absent = false;
}

/* A set of which nobody knows the elements: all packets may be in it, or none. */
static bool lookup_unknown(struct follow *f, struct step *s, size_t rule,
			   const struct rs_stmt *stmt, bool not )
{
	const struct rs_set_info *info = rs_set_info(stmt->object);
	struct relation r = relation_seen(f->world, s, stmt);
	/* Of another key nothing is remembered: it may be in at one rule, and not at the next. */
	bool same = stmt->n_fields == info->n_fields &&
		    memcmp(r.fields, info->fields, info->n_fields) == 0;
	uint64_t bit = same ? UINT64_C(1) << stmt->object : 0;
	struct step rest = *s;

	if (not ) {
		rest.c.in |= bit;
		need_fields(&rest, &r);
		for (size_t i = 0; i < r.n_fields; i++)
			let_go_lacking(f, s, rule, r.fields[i]);
		s->c.not_in |= bit;
	} else {
		rest.c.not_in |= bit;
		s->c.in |= bit;
	}
	need_fields(s, &r);
	let_go(f, &rest, rule);
	return !class_empty(&s->c);
}

/* The element that the only packet is, if it is one. */
static const struct rs_element *only_element(const struct class *c, const struct relation *r)
{
	size_t from, to;

	for (relation_candidates(c, r, &from, &to); from < to; from++)
		if (relation_touches(c, r, &r->items[from]))
			return &r->items[from];
	return NULL;
}

static bool lookup_single(struct follow *f, struct step *s, size_t rule, const struct relation *r,
			  bool not )
{
	const struct rs_element *e = only_element(&s->c, r);

	if (e && !not )
		s->matched = e->origin;
	if ((e != NULL) != not )
		return true;
	let_go(f, s, rule);
	return false;
}

static bool lookup_many(struct follow *f, struct step *s, size_t rule, const struct relation *r,
			bool not )
{
	struct step rest = *s;
	bool touches = class_touches(&s->c, r);

	if (not )
		for (size_t i = 0; i < r->n_fields; i++)
			let_go_lacking(f, s, rule, r->fields[i]);
	if (touches) {
		class_relate(&s->c, r, !not );
		class_relate(&rest.c, r, not );
	}
	need_fields(s, r);
	if (not ? touches : true)
		let_go(f, &rest, rule);
	return not || touches;
}

/* IN, NOT_IN, and the question whether MARK_OF finds something. */
static bool lookup(struct follow *f, struct step *s, size_t rule, const struct rs_stmt *stmt,
		   bool not )
{
	struct relation r = relation_seen(f->world, s, stmt);

	if (!f->world->known[stmt->object])
		return lookup_unknown(f, s, rule, stmt, not );
	if (all_single(&s->c, &r))
		return lookup_single(f, s, rule, &r, not );
	if (stmt->n_fields == 1)
		return split_field(f, s, rule, r.fields[0],
				   domain_and(&f->world->arena, &s->c.fields[r.fields[0]],
					      &f->world->domains[stmt->object]),
				   not );
	return lookup_many(f, s, rule, &r, not );
}

static void set_mark(struct follow *f, struct step *s, struct range marks)
{
	struct range *r = arena_ranges(&f->world->arena, 1);

	if (!r)
		return;
	*r = marks;
	s->c.fields[CLASS_NEW_MARK] = (struct domain){.items = r, .n = 1};
	s->o.marked = true;
	s->o.mark = marks.first;
}

/* Of a set of which nobody knows the elements. */
static struct range marks_of(enum rs_set set)
{
	uint32_t kind = set == SET_SCOPED     ? MARK_SCOPED
			: set == SET_FORWARDS ? MARK_FORWARD
					      : MARK_LEASE;

	return (struct range){kind | 1, kind | ~MARK_KIND};
}

static bool mark_of(struct follow *f, struct step *s, size_t rule, const struct rs_stmt *stmt)
{
	struct relation r = relation_seen(f->world, s, stmt);
	const struct rs_element *e;

	if (!lookup(f, s, rule, stmt, false))
		return false;
	e = f->world->known[stmt->object] ? only_element(&s->c, &r) : NULL;
	set_mark(f, s, e ? (struct range){e->data, e->data} : marks_of(stmt->object));
	return true;
}

static void end(struct follow *f, struct step *s, size_t rule, enum verdict verdict)
{
	s->o.verdict = verdict;
	if (s->o.counter == COUNTER_NONE)
		s->o.rule = rule;
	if (!class_empty(&s->c) && !f->result)
		f->result = f->fn(&s->c, &s->o, f->userdata);
}

/* The rule has matched as far as here: its line is what this comes from. */
static void take_origin(struct follow *f, struct step *s, size_t rule)
{
	struct origin o = f->world->ruleset->rules[rule].origin;

	if (o.line)
		s->o.origin = o;
	if (s->matched.line)
		s->o.origin = s->matched;
	s->matched = (struct origin){0};
}

static void go_to(struct follow *f, const struct step *s, size_t rule, enum rs_chain chain)
{
	struct step there = *s;

	take_origin(f, &there, rule);
	follow_chain(f, &there, chain);
}

/* Each chain that the set names gets its part, the rest the next rule. */
static void go(struct follow *f, const struct step *s, size_t rule, const struct rs_stmt *stmt)
{
	struct relation r = relation_seen(f->world, s, stmt);
	struct arena *a = &f->world->arena;
	struct step rest = *s;

	for (size_t chain = 0; chain < CHAIN_N; chain++) {
		struct step part = *s;
		struct range *items = arena_ranges(a, r.n);
		struct domain d;
		size_t n = 0;

		if (!items)
			return;
		for (size_t i = 0; i < r.n; i++)
			if (r.items[i].data == chain)
				items[n++] = (struct range){r.items[i].key[0], r.items[i].end[0]};
		d = domain_from(items, n);
		class_keep(a, &part.c, r.fields[0], &d);
		class_drop(a, &rest.c, r.fields[0], &d);
		if (class_empty(&part.c) || f->result)
			continue;
		if (all_single(&part.c, &r))
			part.matched = only_element(&part.c, &r)->origin;
		go_to(f, &part, rule, chain);
	}
	let_go(f, &rest, rule);
}

static void beyond_limit(struct follow *f, const struct step *s, size_t rule)
{
	struct step rest = *s;

	rest.o.limited = true;
	let_go(f, &rest, rule);
}

/* The first packet of its key goes on here, and every other with the next rule. */
static bool once(struct follow *f, struct step *s, size_t rule, const struct rs_stmt *stmt)
{
	struct relation r = relation_seen(f->world, s, stmt);
	struct step rest = *s;

	if (f->world->known[stmt->object]) {
		if (!lookup(f, s, rule, stmt, true))
			return false;
	} else {
		rest.o.spent = true;
		if (!f->world->within_limits)
			let_go(f, &rest, rule);
		for (size_t i = 0; f->world->within_limits && i < r.n_fields; i++)
			let_go_lacking(f, s, rule, r.fields[i]);
		need_fields(s, &r);
	}
	s->o.once = stmt->object;
	return !class_empty(&s->c);
}

/* True: the rule's next statement. */
static bool apply(struct follow *f, struct step *s, size_t rule, const struct rs_stmt *stmt)
{
	switch ((enum rs_kind)stmt->kind) {
	case STMT_IS:
	case STMT_IS_NOT:
		return match(f, s, rule, stmt);
	case STMT_IN:
		return lookup(f, s, rule, stmt, false);
	case STMT_NOT_IN:
		return lookup(f, s, rule, stmt, true);
	case STMT_GO:
		go(f, s, rule, stmt);
		return false;
	case STMT_COUNT:
		s->o.counter = stmt->object;
		s->o.rule = rule;
		return true;
	case STMT_LIMIT:
		if (!f->world->within_limits)
			beyond_limit(f, s, rule);
		s->o.checked = true;
		s->o.rate = stmt->value;
		s->o.burst = stmt->mask;
		return true;
	case STMT_LOG:
		s->o.logged = true;
		return true;
	case STMT_REASON:
		s->o.reason = stmt->object;
		return true;
	case STMT_REMEMBER:
		return true;
	case STMT_CARRY:
		s->o.carried = true;
		return true;
	case STMT_ONCE:
		return once(f, s, rule, stmt);
	case STMT_MARK:
		set_mark(f, s, (struct range){stmt->value, stmt->value});
		return true;
	case STMT_MARK_OF:
		return mark_of(f, s, rule, stmt);
	case STMT_ADMIT:
		s->o.admitted = true;
		return true;
	case STMT_REDIRECT:
		s->o.redirected = true;
		s->o.port = (uint16_t)stmt->value;
		take_origin(f, s, rule);
		end(f, s, rule, VERDICT_ACCEPT);
		return false;
	case STMT_MASQUERADE:
		s->o.masqueraded = true;
		take_origin(f, s, rule);
		end(f, s, rule, VERDICT_ACCEPT);
		return false;
	case STMT_TTL:
		s->o.ttl = (uint8_t)stmt->value;
		return true;
	case STMT_RESET:
	case STMT_PROHIBIT:
		s->o.reset = stmt->kind == STMT_RESET;
		end(f, s, rule, VERDICT_REFUSE);
		return false;
	case STMT_QUEUE:
		end(f, s, rule, VERDICT_QUEUE);
		return false;
	case STMT_ACCEPT:
	case STMT_DROP:
		take_origin(f, s, rule);
		end(f, s, rule, stmt->kind == STMT_ACCEPT ? VERDICT_ACCEPT : VERDICT_DROP);
		return false;
	case STMT_GOTO:
		go_to(f, s, rule, stmt->object);
		return false;
	case STMT_N:
		break;
	}
	f->result = -EINVAL;
	return false;
}

static void follow(struct follow *f, struct step *s, size_t rule)
{
	const struct rs_rule *r;
	bool goes_on;

	for (; rule != RULE_NONE && !f->result; rule = f->world->next[rule]) {
		r = &f->world->ruleset->rules[rule];
		s->matched = (struct origin){0};
		goes_on = true;
		for (size_t i = 0; i < r->n_stmts && goes_on && !f->result; i++)
			goes_on = apply(f, s, rule, &r->stmts[i]);
		if (!goes_on)
			return;
	}
	end(f, s, RULE_NONE, s->drops ? VERDICT_DROP : VERDICT_ACCEPT);
}

static int run(struct follow *f, enum rs_chain chain, const struct class *c)
{
	const struct rs_base *base = rs_chain_base(chain);
	struct arena_mark mark = arena_mark(&f->world->arena);
	/* The chains of links, before egress, drop at their end. */
	struct step s = {
		.c = *c,
		.o = {.rule = RULE_NONE,
		      .counter = COUNTER_NONE,
		      .reason = COUNTER_NONE,
		      .once = ONCE_NONE},
		.drops = !base || base->drops,
	};

	if (!class_empty(&s.c))
		follow(f, &s, f->world->first[chain]);
	arena_release(&f->world->arena, mark);
	return f->world->arena.out_of_memory ? -ENOMEM : f->result;
}

int verdict_follow(struct world *w, enum rs_chain chain, const struct class *c, outcome_fn fn,
		   void *userdata)
{
	struct follow f = {.world = w, .fn = fn, .userdata = userdata};

	return run(&f, chain, c);
}

static int take_first(const struct class *c, const struct outcome *o, void *userdata)
{
	(void)c;
	*(struct outcome *)userdata = *o;
	return 1;
}

int verdict_of(struct world *w, enum rs_chain chain, const struct packet *p, struct outcome *ret)
{
	struct follow f = {.world = w, .fn = take_first, .userdata = ret};
	bool before = w->within_limits;
	struct arena_mark mark = arena_mark(&w->arena);
	struct class c;
	int r;

	class_of(&w->arena, &c, p);
	w->within_limits = true;
	r = run(&f, chain, &c);
	w->within_limits = before;
	arena_release(&w->arena, mark);
	return r < 0 ? r : r == 1 ? 0 : -EINVAL;
}

int verdict_output(struct world *w, struct packet *p, struct outcome *ret)
{
	struct origin redirect;
	int r = verdict_of(w, CHAIN_NAT_OUTPUT, p, ret);

	if (r < 0 || !ret->redirected)
		return r < 0 ? r : verdict_of(w, CHAIN_OUTPUT, p, ret);
	redirect = ret->origin;
	p->value[FIELD_CT_ORIGINAL_DADDR] = p->value[FIELD_IP_DADDR];
	p->value[FIELD_CT_ORIGINAL_DPORT] = p->value[FIELD_TH_DPORT];
	/* The kernel takes a redirect to where the packet goes anyway for none. */
	if (p->value[FIELD_IP_DADDR] != LOOPBACK_ADDR || p->value[FIELD_TH_DPORT] != ret->port)
		p->value[FIELD_CT_STATUS] |= RS_CT_STATUS_DNAT;
	p->value[FIELD_IP_DADDR] = LOOPBACK_ADDR;
	p->value[FIELD_TH_DPORT] = ret->port;
	p->value[FIELD_FIB_DADDR_TYPE] = RS_FIB_LOCAL;
	r = verdict_of(w, CHAIN_OUTPUT, p, ret);
	if (r == 0) {
		ret->redirected = true;
		ret->port = (uint16_t)p->value[FIELD_TH_DPORT];
		if (!ret->origin.line)
			ret->origin = redirect;
	}
	return r;
}

void rule_name(const struct ruleset *r, size_t rule, char *buf, size_t size)
{
	size_t number = 1;

	if (rule >= r->n_rules) {
		(void)snprintf(buf, size, "the end of its chain");
		return;
	}
	for (size_t i = 0; i < rule; i++)
		number += r->rules[i].chain == r->rules[rule].chain;
	(void)snprintf(buf, size, "rule %zu of chain %s", number,
		       rs_chain_name(r->rules[rule].chain));
}
