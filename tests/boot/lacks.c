/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A library to be preloaded: makes this kernel one that lacks what $LAB_KERNEL_LACKS names. What a
 * program asks of nf_tables with it, it then asks with a name or a bit that no kernel knows; the
 * answer is the kernel's own.
 */
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define ATTRIBUTE 8

static const struct {
	const char *name;
	char bytes[ATTRIBUTE]; /* the netlink attribute that asks for it */
	size_t at;
	char unknown; /* what stands there instead */
} lacks[] = {
	{"nft_fib", {8, 0, 1, 0, 'f', 'i', 'b', 0}, 6, '?'}, /* NFTA_EXPR_NAME */
	{"persist", {8, 0, 2, 0, 0, 0, 0, 6}, 7, 6 | 8},     /* NFTA_TABLE_FLAGS */
};

static void change(char *data, size_t size)
{
	const char *name = getenv("LAB_KERNEL_LACKS");
	char *p;

	for (size_t i = 0; i < sizeof(lacks) / sizeof(lacks[0]); i++)
		while (name && strcmp(name, lacks[i].name) == 0 &&
		       (p = memmem(data, size, lacks[i].bytes, ATTRIBUTE)))
			p[lacks[i].at] = lacks[i].unknown;
}

ssize_t sendto(int fd, const void *data, size_t size, int flags, const struct sockaddr *to,
	       socklen_t to_size)
{
	ssize_t (*real)(int, const void *, size_t, int, const struct sockaddr *, socklen_t) =
		(__typeof__(real))dlsym(RTLD_NEXT, "sendto");
	char *copy = malloc(size);
	ssize_t n;

	if (!copy)
		abort();
	memcpy(copy, data, size);
	change(copy, size);
	n = real(fd, copy, size, flags, to, to_size);
	free(copy);
	return n;
}
