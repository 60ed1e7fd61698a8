/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "wizard-state.h"

/*
 * What breaks first is obfs4, whose handshake holds for the hour before and after; then Tor's own
 * warnings, from an hour on. Half of that leaves room for what a clock drifts meanwhile, and is far
 * more than a network's answer is late. Less is not asked: a clock that is set to a network's word
 * is one that a network has set.
 */
#define CLOCK_MAX ((gint64)30 * 60)

/* Of what Tor can do, when the person waits for it. */
static enum page tor_page(const struct facts *f, enum page otherwise)
{
	switch (f->link) {
	case TOR_LINK_ABSENT:
		return PAGE_TOR_ABSENT;
	case TOR_LINK_DENIED:
		return PAGE_TOR_DENIED;
	case TOR_LINK_REFUSED:
		return PAGE_TOR_REFUSED;
	case TOR_LINK_UNKNOWN:
		return PAGE_STARTING;
	case TOR_LINK_TALKS:
	case TOR_LINK_N:
		break;
	}
	return otherwise;
}

/* Of a network that may be checked. */
static enum page checked_page(const struct facts *f)
{
	if (f->check == CHECK_RUNNING)
		return PAGE_CHECKING;
	if (f->check == CHECK_FAILED)
		return PAGE_CHECK_FAILED;
	switch (f->connectivity) {
	case GUI_CONNECTIVITY_PORTAL:
		return f->logging_in ? PAGE_LOGIN : PAGE_PORTAL;
	case GUI_CONNECTIVITY_LIMITED:
		return PAGE_LIMITED;
	case GUI_CONNECTIVITY_NONE:
		return f->has_dns ? PAGE_UNREACHED : PAGE_NO_SERVERS;
	case GUI_CONNECTIVITY_FULL:
		return f->clock_wrong ? PAGE_CLOCK : tor_page(f, PAGE_PROGRESS);
	case GUI_CONNECTIVITY_UNKNOWN:
	case GUI_CONNECTIVITY_N:
		break;
	}
	return f->has_dns ? PAGE_CHECKING : PAGE_NO_SERVERS;
}

static enum page consented_page(const struct facts *f)
{
	switch (f->consent) {
	case GUI_CONSENT_GRANTED:
		return checked_page(f);
	case GUI_CONSENT_HIDDEN:
		return PAGE_HIDDEN;
	case GUI_CONSENT_UNKNOWN:
	case GUI_CONSENT_N:
		break;
	}
	return PAGE_QUESTION;
}

enum page page_of(const struct facts *f)
{
	if (!f->known)
		return PAGE_STARTING;
	if (!f->sealed)
		return PAGE_NO_SERVICE;
	if (f->network != GUI_NETWORK_UP)
		return f->network == GUI_NETWORK_CONNECTING ? PAGE_CONNECTING : PAGE_NO_NETWORK;
	if (f->way == WAY_BRIDGES)
		return tor_page(f, PAGE_BRIDGES);
	if (f->tor_connected)
		return PAGE_CONNECTED;
	if (f->way == WAY_TOR)
		return tor_page(f, PAGE_PROGRESS);
	if (f->built_in)
		return PAGE_BUILT_IN;
	/* Somebody else may have consented meanwhile. */
	if (f->way == WAY_ASK && f->consent != GUI_CONSENT_GRANTED)
		return PAGE_QUESTION;
	return consented_page(f);
}

enum standing standing_of(const struct facts *f)
{
	if (!f->known || !f->sealed)
		return STANDING_UNKNOWN;
	switch (f->consent) {
	case GUI_CONSENT_GRANTED:
		return STANDING_ALLOWED;
	case GUI_CONSENT_HIDDEN:
		return STANDING_HIDDEN;
	case GUI_CONSENT_UNKNOWN:
	case GUI_CONSENT_N:
		break;
	}
	return STANDING_CLOSED;
}

bool clock_is_wrong(gint64 here, guint64 there)
{
	gint64 apart = (gint64)there - here;

	return there != 0 && (apart > CLOCK_MAX || apart < -CLOCK_MAX);
}
