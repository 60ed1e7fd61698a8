/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * wiretap: what really came over the wire, seen from outside the host under test.
 *
 * wiretap serve INTERFACE SOCKET   on the far end of the uplink: records every frame
 * wiretap mark INTERFACE SOCKET    on the near end: prints the number of the next record, once all
 *                                  that was sent before has been recorded
 * wiretap list SOCKET FROM [FILTER...]    the records from number FROM on, one a line
 * wiretap count SOCKET FROM [FILTER...]   how many
 * A FILTER is KEY=VALUE as in the lines of list, or !KEY=VALUE.
 *
 * A mark is a frame from every CPU, because a packet waits in the backlog of the CPU that sent it;
 * it is an ARP request about no address, since those may always leave, with a trailer. Nobody has
 * to guess how long "surely arrived by now" is. A lost record is an error of every later question
 * that covers it, never a silence.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <poll.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define MARK_MAGIC 0x73616c6c79706f72u
#define RECORDS_MAX (1u << 20)
#define SNAP 128
#define CLIENTS_MAX 16
#define FILTERS_MAX 16
#define MARKS_MAX 64
#define ROUNDS_MS 10000

struct record {
	uint64_t time; /* nanoseconds of CLOCK_REALTIME */
	uint8_t src[16], dst[16];
	uint16_t sport, dport, length, ethertype;
	uint8_t version, proto, flags; /* flags of TCP, type of ICMP */
	bool out;
};

struct mark {
	uint64_t id;
	uint32_t seen;
};

struct client {
	int fd;
	uint64_t id; /* waits for this mark; 0: does not */
	uint32_t wanted;
};

static struct record *records;
static uint64_t n_records;  /* ever; the last RECORDS_MAX are kept */
static uint64_t first_kept; /* after the last loss */
static struct mark marks[MARKS_MAX];
static unsigned next_mark;
static struct client clients[CLIENTS_MAX];

struct mark_frame {
	struct ether_header ether;
	struct arphdr arp;
	uint8_t addresses[2 * (ETH_ALEN + 4)];
	uint64_t magic;
	uint64_t id;
	uint32_t cpu;
} __attribute__((packed));

static void die(const char *what)
{
	(void)fprintf(stderr, "wiretap: %s: %s\n", what, strerror(errno));
	exit(2);
}

/* --- records */

static void parse_ports(struct record *r, const uint8_t *p, size_t size)
{
	if (r->proto == IPPROTO_ICMP || r->proto == IPPROTO_ICMPV6) {
		if (size >= 6) {
			r->flags = p[0];
			r->sport = (uint16_t)(p[4] << 8 | p[5]); /* the identifier of an echo */
		}
		return;
	}
	if (r->proto != IPPROTO_TCP && r->proto != IPPROTO_UDP && r->proto != 136 &&
	    r->proto != 132 && r->proto != 33)
		return;
	if (size < 4)
		return;
	r->sport = (uint16_t)(p[0] << 8 | p[1]);
	r->dport = (uint16_t)(p[2] << 8 | p[3]);
	if (r->proto == IPPROTO_TCP && size >= 14)
		r->flags = p[13];
}

static void parse_frame(struct record *r, const uint8_t *p, size_t size)
{
	size_t header;

	r->ethertype = size >= 14 ? (uint16_t)(p[12] << 8 | p[13]) : 0;
	if (r->ethertype == ETHERTYPE_IP && size >= 34) {
		r->version = 4;
		r->proto = p[23];
		memcpy(r->src, p + 26, 4);
		memcpy(r->dst, p + 30, 4);
		header = 14 + (size_t)(p[14] & 0xfu) * 4;
	} else if (r->ethertype == ETHERTYPE_IPV6 && size >= 54) {
		r->version = 6;
		r->proto = p[20];
		memcpy(r->src, p + 22, 16);
		memcpy(r->dst, p + 38, 16);
		header = 54;
		if (r->proto == IPPROTO_HOPOPTS && size >= header + 8) { /* as MLD has it */
			r->proto = p[header];
			header += ((size_t)p[header + 1] + 1) * 8;
		}
	} else {
		return;
	}
	if (size > header)
		parse_ports(r, p + header, size - header);
}

