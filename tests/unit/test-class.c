/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sets of numbers and classes of packets are exact: held against looking at every one. */
#include "class.h"

#include <glib.h>

#define NUMBERS 48u
#define ROUNDS 3000

static struct domain random_domain(struct arena *a, uint64_t *ret_bits)
{
	size_t n = (size_t)g_test_rand_int_range(0, 6);
	struct range *items = arena_ranges(a, n ? n : 1);

	*ret_bits = 0;
	for (size_t i = 0; i < n; i++) {
		uint32_t first = (uint32_t)g_test_rand_int_range(0, NUMBERS);
		uint32_t last = (uint32_t)g_test_rand_int_range((int)first, NUMBERS);

		items[i] = (struct range){first, last};
		for (uint32_t v = first; v <= last; v++)
			*ret_bits |= UINT64_C(1) << v;
	}
	return domain_from(items, n);
}

static void expect_bits(const struct domain *d, uint64_t bits)
{
	for (uint32_t v = 0; v < NUMBERS; v++)
		g_assert_cmpint(domain_has(d, v), ==, bits >> v & 1);
	for (size_t i = 0; i < d->n; i++) {
		g_assert_cmpuint(d->items[i].first, <=, d->items[i].last);
		if (i)
			g_assert_cmpuint(d->items[i].first, >, d->items[i - 1].last + 1);
	}
}

static void test_domains(void)
{
	struct arena a = {0};

	for (int i = 0; i < ROUNDS; i++) {
		struct arena_mark mark = arena_mark(&a);
		uint64_t x_bits, y_bits, want = 0;
		struct domain x = random_domain(&a, &x_bits), y = random_domain(&a, &y_bits), d;
		uint32_t mask = (uint32_t)g_test_rand_int_range(0, 64);
		uint32_t value = (uint32_t)g_test_rand_int_range(0, 64);

		d = domain_and(&a, &x, &y);
		expect_bits(&d, x_bits & y_bits);
		d = domain_minus(&a, &x, &y);
		expect_bits(&d, x_bits & ~y_bits);
		for (uint32_t v = 0; v < NUMBERS; v++)
			if ((v & mask) == value)
				want |= UINT64_C(1) << v;
		g_assert_true(domain_masked(&a, &x, mask, value, &d));
		expect_bits(&d, x_bits & want);
		arena_release(&a, mark);
	}
	arena_clear(&a);
}

static void test_extremes(void)
{
	struct arena a = {0};
	struct domain all = RANGES({0, UINT32_MAX}), top = RANGES({UINT32_MAX, UINT32_MAX}), d;

	d = domain_minus(&a, &all, &top);
	g_assert_true(d.n == 1 && d.items[0].first == 0 && d.items[0].last == UINT32_MAX - 1);
	d = domain_minus(&a, &top, &all);
	g_assert_true(domain_empty(&d));
	g_assert_true(domain_masked(&a, &all, 0xff000000, 0x04000000, &d));
	g_assert_true(d.n == 1 && d.items[0].first == 0x04000000 && d.items[0].last == 0x04ffffff);
	/* Not said in few ranges: nothing is claimed. */
	g_assert_false(domain_masked(&a, &all, 0x00000001, 1, &d));
	arena_clear(&a);
}

/* Three small fields, of which the last may be lacking. */
#define SIDE 6u
static const uint8_t fields[3] = {FIELD_SKUID, FIELD_L4PROTO, FIELD_TH_DPORT};

static void random_elements(struct rs_elements *v, struct rs_element *items, bool single)
{
	v->items = items;
	v->n = (size_t)g_test_rand_int_range(0, 8);
	for (size_t i = 0; i < v->n; i++)
		for (size_t k = 0; k < 3; k++) {
			uint32_t first = (uint32_t)g_test_rand_int_range(0, SIDE);

			items[i].key[k] = first;
			items[i].end[k] =
				single && k < 2 ? first
						: (uint32_t)g_test_rand_int_range((int)first, SIDE);
		}
}

static bool holds(const struct rs_elements *v, const uint32_t *values, bool lacks)
{
	for (size_t i = 0; i < v->n && !lacks; i++) {
		bool in = true;

		for (size_t k = 0; k < 3; k++)
			in &= v->items[i].key[k] <= values[k] && values[k] <= v->items[i].end[k];
		if (in)
			return true;
	}
	return false;
}

struct trial {
	struct class c;
	struct rs_elements sets[3];
	struct rs_element items[3][8];
	bool in[3];
	uint64_t bits[3];
};

