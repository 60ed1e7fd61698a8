/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tor-text.h"

bool tor_text_has_code(const char *line)
{
	for (size_t i = 0; i < 3; i++)
		if (line[i] < '0' || line[i] > '9')
			return false;
	return line[3] == ' ' || line[3] == '-' || line[3] == '+';
}

const char *tor_text_after(const char *text, const char *prefix)
{
	size_t n = strlen(prefix);

	return strncmp(text, prefix, n) == 0 ? text + n : NULL;
}

const char *tor_text_action(const char *text, const char *name)
{
	const char *blank = strchr(text, ' ');
	const char *rest = blank ? tor_text_after(blank + 1, name) : NULL;

	return rest && (*rest == ' ' || *rest == '\0') ? rest : NULL;
}

/* True if the line is one to be read. */
static bool end_line(struct tor_text *t)
{
	bool skip = t->skip, in_data = t->in_data;

	if (t->n > 0 && t->line[t->n - 1] == '\r')
		t->n--;
	t->line[t->n] = '\0';
	t->n = 0;
	t->skip = false;
	if (in_data) {
		t->in_data = skip || strcmp(t->line, ".") != 0;
		return false;
	}
	/* Also of one that is too long its beginning is there. */
	t->in_data = tor_text_has_code(t->line) && t->line[3] == '+';
	return !skip && !t->in_data;
}

bool tor_text_read(struct tor_text *t, const char **data, size_t *size)
{
	while (*size > 0) {
		char c = *(*data)++;

		--*size;
		if (c == '\n') {
			if (end_line(t))
				return true;
		} else if (c == '\0' || t->n == sizeof(t->line) - 1) {
			t->skip = true;
		} else {
			t->line[t->n++] = c;
		}
	}
	return false;
}

/* Reads one value, quoted or not, and moves on to what is after it. */
static void read_value(const char **at, char *buf, size_t size)
{
	bool quoted = **at == '"';
	size_t n = 0;

	*at += quoted;
	while (**at && (quoted ? **at != '"' : **at != ' ')) {
		if (quoted && **at == '\\' && (*at)[1])
			++*at;
		if (n + 1 < size)
			buf[n++] = **at;
		++*at;
	}
	*at += quoted && **at == '"';
	buf[n] = '\0';
}

bool tor_text_argument(const char *arguments, const char *name, char *buf, size_t size)
{
	size_t n = strlen(name);

	for (const char *at = arguments; *at;) {
		char rest[1];
		bool wanted;

		at += strspn(at, " ");
		wanted = strncmp(at, name, n) == 0 && at[n] == '=';
		at += strcspn(at, " =");
		if (*at != '=')
			continue;
		at++;
		read_value(&at, wanted ? buf : rest, wanted ? size : sizeof(rest));
		if (!wanted)
			continue;
		clean_text(buf);
		return true;
	}
	buf[0] = '\0';
	return false;
}
