/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "args.h"

#include "output.h"
#include "wire.h"

#include <errno.h>

#define WORDS_MAX 32

const struct option_info options[OPTION_N] = {
#define X(NAME, name, argument, help) {name, argument, help},
	OPTIONS(X)
#undef X
};

void verb_title(const struct verb *v, char *buf, size_t size)
{
	(void)snprintf(buf, size, "%s%s%s", v->group ? v->group : "", v->group ? " " : "", v->name);
}

bool args_is_group(const char *word)
{
	for (size_t i = 0; i < n_verbs; i++)
		if (verbs[i].group && strcmp(verbs[i].group, word) == 0)
			return true;
	return false;
}

/* The nearest first word, or second word of group. */
static const char *nearest_word(const char *word, const char *group)
{
	const char *names[WORDS_MAX] = {0};
	size_t n = 0;

	for (size_t i = 0; i < n_verbs && n < WORDS_MAX; i++) {
		if (!group)
			names[n++] = verbs[i].group ? verbs[i].group : verbs[i].name;
		else if (verbs[i].group && strcmp(verbs[i].group, group) == 0)
			names[n++] = verbs[i].name;
	}
	return nearest(word, names, n);
}

static int unknown_verb(const struct invocation *inv, const char *group, const char *word)
{
	const char *hint = nearest_word(word, group);
	const char *space = group ? " " : "";

	group = group ? group : "";
	if (hint)
		return fail(inv, EXIT_USAGE, NULL, NULL,
			    "there is no \"%s%s%s\"; did you mean \"%s%s%s\"?", group, space, word,
			    group, space, hint);
	return fail(inv, EXIT_USAGE, NULL, NULL, "there is no \"%s%s%s\"; see sallyport help %s",
		    group, space, word, group);
}

int args_take_verb(struct invocation *inv)
{
	const char *group = NULL, *word = inv->args[0];
	size_t n = 1;

	if (args_is_group(word)) {
		group = word;
		inv->group = group;
		if (inv->n_args < 2)
			return EXIT_DONE;
		word = inv->args[n++];
	}
	for (size_t i = 0; i < n_verbs; i++) {
		const char *g = verbs[i].group;

		if (strcmp(verbs[i].name, word) == 0 &&
		    (g == group || (g && group && strcmp(g, group) == 0)))
			inv->verb = &verbs[i];
	}
	if (!inv->verb)
		return unknown_verb(inv, group, word);
	inv->args += n;
	inv->n_args -= n;
	return EXIT_DONE;
}

static int take_for(struct invocation *inv, const char *value)
{
	int r = parse_seconds(value, &inv->seconds);

	if (r < 0 || !inv->seconds)
		return fail(inv, EXIT_USAGE, NULL, NULL,
			    "\"%s\" is no span of time; write 90s, 10min or 1h", value);
	return EXIT_DONE;
}

static int take_scope(struct invocation *inv, const char *value)
{
	enum lease_scope scope;

	if (lease_scope_from_string(value, &scope) < 0 || scope == SCOPE_PROBE)
		return fail(inv, EXIT_USAGE, NULL, NULL,
			    "\"%s\" is no scope of a door; write full or portal", value);
	inv->scope = value;
	return EXIT_DONE;
}

