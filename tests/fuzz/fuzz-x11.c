/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as the beginning of an X11 connection: what is made has the cookie, and nothing else.
 */
#include "fuzz.h"
#include "x11-setup.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct x11_auth auths[] = {
		{.name_size = 0},
		{.name = "MIT-MAGIC-COOKIE-1",
		 .name_size = 18,
		 .data = "0123456789abcdef",
		 .data_size = 16},
		{.name = "x", .name_size = X11_AUTH_MAX, .data = "y", .data_size = X11_AUTH_MAX},
	};
	uint8_t out[X11_MADE_MAX], again[X11_MADE_MAX];
	size_t used, made, used_again, made_again;

	for (size_t i = 0; i < sizeof(auths) / sizeof(auths[0]); i++) {
		if (x11_setup_authorize(data, size, &auths[i], out, &used, &made) != X11_SETUP_DONE)
			continue;
		if (used > size || used > X11_SETUP_MAX || made > sizeof(out))
			abort();
		/* It is a beginning itself, and the same one again. */
		if (x11_setup_authorize(out, made, &auths[i], again, &used_again, &made_again) !=
			    X11_SETUP_DONE ||
		    used_again != made || made_again != made || memcmp(out, again, made) != 0)
			abort();
	}
	return 0;
}
