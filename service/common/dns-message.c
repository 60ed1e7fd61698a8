/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dns-message.h"

#include <errno.h>

#define NAME_MAX_SIZE 255
#define LABEL_MAX_SIZE 63
#define HEADER_SIZE 12
#define POINTERS_MAX 64 /* in one name; each must go back, so this only bounds the time */

#define FLAG_ANSWER 0x8000
#define FLAG_TRUNCATED 0x0200
#define FLAG_RECURSION_DESIRED 0x0100
#define MASK_OPCODE 0x7800
#define MASK_RCODE 0x000f
#define CLASS_IN 1

struct reader {
	const uint8_t *data;
	size_t size;
	size_t at;
	const char *why;
};

/* As on the wire, without pointers and in lower case: equal names have equal octets. */
struct name {
	uint8_t octets[NAME_MAX_SIZE];
	size_t n;
};

struct record {
	struct name owner;
	uint16_t type;
	uint16_t class;
	uint32_t ttl;
	size_t data; /* where */
	uint16_t size;
};

static int bad(struct reader *r, const char *why)
{
	r->why = why;
	return -EBADMSG;
}

static int read_u16(struct reader *r, uint16_t *ret)
{
	if (r->size - r->at < 2)
		return bad(r, "it ends too early");
	*ret = (uint16_t)(r->data[r->at] << 8 | r->data[r->at + 1]);
	r->at += 2;
	return 0;
}

static int read_u32(struct reader *r, uint32_t *ret)
{
	uint16_t high = 0, low = 0;
	int rc;

	rc = read_u16(r, &high);
	if (rc == 0)
		rc = read_u16(r, &low);
	*ret = (uint32_t)high << 16 | low;
	return rc;
}

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
}

/* A length and so many octets; of length 0 it is the root. */
static int read_label(struct reader *r, struct name *n)
{
	size_t length = r->data[r->at];

	if (r->size - r->at < 1 + length)
		return bad(r, "a label ends outside of it");
	if (NAME_MAX_SIZE - n->n < 1 + length)
		return bad(r, "a name is longer than 255 octets");
	n->octets[n->n++] = (uint8_t)length;
	for (size_t i = 1; i <= length; i++)
		n->octets[n->n++] = lower(r->data[r->at + i]);
	r->at += 1 + length;
	return 0;
}

/* Goes to where a pointer says: only ever back to before the labels that led to it. */
static int follow_pointer(struct reader *r, size_t *begin)
{
	uint16_t target;
	int rc;

	rc = read_u16(r, &target);
	if (rc < 0)
		return rc;
	target &= 0x3fff;
	if (target < HEADER_SIZE || target >= *begin)
		return bad(r, "a pointer does not go back");
	*begin = target;
	r->at = target;
	return 0;
}

static int read_name(struct reader *r, struct name *ret)
{
	size_t begin = r->at, after = 0;
	unsigned int pointers = 0;
	uint8_t octet = 1;
	int rc = 0;

	ret->n = 0;
	while (rc == 0 && octet != 0) {
		if (r->at >= r->size)
			return bad(r, "a name ends outside of it");
		octet = r->data[r->at];
		if (octet <= LABEL_MAX_SIZE) {
			rc = read_label(r, ret);
		} else if (octet < 0xc0) {
			return bad(r, "a label is of no known kind");
		} else if (pointers == POINTERS_MAX) {
			return bad(r, "a name has too many pointers");
		} else {
			if (pointers++ == 0)
				after = r->at + 2;
			rc = follow_pointer(r, &begin);
		}
	}
	if (rc == 0 && pointers > 0)
		r->at = after;
	return rc;
}

static bool same_name(const struct name *a, const struct name *b)
{
	return a->n == b->n && memcmp(a->octets, b->octets, a->n) == 0;
}

static size_t format_octet(uint8_t c, char *text)
{
	size_t n = 0;

	if (c <= ' ' || c > '~') {
		text[n++] = '\\';
		text[n++] = (char)('0' + c / 100);
		text[n++] = (char)('0' + c / 10 % 10);
		text[n++] = (char)('0' + c % 10);
		return n;
	}
	if (c == '.' || c == '\\')
		text[n++] = '\\';
	text[n++] = (char)c;
	return n;
}

