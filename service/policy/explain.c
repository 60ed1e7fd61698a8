/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "explain.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>

#define TCP_SYN 0x02u
#define DNS_PORT 53u
#define LOOPBACK_ADDR 0x7f000001u
#define FIRST_LINK 2u /* any but loopback */
/* linux/rtnetlink.h, RTN_* */
#define ADDR_BROADCAST 3u
#define ADDR_MULTICAST 5u
#define EXAMPLE_MARK (MARK_LEASE | 1u)

#define NOBODY "nobody: no setting opens it"
#define ADMINISTRATOR \
	"root, who writes the policy (/etc/sallyport/policy.d/*.conf) and then runs sallyport reload"
#define CLOSED "nothing opens it"

/*
 * What is to be said of each class of refusal. USER, ADDRESS, PORT, WHERE (both) and PROTOCOL stand
 * for those of the question.
 */
static const struct advice {
	const char *why, *remedy, *who;
} advices[COUNTER_N] = {
	[COUNTER_IPV6] = {"IPv6 is closed, except ::1 to ::1", "use IPv4", NOBODY},
	[COUNTER_DOOR_LOCAL] = {"USER is a clearnet or autoconfig user, and such a user never "
				"reaches this machine itself, multicast or link-local addresses",
				CLOSED, NOBODY},
	[COUNTER_DOOR_PROTOCOL] = {"through a door go TCP and UDP only", CLOSED, NOBODY},
	[COUNTER_DOOR_CLOSED] =
		{"no door is open for USER",
		 "sallyport clearnet on USER (EnableClearnetUser of "
		 "org.sallyport1.Clearnet)",
		 "whoever sits at the machine, with the own password (polkit action "
		 "org.sallyport1.enable-clearnet-user)"},
	[COUNTER_DOOR_SCOPE] =
		{"the door that is open for USER is one to a network's portal: its DNS servers, "
		 "and HTTP and HTTPS to what these have named, for a while",
		 "ask for the name of that place first; or a door of full scope: sallyport "
		 "clearnet on USER",
		 "the program; or whoever sits at the machine, with the own password"},
	[COUNTER_AUTOMAP] = {"ADDRESS is one of Tor's automapped addresses, and USER is not in "
			     "[automap] users",
			     "[automap] users = USER", ADMINISTRATOR},
	[COUNTER_DNS] = {"DNS goes to Tor's DNSPort, and USER is not in [dns] users",
			 "[dns] users = USER", ADMINISTRATOR},
	[COUNTER_LOCAL] = {"no [service] grants USER that address and port of this machine",
			   "[service NAME] listen = WHERE/PROTOCOL, users = USER", ADMINISTRATOR},
	[COUNTER_ANSWER] = {"USER is not the server of the service whose port that is",
			    "[service NAME] server = USER", ADMINISTRATOR},
	[COUNTER_TOR] = {"USER is Tor's user, and Tor may send TCP, and by the policy DNS or UDP",
			 CLOSED, NOBODY},
	[COUNTER_LAN_PORT] =
		{"port PORT is one that [lan] refuse closes on the LAN: such ports ask "
		 "the network for names, or for our public address",
		 "[lan] refuse = a list without PORT (first an empty line: refuse =)",
		 ADMINISTRATOR},
	[COUNTER_INTERNET] =
		{"the Internet is reached through Tor only, and ADDRESS is not on the "
		 "LAN",
		 "use Tor's SocksPort; or run the program as one of [users] clearnet, through "
		 "a door: sallyport clearnet run",
		 "whoever may open that user's door"},
	[COUNTER_OPTIONS] =
		{"a packet with IP options, such as a source route, could be taken on by "
		 "a router of the LAN",
		 CLOSED, NOBODY},
	[COUNTER_NOT_UNICAST] = {"multicast and broadcast are closed", CLOSED, NOBODY},
	[COUNTER_STALE] = {"nothing admits that flow any more, or it began in its middle",
			   "let the program connect anew", "the program"},
	[COUNTER_CONFINED] = {"that is a confined program's, which is sent nothing but answers",
			      CLOSED, NOBODY},
	[COUNTER_NAMESPACE] = {"a confined program reaches only what its [namespace] names",
			       "[namespace NAME] listen = WHERE/PROTOCOL", ADMINISTRATOR},
	[COUNTER_RELATED] = {"ICMP errors and the like are let through on loopback only", CLOSED,
			     NOBODY},
	[COUNTER_OWNERLESS] = {"it has no socket and no admitted flow", CLOSED, NOBODY},
	[COUNTER_INPUT] = {"it comes in and is no answer", CLOSED, NOBODY},
	[COUNTER_INPUT6] = {"it comes in over IPv6", CLOSED, NOBODY},
	[COUNTER_FORWARD] = {"nothing is forwarded", CLOSED, NOBODY},
};

