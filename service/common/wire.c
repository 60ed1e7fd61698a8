/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "wire.h"

#include <errno.h>
#include <sys/socket.h>

const struct wire_message wire_messages[] = {
#define X(number, NAME, name, side, legal, why) \
	{number, #NAME, sizeof(struct wire_##name), side, legal, why},
	WIRE_MESSAGES(X)
#undef X
};
const size_t wire_messages_n = ARRAY_SIZE(wire_messages);

static const char *const refusals[REFUSAL_N] = {
#define X(NAME, text) [REFUSAL_##NAME] = (text),
	WIRE_REFUSALS(X)
#undef X
};

static const char *const reasons[REASON_N] = {
#define X(NAME, text) [REASON_##NAME] = (text),
	WIRE_REASONS(X)
#undef X
};

static const char *const consents[CONSENT_N] = {
	[CONSENT_UNKNOWN] = "unknown",
	[CONSENT_GRANTED] = "granted",
	[CONSENT_HIDDEN] = "hidden",
};

static const char *const consents_ended[ENDED_N] = {
#define X(NAME, text) [ENDED_##NAME] = (text),
	WIRE_CONSENT_ENDED(X)
#undef X
};

static const char *const verdicts[EXPLAIN_VERDICT_N] = {
	[EXPLAIN_ACCEPTED] = "accepted",
	[EXPLAIN_DROPPED] = "dropped",
	[EXPLAIN_REFUSED] = "refused",
};

static const char *const verify_outcomes[VERIFY_N] = {
	[VERIFY_SAME] = "same",
	[VERIFY_DIFFERS] = "differs",
	[VERIFY_UNPROVED] = "unproved",
	[VERIFY_UNREADABLE] = "unreadable",
};

static const char *const scopes[SCOPE_N] = {
	[SCOPE_FULL] = "full",
	[SCOPE_PORTAL] = "portal",
	[SCOPE_PROBE] = "probe",
};

static int lookup(const char *const *table, size_t n, const char *text)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(table[i], text) == 0)
			return (int)i;
	return -EINVAL;
}

const char *wire_refusal_to_string(enum wire_refusal r)
{
	return r < REFUSAL_N ? refusals[r] : "unknown";
}

const char *wire_reason_to_string(enum wire_reason r)
{
	return r < REASON_N ? reasons[r] : "unknown";
}

int wire_reason_from_string(const char *text, enum wire_reason *ret)
{
	int i = lookup(reasons, ARRAY_SIZE(reasons), text);

	if (i < 0)
		return i;
	*ret = (enum wire_reason)i;
	return 0;
}

const char *wire_consent_to_string(enum consent_value c)
{
	return c < CONSENT_N ? consents[c] : "unknown";
}

const char *consent_ended_to_string(enum consent_ended e)
{
	return e < ENDED_N ? consents_ended[e] : "unknown";
}

const char *wire_verdict_to_string(enum explain_verdict v)
{
	return v < EXPLAIN_VERDICT_N ? verdicts[v] : "unknown";
}

int wire_consent_from_string(const char *text, enum consent_value *ret)
{
	int i = lookup(consents, ARRAY_SIZE(consents), text);

	if (i < 0)
		return i;
	*ret = (enum consent_value)i;
	return 0;
}

const char *verify_outcome_to_string(enum verify_outcome o)
{
	return o < VERIFY_N ? verify_outcomes[o] : "unknown";
}

int verify_outcome_from_string(const char *text, enum verify_outcome *ret)
{
	int i = lookup(verify_outcomes, ARRAY_SIZE(verify_outcomes), text);

	if (i < 0)
		return i;
	*ret = (enum verify_outcome)i;
	return 0;
}

const char *lease_scope_to_string(enum lease_scope s)
{
	return s < SCOPE_N ? scopes[s] : "unknown";
}

