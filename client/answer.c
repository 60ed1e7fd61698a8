/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "answer.h"

#include "service.h"

static int fill_question(sd_bus_message *m, const void *userdata)
{
	const struct live_question *q = userdata;
	char user[16];
	int r;

	(void)snprintf(user, sizeof(user), "%u", q->uid);
	r = sd_bus_message_append(m, "syi", user, q->protocol, q->family);
	if (r >= 0)
		r = sd_bus_message_append_array(m, 'y', q->address, q->size);
	return r < 0 ? r : sd_bus_message_append(m, "q", q->port);
}

/* One detail of the reply; such as are not known are skipped. */
static int read_detail(sd_bus_message *reply, struct answer *a)
{
	const struct {
		const char *key;
		char *text;
		size_t size;
		bool *truth;
	} details[] = {
		{"why", a->why, sizeof(a->why), NULL},
		{"rule", a->rule, sizeof(a->rule), NULL},
		{"origin", a->origin, sizeof(a->origin), NULL},
		{"remedy", a->remedy, sizeof(a->remedy), NULL},
		{"who", a->who, sizeof(a->who), NULL},
		{"door", NULL, 0, &a->door},
		{"open", NULL, 0, &a->open},
		{"with_door", NULL, 0, &a->with_door},
	};
	const char *key, *text;
	int r, truth;

	r = sd_bus_message_read(reply, "s", &key);
	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(details); i++) {
		if (strcmp(details[i].key, key) != 0)
			continue;
		if (details[i].text) {
			r = sd_bus_message_read(reply, "v", "s", &text);
			if (r >= 0)
				(void)snprintf(details[i].text, details[i].size, "%s", text);
		} else {
			r = sd_bus_message_read(reply, "v", "b", &truth);
			if (r >= 0)
				*details[i].truth = truth;
		}
		return r;
	}
	return r < 0 ? r : sd_bus_message_skip(reply, "v");
}

static int read_answer(sd_bus_message *reply, struct answer *ret)
{
	const char *verdict;
	int r;

	*ret = (struct answer){.live = true};
	r = sd_bus_message_read(reply, "s", &verdict);
	if (r < 0)
		return r;
	(void)snprintf(ret->verdict, sizeof(ret->verdict), "%s", verdict);
	ret->passes = strcmp(verdict, wire_verdict_to_string(EXPLAIN_ACCEPTED)) == 0;
	r = sd_bus_message_enter_container(reply, 'a', "{sv}");
	while (r >= 0 && (r = sd_bus_message_enter_container(reply, 'e', "sv")) > 0) {
		r = read_detail(reply, ret);
		if (r >= 0)
			r = sd_bus_message_exit_container(reply);
	}
	return r < 0 ? r : sd_bus_message_exit_container(reply);
}

int answer_from_service(const struct invocation *inv, const struct live_question *q,
			struct answer *ret)
{
	sd_bus_message *reply = NULL;
	struct service s;
	int r, n;

	r = service_open(&s, inv);
	if (r == EXIT_DONE)
		r = service_call(&s, MANAGER_INTERFACE, "Explain", fill_question, q, &reply);
	if (r == EXIT_DONE) {
		n = read_answer(reply, ret);
		if (n < 0)
			r = service_nonsense(&s, n);
	}
	(void)sd_bus_message_unref(reply);
	service_close(&s);
	return r;
}
