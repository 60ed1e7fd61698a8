/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "clearnet-dns.h"

#include "log.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINE_SIZE 40

static const char header[] = "# Clearnet DNS servers of this network. Written by sallyport.\n";

const char *clearnet_dns_check_link(const char *name)
{
	size_t n = strlen(name);

	if (n == 0 || n >= DNS_LINK_SIZE)
		return "a link's name has 1 to 15 characters";
	if (strcmp(name, "lo") == 0)
		return "that is no link to a network";
	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return "that is no link's name";
	for (const char *c = name; *c; c++)
		if (*c <= ' ' || *c > '~' || *c == '/' || *c == ':')
			return "a link's name has letters, digits and punctuation, without \"/\" and "
			       "\":\"";
	return NULL;
}

static const char *check_ipv4(uint32_t a)
{
	if (a >> 24 == 127)
		return "that is this machine itself";
	if (a >> 24 == 0)
		return "that is no address of a server";
	if (a >> 28 >= 0xe)
		return "that is a multicast, reserved or broadcast address";
	if (a >> 16 == 0xa9fe)
		return "that is a link-local address";
	return NULL;
}

static const char *check_ipv6(const uint8_t *address)
{
	struct in6_addr a;

	memcpy(&a, address, sizeof(a));
	if (IN6_IS_ADDR_LOOPBACK(&a))
		return "that is this machine itself";
	if (IN6_IS_ADDR_UNSPECIFIED(&a))
		return "that is no address of a server";
	if (IN6_IS_ADDR_MULTICAST(&a))
		return "that is a multicast address";
	if (IN6_IS_ADDR_V4MAPPED(&a) || IN6_IS_ADDR_V4COMPAT(&a))
		return "that is an IPv4 address in disguise; give it as IPv4";
	if (IN6_IS_ADDR_LINKLOCAL(&a))
		return "that is a link-local address";
	return NULL;
}

const char *clearnet_dns_check_server(int family, const uint8_t *address, size_t size)
{
	uint32_t a;

	if (family == AF_INET && size == sizeof(a)) {
		memcpy(&a, address, sizeof(a));
		return check_ipv4(ntohl(a));
	}
	if (family == AF_INET6 && size == sizeof(struct in6_addr))
		return check_ipv6(address);
	return "an address is 4 bytes of family 2 or 16 bytes of family 10";
}

static struct dns_link *find(struct clearnet_dns *d, const char *link)
{
	for (size_t i = 0; i < d->n; i++)
		if (strcmp(d->links[i].name, link) == 0)
			return &d->links[i];
	return NULL;
}

static const struct wire_link *find_up(const struct clearnet_dns *d, const char *link)
{
	for (uint32_t i = 0; i < d->up.n; i++)
		if (strcmp(d->up.items[i].name, link) == 0)
			return &d->up.items[i];
	return NULL;
}

/* "" for IPv6, which is closed. */
static size_t format_line(const struct dns_server *s, char line[LINE_SIZE])
{
	char text[INET_ADDRSTRLEN];

	line[0] = '\0';
	if (s->family == AF_INET && inet_ntop(AF_INET, s->address, text, sizeof(text)))
		(void)snprintf(line, LINE_SIZE, "nameserver %s\n", text);
	return strlen(line);
}

static size_t line_size(const struct dns_server *s)
{
	char line[LINE_SIZE];

	return format_line(s, line);
}

/* What the file has room for is known before anything is saved: all of it is published, or none. */
static bool fits(const struct clearnet_dns *d, const struct dns_link *without,
		 const struct dns_server *servers, size_t n)
{
	size_t size = sizeof(header) - 1;

	for (size_t i = 0; i < d->n; i++)
		for (size_t j = 0; &d->links[i] != without && j < d->links[i].n; j++)
			size += line_size(&d->links[i].servers[j]);
	for (size_t j = 0; j < n; j++)
		size += line_size(&servers[j]);
	return size <= DNS_FILE_SIZE;
}

static void see(struct dns_link *l, const struct wire_link *up)
{
	l->seen = up;
	l->index = up ? up->index : 0;
	l->lost = up ? up->lost : 0;
}