static const char *class_of(const struct record *r, char *buf, size_t size)
{
	if (r->version == 0) {
		if (r->ethertype == ETHERTYPE_ARP)
			return "arp";
		(void)snprintf(buf, size, "ether-%04x", r->ethertype);
		return buf;
	}
	switch (r->proto) {
	case IPPROTO_TCP:
		return "tcp";
	case IPPROTO_UDP:
		return "udp";
	case IPPROTO_ICMP:
		return "icmp";
	case IPPROTO_ICMPV6:
		return "icmp6";
	case IPPROTO_IGMP:
		return "igmp";
	default:
		(void)snprintf(buf, size, "proto-%u", r->proto);
		return buf;
	}
}

static void format_record(const struct record *r, uint64_t number, char *buf, size_t size)
{
	int family = r->version == 6 ? AF_INET6 : AF_INET;
	char src[INET6_ADDRSTRLEN] = "-", dst[INET6_ADDRSTRLEN] = "-", class[16];

	if (r->version) {
		(void)inet_ntop(family, r->src, src, sizeof(src));
		(void)inet_ntop(family, r->dst, dst, sizeof(dst));
	}
	(void)snprintf(buf, size,
		       " n=%llu t=%llu dir=%s v=%u class=%s src=%s dst=%s sport=%u dport=%u "
		       "flags=%02x len=%u ",
		       (unsigned long long)number, (unsigned long long)r->time,
		       r->out ? "out" : "in", r->version, class_of(r, class, sizeof(class)), src,
		       dst, r->sport, r->dport, r->flags, r->length);
}

static bool matches(const char *line, char **filters, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		bool negated = filters[i][0] == '!';
		char wanted[128];

		(void)snprintf(wanted, sizeof(wanted), " %s ", filters[i] + negated);
		if ((strstr(line, wanted) != NULL) == negated)
			return false;
	}
	return true;
}

/* --- serving */

static int unix_socket(const char *path, struct sockaddr_un *ret)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	*ret = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (fd < 0 || strlen(path) >= sizeof(ret->sun_path))
		die(path);
	memcpy(ret->sun_path, path, strlen(path) + 1);
	return fd;
}

static int packet_socket(const char *interface, int protocol, struct sockaddr_ll *ret)
{
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons((uint16_t)protocol));
	unsigned index = if_nametoindex(interface);

	if (fd < 0 || index == 0)
		die(interface);
	*ret = (struct sockaddr_ll){
		.sll_family = AF_PACKET,
		.sll_protocol = htons((uint16_t)protocol),
		.sll_ifindex = (int)index,
	};
	return fd;
}

static void close_client(struct client *c)
{
	(void)close(c->fd);
	*c = (struct client){.fd = -1};
}

static void answer(struct client *c, const char *text)
{
	(void)!write(c->fd, text, strlen(text));
	close_client(c);
}

/* Whoever waits for this mark is told which record comes next. */
static void mark_seen(uint64_t id)
{
	struct mark *m = NULL;

	for (size_t i = 0; i < MARKS_MAX; i++)
		if (marks[i].id == id)
			m = &marks[i];
	if (!m) {
		m = &marks[next_mark++ % MARKS_MAX];
		*m = (struct mark){.id = id};
	}
	m->seen++;
	for (size_t i = 0; i < CLIENTS_MAX; i++) {
		struct client *c = &clients[i];
		char text[32];

		if (c->fd < 0 || c->id != id || m->seen < c->wanted)
			continue;
		(void)snprintf(text, sizeof(text), "%llu\n", (unsigned long long)n_records);
		answer(c, text);
	}
}

static uint64_t timestamp(struct msghdr *m)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c))
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SO_TIMESTAMPNS) {
			struct timespec t;

			memcpy(&t, CMSG_DATA(c), sizeof(t));
			return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
		}
	return 0;
}

static bool receive_frame(int fd)
{
	uint8_t frame[SNAP], control[128];
	struct sockaddr_ll from = {0};
	struct iovec io = {frame, sizeof(frame)};
	struct msghdr m = {
		.msg_name = &from,
		.msg_namelen = sizeof(from),
		.msg_iov = &io,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	ssize_t n = recvmsg(fd, &m, MSG_DONTWAIT | MSG_TRUNC);
	struct record *r = &records[n_records % RECORDS_MAX];
	size_t size;

	if (n < 0)
		return false;
	size = (size_t)n < sizeof(frame) ? (size_t)n : sizeof(frame);
	if (ntohs(from.sll_protocol) == ETHERTYPE_ARP && size >= sizeof(struct mark_frame)) {
		struct mark_frame f;

		memcpy(&f, frame, sizeof(f));
		if (f.magic == MARK_MAGIC) {
			mark_seen(f.id);
			return true;
		}
	}
	*r = (struct record){
		.time = timestamp(&m),
		.length = (uint16_t)(n > UINT16_MAX ? UINT16_MAX : n),
		.out = from.sll_pkttype != PACKET_OUTGOING,
	};
	parse_frame(r, frame, size);
	n_records++;
	return true;
}

static void notice_losses(int fd)
{
	struct tpacket_stats s = {0};
	socklen_t size = sizeof(s);

	if (getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &s, &size) == 0 && s.tp_drops > 0)
		first_kept = n_records;
	if (n_records > RECORDS_MAX && first_kept < n_records - RECORDS_MAX)
		first_kept = n_records - RECORDS_MAX;
}

