/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "refusal.h"

#include <arpa/inet.h>
#include <glib/gi18n-lib.h>
#include <time.h>

#define LISTED 3

/* The classes that a refusal of one's own can have; tests/unit/test-lamp.c knows the others. */
static const struct refusal_words words[] = {
	{"internet", N_("The Internet, without Tor"),
	 N_("A program wanted to reach the Internet directly. That would show the network, and "
	    "whoever was to be reached, where you are; so it is reached through Tor only."),
	 N_("Set up the program to use Tor as its SOCKS proxy. If nothing stopped working, you need "
	    "not do anything.")},
	{"ipv6", N_("The Internet by IPv6"),
	 N_("IPv6 is closed on this computer, because nothing of it goes through Tor."),
	 N_("You need not do anything: programs use IPv4 and Tor instead. If one does not, set it "
	    "up to use Tor as its SOCKS proxy.")},
	{"dns", N_("The name of a computer"),
	 N_("A program asked for the address that belongs to a name, and it is not among those "
	    "that may have Tor asked."),
	 N_("Set up the program to use Tor as its SOCKS proxy, so that names go through Tor, too. "
	    "An administrator can allow it in section [dns] of the policy.")},
	{"automap", N_("An onion service, by its substitute address"),
	 N_("The address stands for an onion service, and this user's programs may not use such "
	    "addresses."),
	 N_("Set up the program to use Tor as its SOCKS proxy. An administrator can allow it in "
	    "section [automap] of the policy.")},
	{"local", N_("A service of this computer"),
	 N_("A program wanted to reach another one on this computer, and the policy does not grant "
	    "it that."),
	 N_("If you miss something, an administrator can grant it with a section [service] of the "
	    "policy.")},
	{"answer", N_("An answer to another program of this computer"),
	 N_("A program answered on a port that belongs to a service, and it is not that service."),
	 N_("If you have started a service of your own, let it use another port.")},
	{"lan_port", N_("A question to the local network"),
	 N_("Such ports ask the local network for names or for this computer's own public address, "
	    "and that would tell it what you do."),
	 N_("You need not do anything. Printers and shared folders work by their address.")},
	{"not_unicast", N_("A call to everybody on the local network"),
	 N_("A program called out to the whole network, which is how programs look for devices. It "
	    "would tell everybody there that this computer is here."),
	 N_("You need not do anything. Enter a device's address by hand instead of searching for "
	    "it.")},
	{"options", N_("Packets with a route of their own"),
	 N_("Packets that say by which way they want to go could be taken past Tor."),
	 N_("You need not do anything, unless you started a program that tests networks.")},
	{"stale", N_("A connection from before"),
	 N_("A connection went on that nothing allows any more: its door has been closed, or the "
	    "rules have changed."),
	 N_("Let the program connect anew.")},
	{"related", N_("A message about another connection"),
	 N_("The computer wanted to tell somebody on the network about an error, which would show "
	    "that it is here."),
	 N_("You need not do anything.")},
	{"tor", N_("Something that Tor itself must not do"),
	 N_("Tor tried more than connections to its relays, which is all that it needs."),
	 N_("If Tor does not connect with a bridge, tell whoever administers this computer.")},
	{"door_closed", N_("The Internet, with the door closed"),
	 N_("A program of a user that can be given a door wanted to go out, and no door is open."),
	 N_("Open a door, for instance by starting the Unsafe Browser.")},
	{"door_scope", N_("More than the network's login page"),
	 N_("The door that was open leads to the network's login page only, and the program wanted "
	    "to go elsewhere."),
	 N_("Log in to the network, then use Tor. Where more is needed, ask for the full door.")},
	{"door_local", N_("This computer or its neighbours, through a door"),
	 N_("A program behind a door reaches the network outside only, never this computer itself."),
	 N_("You need not do anything.")},
	{"door_protocol", N_("An unusual protocol, through a door"),
	 N_("Through a door go TCP and UDP only."), N_("You need not do anything.")},
	{"namespace", N_("More than a confined program may"),
	 N_("A confined program reaches only what its section of the policy names."),
	 N_("If you miss something, an administrator can add it to the section [namespace].")},
	{"egress_forged", N_("Packets that were made by hand"),
	 N_("A program wrote packets past the computer's own network rules."),
	 N_("Only programs of an administrator can do that. Tell whoever administers this "
	    "computer.")},
	{"egress_ipv4", N_("Packets that were made by hand"),
	 N_("A program wrote packets that nothing has allowed to leave."),
	 N_("Only programs of an administrator can do that. Tell whoever administers this "
	    "computer.")},
	{"egress_ipv6", N_("Packets of IPv6 that were made by hand"),
	 N_("A program wrote packets of IPv6, and none of them leaves this computer."),
	 N_("Only programs of an administrator can do that. Tell whoever administers this "
	    "computer.")},
	{"egress_arp", N_("Packets that were made by hand"),
	 N_("A program wrote packets that look like questions to the neighbours, and are none."),
	 N_("Only programs of an administrator can do that. Tell whoever administers this "
	    "computer.")},
	{"egress_other", N_("Packets that were made by hand"),
	 N_("A program wrote packets of a kind that this computer never sends."),
	 N_("Only programs of an administrator can do that. Tell whoever administers this "
	    "computer.")},
};

