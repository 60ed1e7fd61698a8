/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files -> sections. inih splits lines into key and value; everything that it would silently cut,
 * join or skip is refused here before it sees it (spec section 7).
 */
#include "config-private.h"

#include <ctype.h>
#include <ini.h>
#include <stdio.h>

#define LINE_MAX_CHARS 199 /* Debian's inih has room for no more */
#define SECTION_MAX_CHARS 49
#define NAME_MAX_CHARS 40

static const char *const section_names[SECTION_N] = {
	[SECTION_USERS] = "users",
	[SECTION_SERVICE] = "service",
	[SECTION_AUTOMAP] = "automap",
	[SECTION_DNS] = "dns",
	[SECTION_TOR] = "tor",
	[SECTION_LAN] = "lan",
	[SECTION_LEASE] = "lease",
	[SECTION_CLEARNET_DNS] = "clearnet-dns",
	[SECTION_EGRESS] = "egress",
	[SECTION_REPORT] = "report",
	[SECTION_NAMESPACE] = "namespace",
	[SECTION_AUTOCONFIG] = "autoconfig",
	[SECTION_BROWSER] = "browser",
};

static const struct key_info {
	enum section section;
	const char *name;
	bool list;
} keys[KEY_N] = {
#define X(SECTION, KEY, name, list) [KEY_##KEY] = {SECTION_##SECTION, name, list},
	CONFIG_KEYS(X)
#undef X
};

const char *config_section_name(enum section s)
{
	return section_names[s];
}

const char *config_key_name(enum config_key k)
{
	return keys[k].name;
}

static enum config_key first_key(enum section s)
{
	enum config_key k = 0;

	while (keys[k].section != s)
		k++;
	return k;
}

const struct words *raw_words(const struct raw_section *s, enum config_key k)
{
	return &s->keys[k - first_key(s->kind)];
}

static void words_clear(struct words *w)
{
	for (size_t i = 0; i < w->n; i++)
		free(w->items[i].text);
	free(w->items);
	*w = (struct words){0};
}

static void section_clear(struct raw_section *s)
{
	for (size_t i = 0; i < SECTION_KEYS_MAX; i++)
		words_clear(&s->keys[i]);
}

void reader_clear(struct parser *p)
{
	for (size_t i = 0; i < SECTION_N; i++)
		section_clear(&p->singles[i]);
	for (size_t i = 0; i < p->n_named; i++) {
		section_clear(p->named[i]);
		free(p->named[i]->name);
		free(p->named[i]);
	}
	free(p->named);
	free(p->buckets);
}

static bool words_add(struct words *w, const char *text, size_t size, struct origin o)
{
	struct word *item;

	if (w->n == w->capacity) {
		size_t capacity = w->capacity ? w->capacity * 2 : 4;
		struct word *p = reallocarray(w->items, capacity, sizeof(*p));

		if (!p)
			return false;
		w->items = p;
		w->capacity = capacity;
	}
	item = &w->items[w->n];
	item->text = strndup(text, size);
	item->origin = o;
	if (!item->text)
		return false;
	w->n++;
	return true;
}

static size_t hash(const char *name)
{
	size_t h = 2166136261u;

	for (; *name; name++)
		h = (h ^ (unsigned char)*name) * 16777619u;
	return h % NAMED_BUCKETS;
}

static struct raw_section *new_named(struct parser *p, enum section kind, const char *name,
				     struct origin o)
{
	struct raw_section *s = calloc(1, sizeof(*s)), **v;
	size_t bucket = hash(name);

	if (!s)
		return NULL;
	s->kind = kind;
	s->name = strdup(name);
	s->origin = o;
	if (!s->name) {
		free(s);
		return NULL;
	}
	if (p->n_named == p->named_capacity) {
		size_t capacity = p->named_capacity ? p->named_capacity * 2 : 64;

		v = reallocarray(p->named, capacity, sizeof(struct raw_section *));
		if (!v) {
			free(s->name);
			free(s);
			return NULL;
		}
		p->named = v;
		p->named_capacity = capacity;
	}
	p->named[p->n_named++] = s;
	s->next = p->buckets[bucket];
	p->buckets[bucket] = s;
	return s;
}

/* [service NAME], [namespace NAME]: one section for each name. */
static struct raw_section *open_named(struct parser *p, enum section kind, const char *name,
				      struct origin o)
{
	const char *what = section_names[kind];
	struct raw_section *s;

