/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as a DNS answer: no crash, and only what a message of that size can say. */
#include "dns-message.h"
#include "fuzz.h"

/* Of no character that a log or a terminal would obey. */
static void check_name(const char *name)
{
	size_t n = strlen(name);

	if (n == 0 || n >= DNS_NAME_SIZE)
		abort();
	for (size_t i = 0; i < n; i++)
		if (name[i] <= ' ' || name[i] > '~' || (name[i] >= 'A' && name[i] <= 'Z'))
			abort();
}

static void check_answer(const struct dns_answer *a, size_t size)
{
	check_name(a->name);
	if (a->n > DNS_ADDRESSES_MAX || a->rcode > 15)
		abort();
	/* A record with an address takes eleven octets and the address. */
	if (12 + 5 + 15 * (a->n + a->left_out) > size)
		abort();
	if (a->n > 0 && (a->rcode != DNS_NOERROR || a->type != DNS_TYPE_A))
		abort();
	for (size_t i = 0; i < a->n; i++)
		if (a->addresses[i].ttl > INT32_MAX)
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dns_answer answer;
	const char *why = NULL;
	uint8_t *exact;
	int r;

	exact = malloc(size + 1);
	if (!exact)
		return 0;
	if (size)
		memcpy(exact + 1, data, size);
	r = dns_answer_read(exact + 1, size, &answer, &why);
	if (r == 0)
		check_answer(&answer, size);
	else if (!why || answer.n > 0)
		abort();
	free(exact);
	return 0;
}
