/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The command line. It may do what its caller may: ask the service over the bus, read files, and,
 * started by root, become another user to run a command. It has no privilege of its own and must
 * never be installed with one. Its death closes every door that it holds open.
 */
#include "output.h"
#include "paths.h"
#include "verbs.h"

#define DOOR                                                                                     \
	"The door is open for that user's programs alone, to IPv4 addresses that are not this\n" \
	"machine's, by TCP and UDP. "
#define PORTAL                                                                                  \
	"With\n"                                                                                \
	"--scope portal only to the network's own DNS servers, and by HTTP and HTTPS to what\n" \
	"these name; then it ends also with the network, and when Tor has connected.\n"

const struct verb verbs[] = {
	{NULL, "status", "", 0, 0, false, ASKS | BIT(ALL),
	 "what is in force, and which doors are open",
	 "Says whether the wall is up, which doors are open and how long, what was consented to\n"
	 "and which DNS servers are saved. One sees one's own doors, root sees all.",
	 verb_status},
	{"clearnet", "on", "NAME", 1, 1, false, ASKS | BIT(FOR) | BIT(SCOPE) | BIT(NAMESPACE),
	 "open the door for a user or a namespace, and hold it",
	 DOOR PORTAL
	 "It stays open until this command is interrupted or the time is up. Prints why it was\n"
	 "closed.",
	 verb_on},
	{"clearnet", "run", "USER -- COMMAND...", 1, 1, true,
	 ASKS | BIT(FOR) | BIT(SCOPE) | BIT(KILL),
	 "hold the door while a command runs as that user",
	 DOOR PORTAL
	 "It is closed when the command ends, whose exit status is this command's. Root may run it\n"
	 "as any user, everybody else only as oneself.",
	 verb_run},
	{"clearnet", "extend", "ID|USER", 1, 1, false, ASKS | BIT(FOR),
	 "let one's open door stay open longer",
	 "The time counts from now, and is never beyond the policy's longest.", verb_extend},
	{"clearnet", "off", "NAME", 1, 1, false, ASKS | BIT(NAMESPACE), "close the door",
	 "When this has returned no packet of the door's connections passes any more. To close\n"
	 "one's own door needs nothing, another's an administrator.",
	 verb_off},
	{"dns", "save", "LINK ADDRESS...", 2, 64, false, ASKS,
	 "remember a network's own DNS servers",
	 "Replaces what is saved of that link. They are for programs behind a door; the system\n"
	 "goes on resolving through Tor.",
	 verb_dns_save},
	{"dns", "show", "", 0, 0, false, ASKS, "the saved DNS servers", "Prints them, by link.",
	 verb_dns_show},
	{"dns", "forget", "LINK", 1, 1, false, ASKS, "forget a link's DNS servers",
	 "As when the link goes away.", verb_dns_forget},
	{"consent", "grant", "NETWORK", 1, 1, false, ASKS,
	 "consent to non-Tor configuration of a network",
	 "NETWORK is its name or UUID, at most 64 bytes. The consent is for the network that is\n"
	 "there now, and ends with it. Where it was withdrawn since the boot polkit asks for a\n"
	 "password.",
	 verb_consent_grant},
	{"consent", "withdraw", "", 0, 0, false, ASKS, "withdraw the consent",
	 "At once, in the middle of a connection, and until the boot. It needs nothing.",
	 verb_consent_withdraw},
	{"consent", "show", "", 0, 0, false, EVERY_VERB, "what was consented to",
	 "Prints it: who, when, for which network, how often it was used, and what ends it.",
	 verb_consent_show},
	{NULL, "check-network", "", 0, 0, false, ASKS,
	 "find a portal, and the time, by the one connection that was consented to",
	 "Makes one DNS question and one HTTP request without Tor, to the host that the policy says,\n"
	 "and prints what came of it. Needs consent: sallyport consent grant NETWORK. Exits with 0\n"
	 "when the network is open.",
	 verb_check_network},
	{NULL, "reload", "", 0, 0, false, ASKS, "let the engine read its policy anew",
	 "With an error anywhere in the policy the ruleset in force stays, and the first error is\n"
	 "printed; sallyport check prints all.",
	 verb_reload},
	{NULL, "verify", "", 0, 0, false, ASKS, "is the wall in the kernel the one that was sent?",
	 "The engine reads it back, rule by rule and element by element, compares, and proves on\n"
	 "what is there what must hold of every packet. Prints the first difference; a wall that\n"
	 "differs is soon loaded again.",
	 verb_verify},
	{NULL, "watch", "", 0, 0, false, EVERY_VERB, "print events as they happen",
	 "Prints what changes until it is interrupted; on a terminal with a countdown for each\n"
	 "open door. With --json one object a line.",
	 verb_watch},
	{NULL, "blocked", "", 0, 0, false, ASKS | BIT(ALL) | BIT(FOLLOW), "what was refused lately",
	 "Says of what the wall refused who wanted it, when, by which protocol and port, how often\n"
	 "it was reported (at most once a minute), why, and by which line of the policy. Where to\n"
	 "is kept only if the policy says so. One sees one's own; all is an administrator's.",
	 verb_blocked},
	{NULL, "check", "[FILE...]", 0, 255, false, EVERY_VERB | BIT(SHOW),
	 "find the errors in a policy",
	 "Prints each as FILE:LINE: what is wrong, what to write instead. Without FILE the\n"
	 "system's policy; several are read as one. Needs neither the service nor a privilege.",
	 verb_check},
	{NULL, "ruleset", "[FILE...]", 0, 255, false, EVERY_VERB | BIT(BUILT_IN),
	 "print the wall that a policy gives, for review",
	 "In the syntax of nft(8), each rule with the line that it comes from. Without FILE the\n"
	 "system's policy. Needs neither the service nor a privilege.",
	 verb_ruleset},
	{NULL, "explain", "PROTOCOL ADDRESS[:PORT] [FILE...]", 2, 255, false,
	 ASKS | BIT(USER) | BIT(LIVE), "say why a program may connect somewhere, or may not",
	 "Prints the verdict on the first packet of such a connection, the policy's line that it\n"
	 "comes from, which verb or setting would allow it, and who may do that. Without FILE of\n"
	 "the system's policy. Needs neither the service nor a privilege, except with --live: then\n"
	 "the service says it, of another user to administrators only.",
	 verb_explain},
	{NULL, "diff", "OLD NEW", 2, 2, false, EVERY_VERB,
	 "say which packets two policies treat differently",
	 "OLD and NEW are files of a whole policy each. Prints classes of packets, not lines: who\n"
	 "reaches what under the one and not under the other. Exits with 1 if there are any. Needs\n"
	 "neither the service nor a privilege.",
	 verb_diff},
	{NULL, "leak-test", "[FILE...]", 0, 255, false, EVERY_VERB | BIT(BUILT_IN) | BIT(LIST),
	 "try to leak in a copy of this machine",
	 "Makes a throw-away copy of host and wall, tries in every known way to get past it as each\n"
	 "kind of user, and looks at the wire; then opens the copy and looks whether it would have\n"
	 "seen each of them. Without FILE the wall is the system policy's. Needs root, and at most\n"
	 "10 seconds; does nothing to this machine's own network.",
	 verb_leak_test},
	{NULL, "doctor", "", 0, 0, false, EVERY_VERB,
	 "find what is wrong with this machine for the wall",
	 "Looks at the wall, the policy, the kernel's switches, other tables, NetworkManager, the\n"
	 "resolver, users and units; says what is wrong, why it matters, and what to do. Changes\n"
	 "nothing. Not all of it can be seen without root.",
	 verb_doctor},
	{NULL, "help", "[VERB...]", 0, 2, false, EVERY_VERB, "this list, or more about a verb",
	 "With --json all verbs and their options.", verb_help},
};
const size_t n_verbs = ARRAY_SIZE(verbs);

