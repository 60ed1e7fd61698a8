/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "counters.h"

#include <errno.h>
#include <libnftnl/common.h>
#include <libnftnl/object.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

struct reading {
	enum rs_table table;
	struct counters *counters;
};

static void see_object(struct nftnl_obj *o, const struct reading *reading)
{
	const char *table = nftnl_obj_get_str(o, NFTNL_OBJ_TABLE);
	const char *name = nftnl_obj_get_str(o, NFTNL_OBJ_NAME);

	if (!table || !name || strcmp(table, RULESET_TABLE) != 0 ||
	    nftnl_obj_get_u32(o, NFTNL_OBJ_TYPE) != NFT_OBJECT_COUNTER)
		return;
	for (size_t i = 0; i < COUNTER_N; i++)
		if (rs_counter_table(i) == reading->table && strcmp(rs_counter_name(i), name) == 0)
			reading->counters->items[i] = (struct count){
				nftnl_obj_get_u64(o, NFTNL_OBJ_CTR_PKTS),
				nftnl_obj_get_u64(o, NFTNL_OBJ_CTR_BYTES),
			};
}

static int see_message(const struct nlmsghdr *h, void *userdata)
{
	struct nftnl_obj *o = nftnl_obj_alloc();

	if (!o)
		return MNL_CB_ERROR;
	if (nftnl_obj_nlmsg_parse(h, o) >= 0)
		see_object(o, userdata);
	nftnl_obj_free(o);
	return MNL_CB_OK;
}

static int read_table(struct nl *nl, enum rs_table table, struct counters *ret)
{
	uint16_t family = table == TABLE_WALL ? NFPROTO_INET : NFPROTO_NETDEV;
	struct reading reading = {table, ret};
	char buf[512] __attribute__((aligned(8)));
	struct nlmsghdr *h;

	h = nftnl_nlmsg_build_hdr(buf, NFT_MSG_GETOBJ, family, NLM_F_REQUEST | NLM_F_DUMP, 0);
	mnl_attr_put_strz(h, NFTA_OBJ_TABLE, RULESET_TABLE);
	mnl_attr_put_u32(h, NFTA_OBJ_TYPE, htobe32(NFT_OBJECT_COUNTER));
	return nl_dump(nl, h, see_message, &reading);
}

int counters_read(struct nl *nl, struct counters *ret)
{
	int r;

	*ret = (struct counters){0};
	r = read_table(nl, TABLE_WALL, ret);
	return r < 0 ? r : read_table(nl, TABLE_EGRESS, ret);
}
