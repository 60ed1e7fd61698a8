/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What makes two rulesets the same to the kernel. */
#include "elements.h"

#include <nettle/sha2.h>

static void digest_u32(struct sha256_ctx *ctx, uint32_t v)
{
	const uint8_t bytes[4] = {(uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8),
				  (uint8_t)v};

	sha256_update(ctx, sizeof(bytes), bytes);
}

static void digest_rule(struct sha256_ctx *ctx, const struct rs_rule *rule)
{
	digest_u32(ctx, rule->chain);
	digest_u32(ctx, rule->n_stmts);
	for (size_t i = 0; i < rule->n_stmts; i++) {
		const struct rs_stmt *s = &rule->stmts[i];

		digest_u32(ctx, (uint32_t)s->kind << 16 | (uint32_t)s->n_fields << 8 | s->object);
		for (size_t j = 0; j < RS_KEY_MAX; j++)
			digest_u32(ctx, s->fields[j]);
		digest_u32(ctx, s->mask);
		digest_u32(ctx, s->value);
	}
}

void ruleset_digest(struct ruleset *r)
{
	struct sha256_ctx ctx;

	sha256_init(&ctx);
	for (size_t i = 0; i < r->n_rules; i++)
		digest_rule(&ctx, &r->rules[i]);
	for (size_t i = 0; i < SET_N; i++) {
		digest_u32(&ctx, (uint32_t)r->elements[i].n);
		for (size_t j = 0; j < r->elements[i].n; j++) {
			const struct rs_element *e = &r->elements[i].items[j];

			for (size_t k = 0; k < RS_KEY_MAX; k++) {
				digest_u32(&ctx, e->key[k]);
				digest_u32(&ctx, e->end[k]);
			}
			digest_u32(&ctx, e->data);
		}
	}
	sha256_digest(&ctx, sizeof(r->digest), r->digest);
}

bool ruleset_same_rules(const struct ruleset *a, const struct ruleset *b)
{
	if (a->n_rules != b->n_rules)
		return false;
	for (size_t i = 0; i < a->n_rules; i++)
		if (a->rules[i].chain != b->rules[i].chain ||
		    a->rules[i].n_stmts != b->rules[i].n_stmts ||
		    memcmp(a->rules[i].stmts, b->rules[i].stmts, sizeof(a->rules[i].stmts)) != 0)
			return false;
	return true;
}

bool ruleset_same_elements(const struct ruleset *a, const struct ruleset *b, enum rs_set set)
{
	const struct rs_elements *x = &a->elements[set], *y = &b->elements[set];

	if (x->n != y->n)
		return false;
	for (size_t i = 0; i < x->n; i++)
		if (!elements_same(&x->items[i], &y->items[i]))
			return false;
	return true;
}
