/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Which page is to be seen: a pure function of what is so. Nothing is remembered but what the
 * person has chosen on this network.
 */
#include "service.h"

#include <stdbool.h>

/* What the person has chosen here, which is no consent: that the service alone knows. */
enum way {
	WAY_NONE,    /* nothing: what the service says decides */
	WAY_ASK,     /* to be asked again */
	WAY_BRIDGES, /* to enter bridges */
	WAY_TOR,     /* that Tor connects, with whatever bridges it has */
	WAY_N
};

enum check { CHECK_IDLE, CHECK_RUNNING, CHECK_FAILED, CHECK_N };

/* How this program gets on with Tor's control socket. */
enum tor_link {
	TOR_LINK_UNKNOWN, /* not tried yet */
	TOR_LINK_ABSENT,  /* nobody listens */
	TOR_LINK_DENIED,  /* the socket or the cookie is not granted to this user */
	TOR_LINK_REFUSED, /* Tor does not take the cookie, or does not speak as Tor does */
	TOR_LINK_TALKS,
	TOR_LINK_N
};

struct facts {
	bool known;    /* whether there is a service has been found out */
	bool sealed;   /* it answers, and the wall is up */
	bool built_in; /* its policy has errors: no doors, no consent */
	enum gui_network network;
	enum gui_consent consent;
	enum gui_connectivity connectivity;
	bool has_dns;
	bool door_open;
	enum way way;
	enum check check;
	bool logging_in;  /* the browser is there */
	bool clock_wrong; /* and the person has not said that it is to stay so */
	enum tor_link link;
	bool tor_connected;
};

enum page {
	PAGE_STARTING,
	PAGE_NO_SERVICE,
	PAGE_NO_NETWORK,
	PAGE_CONNECTING,
	PAGE_QUESTION,
	PAGE_BUILT_IN,
	PAGE_HIDDEN,
	PAGE_NO_SERVERS,
	PAGE_CHECKING,
	PAGE_CHECK_FAILED,
	PAGE_PORTAL,
	PAGE_LOGIN,
	PAGE_LIMITED,
	PAGE_UNREACHED,
	PAGE_CLOCK,
	PAGE_BRIDGES,
	PAGE_TOR_ABSENT,
	PAGE_TOR_DENIED,
	PAGE_TOR_REFUSED,
	PAGE_PROGRESS,
	PAGE_CONNECTED,
	PAGE_N
};

enum page page_of(const struct facts *f);

/* In the footer of every page: what may leave without Tor. */
enum standing {
	STANDING_UNKNOWN, /* nobody can say */
	STANDING_CLOSED,  /* nothing, for nobody has said yes */
	STANDING_ALLOWED, /* this network's check, which can be withdrawn */
	STANDING_HIDDEN,  /* nothing, until the boot */
	STANDING_N
};

enum standing standing_of(const struct facts *f);

/*
 * Whether a clock that shows here (seconds since 1970) is so wrong that the person is to be asked,
 * when the network says there. 0: the network has said nothing that is believed.
 */
bool clock_is_wrong(gint64 here, guint64 there);
