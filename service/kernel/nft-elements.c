/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nft-elements.h"

#include "elements.h"
#include "nft-decode.h"
#include "nft-expr.h"
#include "nft-objects.h"

#include <linux/netfilter/nf_tables.h>

/* As the kernel has it: in a tree of ranges a beginning or an end, which is outside already. */
struct nft_item {
	struct nft_kept kept;
	bool is_end;
};

static bool is_tree(const struct rs_set_info *info)
{
	return (info->flags & RS_INTERVAL) && info->n_fields == 1;
}

/* Sizes of the parts of a key of ranges. */
static bool take_fields(struct nft_attrs *desc, const struct rs_set_info *info)
{
	const struct nlattr *list = desc->at[NFTA_SET_DESC_CONCAT], *a;
	uint8_t sizes[RS_KEY_MAX];
	size_t n = 0, n_parts = nft_key_parts(info, sizes);

	if (!list)
		return false;
	mnl_attr_for_each_nested(a, list)
	{
		struct nft_attrs field;

		nft_attrs_of_nest(a, &field);
		if (n == n_parts || !nft_take_is(&field, NFTA_SET_FIELD_LEN, sizes[n]))
			return false;
		n++;
	}
	return n == n_parts;
}

static bool take_description(struct nft_attrs *a, const struct rs_set_info *info)
{
	bool ranges = (info->flags & RS_INTERVAL) && !is_tree(info);
	bool dynamic = info->flags & RS_DYNAMIC;
	struct nft_attrs desc = {0};

	(void)nft_take_nest(a, NFTA_SET_DESC, &desc);
	if (ranges && !take_fields(&desc, info))
		return false;
	return dynamic ? nft_take_is(&desc, NFTA_SET_DESC_SIZE, NFT_REPORTED_MAX)
		       : !desc.at[NFTA_SET_DESC_SIZE];
}

static bool take_data_type(struct nft_attrs *a, const struct rs_set_info *info)
{
	switch ((enum rs_data)info->data) {
	case DATA_NONE:
		return !a->at[NFTA_SET_DATA_TYPE];
	case DATA_MARK:
		return nft_take_is(a, NFTA_SET_DATA_LEN, sizeof(uint32_t));
	case DATA_CHAIN:
		return nft_take_is(a, NFTA_SET_DATA_TYPE, NFT_DATA_VERDICT);
	}
	return false;
}

void nft_see_set(struct nft_reader *r, enum rs_table table, struct nft_attrs *a)
{
	const struct rs_set_info *info;
	uint64_t timeout = 0;
	uint32_t flags = 0;
	const char *name;
	enum rs_set set;

	if (!nft_take_text(a, NFTA_SET_NAME, &name))
		return;
	if (!nft_find_set(name, &set) || rs_set_table(set) != table) {
		nft_fault(r, "set %s of table %s is none of ours", name, rs_table_name(table));
		return;
	}
	info = rs_set_info(set);
	r->sets[set] = true;
	(void)nft_take_u32(a, NFTA_SET_FLAGS, &flags);
	(void)nft_take_u64(a, NFTA_SET_TIMEOUT, &timeout);
	if (flags != nft_set_flags(info))
		nft_fault(r, "set %s has flags %#x, not %#x", name, flags, nft_set_flags(info));
	else if (!nft_take_is(a, NFTA_SET_KEY_LEN, nft_key_size(info)))
		nft_fault(r, "the keys of set %s are not of our size", name);
	else if (!take_data_type(a, info))
		nft_fault(r, "set %s does not give what ours does", name);
	else if (!take_description(a, info))
		nft_fault(r, "set %s has other fields than ours, or another size", name);
	else if (timeout != (info->flags & RS_DYNAMIC ? NFT_REPORTED_MS : 0))
		nft_fault(r, "elements of set %s end by themselves, after %llu ms", name,
			  (unsigned long long)timeout);
	else if (a->at[NFTA_SET_EXPR] || a->at[NFTA_SET_EXPRESSIONS] || a->at[NFTA_SET_OBJ_TYPE])
		nft_fault(r, "set %s has expressions for its elements, which none of ours has",
			  name);
}

static bool take_key(struct nft_attrs *a, uint16_t type, const struct rs_set_info *info,
		     uint32_t *ret)
{
	uint32_t size = nft_key_size(info);
	const uint8_t *key;
	size_t n;

	if (!nft_take_data(a, type, &key, &n) || n != size)
		return false;
	if (info->n_fields == 1)
		return nft_decode(info->fields[0], key, size, &ret[0]);
	for (size_t i = 0; i < info->n_fields; i++)
		if (!nft_decode(info->fields[i], key + i * 4, 4, &ret[i]))
			return false;
	return true;
}

static bool take_data(struct nft_attrs *a, const struct rs_set_info *info, uint32_t *ret)
{
	enum rs_chain chain;
	const uint8_t *data;
	size_t n;

	switch ((enum rs_data)info->data) {
	case DATA_NONE:
		return true;
	case DATA_MARK:
		if (!nft_take_data(a, NFTA_SET_ELEM_DATA, &data, &n))
			return false;
		return nft_decode(FIELD_CT_MARK, data, n, ret) && n == sizeof(*ret);
	case DATA_CHAIN:
		if (!nft_decode_goto(a, NFTA_SET_ELEM_DATA, &chain))
			return false;
		*ret = chain;
		return true;
	}
	return false;
}

