/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "judge.h"

#include "date.h"

#include <strings.h>

static const char *const connectivities[] = {
	[CONNECTIVITY_NONE] = "none",
	[CONNECTIVITY_PORTAL] = "portal",
	[CONNECTIVITY_LIMITED] = "limited",
	[CONNECTIVITY_FULL] = "full",
};

static const struct {
	const char *reason;
	enum connectivity connectivity;
} outcomes[OUTCOME_N] = {
#define X(NAME, reason, connectivity) [OUTCOME_##NAME] = {(reason), CONNECTIVITY_##connectivity},
	OUTCOMES(X)
#undef X
};

const char *outcome_to_string(enum outcome o)
{
	return o < OUTCOME_N ? outcomes[o].reason : "unknown";
}

const char *outcome_connectivity(enum outcome o)
{
	return connectivities[o < OUTCOME_N ? outcomes[o].connectivity : CONNECTIVITY_NONE];
}

bool outcome_is_portal(enum outcome o)
{
	return o < OUTCOME_N && outcomes[o].connectivity == CONNECTIVITY_PORTAL;
}

const char *date_verdict_to_string(enum date_verdict d)
{
	static const char *const names[] = {
#define X(NAME, reason) [DATE_##NAME] = (reason),
		DATES(X)
#undef X
	};

	return d < DATE_N ? names[d] : "unknown";
}

void judge_begin(struct judge *j, const struct expectation *expected)
{
	*j = (struct judge){
		.expected = *expected,
		.date_verdict = DATE_NONE,
		.outcome = OUTCOME_N,
	};
}

/* "HTTP/1.1 204 No Content"; 0: it is none. */
static uint32_t read_status(const char *line, size_t size)
{
	static const char begin[] = "HTTP/1.";
	const size_t at = sizeof(begin) - 1;
	uint32_t status = 0;

	if (size < at + 5 || memcmp(line, begin, at) != 0 || line[at] < '0' || line[at] > '1' ||
	    line[at + 1] != ' ')
		return 0;
	for (size_t i = at + 2; i < at + 5; i++) {
		if (line[i] < '0' || line[i] > '9')
			return 0;
		status = status * 10 + (uint32_t)(line[i] - '0');
	}
	return status >= 100 ? status : 0;
}

/* Without blanks and the line's end. */
static bool has_name(const char *line, size_t size, const char *name, const char **ret_value,
		     size_t *ret_size)
{
	size_t n = strlen(name);

	if (size <= n || strncasecmp(line, name, n) != 0 || line[n] != ':')
		return false;
	line += n + 1;
	size -= n + 1;
	while (size && (*line == ' ' || *line == '\t')) {
		line++;
		size--;
	}
	while (size && strchr(" \t\r\n", line[size - 1]))
		size--;
	*ret_value = line;
	*ret_size = size;
	return true;
}

/* Of several the first counts: a second is nobody's who may send any. */
static void take_date(struct judge *j, const char *value, size_t size)
{
	uint64_t date;

	if (j->date_verdict != DATE_NONE)
		return;
	if (!date_parse_http(value, size, &date))
		j->date_verdict = DATE_MALFORMED;
	else if (date < j->expected.earliest)
		j->date_verdict = DATE_EARLY;
	else if (date > j->expected.latest)
		j->date_verdict = DATE_LATE;
	else
		j->date_verdict = DATE_GOOD;
	j->date = j->date_verdict == DATE_GOOD ? date : 0;
}

static void take_location(struct judge *j, const char *value, size_t size)
{
	struct http_url url;

	if (j->has_location)
		return;
	j->has_location = true;
	if (http_url_resolve(j->expected.url, value, size, j->portal_url) &&
	    http_url_parse(j->portal_url, strlen(j->portal_url), &url))
		j->portal_kind = http_host_kind(&url);
	else
		j->portal_url[0] = '\0';
}

/* What of the response comes first may be an interim one (RFC 9110, 15.2), which says nothing. */
static void take_status(struct judge *j, uint32_t status)
{
	struct judge fresh;

	judge_begin(&fresh, &j->expected);
	fresh.status = status;
	fresh.lines = j->lines;
	fresh.header_size = j->header_size;
	*j = fresh;
}

static bool stop(struct judge *j, enum outcome o)
{
	j->outcome = o;
	return false;
}

