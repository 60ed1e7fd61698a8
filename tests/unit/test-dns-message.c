/* SPDX-License-Identifier: GPL-2.0-or-later */
/* DNS messages: what an answer says, every way in which one is refused, and the question. */
#include "dns-message.h"

#include <errno.h>
#include <glib.h>

#define RR(text) text, sizeof(text) - 1

/* A message under construction. */
struct message {
	uint8_t bytes[4096];
	size_t n;
};

static struct dns_answer answer;
static const char *why;

static void add(struct message *m, const char *bytes, size_t n)
{
	g_assert_cmpuint(m->n + n, <=, sizeof(m->bytes));
	memcpy(m->bytes + m->n, bytes, n);
	m->n += n;
}

static void add_u16(struct message *m, unsigned int value)
{
	const char bytes[] = {(char)(value >> 8), (char)value};

	add(m, bytes, sizeof(bytes));
}

static void header(struct message *m, unsigned int flags, unsigned int n_answers)
{
	m->n = 0;
	add_u16(m, 0x1234);
	add_u16(m, flags);
	add_u16(m, 1);
	add_u16(m, n_answers);
	add_u16(m, 0);
	add_u16(m, 0);
}

/* An answer to "www.Example.org A": its name is at octet 12, "org" at 24. */
static void begin(struct message *m, unsigned int flags, unsigned int n_answers)
{
	header(m, flags, n_answers);
	add(m, RR("\3www\7Example\3org\0\0\1\0\1"));
}

/* A record; its owner and data are given as on the wire. */
static void record(struct message *m, const char *owner, size_t owner_n, unsigned int type,
		   unsigned int ttl, const char *data, size_t n)
{
	add(m, owner, owner_n);
	add_u16(m, type);
	add_u16(m, 1);
	add_u16(m, ttl >> 16);
	add_u16(m, ttl & 0xffff);
	add_u16(m, (unsigned int)n);
	add(m, data, n);
}

static int parse(const struct message *m)
{
	/* Its end is the end of the memory, so that a sanitizer sees a step beyond. */
	void *exact = g_memdup2(m->bytes, m->n);
	int r = dns_answer_read(exact, m->n, &answer, &why);

	g_free(exact);
	return r;
}

static void refuses(const struct message *m, const char *expected)
{
	static const struct dns_answer nothing;

	g_assert_cmpint(parse(m), ==, -EBADMSG);
	g_assert_cmpstr(why, ==, expected);
	g_assert_cmpmem(&answer, sizeof(answer), &nothing, sizeof(nothing));
}

static void is_address(size_t i, uint32_t address, uint32_t ttl)
{
	g_assert_cmpuint(i, <, answer.n);
	g_assert_cmphex(answer.addresses[i].address, ==, address);
	g_assert_cmpuint(answer.addresses[i].ttl, ==, ttl);
}

static void test_addresses(void)
{
	struct message m;

	begin(&m, 0x8180, 3);
	record(&m, RR("\300\14"), 1, 300, RR("\xc0\0\2\1"));
	record(&m, RR("\3WWW\300\20"), 1, 20, RR("\xc0\0\2\2"));
	record(&m, RR("\300\14"), 1, 100, RR("\xc0\0\2\1"));
	g_assert_cmpint(parse(&m), ==, 0);
	g_assert_cmphex(answer.id, ==, 0x1234);
	g_assert_cmpuint(answer.type, ==, DNS_TYPE_A);
	g_assert_cmpuint(answer.rcode, ==, DNS_NOERROR);
	g_assert_false(answer.truncated);
	g_assert_cmpstr(answer.name, ==, "www.example.org");
	g_assert_cmpuint(answer.n, ==, 2);
	is_address(0, 0xc0000201, 100);
	is_address(1, 0xc0000202, 20);
}