static void answer_question(struct client *c, bool list, uint64_t from, char **filters, size_t n)
{
	uint64_t count = 0;
	FILE *f = fdopen(c->fd, "w");

	if (!f)
		die("fdopen");
	if (from < first_kept) {
		(void)fprintf(f, "error: records before %llu are lost\n",
			      (unsigned long long)first_kept);
	} else {
		for (uint64_t i = from; i < n_records; i++) {
			char line[256];

			format_record(&records[i % RECORDS_MAX], i, line, sizeof(line));
			if (!matches(line, filters, n))
				continue;
			count++;
			if (list)
				(void)fprintf(f, "%s\n", line + 1);
		}
		if (!list)
			(void)fprintf(f, "%llu\n", (unsigned long long)count);
	}
	(void)fclose(f);
	*c = (struct client){.fd = -1};
}

static void handle_client(struct client *c, int packet)
{
	char text[1024], *word[FILTERS_MAX + 2];
	size_t n = 0;
	ssize_t size = read(c->fd, text, sizeof(text) - 1);

	if (size <= 0) {
		close_client(c);
		return;
	}
	text[size] = '\0';
	for (char *rest = NULL, *w = strtok_r(text, " \n", &rest); w && n < FILTERS_MAX + 2;
	     w = strtok_r(NULL, " \n", &rest))
		word[n++] = w;
	notice_losses(packet);
	if (n == 3 && strcmp(word[0], "mark") == 0) {
		c->id = strtoull(word[1], NULL, 10);
		c->wanted = (uint32_t)strtoul(word[2], NULL, 10);
		(void)!write(c->fd, "go\n", 3);
	} else if (n >= 2 && (strcmp(word[0], "list") == 0 || strcmp(word[0], "count") == 0)) {
		answer_question(c, word[0][0] == 'l', strtoull(word[1], NULL, 10), word + 2, n - 2);
	} else {
		answer(c, "error: what?\n");
	}
}

static void accept_client(int listener)
{
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

	for (size_t i = 0; fd >= 0 && i < CLIENTS_MAX; i++)
		if (clients[i].fd < 0) {
			clients[i].fd = fd;
			return;
		}
	if (fd >= 0)
		(void)close(fd);
}

static void loop(int packet, int listener)
{
	for (;;) {
		struct pollfd p[CLIENTS_MAX + 2];

		p[0] = (struct pollfd){.fd = packet, .events = POLLIN};
		p[1] = (struct pollfd){.fd = listener, .events = POLLIN};
		for (size_t i = 0; i < CLIENTS_MAX; i++)
			p[i + 2] = (struct pollfd){.fd = clients[i].fd, .events = POLLIN};
		if (poll(p, CLIENTS_MAX + 2, -1) < 0 && errno != EINTR)
			die("poll");
		for (int i = 0; i < 4096 && receive_frame(packet); i++)
			;
		if (p[1].revents)
			accept_client(listener);
		for (size_t i = 0; i < CLIENTS_MAX; i++)
			if (p[i + 2].revents && clients[i].fd == p[i + 2].fd && clients[i].fd >= 0)
				handle_client(&clients[i], packet);
	}
}

static int serve(const char *interface, const char *path)
{
	struct sockaddr_ll link;
	struct sockaddr_un a;
	int packet = packet_socket(interface, ETH_P_ALL, &link), listener, one = 1;
	int buffer = 64 << 20;

	for (size_t i = 0; i < CLIENTS_MAX; i++)
		clients[i].fd = -1;
	records = calloc(RECORDS_MAX, sizeof(*records));
	if (!records)
		die("memory");
	/* On a busy machine it would be too slow for a bulk flow, and lose records. */
	(void)sched_setscheduler(0, SCHED_RR, &(struct sched_param){.sched_priority = 1});
	(void)setsockopt(packet, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof(buffer));
	(void)setsockopt(packet, SOL_SOCKET, SO_TIMESTAMPNS, &one, sizeof(one));
	if (bind(packet, (struct sockaddr *)&link, sizeof(link)) < 0)
		die(interface);
	listener = unix_socket(path, &a);
	if (bind(listener, (struct sockaddr *)&a, sizeof(a)) < 0 || listen(listener, 64) < 0)
		die(path);
	loop(packet, listener);
	return 0;
}