/* A name's octets are at most 255, and none takes more than four characters. */
static void format_name(const struct name *name, char text[static DNS_NAME_SIZE])
{
	size_t n = 0;

	for (size_t at = 0; name->octets[at] != 0;) {
		size_t end = at + 1 + name->octets[at];

		if (at > 0)
			text[n++] = '.';
		while (++at < end)
			n += format_octet(name->octets[at], text + n);
	}
	if (n == 0)
		text[n++] = '.';
	text[n] = '\0';
}

static int read_record(struct reader *r, struct record *ret)
{
	int rc;

	rc = read_name(r, &ret->owner);
	if (rc == 0)
		rc = read_u16(r, &ret->type);
	if (rc == 0)
		rc = read_u16(r, &ret->class);
	if (rc == 0)
		rc = read_u32(r, &ret->ttl);
	if (rc == 0)
		rc = read_u16(r, &ret->size);
	if (rc < 0)
		return rc;
	if (r->size - r->at < ret->size)
		return bad(r, "a record ends outside of it");
	if (ret->ttl > INT32_MAX)
		ret->ttl = 0; /* RFC 2181, section 8 */
	ret->data = r->at;
	r->at += ret->size;
	return 0;
}

/* Whose data is not as it must be, even of a record that nobody asked for, spoils the message. */
static int check_record(struct reader *r, const struct record *record)
{
	struct reader inner = *r;
	struct name target;

	if (record->class != CLASS_IN)
		return 0;
	if (record->type == DNS_TYPE_A && record->size != 4)
		return bad(r, "an address is not of four octets");
	if (record->type != DNS_TYPE_CNAME)
		return 0;
	inner.at = record->data;
	if (read_name(&inner, &target) < 0)
		return bad(r, inner.why);
	return inner.at == record->data + record->size ? 0 : bad(r, "an alias is not a name");
}

/* The answer section, from where it begins: whole, or not at all. */
static int check_records(struct reader r, uint16_t n, const char **ret_why)
{
	struct record record;
	int rc = 0;

	for (uint16_t i = 0; rc == 0 && i < n; i++) {
		rc = read_record(&r, &record);
		if (rc == 0)
			rc = check_record(&r, &record);
	}
	*ret_why = r.why;
	return rc;
}

/* The next record of name's that is of the type. The section has been checked. */
static bool next_record(struct reader *r, uint16_t *left, const struct name *name, uint16_t type,
			struct record *ret)
{
	for (; *left > 0; --*left)
		if (read_record(r, ret) == 0 && ret->class == CLASS_IN && ret->type == type &&
		    same_name(&ret->owner, name)) {
			--*left;
			return true;
		}
	return false;
}

