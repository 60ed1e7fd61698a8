/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "http-url.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <strings.h>

#define LABEL_MAX 63

static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
static const char digits[] = "0123456789";

static bool is_of(char c, const char *set)
{
	return c && strchr(set, c);
}

static bool is_clean_character(char c)
{
	return c > ' ' && c < 0x7f && !is_of(c, "\"<>\\^`{|}");
}

/* What a browser reads as an IPv4 address, however it is written: its last label is a number. */
static bool is_number(const char *host)
{
	size_t n = strlen(host);
	const char *last;

	while (n && host[n - 1] != '.')
		n--;
	last = host + n;
	return *last && (strspn(last, digits) == strlen(last) || strncasecmp(last, "0x", 2) == 0);
}

static bool good_name(const char *host)
{
	size_t label = 0;

	for (const char *c = host; *c; c++) {
		if (*c == '.') {
			if (label == 0)
				return false;
			label = 0;
			continue;
		}
		if (!is_of(*c, letters) && !is_of(*c, digits) && *c != '-' && *c != '_')
			return false;
		if (++label > LABEL_MAX)
			return false;
	}
	return label > 0;
}

static bool good_host(const struct http_url *url)
{
	struct in6_addr v6;
	struct in_addr v4;

	if (url->ipv6)
		return inet_pton(AF_INET6, url->host, &v6) == 1;
	if (!good_name(url->host))
		return false;
	/* Only as four numbers: the same to everybody who reads it. */
	return !is_number(url->host) || inet_pton(AF_INET, url->host, &v4) == 1;
}

static bool read_port(const char *text, size_t size, uint16_t *ret)
{
	char number[6];
	uint32_t port;

	if (size == 0 || size >= sizeof(number))
		return false;
	memcpy(number, text, size);
	number[size] = '\0';
	if (parse_u32(number, UINT16_MAX, &port) < 0 || port == 0)
		return false;
	*ret = (uint16_t)port;
	return true;
}

/* HOST[:PORT] or [IPV6][:PORT]; a user has an "@", which no host has. */
static bool read_authority(const char *text, size_t size, struct http_url *ret)
{
	const char *end = text + size, *host = text, *after;

	ret->ipv6 = size && *text == '[';
	if (ret->ipv6) {
		host = text + 1;
		after = memchr(host, ']', size - 1);
	} else {
		after = memchr(host, ':', size);
		after = after ? after : end;
	}
	if (!after || after == host || (size_t)(after - host) >= sizeof(ret->host))
		return false;
	memcpy(ret->host, host, (size_t)(after - host));
	ret->host[after - host] = '\0';
	after += ret->ipv6;
	if (after < end &&
	    (*after != ':' || !read_port(after + 1, (size_t)(end - after) - 1, &ret->port)))
		return false;
	return good_host(ret);
}

bool http_url_parse(const char *text, size_t size, struct http_url *ret)
{
	static const char http[] = "http://", https[] = "https://";
	size_t skip, n = 0;

	*ret = (struct http_url){0};
	for (size_t i = 0; i < size; i++)
		if (!is_clean_character(text[i]))
			return false;
	ret->https = size >= sizeof(https) - 1 && strncasecmp(text, https, sizeof(https) - 1) == 0;
	skip = ret->https ? sizeof(https) - 1 : sizeof(http) - 1;
	if (size < skip || (!ret->https && strncasecmp(text, http, skip) != 0))
		return false;
	text += skip;
	size -= skip;
	while (n < size && !is_of(text[n], "/?#"))
		n++;
	if (!read_authority(text, n, ret))
		return false;
	ret->rest = text + n;
	ret->rest_size = size - n;
	return true;
}

static int print_origin(const struct http_url *u, char buf[HTTP_URL_SIZE])
{
	char port[8] = "";

	if (u->port)
		(void)snprintf(port, sizeof(port), ":%u", u->port);
	return snprintf(buf, HTTP_URL_SIZE, "%s://%s%s%s%s", u->https ? "https" : "http",
			u->ipv6 ? "[" : "", u->host, u->ipv6 ? "]" : "", port);
}

/* Of its path what a relative reference goes on from: all, or up to the last "/". */
static size_t path_size(const struct http_url *u, bool folder)
{
	size_t n = 0, last = 0;

	while (n < u->rest_size && !is_of(u->rest[n], "?#"))
		if (u->rest[n++] == '/')
			last = n;
	return folder ? last : n;
}

