/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "leaks.h"

#include <sys/socket.h>

struct leak *leak_copy(const struct leak *leak)
{
	struct leak *copy = g_new(struct leak, 1);

	*copy = *leak;
	copy->class = g_strdup(leak->class);
	copy->origin = g_strdup(leak->origin);
	return copy;
}

void leak_free(struct leak *leak)
{
	g_free(leak->class);
	g_free(leak->origin);
	g_free(leak);
}

struct leaks *leaks_new(void)
{
	struct leaks *l = g_new0(struct leaks, 1);

	g_queue_init(&l->entries);
	l->news = USEC_INFINITY;
	return l;
}

static void forget_all(struct leaks *l)
{
	g_queue_clear_full(&l->entries, (GDestroyNotify)leak_free);
}

void leaks_free(struct leaks *l)
{
	forget_all(l);
	g_free(l);
}

/* NULL for what makes no sense. */
static struct leak *leak_read(GVariant *values)
{
	struct leak *leak = g_new0(struct leak, 1);
	g_autoptr(GVariant) address = NULL;
	const guint8 *bytes;
	gsize size;

	g_variant_get(values, "(tttuuiyq@ayss)", &leak->number, &leak->first, &leak->last,
		      &leak->count, NULL, &leak->family, &leak->protocol, &leak->port, &address,
		      &leak->class, &leak->origin);
	clean_text(leak->origin);
	bytes = g_variant_get_fixed_array(address, &size, 1);
	if (!leak->count || (size && size != (leak->family == AF_INET ? 4U : 16U))) {
		leak_free(leak);
		return NULL;
	}
	if (size)
		memcpy(leak->address, bytes, size);
	leak->address_size = size;
	return leak;
}

static GList *find(struct leaks *l, guint64 number)
{
	GList *link = l->entries.head;

	while (link && ((struct leak *)link->data)->number != number)
		link = link->next;
	return link;
}

/* Takes leak. False: nothing new. */
static bool add(struct leaks *l, struct leak *leak)
{
	GList *known = find(l, leak->number);

	if (known) {
		struct leak *before = known->data;

		leak->told = before->told;
		leak->shown = before->shown;
		if (leak->count <= before->count) {
			leak_free(leak);
			return false;
		}
		g_queue_delete_link(&l->entries, known);
		leak_free(before);
	}
	g_queue_push_tail(&l->entries, leak);
	if (l->entries.length > LEAKS_MOST)
		leak_free(g_queue_pop_head(&l->entries));
	return true;
}

void leaks_read_list(struct leaks *l, GVariant *reply)
{
	g_autoptr(GVariant) list = NULL;
	GVariantIter each;
	GVariant *one;

	forget_all(l);
	l->news = USEC_INFINITY;
	if (!g_variant_is_of_type(reply, G_VARIANT_TYPE("(a(tttuuiyqayss))")))
		return;
	list = g_variant_get_child_value(reply, 0);
	g_variant_iter_init(&each, list);
	while ((one = g_variant_iter_next_value(&each))) {
		struct leak *leak = leak_read(one);

		if (leak) {
			leak->told = leak->shown = leak->count;
			(void)add(l, leak);
		}
		g_variant_unref(one);
	}
}

bool leaks_read_signal(struct leaks *l, GVariant *values, usec_t now)
{
	struct leak *leak = NULL;

	if (g_variant_is_of_type(values, G_VARIANT_TYPE("(tttuuiyqayss)")))
		leak = leak_read(values);
	if (!leak || !add(l, leak))
		return false;
	if (l->news == USEC_INFINITY)
		l->news = now;
	return true;
}

usec_t leaks_due(const struct leaks *l)
{
	usec_t pause = l->up ? l->shown + LEAKS_GROW : l->popped + LEAKS_QUIET;

	if (l->news == USEC_INFINITY)
		return USEC_INFINITY;
	return l->shown ? MAX(l->news + LEAKS_GATHER, pause) : l->news + LEAKS_GATHER;
}

void leaks_shown(struct leaks *l, usec_t now)
{
	if (!l->up)
		l->popped = now;
	l->up = true;
	l->shown = now;
	l->news = USEC_INFINITY;
	for (GList *link = l->entries.head; link; link = link->next) {
		struct leak *leak = link->data;

		leak->shown = leak->count;
	}
}

void leaks_closed(struct leaks *l)
{
	if (!l->up)
		return;
	l->up = false;
	for (GList *link = l->entries.head; link; link = link->next) {
		struct leak *leak = link->data;

		/* What came after it was shown is still to be told. */
		leak->told = leak->shown;
	}
}

bool leak_same(const struct leak *a, const struct leak *b)
{
	return a->protocol == b->protocol && a->port == b->port && g_str_equal(a->class, b->class);
}

static gint by_time(gconstpointer a, gconstpointer b)
{
	const struct leak *x = *(const struct leak *const *)a;
	const struct leak *y = *(const struct leak *const *)b;

	return x->last > y->last ? -1 : x->last < y->last;
}

static void group(GPtrArray *groups, const struct leak *leak, guint32 count)
{
	for (guint i = 0; i < groups->len; i++) {
		struct leak *g = groups->pdata[i];

		if (!leak_same(g, leak))
			continue;
		g->count += count;
		g->first = MIN(g->first, leak->first);
		g->last = MAX(g->last, leak->last);
		return;
	}
	g_ptr_array_add(groups, leak_copy(leak));
	((struct leak *)groups->pdata[groups->len - 1])->count = count;
}

GPtrArray *leaks_groups(const struct leaks *l, bool untold)
{
	GPtrArray *groups = g_ptr_array_new_with_free_func((GDestroyNotify)leak_free);

	/* The latest first, so that a group has its latest one's number and address. */
	for (const GList *link = l->entries.tail; link; link = link->prev) {
		const struct leak *leak = link->data;
		guint32 count = leak->count - (untold ? leak->told : 0);

		if (count)
			group(groups, leak, count);
	}
	g_ptr_array_sort(groups, by_time);
	return groups;
}