/* What has let a packet through, by the mark that its flow was given. */
static const struct {
	uint32_t mark, mask;
	const char *why;
} admissions[] = {
	{MARK_TOR, UINT32_MAX, "USER is Tor's user"},
	{MARK_LAN, UINT32_MAX, "ADDRESS is on the LAN, which is open but for the refused ports"},
	{MARK_LOCAL_TOR, UINT32_MAX, "Tor may use loopback for itself ([tor] loopback)"},
	{MARK_LOCAL, UINT32_MAX, "a [service] grants it to USER"},
	{MARK_LEASE, MARK_KIND, "a door is open for USER"},
	{MARK_SCOPED, MARK_KIND,
	 "a door to the network's portal is open for USER, and reaches that"},
};

static void put(struct kept_sets *k, enum rs_set set, struct rs_element *e)
{
	k->sets[set] = (struct rs_elements){.items = e, .n = 1, .capacity = 1};
}

void kept_sets_init(struct kept_sets *k, const uid_t *leased)
{
	*k = (struct kept_sets){.on_link = {.end = {UINT32_MAX}}};
	put(k, SET_ON_LINK, &k->on_link);
	if (!leased)
		return;
	k->grant = (struct rs_element){{*leased}, {*leased}, EXAMPLE_MARK, {0}};
	k->lease = (struct rs_element){{*leased, EXAMPLE_MARK}, {*leased, EXAMPLE_MARK}, 0, {0}};
	k->live = (struct rs_element){{EXAMPLE_MARK}, {EXAMPLE_MARK}, 0, {0}};
	put(k, SET_GRANTS, &k->grant);
	put(k, SET_LEASES, &k->lease);
	put(k, SET_LIVE, &k->live);
}

/* Without the kernel's word: what the address alone says. */
static uint32_t guess_type(uint32_t addr)
{
	if (addr >> 24 == 127)
		return RS_FIB_LOCAL;
	if (addr >> 28 == 0xe)
		return ADDR_MULTICAST;
	if (addr == UINT32_MAX)
		return ADDR_BROADCAST;
	return RS_FIB_UNICAST;
}

static void set(struct packet *p, enum rs_field field, uint32_t v)
{
	p->value[field] = v;
	p->lacks[field] = false;
}

static void set_link(struct packet *p, const char *name)
{
	uint32_t words[RS_LINK_WORDS];

	rs_link_words(name, words);
	for (size_t i = 0; i < RS_LINK_WORDS; i++)
		set(p, FIELD_OIFNAME + i, words[i]);
}

/* The first packet of a new flow. */
static struct packet first_packet(const struct question *q)
{
	uint32_t type = q->addr_type ? q->addr_type : guess_type(q->addr);
	bool local = q->ipv6 ? q->loopback6 : type == RS_FIB_LOCAL;
	struct packet p;