/* RFC 3986, 4.1, but for "." and "..", which whoever opens it takes out. */
static bool is_whole(const char *location, size_t size)
{
	for (size_t i = 0; i < size && !is_of(location[i], "/?#"); i++)
		if (location[i] == ':')
			return true;
	return false;
}

bool http_url_resolve(const struct http_url *base, const char *location, size_t size,
		      char buf[HTTP_URL_SIZE])
{
	struct http_url url;
	int n = 0;

	if (size == 0 || size >= HTTP_URL_SIZE)
		return false;
	if (size >= 2 && memcmp(location, "//", 2) == 0)
		n = snprintf(buf, HTTP_URL_SIZE, "%s:", base->https ? "https" : "http");
	else if (*location == '/')
		n = print_origin(base, buf);
	else if (!is_whole(location, size)) {
		size_t folder = path_size(base, !is_of(*location, "?#"));
		char origin[HTTP_URL_SIZE];

		(void)print_origin(base, origin);
		n = snprintf(buf, HTTP_URL_SIZE, "%s%.*s%s", origin, (int)folder, base->rest,
			     folder ? "" : "/");
	}
	if (n < 0 || (size_t)n + size >= HTTP_URL_SIZE)
		return false;
	memcpy(buf + n, location, size);
	buf[(size_t)n + size] = '\0';
	return http_url_parse(buf, (size_t)n + size, &url);
}

static enum host_kind ipv4_kind(uint32_t a)
{
	static const struct {
		uint32_t net;
		uint8_t prefix;
		enum host_kind kind;
	} nets[] = {
		{0x7f000000, 8, HOST_LOOPBACK}, {0, 8, HOST_LOOPBACK},
		{0x0a000000, 8, HOST_LAN},      {0xac100000, 12, HOST_LAN},
		{0xc0a80000, 16, HOST_LAN},     {0x64400000, 10, HOST_LAN},
		{0xa9fe0000, 16, HOST_LAN},     {0xe0000000, 3, HOST_LAN},
	};

	for (size_t i = 0; i < ARRAY_SIZE(nets); i++)
		if ((a ^ nets[i].net) >> (32 - nets[i].prefix) == 0)
			return nets[i].kind;
	return HOST_INTERNET;
}

static enum host_kind ipv6_kind(const struct in6_addr *a)
{
	uint32_t v4;

	if (IN6_IS_ADDR_LOOPBACK(a) || IN6_IS_ADDR_UNSPECIFIED(a))
		return HOST_LOOPBACK;
	if (IN6_IS_ADDR_V4MAPPED(a) || IN6_IS_ADDR_V4COMPAT(a)) {
		memcpy(&v4, &a->s6_addr[12], sizeof(v4));
		return ipv4_kind(ntohl(v4));
	}
	if (IN6_IS_ADDR_LINKLOCAL(a) || IN6_IS_ADDR_SITELOCAL(a) || IN6_IS_ADDR_MULTICAST(a) ||
	    (a->s6_addr[0] & 0xfe) == 0xfc)
		return HOST_LAN;
	return HOST_INTERNET;
}

/* RFC 6761, 6.3 */
static bool is_localhost(const char *host)
{
	static const char name[] = "localhost";
	size_t n = strlen(host), size = sizeof(name) - 1;

	return n >= size && strcasecmp(host + n - size, name) == 0 &&
	       (n == size || host[n - size - 1] == '.');
}

enum host_kind http_host_kind(const struct http_url *url)
{
	struct in6_addr v6;
	struct in_addr v4;

	if (url->ipv6)
		return inet_pton(AF_INET6, url->host, &v6) == 1 ? ipv6_kind(&v6) : HOST_LOOPBACK;
	if (inet_pton(AF_INET, url->host, &v4) == 1)
		return ipv4_kind(ntohl(v4.s_addr));
	return is_localhost(url->host) ? HOST_LOOPBACK : HOST_NAME;
}

const char *host_kind_to_string(enum host_kind kind)
{
	static const char *const names[] = {
		[HOST_NAME] = "name",
		[HOST_INTERNET] = "internet",
		[HOST_LAN] = "lan",
		[HOST_LOOPBACK] = "loopback",
	};

	return kind < HOST_KIND_N ? names[kind] : "unknown";
}