/* libcurl would unpack whatever else it knows, unasked; chunks are all that a 1.1 client must. */
static bool is_packed(const char *line, size_t size)
{
	static const char chunked[] = "chunked";
	const char *value;
	size_t n;

	return has_name(line, size, "Transfer-Encoding", &value, &n) &&
	       (n != sizeof(chunked) - 1 || strncasecmp(value, chunked, n) != 0);
}

static void take_field(struct judge *j, const char *line, size_t size)
{
	static const char online[] = "online";
	const char *value;
	size_t n;

	if (has_name(line, size, "Date", &value, &n))
		take_date(j, value, n);
	else if (has_name(line, size, "Location", &value, &n))
		take_location(j, value, n);
	else if (has_name(line, size, "X-NetworkManager-Status", &value, &n) &&
		 n == sizeof(online) - 1 && strncasecmp(value, online, n) == 0)
		j->online = true;
}

static enum outcome judge_redirect(const struct judge *j)
{
	static const enum outcome kinds[HOST_KIND_N] = {
		[HOST_NAME] = OUTCOME_REDIRECT,
		[HOST_INTERNET] = OUTCOME_REDIRECT,
		[HOST_LAN] = OUTCOME_REDIRECT_LAN,
		[HOST_LOOPBACK] = OUTCOME_REDIRECT_LOOPBACK,
	};

	return j->portal_url[0] ? kinds[j->portal_kind] : OUTCOME_REDIRECT_BAD;
}

static enum outcome judge_success(const struct judge *j)
{
	size_t size = strlen(j->expected.response);

	if (j->online)
		return OUTCOME_STATUS_HEADER;
	if (size == 0)
		return j->status == 204 || j->body_size == 0 ? OUTCOME_EMPTY
		       : j->too_long                         ? OUTCOME_LONG_BODY
							     : OUTCOME_OTHER_BODY;
	if (j->other)
		return OUTCOME_OTHER_BODY;
	return j->matched == size ? OUTCOME_EXPECTED : OUTCOME_SHORT_BODY;
}

static enum outcome judge_whole(const struct judge *j)
{
	if (j->status == 0)
		return OUTCOME_NO_RESPONSE;
	if (j->status == 511) /* RFC 6585, 6 */
		return OUTCOME_LOGIN_REQUIRED;
	if (j->status >= 300 && j->status < 400 && j->has_location)
		return judge_redirect(j);
	if (j->status >= 200 && j->status < 300)
		return judge_success(j);
	return OUTCOME_HTTP_ERROR;
}

bool judge_header(struct judge *j, const char *line, size_t size)
{
	uint32_t status;

	if (j->outcome != OUTCOME_N)
		return false;
	if (j->header_done)
		return true; /* a trailer: too late to count */
	j->header_size += size;
	if (++j->lines > JUDGE_LINES_MAX)
		return stop(j, OUTCOME_MANY_HEADERS);
	if (size > JUDGE_LINE_MAX || j->header_size > JUDGE_HEADER_MAX)
		return stop(j, OUTCOME_LONG_HEADER);
	if (memchr(line, '\0', size) || is_packed(line, size))
		return stop(j, OUTCOME_MALFORMED);
	status = read_status(line, size);
	if (status)
		take_status(j, status);
	else if (j->status == 0)
		return stop(j, OUTCOME_MALFORMED);
	else if (size <= 2) /* an empty line */
		j->header_done = j->status >= 200;
	else
		take_field(j, line, size);
	/* There NetworkManager has its answer; the date stands above it, or in what has come as
	 * well. */
	if (j->online && (j->date_verdict != DATE_NONE || size <= 2))
		return stop(j, judge_whole(j));
	return true;
}

bool judge_body(struct judge *j, const char *data, size_t size)
{
	size_t left = strlen(j->expected.response) - j->matched, n = size < left ? size : left;

	if (j->outcome != OUTCOME_N)
		return false;
	j->body_size += size;
	if (!*j->expected.response) {
		j->too_long = j->body_size > JUDGE_BODY_MAX;
		return j->too_long ? stop(j, judge_whole(j)) : true;
	}
	j->other = memcmp(j->expected.response + j->matched, data, n) != 0;
	j->matched += j->other ? 0 : n;
	if (size && (j->other || n == left))
		return stop(j, judge_whole(j));
	return true;
}

void judge_end(struct judge *j, enum outcome why)
{
	if (j->outcome == OUTCOME_N && why == OUTCOME_N && j->status && !j->header_done)
		why = OUTCOME_CUT;
	if (j->outcome == OUTCOME_N)
		j->outcome = why != OUTCOME_N ? why : judge_whole(j);
}
