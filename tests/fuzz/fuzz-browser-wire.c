/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes between launcher and runner: no crash; a page that passes ends, and is a URL. */
#include "browser-wire.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	union browser_message m;
	struct http_url url;
	const char *why;
	size_t length;

	for (size_t n_fds = 0; n_fds <= BROWSER_FDS_MAX; n_fds++) {
		(void)browser_wire_check(data, size, TO_LAUNCHER, n_fds, &why);
		if (browser_wire_check(data, size, TO_RUNNER, n_fds, &why) < 0)
			continue;
		if (n_fds || size > sizeof(m))
			abort();
		memcpy(&m, data, size);
		if (m.header.type != BROWSER_START)
			continue;
		length = strnlen(m.start.page, sizeof(m.start.page));
		if (length == sizeof(m.start.page))
			abort();
		if (length && !http_url_parse(m.start.page, length, &url))
			abort();
	}
	return 0;
}
