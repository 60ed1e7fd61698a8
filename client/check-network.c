/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "date.h"
#include "service.h"
#include "verbs.h"

#include <errno.h>

#define CALL_TIMEOUT (60 * USEC_PER_SEC) /* ten for the check; polkit may be slow */

struct check {
	const char *connectivity;
	uint64_t date;
	const char *reason, *date_reason, *portal_url, *portal_kind;
	uint32_t status;
};

static int read_detail(sd_bus_message *m, struct check *c)
{
	const struct {
		const char *key, **value;
	} texts[] = {
		{"reason", &c->reason},
		{"date-reason", &c->date_reason},
		{"portal-url", &c->portal_url},
		{"portal-kind", &c->portal_kind},
	};
	const char *key;
	int r;

	r = sd_bus_message_read(m, "s", &key);
	if (r < 0)
		return r;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		if (strcmp(key, texts[i].key) == 0)
			return sd_bus_message_read(m, "v", "s", texts[i].value);
	if (strcmp(key, "status") == 0)
		return sd_bus_message_read(m, "v", "u", &c->status);
	return sd_bus_message_skip(m, "v");
}

/* The texts live as long as the message. */
static int read_check(sd_bus_message *m, struct check *ret)
{
	int r;

	*ret = (struct check){0};
	r = sd_bus_message_read(m, "st", &ret->connectivity, &ret->date);
	if (r >= 0)
		r = sd_bus_message_enter_container(m, 'a', "{sv}");
	while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
		r = read_detail(m, ret);
		if (r >= 0)
			r = sd_bus_message_exit_container(m);
	}
	return r < 0 ? r : ret->reason ? 0 : -EBADMSG;
}

static void print_json(const struct invocation *inv, const struct check *c)
{
	json_object *o = json_object_new_object();
	char date[DATE_TEXT_SIZE];

	date_format(c->date, date);
	json_add_string(o, "connectivity", c->connectivity);
	json_add_string(o, "reason", c->reason);
	if (c->status)
		json_add_number(o, "status", c->status);
	else
		json_add_string(o, "status", NULL);
	json_add_string(o, "date", c->date ? date : NULL);
	json_add_string(o, "date_reason", c->date_reason);
	json_add_string(o, "portal_url", c->portal_url);
	json_add_string(o, "portal_kind", c->portal_kind);
	json_print(inv, o);
}

static void print_check(const struct check *c)
{
	static const struct {
		const char *connectivity, *sentence;
	} sentences[] = {
		{"full", "The network is open."},
		{"portal", "The network has a portal: it answers itself, until one has logged in."},
		{"limited", "The network answers, but not as it should."},
		{"none", "Nobody answers."},
	};
	const char *kind = c->portal_kind ? c->portal_kind : "";
	char date[DATE_TEXT_SIZE];

	for (size_t i = 0; i < ARRAY_SIZE(sentences); i++)
		if (strcmp(c->connectivity, sentences[i].connectivity) == 0)
			(void)puts(sentences[i].sentence);
	(void)printf("Reason    %s\n", c->reason);
	date_format(c->date, date);
	if (c->date)
		(void)printf("Date      %s, as the network says\n", date);
	else
		(void)printf("Date      none that is believed (%s)\n",
			     c->date_reason ? c->date_reason : "no-date");
	if (c->portal_url)
		(void)printf("Portal    %s%s\n", c->portal_url,
			     strcmp(kind, "loopback") == 0
				     ? " (this machine itself: do not open it)"
			     : strcmp(kind, "lan") == 0 ? " (in the local network)"
							: "");
}

int verb_check_network(const struct invocation *inv)
{
	_cleanup_(service_close) struct service service = {0};
	sd_bus_message *reply = NULL;
	struct check c;
	int r;

	r = service_open(&service, inv);
	service.timeout = CALL_TIMEOUT;
	if (r == EXIT_DONE)
		r = service_call(&service, AUTOCONFIG_INTERFACE, "CheckNetwork", NULL, NULL,
				 &reply);
	if (r != EXIT_DONE)
		return r;
	r = read_check(reply, &c);
	if (r < 0) {
		r = service_nonsense(&service, r);
	} else {
		if (GIVEN(inv, JSON))
			print_json(inv, &c);
		else
			print_check(&c);
		r = strcmp(c.connectivity, "full") == 0 ? EXIT_DONE : EXIT_NOT_ONLINE;
	}
	(void)sd_bus_message_unref(reply);
	return r;
}
