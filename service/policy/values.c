/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One word -> one value. Each error says what would be right. */
#include "config-private.h"

#include "date.h"
#include "http-url.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <strings.h>

#define LOOPBACK_NET 127 /* first number of an address */

static const struct {
	const char *name;
	bool value;
} truths[] = {
	{"yes", true}, {"true", true},   {"on", true},   {"1", true},
	{"no", false}, {"false", false}, {"off", false}, {"0", false},
};

static const struct {
	const char *name;
	uint8_t number;
} protocols[] = {{"tcp", IPPROTO_TCP}, {"udp", IPPROTO_UDP}};

bool value_bool(struct parser *p, const struct word *w, bool *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(truths); i++)
		if (strcasecmp(w->text, truths[i].name) == 0) {
			*ret = truths[i].value;
			return true;
		}
	config_error(p, w->origin, "\"%s\" is neither yes nor no", w->text);
	return false;
}

bool value_number(struct parser *p, const struct word *w, uint32_t min, uint32_t max,
		  const char *what, uint32_t *ret)
{
	if (parse_u32(w->text, max, ret) == 0 && *ret >= min)
		return true;
	config_error(p, w->origin, "\"%s\" is no %s; write a number from %u to %u", w->text, what,
		     min, max);
	return false;
}

bool value_seconds(struct parser *p, const struct word *w, uint32_t *ret)
{
	char most[24];

	if (parse_seconds(w->text, ret) == 0 && *ret >= 1 && *ret <= POLICY_SECONDS_MAX)
		return true;
	format_seconds(POLICY_SECONDS_MAX, most, sizeof(most));
	config_error(p, w->origin,
		     "\"%s\" is no span of time; write for example 90s, 10min or 1h, "
		     "at most %s",
		     w->text, most);
	return false;
}

static void format_subnet(uint32_t addr, uint8_t prefix, char *buf, size_t size)
{
	(void)snprintf(buf, size, "%u.%u.%u.%u/%u", addr >> 24, addr >> 16 & 0xff, addr >> 8 & 0xff,
		       addr & 0xff, prefix);
}

bool value_subnet(struct parser *p, const struct word *w, struct subnet *ret)
{
	char text[64], right[24];
	struct in_addr in;
	uint32_t prefix = 32, addr, mask;
	char *slash;

	(void)snprintf(text, sizeof(text), "%s", w->text);
	slash = strchr(text, '/');
	if (slash)
		*slash++ = '\0';
	if (strlen(w->text) >= sizeof(text) || inet_pton(AF_INET, text, &in) != 1 ||
	    (slash && parse_u32(slash, 32, &prefix) < 0)) {
		config_error(p, w->origin,
			     "\"%s\" is no IPv4 network; write for example 192.168.0.0/16",
			     w->text);
		return false;
	}
	addr = ntohl(in.s_addr);
	mask = prefix ? UINT32_MAX << (32 - prefix) : 0;
	if (addr & ~mask) {
		/* Shorter prefixes are refused everywhere: then the address is what was meant. */
		if (prefix < 8)
			prefix = 32 - (uint32_t)__builtin_ctz(addr | 1u << 24);
		mask = UINT32_MAX << (32 - prefix);
		format_subnet(addr & mask, (uint8_t)prefix, right, sizeof(right));
		config_error(p, w->origin, "\"%s\" has bits behind its prefix; write %s", w->text,
			     right);
		return false;
	}
	*ret = (struct subnet){.addr = addr, .prefix = (uint8_t)prefix, .origin = w->origin};
	return true;
}

/* "/tcp" or "/udp" at the end of text is cut off; false: something else is there. */
static bool cut_protocol(char *text, uint8_t *ret)
{
	char *slash = strrchr(text, '/');

	*ret = 0;
	if (!slash)
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(protocols); i++)
		if (strcmp(slash + 1, protocols[i].name) == 0) {
			*ret = protocols[i].number;
			*slash = '\0';
			return true;
		}
	return false;
}

static bool port_range(char *text, uint16_t *ret_first, uint16_t *ret_last)
{
	char *dash = strchr(text, '-');
	uint32_t first, last;

	if (dash)
		*dash++ = '\0';
	if (parse_u32(text, UINT16_MAX, &first) < 0)
		return false;
	last = first;
	if (dash && parse_u32(dash, UINT16_MAX, &last) < 0)
		return false;
	*ret_first = (uint16_t)first;
	*ret_last = (uint16_t)last;
	return first > 0 && first <= last;
}

bool value_ports(struct parser *p, const struct word *w, struct ports *ret)
{
	char text[64];

	*ret = (struct ports){.origin = w->origin};
	(void)snprintf(text, sizeof(text), "%s", w->text);
	if (strlen(w->text) < sizeof(text) && cut_protocol(text, &ret->protocol) &&
	    port_range(text, &ret->first, &ret->last))
		return true;
	config_error(p, w->origin,
		     "\"%s\" is no port; write PORT, PORT-PORT, with /tcp or /udp for one of them: "
		     "53 or 5350-5351/udp",
		     w->text);
	return false;
}

/* Why nobody can listen there, or NULL. */
static const char *bad_listen_address(uint32_t a)
{
	if (a == 0)
		return "0.0.0.0 is no address that a packet goes to; write 127.0.0.1";
	if (a >> 24 == 0 || a >> 28 >= 0xe)
		return "that is no unicast address; write 127.0.0.1 or another address of this "
		       "machine";
	return NULL;
}

