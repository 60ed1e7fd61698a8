/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tor-lines.h"

/* What comes after a prefix, or NULL. */
static const char *after(const char *text, const char *prefix)
{
	size_t n = strlen(prefix);

	return strncmp(text, prefix, n) == 0 ? text + n : NULL;
}

static bool has_code(const char *line)
{
	for (size_t i = 0; i < 3; i++)
		if (line[i] < '0' || line[i] > '9')
			return false;
	return line[3] == ' ' || line[3] == '-' || line[3] == '+';
}

/* "NOTICE NAME ...": what comes after a name, or NULL. */
static const char *find_action(const char *text, const char *name)
{
	const char *blank = strchr(text, ' '), *rest;

	rest = blank ? after(blank + 1, name) : NULL;
	return rest && (*rest == ' ' || *rest == '\0') ? rest : NULL;
}

/* In quotes stands what somebody else may have written. */
static bool is_complete(const char *arguments)
{
	static const char word[] = " PROGRESS=100";
	const char *quote = strchr(arguments, '"'), *found = strstr(arguments, word);
	const char *end = found ? found + sizeof(word) - 1 : NULL;

	return found && (!quote || found < quote) && (*end == ' ' || *end == '\0');
}

static enum tor_news judge_event(const char *text)
{
	const char *bootstrap = find_action(text, "BOOTSTRAP");

	if (bootstrap ? is_complete(bootstrap) : find_action(text, "CIRCUIT_ESTABLISHED") != NULL)
		return TOR_CONNECTS;
	return TOR_NOTHING;
}

static enum tor_news judge(const char *line)
{
	const char *rest;

	if (!has_code(line))
		return TOR_NOTHING;
	if (*line == '4' || *line == '5')
		return TOR_REFUSED;
	rest = after(line, "650 STATUS_CLIENT ");
	if (rest)
		return judge_event(rest);
	rest = after(line, "250-status/bootstrap-phase=");
	rest = rest ? find_action(rest, "BOOTSTRAP") : NULL;
	if (!rest)
		return TOR_NOTHING;
	return is_complete(rest) ? TOR_CONNECTED : TOR_CONNECTING;
}

static enum tor_news end_line(struct tor_lines *t)
{
	bool skip = t->skip, in_data = t->in_data;

	if (t->n > 0 && t->line[t->n - 1] == '\r')
		t->n--;
	t->line[t->n] = '\0';
	t->n = 0;
	t->skip = false;
	if (in_data) {
		t->in_data = skip || strcmp(t->line, ".") != 0;
		return TOR_NOTHING;
	}
	/* Also of one that is too long its beginning is there. */
	t->in_data = has_code(t->line) && t->line[3] == '+';
	return skip || t->in_data ? TOR_NOTHING : judge(t->line);
}

enum tor_news tor_lines_read(struct tor_lines *t, const char **data, size_t *size)
{
	enum tor_news news = TOR_NOTHING;

	while (*size > 0 && news == TOR_NOTHING) {
		char c = *(*data)++;

		--*size;
		if (c == '\n')
			news = end_line(t);
		else if (c == '\0' || t->n == sizeof(t->line) - 1)
			t->skip = true;
		else
			t->line[t->n++] = c;
	}
	return news;
}
