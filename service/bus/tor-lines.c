/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tor-lines.h"

static bool is_complete(const char *arguments)
{
	char progress[8];

	return tor_text_argument(arguments, "PROGRESS", progress, sizeof(progress)) &&
	       strcmp(progress, "100") == 0;
}

static enum tor_news judge_event(const char *text)
{
	const char *bootstrap = tor_text_action(text, "BOOTSTRAP");

	if (bootstrap ? is_complete(bootstrap)
		      : tor_text_action(text, "CIRCUIT_ESTABLISHED") != NULL)
		return TOR_CONNECTS;
	return TOR_NOTHING;
}

static enum tor_news judge(const char *line)
{
	const char *rest;

	if (!tor_text_has_code(line))
		return TOR_NOTHING;
	if (*line == '4' || *line == '5')
		return TOR_REFUSED;
	rest = tor_text_after(line, "650 STATUS_CLIENT ");
	if (rest)
		return judge_event(rest);
	rest = tor_text_after(line, "250-status/bootstrap-phase=");
	rest = rest ? tor_text_action(rest, "BOOTSTRAP") : NULL;
	if (!rest)
		return TOR_NOTHING;
	return is_complete(rest) ? TOR_CONNECTED : TOR_CONNECTING;
}

enum tor_news tor_lines_read(struct tor_text *t, const char **data, size_t *size)
{
	while (tor_text_read(t, data, size)) {
		enum tor_news news = judge(t->line);

		if (news != TOR_NOTHING)
			return news;
	}
	return TOR_NOTHING;
}