static const struct refusal_words unknown = {
	"", N_("Something else"), N_("The policy of this computer does not allow it."),
	N_("If you miss something, tell whoever administers this computer.")};

static const struct refusal_words *find(const char *class)
{
	for (gsize i = 0; i < G_N_ELEMENTS(words); i++)
		if (g_str_equal(words[i].class, class))
			return &words[i];
	return &unknown;
}

const char *refusal_what(const char *class)
{
	return g_dgettext(GETTEXT_PACKAGE, find(class)->what);
}

const char *refusal_why(const char *class)
{
	return g_dgettext(GETTEXT_PACKAGE, find(class)->why);
}

const char *refusal_advice(const char *class)
{
	return g_dgettext(GETTEXT_PACKAGE, find(class)->advice);
}

bool refusal_is_known(const char *class)
{
	return find(class) != &unknown;
}

char *refusal_protocol(const struct leak *leak)
{
	static const struct {
		guint8 number;
		const char *name;
	} names[] = {
		{IPPROTO_TCP, "TCP"},       {IPPROTO_UDP, "UDP"},   {IPPROTO_ICMP, "ICMP"},
		{IPPROTO_ICMPV6, "ICMPv6"}, {IPPROTO_SCTP, "SCTP"}, {IPPROTO_IGMP, "IGMP"},
	};
	const char *name = NULL;

	for (gsize i = 0; i < G_N_ELEMENTS(names) && !name; i++)
		if (names[i].number == leak->protocol)
			name = names[i].name;
	if (name && leak->port)
		/* Translators: a protocol's name, then a port's number. */
		return g_strdup_printf(_("%s, port %u"), name, leak->port);
	if (name)
		return g_strdup(name);
	return g_strdup_printf(_("IP protocol %u"), leak->protocol);
}

/* The kernel reports equal ones once a minute, so it is a number of reports. */
char *refusal_times(guint32 count)
{
	return g_strdup_printf(g_dngettext(GETTEXT_PACKAGE, "%u time", "%u times", count), count);
}

char *refusal_clock(usec_t at)
{
	gint64 ago = (gint64)(now_boottime() - at);
	g_autoptr(GDateTime) now = g_date_time_new_now_local();
	g_autoptr(GDateTime) then = g_date_time_add(now, -ago);

	return g_date_time_format(then, "%X");
}

char *refusal_destination(const struct leak *leak)
{
	char text[INET6_ADDRSTRLEN];

	if (!leak->address_size || !inet_ntop(leak->family, leak->address, text, sizeof(text)))
		return NULL;
	return g_strdup(text);
}

char *refusal_list(const GPtrArray *groups)
{
	g_autoptr(GString) text = g_string_new(NULL);

	for (guint i = 0; i < groups->len && i < LISTED; i++) {
		const struct leak *leak = groups->pdata[i];
		g_autofree char *protocol = refusal_protocol(leak);
		g_autofree char *times = refusal_times(leak->count);

		/* Translators: what was refused, by which protocol, how often. */
		g_string_append_printf(text, _("%s (%s, %s)"), refusal_what(leak->class), protocol,
				       times);
		g_string_append_c(text, '\n');
	}
	if (groups->len > LISTED)
		g_string_append_printf(text,
				       g_dngettext(GETTEXT_PACKAGE, "and %u more kind\n",
						   "and %u more kinds\n", groups->len - LISTED),
				       groups->len - LISTED);
	if (text->len)
		g_string_truncate(text, text->len - 1);
	return g_string_free(g_steal_pointer(&text), FALSE);
}
