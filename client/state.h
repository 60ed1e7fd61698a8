/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What the service knows, as it says it: read by status, watch and extend. */
#include "service.h"

struct door {
	char *id, *user, *scope;
	uid_t holder;
	usec_t started, expires;
};

struct doors {
	struct door *items;
	size_t n;
};

struct wall {
	bool sealed, built_in;
	char digest[80], version[32];
};

struct consent_state {
	char value[16];
	uid_t who;
	usec_t since; /* 0: never set */
	char network[80];
	uint64_t uses;
	char ended[24]; /* what ended it, where nobody has withdrawn it */
};

struct dns_server {
	char link[32];
	char address[48];
};

/* Each: 0, or a negative errno with *error set if it was the call that failed. */
int state_doors(struct service *s, sd_bus_error *error, struct doors *ret);
int state_wall(struct service *s, sd_bus_error *error, struct wall *ret);
int state_consent(struct service *s, sd_bus_error *error, struct consent_state *ret);
int state_dns(struct service *s, sd_bus_error *error, struct dns_server **ret, size_t *ret_n);

int doors_read(sd_bus_message *reply, struct doors *ret);
void doors_clear(struct doors *d);
const struct door *doors_find(const struct doors *d, const char *id);

struct counter {
	char class[32];
	uint64_t packets, bytes;
};

/* How much each class of refusal refused. */
int state_counters(struct service *s, sd_bus_error *error, struct counter **ret, size_t *ret_n);

/* ", portal": what is said of a door besides, if it is not the whole one. */
const char *scope_note(const char *scope);

/* "sealed", "built-in", or "unknown" when the engine does not answer. */
const char *wall_word(const struct wall *w);

/* "granted, by alice, for cafe" */
void consent_sentence(const struct consent_state *c, char *buf, size_t size);

json_object *door_json(const struct door *d);
json_object *consent_json(const struct consent_state *c);
json_object *counters_json(const struct counter *counters, size_t n);
json_object *dns_json(const struct dns_server *servers, size_t n);