bool value_listen(struct parser *p, const struct word *w, struct listen *ret)
{
	char text[64], *colon;
	const char *bad;
	struct in_addr in;

	*ret = (struct listen){.origin = w->origin};
	(void)snprintf(text, sizeof(text), "%s", w->text);
	colon = strrchr(text, ':');
	if (strlen(w->text) >= sizeof(text) || !colon || !cut_protocol(text, &ret->protocol) ||
	    !ret->protocol || !port_range(colon + 1, &ret->first, &ret->last)) {
		config_error(p, w->origin,
			     "\"%s\" is no address of a service; write ADDRESS:PORT/tcp or "
			     "ADDRESS:PORT-PORT/udp",
			     w->text);
		return false;
	}
	*colon = '\0';
	ret->ipv6 = strcmp(text, "[::1]") == 0;
	if (ret->ipv6)
		return true;
	if (text[0] == '[' || strchr(text, ':')) {
		config_error(p, w->origin,
			     "\"%s\": the only IPv6 that passes is from ::1 to ::1; "
			     "write [::1]:PORT/tcp or an IPv4 address",
			     w->text);
		return false;
	}
	if (inet_pton(AF_INET, text, &in) != 1) {
		config_error(p, w->origin, "\"%s\" is no IPv4 address; write for example 127.0.0.1",
			     text);
		return false;
	}
	ret->addr = ntohl(in.s_addr);
	bad = bad_listen_address(ret->addr);
	if (bad)
		config_error(p, w->origin, "%s", bad);
	return !bad;
}

/* As the kernel takes them (dev_valid_name), and nothing that a terminal would obey. */
static bool link_character(char c)
{
	return c > ' ' && c < 0x7f && c != '/' && c != ':' && c != '*';
}

bool value_link(struct parser *p, const struct word *w, struct link_pattern *ret)
{
	size_t n = 0;

	*ret = (struct link_pattern){.origin = w->origin};
	while (n <= POLICY_LINK_MAX && link_character(w->text[n]))
		n++;
	ret->prefix = w->text[n] == '*';
	if (n == 0 || n > POLICY_LINK_MAX || w->text[n + ret->prefix] != '\0') {
		config_error(
			p, w->origin,
			"\"%s\" is no link; write its name, or how its name begins with * at the end: "
			"wg0 or veth*",
			w->text);
		return false;
	}
	memcpy(ret->name, w->text, n);
	return true;
}

bool value_peer(struct parser *p, const struct word *w, uint32_t *ret)
{
	struct in_addr in;

	if (inet_pton(AF_INET, w->text, &in) == 1) {
		*ret = ntohl(in.s_addr);
		if (!bad_listen_address(*ret) && *ret >> 24 != LOOPBACK_NET)
			return true;
	}
	config_error(p, w->origin,
		     "\"%s\" is no address of another host; write the IPv4 address of the pair's "
		     "other end: 10.200.1.2",
		     w->text);
	return false;
}

bool value_date(struct parser *p, const struct word *w, uint64_t *ret)
{
	if (date_parse_rfc3339(w->text, ret))
		return true;
	config_error(p, w->origin,
		     "\"%s\" is no date; write for example 2040-01-01, or 2040-01-01T12:00:00Z",
		     w->text);
	return false;
}

/* What of a good URL cannot be checked, or NULL. */
static const char *unfit_url(const struct http_url *url)
{
	if (url->https)
		return "https tells a portal's name to nobody and a wrong clock fails it; write http://";
	if (url->port)
		return "the door is to port 80 alone; leave the port out";
	if (url->ipv6 || http_host_kind(url) != HOST_NAME || !strchr(url->host, '.'))
		return "the door is to what the network's DNS servers name; write the full name of a "
		       "host";
	if (memchr(url->rest, '#', url->rest_size))
		return "what is behind # is not sent; leave it out";
	return NULL;
}

bool value_url(struct parser *p, const struct word *w)
{
	struct http_url url;
	const char *unfit;

	if (strlen(w->text) > POLICY_URL_MAX) {
		config_error(p, w->origin,
			     "the URL has more than %d characters; write a shorter one",
			     POLICY_URL_MAX);
		return false;
	}
	if (!http_url_parse(w->text, strlen(w->text), &url)) {
		config_error(p, w->origin, "\"%s\" is no URL; write http://HOST/PATH", w->text);
		return false;
	}
	unfit = unfit_url(&url);
	if (unfit)
		config_error(p, w->origin, "\"%s\": %s", w->text, unfit);
	return !unfit;
}

bool value_response(struct parser *p, const struct word *w)
{
	if (strlen(w->text) <= POLICY_RESPONSE_MAX)
		return true;
	config_error(p, w->origin,
		     "the response has more than %d bytes; its beginning is enough: write that",
		     POLICY_RESPONSE_MAX);
	return false;
}

/* The first thing that is wrong with a command, or NULL. */
static const char *unfit_command(const char *text)
{
	static const char blanks[] = " \t";
	size_t n_words = 0, n;

	if (*text != '/')
		return "write the program with its whole path, for example /usr/bin/firefox-esr";
	if (memchr(text, '{', strcspn(text, blanks)))
		return "the program is always the same one; write {profile} and {page} behind it";
	for (const char *c = text; *(c += strspn(c, blanks)); c += strcspn(c, blanks))
		n_words++;
	if (n_words > POLICY_COMMAND_WORDS_MAX)
		return "these are over 32 words; write a program of your own that says them";
	for (const char *c = text; (c = strchr(c, '{')); c++)
		if (command_place(c, &n) == PLACE_N)
			return "there are the places {profile} and {page}; write no other brace";
	return NULL;
}

bool value_command(struct parser *p, const struct word *w)
{
	const char *unfit = unfit_command(w->text);

	if (unfit)
		config_error(p, w->origin, "\"%s\": %s", w->text, unfit);
	return !unfit;
}