static void test_none(void)
{
	static const unsigned int codes[] = {1, 2, 3, 4, 5, 15};
	struct message m;

	begin(&m, 0x8180, 0);
	g_assert_cmpint(parse(&m), ==, 0);
	g_assert_cmpuint(answer.n, ==, 0);
	for (size_t i = 0; i < G_N_ELEMENTS(codes); i++) {
		begin(&m, 0x8180 | codes[i], 1);
		record(&m, RR("\300\14"), 1, 300, RR("\xc0\0\2\1"));
		g_assert_cmpint(parse(&m), ==, 0);
		g_assert_cmpuint(answer.rcode, ==, codes[i]);
		g_assert_cmpuint(answer.n, ==, 0);
	}
	/* An address in the answer to a question for something else opens nothing. */
	header(&m, 0x8180, 1);
	add(&m, RR("\3www\7Example\3org\0\0\34\0\1"));
	record(&m, RR("\300\14"), 1, 300, RR("\xc0\0\2\1"));
	g_assert_cmpint(parse(&m), ==, 0);
	g_assert_cmpuint(answer.type, ==, DNS_TYPE_AAAA);
	g_assert_cmpuint(answer.n, ==, 0);
}

static void test_truncated(void)
{
	struct message m;

	begin(&m, 0x8380, 1);
	record(&m, RR("\300\14"), 1, 300, RR("\xc0\0\2\1"));
	g_assert_cmpint(parse(&m), ==, 0);
	g_assert_true(answer.truncated);
	is_address(0, 0xc0000201, 300);
}

/* Only what the question's name leads to; other types, classes and names are passed over. */
static void test_aliases(void)
{
	struct message m;

	begin(&m, 0x8180, 8);
	record(&m, RR("\1b\300\30"), 1, 200, RR("\xc0\0\2\1"));
	record(&m, RR("\1a\300\30"), 5, 50, RR("\1B\300\30"));
	record(&m, RR("\300\14"), 5, 90, RR("\1A\3oRg\0"));
	record(&m, RR("\300\14"), 46, 1, RR("signature"));
	record(&m, RR("\300\14"), 28, 1, RR("0123456789abcdef"));
	record(&m, RR("\300\20"), 1, 1, RR("\xc0\0\2\2"));
	record(&m, RR("\300\14"), 1, 1, RR("\xc0\0\2\3"));
	record(&m, RR("\0"), 1, 1, RR("\xc0\0\2\4"));
	g_assert_cmpint(parse(&m), ==, 0);
	g_assert_cmpstr(answer.name, ==, "www.example.org");
	g_assert_cmpuint(answer.n, ==, 1);
	is_address(0, 0xc0000201, 50);

	begin(&m, 0x8180, 2);
	record(&m, RR("\300\14"), 5, 90, RR("\300\14"));
	record(&m, RR("\300\14"), 1, 300, RR("\xc0\0\2\1"));
	g_assert_cmpint(parse(&m), ==, 0);
	g_assert_cmpuint(answer.n, ==, 0);
}

/* A chain of aliases www -> a.org -> b.org ..., then an address. */
static void chain(struct message *m, unsigned int n)
{
	char from[] = "\1a\300\30", to[] = "\1a\300\30";

	begin(m, 0x8180, n + 1);
	record(m, RR("\300\14"), 5, 90, to, 4);
	for (unsigned int i = 1; i < n; i++) {
		to[1] = (char)(from[1] + 1);
		record(m, from, 4, 5, 90, to, 4);
		from[1] = to[1];
	}
	record(m, to, 4, 1, 300, RR("\xc0\0\2\1"));
}

static void test_chain(void)
{
	struct message m;

	chain(&m, DNS_CHAIN_MAX);
	g_assert_cmpint(parse(&m), ==, 0);
	g_assert_cmpuint(answer.n, ==, 1);
	chain(&m, DNS_CHAIN_MAX + 1);
	g_assert_cmpint(parse(&m), ==, 0);
	g_assert_cmpuint(answer.n, ==, 0);
}

static void test_other_class(void)
{
	struct message m;

	begin(&m, 0x8180, 1);
	add(&m, RR("\300\14\0\1\0\3\0\0\0\1\0\4\xc0\0\2\1"));
	g_assert_cmpint(parse(&m), ==, 0);
	g_assert_cmpuint(answer.n, ==, 0);
	header(&m, 0x8180, 0);
	add(&m, RR("\3www\0\0\1\0\3"));
	refuses(&m, "the question is of another class");
}

