/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "consent.h"

#include "log.h"
#include "scoped.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* One record, of one size, so that writing it anew needs no room: "hidden UID SINCE" or "-". */
#define RECORD_SIZE 64
#define RECORD_NONE "-"
#define RECORD_HIDDEN "hidden"

static int write_record(int fd, const char *text)
{
	char record[RECORD_SIZE + 1];
	ssize_t n;

	(void)snprintf(record, sizeof(record), "%-*s\n", RECORD_SIZE - 1, text);
	if (lseek(fd, 0, SEEK_SET) < 0)
		return -errno;
	n = write(fd, record, RECORD_SIZE);
	if (n < 0)
		return -errno;
	return n == RECORD_SIZE ? 0 : -EIO;
}

/* "hidden WHO SINCE", padded. */
static bool parse_hidden(const char *record, struct consent *ret)
{
	static const char word[] = RECORD_HIDDEN " ";
	unsigned long long who, since;
	char *end;

	if (strncmp(record, word, sizeof(word) - 1) != 0)
		return false;
	who = strtoull(record + sizeof(word) - 1, &end, 10);
	since = strtoull(end, &end, 10);
	if (*end != ' ' || who >= UINT32_MAX || since > now_boottime())
		return false;
	*ret = (struct consent){.value = CONSENT_HIDDEN, .who = (uid_t)who, .since = since};
	return true;
}

/* What is not to be understood counts as hidden: somebody may have withdrawn it. */
static int read_record(int fd, struct consent *ret)
{
	char record[RECORD_SIZE + 2];
	ssize_t n;

	n = read(fd, record, sizeof(record) - 1);
	if (n < 0)
		return -errno;
	record[n] = '\0';
	if (n == 0)
		return write_record(fd, RECORD_NONE);
	if (n == RECORD_SIZE && strncmp(record, RECORD_NONE " ", 2) == 0)
		return 0;
	return n == RECORD_SIZE && parse_hidden(record, ret) ? 0 : -EBADMSG;
}

/* In a directory of ours, on a file system in memory: a boot ends it, and nothing else. */
static int open_record(struct engine *e)
{
	struct stat st;
	int fd;

	fd = open(CONSENT_RECORD_PATH, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK,
		  0600);
	if (fd < 0)
		return -errno;
	e->consent.record = fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 077))
		return -EPERM;
	return read_record(fd, &e->leases.consent);
}

void consent_open(struct engine *e)
{
	int r;

	r = gateway_watch(&e->consent.watch);
	if (r < 0)
		fatal("no route socket: %s; the wall stays as it is", strerror(-r));
	e->consent.record = -1;
	r = open_record(e);
	if (r < 0) {
		log_error("%s: %s; consent counts as withdrawn", CONSENT_RECORD_PATH, strerror(-r));
		e->leases.consent = (struct consent){
			.value = CONSENT_HIDDEN,
			.since = now_boottime(),
		};
	}
}

static void keep(const struct engine *e)
{
	const struct consent *c = &e->leases.consent;
	char text[RECORD_SIZE] = RECORD_NONE;
	int r;

	if (c->value == CONSENT_HIDDEN)
		(void)snprintf(text, sizeof(text), RECORD_HIDDEN " %u %" PRIu64, c->who, c->since);
	r = e->consent.record < 0 ? -EBADF : write_record(e->consent.record, text);
	if (r < 0)
		log_warning("%s: %s; another engine will not know that consent is %s",
			    CONSENT_RECORD_PATH, strerror(-r), wire_consent_to_string(c->value));
}

int consent_fd(const struct engine *e)
{
	return e->leases.consent.value == CONSENT_GRANTED || scoped_stands(e)
		       ? mnl_socket_get_fd(e->consent.watch.socket)
		       : -1;
}

void consent_lose(struct engine *e, enum consent_ended why)
{
	struct lease_effects effects;

	if (!consent_end(&e->leases, why, now_boottime(), &effects))
		return;
	engine_apply(e, &effects);
	log_info("the consent of uid %u is over: %s", e->leases.consent.who,
		 consent_ended_to_string(why));
	consent_send(e, 0);
}

static void follow(struct engine *e, int error, const struct gateway *now)
{
	if (error == 0 && gateway_follow(&e->consent.network, now))
		return;
	/* A network that cannot be known may be any. */
	if (error < 0 && error != -ENETUNREACH)
		log_error("the network that consent is for: %s", strerror(-error));
	consent_lose(e, ENDED_NETWORK);
}

void consent_look(struct engine *e)
{
	bool consent = e->leases.consent.value == CONSENT_GRANTED, portal = scoped_stands(e);
	struct gateway now;
	int r;

	if (!consent && !portal)
		return;
	/* First: what changes after this is news again. */
	nl_drain(&e->consent.watch);
	r = gateway_find(&e->route, &now);
	if (portal)
		scoped_follow(e, r, &now);
	if (consent)
		follow(e, r, &now);
}

static enum wire_refusal grant(struct engine *e, const struct wire_set_consent *m,
			       struct lease_effects *effects, uint32_t *ret_detail)
{
	enum wire_refusal refusal;
	enum consent_value before;
	struct gateway network;
	int r;

	consent_look(e);
	before = e->leases.consent.value;
	nl_drain(&e->consent.watch);
	r = gateway_find(&e->route, &network);
	if (r == -ENETUNREACH)
		return REFUSAL_NO_NETWORK;
	if (r < 0) {
		*ret_detail = (uint32_t)-r;
		return REFUSAL_ENGINE_FAILURE;
	}
	refusal = consent_grant(&e->leases, m->who, m->network, m->lift, now_boottime(), effects);
	/* Given once more: what has been learnt of the network since then stays known. */
	if (refusal == REFUSAL_NONE && before != CONSENT_GRANTED)
		e->consent.network = network;
	return refusal;
}

enum wire_refusal consent_set(struct engine *e, const struct wire_set_consent *request,
			      uint32_t *ret_detail)
{
	enum consent_value value = (enum consent_value)request->value;
	struct lease_effects effects = {0};
	enum wire_refusal refusal = REFUSAL_NONE;

	*ret_detail = 0;
	if (value == CONSENT_GRANTED)
		refusal = grant(e, request, &effects, ret_detail);
	else
		consent_hide(&e->leases, request->who, now_boottime(), &effects);
	engine_apply(e, &effects);
	if (refusal != REFUSAL_NONE) {
		log_info("consent by uid %u: refused, %s", request->who,
			 wire_refusal_to_string(refusal));
		return refusal;
	}
	keep(e);
	log_info("consent is %s, by uid %u", wire_consent_to_string(value), request->who);
	return REFUSAL_NONE;
}

void consent_send(struct engine *e, uint32_t cookie)
{
	const struct consent *c = &e->leases.consent;
	struct wire_consent m = {
		.value = c->value,
		.who = c->who,
		.since = c->since,
		.uses = c->uses,
		.ended = c->ended,
	};

	memcpy(m.network, c->network, sizeof(m.network));
	wire_header_init(&m.header, WIRE_CONSENT, cookie);
	engine_send(e, &m, sizeof(m), -1);
}