	memset(&p, 0, sizeof(p));
	for (size_t i = 0; i < FIELD_N; i++)
		p.lacks[i] = true;
	set(&p, FIELD_OIF, local ? RS_LOOPBACK_INDEX : FIRST_LINK);
	set_link(&p, local ? "lo" : q->link);
	set(&p, FIELD_NFPROTO, q->ipv6 ? RS_NFPROTO_IPV6 : RS_NFPROTO_IPV4);
	set(&p, FIELD_L4PROTO, q->protocol);
	set(&p, FIELD_SKUID, q->uid);
	set(&p, FIELD_CT_STATE, RS_CT_NEW);
	set(&p, FIELD_CT_DIRECTION, RS_CT_ORIGINAL);
	set(&p, FIELD_CT_STATUS, 0);
	set(&p, FIELD_CT_MARK, 0);
	if (q->ipv6) {
		set(&p, FIELD_IP6_SADDR, q->loopback6 ? 1 : UINT32_MAX);
		set(&p, FIELD_IP6_DADDR, q->loopback6 ? 1 : UINT32_MAX);
	} else {
		set(&p, FIELD_IP_START, RS_IP_PLAIN);
		set(&p, FIELD_FIB_DADDR_TYPE, type);
		set(&p, FIELD_IP_SADDR, local ? q->addr : 0);
		set(&p, FIELD_IP_DADDR, q->addr);
		set(&p, FIELD_CT_ORIGINAL_DADDR, q->addr);
	}
	if (protocol_has_ports(q->protocol)) {
		set(&p, FIELD_TH_SPORT, 40000);
		set(&p, FIELD_TH_DPORT, q->port);
		set(&p, FIELD_CT_ORIGINAL_DPORT, q->port);
	}
	if (q->protocol == IPPROTO_TCP)
		set(&p, FIELD_TCP_FLAGS, TCP_SYN);
	return p;
}

/* Writes the sentence with the question's words in it. */
static void fill_in(const char *sentence, const struct question *q, char *buf, size_t size)
{
	char port[8], protocol[16], where[80];
	const char *name = protocol_name(q->protocol);
	const struct {
		const char *word, *text;
	} words[] = {{"USER", q->user},
		     {"ADDRESS", q->text},
		     {"PORT", port},
		     {"PROTOCOL", protocol},
		     {"WHERE", where}};
	size_t used = 0;

	(void)snprintf(port, sizeof(port), "%u", q->port);
	(void)snprintf(where, sizeof(where), q->ipv6 ? "[%s]:%u" : "%s:%u", q->text, q->port);
	(void)snprintf(protocol, sizeof(protocol), "%s", name ? name : "");
	for (char *c = protocol; *c; c++)
		*c = (char)(*c >= 'A' && *c <= 'Z' ? *c - 'A' + 'a' : *c);
	while (*sentence && used + 1 < size) {
		bool found = false;

		for (size_t i = 0; i < ARRAY_SIZE(words) && !found; i++) {
			size_t n = strlen(words[i].word);

			if (strncmp(sentence, words[i].word, n) != 0)
				continue;
			(void)snprintf(buf + used, size - used, "%s", words[i].text);
			used += strlen(buf + used);
			sentence += n;
			found = true;
		}
		if (!found)
			buf[used++] = *sentence++;
	}
	buf[used < size ? used : size - 1] = '\0';
}

static void say_passes(const struct question *q, uint32_t mark, struct explanation *e)
{
	const char *why = "nothing refuses it";

	for (size_t i = 0; i < ARRAY_SIZE(admissions); i++)
		if ((mark & admissions[i].mask) == admissions[i].mark) {
			why = admissions[i].why;
			break;
		}
	if (e->outcome.redirected) {
		(void)snprintf(e->why, sizeof(e->why),
			       "it is redirected to port %u of 127.0.0.1, which is Tor's",
			       e->outcome.port);
		return;
	}
	fill_in(why, q, e->why, sizeof(e->why));
}

/* A port of 127.0.0.1 at which Tor waits for what is redirected. */
static bool is_tors(const struct policy *p, const struct question *q)
{
	if (q->ipv6 || q->addr != LOOPBACK_ADDR)
		return false;
	return (q->protocol == IPPROTO_TCP && q->port == p->automap.port) ||
	       (p->dns.users.n && q->port == p->dns.port &&
		(q->protocol == IPPROTO_UDP || p->dns.tcp));
}

