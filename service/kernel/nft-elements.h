/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Sets and their elements, the way back of nft-objects.c. Private to kernel/. */
#include "nft-attr.h"
#include "nft-reader.h"

void nft_see_set(struct nft_reader *r, enum rs_table table, struct nft_attrs *a);
/* Some of the elements of a set; all of one before those of the next. */
void nft_see_elements(struct nft_reader *r, enum rs_table table, struct nft_attrs *a);
/* There are no more. */
void nft_elements_end(struct nft_reader *r);
