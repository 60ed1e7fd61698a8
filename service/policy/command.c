/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command of [browser]: words between blanks, without quoting, and places to fill. */
#include "policy.h"

#include <stdio.h>

static const char blanks[] = " \t";

static const char *const names[PLACE_N] = {
	[PLACE_PROFILE] = "{profile}",
	[PLACE_PAGE] = "{page}",
};

enum command_place command_place(const char *text, size_t *ret_size)
{
	enum command_place place = 0;

	while (place < PLACE_N && strncmp(text, names[place], strlen(names[place])) != 0)
		place++;
	*ret_size = place < PLACE_N ? strlen(names[place]) : 0;
	return place;
}

/* One word filled; NULL: out of memory. */
static char *fill(const char *word, size_t size, const char *const places[PLACE_N])
{
	const char *end = word + size;
	char *buf = NULL;
	size_t filled = 0;
	FILE *f = open_memstream(&buf, &filled);

	if (!f)
		return NULL;
	while (word < end) {
		size_t n;
		enum command_place place = command_place(word, &n);

		if (place < PLACE_N)
			(void)fputs(places[place], f);
		else
			(void)fputc(*word, f);
		word += place < PLACE_N ? n : 1;
	}
	if (fclose(f) == 0)
		return buf;
	free(buf);
	return NULL;
}

char **command_words(const char *command, const char *const places[PLACE_N])
{
	char **words = calloc(POLICY_COMMAND_WORDS_MAX + 1, sizeof(*words));
	size_t n = 0;

	while (words && n < POLICY_COMMAND_WORDS_MAX && *(command += strspn(command, blanks))) {
		size_t size = strcspn(command, blanks);

		words[n] = fill(command, size, places);
		if (!words[n])
			return command_free(words);
		if (*words[n])
			n++;
		else
			free(TAKE_PTR(words[n]));
		command += size;
	}
	return words;
}

char **command_free(char **words)
{
	for (char **w = words; w && *w; w++)
		free(*w);
	free(words);
	return NULL;
}
