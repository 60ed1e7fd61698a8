/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "service.h"
#include "verbs.h"

/* The answer, as the service gives it. */
struct verified {
	const char *outcome, *text; /* point into the message */
	uint32_t n_rules, n_elements, generation;
	uint64_t took; /* microseconds */
};

static int read_detail(sd_bus_message *m, const char *key, struct verified *v)
{
	const struct {
		const char *key, *type;
		void *value;
	} known[] = {
		{"rules", "u", &v->n_rules},
		{"elements", "u", &v->n_elements},
		{"generation", "u", &v->generation},
		{"took", "t", &v->took},
	};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (strcmp(known[i].key, key) == 0)
			return sd_bus_message_read(m, "v", known[i].type, known[i].value);
	return sd_bus_message_skip(m, "v");
}

static int read_verified(sd_bus_message *m, struct verified *v)
{
	const char *key;
	int r;

	*v = (struct verified){0};
	r = sd_bus_message_read(m, "ss", &v->outcome, &v->text);
	if (r >= 0)
		r = sd_bus_message_enter_container(m, 'a', "{sv}");
	while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
		r = sd_bus_message_read(m, "s", &key);
		if (r >= 0)
			r = read_detail(m, key, v);
		if (r >= 0)
			r = sd_bus_message_exit_container(m);
	}
	return r;
}

static void print_json(const struct invocation *inv, const struct verified *v)
{
	json_object *o = json_object_new_object();

	json_add_string(o, "outcome", v->outcome);
	json_add_string(o, "text", v->text);
	json_add_number(o, "rules", v->n_rules);
	json_add_number(o, "elements", v->n_elements);
	json_add_number(o, "generation", v->generation);
	json_add_number(o, "took_us", v->took);
	json_print(inv, o);
}

static void print_text(const struct verified *v, bool same)
{
	if (same)
		(void)printf("%sThe wall in the kernel is the one that was sent%s: %u rules and %u "
			     "elements compared, and all that must hold was proved of them.\n",
			     colour(GREEN), colour(PLAIN), v->n_rules, v->n_elements);
	else if (strcmp(v->outcome, "differs") == 0)
		(void)printf("%sThe wall in the kernel is not the one that was sent%s:\n%s\nIt is "
			     "loaded again; the engine's log says more.\n",
			     colour(RED), colour(PLAIN), v->text);
	else if (strcmp(v->outcome, "unproved") == 0)
		(void)printf(
			"%sThe wall in the kernel is the one that was sent, and does not mean what "
			"it should%s:\n%s\nThis is a fault of sallyport; please report it.\n",
			colour(RED), colour(PLAIN), v->text);
	else
		(void)printf("%sThe wall in the kernel cannot be read%s: %s\nNothing was compared; "
			     "try again.\n",
			     colour(RED), colour(PLAIN), v->text);
}

int verb_verify(const struct invocation *inv)
{
	_cleanup_(service_close) struct service service = {0};
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	struct verified v;
	bool same;
	int r;

	r = service_open(&service, inv);
	if (r == EXIT_DONE)
		r = service_call(&service, MANAGER_INTERFACE, "Verify", NULL, NULL, &reply);
	if (r == EXIT_NO_SERVICE)
		(void)fputs(
			"sallyport: nothing was compared. The engine alone knows what it sent: as "
			"root, systemctl start sallyport-engine sallyport; sallyport doctor "
			"looks at the wall without them.\n",
			stderr);
	if (r != EXIT_DONE)
		return r;
	r = read_verified(reply, &v);
	if (r < 0)
		return service_nonsense(&service, r);
	same = strcmp(v.outcome, "same") == 0;
	if (GIVEN(inv, JSON))
		print_json(inv, &v);
	else
		print_text(&v, same);
	return same ? EXIT_DONE : EXIT_DIFFERS;
}
