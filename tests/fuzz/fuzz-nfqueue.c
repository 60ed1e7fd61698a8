/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as packets of the queue: no crash, and only datagrams that lie inside of what came. */
#include "fuzz.h"
#include "nfqueue.h"

struct input {
	const uint8_t *bytes;
	size_t size;
};

static void see(const struct nfqueue_packet *p, void *userdata)
{
	const struct input *in = userdata;
	uint8_t sum = 0;

	if (p->data < in->bytes || p->data + p->size > in->bytes + in->size)
		abort();
	for (size_t i = 0; i < p->size; i++)
		sum = (uint8_t)(sum + p->data[i]);
	(void)sum;
}

static void drop(uint32_t id, void *userdata)
{
	(void)id;
	(void)userdata;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);
	struct input in = {copy, size};

	/* Of exactly its size, and aligned. */
	if (!copy)
		return 0;
	if (size)
		memcpy(copy, data, size);
	(void)nfqueue_parse(copy, size, see, drop, &in);
	free(copy);
	return 0;
}
