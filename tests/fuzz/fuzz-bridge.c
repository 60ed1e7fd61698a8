/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any text as a code with bridges: no crash, and what is found good can be put between quotes on a
 * line of Tor's control protocol, and is found good again.
 */
#include "bridge-lines.h"
#include "fuzz.h"

static void look(const struct bridge *bridge)
{
	static struct bridge again;

	for (const char *c = bridge->text; *c; c++)
		if (*c < ' ' || *c > '~' || *c == '"' || *c == '\\')
			abort();
	if (bridge_line_parse(bridge->text, strlen(bridge->text), &again) != BRIDGE_GOOD ||
	    strcmp(again.text, bridge->text) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct bridge bridge;
	char *text = malloc(size + 1), *line, *rest;

	if (!text)
		return 0;
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	bridge_text_unlist(text);
	if (strlen(text) > size)
		abort();
	rest = text;
	while ((line = strsep(&rest, "\n"))) {
		enum bridge_verdict verdict = bridge_line_parse(line, strlen(line), &bridge);

		if (verdict >= BRIDGE_VERDICT_N)
			abort();
		if (verdict == BRIDGE_GOOD)
			look(&bridge);
	}
	free(text);
	return 0;
}
