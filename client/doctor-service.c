/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "doctor-service.h"

#include "state.h"

#define TIMEOUT (5 * USEC_PER_SEC)

void doctor_service_ask(const struct invocation *inv, struct doctor_service *ret)
{
	_cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
	_cleanup_(service_close) struct service service = {.inv = inv, .timeout = TIMEOUT};
	struct wall wall = {0};
	int r;

	*ret = (struct doctor_service){0};
	r = sd_bus_open_system_with_description(&service.bus, "sallyport");
	if (r >= 0)
		r = state_wall(&service, &error, &wall);
	if (r < 0) {
		ret->error = strdup(error.message && *error.message ? error.message : strerror(-r));
		if (!ret->error)
			fail_oom();
		return;
	}
	ret->sealed = wall.sealed;
	ret->built_in = wall.built_in;
	(void)snprintf(ret->digest, sizeof(ret->digest), "%s", wall.digest);
}

void doctor_service_clear(struct doctor_service *s)
{
	free(s->error);
	*s = (struct doctor_service){0};
}
