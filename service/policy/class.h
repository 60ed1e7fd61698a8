/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * A class of packets: what each field may be, and of which sets it is an element. Exact: a class
 * is never larger or smaller than what was demanded of it, so that "is there such a packet?" has an
 * answer, and an example. Pure.
 */
#include "domain.h"
#include "ruleset.h"

/* One packet, with the values that rules look at, in host byte order. */
struct packet {
	uint32_t value[FIELD_N];
	bool lacks[FIELD_N]; /* it has no such field: no owner, no port, no route */
};

/* The conntrack mark that a rule has given, besides the one that the packet came with. */
#define CLASS_NEW_MARK FIELD_N
#define CLASS_FIELDS (FIELD_N + 1)
#define CLASS_FACTS_MAX 24

/* Keys of several fields, as a sorted list, of which the packets are elements, or are not. */
struct relation {
	const struct rs_element *items;
	size_t n;
	uint8_t fields[RS_KEY_MAX]; /* of struct class */
	uint8_t n_fields;
	bool regular; /* all but the last number of a key are single ones, and keys are disjoint */
};

struct fact {
	struct relation relation;
	bool in;
};

struct class
{
	struct domain fields[CLASS_FIELDS];
	struct fact facts[CLASS_FACTS_MAX];
	size_t n_facts;
	bool too_many; /* facts; then the class is larger than it should be */
	/* Sets whose elements nobody knows beforehand (RS_KEPT): bits by enum rs_set. */
	uint64_t in, not_in;
};

/* Every packet; of fields that a packet may lack: those without it, too. */
void class_all(struct class *c);
/* One packet. */
void class_of(struct arena *a, struct class *c, const struct packet *p);

/* Only packets whose field is one of these; with absent also those without it. */
void class_keep(struct arena *a, struct class *c, size_t field, const struct domain *d);
/* Only packets whose field is none of these; with absent not those without it either. */
void class_drop(struct arena *a, struct class *c, size_t field, const struct domain *d);
bool class_empty(const struct class *c);

/* Elements of a set as a relation. */
struct relation relation_of(const struct rs_elements *elements, const uint8_t *fields, size_t n);
/*
 * Only packets that are elements, which they need all fields for; or only those that are not, be it
 * for lack of a field.
 */
void class_relate(struct class *c, const struct relation *relation, bool in);
/* Whether some packet of the class, other facts aside, is an element; for a single packet exact. */
bool class_touches(const struct class *c, const struct relation *relation);

/* Elements outside of from and to are no packets of the class; inside some may be. */
void relation_candidates(const struct class *c, const struct relation *r, size_t *ret_from,
			 size_t *ret_to);
/* Whether all that other's element e is, is an element of r; false: not certain. */
bool relation_covers(const struct relation *r, const struct relation *other,
		     const struct rs_element *e);
/* Whether some packet of the class, its facts aside, is that element. */
bool relation_touches(const struct class *c, const struct relation *r, const struct rs_element *e);

/*
 * Whether there is a packet in the class, and one of them, if possible one that is easy to read.
 */
bool class_example(struct arena *a, const struct class *c, struct packet *ret);

/* The element of the relation that the packet is, or NULL. */
const struct rs_element *relation_find(const struct relation *relation, const struct packet *p);

/* "uid 1000, TCP, to 198.51.100.10:443, new flow": what of the packet matters to chain's hook. */
void packet_format(const struct packet *p, enum rs_chain chain, char *buf, size_t size);

/* "tcp", "udp", "icmp", ... or a number from 0 to 255. False: none of these. */
bool protocol_from_string(const char *text, uint8_t *ret);
bool protocol_has_ports(uint8_t protocol);
/* "TCP", or NULL for one without a name here. */
const char *protocol_name(uint8_t protocol);
