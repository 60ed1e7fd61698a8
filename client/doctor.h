/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * What sallyport doctor knows, and its checks. They look and change nothing; what takes root to
 * see is unknown without it, never ok.
 */
#include "config.h"
#include "doctor-service.h"
#include "survey.h"

/* From good to bad: a check is as bad as the worst that it found. */
#define DOCTOR_RESULTS(X)     \
	X(OK, "ok")           \
	X(UNKNOWN, "unknown") \
	X(WRONG, "wrong")

enum doctor_result {
#define X(NAME, name) DOCTOR_##NAME,
	DOCTOR_RESULTS(X)
#undef X
		DOCTOR_N
};

/* Gathered once, before the checks. */
struct doctor {
	struct policy *policy; /* NULL: it has errors, or cannot be read */
	struct diagnostics diags;
	int policy_error;
	struct survey survey;
	int survey_error; /* 0: survey is what the kernel has */
	struct doctor_service service;
};

struct finding {
	enum doctor_result result;
	char **lines;
	size_t n;
};

/* One more sentence. */
void found(struct finding *f, enum doctor_result r, const char *fmt, ...) _printf_(3, 4);
/* The same for trouble with looking: unknown, with a hint when it was for want of privilege. */
void not_seen(struct finding *f, const char *what, int error);

/* doctor-wall.c */
void doctor_wall(const struct doctor *d, struct finding *f);
void doctor_egress(const struct doctor *d, struct finding *f);
void doctor_namespaces(const struct doctor *d, struct finding *f);
void doctor_owner(const struct doctor *d, struct finding *f);
void doctor_unsealed(const struct doctor *d, struct finding *f);
void doctor_service(const struct doctor *d, struct finding *f);
void doctor_policy(const struct doctor *d, struct finding *f);
void doctor_policy_users(const struct doctor *d, struct finding *f);
void doctor_in_force(const struct doctor *d, struct finding *f);
/* doctor-foreign.c */
void doctor_foreign_hooks(const struct doctor *d, struct finding *f);
void doctor_foreign_marks(const struct doctor *d, struct finding *f);
void doctor_flowtables(const struct doctor *d, struct finding *f);
void doctor_helpers(const struct doctor *d, struct finding *f);
/* doctor-kernel.c */
void doctor_mtu_probing(const struct doctor *d, struct finding *f);
void doctor_ipv6_links(const struct doctor *d, struct finding *f);
void doctor_route_localnet(const struct doctor *d, struct finding *f);
/* 0, or a negative errno. */
int sysctl_number(const char *path, uint32_t *ret);
/* doctor-host.c */
void doctor_resolv_conf(const struct doctor *d, struct finding *f);
void doctor_dns_readers(const struct doctor *d, struct finding *f);
void doctor_service_users(const struct doctor *d, struct finding *f);
/* doctor-units.c */
void doctor_units(const struct doctor *d, struct finding *f);
void doctor_drop_ins(const struct doctor *d, struct finding *f);
/* doctor-nm.c */
void doctor_network_manager(const struct doctor *d, struct finding *f);

/*
 * doctor-files.c. The *.conf of several directories, by name; of two with the same name the one of
 * the directory that stands first counts. The caller clears it.
 */
struct conf_files {
	struct conf_file {
		char *path;
		const char *name; /* its last part */
		size_t dir;       /* the number of its directory */
	} * items;
	size_t n;
};

/* 0 or a negative errno; a directory that is not there is none. */
int conf_files_find(const char *const *dirs, size_t n, const char *sub, struct conf_files *ret);
void conf_files_clear(struct conf_files *c);

/* Calls see for each line, without its end, its leading and trailing blanks. 0 or a negative errno.
 */
int each_line(const char *path, void (*see)(char *line, void *userdata), void *userdata);