static bool take_element(struct nft_attrs *a, const struct rs_set_info *info, struct nft_item *ret)
{
	struct rs_element *e = &ret->kept.element;
	uint32_t flags = 0;
	unsigned int left;

	if (!take_key(a, NFTA_SET_ELEM_KEY, info, e->key))
		return false;
	memcpy(e->end, e->key, sizeof(e->end));
	if (a->at[NFTA_SET_ELEM_KEY_END] && (!(info->flags & RS_INTERVAL) || is_tree(info) ||
					     !take_key(a, NFTA_SET_ELEM_KEY_END, info, e->end)))
		return false;
	(void)nft_take_u32(a, NFTA_SET_ELEM_FLAGS, &flags);
	ret->is_end = flags == NFT_SET_ELEM_INTERVAL_END && is_tree(info);
	if ((flags && !ret->is_end) || (!ret->is_end && !take_data(a, info, &e->data)))
		return false;
	if (info->flags & RS_TIMEOUT) {
		(void)nft_take_u64(a, NFTA_SET_ELEM_TIMEOUT, &ret->kept.timeout_ms);
		nft_forget(a, NFTA_SET_ELEM_EXPIRATION);
	}
	nft_forget(a, NFTA_SET_ELEM_USERDATA);
	nft_forget(a, NFTA_SET_ELEM_PAD);
	return nft_attrs_empty(a, &left);
}

static void add_element(struct nft_reader *r, const struct nft_kept *k)
{
	struct nft_kept_list *list = &r->seen->kept[r->set];
	struct nft_kept *p;

	r->seen->n_elements++;
	if (!(rs_set_info(r->set)->flags & RS_KEPT)) {
		elements_append(r->seen->ruleset, r->set, &k->element);
		r->out_of_memory |= r->seen->ruleset->out_of_memory;
		return;
	}
	p = nft_grow(r, list->items, list->n, sizeof(*p));
	if (!p)
		return;
	list->items = p;
	list->items[list->n++] = *k;
}

static int compare_items(const void *pa, const void *pb)
{
	const struct nft_item *a = pa, *b = pb;

	if (a->kept.element.key[0] != b->kept.element.key[0])
		return a->kept.element.key[0] < b->kept.element.key[0] ? -1 : 1;
	/* One range may end where the next begins. */
	return (int)b->is_end - (int)a->is_end;
}

/* Beginnings and ends become ranges. The first end of all may end nothing: below is outside. */
static void add_ranges(struct nft_reader *r)
{
	const struct rs_set_info *info = rs_set_info(r->set);
	struct nft_item *open = NULL;

	if (r->n_items)
		qsort(r->items, r->n_items, sizeof(*r->items), compare_items);
	for (size_t i = 0; i < r->n_items; i++) {
		struct nft_item *item = &r->items[i];
		uint32_t number = item->kept.element.key[0];

		if (item->is_end != (open != NULL) && !(item->is_end && i == 0 && !number)) {
			nft_fault(r, "set %s: the ranges at %u do not begin and end in turn",
				  info->name, number);
			return;
		}
		if (open) {
			open->kept.element.end[0] = number - 1;
			add_element(r, &open->kept);
		}
		open = item->is_end ? NULL : item;
	}
	if (open) {
		open->kept.element.end[0] =
			rs_fields[info->fields[0]].size == 2 ? UINT16_MAX : UINT32_MAX;
		add_element(r, &open->kept);
	}
}

static void end_set(struct nft_reader *r)
{
	if (is_tree(rs_set_info(r->set)))
		add_ranges(r);
	else
		for (size_t i = 0; i < r->n_items; i++)
			add_element(r, &r->items[i].kept);
	r->n_items = 0;
}

void nft_elements_end(struct nft_reader *r)
{
	end_set(r);
	for (size_t i = 0; i < SET_N; i++)
		elements_order(&r->seen->ruleset->elements[i]);
}

void nft_see_elements(struct nft_reader *r, enum rs_table table, struct nft_attrs *a)
{
	const struct nlattr *list = a->at[NFTA_SET_ELEM_LIST_ELEMENTS], *at;
	const char *name;
	enum rs_set set;

	if (!nft_take_text(a, NFTA_SET_ELEM_LIST_SET, &name) || !nft_find_set(name, &set) ||
	    rs_set_table(set) != table || !list)
		return;
	if (set != r->set)
		end_set(r);
	r->set = set;
	mnl_attr_for_each_nested(at, list)
	{
		struct nft_attrs element;
		struct nft_item item = {0}, *p;

		nft_attrs_of_nest(at, &element);
		if (!take_element(&element, rs_set_info(set), &item)) {
			nft_fault(r, "set %s has an element that is not as any of ours", name);
			continue;
		}
		p = nft_grow(r, r->items, r->n_items, sizeof(*p));
		if (!p)
			return;
		r->items = p;
		r->items[r->n_items++] = item;
	}
}
