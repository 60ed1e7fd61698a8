/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Random policies: text for the real parser, drawn again until it accepts one. */
#include "agree.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#define TEXT_MAX 16384

struct text {
	char *bytes;
	size_t used;
};

static _printf_(2, 3) void say(struct text *t, const char *format, ...)
{
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(t->bytes + t->used, TEXT_MAX - t->used, format, ap);
	va_end(ap);
	if (n > 0 && (size_t)n < TEXT_MAX - t->used)
		t->used += (size_t)n;
}

static bool yes(void)
{
	return one_in(2);
}

static const char *word(bool truth)
{
	return truth ? "yes" : "no";
}

/* Roles have uids of their own, so that most draws are no contradictions. */
static const uint32_t tors[] = {901, 911}, desktops[] = {1000, 1001, 1002},
		      doors[] = {902, 907, 912}, probes[] = {905, 915},
		      others[] = {0, 5001, 5002, 5003, 65534, 100000, 4294967294u};

static void some(struct text *t, const char *key, const uint32_t *uids, size_t n)
{
	bool any = false;

	say(t, "%s =", key);
	for (size_t i = 0; i < n; i++)
		if (!one_in(3)) {
			say(t, " %u", uids[i]);
			any = true;
		}
	if (!any && n && yes())
		say(t, " %u", uids[dice((uint32_t)n)]);
	say(t, "\n");
}

/* Anybody who may have something on loopback. */
static void people(struct text *t, const char *key, uint32_t most)
{
	static const char *const roles[] = {"@tor", "@desktop"};
	uint32_t n = dice(most + 1);

	say(t, "%s =", key);
	for (uint32_t i = 0; i < n; i++)
		switch (dice(4)) {
		case 0:
			say(t, " %s", PICK(roles));
			break;
		case 1:
			say(t, " %u", PICK(desktops));
			break;
		default:
			say(t, " %u", PICK(others));
		}
	say(t, "\n");
}

static void users(struct text *t)
{
	say(t, "[users]\n");
	if (!one_in(12))
		some(t, "tor", tors, ARRAY_SIZE(tors));
	some(t, "desktop", desktops, ARRAY_SIZE(desktops));
	some(t, "clearnet", doors, ARRAY_SIZE(doors));
	some(t, "autoconfig", probes, ARRAY_SIZE(probes));
}

static void listen_on(struct text *t)
{
	static const char *const addresses[] = {
		"127.0.0.1", "127.0.0.1",     "127.0.0.1", "127.0.0.2",   "127.3.2.1",
		"[::1]",     "192.168.77.10", "10.9.8.7",  "203.0.113.5", "[::1]",
	};
	static const uint16_t widths[] = {0, 0, 0, 0, 1, 3, 14, 15, 16, 17, 300};
	uint32_t first = yes() ? 7000 + dice(40) : 1 + dice(60000), width = PICK(widths);

	say(t, " %s:%u", PICK(addresses), first);
	if (width)
		say(t, "-%u", first + width);
	say(t, "/%s", yes() ? "tcp" : "udp");
}

static void services(struct text *t)
{
	uint32_t n = dice(21);

	for (uint32_t i = 0; i < n; i++) {
		say(t, "[service s%u]\nlisten =", i);
		for (uint32_t k = dice(3); k + 1 > 0; k--)
			listen_on(t);
		say(t, "\n");
		people(t, "users", 3);
		if (yes())
			people(t, "server", 2);
	}
}