	if (strlen(name) > NAME_MAX_CHARS || !*name) {
		config_error(p, o, "a %s has a name of 1 to %d characters: [%s NAME]", what,
			     NAME_MAX_CHARS, what);
		return NULL;
	}
	for (const char *c = name; *c; c++)
		if (!isalnum((unsigned char)*c) && !strchr("._-", *c)) {
			config_error(p, o,
				     "\"%s\" is no name of a %s; write letters, digits, \".\", "
				     "\"_\" and \"-\"",
				     name, what);
			return NULL;
		}
	if (!p->buckets)
		p->buckets = calloc(NAMED_BUCKETS, sizeof(struct raw_section *));
	if (!p->buckets) {
		p->out_of_memory = true;
		return NULL;
	}
	for (s = p->buckets[hash(name)]; s; s = s->next)
		if (s->kind == kind && strcmp(s->name, name) == 0)
			break;
	if (!s)
		s = new_named(p, kind, name, o);
	if (!s)
		p->out_of_memory = true;
	return s;
}

static bool is_named(enum section s)
{
	return s == SECTION_SERVICE || s == SECTION_NAMESPACE;
}

/* "service NAME", or "service" alone. */
static bool begins_named(const char *title, enum section s)
{
	size_t n = strlen(section_names[s]);

	return is_named(s) && strncmp(title, section_names[s], n) == 0 &&
	       (title[n] == ' ' || !title[n]);
}

/* "[...]" of one line; the section that following lines belong to, or NULL. */
static struct raw_section *open_section(struct parser *p, const char *title, struct origin o)
{
	char word[SECTION_MAX_CHARS + 1];
	enum section named = 0;
	const char *hint;

	for (enum section s = 0; s < SECTION_N; s++) {
		if (begins_named(title, s)) {
			title += strlen(section_names[s]);
			return open_named(p, s, title + strspn(title, " "), o);
		}
		if (!is_named(s) && strcmp(title, section_names[s]) == 0) {
			if (!p->singles[s].origin.line)
				p->singles[s].origin = o;
			p->singles[s].kind = s;
			return &p->singles[s];
		}
	}
	(void)snprintf(word, sizeof(word), "%.*s", (int)strcspn(title, " "), title);
	hint = nearest(word, section_names, SECTION_N);
	while (hint && strcmp(hint, section_names[named]) != 0)
		named++;
	if (hint)
		config_error(p, o, "there is no section [%s]; write [%s%s]", title, hint,
			     is_named(named) ? " NAME" : "");
	else
		config_error(
			p, o,
			"there is no section [%s]; there are [users], [service NAME], [automap], "
			"[dns], [tor], [lan], [lease], [clearnet-dns], [egress], [report], "
			"[namespace NAME], [autoconfig], [browser]",
			title);
	return NULL;
}

static void unknown_key(struct parser *p, const char *name, struct origin o)
{
	const char *names[SECTION_KEYS_MAX + 1], *hint;
	char list[160] = "";
	size_t n = 0, used = 0;

	for (enum config_key k = 0; k < KEY_N; k++)
		if (keys[k].section == p->open->kind) {
			names[n++] = keys[k].name;
			used += (size_t)snprintf(list + used, sizeof(list) - used, "%s, ",
						 keys[k].name);
		}
	hint = nearest(name, names, n);
	if (hint)
		config_error(p, o, "there is no key \"%s\" in [%s]; write %s", name,
			     section_names[p->open->kind], hint);
	else
		config_error(p, o, "there is no key \"%s\" in [%s]; there are %sremove", name,
			     section_names[p->open->kind], list);
}

static bool anything_said(const struct raw_section *s)
{
	for (size_t i = 0; i < SECTION_KEYS_MAX; i++)
		if (s->keys[i].said)
			return true;
	return false;
}

static void remove_section(struct parser *p, const char *value, struct origin o)
{
	if (strcmp(value, "yes") != 0) {
		config_error(p, o, "remove = \"%s\"; write remove = yes, or nothing", value);
		return;
	}
	if (!anything_said(p->open))
		config_warning(p, o,
			       "nothing was said of [%s%s%s] before: there is nothing to remove",
			       section_names[p->open->kind], p->open->name ? " " : "",
			       p->open->name ? p->open->name : "");
	section_clear(p->open);
	p->open->removed = true;
	p->open->origin = (struct origin){0};
}

static void add_value(struct parser *p, enum config_key k, const char *value, struct origin o)
{
	struct words *w = &p->open->keys[k - first_key(p->open->kind)];
	bool ok = true;

	if (!*value || !keys[k].list)
		words_clear(w);
	w->said = true;
	w->origin = o;
	if (!p->open->origin.line)
		p->open->origin = o;
	p->open->removed = false;
	if (!keys[k].list) {
		if (*value)
			ok = words_add(w, value, strlen(value), o);
	} else {
		while (ok && *(value += strspn(value, " \t,"))) {
			size_t size = strcspn(value, " \t,");

			ok = words_add(w, value, size, o);
			value += size;
		}
	}
	if (!ok)
		p->out_of_memory = true;
}

/* One file while inih reads it. */
struct reading {
	struct parser *p;
	const char *next, *end;
	struct origin origin;
	bool in_section;
};

