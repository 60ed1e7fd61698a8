/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fetch.h"

#include "log.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>

#define RESOLVE_SIZE (HTTP_HOST_SIZE + INET_ADDRSTRLEN + 8)

struct fetching {
	struct judge *judge;
	usec_t date_at;
};

/* A shorter count than was given ends the transfer, as it ends NetworkManager's. */
static size_t on_header(char *data, size_t one, size_t size, void *userdata)
{
	struct fetching *f = userdata;
	enum date_verdict before = f->judge->date_verdict;
	bool go_on = judge_header(f->judge, data, one * size);

	if (before != f->judge->date_verdict)
		f->date_at = now_boottime();
	return go_on ? one * size : 0;
}

static size_t on_body(char *data, size_t one, size_t size, void *userdata)
{
	struct fetching *f = userdata;

	return judge_body(f->judge, data, one * size) ? one * size : 0;
}

static enum outcome why_not_connected(long error)
{
	static const struct {
		long error;
		enum outcome outcome;
	} known[] = {
		{ECONNREFUSED, OUTCOME_CONNECT_REFUSED},
		{ETIMEDOUT, OUTCOME_CONNECT_TIMEOUT},
		{EPERM, OUTCOME_BUDGET},
		{EACCES, OUTCOME_BUDGET},
	};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (known[i].error == error)
			return known[i].outcome;
	return OUTCOME_UNREACHABLE;
}

/* What libcurl says, where the answer has not said it already. */
static enum outcome why(CURL *curl, CURLcode code, const struct judge *j)
{
	enum outcome lost = j->status ? OUTCOME_CUT : OUTCOME_NO_RESPONSE;
	curl_off_t connected = 0;
	long error = 0;

	(void)curl_easy_getinfo(curl, CURLINFO_CONNECT_TIME_T, &connected);
	(void)curl_easy_getinfo(curl, CURLINFO_OS_ERRNO, &error);
	switch (code) {
	case CURLE_OK:
		return OUTCOME_N;
	case CURLE_COULDNT_CONNECT:
		return why_not_connected(error);
	case CURLE_OPERATION_TIMEDOUT:
		if (!connected)
			return OUTCOME_CONNECT_TIMEOUT;
		return j->status ? OUTCOME_SLOW : OUTCOME_NO_RESPONSE;
	case CURLE_SEND_ERROR:
	case CURLE_RECV_ERROR:
	case CURLE_PARTIAL_FILE:
	case CURLE_GOT_NOTHING:
		return lost;
	case CURLE_OUT_OF_MEMORY: /* that is how it says that a line is over its own limit */
		return OUTCOME_LONG_HEADER;
	default:
		return OUTCOME_MALFORMED;
	}
}

static void set_options(CURL *curl, const char *url, struct curl_slist *headers,
			struct curl_slist *resolve, long milliseconds, struct fetching *f)
{
	/* What is sent: as in NetworkManager's do_curl_request(). */
	(void)curl_easy_setopt(curl, CURLOPT_URL, url);
	(void)curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	(void)curl_easy_setopt(curl, CURLOPT_RESOLVE, resolve);
	(void)curl_easy_setopt(curl, CURLOPT_IPRESOLVE, CURL_IPRESOLVE_V4);
	(void)curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
	(void)curl_easy_setopt(curl, CURLOPT_HEADERDATA, f);
	(void)curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
	(void)curl_easy_setopt(curl, CURLOPT_WRITEDATA, f);
	/* What is not done, whatever the environment or a default of another version says. */
	(void)curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http");
	(void)curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
	(void)curl_easy_setopt(curl, CURLOPT_PROXY, "");
	(void)curl_easy_setopt(curl, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	(void)curl_easy_setopt(curl, CURLOPT_HTTP09_ALLOWED, 0L);
	(void)curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	(void)curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, milliseconds);
}

void fetch(const char *url, const struct http_url *parsed, uint32_t address, long milliseconds,
	   struct judge *j, usec_t *ret_date_at)
{
	struct curl_slist *headers = curl_slist_append(NULL, "Connection: close"), *resolve;
	struct in_addr in = {.s_addr = htonl(address)};
	struct fetching f = {.judge = j};
	char text[INET_ADDRSTRLEN] = "", entry[RESOLVE_SIZE];
	CURL *curl = curl_easy_init();

	(void)inet_ntop(AF_INET, &in, text, sizeof(text));
	(void)snprintf(entry, sizeof(entry), "%s:80:%s", parsed->host, text);
	resolve = curl_slist_append(NULL, entry);
	if (!curl || !headers || !resolve)
		fatal_oom();
	set_options(curl, url, headers, resolve, milliseconds, &f);
	judge_end(j, why(curl, curl_easy_perform(curl), j));
	curl_easy_cleanup(curl);
	curl_slist_free_all(headers);
	curl_slist_free_all(resolve);
	*ret_date_at = f.date_at;
}
