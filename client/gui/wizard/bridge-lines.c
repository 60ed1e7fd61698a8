/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bridge-lines.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <strings.h>

#define FINGERPRINT_SIZE 40
#define ADDRESS_SIZE 64

/* Without these the transport cannot begin; the bridge would fail much later, and not say why. */
static const struct {
	const char *transport, *argument;
} needs[] = {
	{"obfs4", "cert="},
	{"webtunnel", "url="},
	{"meek_lite", "url="},
	{"meek", "url="},
};

struct words {
	char *at; /* the rest of the line */
};

/* Makes one text of each word, in place. NULL: there is none left. */
static char *next_word(struct words *w)
{
	char *word = w->at;

	if (!*word)
		return NULL;
	w->at += strcspn(w->at, " ");
	if (*w->at)
		*w->at++ = '\0';
	return word;
}

static bool is_plain(char c)
{
	return c > ' ' && c < '\x7f' && !strchr("\"'\\#", c);
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* The words with one blank between them. */
static enum bridge_verdict squeeze(const char *line, size_t n, char *ret)
{
	size_t out = 0;

	for (size_t i = 0; i < n; i++) {
		bool blank = line[i] == ' ' || line[i] == '\t' || line[i] == '\r';

		if (!blank && out == 0 && line[i] == '#')
			break;
		if (!blank && !is_plain(line[i]))
			return BRIDGE_BAD_CHARACTER;
		if (!blank)
			ret[out++] = line[i];
		else if (out > 0 && ret[out - 1] != ' ')
			ret[out++] = ' ';
	}
	if (out > 0 && ret[out - 1] == ' ')
		out--;
	ret[out] = '\0';
	return out > 0 ? BRIDGE_GOOD : BRIDGE_BLANK;
}

/* As Tor: a C identifier. */
static bool is_transport(const char *word)
{
	size_t n = 0;

	while (is_letter(word[n]) || word[n] == '_' || (n > 0 && is_digit(word[n])))
		n++;
	return n > 0 && !word[n] && n < sizeof(((struct bridge *)NULL)->transport);
}

/* "192.0.2.1:443" or "[2001:db8::1]:443". */
static bool is_address(const char *word)
{
	const char *colon = strrchr(word, ':');
	size_t n = colon ? (size_t)(colon - word) : 0;
	bool six = *word == '[' && n > 2 && word[n - 1] == ']';
	char host[ADDRESS_SIZE];
	struct in6_addr any;
	uint32_t port;

	if (!n || n >= sizeof(host) || parse_u32(colon + 1, UINT16_MAX, &port) < 0 || port == 0)
		return false;
	memcpy(host, word, n);
	host[six ? n - 1 : n] = '\0';
	return inet_pton(six ? AF_INET6 : AF_INET, host + six, &any) == 1;
}

static bool is_fingerprint(const char *word)
{
	return strlen(word) == FINGERPRINT_SIZE &&
	       strspn(word, "0123456789abcdefABCDEF") == FINGERPRINT_SIZE;
}

/* What must be among the arguments, or NULL. */
static const char *needed(const char *transport)
{
	for (size_t i = 0; i < ARRAY_SIZE(needs); i++)
		if (strcmp(needs[i].transport, transport) == 0)
			return needs[i].argument;
	return NULL;
}

static enum bridge_verdict check_rest(struct words *w, const char *transport)
{
	const char *need = needed(transport), *word = next_word(w), *equals;

	if (word && !strchr(word, '=')) {
		if (!is_fingerprint(word))
			return BRIDGE_BAD_FINGERPRINT;
		word = next_word(w);
	}
	for (; word; word = next_word(w)) {
		equals = strchr(word, '=');
		/* Without a transport nobody would read it. */
		if (!equals || equals == word || !*transport)
			return BRIDGE_BAD_ARGUMENT;
		if (need && strncmp(word, need, strlen(need)) == 0 && equals[1])
			need = NULL;
	}
	return need ? BRIDGE_MISSING_ARGUMENT : BRIDGE_GOOD;
}

enum bridge_verdict bridge_line_parse(const char *line, size_t n, struct bridge *ret)
{
	char copy[BRIDGE_LINE_MAX + 1];
	struct words w = {copy};
	enum bridge_verdict verdict;
	const char *word;

	*ret = (struct bridge){0};
	if (n > BRIDGE_LINE_MAX)
		return BRIDGE_TOO_LONG;
	verdict = squeeze(line, n, ret->text);
	if (verdict != BRIDGE_GOOD)
		return verdict;
	while (strncasecmp(ret->text, "Bridge ", 7) == 0) /* a line of torrc */
		memmove(ret->text, ret->text + 7, strlen(ret->text + 7) + 1);
	memcpy(copy, ret->text, sizeof(copy));
	word = next_word(&w);
	if (word && (is_letter(*word) || *word == '_')) {
		if (!is_transport(word))
			return BRIDGE_BAD_TRANSPORT;
		(void)snprintf(ret->transport, sizeof(ret->transport), "%s", word);
		word = next_word(&w);
	}
	if (!word)
		return BRIDGE_NO_ADDRESS;
	return is_address(word) ? check_rest(&w, ret->transport) : BRIDGE_BAD_ADDRESS;
}

void bridge_text_unlist(char *text)
{
	char *in = text + strspn(text, " \t\r\n"), *out = text;
	char quote = '\0', first;

	if (*in != '[')
		return;
	first = in[1 + strspn(in + 1, " \t\r\n")];
	if (first != '\'' && first != '"')
		return;
	for (in++; *in && (quote || *in != ']'); in++) {
		if (quote && *in == quote) {
			*out++ = '\n';
			quote = '\0';
		} else if (quote) {
			*out++ = *in;
		} else if (*in == '\'' || *in == '"') {
			quote = *in;
		}
	}
	*out = '\0';
}