static int handle_value(void *user, const char *section, const char *name, const char *value)
{
	struct reading *r = user;

	(void)section;
	if (!r->p->open)
		return 1; /* its section was refused: said once */
	if (strcmp(name, "remove") == 0) {
		remove_section(r->p, value, r->origin);
		return 1;
	}
	for (enum config_key k = 0; k < KEY_N; k++)
		if (keys[k].section == r->p->open->kind && strcmp(keys[k].name, name) == 0) {
			add_value(r->p, k, value, r->origin);
			return 1;
		}
	unknown_key(r->p, name, r->origin);
	return 1;
}

static const char *bad_bytes(const char *line, size_t size)
{
	const unsigned char *s = (const unsigned char *)line;

	if (size > LINE_MAX_CHARS)
		return "the line has more than 199 characters; write several lines, lists append";
	for (size_t i = 0, n; i < size; i += n) {
		if (s[i] == 0)
			return "there is a NUL byte; this is not a text file";
		if (s[i] < 0x20 && s[i] != '\t' && !(s[i] == '\r' && i == size - 1))
			return "there is a control character; remove it";
		n = utf8_length(line + i, size - i);
		if (!n)
			return "the line is not UTF-8; save the file as UTF-8";
	}
	return NULL;
}

static void take_section(struct reading *r, const char *line, size_t size)
{
	const char *close = memchr(line, ']', size);
	char title[SECTION_MAX_CHARS + 1];
	size_t n;

	r->p->open = NULL;
	r->in_section = true;
	if (!close) {
		config_error(r->p, r->origin, "\"[\" without \"]\"; write [SECTION]");
		return;
	}
	n = (size_t)(close - line) - 1;
	if (n > SECTION_MAX_CHARS) {
		config_error(r->p, r->origin, "the section's name has more than %d characters",
			     SECTION_MAX_CHARS);
		return;
	}
	memcpy(title, line + 1, n);
	title[n] = '\0';
	for (const char *c = close + 1; c < line + size; c++) {
		if (*c == ';' || *c == '#')
			break;
		if (!isspace((unsigned char)*c)) {
			config_error(r->p, r->origin,
				     "text behind \"[%s]\"; write it on a line of its own", title);
			return;
		}
	}
	r->p->open = open_section(r->p, title, r->origin);
}

/* Is this line for inih? Sections are taken here, so that empty ones are seen, too. */
static bool take_line(struct reading *r, const char *line, size_t size)
{
	const char *bad = bad_bytes(line, size), *equals;

	if (bad) {
		config_error(r->p, r->origin, "%s", bad);
		return false;
	}
	if (size == 0 || *line == '#' || *line == ';' || *line == '\r')
		return false;
	if (*line == '[') {
		take_section(r, line, size);
		return false;
	}
	/* inih would take a colon, too. */
	equals = memchr(line, '=', size);
	if (!equals || equals == line || memchr(line, ':', (size_t)(equals - line))) {
		config_error(
			r->p, r->origin,
			"this is no line of a policy; write KEY = VALUE, [SECTION] or # COMMENT");
		return false;
	}
	if (!r->in_section) {
		config_error(r->p, r->origin, "a key before any section; write [SECTION] above it");
		return false;
	}
	return true;
}

/*
 * fgets() for inih. Indentation is dropped (inih would join the line to the one before it), lines
 * that are not for inih become empty ones.
 */
static char *next_line(char *buf, int num, void *stream)
{
	struct reading *r = stream;
	const char *line, *newline;
	size_t size;

	if (r->next >= r->end)
		return NULL;
	r->origin.line++;
	newline = memchr(r->next, '\n', (size_t)(r->end - r->next));
	line = r->next;
	size = (size_t)((newline ? newline : r->end) - line);
	r->next = newline ? newline + 1 : r->end;
	while (size && (*line == ' ' || *line == '\t')) {
		line++;
		size--;
	}
	if (r->origin.line == 1 && size >= 3 && memcmp(line, "\xef\xbb\xbf", 3) == 0) {
		line += 3;
		size -= 3;
	}
	if (!take_line(r, line, size))
		size = 0;
	if (size >= (size_t)num) {
		config_error(r->p, r->origin, "this inih reads shorter lines; write a shorter one");
		size = 0;
	}
	/* Without a newline, which inih would strip anyway: the longest line leaves no room for it.
	 */
	memcpy(buf, line, size);
	buf[size] = '\0';
	return buf;
}

void reader_read(struct parser *p, const struct source *source, uint32_t file)
{
	struct reading r = {
		.p = p,
		.next = source->text,
		.end = source->text + source->size,
		.origin = {.file = file},
	};
	int line;

	p->open = NULL;
	line = ini_parse_stream(next_line, &r, handle_value, &r);
	if (line == -2)
		p->out_of_memory = true;
	else if (line)
		config_error(p, (struct origin){file, line > 0 ? (uint32_t)line : 0},
			     "this line cannot be read; write KEY = VALUE");
}
