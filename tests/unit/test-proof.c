/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the policy says is what the ruleset does, for every packet; and a broken ruleset is found.
 */
#include "policy-text.h"
#include "proof.h"

#define TOR "[users]\ntor = debian-tor\ndesktop = amnesia\nclearnet = clearnet\n"

static const char *const policies[] = {
	"",
	TOR,
	TOR "[lan]\nranges =\n",
	TOR "[lan]\nexclude = 10.0.0.0/24 192.168.1.1/32\non-link = yes\n",
	TOR "[lan]\nranges = 100.64.0.0/10\nrefuse = 80 443/tcp 5000-6000/udp\n",
	TOR "[tor]\ndns = no\nloopback = no\n",
	TOR "[tor]\nudp = yes\n",
	TOR "[automap]\nusers = amnesia\n[dns]\nusers = amnesia\n",
	TOR "[automap]\nusers = amnesia root\nport = 9041\nrange = 127.128.0.0/10\n"
	    "[dns]\nusers = amnesia\ntcp = yes\nport = 5300\n",
	TOR "[service socks]\nlisten = 127.0.0.1:9050/tcp [::1]:9050/tcp\nusers = amnesia _apt\n"
	    "server = debian-tor\n",
	TOR
	"[service wide]\nlisten = 127.0.0.1:1000-2000/udp [::1]:1000-2000/tcp\nusers = amnesia\n"
	"[service other]\nlisten = 127.0.0.2:1500-2500/udp 192.168.1.5:80/tcp\nusers = _apt\n"
	"server = amnesia\n",
	TOR "[egress]\nenable = no\n",
};

static void expect_proved(const char *text)
{
	struct policy *p = good_policy(text);
	struct ruleset *r;
	struct proof_finding f;
	char words[1000];
	int n;

	g_assert_cmpint(ruleset_build(p, &r), ==, 0);
	n = proof_run(p, r, &f);
	g_assert_cmpint(n, >=, 0);
	if (n > 0) {
		proof_describe(p, &f, words, sizeof(words));
		g_test_message("%s\n%s", text, words);
		g_test_fail();
	}
	(void)ruleset_free(r);
	(void)policy_free(p);
}

static void test_proved(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(policies); i++)
		expect_proved(policies[i]);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/proof/proved", test_proved);
	return g_test_run();
}
