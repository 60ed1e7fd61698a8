/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check-result.h"

#include <errno.h>
#include <stdio.h>

static const char *const connectivities[] = {"none", "portal", "limited", "full"};

/* A word of ours: small letters and "-". */
static int copy_word(char *buf, size_t size, const char *word)
{
	size_t n = strlen(word);

	if (n >= size || strspn(word, "abcdefghijklmnopqrstuvwxyz-") != n)
		return -EBADMSG;
	memcpy(buf, word, n + 1);
	return 0;
}

static int take_url(struct check_result *ret, const char *text)
{
	struct http_url url;

	if (strlen(text) >= sizeof(ret->portal_url) || !http_url_parse(text, strlen(text), &url))
		return -EBADMSG;
	(void)snprintf(ret->portal_url, sizeof(ret->portal_url), "%s", text);
	ret->portal_kind = host_kind_to_string(http_host_kind(&url));
	return 0;
}

static int take_text(struct check_result *ret, const char *key, const char *value)
{
	if (strcmp(key, "reason") == 0)
		return copy_word(ret->reason, sizeof(ret->reason), value);
	if (strcmp(key, "date-reason") == 0)
		return copy_word(ret->date_reason, sizeof(ret->date_reason), value);
	return strcmp(key, "portal-url") == 0 ? take_url(ret, value) : 0;
}

/* What is not known is not passed on. */
static int read_detail(sd_bus_message *m, struct check_result *ret)
{
	const char *key, *contents, *text;
	int r;

	r = sd_bus_message_read(m, "s", &key);
	if (r >= 0)
		r = sd_bus_message_peek_type(m, NULL, &contents);
	if (r < 0)
		return r;
	if (strcmp(contents, "s") == 0) {
		r = sd_bus_message_read(m, "v", "s", &text);
		return r < 0 ? r : take_text(ret, key, text);
	}
	if (strcmp(contents, "u") == 0 && strcmp(key, "status") == 0)
		return sd_bus_message_read(m, "v", "u", &ret->status);
	if (strcmp(contents, "t") == 0 && strcmp(key, "date-at") == 0)
		return sd_bus_message_read(m, "v", "t", &ret->date_at);
	return sd_bus_message_skip(m, "v");
}

int check_result_read(sd_bus_message *m, uint64_t earliest, uint64_t latest,
		      struct check_result *ret)
{
	const char *connectivity;
	int r;

	*ret = (struct check_result){.at = now_boottime()};
	r = sd_bus_message_read(m, "st", &connectivity, &ret->date);
	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(connectivities); i++)
		if (strcmp(connectivity, connectivities[i]) == 0)
			ret->connectivity = connectivities[i];
	if (r >= 0)
		r = sd_bus_message_enter_container(m, 'a', "{sv}");
	while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
		r = read_detail(m, ret);
		if (r >= 0)
			r = sd_bus_message_exit_container(m);
	}
	if (r < 0)
		return r;
	if (!ret->connectivity || !*ret->reason || ret->date_at > ret->at ||
	    (ret->date && (ret->date < earliest || ret->date > latest)))
		return -EBADMSG;
	return 0;
}

static int append_text(sd_bus_message *m, const char *key, const char *value)
{
	return value && *value ? sd_bus_message_append(m, "{sv}", key, "s", value) : 0;
}

int check_result_append(sd_bus_message *m, const struct check_result *c)
{
	int r;

	r = sd_bus_message_append(m, "st", c->connectivity, c->date);
	if (r >= 0)
		r = sd_bus_message_open_container(m, 'a', "{sv}");
	if (r >= 0)
		r = append_text(m, "reason", c->reason);
	if (r >= 0 && c->status)
		r = sd_bus_message_append(m, "{sv}", "status", "u", c->status);
	if (r >= 0)
		r = append_text(m, "date-reason", c->date_reason);
	if (r >= 0 && c->date)
		r = sd_bus_message_append(m, "{sv}", "date-at", "t", c->date_at);
	if (r >= 0)
		r = append_text(m, "portal-url", c->portal_url);
	if (r >= 0)
		r = append_text(m, "portal-kind", c->portal_kind);
	return r >= 0 ? sd_bus_message_close_container(m) : r;
}
