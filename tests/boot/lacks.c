/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A library to be preloaded: makes this kernel one without the module nft_fib. Each expression "fib"
 * in what a program tells nf_tables gets a name that no kernel knows; what the kernel then answers
 * is its own.
 */
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* The attribute NFTA_EXPR_NAME with the text "fib". */
static const char name[8] = {8, 0, 1, 0, 'f', 'i', 'b', 0};

ssize_t sendto(int fd, const void *data, size_t size, int flags, const struct sockaddr *to,
	       socklen_t to_size)
{
	ssize_t (*real)(int, const void *, size_t, int, const struct sockaddr *, socklen_t) =
		(__typeof__(real))dlsym(RTLD_NEXT, "sendto");
	char *copy = malloc(size), *at;
	ssize_t n;

	if (!copy)
		abort();
	memcpy(copy, data, size);
	while ((at = memmem(copy, size, name, sizeof(name))))
		at[sizeof(name) - 2] = '?';
	n = real(fd, copy, size, flags, to, to_size);
	free(copy);
	return n;
}
