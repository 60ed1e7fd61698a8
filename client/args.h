/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * What can be written on the command line: options and verbs as data. Help, the machine-readable
 * help that the completions and the man page are tested against, and the parser derive from it.
 * Nothing is abbreviated: what is not written out is an error that names the nearest.
 */
#include "util.h"

#include <stdio.h>

/* Documented in sallyport(1): scripts rest on them. */
enum exit_code {
	EXIT_DONE = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
	EXIT_NO_SERVICE = 3,     /* the service or its engine does not answer */
	EXIT_NOT_AUTHORIZED = 4, /* polkit said no, or nobody could be asked */
	EXIT_BUSY = 5,           /* a door for that user is open already */
	EXIT_NOT_GRANTED = 6,    /* the policy does not allow it, or not so long, or not now */
	EXIT_NO_SUCH = 7,        /* no such lease or user, or no door is open for it */
	EXIT_BAD_POLICY = 8,     /* the policy has errors, so that the built-in wall is in force */
	EXIT_ENDED_EARLY = 9,    /* the door was closed before its time, not by us */
	EXIT_NOT_SEALED = 10,
	EXIT_DIFFERS = 11,       /* the wall in the kernel is not the one that was sent */
	EXIT_NOT_ONLINE = 12,    /* the network has a portal, or does not answer as it should */
	EXIT_NOT_THAT_USER = 77, /* the caller may not become that user */
	EXIT_CANNOT_RUN = 126,
	EXIT_NOT_FOUND = 127,
};

/* X(NAME, name, argument or NULL, help) */
#define OPTIONS(X)                                                                              \
	X(HELP, "help", NULL, "say what the verb does, and end")                                \
	X(VERSION, "version", NULL, "print the version, and end")                               \
	X(JSON, "json", NULL, "print JSON, for programs")                                       \
	X(FOR, "for", "TIME", "how long: 90, 90s, 10min, 1h (default: the policy's)")           \
	X(SCOPE, "scope", "SCOPE", "how far: full, or portal for a login page (default: full)") \
	X(NAMESPACE, "namespace", NULL, "the name is a [namespace] of the policy, not a user")  \
	X(KILL, "kill", NULL, "end the command too when the door is closed before it")          \
	X(ALL, "all", NULL, "what is everybody's, which may ask for a password")                \
	X(FOLLOW, "follow", NULL, "go on as it happens, until interrupted")                     \
	X(USER, "user", "USER", "whose program it is: a name or a number (default: oneself)")   \
	X(LIVE, "live", NULL, "of what is in force now, with the doors that are open")          \
	X(SHOW, "show", NULL, "print the merged policy, each line with its origin")             \
	X(BUILT_IN, "built-in", NULL, "the wall that needs no policy, as at boot")              \
	X(LIST, "list", NULL, "print the attempts, and make none")                              \
	X(INTERACTIVE, "interactive", NULL, "let a password be asked for without a terminal")   \
	X(NO_ASK_PASSWORD, "no-ask-password", NULL, "never let a password be asked for")

enum option {
#define X(NAME, name, argument, help) OPTION_##NAME,
	OPTIONS(X)
#undef X
		OPTION_N
};

#define BIT(option) (UINT32_C(1) << (OPTION_##option))
#define EVERY_VERB (BIT(HELP) | BIT(JSON))
#define ASKS (EVERY_VERB | BIT(INTERACTIVE) | BIT(NO_ASK_PASSWORD))

extern const struct option_info {
	const char *name, *argument, *help;
} options[OPTION_N];

struct invocation;

struct verb {
	const char *group; /* "clearnet", or NULL: a verb of one word */
	const char *name;
	const char *args; /* as help prints them; "" for none */
	size_t min, max;  /* how many of them */
	bool command;     /* "-- COMMAND..." follows */
	uint32_t options; /* bits of enum option */
	const char *summary;
	const char *text; /* more, for its own help */
	int (*run)(const struct invocation *inv);
};

extern const struct verb verbs[];
extern const size_t n_verbs;

struct invocation {
	const struct verb *verb;
	const char *group; /* the verb's first word, also when the second is missing */
	uint32_t given;    /* bits of enum option */
	uint32_t seconds;  /* of --for; 0: the policy's default */
	const char *user;  /* of --user, or NULL */
	const char *scope; /* of --scope, or NULL */
	char **args;
	size_t n_args;
	char **command; /* NULL-terminated, or NULL */
	FILE *json;     /* where JSON goes; what the command prints is its own */
};

#define GIVEN(inv, option) (((inv)->given & BIT(option)) != 0)

/* "clearnet on" */
void verb_title(const struct verb *v, char *buf, size_t size);

/*
 * EXIT_DONE and the invocation, whose arguments live as long as argv; or an exit code, with what is
 * wrong said. Without a verb inv->verb is NULL; then there is a group, --help, --version or
 * nothing.
 */
int args_parse(int argc, char **argv, struct invocation *ret);
/* Takes the verb's one or two words off the front of inv->args. */
int args_take_verb(struct invocation *inv);
bool args_is_group(const char *word);

/* help.c */
void help_overview(FILE *f);
void help_verb(FILE *f, const struct verb *v);
/* All verbs whose first word this is. */
void help_group(FILE *f, const char *group);
/* As JSON: all verbs, or those of the group or the one verb that about has. */
int help_json(const struct invocation *about);
/* The same, or for people, as inv says. */
int help_about(const struct invocation *inv, const struct invocation *about);
int verb_help(const struct invocation *inv);
