/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nft-attr.h"

#include <arpa/inet.h>
#include <endian.h>
#include <linux/netfilter/nf_tables.h>

static void add(struct nft_attrs *ret, const struct nlattr *a)
{
	uint16_t type = mnl_attr_get_type(a);

	if (type >= NFT_ATTRS_MAX || ret->at[type])
		ret->strange = true;
	else
		ret->at[type] = a;
}

void nft_attrs_of_message(const struct nlmsghdr *h, size_t extra, struct nft_attrs *ret)
{
	const struct nlattr *a;

	*ret = (struct nft_attrs){0};
	if (mnl_nlmsg_get_payload_len(h) < extra)
		return;
	mnl_attr_for_each(a, h, extra)
	{
		add(ret, a);
	}
}

void nft_attrs_of_nest(const struct nlattr *nest, struct nft_attrs *ret)
{
	const struct nlattr *a;

	*ret = (struct nft_attrs){0};
	mnl_attr_for_each_nested(a, nest)
	{
		add(ret, a);
	}
}

void nft_forget(struct nft_attrs *a, uint16_t type)
{
	a->at[type] = NULL;
}

static bool take(struct nft_attrs *a, uint16_t type, void *ret, size_t size)
{
	const struct nlattr *at = a->at[type];

	if (!at || mnl_attr_get_payload_len(at) != size)
		return false;
	memcpy(ret, mnl_attr_get_payload(at), size);
	nft_forget(a, type);
	return true;
}

bool nft_take_u8(struct nft_attrs *a, uint16_t type, uint8_t *ret)
{
	return take(a, type, ret, sizeof(*ret));
}

bool nft_take_u16(struct nft_attrs *a, uint16_t type, uint16_t *ret)
{
	if (!take(a, type, ret, sizeof(*ret)))
		return false;
	*ret = ntohs(*ret);
	return true;
}

bool nft_take_u32(struct nft_attrs *a, uint16_t type, uint32_t *ret)
{
	if (!take(a, type, ret, sizeof(*ret)))
		return false;
	*ret = ntohl(*ret);
	return true;
}

bool nft_take_u64(struct nft_attrs *a, uint16_t type, uint64_t *ret)
{
	if (!take(a, type, ret, sizeof(*ret)))
		return false;
	*ret = be64toh(*ret);
	return true;
}

bool nft_take_text(struct nft_attrs *a, uint16_t type, const char **ret)
{
	const struct nlattr *at = a->at[type];
	const char *text = at ? mnl_attr_get_payload(at) : NULL;

	if (!text || strnlen(text, mnl_attr_get_payload_len(at)) == mnl_attr_get_payload_len(at))
		return false;
	*ret = text;
	nft_forget(a, type);
	return true;
}

bool nft_take_nest(struct nft_attrs *a, uint16_t type, struct nft_attrs *ret)
{
	const struct nlattr *at = a->at[type];

	if (!at)
		return false;
	nft_attrs_of_nest(at, ret);
	nft_forget(a, type);
	return true;
}

bool nft_take_data(struct nft_attrs *a, uint16_t type, const uint8_t **ret, size_t *ret_size)
{
	const struct nlattr *value;
	struct nft_attrs data;
	unsigned int left;

	if (!nft_take_nest(a, type, &data) || !data.at[NFTA_DATA_VALUE])
		return false;
	value = data.at[NFTA_DATA_VALUE];
	nft_forget(&data, NFTA_DATA_VALUE);
	*ret = mnl_attr_get_payload(value);
	*ret_size = mnl_attr_get_payload_len(value);
	return nft_attrs_empty(&data, &left);
}

bool nft_take_is(struct nft_attrs *a, uint16_t type, uint32_t value)
{
	uint32_t v;

	return nft_take_u32(a, type, &v) && v == value;
}

bool nft_take_is_text(struct nft_attrs *a, uint16_t type, const char *text)
{
	const char *t;

	return nft_take_text(a, type, &t) && strcmp(t, text) == 0;
}

bool nft_take_default(struct nft_attrs *a, uint16_t type, uint32_t value)
{
	return !a->at[type] || nft_take_is(a, type, value);
}

bool nft_attrs_empty(const struct nft_attrs *a, unsigned int *ret)
{
	for (*ret = 0; *ret < NFT_ATTRS_MAX; (*ret)++)
		if (a->at[*ret])
			return false;
	return !a->strange;
}
