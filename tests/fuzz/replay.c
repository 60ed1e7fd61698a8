/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Feeds every file of a directory to a target: the corpus, and inputs that once crashed it. */
#include "fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

static int feed(const char *path)
{
	static uint8_t data[1 << 20];
	FILE *f = fopen(path, "rb");
	size_t n;

	if (!f)
		return -1;
	n = fread(data, 1, sizeof(data), f);
	(void)fclose(f);
	return LLVMFuzzerTestOneInput(data, n);
}

int main(int argc, char **argv)
{
	const struct dirent *e;
	char path[4096];
	int n = 0;
	DIR *d;

	d = argc == 2 ? opendir(argv[1]) : NULL;
	if (!d)
		return EXIT_FAILURE;
	while ((e = readdir(d))) {
		if (e->d_name[0] == '.')
			continue;
		(void)snprintf(path, sizeof(path), "%s/%s", argv[1], e->d_name);
		if (feed(path) != 0)
			return EXIT_FAILURE;
		n++;
	}
	(void)closedir(d);
	(void)printf("%d inputs\n", n);
	return n > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