static void test_lifetimes(void)
{
	static const struct {
		unsigned int ttl, expected;
	} t[] = {{0, 0}, {0x7fffffff, 0x7fffffff}, {0x80000000, 0}, {0xffffffff, 0}};
	struct message m;

	for (size_t i = 0; i < G_N_ELEMENTS(t); i++) {
		begin(&m, 0x8180, 1);
		record(&m, RR("\300\14"), 1, t[i].ttl, RR("\xc0\0\2\1"));
		g_assert_cmpint(parse(&m), ==, 0);
		is_address(0, 0xc0000201, t[i].expected);
	}
}

static void test_many(void)
{
	char address[] = "\xc0\0\2\0";
	struct message m;

	begin(&m, 0x8180, 100);
	for (unsigned int i = 0; i < 100; i++) {
		address[3] = (char)i;
		record(&m, RR("\300\14"), 1, 300, address, 4);
	}
	g_assert_cmpint(parse(&m), ==, 0);
	g_assert_cmpuint(answer.n, ==, DNS_ADDRESSES_MAX);
	g_assert_cmpuint(answer.left_out, ==, 100 - DNS_ADDRESSES_MAX);
	is_address(DNS_ADDRESSES_MAX - 1, 0xc0000200 + DNS_ADDRESSES_MAX - 1, 300);
}

/* What comes after the answers is not read; a record too few is. */
static void test_after(void)
{
	struct message m;

	begin(&m, 0x8180, 1);
	record(&m, RR("\300\14"), 1, 300, RR("\xc0\0\2\1"));
	m.bytes[11] = 9;
	add(&m, RR("\377\377\377"));
	g_assert_cmpint(parse(&m), ==, 0);
	g_assert_cmpuint(answer.n, ==, 1);
	m.bytes[7] = 2;
	refuses(&m, "a pointer does not go back");
	m.n -= 3;
	refuses(&m, "a name ends outside of it");
}

static void test_names(void)
{
	struct message m;
	char longest[256] = "", text[DNS_NAME_SIZE] = "";

	header(&m, 0x8180, 0);
	add(&m, RR("\0\0\1\0\1"));
	g_assert_cmpint(parse(&m), ==, 0);
	g_assert_cmpstr(answer.name, ==, ".");

	header(&m, 0x8180, 0);
	add(&m, RR("\11a.b\\c \0\377\1Z\0\0\1\0\1"));
	m.bytes[12] = 8;
	g_assert_cmpint(parse(&m), ==, 0);
	g_assert_cmpstr(answer.name, ==, "a\\.b\\\\c\\032\\000\\255.z");

	/* 255 octets, all of them escaped: 3 labels of 63, one of 61. */
	for (size_t i = 0; i < 4; i++) {
		longest[i * 64] = i < 3 ? 63 : 61;
		memset(longest + i * 64 + 1, '\n', i < 3 ? 63 : 61);
		for (size_t j = 0; j < (i < 3 ? 63U : 61U); j++)
			strcat(text, "\\010");
		if (i < 3)
			strcat(text, ".");
	}
	header(&m, 0x8180, 0);
	add(&m, longest, 255);
	add(&m, RR("\0\1\0\1"));
	g_assert_cmpint(parse(&m), ==, 0);
	g_assert_cmpstr(answer.name, ==, text);

	longest[192] = 62;
	longest[254] = '\n';
	header(&m, 0x8180, 0);
	add(&m, longest, 255);
	add(&m, RR("\0\0\1\0\1"));
	refuses(&m, "a name is longer than 255 octets");
}

/* Each prefix of an answer is too short to be one; nothing is read beyond it. */
static void test_cut(void)
{
	struct message m;
	size_t n;

	begin(&m, 0x8180, 2);
	record(&m, RR("\300\14"), 5, 300, RR("\1a\300\30"));
	record(&m, RR("\1a\300\30"), 1, 300, RR("\xc0\0\2\1"));
	n = m.n;
	g_assert_cmpint(parse(&m), ==, 0);
	g_assert_cmpuint(answer.n, ==, 1);
	for (m.n = 0; m.n < n; m.n++) {
		g_assert_cmpint(parse(&m), ==, -EBADMSG);
		g_assert_nonnull(why);
		g_assert_cmpuint(answer.n, ==, 0);
	}
	m.n = 11;
	refuses(&m, "it is shorter than a header");
	m.n = n - 1;
	refuses(&m, "a record ends outside of it");
	m.n = n - 5;
	refuses(&m, "it ends too early");
}