/* Where the class alone does not say enough; NULL: it does. */
static const struct advice *particular(const struct policy *p, const struct question *q,
				       enum rs_counter counter)
{
	static const struct advice
		only_streams = {"only TCP goes to automapped addresses", CLOSED, NOBODY},
		dns_tcp = {"DNS over TCP is not redirected to Tor", "[dns] tcp = yes",
			   ADMINISTRATOR},
		ungranted = {"a [service] grants TCP and UDP only", CLOSED, NOBODY},
		tors = {"port PORT of 127.0.0.1 is Tor's, and is reached by redirection only",
			"connect to an automapped address, or ask 127.0.0.1:53", "the program"},
		tor_dns = {"USER is Tor's user, which may not ask for names", "[tor] dns = yes",
			   ADMINISTRATOR},
		tor_udp =
			{"USER is Tor's user, which may send TCP, and UDP only if the policy says so",
			 "[tor] udp = yes", ADMINISTRATOR},
		by_check = {"no door is open for USER, who is given one for a check of the "
			    "network alone",
			    "sallyport consent grant NETWORK, then sallyport check-network",
			    "whoever sits at the machine"},
		checked = {"the door that is open for USER is for one check of the network: a "
			   "question to each of its DNS servers, and one HTTP connection to what "
			   "they have named",
			   CLOSED, NOBODY};
	bool datagram = q->protocol == IPPROTO_UDP, stream = q->protocol == IPPROTO_TCP;
	bool autoconfig;

	if (counter == COUNTER_AUTOMAP)
		return stream ? NULL : &only_streams;
	if (counter == COUNTER_DNS)
		return users_contain(&p->dns.users, q->uid) ? &dns_tcp : NULL;
	if (counter == COUNTER_LOCAL)
		return is_tors(p, q) ? &tors : datagram || stream ? NULL : &ungranted;
	if (counter == COUNTER_TOR && datagram)
		return q->port == DNS_PORT ? &tor_dns : &tor_udp;
	if (!policy_door(p, q->uid, &autoconfig) || !autoconfig)
		return NULL;
	if (counter == COUNTER_DOOR_CLOSED)
		return &by_check;
	if (counter == COUNTER_DOOR_SCOPE)
		return &checked;
	return NULL;
}

static void say_refused(const struct policy *p, const struct question *q, struct explanation *e)
{
	static const struct advice nothing = {CLOSED, CLOSED, NOBODY};
	const struct advice *a = &nothing, *more;

	if (e->outcome.counter != COUNTER_NONE && advices[e->outcome.counter].why) {
		more = particular(p, q, (enum rs_counter)e->outcome.counter);
		a = more ? more : &advices[e->outcome.counter];
	}
	fill_in(a->why, q, e->why, sizeof(e->why));
	fill_in(a->remedy, q, e->remedy, sizeof(e->remedy));
	fill_in(a->who, q, e->who, sizeof(e->who));
}

/* The verdict, and the mark that the flow has then. */
static int judge(const struct ruleset *r, const struct rs_elements *kept, const struct question *q,
		 struct outcome *ret, uint32_t *ret_mark)
{
	struct packet p = first_packet(q);
	struct world w;
	int n;

	n = world_init(&w, r, kept);
	if (n < 0)
		return n;
	n = verdict_output(&w, &p, ret);
	*ret_mark = ret->mark;
	world_clear(&w);
	return n;
}

int explain(const struct policy *p, const struct ruleset *r, const struct rs_elements *kept,
	    const struct question *q, struct explanation *ret)
{
	struct kept_sets leased;
	struct outcome with_door;
	bool autoconfig;
	uint32_t mark;
	int n;

	*ret = (struct explanation){0};
	n = judge(r, kept, q, &ret->outcome, &mark);
	if (n < 0)
		return n;
	ret->passes = ret->outcome.verdict == VERDICT_ACCEPT;
	ret->door = policy_door(p, q->uid, &autoconfig) != NULL;
	rule_name(r, ret->outcome.rule, ret->rule, sizeof(ret->rule));
	if (ret->passes)
		say_passes(q, mark, ret);
	else
		say_refused(p, q, ret);
	if (!ret->door)
		return 0;
	kept_sets_init(&leased, &q->uid);
	n = judge(r, leased.sets, q, &with_door, &mark);
	ret->with_door = n == 0 && with_door.verdict == VERDICT_ACCEPT;
	return n;
}