/* By a link that is there, or that is not; from an address that the peer has, as all. */
static void namespaces(struct text *t)
{
	static const char *const interfaces[] = {"up1", "up1", "up0", "gone0"},
				 *const peers[] = {"10.9.8.9", "172.20.0.1", "192.168.77.20",
						   "198.51.100.7"},
				 *const addresses[] = {"10.9.8.7", "172.20.0.9", "192.168.77.10",
						       "203.0.113.5"};
	static const uint16_t widths[] = {0, 0, 1, 3, 300};
	uint32_t n = one_in(3) ? 1 + dice(2) : 0;

	for (uint32_t i = 0; i < n; i++) {
		say(t, "[namespace n%u]\ninterface = %s\npeer = %s\nlisten =", i, PICK(interfaces),
		    PICK(peers));
		for (uint32_t k = 0; k <= dice(3); k++) {
			uint32_t first = 7000 + dice(8);

			say(t, " %s:%u-%u/%s", PICK(addresses), first, first + PICK(widths),
			    yes() ? "tcp" : "udp");
		}
		say(t, "\n");
		if (yes())
			people(t, "server", 2);
		say(t, "door = %s\n", yes() ? "yes" : "no");
	}
}

static void redirects(struct text *t)
{
	static const char *const ranges[] = {"127.192.0.0/10", "127.64.0.0/12", "127.9.9.9/32",
					     "127.128.0.0/9"};
	static const uint16_t ports[] = {9040, 9041, 7005, 1, 65535};
	static const uint16_t dns[] = {5353, 5354, 7010, 53, 9040};

	if (!one_in(4)) {
		say(t, "[automap]\n");
		people(t, "users", 4);
		if (yes())
			say(t, "range = %s\nport = %u\n", PICK(ranges), PICK(ports));
	}
	if (!one_in(4)) {
		say(t, "[dns]\n");
		people(t, "users", 4);
		say(t, "tcp = %s\n", word(yes()));
		if (yes())
			say(t, "port = %u\n", PICK(dns));
	}
	if (yes())
		say(t, "[tor]\ndns = %s\nudp = %s\nloopback = %s\n", word(yes()), word(yes()),
		    word(!one_in(3)));
}

static void lan(struct text *t)
{
	static const char *const nets[] = {"192.168.77.0/24", "192.168.0.0/16", "10.0.0.0/8",
					   "10.9.8.0/25",     "172.16.0.0/12",  "172.20.0.9/32",
					   "100.64.0.0/10",   "203.0.113.0/28", "198.51.100.77/32"};
	static const char *const refuse[] = {"53",      "853/tcp", "5353/udp", "1-1023/tcp",
					     "3478",    "631",     "137/udp",  "60000-65535",
					     "0-9/udp", "7000/tcp"};

	if (one_in(3))
		return;
	say(t, "[lan]\non-link = %s\n", word(yes()));
	if (yes()) {
		say(t, "ranges =");
		for (uint32_t i = dice(4); i > 0; i--)
			say(t, " %s", PICK(nets));
		say(t, "\n");
	}
	if (yes())
		say(t, "exclude = %s %s\n", PICK(nets), yes() ? "192.168.77.64/26" : PICK(nets));
	if (yes()) {
		say(t, "refuse =");
		for (uint32_t i = dice(5); i > 0; i--)
			say(t, " %s", PICK(refuse));
		say(t, "\n");
	}
}

static void draw(struct text *t)
{
	t->used = 0;
	users(t);
	services(t);
	namespaces(t);
	redirects(t);
	lan(t);
	say(t, "[egress]\nenable = %s\n", word(!one_in(3)));
}

static int resolve_nobody(void *userdata, const char *name, uid_t *ret_uid)
{
	(void)userdata;
	(void)name;
	(void)ret_uid;
	return -ESRCH;
}

struct policy *parse_policy(const char *text)
{
	char name[] = "policy.conf", *copy = strdup(text);
	struct source source = {.name = name, .text = copy, .size = strlen(text)};
	struct sources sources = {.items = &source, .n = 1};
	struct diagnostics diags = {0};
	struct policy *p = NULL;

	if (copy && config_parse(&sources, resolve_nobody, NULL, &diags, &p) < 0)
		p = NULL;
	diagnostics_clear(&diags);
	free(copy);
	return p;
}

struct policy *random_policy(char **ret_text)
{
	struct text t = {.bytes = calloc(1, TEXT_MAX)};
	struct policy *p = NULL;

	while (t.bytes && !p) {
		draw(&t);
		p = parse_policy(t.bytes);
	}
	*ret_text = t.bytes;
	return p;
}
