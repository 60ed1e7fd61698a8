/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "service.h"
#include "verbs.h"

int verb_reload(const struct invocation *inv)
{
	_cleanup_(service_close) struct service service = {0};
	json_object *o;
	int r;

	r = service_open(&service, inv);
	if (r == EXIT_DONE)
		r = service_call(&service, MANAGER_INTERFACE, "Reload", NULL, NULL, NULL);
	if (r != EXIT_DONE)
		return r;
	if (!GIVEN(inv, JSON)) {
		(void)puts("The policy was read anew and is in force.");
		return EXIT_DONE;
	}
	o = json_object_new_object();
	json_add_bool(o, "reloaded", true);
	json_print(inv, o);
	return EXIT_DONE;
}