static void test_pointers(void)
{
	static const struct {
		const char *owner;
		size_t n;
		const char *why;
	} t[] = {
		{RR("\300\41"), "a pointer does not go back"},    /* itself */
		{RR("\300\42"), "a pointer does not go back"},    /* onward */
		{RR("\1a\300\41"), "a pointer does not go back"}, /* its own label */
		{RR("\377\377"), "a pointer does not go back"},
		{RR("\300\0"), "a pointer does not go back"}, /* the header */
		{RR("\300\13"), "a pointer does not go back"},
		{RR("\100a\0"), "a label is of no known kind"},
		{RR("\200a\0"), "a label is of no known kind"},
		{RR("\277a\0"), "a label is of no known kind"},
		{RR("\300"), "it ends too early"},
		{RR("\77a"), "a label ends outside of it"},
		{RR("\1a"), "a name ends outside of it"},
	};
	struct message m;

	for (size_t i = 0; i < G_N_ELEMENTS(t); i++) {
		begin(&m, 0x8180, 1);
		g_assert_cmpuint(m.n, ==, 041);
		add(&m, t[i].owner, t[i].n);
		refuses(&m, t[i].why);
	}
	/* A label in the middle of another is a name like any other. */
	begin(&m, 0x8180, 1);
	record(&m, RR("\300\14"), 5, 300, RR("\300\15"));
	refuses(&m, "a label is of no known kind");
}

/* Pointers to pointers, each back: as many as there may be, and one more. */
static void pointer_ladder(struct message *m, unsigned int n)
{
	begin(m, 0x8180, 2);
	add(m, RR("\0\0\20\0\1\0\0\0\0"));
	add_u16(m, n * 2);
	add_u16(m, 0xc00c);
	for (unsigned int i = 1; i < n; i++)
		add_u16(m, 0xc000 | (unsigned int)(m->n - 2));
	record(m, "", 0, 1, 300, RR("\xc0\0\2\1"));
	/* The last step of the ladder is the second record's owner. */
	m->bytes[42] = (uint8_t)((n - 1) * 2 >> 8);
	m->bytes[43] = (uint8_t)((n - 1) * 2);
}

static void test_pointers_to_pointers(void)
{
	struct message m;

	pointer_ladder(&m, 64);
	g_assert_cmpint(parse(&m), ==, 0);
	g_assert_cmpuint(answer.n, ==, 1);
	pointer_ladder(&m, 65);
	refuses(&m, "a name has too many pointers");
}

static void test_headers(void)
{
	static const struct {
		size_t at;
		uint8_t value;
		const char *why;
	} t[] = {
		{2, 0x01, "it is no answer"},
		{2, 0x89, "it answers no query"},
		{2, 0xa9, "it answers no query"},
		{2, 0xf9, "it answers no query"},
		{4, 1, "it does not have one question"},
		{5, 0, "it does not have one question"},
		{5, 2, "it does not have one question"},
	};
	struct message m;

	for (size_t i = 0; i < G_N_ELEMENTS(t); i++) {
		begin(&m, 0x8180, 1);
		record(&m, RR("\300\14"), 1, 300, RR("\xc0\0\2\1"));
		m.bytes[t[i].at] = t[i].value;
		refuses(&m, t[i].why);
	}
}

