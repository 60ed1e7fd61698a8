/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "output.h"

static void print_options(FILE *f, uint32_t bits)
{
	char left[40];

	(void)fputs("\nOptions:\n", f);
	for (size_t o = 0; o < OPTION_N; o++) {
		if (!(bits & (UINT32_C(1) << o)))
			continue;
		(void)snprintf(left, sizeof(left), "--%s%s%s", options[o].name,
			       options[o].argument ? " " : "",
			       options[o].argument ? options[o].argument : "");
		(void)fprintf(f, "  %-20s %s\n", left, options[o].help);
	}
}

static void print_verb_line(FILE *f, const struct verb *v)
{
	char title[64], left[128];

	verb_title(v, title, sizeof(title));
	(void)snprintf(left, sizeof(left), "%s %s", title, v->args);
	(void)fprintf(f, "  %-40s %s\n", left, v->summary);
}

void help_overview(FILE *f)
{
	(void)fputs("sallyport VERB [OPTION...]\n\n"
		    "The door in the wall that sends everything through Tor.\n\n",
		    f);
	for (size_t i = 0; i < n_verbs; i++)
		print_verb_line(f, &verbs[i]);
	print_options(f, BIT(HELP) | BIT(VERSION) | BIT(JSON));
	(void)fputs("\nsallyport help VERB says more, sallyport(1) all.\n", f);
}

void help_group(FILE *f, const char *group)
{
	for (size_t i = 0; i < n_verbs; i++)
		if (verbs[i].group && strcmp(verbs[i].group, group) == 0)
			print_verb_line(f, &verbs[i]);
}

void help_verb(FILE *f, const struct verb *v)
{
	char title[64];

	verb_title(v, title, sizeof(title));
	(void)fprintf(f, "sallyport %s %s\n\n%s\n", title, v->args, v->text);
	print_options(f, v->options);
}

static json_object *options_json(uint32_t bits)
{
	json_object *list = json_object_new_array();

	for (size_t o = 0; o < OPTION_N; o++)
		if (bits & (UINT32_C(1) << o)) {
			char name[40];

			(void)snprintf(name, sizeof(name), "--%s", options[o].name);
			(void)json_object_array_add(list, json_object_new_string(name));
		}
	return list;
}

static bool is_about(const struct invocation *about, const struct verb *v)
{
	if (about->verb)
		return v == about->verb;
	return !about->group || (v->group && strcmp(v->group, about->group) == 0);
}

int help_json(const struct invocation *about)
{
	json_object *o = json_object_new_object(), *list = json_object_new_array();

	for (size_t i = 0; i < n_verbs; i++) {
		json_object *v;
		char title[64];

		if (!is_about(about, &verbs[i]))
			continue;
		v = json_object_new_object();
		verb_title(&verbs[i], title, sizeof(title));
		json_add_string(v, "verb", title);
		json_add_string(v, "arguments", verbs[i].args);
		json_add_string(v, "summary", verbs[i].summary);
		(void)json_object_object_add(v, "options", options_json(verbs[i].options));
		(void)json_object_array_add(list, v);
	}
	(void)json_object_object_add(o, "verbs", list);
	json_print(about, o);
	return EXIT_DONE;
}

int help_about(const struct invocation *inv, const struct invocation *about)
{
	if (GIVEN(inv, JSON))
		return help_json(about);
	if (about->verb)
		help_verb(stdout, about->verb);
	else if (about->group)
		help_group(stdout, about->group);
	else
		help_overview(stdout);
	return EXIT_DONE;
}

int verb_help(const struct invocation *inv)
{
	struct invocation about = {
		.args = inv->args, .n_args = inv->n_args, .given = inv->given, .json = inv->json};
	int r = EXIT_DONE;

	if (about.n_args)
		r = args_take_verb(&about);
	if (r != EXIT_DONE)
		return r;
	if (about.n_args && about.verb)
		return fail(inv, EXIT_USAGE, NULL, NULL, "\"%s\" is one word too many",
			    about.args[0]);
	return help_about(inv, &about);
}
