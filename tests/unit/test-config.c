/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Texts and what is said of them, exactly; and what good texts mean. */
#include "policy-text.h"
#include "ruleset.h"

#include <netinet/in.h>
#include <time.h>

#define TOR "[users]\ntor = debian-tor\n"
#define L50 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define WALL TOR "[service s]\nusers = amnesia\n"

static const struct {
	const char *text, *said;
} bad[] = {
	{"", "a: warning: there is no tor user: nothing reaches the Internet; write [users] tor = "
	     "debian-tor\n"},
	{TOR "x = 1\n", "a:3: there is no key \"x\" in [users]; there are tor, desktop, clearnet, "
			"autoconfig, remove\n"},
	{TOR "dekstop = 1\n", "a:3: there is no key \"dekstop\" in [users]; write desktop\n"},
	{TOR "[lann]\n", "a:3: there is no section [lann]; write [lan]\n"},
	{TOR "[servcie x]\n", "a:3: there is no section [servcie x]; write [service NAME]\n"},
	{TOR "[service]\n", "a:3: a service has a name of 1 to 40 characters: [service NAME]\n"},
	{TOR "[service a/b]\n",
	 "a:3: \"a/b\" is no name of a service; write letters, digits, \".\", "
	 "\"_\" and \"-\"\n"},
	{TOR "[lan\n", "a:3: \"[\" without \"]\"; write [SECTION]\n"},
	{TOR "[lan] ranges = 10.0.0.0/8\n",
	 "a:3: text behind \"[lan]\"; write it on a line of its own\n"},
	{"tor = x\n" TOR, "a:1: a key before any section; write [SECTION] above it\n"},
	{TOR "desktop\n",
	 "a:3: this is no line of a policy; write KEY = VALUE, [SECTION] or # COMMENT\n"},
	{TOR "= 5\n",
	 "a:3: this is no line of a policy; write KEY = VALUE, [SECTION] or # COMMENT\n"},
	{TOR "# " L50 L50 L50 L50 "\n",
	 "a:3: the line has more than 199 characters; write several lines, lists append\n"},
	{TOR "#\xff\n", "a:3: the line is not UTF-8; save the file as UTF-8\n"},
	{TOR "#\xc0\xaf\n", "a:3: the line is not UTF-8; save the file as UTF-8\n"},
	{TOR "#\xed\xa0\x80\n", "a:3: the line is not UTF-8; save the file as UTF-8\n"},
	{TOR "#\x01\n", "a:3: there is a control character; remove it\n"},
	{TOR "desktop = nosuch\n",
	 "a:3: warning: there is no user \"nosuch\": nothing is granted to "
	 "it; create it and reload\n"},
	{TOR "desktop = -1\n", "a:3: \"-1\" is no user; write a name of /etc/passwd or a number\n"},
	{TOR "clearnet = @desktop\n",
	 "a:3: \"@desktop\" is no user; write a name of /etc/passwd or a number\n"},
	{TOR "[dns]\nusers = -1\n",
	 "a:4: \"-1\" is no user; write a name of /etc/passwd, a number, or @tor, @desktop, "
	 "@clearnet, @autoconfig\n"},
	{TOR "desktop: 901 ; a = b\n",
	 "a:3: this is no line of a policy; write KEY = VALUE, [SECTION] or # COMMENT\n"},
	{TOR "desktop = \xc2\x9bx\xe2\x80\xae\n",
	 "a:3: \"?x?\" is no user; write a name of /etc/passwd or a number\n"},
	{TOR "[service x]\nremove = yes\n",
	 "a:4: warning: nothing was said of [service x] before: there is nothing to remove\n"},
	{TOR "[lan]\nremove = yes\n",
	 "a:4: warning: nothing was said of [lan] before: there is nothing to remove\n"},
	{TOR "[lan]\nranges = 11.0.0.0/7\n",
	 "a:4: \"11.0.0.0/7\" has bits behind its prefix; write 11.0.0.0/8\n"},
	{TOR "[lease]\nmost = 3\nlongest = 1min\n",
	 "a:5: [lease] default is longer than longest; write a shorter default\n"},
	{TOR "desktop = 4294967295\n",
	 "a:3: \"4294967295\" is no user; write a name of /etc/passwd or a number\n"},
	{TOR "clearnet = root\n",
	 "a:3: root cannot be clearnet: it would be given a door; write a user "
	 "made for it\n"},
	{TOR "clearnet = 101\n", "a:3: user \"101\" is both clearnet and tor; take one away\n"},
	{TOR "desktop = 900\nclearnet = clearnet\n",
	 "a:4: user \"clearnet\" is both clearnet and desktop; take one away\n"},
	{TOR "clearnet = 900\nautoconfig = clearnet\n",
	 "a:4: user \"clearnet\" is both autoconfig and clearnet; take one away\n"},
	{TOR "desktop = 101\n",
	 "a:2: user \"debian-tor\" is both tor and desktop; take one away\n"},
	{WALL "listen = 127.0.0.1:9050\n",
	 "a:5: \"127.0.0.1:9050\" is no address of a service; write "
	 "ADDRESS:PORT/tcp or ADDRESS:PORT-PORT/udp\n"},
	{WALL "listen = 127.0.0.1:0/tcp\n", "a:5: \"127.0.0.1:0/tcp\" is no address of a service; "
					    "write ADDRESS:PORT/tcp or ADDRESS:PORT-PORT/udp\n"},
	{WALL "listen = 127.0.0.1:5-4/tcp\n",
	 "a:5: \"127.0.0.1:5-4/tcp\" is no address of a service; "
	 "write ADDRESS:PORT/tcp or ADDRESS:PORT-PORT/udp\n"},
	{WALL "listen = 127.0.0.1:65536/tcp\n",
	 "a:5: \"127.0.0.1:65536/tcp\" is no address of a service; write ADDRESS:PORT/tcp or "
	 "ADDRESS:PORT-PORT/udp\n"},
	{WALL "listen = 127.0.0.1:1/sctp\n",
	 "a:5: \"127.0.0.1:1/sctp\" is no address of a service; "
	 "write ADDRESS:PORT/tcp or ADDRESS:PORT-PORT/udp\n"},
	{WALL "listen = localhost:1/tcp\n",
	 "a:5: \"localhost\" is no IPv4 address; write for example 127.0.0.1\n"},
	{WALL "listen = 0.0.0.0:1/tcp\n",
	 "a:5: 0.0.0.0 is no address that a packet goes to; write 127.0.0.1\n"},
	{WALL "listen = 224.0.0.1:1/udp\n", "a:5: that is no unicast address; write 127.0.0.1 or "
					    "another address of this machine\n"},
	{WALL "listen = [::1]:garbage:90/tcp\n",
	 "a:5: \"[::1]:garbage:90/tcp\": the only IPv6 that passes is from ::1 to ::1; write "
	 "[::1]:PORT/tcp or an IPv4 address\n"},
	{WALL "listen = [fe80::1]:1/tcp\n",
	 "a:5: \"[fe80::1]:1/tcp\": the only IPv6 that passes is from ::1 to ::1; write "
	 "[::1]:PORT/tcp or an IPv4 address\n"},
	{WALL "listen = 127.0.0.1:53/udp\n",
	 "a:5: port 53 of 127.0.0.1 is redirected to Tor; write [dns] users instead\n"},
	{WALL "listen = 127.0.0.1:9000-9100/tcp\n",
	 "a:5: port 9040 is Tor's TransPort, which is reached by redirection only; write [automap] "
	 "users instead\n"},
	{WALL "listen = 127.200.0.1:80/tcp\n",
	 "a:5: that address is in [automap] range, which is Tor's; write 127.0.0.1\n"},
	{WALL "listen = 127.0.0.1:5353/udp\n[dns]\nusers = amnesia\n",
	 "a:5: port 5353 is Tor's DNSPort, which is reached by redirection only; write [dns] users "
	 "instead\n"},
	{WALL, "a:3: service \"s\" listens nowhere; write listen = ADDRESS:PORT/tcp\n"},
	{TOR "clearnet = clearnet\n[service s]\nlisten = 127.0.0.1:1/tcp\nusers = clearnet\n",
	 "a:6: user \"clearnet\" is clearnet, and such a user never reaches this machine itself; take "
	 "it out of users\n"},
	{TOR "autoconfig = 905\n[dns]\nusers = @autoconfig\n",
	 "a:5: user \"905\" is autoconfig, and such a user never reaches this machine itself; take it "
	 "out of [dns] users\n"},
	{WALL "listen = 127.0.0.1:1-9/tcp\n[service t]\nlisten = 127.0.0.1:9/tcp\nusers = root\n"
	      "server = _apt\n",
	 "a:7: service \"s\" and service \"t\" share port 9, but not their server; write the same server for "
	 "both\n"},
	{TOR "[automap]\nrange = 10.0.0.0/8\n",
	 "a:4: [automap] range has to lie inside 127.0.0.0/8, without 127.0.0.1; write 127.192.0.0/10\n"},
	{TOR "[automap]\nport = 0\n", "a:4: \"0\" is no port; write a number from 1 to 65535\n"},
	{TOR "[automap]\nport = 9\nusers = amnesia\n[dns]\nport = 9\ntcp = yes\nusers = amnesia\n",
	 "a:8: [dns] and [automap] have the same TCP port; Tor has two\n"},
	{TOR "[dns]\nusers = amnesia\nport = 53\n",
	 "a:5: port 53 of 127.0.0.1 is where programs ask, to be redirected; write another one, "
	 "which is torrc's DNSPort: 5353\n"},
	{TOR "[tor]\nudp = maybe\n", "a:4: \"maybe\" is neither yes nor no\n"},
	{TOR "[lan]\nranges = 10.1.0.0/8\n",
	 "a:4: \"10.1.0.0/8\" has bits behind its prefix; write 10.0.0.0/8\n"},
	{TOR "[lan]\nranges = fd00::/8\n",
	 "a:4: \"fd00::/8\" is no IPv4 network; write for example 192.168.0.0/16\n"},
	{TOR "[lan]\nranges = 10.0.0.0/33\n",
	 "a:4: \"10.0.0.0/33\" is no IPv4 network; write for example 192.168.0.0/16\n"},
	{TOR "[lan]\nranges = 0.0.0.0/0\n",
	 "a:4: a LAN of more than 16,777,216 addresses is the Internet; write a network with a prefix "
	 "of /8 or longer\n"},
	{TOR "[lan]\nranges = 127.0.0.0/8\n",
	 "a:4: a LAN cannot contain 127.0.0.0/8, this machine itself; take it out\n"},
	{TOR "[lan]\nranges = 169.254.0.0/16\n",
	 "a:4: a LAN cannot contain 169.254.0.0/16, link-local addresses; take it out\n"},
	{TOR "[lan]\nranges = 224.0.0.0/8\n",
	 "a:4: a LAN cannot contain multicast and reserved addresses; take it out\n"},
	{TOR "[lan]\nrefuse = 99999\n",
	 "a:4: \"99999\" is no port; write PORT, PORT-PORT, with /tcp or /udp for one of them: 53 or "
	 "5350-5351/udp\n"},
	{TOR "[lease]\ndefault = 2h\n",
	 "a:4: [lease] default is longer than longest; write a shorter default\n"},
	{TOR "[lease]\nmost = 33\n",
	 "a:4: \"33\" is no number that fits here; write a number from 1 to 32\n"},
	{TOR "[lease]\nlongest = 8d\n",
	 "a:4: \"8d\" is no span of time; write for example 90s, 10min or 1h, at most 168h\n"},
	{TOR "[clearnet-dns]\nmost = 0\n",
	 "a:4: \"0\" is no number that fits here; write a number from 1 to 32\n"},
	{TOR "[egress]\nexcept = veth* br-*x\nexcept = * sixteen-letters-\n",
	 "a:4: \"br-*x\" is no link; write its name, or how its name begins with * at the end: wg0 or "
	 "veth*\na:5: \"*\" is no link; write its name, or how its name begins with * at the end: "
	 "wg0 or veth*\na:5: \"sixteen-letters-\" is no link; write its name, or how its name begins "
	 "with * at the end: wg0 or veth*\n"},
	{TOR "[report]\ndestinations = all\n", "a:4: \"all\" is neither yes nor no\n"},
	{TOR "[autoconfig]\nurl = https://a.example/\n",
	 "a:4: \"https://a.example/\": https tells a portal's name to nobody and a wrong clock fails "
	 "it; write http://\n"},
	{TOR "[autoconfig]\nurl = http://a.example:81/\n",
	 "a:4: \"http://a.example:81/\": the door is to port 80 alone; leave the port out\n"},
	{TOR "[autoconfig]\nurl = http://192.0.2.1/\n",
	 "a:4: \"http://192.0.2.1/\": the door is to what the network's DNS servers name; write the "
	 "full name of a host\n"},
	{TOR "[autoconfig]\nurl = http://short/\n",
	 "a:4: \"http://short/\": the door is to what the network's DNS servers name; write the full "
	 "name of a host\n"},
	{TOR "[autoconfig]\nurl = http://me@a.example/\n",
	 "a:4: \"http://me@a.example/\" is no URL; write http://HOST/PATH\n"},
	{TOR "[autoconfig]\nlatest-date = soon\n",
	 "a:4: \"soon\" is no date; write for example 2040-01-01, or 2040-01-01T12:00:00Z\n"},
	{TOR "clearnet = 900\n[browser]\nuser = amnesia\ncommand = /b\n",
	 "a:5: user \"amnesia\" of [browser] is not clearnet; write one of [users] clearnet\n"},
	{TOR "clearnet = 900\n[browser]\nuser = 900\n",
	 "a:5: [browser] has a user and no command; write command = /usr/bin/firefox-esr --no-remote "
	 "--profile {profile} {page}\n"},
	{TOR "clearnet = 900\n[browser]\nuser = @clearnet\ncommand = firefox {page}\n",
	 "a:5: \"@clearnet\" is no user; write a name of /etc/passwd or a number\n"
	 "a:6: \"firefox {page}\": write the program with its whole path, for example "
	 "/usr/bin/firefox-esr\n"},
	{TOR "[browser]\ncommand = /b/{page}\n",
	 "a:4: \"/b/{page}\": the program is always the same one; write {profile} and {page} behind "
	 "it\n"},
	{TOR "[browser]\ncommand = /b {pages}\n",
	 "a:4: \"/b {pages}\": there are the places {profile} and {page}; write no other brace\n"},
	{TOR
	 "[browser]\ncommand = /b 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 "
	 "2\n",
	 "a:4: \"/b 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2\": these are "
	 "over 32 words; write a program of your own that says them\n"},
	{TOR "[service x]\nremove = no\n", "a:4: remove = \"no\"; write remove = yes, or nothing\n"
					   "a:3: service \"x\" listens nowhere; write listen = "
					   "ADDRESS:PORT/tcp\na:3: warning: nobody may use service "
					   "\"x\"; write users = NAME\n"},
	{TOR "[caller]\n",
	 "a:3: there is no section [caller]; there are [users], [service NAME], [automap], [dns], "
	 "[tor], [lan], [lease], [clearnet-dns], [egress], [report], [namespace NAME], "
	 "[autoconfig], [browser]\n"},
	{TOR "[namespaces x]\n",
	 "a:3: there is no section [namespaces x]; write [namespace NAME]\n"},
	{TOR "[namespace x]\n",
	 "a:3: namespace \"x\" has no interface; write interface = the host's end of a veth pair\n"
	 "a:3: namespace \"x\" has no peer; write peer = the other end's IPv4 address\n"
	 "a:3: namespace \"x\" has no listen; write listen = ADDRESS:PORT/tcp\n"},
	{TOR "[namespace x y]\n", "a:3: \"x y\" is no name of a namespace; write letters, digits, "
				  "\".\", \"_\" and \"-\"\n"},
	{TOR "[namespace x]\ninterface = veth*\npeer = 127.0.0.2\nlisten = 10.0.0.1:1/tcp\n",
	 "a:4: \"veth*\" is not the end of a veth pair; write the name of the one link that leads to "
	 "the program: veth0\n"
	 "a:5: \"127.0.0.2\" is no address of another host; write the IPv4 address of the pair's "
	 "other end: 10.200.1.2\n"},
	{TOR "[namespace x]\ninterface = lo\npeer = 10.0.0.2/24\nlisten = 10.0.0.1:1/tcp\n",
	 "a:4: \"lo\" is not the end of a veth pair; write the name of the one link that leads to "
	 "the program: veth0\n"
	 "a:5: \"10.0.0.2/24\" is no address of another host; write the IPv4 address of the pair's "
	 "other end: 10.200.1.2\n"},
	{TOR "[namespace x]\ninterface = v\npeer = 10.0.0.2\n"
	     "listen = [::1]:1/tcp 127.0.0.1:1/tcp 10.0.0.2:1/tcp\n",
	 "a:6: a confined program has no IPv6; write an IPv4 address\n"
	 "a:6: no packet for 127.0.0.0/8 comes in by a link; write this machine's address on v, and "
	 "let the service listen there\n"
	 "a:6: that is the program's own address; write this machine's on the pair\n"},
	{TOR "[namespace x]\ninterface = v\npeer = 10.0.0.2\nlisten = 10.0.0.1:1/tcp\n"
	     "[namespace y]\ninterface = v\npeer = 10.0.0.2\nlisten = 10.0.0.1:1/tcp\n"
	     "server = 7\n",
	 "a:8: namespaces \"x\" and \"y\" have the same interface; write one for each\n"
	 "a:9: namespaces \"x\" and \"y\" have the same peer; write one for each\n"
	 "a:10: namespace \"x\" and namespace \"y\" share port 1, but not their server; write the "
	 "same server for both\n"},
	{TOR "[namespace a-name-of-33-characters-is-one-xx]\ninterface = v\npeer = 10.0.0.2\n"
	     "listen = 10.0.0.1:1/tcp\ndoor = yes\n",
	 "a:7: \"a-name-of-33-characters-is-one-xx\" is too long a name for a namespace with a "
	 "door; 32 characters are read\n"},
	{TOR "clearnet = clearnet\n[namespace x]\ninterface = v\npeer = 10.0.0.2\n"
	     "listen = 10.0.0.1:1/tcp\nserver = clearnet\n",
	 "a:8: user \"clearnet\" is clearnet, and such a user never reaches this machine itself; take "
	 "it out of server\n"},
};