static int print_version(const struct invocation *inv)
{
	json_object *o;

	if (!GIVEN(inv, JSON)) {
		(void)puts("sallyport " SALLYPORT_VERSION);
		return EXIT_DONE;
	}
	o = json_object_new_object();
	json_add_string(o, "version", SALLYPORT_VERSION);
	json_print(inv, o);
	return EXIT_DONE;
}

static int run_without_verb(const struct invocation *inv)
{
	if (GIVEN(inv, VERSION))
		return print_version(inv);
	if (GIVEN(inv, JSON) && GIVEN(inv, HELP))
		return help_json(inv);
	if (GIVEN(inv, JSON))
		return fail(inv, EXIT_USAGE, NULL, "sallyport help prints the verbs.",
			    "something is missing: %s", inv->group ? "the group's verb" : "a verb");
	if (inv->group)
		help_group(GIVEN(inv, HELP) ? stdout : stderr, inv->group);
	else
		help_overview(GIVEN(inv, HELP) ? stdout : stderr);
	return GIVEN(inv, HELP) ? EXIT_DONE : EXIT_USAGE;
}

int main(int argc, char **argv)
{
	struct invocation inv = {0};
	int r;

	r = args_parse(argc, argv, &inv);
	if (r != EXIT_DONE)
		return r;
	if (!inv.verb)
		r = run_without_verb(&inv);
	else if (GIVEN(&inv, HELP))
		r = help_about(&inv, &inv);
	else
		r = inv.verb->run(&inv);
	/* An answer that did not reach its reader was not given. */
	if ((fflush(stdout) != 0 || ferror(stdout)) && r == EXIT_DONE)
		r = fail(&inv, EXIT_FAILED, NULL, NULL, "the output could not be written");
	return r;
}