static uint32_t lowest(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/*
 * From the question's name along its aliases, in whatever order they come. A chain without an end
 * is none: -ELOOP.
 */
static int follow_aliases(const struct reader *answers, uint16_t n, struct name *name,
			  uint32_t *ttl)
{
	for (unsigned int i = 0; i <= DNS_CHAIN_MAX; i++) {
		struct reader r = *answers;
		struct record alias;
		uint16_t left = n;

		if (!next_record(&r, &left, name, DNS_TYPE_CNAME, &alias))
			return 0;
		r.at = alias.data;
		(void)read_name(&r, name);
		*ttl = lowest(*ttl, alias.ttl);
	}
	return -ELOOP;
}

static void add_address(struct dns_answer *a, uint32_t address, uint32_t ttl)
{
	for (size_t i = 0; i < a->n; i++)
		if (a->addresses[i].address == address) {
			a->addresses[i].ttl = lowest(a->addresses[i].ttl, ttl);
			return;
		}
	if (a->n < DNS_ADDRESSES_MAX)
		a->addresses[a->n++] = (struct dns_address){.address = address, .ttl = ttl};
	else
		a->left_out++;
}

static void read_addresses(struct reader r, uint16_t n, struct name name, struct dns_answer *a)
{
	uint32_t address = 0, ttl = INT32_MAX;
	struct record record;

	if (follow_aliases(&r, n, &name, &ttl) < 0)
		return;
	while (next_record(&r, &n, &name, DNS_TYPE_A, &record)) {
		struct reader data = r;

		data.at = record.data;
		(void)read_u32(&data, &address);
		add_address(a, address, lowest(ttl, record.ttl));
	}
}

/* *ret_n: how many records the answer section has. */
static int read_header(struct reader *r, struct dns_answer *a, uint16_t *ret_n)
{
	uint16_t flags = 0, questions = 0;

	if (r->size < HEADER_SIZE)
		return bad(r, "it is shorter than a header");
	(void)read_u16(r, &a->id);
	(void)read_u16(r, &flags);
	(void)read_u16(r, &questions);
	(void)read_u16(r, ret_n);
	r->at = HEADER_SIZE;
	a->rcode = flags & MASK_RCODE;
	a->truncated = flags & FLAG_TRUNCATED;
	if (!(flags & FLAG_ANSWER))
		return bad(r, "it is no answer");
	if (flags & MASK_OPCODE)
		return bad(r, "it answers no query");
	return questions == 1 ? 0 : bad(r, "it does not have one question");
}

static int read_question(struct reader *r, struct dns_answer *a, struct name *ret_name)
{
	uint16_t class = 0;
	int rc;

	rc = read_name(r, ret_name);
	if (rc == 0)
		rc = read_u16(r, &a->type);
	if (rc == 0)
		rc = read_u16(r, &class);
	if (rc < 0)
		return rc;
	format_name(ret_name, a->name);
	return class == CLASS_IN ? 0 : bad(r, "the question is of another class");
}

int dns_answer_read(const void *data, size_t size, struct dns_answer *ret, const char **ret_why)
{
	struct reader r = {.data = data, .size = size};
	struct dns_answer a = {0};
	struct name name;
	uint16_t n = 0;
	int rc;

	*ret = a;
	*ret_why = NULL;
	rc = read_header(&r, &a, &n);
	if (rc == 0)
		rc = read_question(&r, &a, &name);
	if (rc == 0)
		rc = check_records(r, n, &r.why);
	if (rc < 0) {
		*ret_why = r.why;
		return rc;
	}
	if (a.type == DNS_TYPE_A && a.rcode == DNS_NOERROR)
		read_addresses(r, n, name, &a);
	*ret = a;
	return 0;
}

static bool is_host_character(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '_';
}

/* Of a host's name as text, its labels; 0 if it is none. Takes at most NAME_MAX_SIZE. */
static size_t write_name(const char *name, uint8_t *buf)
{
	size_t n = 0;

	for (const char *end; *name; name = *end ? end + 1 : end) {
		size_t length;

		for (end = name; is_host_character(*end);)
			end++;
		length = (size_t)(end - name);
		if (length == 0 || length > LABEL_MAX_SIZE || (*end && *end != '.') ||
		    n + 1 + length + 1 > NAME_MAX_SIZE)
			return 0;
		buf[n++] = (uint8_t)length;
		memcpy(buf + n, name, length);
		n += length;
	}
	if (n > 0)
		buf[n++] = 0;
	return n;
}

static size_t write_u16(uint8_t *buf, uint16_t value)
{
	buf[0] = (uint8_t)(value >> 8);
	buf[1] = (uint8_t)value;
	return 2;
}

int dns_query_write(uint16_t id, const char *name, uint8_t buf[static DNS_QUERY_SIZE],
		    size_t *ret_size)
{
	size_t n = HEADER_SIZE, length;

	length = write_name(name, buf + n);
	if (length == 0)
		return -EINVAL;
	n += length;
	n += write_u16(buf + n, DNS_TYPE_A);
	n += write_u16(buf + n, CLASS_IN);
	memset(buf, 0, HEADER_SIZE);
	(void)write_u16(buf, id);
	(void)write_u16(buf + 2, FLAG_RECURSION_DESIRED);
	(void)write_u16(buf + 4, 1);
	*ret_size = n;
	return 0;
}