static void test_bad(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct policy *p;
		char *said = parse_text(&bad[i].text, 1, &p);

		g_assert_cmpstr(said, ==, bad[i].said);
		(void)policy_free(p);
		g_free(said);
	}
}

static void test_every_error(void)
{
	const char *text = "[users]\ntor = debian-tor\nx = 1\n[y]\nz = 2\nv\n[lan]\nranges = a b\n";
	struct policy *p;
	char *said = parse_text(&text, 1, &p);
	char **lines = g_strsplit(said, "\n", -1);

	/* z = 2 belongs to a section that was refused: said once. */
	g_assert_cmpuint(g_strv_length(lines), ==, 6);
	g_strfreev(lines);
	g_free(said);
}

static void test_nul(void)
{
	static const char text[] = TOR "desk\0top = 1\n";
	struct sources sources = {0};
	struct diagnostics d;
	struct policy *p = NULL;

	add_text(&sources, "f", text, sizeof(text) - 1);
	g_assert_cmpint(config_parse(&sources, table_resolve, NULL, &d, &p), ==, -EBADMSG);
	g_assert_cmpstr(d.items[0].text, ==, "there is a NUL byte; this is not a text file");
	g_assert_cmpuint(d.items[0].line, ==, 3);
	diagnostics_clear(&d);
	sources_clear(&sources);
}