static void test_data(void)
{
	struct message m;

	begin(&m, 0x8180, 1);
	record(&m, RR("\300\14"), 1, 300, RR("\xc0\0\2"));
	refuses(&m, "an address is not of four octets");
	begin(&m, 0x8180, 1);
	record(&m, RR("\1x\0"), 1, 300, RR("\xc0\0\2\1\1"));
	refuses(&m, "an address is not of four octets");
	begin(&m, 0x8180, 1);
	record(&m, RR("\300\14"), 5, 300, RR(""));
	refuses(&m, "a name ends outside of it");
	begin(&m, 0x8180, 1);
	record(&m, RR("\300\14"), 5, 300, RR("\300\20x"));
	refuses(&m, "an alias is not a name");
	/* A name that goes on after the record's end. */
	begin(&m, 0x8180, 2);
	record(&m, RR("\300\14"), 5, 300, RR("\1"));
	record(&m, RR("\0"), 1, 300, RR("\xc0\0\2\1"));
	refuses(&m, "an alias is not a name");
}

static void test_query(void)
{
	static const uint8_t expected[] =
		"\xab\xcd\1\0\0\1\0\0\0\0\0\0\3www\7Example\3org\0\0\1\0\1";
	uint8_t buf[DNS_QUERY_SIZE];
	size_t n = 0;

	g_assert_cmpint(dns_query_write(0xabcd, "www.Example.org", buf, &n), ==, 0);
	g_assert_cmpmem(buf, n, expected, sizeof(expected) - 1);
	g_assert_cmpint(dns_query_write(0xabcd, "www.Example.org.", buf, &n), ==, 0);
	g_assert_cmpmem(buf, n, expected, sizeof(expected) - 1);
}

/* A name of n octets on the wire. */
static void name_of(char *text, size_t n)
{
	for (size_t i = 0; i + 2 < n; i++)
		text[i] = i % 64 == 63 ? '.' : 'a';
	text[n - 2] = '\0';
}

static void test_query_names(void)
{
	static const char *const bad[] = {
		"",
		".",
		"..",
		".org",
		"a..org",
		"a.org..",
		"a b",
		"a\\.b",
		"a:80",
		"a/",
		"[::1]",
		"b\303\274cher.example",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.org",
	};
	uint8_t buf[DNS_QUERY_SIZE];
	char text[512];
	size_t n = 0;

	for (size_t i = 0; i < G_N_ELEMENTS(bad); i++)
		g_assert_cmpint(dns_query_write(1, bad[i], buf, &n), ==, -EINVAL);
	name_of(text, 255);
	g_assert_cmpint(dns_query_write(1, text, buf, &n), ==, 0);
	g_assert_cmpuint(n, ==, DNS_QUERY_SIZE);
	name_of(text, 256);
	g_assert_cmpint(dns_query_write(1, text, buf, &n), ==, -EINVAL);
}

/* A question that is turned into its own answer is read as what it was. */
static void test_round(void)
{
	uint8_t buf[DNS_QUERY_SIZE];
	size_t n = 0;

	g_assert_cmpint(dns_query_write(0xfffe, "Fedora-Project.org", buf, &n), ==, 0);
	buf[2] |= 0x80;
	g_assert_cmpint(dns_answer_read(buf, n, &answer, &why), ==, 0);
	g_assert_cmphex(answer.id, ==, 0xfffe);
	g_assert_cmpstr(answer.name, ==, "fedora-project.org");
	g_assert_cmpuint(answer.type, ==, DNS_TYPE_A);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/dns-message/addresses", test_addresses);
	g_test_add_func("/dns-message/none", test_none);
	g_test_add_func("/dns-message/truncated", test_truncated);
	g_test_add_func("/dns-message/aliases", test_aliases);
	g_test_add_func("/dns-message/chain", test_chain);
	g_test_add_func("/dns-message/other-class", test_other_class);
	g_test_add_func("/dns-message/lifetimes", test_lifetimes);
	g_test_add_func("/dns-message/many", test_many);
	g_test_add_func("/dns-message/after", test_after);
	g_test_add_func("/dns-message/names", test_names);
	g_test_add_func("/dns-message/cut", test_cut);
	g_test_add_func("/dns-message/pointers", test_pointers);
	g_test_add_func("/dns-message/pointers-to-pointers", test_pointers_to_pointers);
	g_test_add_func("/dns-message/headers", test_headers);
	g_test_add_func("/dns-message/data", test_data);
	g_test_add_func("/dns-message/query", test_query);
	g_test_add_func("/dns-message/query-names", test_query_names);
	g_test_add_func("/dns-message/round", test_round);
	return g_test_run();
}