static bool belongs(const struct trial *t, const uint32_t *values, bool lacks)
{
	for (size_t k = 0; k < 3; k++)
		if (!(k == 2 && lacks) && !(t->bits[k] >> values[k] & 1))
			return false;
	if (lacks && !t->c.fields[FIELD_TH_DPORT].absent)
		return false;
	for (size_t i = 0; i < 3; i++)
		if (holds(&t->sets[i], values, lacks) != t->in[i])
			return false;
	return true;
}

static bool any(const struct trial *t)
{
	for (uint32_t i = 0; i < SIDE * SIDE * SIDE; i++) {
		const uint32_t values[3] = {i % SIDE, i / SIDE % SIDE, i / SIDE / SIDE};

		if (belongs(t, values, false) || belongs(t, values, true))
			return true;
	}
	return false;
}

static int compare(const void *pa, const void *pb)
{
	const struct rs_element *a = pa, *b = pb;

	for (size_t i = 0; i < 3; i++)
		if (a->key[i] != b->key[i])
			return a->key[i] < b->key[i] ? -1 : 1;
	return 0;
}

static struct domain domain_of_bits(struct arena *a, uint64_t bits)
{
	struct range *items = arena_ranges(a, SIDE);
	size_t n = 0;

	for (uint32_t v = 0; v < SIDE; v++)
		if (bits >> v & 1)
			items[n++] = (struct range){v, v};
	return domain_from(items, n);
}

static void make_trial(struct arena *a, struct trial *t)
{
	memset(t, 0, sizeof(*t));
	class_all(&t->c);
	for (size_t k = 0; k < 3; k++) {
		bool absent = k == 2 && g_test_rand_bit();

		t->bits[k] = (uint64_t)g_test_rand_int_range(1, 1 << SIDE);
		t->c.fields[fields[k]] = domain_of_bits(a, t->bits[k]);
		t->c.fields[fields[k]].absent = absent;
	}
	for (size_t i = 0; i < 3; i++) {
		struct relation r;

		/* Of one kind are those that are searched, whose keys are disjoint; else any. */
		random_elements(&t->sets[i], t->items[i], i == 0);
		if (i == 0 && t->sets[i].n > 1)
			t->sets[i].n = 1;
		qsort(t->items[i], t->sets[i].n, sizeof(t->items[i][0]), compare);
		t->in[i] = i == 0 && g_test_rand_bit();
		r = relation_of(&t->sets[i], fields, 3);
		r.regular &= i == 0;
		class_relate(&t->c, &r, t->in[i]);
	}
}

static void test_examples(void)
{
	struct arena a = {0};
	unsigned found = 0;

	for (int i = 0; i < ROUNDS; i++) {
		struct arena_mark mark = arena_mark(&a);
		struct trial t;
		struct packet p;
		bool there;

		make_trial(&a, &t);
		there = class_example(&a, &t.c, &p);
		g_assert_cmpint(there, ==, any(&t));
		found += there;
		if (there) {
			const uint32_t values[3] = {p.value[fields[0]], p.value[fields[1]],
						    p.value[fields[2]]};

			g_assert_true(belongs(&t, values, p.lacks[fields[2]]));
		}
		arena_release(&a, mark);
	}
	g_assert_cmpuint(found, >, ROUNDS / 20);
	g_assert_cmpuint(found, <, ROUNDS - ROUNDS / 20);
	arena_clear(&a);
}

/* Keys that are searched: what is found is what is there. */
static void test_search(void)
{
	struct rs_element items[200];
	struct rs_elements v = {.items = items};
	struct relation r;

	memset(items, 0, sizeof(items));
	for (uint32_t uid = 0; uid < 20; uid++)
		for (uint32_t i = 0; i < 10; i++) {
			struct rs_element *e = &items[v.n++];

			e->key[0] = e->end[0] = uid * 2;
			e->key[1] = e->end[1] = i / 5;
			e->key[2] = i % 5 * 10;
			e->end[2] = e->key[2] + i % 3;
		}
	r = relation_of(&v, fields, 3);
	g_assert_true(r.regular);
	for (uint32_t n = 0; n < 41 * 3 * 60; n++) {
		const uint32_t values[3] = {n % 41, n / 41 % 3, n / 41 / 3};
		struct arena a = {0};
		struct packet p = {0};
		struct class c;

		for (size_t k = 0; k < 3; k++)
			p.value[fields[k]] = values[k];
		class_of(&a, &c, &p);
		g_assert_cmpint(class_touches(&c, &r), ==, holds(&v, values, false));
		g_assert_cmpint(relation_find(&r, &p) != NULL, ==, holds(&v, values, false));
		arena_clear(&a);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/class/domains", test_domains);
	g_test_add_func("/class/extremes", test_extremes);
	g_test_add_func("/class/examples", test_examples);
	g_test_add_func("/class/search", test_search);
	return g_test_run();
}