/* The last characters of the longest line count; of a longer one none does. */
static void test_long_lines(void)
{
	for (size_t size = 197; size <= 201; size++) {
		GString *text = g_string_new(TOR);
		struct policy *p;
		char *said;

		g_string_append_printf(text, "desktop = %*s\n", (int)size - 10, "1000");
		said = parse_text((const char *const *)&text->str, 1, &p);
		if (size <= 199) {
			g_assert_cmpstr(said, ==, "");
			g_assert_cmpuint(p->desktop.items[0].uid, ==, 1000);
		} else {
			g_assert_cmpstr(
				said, ==,
				"a:3: the line has more than 199 characters; write several lines, "
				"lists append\n");
		}
		g_free(said);
		(void)policy_free(p);
		(void)g_string_free(text, TRUE);
	}
}

static void test_forms(void)
{
	/* BOM, CRLF, indentation, a comment behind a value, no newline at the end. */
	struct policy *p = good_policy("\xef\xbb\xbf[users]\r\n\ttor = debian-tor ; Tor\r\n"
				       "  desktop=1000\r\n; c\n  # c\n[lan]\n on-link = YES");

	g_assert_cmpuint(p->tor.n, ==, 1);
	g_assert_cmpuint(p->tor.items[0].uid, ==, 101);
	g_assert_cmpuint(p->desktop.items[0].uid, ==, 1000);
	g_assert_true(p->desktop.items[0].by_number);
	g_assert_cmpuint(p->desktop.items[0].origin.line, ==, 3);
	g_assert_true(p->lan.on_link);
	(void)policy_free(p);
	p = good_policy(TOR "#" L50 L50 L50 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n");
	(void)policy_free(p);
}

static void test_defaults(void)
{
	struct policy *p = good_policy(TOR);

	g_assert_cmpuint(p->automap.range.addr, ==, 0x7fc00000);
	g_assert_cmpuint(p->automap.range.prefix, ==, 10);
	g_assert_cmpuint(p->automap.port, ==, 9040);
	g_assert_cmpuint(p->dns.port, ==, 5353);
	g_assert_false(p->dns.tcp);
	g_assert_true(p->tor_may.dns && p->tor_may.loopback && !p->tor_may.udp);
	g_assert_cmpuint(p->lan.ranges.n, ==, 3);
	g_assert_cmpuint(p->lan.n_refuse, ==, 8);
	g_assert_false(p->lan.on_link);
	g_assert_cmpuint(p->lease.default_seconds, ==, 600);
	g_assert_cmpuint(p->lease.longest_seconds, ==, 1800);
	g_assert_cmpuint(p->lease.most, ==, 4);
	g_assert_cmpuint(p->clearnet_dns.most, ==, 8);
	(void)policy_free(p);
}

static void test_merge(void)
{
	static const char first[] =
		TOR "desktop = amnesia\n[service s]\nlisten = 127.0.0.1:1/tcp\nusers = @desktop\n"
		    "[service gone]\nlisten = 127.0.0.1:2/tcp\nusers = root\n[lease]\nmost = 2\n";
	static const char second[] = "[service s]\nusers = root\nserver = _apt\n[service gone]\n"
				     "remove = yes\n[lease]\nmost = 3\n";
	static const char third[] = "[lan]\nranges =\nranges = 10.0.0.0/8\nrefuse =\n[users]\n"
				    "tor =\ntor = _apt\n";
	const char *texts[] = {first, second, third};
	struct policy *p;
	char *said = parse_text(texts, ARRAY_SIZE(texts), &p);

	g_assert_cmpstr(said, ==, "");
	g_assert_cmpuint(p->n_services, ==, 1);
	g_assert_cmpuint(p->services[0].users.n, ==, 2);
	g_assert_cmpuint(p->services[0].users.items[1].origin.file, ==, 1);
	g_assert_cmpuint(p->services[0].server.n, ==, 1);
	g_assert_cmpuint(p->services[0].server.items[0].uid, ==, 102);
	g_assert_cmpuint(p->lease.most, ==, 3);
	g_assert_cmpuint(p->lan.ranges.n, ==, 1);
	g_assert_cmpuint(p->lan.n_refuse, ==, 0);
	g_assert_cmpuint(p->tor.n, ==, 1);
	g_assert_cmpuint(p->tor.items[0].uid, ==, 102);
	g_free(said);
	(void)policy_free(p);
}

static void test_service(void)
{
	struct policy *p = good_policy(TOR "desktop = amnesia root\n[service s]\n"
					   "listen = 192.168.1.5:80-90/udp, [::1]:631/tcp\n"
					   "users = @desktop 7 @tor amnesia\n");
	const struct service *s = &p->services[0];

	g_assert_cmpstr(s->name, ==, "s");
	g_assert_cmpuint(s->n_listens, ==, 2);
	g_assert_cmpuint(s->listens[0].addr, ==, 0xc0a80105);
	g_assert_cmpuint(s->listens[0].first, ==, 80);
	g_assert_cmpuint(s->listens[0].last, ==, 90);
	g_assert_cmpuint(s->listens[0].protocol, ==, IPPROTO_UDP);
	g_assert_true(s->listens[1].ipv6);
	g_assert_cmpuint(s->users.n, ==, 4);
	g_assert_true(users_contain(&s->users, 7));
	g_assert_cmpuint(s->server.n, ==, 1);
	g_assert_cmpuint(s->server.items[0].uid, ==, 0);
	(void)policy_free(p);
}

/* Each value says where it was said, not where its section began; and who contradicts is later. */
static void test_origins(void)
{
	static const char first[] =
		TOR "[tor]\ndns = no\n[lan]\non-link = yes\n[lease]\nmost = 2\n"
		    "default = 5min\n[dns]\nport = 99\n[clearnet-dns]\nmost = 3\n";
	static const char second[] = "[tor]\nudp = yes\n[lan]\non-link = no\n[lease]\n"
				     "longest = 6min\n[automap]\nport = 98\n";
	static const char third[] = "[lease]\nlongest = 1min\n";
	static const char *const lines[] = {
		"\ndns = no ; a:4\n",       "\nudp = yes ; b:2\n",  "\nloopback = yes ; built-in\n",
		"\non-link = no ; b:4\n",   "\nmost = 2 ; a:8\n",   "\ndefault = 5min ; a:9\n",
		"\nlongest = 6min ; b:6\n", "\nport = 99 ; a:11\n", "\nport = 98 ; b:8\n",
		"\ntcp = no ; built-in\n",  "\nmost = 3 ; a:13\n",
	};
	const char *texts[] = {first, second, third};
	struct policy *p;
	char *said = parse_text(texts, 2, &p), *shown;

	g_assert_cmpstr(said, ==, "");
	shown = policy_show(p);
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		if (!strstr(shown, lines[i]))
			g_error("no %s in %s", lines[i], shown);
	g_free(said);
	free(shown);
	(void)policy_free(p);
	said = parse_text(texts, 3, &p);
	g_assert_cmpstr(said, ==,
			"c:2: [lease] default is longer than longest; write a shorter default\n");
	g_free(said);
}

/* What a long path and a hostile one leave of a line is a line for the parser. */
static void test_show_paths(void)
{
	struct sources sources = {0};
	struct diagnostics d;
	struct policy *p = NULL;
	GString *path = g_string_new("\x1b[31m\xff");
	char *text;

	while (path->len < 3000)
		g_string_append(path, "/\xc3\xa9\xc3\xa9");
	add_text(&sources, path->str, TOR, strlen(TOR));
	g_assert_cmpint(config_parse(&sources, table_resolve, NULL, &d, &p), ==, 0);
	text = policy_show(p);
	g_assert_true(g_utf8_validate(text, -1, NULL));
	(void)policy_free(good_policy(text));
	free(text);
	(void)policy_free(p);
	diagnostics_clear(&d);
	sources_clear(&sources);
	(void)g_string_free(path, TRUE);
}

/* The process's own time, in seconds: what else the machine does is no matter. */
static double time_spent(void)
{
	struct timespec ts;

	g_assert_cmpint(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts), ==, 0);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* Files of a few megabytes that would take minutes if everything were compared with everything. */
static void test_bounds(void)
{
	GString *text = g_string_new("[users]\n");
	double start = time_spent();
	struct policy *p;
	char *said;

	for (unsigned i = 0; i < 300000; i++)
		g_string_append_printf(text, i % 10 ? " %u" : "\ntor = %u", i + 1);
	g_string_append(text, "\n");
	for (unsigned i = 0; i < 20000; i++)
		g_string_append_printf(
			text, "[service s%u]\nlisten = 127.0.0.1:1/tcp\nusers = u%u\n", i, i);
	said = parse_text((const char *const *)&text->str, 1, &p);
	g_assert_null(p);
	g_assert_nonnull(strstr(said, "these are over 256 users; write fewer"));
	g_assert_cmpfloat(time_spent() - start, <, 20);
	g_free(said);
	(void)g_string_free(text, TRUE);
}

/* What is not said, and what is said to be empty. */
static void test_autoconfig(void)
{
	static const struct {
		const char *text, *url, *response;
	} cases[] = {
		{TOR, NULL, "NetworkManager is online"},
		{TOR "[autoconfig]\nurl = http://a.example\n", "http://a.example",
		 "NetworkManager is online"},
		{TOR "[autoconfig]\nurl = http://a.example\nurl =\nresponse =\n", NULL, ""},
		{TOR "[autoconfig]\nresponse =\nresponse = x\n", NULL, "x"},
		{TOR "[autoconfig]\nresponse = x\nremove = yes\n", NULL,
		 "NetworkManager is online"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct policy *p = good_policy(cases[i].text), *q;
		char *shown = policy_show(p);

		q = good_policy(shown);
		g_assert_cmpstr(p->autoconfig_check.url, ==, cases[i].url);
		g_assert_cmpstr(p->autoconfig_check.response, ==, cases[i].response);
		g_assert_cmpstr(q->autoconfig_check.url, ==, cases[i].url);
		g_assert_cmpstr(q->autoconfig_check.response, ==, cases[i].response);
		g_assert_cmpuint(p->autoconfig_check.latest, ==, 0);
		free(shown);
		(void)policy_free(p);
		(void)policy_free(q);
	}
}

/* Who is run what, and what is the same when it is shown. */
static void test_browser(void)
{
	static const struct {
		const char *text, *user, *command;
	} cases[] = {
		{TOR, NULL, NULL},
		{TOR "clearnet = 900\n[browser]\nuser = 900\ncommand = /b  -p={profile}\n", "900",
		 "/b  -p={profile}"},
		{TOR "clearnet = 900\n[browser]\nuser = 900\ncommand = /b\nuser =\n", NULL, "/b"},
		{TOR "clearnet = 900\n[browser]\nuser = 900\ncommand = /b\nremove = yes\n", NULL,
		 NULL},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct policy *p = good_policy(cases[i].text), *q;
		char *shown = policy_show(p);

		q = good_policy(shown);
		g_assert_cmpuint(p->browser.user.n, ==, cases[i].user != NULL);
		g_assert_cmpuint(q->browser.user.n, ==, cases[i].user != NULL);
		if (cases[i].user)
			g_assert_cmpstr(q->browser.user.items[0].name, ==, cases[i].user);
		g_assert_cmpstr(p->browser.command, ==, cases[i].command);
		g_assert_cmpstr(q->browser.command, ==, cases[i].command);
		free(shown);
		(void)policy_free(p);
		(void)policy_free(q);
	}
}

static void test_command(void)
{
	static const struct {
		const char *command, *page, *words;
	} cases[] = {
		{"/b", "", "/b"},
		{" /b\t--profile  {profile} {page} ", "http://a/", "/b|--profile|/p|http://a/"},
		{"/b --d={profile}/x{page} {page}", "", "/b|--d=/p/x"},
		{"/b {page}{page}", "http://a/?{profile}",
		 "/b|http://a/?{profile}http://a/?{profile}"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *const places[PLACE_N] = {"/p", cases[i].page};
		char **words = command_words(cases[i].command, places);
		char *joined = g_strjoinv("|", words);

		g_assert_cmpstr(joined, ==, cases[i].words);
		g_free(joined);
		(void)command_free(words);
	}
}

/* What policy_show() prints is the same policy again. */
static void test_show(void)
{
	struct policy *p = good_policy(
		TOR
		"desktop = 1000\nclearnet = clearnet second\nautoconfig = 905\n"
		"[service a]\nlisten = 127.0.0.1:101-170/tcp [::1]:9/udp\nusers = @desktop root\n"
		"[service b]\nlisten = 10.0.0.1:5/tcp\nusers =\nserver = _apt root\n"
		"[automap]\nusers = @desktop\nport = 99\n[dns]\ntcp = yes\nusers = root\n"
		"[tor]\nudp = yes\nloopback = no\n[lan]\nranges = 10.0.0.0/9\nexclude = "
		"10.5.0.0/16\non-link = yes\nrefuse = 1-2/tcp 9\n[lease]\nlongest = 100s\ndefault "
		"= 90s\n[clearnet-dns]\nreaders = clearnet\nmost = 3\n"
		"[egress]\nexcept = wg0 veth*\n[report]\ndestinations = yes\n"
		"[autoconfig]\nurl = http://a.example/b?c=d\nresponse = all is; well  here\n"
		"latest-date = 2040-01-01T02:00:00+02:00\n");
	char *text = policy_show(p), *again;
	struct policy *q = good_policy(text);
	struct ruleset *r, *s;

	again = policy_show(q);
	g_assert_cmpint(ruleset_build(p, &r), ==, 0);
	g_assert_cmpint(ruleset_build(q, &s), ==, 0);
	g_assert_cmpmem(r->digest, sizeof(r->digest), s->digest, sizeof(s->digest));
	g_assert_cmpuint(q->lease.default_seconds, ==, 90);
	g_assert_cmpuint(q->clearnet_dns.most, ==, 3);
	g_assert_true(q->report.destinations);
	g_assert_cmpstr(q->autoconfig_check.url, ==, "http://a.example/b?c=d");
	g_assert_cmpstr(q->autoconfig_check.response, ==, "all is; well  here");
	g_assert_cmpuint(q->autoconfig_check.latest, ==, 2208988800);
	g_assert_true(policy_covers(q, "eth0") && policy_covers(q, "wg01") &&
		      !policy_covers(q, "lo"));
	g_assert_true(!policy_covers(q, "wg0") && !policy_covers(q, "veth") &&
		      !policy_covers(q, "veth7"));
	(void)ruleset_free(r);
	(void)ruleset_free(s);
	(void)policy_free(p);
	(void)policy_free(q);
	free(text);
	free(again);
}

/*
 * Twenty times the services take twenty times as long, and some more, because so many do not fit
 * into a processor's cache. Every pair of them looked at would make it a thousand.
 */
static double parse_many(unsigned n)
{
	GString *text = g_string_new(TOR "desktop = amnesia\n");
	double start;
	struct policy *p;

	for (unsigned i = 0; i < n; i++)
		g_string_append_printf(
			text,
			"[service s%u]\nlisten = 127.0.%u.1:%u/tcp\nusers = @desktop "
			"root\n",
			i, i / 5000, 10000 + i % 5000 * 2);
	start = time_spent();
	p = good_policy(text->str);
	start = time_spent() - start;
	g_assert_cmpuint(p->n_services, ==, n);
	(void)policy_free(p);
	(void)g_string_free(text, TRUE);
	return start;
}

static void test_many(void)
{
	double few = G_MAXDOUBLE, many = G_MAXDOUBLE;

	for (int i = 0; i < 5; i++) {
		few = MIN(few, parse_many(1000));
		many = MIN(many, parse_many(20000));
	}
	g_assert_cmpfloat(many / few, <, 300);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/config/bad", test_bad);
	g_test_add_func("/config/every-error", test_every_error);
	g_test_add_func("/config/nul", test_nul);
	g_test_add_func("/config/long-lines", test_long_lines);
	g_test_add_func("/config/forms", test_forms);
	g_test_add_func("/config/defaults", test_defaults);
	g_test_add_func("/config/merge", test_merge);
	g_test_add_func("/config/service", test_service);
	g_test_add_func("/config/autoconfig", test_autoconfig);
	g_test_add_func("/config/browser", test_browser);
	g_test_add_func("/config/command", test_command);
	g_test_add_func("/config/show", test_show);
	g_test_add_func("/config/origins", test_origins);
	g_test_add_func("/config/show-paths", test_show_paths);
	g_test_add_func("/config/bounds", test_bounds);
	g_test_add_func("/config/many", test_many);
	return g_test_run();
}
