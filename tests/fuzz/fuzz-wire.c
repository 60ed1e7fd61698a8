/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as a message: no crash; what passes is of its type's size, and its texts end. */
#include "fuzz.h"
#include "wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static union {
		uint8_t bytes[WIRE_SIZE_MAX];
		struct wire_limits limits;
		struct wire_reloaded reloaded;
	} m;
	const struct wire_message *message;
	const char *why;

	if (size > sizeof(m))
		return 0;
	memcpy(m.bytes, data, size);
	for (int side = 0; side <= TO_BUS; side++) {
		if (wire_check(m.bytes, size, (enum wire_side)side, &message, &why) < 0)
			continue;
		if (message->size != size || message->side != (enum wire_side)side)
			abort();
		if (message->type == WIRE_RELOADED &&
		    strnlen(m.reloaded.text, WIRE_TEXT_SIZE) == WIRE_TEXT_SIZE)
			abort();
		for (uint32_t i = 0; message->type == WIRE_LIMITS && i < m.limits.n_doors; i++)
			if (strnlen(m.limits.doors[i].name, WIRE_NAME_SIZE) == WIRE_NAME_SIZE)
				abort();
	}
	return 0;
}
