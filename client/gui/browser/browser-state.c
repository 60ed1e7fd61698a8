/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "browser-state.h"

/* Before anything is asked: what would be refused, in the order in which it could be helped. */
static enum browser_page refusal(const struct browser_facts *f)
{
	const struct {
		bool so;
		enum browser_page page;
	} refusals[] = {
		{!f->known, BROWSER_PAGE_WAIT},
		{!f->sealed, BROWSER_PAGE_NO_SERVICE},
		{f->built_in, BROWSER_PAGE_BUILT_IN},
		{!f->configured, BROWSER_PAGE_DISABLED},
		{!f->portal && !f->full, BROWSER_PAGE_NO_DOOR},
		{!f->unit, BROWSER_PAGE_NO_UNIT},
		{f->connecting, BROWSER_PAGE_CONNECTING},
		{!f->up, BROWSER_PAGE_NO_NETWORK},
		{!f->dns, BROWSER_PAGE_NO_SERVERS},
	};

	for (size_t i = 0; i < ARRAY_SIZE(refusals); i++)
		if (refusals[i].so)
			return refusals[i].page;
	return BROWSER_PAGE_ASK;
}

enum browser_page browser_page(const struct browser_facts *facts, enum browser_step step)
{
	enum browser_page page = refusal(facts);

	switch (step) {
	case BROWSER_IDLE:
		/* Where there is but the one door, its cost is told at once. */
		return page == BROWSER_PAGE_ASK && !facts->portal ? BROWSER_PAGE_ASK_FULL : page;
	case BROWSER_WARNED:
		return BROWSER_PAGE_ASK_FULL;
	case BROWSER_OPENING:
		return BROWSER_PAGE_OPENING;
	case BROWSER_STARTING:
		return BROWSER_PAGE_STARTING;
	case BROWSER_RUNNING:
		return BROWSER_PAGE_RUNNING;
	case BROWSER_FAILED:
		return BROWSER_PAGE_FAILED;
	case BROWSER_OVER:
		return BROWSER_PAGE_OVER;
	case BROWSER_STEP_N:
		break;
	}
	return page;
}

bool browser_begins_anew(const struct browser_facts *facts, enum browser_step step,
			 enum browser_failure failure)
{
	if (step == BROWSER_WARNED)
		return refusal(facts) != BROWSER_PAGE_ASK || !facts->full;
	if (step != BROWSER_FAILED)
		return false;
	if (failure == BROWSER_FAILED_DOOR_BUSY && !facts->door_open)
		return true;
	return refusal(facts) != BROWSER_PAGE_ASK;
}

enum browser_failure browser_refusal_failure(enum browser_refusal refused)
{
	static const enum browser_failure failures[BROWSER_REFUSAL_N] = {
		[BROWSER_REFUSAL_NONE] = BROWSER_FAILED_START,
		[BROWSER_REFUSAL_DISABLED] = BROWSER_FAILED_POLICY,
		[BROWSER_REFUSAL_NO_POLICY] = BROWSER_FAILED_POLICY,
		[BROWSER_REFUSAL_WRONG_USER] = BROWSER_FAILED_POLICY,
		[BROWSER_REFUSAL_NOT_ALLOWED] = BROWSER_FAILED_PERSON,
		[BROWSER_REFUSAL_BUSY] = BROWSER_FAILED_BROWSER_BUSY,
		[BROWSER_REFUSAL_NO_PROGRAM] = BROWSER_FAILED_PROGRAM,
		[BROWSER_REFUSAL_PROTOCOL] = BROWSER_FAILED_START,
		[BROWSER_REFUSAL_FAILURE] = BROWSER_FAILED_START,
	};

	return refused < BROWSER_REFUSAL_N ? failures[refused] : BROWSER_FAILED_START;
}

enum browser_over browser_end_over(enum browser_end how, uint32_t value)
{
	if (how == BROWSER_KILLED)
		return BROWSER_OVER_CRASHED;
	return value ? BROWSER_OVER_ERROR : BROWSER_OVER_CLOSED;
}

uint32_t browser_time_mark(uint32_t left_before, uint32_t left)
{
	static const uint32_t marks[] = {30, 60, 120, 300};

	for (size_t i = 0; i < ARRAY_SIZE(marks); i++)
		if (left <= marks[i])
			return left_before > marks[i] ? marks[i] : 0;
	return 0;
}
