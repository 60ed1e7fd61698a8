/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes as what a Tor says at its control socket, in pieces: no crash, lines that fit, values
 * that are clean text.
 */
#include "fuzz.h"
#include "tor-text.h"

static void look(const char *line)
{
	static const char *const names[] = {"PROGRESS", "TAG", "WARNING", "X"};
	const char *rest;

	if (strlen(line) >= TOR_LINE_SIZE || !tor_text_has_code(line))
		return;
	rest = tor_text_after(line, "650 STATUS_CLIENT ");
	rest = rest ? tor_text_action(rest, "BOOTSTRAP") : NULL;
	for (size_t i = 0; rest && i < ARRAY_SIZE(names); i++) {
		char value[16];

		(void)tor_text_argument(rest, names[i], value, sizeof(value));
		if (strlen(value) >= sizeof(value) || !is_clean_text(value))
			abort();
	}
}

/* The first byte says how large the pieces are. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tor_text text = {0};
	size_t piece;

	if (size < 1)
		return 0;
	piece = (size_t)data[0] + 1;
	for (size_t at = 1; at < size; at += piece) {
		const char *bytes = (const char *)data + at;
		size_t n = piece < size - at ? piece : size - at;

		while (tor_text_read(&text, &bytes, &n))
			look(text.line);
	}
	return 0;
}