int lease_scope_from_string(const char *text, enum lease_scope *ret)
{
	int i = lookup(scopes, ARRAY_SIZE(scopes), text);

	if (i < 0)
		return i;
	*ret = (enum lease_scope)i;
	return 0;
}

const struct wire_message *wire_message(uint16_t type)
{
	for (size_t i = 0; i < wire_messages_n; i++)
		if (wire_messages[i].type == type)
			return &wire_messages[i];
	return NULL;
}

static bool terminated(const char *text, size_t size)
{
	return memchr(text, '\0', size) != NULL;
}

static const char *check_limits(const struct wire_limits *m)
{
	if (m->n_doors > WIRE_DOORS_MAX)
		return "more doors than fit";
	for (uint32_t i = 0; i < m->n_doors; i++) {
		if (!terminated(m->doors[i].name, sizeof(m->doors[i].name)))
			return "a name without an end";
		if (m->doors[i].role >= ROLE_N)
			return "a role that does not exist";
	}
	if (m->sealed > 1 || m->built_in > 1)
		return "a truth value that is neither 0 nor 1";
	if (m->browser > m->n_doors)
		return "a browser whose door is not there";
	if (m->browser && m->doors[m->browser - 1].role != ROLE_CLEARNET)
		return "a browser whose door is not a user's";
	return NULL;
}

static const char *check_lease_open(const struct wire_lease_open *m)
{
	if (m->uid == UINT32_MAX || m->holder == UINT32_MAX)
		return "a uid that nobody can have";
	if (m->scope >= SCOPE_N)
		return "a scope that does not exist";
	if (m->n_servers > WIRE_SERVERS_MAX)
		return "more servers than fit";
	if (m->scope == SCOPE_FULL && m->n_servers)
		return "servers that its scope does not have";
	for (uint32_t i = m->n_servers; i < WIRE_SERVERS_MAX; i++)
		if (m->servers[i])
			return "padding that is not zero";
	return m->pad ? "padding that is not zero" : NULL;
}

static const char *check_dns_addresses(const struct wire_dns_addresses *m)
{
	if (m->n > WIRE_ADDRESSES_MAX)
		return "more addresses than fit";
	for (uint32_t i = m->n; i < WIRE_ADDRESSES_MAX; i++)
		if (m->items[i].address || m->items[i].ttl)
			return "padding that is not zero";
	return NULL;
}

static const char *check_autoconfig(const struct wire_autoconfig *m)
{
	return terminated(m->url, sizeof(m->url)) && terminated(m->response, sizeof(m->response))
		       ? NULL
		       : "a text without an end";
}

static const char *check_tampered(const struct wire_tampered *m)
{
	if (!terminated(m->name, sizeof(m->name)))
		return "a name without an end";
	if (m->repaired > 1)
		return "a truth value that is neither 0 nor 1";
	return m->pad ? "padding that is not zero" : NULL;
}

static const char *check_set_consent(const struct wire_set_consent *m)
{
	if (m->who == UINT32_MAX)
		return "a uid that nobody can have";
	if (m->value != CONSENT_GRANTED && m->value != CONSENT_HIDDEN)
		return "a consent that nobody can give";
	if (m->lift > 1)
		return "a truth value that is neither 0 nor 1";
	return m->pad ? "padding that is not zero" : NULL;
}

static const char *check_explain(const struct wire_explain *m)
{
	if (m->uid == UINT32_MAX)
		return "a uid that nobody can have";
	if (m->family >= EXPLAIN_N || m->protocol > UINT8_MAX)
		return "a protocol that does not exist";
	return m->family != EXPLAIN_IPV4 && m->addr ? "padding that is not zero" : NULL;
}

static const char *check_explained(const struct wire_explained *m)
{
	if (m->verdict >= EXPLAIN_VERDICT_N)
		return "a verdict that does not exist";
	if (m->door > 1 || m->open > 1 || m->with_door > 1)
		return "a truth value that is neither 0 nor 1";
	return terminated(m->rule, sizeof(m->rule)) && terminated(m->origin, sizeof(m->origin)) &&
			       terminated(m->why, sizeof(m->why)) &&
			       terminated(m->remedy, sizeof(m->remedy)) &&
			       terminated(m->who, sizeof(m->who))
		       ? NULL
		       : "a text without an end";
}