/* --- asking */

static int ask(const char *path, const char *question)
{
	struct sockaddr_un a;
	int fd = unix_socket(path, &a);

	if (connect(fd, (struct sockaddr *)&a, sizeof(a)) < 0)
		die(path);
	if (write(fd, question, strlen(question)) != (ssize_t)strlen(question))
		die("write");
	return fd;
}

static int print_answer(int fd)
{
	char text[65536];
	bool first = true, bad = false;

	for (;;) {
		ssize_t n = read(fd, text, sizeof(text));

		if (n <= 0)
			break;
		if (first)
			bad = strncmp(text, "error", 5) == 0;
		first = false;
		(void)fwrite(text, 1, (size_t)n, bad ? stderr : stdout);
	}
	return bad ? 1 : 0;
}

static void send_marks(int fd, const struct sockaddr_ll *link, uint64_t id)
{
	cpu_set_t all;

	if (sched_getaffinity(0, sizeof(all), &all) < 0)
		die("sched_getaffinity");
	for (uint32_t cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		struct mark_frame f = {
			.arp = {.ar_hrd = htons(ARPHRD_ETHER),
				.ar_pro = htons(ETHERTYPE_IP),
				.ar_hln = ETH_ALEN,
				.ar_pln = 4,
				.ar_op = htons(ARPOP_REQUEST)},
			.magic = MARK_MAGIC,
			.id = id,
			.cpu = cpu,
		};
		cpu_set_t one;

		if (!CPU_ISSET(cpu, &all))
			continue;
		CPU_ZERO(&one);
		CPU_SET(cpu, &one);
		if (sched_setaffinity(0, sizeof(one), &one) < 0)
			die("sched_setaffinity");
		memset(f.ether.ether_dhost, 0xff, ETH_ALEN);
		f.ether.ether_type = htons(ETHERTYPE_ARP);
		if (sendto(fd, &f, sizeof(f), 0, (const struct sockaddr *)link, sizeof(*link)) < 0)
			die("sendto");
	}
}

static int mark(const char *interface, const char *path)
{
	struct sockaddr_ll link;
	int packet = packet_socket(interface, ETHERTYPE_ARP, &link), fd;
	char question[64], go[3];
	cpu_set_t all;
	uint64_t id;
	struct pollfd p;

	if (getrandom(&id, sizeof(id), 0) != sizeof(id) ||
	    sched_getaffinity(0, sizeof(all), &all) < 0)
		die("getrandom");
	id |= 1;
	(void)snprintf(question, sizeof(question), "mark %llu %d\n", (unsigned long long)id,
		       CPU_COUNT(&all));
	fd = ask(path, question);
	if (read(fd, go, sizeof(go)) != sizeof(go))
		die("read");
	send_marks(packet, &link, id);
	p = (struct pollfd){.fd = fd, .events = POLLIN};
	if (poll(&p, 1, ROUNDS_MS) != 1) {
		(void)fprintf(stderr, "wiretap: the marks did not arrive\n");
		return 1;
	}
	return print_answer(fd);
}

static int question(int argc, char **argv)
{
	char text[1024] = "";

	(void)snprintf(text, sizeof(text), "%s", argv[1]);
	for (int i = 3; i < argc; i++) {
		size_t used = strlen(text);

		(void)snprintf(text + used, sizeof(text) - used, " %s", argv[i]);
	}
	return print_answer(ask(argv[2], text));
}

int main(int argc, char **argv)
{
	if (argc == 4 && strcmp(argv[1], "serve") == 0)
		return serve(argv[2], argv[3]);
	if (argc == 4 && strcmp(argv[1], "mark") == 0)
		return mark(argv[2], argv[3]);
	if (argc >= 4 && (strcmp(argv[1], "list") == 0 || strcmp(argv[1], "count") == 0))
		return question(argc, argv);
	(void)fprintf(stderr, "usage: wiretap {serve|mark} INTERFACE SOCKET\n"
			      "       wiretap {list|count} SOCKET FROM [FILTER...]\n");
	return 2;
}
