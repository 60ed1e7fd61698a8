/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "confine.h"

#include "util.h"

#include <asm/ioctls.h>
#include <asm/sockios.h>
#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>

#define ANY (-1)         /* whatever its arguments are */
#define LOW32 UINT32_MAX /* the kernel does not look at the rest of such an argument */

enum value { RUNNER, ITS_GROUP, EVERYBODY, CONSTANT };

/*
 * The system calls that reach a process by its number, and those that have the kernel signal it:
 * which argument must not be what. The scheduler's are not in the unit's list at all.
 */
static const struct {
	int call, argument;
	enum value value;
	uint32_t constant;
} refused[] = {
	{SCMP_SYS(kill), 0, RUNNER, 0},
	{SCMP_SYS(kill), 0, ITS_GROUP, 0},
	{SCMP_SYS(kill), 0, EVERYBODY, 0},
	{SCMP_SYS(tkill), 0, RUNNER, 0},
	{SCMP_SYS(tgkill), 0, RUNNER, 0},
	{SCMP_SYS(rt_sigqueueinfo), 0, RUNNER, 0},
	{SCMP_SYS(rt_tgsigqueueinfo), 0, RUNNER, 0},
	{SCMP_SYS(prlimit64), 0, RUNNER, 0},
	{SCMP_SYS(pidfd_open), 0, RUNNER, 0},
	{SCMP_SYS(pidfd_send_signal), ANY, RUNNER, 0},
	{SCMP_SYS(fcntl), 1, CONSTANT, F_SETOWN},
	{SCMP_SYS(fcntl), 1, CONSTANT, F_SETOWN_EX},
	{SCMP_SYS(fcntl64), 1, CONSTANT, F_SETOWN},
	{SCMP_SYS(fcntl64), 1, CONSTANT, F_SETOWN_EX},
	{SCMP_SYS(ioctl), 1, CONSTANT, FIOSETOWN},
	{SCMP_SYS(ioctl), 1, CONSTANT, SIOCSPGRP},
};

static int add_rules(scmp_filter_ctx ctx, pid_t runner)
{
	const uint32_t values[] = {
		[RUNNER] = (uint32_t)runner,
		[ITS_GROUP] = (uint32_t)-runner,
		[EVERYBODY] = (uint32_t)-1,
	};
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(refused) && r == 0; i++) {
		const struct scmp_arg_cmp is = {
			.arg = (unsigned)refused[i].argument,
			.op = SCMP_CMP_MASKED_EQ,
			.datum_a = LOW32,
			.datum_b = refused[i].value == CONSTANT ? refused[i].constant
								: values[refused[i].value],
		};

		r = seccomp_rule_add_array(ctx, SCMP_ACT_ERRNO(EPERM), refused[i].call,
					   refused[i].argument == ANY ? 0 : 1, &is);
	}
	return r;
}

/* Loading sets no_new_privs, without which nobody may. */
int confine_from(pid_t runner)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
	int r = ctx ? add_rules(ctx, runner) : -ENOMEM;

	if (r == 0)
		r = seccomp_load(ctx);
	seccomp_release(ctx);
	return r;
}