static const char *check_verified(const struct wire_verified *m)
{
	if (m->outcome >= VERIFY_N)
		return "an outcome that does not exist";
	return terminated(m->text, sizeof(m->text)) ? NULL : "a text without an end";
}

static const char *check_counters(const struct wire_counters *m)
{
	if (m->n > WIRE_COUNTERS_MAX)
		return "more counters than fit";
	for (uint32_t i = 0; i < m->n; i++)
		if (!terminated(m->items[i].name, sizeof(m->items[i].name)))
			return "a name without an end";
	return m->pad ? "padding that is not zero" : NULL;
}

static const char *check_entry(const struct wire_blocked_entry *b)
{
	static const uint8_t none[WIRE_ADDRESS_SIZE];

	if (!terminated(b->class, sizeof(b->class)) || !terminated(b->origin, sizeof(b->origin)))
		return "a name without an end";
	if (b->family != AF_INET && b->family != AF_INET6)
		return "a family that is neither IPv4 nor IPv6";
	if (b->has_destination > 1)
		return "a truth value that is neither 0 nor 1";
	if (!b->has_destination && memcmp(b->destination, none, sizeof(none)) != 0)
		return "a destination that is not to be kept";
	return NULL;
}

static const char *check_blocked_list(const struct wire_blocked_list *m)
{
	const char *why = NULL;

	if (m->n > WIRE_BLOCKED_MAX)
		return "more entries than fit";
	for (uint32_t i = 0; i < m->n && !why; i++)
		why = check_entry(&m->items[i]);
	return why;
}

static const char *check_check_address(const struct wire_check_address *m)
{
	static const uint8_t none[WIRE_ADDRESS_SIZE];

	if (m->family != AF_INET && m->family != AF_INET6)
		return "a family that is neither IPv4 nor IPv6";
	if (m->family == AF_INET && memcmp(m->address + 4, none, sizeof(none) - 4) != 0)
		return "padding that is not zero";
	return m->pad ? "padding that is not zero" : NULL;
}

static const char *check_links(const struct wire_links *m)
{
	if (m->n > WIRE_LINKS_MAX)
		return "more links than fit";
	for (uint32_t i = 0; i < m->n; i++)
		if (!terminated(m->items[i].name, sizeof(m->items[i].name)))
			return "a name without an end";
	return m->pad ? "padding that is not zero" : NULL;
}