int clearnet_dns_save(struct clearnet_dns *d, const char *link, const struct dns_server *servers,
		      size_t n, enum dns_source from)
{
	struct dns_link *l = find(d, link);

	if (n == 0) {
		if (l)
			*l = d->links[--d->n];
		return 0;
	}
	if (!fits(d, l, servers, n))
		return -ENOSPC;
	if (!l) {
		if (d->n == DNS_LINKS_MAX)
			return -E2BIG;
		l = &d->links[d->n++];
		*l = (struct dns_link){0};
		(void)snprintf(l->name, sizeof(l->name), "%s", link);
	}
	memcpy(l->servers, servers, n * sizeof(*servers));
	l->n = n;
	l->from = from;
	see(l, find_up(d, link));
	return 0;
}

void clearnet_dns_remove(struct clearnet_dns *d, const char *link, const struct dns_server *server)
{
	struct dns_link *l = find(d, link);
	size_t n = 0;

	if (!l)
		return;
	for (size_t i = 0; i < l->n; i++)
		if (memcmp(&l->servers[i], server, sizeof(*server)) != 0)
			l->servers[n++] = l->servers[i];
	l->n = n;
	if (n == 0)
		*l = d->links[--d->n];
}

bool clearnet_dns_is_up(const struct clearnet_dns *d, const char *link)
{
	return d->up_known && find_up(d, link);
}

/* Another link of that name, or one that was unplugged meanwhile, is another network. */
static bool has_gone(const struct dns_link *l, const struct wire_link *up)
{
	return l->seen && (!up || up->index != l->index || up->lost != l->lost);
}

size_t clearnet_dns_links(struct clearnet_dns *d, const struct wire_links *up)
{
	size_t before = d->n;

	d->up = *up;
	d->up_known = true;
	for (size_t i = d->n; i-- > 0;) {
		struct dns_link *l = &d->links[i];
		const struct wire_link *now = find_up(d, l->name);

		if (has_gone(l, now)) {
			log_info("link %s has gone, or was away: its clearnet DNS servers are "
				 "forgotten",
				 l->name);
			*l = d->links[--d->n];
		} else {
			see(l, now);
		}
	}
	return before - d->n;
}

bool clearnet_dns_available(const struct clearnet_dns *d)
{
	for (size_t i = 0; i < d->n; i++)
		for (size_t j = 0; j < d->links[i].n; j++)
			if (d->links[i].servers[j].family == AF_INET)
				return true;
	return false;
}

/* The rest of the file is newlines. */
static void render(const struct clearnet_dns *d, char *buf)
{
	size_t used = sizeof(header) - 1;
	char line[LINE_SIZE];

	memset(buf, '\n', DNS_FILE_SIZE);
	memcpy(buf, header, used);
	for (size_t i = 0; i < d->n; i++)
		for (size_t j = 0; j < d->links[i].n; j++) {
			size_t n = format_line(&d->links[i].servers[j], line);

			memcpy(buf + used, line, n);
			used += n;
		}
}

static int publish(const struct clearnet_dns *d)
{
	char buf[DNS_FILE_SIZE];
	ssize_t n;

	if (d->fd < 0)
		return -EBADF;
	render(d, buf);
	do
		n = pwrite(d->fd, buf, sizeof(buf), 0);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	return n == (ssize_t)sizeof(buf) ? 0 : -EIO;
}

void clearnet_dns_publish_or_say(const struct clearnet_dns *d)
{
	int r = publish(d);

	if (r < 0)
		log_warning("clearnet DNS servers are saved, but not published: %s", strerror(-r));
}

void clearnet_dns_open(struct clearnet_dns *d, const char *path)
{
	struct stat st;
	int r = 0;

	*d = (struct clearnet_dns){0};
	d->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
	if (d->fd < 0 || fstat(d->fd, &st) < 0 || !S_ISREG(st.st_mode))
		r = d->fd < 0 ? -errno : -EINVAL;
	/* The umask may have taken the group's bit; the directory has set the group. */
	if (r == 0 && fchmod(d->fd, 0640) < 0)
		r = -errno;
	if (r == 0)
		r = publish(d);
	if (r == 0 && st.st_size > DNS_FILE_SIZE && ftruncate(d->fd, DNS_FILE_SIZE) < 0)
		r = -errno;
	if (r < 0) {
		log_warning("%s: %s; clearnet DNS servers are saved, but not published", path,
			    strerror(-r));
		d->fd = close_fd(d->fd);
	}
}

void clearnet_dns_close(struct clearnet_dns *d)
{
	d->fd = close_fd(d->fd);
}