/* One option, which is argv[*i] and perhaps the word after it. */
static int take_option(struct invocation *inv, int argc, char **argv, int *i)
{
	const char *word = argv[*i] + 2, *equals = strchr(word, '=');
	size_t length = equals ? (size_t)(equals - word) : strlen(word);
	const char *names[OPTION_N], *hint, *value;

	for (size_t o = 0; o < OPTION_N; o++) {
		names[o] = options[o].name;
		if (strlen(names[o]) != length || strncmp(names[o], word, length) != 0)
			continue;
		inv->given |= UINT32_C(1) << o;
		if (!options[o].argument)
			return equals ? fail(inv, EXIT_USAGE, NULL, NULL, "--%s takes no value",
					     names[o])
				      : EXIT_DONE;
		if (!equals && *i + 1 >= argc)
			return fail(inv, EXIT_USAGE, NULL, NULL, "--%s needs a value: --%s %s",
				    names[o], names[o], options[o].argument);
		value = equals ? equals + 1 : argv[++*i];
		if (o == OPTION_FOR)
			return take_for(inv, value);
		if (o == OPTION_SCOPE)
			return take_scope(inv, value);
		inv->user = value;
		return EXIT_DONE;
	}
	hint = nearest(word, names, OPTION_N);
	return fail(inv, EXIT_USAGE, NULL, NULL, "there is no option --%s%s%s%s", word,
		    hint ? "; did you mean --" : "; see sallyport --help", hint ? hint : "",
		    hint ? "?" : "");
}

static int check_options(const struct invocation *inv)
{
	uint32_t allowed = inv->verb ? inv->verb->options : BIT(HELP) | BIT(VERSION) | BIT(JSON);
	char title[64] = "sallyport";

	if (inv->verb)
		verb_title(inv->verb, title, sizeof(title));
	for (size_t o = 0; o < OPTION_N; o++)
		if (inv->given & ~allowed & (UINT32_C(1) << o))
			return fail(inv, EXIT_USAGE, NULL, NULL, "\"%s\" has no option --%s", title,
				    options[o].name);
	return EXIT_DONE;
}

static int check_arguments(const struct invocation *inv)
{
	const struct verb *v = inv->verb;
	char title[64];

	verb_title(v, title, sizeof(title));
	if (v->command && inv->n_args > v->max && !inv->command)
		return fail(inv, EXIT_USAGE, NULL, NULL,
			    "the command comes after two dashes: sallyport %s %s", title, v->args);
	if (inv->n_args > v->max)
		return fail(inv, EXIT_USAGE, NULL, NULL,
			    "\"%s\" is one word too many: sallyport %s %s", inv->args[v->max],
			    title, v->args);
	if (inv->n_args < v->min || (v->command && (!inv->command || !*inv->command)))
		return fail(inv, EXIT_USAGE, NULL, NULL, "something is missing: sallyport %s %s",
			    title, v->args);
	return EXIT_DONE;
}

/* What stands after "--": a verb's command if it takes one, else more arguments. */
static void take_rest(struct invocation *inv, char **rest)
{
	if (inv->verb && inv->verb->command)
		inv->command = rest;
	else
		for (; *rest; rest++)
			inv->args[inv->n_args++] = *rest;
}

int args_parse(int argc, char **argv, struct invocation *ret)
{
	char **rest = NULL;
	int r;

	/* Arguments are gathered at the front of argv itself, which keeps its length. */
	ret->args = argv;
	ret->json = stdout;
	/* Wherever it stands: what is wrong before it is said in JSON, too. */
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (strcmp(argv[i], "--json") == 0)
			ret->given |= BIT(JSON);
	for (int i = 1; i < argc && !rest; i++) {
		if (strcmp(argv[i], "--") == 0) {
			rest = argv + i + 1;
			continue;
		}
		if (strcmp(argv[i], "-h") == 0)
			ret->given |= BIT(HELP);
		else if (argv[i][0] != '-' || !argv[i][1])
			ret->args[ret->n_args++] = argv[i];
		else if (argv[i][1] != '-')
			return fail(ret, EXIT_USAGE, NULL, NULL,
				    "there is no option %s; options are written out, see "
				    "sallyport --help",
				    argv[i]);
		else if ((r = take_option(ret, argc, argv, &i)) != EXIT_DONE)
			return r;
	}
	if (ret->n_args) {
		r = args_take_verb(ret);
		if (r != EXIT_DONE)
			return r;
	}
	if (rest)
		take_rest(ret, rest);
	r = check_options(ret);
	if (r != EXIT_DONE || !ret->verb || GIVEN(ret, HELP))
		return r;
	return check_arguments(ret);
}