/* Ranges of the fields of one message of the right size; NULL when good. */
static const char *check_fields(const void *data, enum wire_type type)
{
	const struct wire_lease_extend *extend = data;
	const struct wire_lease_end *end = data;
	const struct wire_lease_ended *ended = data;
	const struct wire_consent *consent = data;
	const struct wire_reloaded *reloaded = data;
	const struct wire_refused *refused = data;
	const struct wire_get_blocked *get_blocked = data;
	const struct wire_blocked *blocked = data;
	const struct wire_address *address = data;
	const struct wire_dns_answer *dns_answer = data;

	switch (type) {
	case WIRE_GET_LIMITS:
	case WIRE_HEARTBEAT:
	case WIRE_ALIVE:
	case WIRE_LEASE_OPENED:
	case WIRE_LEASE_EXTENDED:
	case WIRE_GET_CONSENT:
	case WIRE_END_CONSENT:
	case WIRE_RELOAD:
	case WIRE_POLICY_CHANGED:
	case WIRE_VERIFY:
	case WIRE_GET_COUNTERS:
		return NULL;
	case WIRE_LIMITS:
		return check_limits(data);
	case WIRE_LEASE_OPEN:
		return check_lease_open(data);
	case WIRE_LEASE_EXTEND:
		return extend->pad ? "padding that is not zero" : NULL;
	case WIRE_LEASE_END:
		if (end->reason >= REASON_N)
			return "a reason that does not exist";
		return end->pad ? "padding that is not zero" : NULL;
	case WIRE_LEASE_ENDED:
		if (ended->reason >= REASON_N)
			return "a reason that does not exist";
		return ended->pad ? "padding that is not zero" : NULL;
	case WIRE_SET_CONSENT:
		return check_set_consent(data);
	case WIRE_CONSENT:
		if (consent->value >= CONSENT_N || consent->ended >= ENDED_N)
			return "a consent that does not exist";
		return consent->pad ? "padding that is not zero" : NULL;
	case WIRE_RELOADED:
		if (reloaded->outcome >= RELOAD_N)
			return "an outcome that does not exist";
		return terminated(reloaded->text, sizeof(reloaded->text)) ? NULL
									  : "a text without an end";
	case WIRE_REFUSED:
		if (refused->refusal == REFUSAL_NONE || refused->refusal >= REFUSAL_N)
			return "a refusal that does not exist";
		return NULL;
	case WIRE_TAMPERED:
		return check_tampered(data);
	case WIRE_EXPLAIN:
		return check_explain(data);
	case WIRE_EXPLAINED:
		return check_explained(data);
	case WIRE_VERIFIED:
		return check_verified(data);
	case WIRE_COUNTERS:
		return check_counters(data);
	case WIRE_GET_BLOCKED:
		return get_blocked->pad ? "padding that is not zero" : NULL;
	case WIRE_BLOCKED_LIST:
		return check_blocked_list(data);
	case WIRE_BLOCKED:
		return check_entry(&blocked->entry);
	case WIRE_CHECK_ADDRESS:
		return check_check_address(data);
	case WIRE_ADDRESS:
		if (address->kind >= ADDRESS_KIND_N)
			return "a kind that does not exist";
		return address->pad ? "padding that is not zero" : NULL;
	case WIRE_LINKS:
		return check_links(data);
	case WIRE_DNS_ANSWER:
		return dns_answer->size > WIRE_ANSWER_SIZE ? "more bytes than fit" : NULL;
	case WIRE_DNS_ADDRESSES:
		return check_dns_addresses(data);
	case WIRE_AUTOCONFIG:
		return check_autoconfig(data);
	case WIRE_TYPE_N:
		break;
	}
	return "a type that does not exist";
}

int wire_check(const void *data, size_t size, enum wire_side side,
	       const struct wire_message **ret_message, const char **ret_why)
{
	const struct wire_message *m;
	struct wire_header h;

	*ret_message = NULL;
	*ret_why = "shorter than a header";
	if (size < sizeof(h))
		return -EPROTO;
	memcpy(&h, data, sizeof(h));
	m = wire_message(h.type);
	*ret_why = "a type that does not exist";
	if (!m)
		return -EPROTO;
	*ret_message = m;
	*ret_why = "not of its type's size";
	if (size != m->size)
		return -EPROTO;
	*ret_why = "of another version of the protocol";
	if (h.version != WIRE_VERSION)
		return -EPROTO;
	*ret_why = "meant for the other side";
	if (m->side != side)
		return -EPROTO;
	*ret_why = "a request without a cookie";
	if (side == TO_ENGINE && h.cookie == 0)
		return -EPROTO;
	*ret_why = check_fields(data, (enum wire_type)h.type);
	return *ret_why ? -EPROTO : 0;
}

bool wire_is_namespace(uint32_t uid)
{
	return uid >= WIRE_NAMESPACE_BASE && uid - WIRE_NAMESPACE_BASE < WIRE_NAMESPACES_MAX;
}

void wire_header_init(struct wire_header *h, enum wire_type type, uint32_t cookie)
{
	h->type = (uint16_t)type;
	h->version = WIRE_VERSION;
	h->cookie = cookie;
}
