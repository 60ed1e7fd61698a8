/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sections -> policy, with the defaults of spec section 7. */
#include "config-private.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>

#define NETWORK(a, b, c, d, n)                                                \
	{                                                                     \
		.addr = (a) << 24 | (b) << 16 | (c) << 8 | (d), .prefix = (n) \
	}

static const struct subnet default_ranges[] = {
	NETWORK(10u, 0u, 0u, 0u, 8),
	NETWORK(172u, 16u, 0u, 0u, 12),
	NETWORK(192u, 168u, 0u, 0u, 16),
};

/* What asks the network for names, or for our public address. */
static const struct ports default_refuse[] = {
	{.first = 53, .last = 53},
	{.first = 853, .last = 853},
	{.first = 137, .last = 137, .protocol = IPPROTO_UDP},
	{.first = 1900, .last = 1900, .protocol = IPPROTO_UDP},
	{.first = 3478, .last = 3478},
	{.first = 5350, .last = 5351, .protocol = IPPROTO_UDP},
	{.first = 5353, .last = 5353, .protocol = IPPROTO_UDP},
	{.first = 5355, .last = 5355, .protocol = IPPROTO_UDP},
};

static struct policy *policy_defaults(void)
{
	struct policy *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->automap.range = (struct subnet)NETWORK(127u, 192u, 0u, 0u, 10);
	p->automap.port = 9040;
	p->dns.port = 5353;
	p->tor_may.dns = true;
	p->tor_may.loopback = true;
	p->lease.default_seconds = 600;
	p->lease.longest_seconds = 1800;
	p->lease.most = 4;
	p->clearnet_dns.most = 8;
	p->egress.enable = true;
	return p;
}

static bool users_add(struct users *u, const struct user *user)
{
	struct user *p;

	for (size_t i = 0; i < u->n; i++)
		if (u->items[i].uid == user->uid)
			return true;
	p = reallocarray(u->items, u->n + 1, sizeof(*p));
	if (!p)
		return false;
	u->items = p;
	u->items[u->n++] = *user;
	return true;
}

/* A name is looked up once, however many services name it; each is compared with all others. */
#define NAMES_MAX 1024

static int resolve(struct parser *p, const char *name, uid_t *ret)
{
	struct resolved *r;

	for (size_t i = 0; i < p->n_resolved; i++)
		if (strcmp(p->resolved[i].name, name) == 0) {
			*ret = p->resolved[i].uid;
			return p->resolved[i].error;
		}
	if (p->n_resolved == NAMES_MAX)
		return -E2BIG;
	if ((p->n_resolved & (p->n_resolved - 1)) == 0) {
		r = reallocarray(p->resolved, p->n_resolved ? p->n_resolved * 2 : 1, sizeof(*r));
		if (!r)
			return -ENOMEM;
		p->resolved = r;
	}
	r = &p->resolved[p->n_resolved++];
	*r = (struct resolved){0};
	(void)snprintf(r->name, sizeof(r->name), "%s", name);
	r->error = p->resolve(p->userdata, name, &r->uid);
	*ret = r->uid;
	return r->error;
}

static bool valid_name(const char *name)
{
	static const char first[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
	size_t n = strlen(name);

	return n > 0 && n <= POLICY_NAME_MAX && strchr(first, name[0]) &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			    "0123456789_-.$") == n;
}

static void read_user(struct parser *p, const struct word *w, const char *what, struct users *ret)
{
	struct user user = {.origin = w->origin};
	uint32_t number;
	int r;

	if (parse_u32(w->text, UINT32_MAX - 1, &number) == 0) {
		user.uid = number;
		user.by_number = true;
		(void)snprintf(user.name, sizeof(user.name), "%u", number);
		if (!users_add(ret, &user))
			p->out_of_memory = true;
		return;
	}
	if (!valid_name(w->text)) {
		config_error(p, w->origin, "\"%s\" is no user; write %s", w->text, what);
		return;
	}
	r = resolve(p, w->text, &user.uid);
	if (r == -E2BIG) {
		config_error(p, w->origin,
			     "\"%s\" is one name too many: %d different ones are read", w->text,
			     NAMES_MAX);
		return;
	}
	if (r == -ESRCH) {
		config_warning(
			p, w->origin,
			"there is no user \"%s\": nothing is granted to it; create it and reload",
			w->text);
		return;
	}
	if (r < 0) {
		config_error(p, w->origin, "the user \"%s\" cannot be looked up: %s", w->text,
			     strerror(-r));
		return;
	}
	memcpy(user.name, w->text, strlen(w->text) + 1);
	if (!users_add(ret, &user))
		p->out_of_memory = true;
}

static const struct users *role_users(const struct policy *policy, const char *role)
{
	const struct {
		const char *name;
		const struct users *users;
	} roles[] = {
		{"@tor", &policy->tor},
		{"@desktop", &policy->desktop},
		{"@clearnet", &policy->clearnet},
		{"@autoconfig", &policy->autoconfig},
	};

	for (size_t i = 0; i < ARRAY_SIZE(roles); i++)
		if (strcmp(roles[i].name, role) == 0)
			return roles[i].users;
	return NULL;
}

/* roles: the policy whose roles a word may name, or NULL in [users] itself. */
static void read_users(struct parser *p, const struct policy *roles, const struct raw_section *s,
		       enum config_key k, struct users *ret)
{
	const struct words *w = raw_words(s, k);
	const char *what = roles ? "a name of /etc/passwd, a number, or @tor, @desktop, @clearnet, "
				   "@autoconfig"
				 : "a name of /etc/passwd or a number";

	if (w->n > POLICY_USERS_MAX) {
		config_error(p, w->origin, "these are over %d users; write fewer",
			     POLICY_USERS_MAX);
		return;
	}
	for (size_t i = 0; i < w->n; i++) {
		const struct users *role = roles ? role_users(roles, w->items[i].text) : NULL;

		if (!role) {
			read_user(p, &w->items[i], what, ret);
			continue;
		}
		for (size_t j = 0; j < role->n; j++) {
			struct user user = role->items[j];

			user.origin = w->items[i].origin;
			if (!users_add(ret, &user))
				p->out_of_memory = true;
		}
	}
}

/* NULL: the default counts, and *ret_at stays as it is. */
static const struct word *scalar(const struct parser *p, enum section s, enum config_key k,
				 struct origin *ret_at)
{
	const struct words *w = raw_words(&p->singles[s], k);

	if (!w->n)
		return NULL;
	*ret_at = w->items[0].origin;
	return &w->items[0];
}

static void read_bool(struct parser *p, enum config_key k, enum section s, bool *ret,
		      struct origin *ret_at)
{
	const struct word *w = scalar(p, s, k, ret_at);

	if (w)
		(void)value_bool(p, w, ret);
}

static void read_port(struct parser *p, enum config_key k, enum section s, uint16_t *ret,
		      struct origin *ret_at)
{
	const struct word *w = scalar(p, s, k, ret_at);
	uint32_t port;

	if (w && value_number(p, w, 1, UINT16_MAX, "port", &port))
		*ret = (uint16_t)port;
}

static void read_number(struct parser *p, enum config_key k, enum section s, uint32_t max,
			uint32_t *ret, struct origin *ret_at)
{
	const struct word *w = scalar(p, s, k, ret_at);
	uint32_t n;

	if (w && value_number(p, w, 1, max, "number that fits here", &n))
		*ret = n;
}

static void read_seconds(struct parser *p, enum config_key k, uint32_t *ret, struct origin *ret_at)
{
	const struct word *w = scalar(p, SECTION_LEASE, k, ret_at);
	uint32_t seconds;

	if (w && value_seconds(p, w, &seconds))
		*ret = seconds;
}

static void read_subnets(struct parser *p, enum config_key k, struct subnets *ret)
{
	const struct words *w = raw_words(&p->singles[SECTION_LAN], k);

	ret->items = calloc(w->n ? w->n : 1, sizeof(*ret->items));
	if (!ret->items) {
		p->out_of_memory = true;
		return;
	}
	for (size_t i = 0; i < w->n; i++)
		if (value_subnet(p, &w->items[i], &ret->items[ret->n]))
			ret->n++;
}

static void *copy(struct parser *p, const void *data, size_t size)
{
	void *copied = malloc(size);

	if (!copied)
		p->out_of_memory = true;
	else
		memcpy(copied, data, size);
	return copied;
}

static void read_lan(struct parser *p, struct policy *policy)
{
	const struct raw_section *s = &p->singles[SECTION_LAN];
	const struct words *refuse = raw_words(s, KEY_LAN_REFUSE);

	read_bool(p, KEY_LAN_ON_LINK, SECTION_LAN, &policy->lan.on_link, &policy->lan.on_link_at);
	read_subnets(p, KEY_LAN_EXCLUDE, &policy->lan.exclude);
	if (raw_words(s, KEY_LAN_RANGES)->said) {
		read_subnets(p, KEY_LAN_RANGES, &policy->lan.ranges);
	} else {
		policy->lan.ranges.items = copy(p, default_ranges, sizeof(default_ranges));
		policy->lan.ranges.n = policy->lan.ranges.items ? ARRAY_SIZE(default_ranges) : 0;
	}
	if (!refuse->said) {
		policy->lan.refuse = copy(p, default_refuse, sizeof(default_refuse));
		policy->lan.n_refuse = policy->lan.refuse ? ARRAY_SIZE(default_refuse) : 0;
		return;
	}
	policy->lan.refuse = calloc(refuse->n ? refuse->n : 1, sizeof(*policy->lan.refuse));
	if (!policy->lan.refuse)
		p->out_of_memory = true;
	for (size_t i = 0; policy->lan.refuse && i < refuse->n; i++)
		if (value_ports(p, &refuse->items[i], &policy->lan.refuse[policy->lan.n_refuse]))
			policy->lan.n_refuse++;
}

static void read_egress(struct parser *p, struct policy *policy)
{
	const struct raw_section *s = &p->singles[SECTION_EGRESS];
	const struct words *except = raw_words(s, KEY_EGRESS_EXCEPT);

	read_bool(p, KEY_EGRESS_ENABLE, SECTION_EGRESS, &policy->egress.enable,
		  &policy->egress.enable_at);
	policy->egress.except = calloc(except->n ? except->n : 1, sizeof(*policy->egress.except));
	if (!policy->egress.except)
		p->out_of_memory = true;
	for (size_t i = 0; policy->egress.except && i < except->n; i++)
		if (value_link(p, &except->items[i],
			       &policy->egress.except[policy->egress.n_except]))
			policy->egress.n_except++;
}

static const char default_response[] = "NetworkManager is online"; /* as NetworkManager has it */

/* An empty URL is none; an empty response says that nothing is to come. */
static void read_autoconfig(struct parser *p, struct policy *policy)
{
	const struct word *url =
		scalar(p, SECTION_AUTOCONFIG, KEY_AUTOCONFIG_URL, &policy->autoconfig_check.url_at);
	const struct word *response = scalar(p, SECTION_AUTOCONFIG, KEY_AUTOCONFIG_RESPONSE,
					     &policy->autoconfig_check.response_at);
	const struct word *latest = scalar(p, SECTION_AUTOCONFIG, KEY_AUTOCONFIG_LATEST,
					   &policy->autoconfig_check.latest_at);
	const struct words *said =
		raw_words(&p->singles[SECTION_AUTOCONFIG], KEY_AUTOCONFIG_RESPONSE);
	const char *text = said->said ? "" : default_response;

	if (url && value_url(p, url))
		policy->autoconfig_check.url = copy(p, url->text, strlen(url->text) + 1);
	if (response && value_response(p, response))
		text = response->text;
	else if (said->said)
		policy->autoconfig_check.response_at = said->origin;
	policy->autoconfig_check.response = copy(p, text, strlen(text) + 1);
	if (latest)
		(void)value_date(p, latest, &policy->autoconfig_check.latest);
}

/* Without a user there is none, whatever the command says. */
static void read_browser(struct parser *p, struct policy *policy)
{
	struct origin at;
	const struct word *user = scalar(p, SECTION_BROWSER, KEY_BROWSER_USER, &at);
	const struct word *command =
		scalar(p, SECTION_BROWSER, KEY_BROWSER_COMMAND, &policy->browser.command_at);

	if (user)
		read_user(p, user, "a name of /etc/passwd or a number", &policy->browser.user);
	if (command && value_command(p, command))
		policy->browser.command = copy(p, command->text, strlen(command->text) + 1);
	if (user && !command)
		config_error(p, user->origin,
			     "[browser] has a user and no command; write command = "
			     "/usr/bin/firefox-esr --no-remote --profile {profile} {page}");
}

static void read_singles(struct parser *p, struct policy *policy)
{
	const struct raw_section *automap = &p->singles[SECTION_AUTOMAP];
	const struct raw_section *dns = &p->singles[SECTION_DNS];
	const struct word *range =
		scalar(p, SECTION_AUTOMAP, KEY_AUTOMAP_RANGE, &policy->automap.range.origin);

	policy->automap.origin = automap->origin;
	if (range)
		(void)value_subnet(p, range, &policy->automap.range);
	read_port(p, KEY_AUTOMAP_PORT, SECTION_AUTOMAP, &policy->automap.port,
		  &policy->automap.port_at);
	read_users(p, policy, automap, KEY_AUTOMAP_USERS, &policy->automap.users);
	policy->dns.origin = dns->origin;
	read_port(p, KEY_DNS_PORT, SECTION_DNS, &policy->dns.port, &policy->dns.port_at);
	read_bool(p, KEY_DNS_TCP, SECTION_DNS, &policy->dns.tcp, &policy->dns.tcp_at);
	read_users(p, policy, dns, KEY_DNS_USERS, &policy->dns.users);
	read_bool(p, KEY_TOR_DNS, SECTION_TOR, &policy->tor_may.dns, &policy->tor_may.dns_at);
	read_bool(p, KEY_TOR_UDP, SECTION_TOR, &policy->tor_may.udp, &policy->tor_may.udp_at);
	read_bool(p, KEY_TOR_LOOPBACK, SECTION_TOR, &policy->tor_may.loopback,
		  &policy->tor_may.loopback_at);
	read_lan(p, policy);
	read_seconds(p, KEY_LEASE_DEFAULT, &policy->lease.default_seconds,
		     &policy->lease.default_at);
	read_seconds(p, KEY_LEASE_LONGEST, &policy->lease.longest_seconds,
		     &policy->lease.longest_at);
	read_number(p, KEY_LEASE_MOST, SECTION_LEASE, POLICY_LEASES_MAX, &policy->lease.most,
		    &policy->lease.most_at);
	read_users(p, policy, &p->singles[SECTION_CLEARNET_DNS], KEY_CLEARNET_DNS_READERS,
		   &policy->clearnet_dns.readers);
	read_number(p, KEY_CLEARNET_DNS_MOST, SECTION_CLEARNET_DNS, POLICY_DNS_MOST_MAX,
		    &policy->clearnet_dns.most, &policy->clearnet_dns.most_at);
	read_egress(p, policy);
	read_bool(p, KEY_REPORT_DESTINATIONS, SECTION_REPORT, &policy->report.destinations,
		  &policy->report.destinations_at);
	read_autoconfig(p, policy);
	read_browser(p, policy);
}

static void read_listens(struct parser *p, const struct words *w, struct listen **ret,
			 size_t *ret_n)
{
	*ret = calloc(w->n ? w->n : 1, sizeof(**ret));
	if (!*ret)
		p->out_of_memory = true;
	for (size_t i = 0; *ret && i < w->n; i++)
		if (value_listen(p, &w->items[i], &(*ret)[*ret_n]))
			++*ret_n;
}

/* Who may answer: root, when nobody is said. */
static void read_server(struct parser *p, const struct policy *policy, const struct raw_section *s,
			enum config_key k, struct users *ret)
{
	const struct user root = {.name = "root", .origin = s->origin};

	if (raw_words(s, k)->said)
		read_users(p, policy, s, k, ret);
	else if (!users_add(ret, &root))
		p->out_of_memory = true;
}

static void read_service(struct parser *p, struct policy *policy, const struct raw_section *s)
{
	struct service *service = &policy->services[policy->n_services];
	const struct words *listens = raw_words(s, KEY_SERVICE_LISTEN);

	service->name = strdup(s->name);
	service->origin = s->origin;
	policy->n_services++;
	if (!service->name)
		p->out_of_memory = true;
	read_listens(p, listens, &service->listens, &service->n_listens);
	if (!listens->n)
		config_error(p, s->origin,
			     "service \"%s\" listens nowhere; write listen = ADDRESS:PORT/tcp",
			     s->name);
	if (!raw_words(s, KEY_SERVICE_USERS)->said)
		config_warning(p, s->origin, "nobody may use service \"%s\"; write users = NAME",
			       s->name);
	read_users(p, policy, s, KEY_SERVICE_USERS, &service->users);
	read_server(p, policy, s, KEY_SERVICE_SERVER, &service->server);
}

/* The only word of a key without which the section means nothing; NULL: that has been said. */
static const struct word *needed(struct parser *p, const struct raw_section *s, enum config_key k,
				 const char *hint)
{
	const struct words *w = raw_words(s, k);

	if (!w->n)
		config_error(p, s->origin, "namespace \"%s\" has no %s; write %s", s->name,
			     config_key_name(k), hint);
	return w->n ? &w->items[0] : NULL;
}

static void read_interface(struct parser *p, const struct word *w, struct namespace *n)
{
	struct link_pattern link;

	n->interface_at = w->origin;
	if (!value_link(p, w, &link))
		return;
	if (link.prefix || strcmp(link.name, "lo") == 0)
		config_error(p, w->origin,
			     "\"%s\" is not the end of a veth pair; write the name of the one link "
			     "that leads to the program: veth0",
			     w->text);
	else
		memcpy(n->interface, link.name, sizeof(n->interface));
}

static void read_namespace(struct parser *p, struct policy *policy, const struct raw_section *s)
{
	struct namespace *n = &policy->namespaces[policy->n_namespaces++];
	const struct word *interface =
		needed(p, s, KEY_NAMESPACE_INTERFACE, "interface = the host's end of a veth pair");
	const struct word *peer =
		needed(p, s, KEY_NAMESPACE_PEER, "peer = the other end's IPv4 address");

	n->name = strdup(s->name);
	n->origin = s->origin;
	if (!n->name)
		p->out_of_memory = true;
	if (interface)
		read_interface(p, interface, n);
	if (peer) {
		n->peer_at = peer->origin;
		(void)value_peer(p, peer, &n->peer);
	}
	(void)needed(p, s, KEY_NAMESPACE_LISTEN, "listen = ADDRESS:PORT/tcp");
	read_listens(p, raw_words(s, KEY_NAMESPACE_LISTEN), &n->listens, &n->n_listens);
	read_server(p, policy, s, KEY_NAMESPACE_SERVER, &n->server);
	if (raw_words(s, KEY_NAMESPACE_DOOR)->n) {
		const struct word *door = &raw_words(s, KEY_NAMESPACE_DOOR)->items[0];

		n->door_at = door->origin;
		(void)value_bool(p, door, &n->door);
	}
}

static void read_named(struct parser *p, struct policy *policy)
{
	size_t n = p->n_named ? p->n_named : 1;

	policy->services = calloc(n, sizeof(*policy->services));
	policy->namespaces = calloc(n, sizeof(*policy->namespaces));
	if (!policy->services || !policy->namespaces) {
		p->out_of_memory = true;
		return;
	}
	for (size_t i = 0; i < p->n_named; i++) {
		const struct raw_section *s = p->named[i];

		if (!s->removed && s->kind == SECTION_SERVICE)
			read_service(p, policy, s);
		else if (!s->removed && policy->n_namespaces < POLICY_NAMESPACES_MAX)
			read_namespace(p, policy, s);
		else if (!s->removed)
			config_error(p, s->origin, "namespace \"%s\" is one too many: %d are read",
				     s->name, POLICY_NAMESPACES_MAX);
	}
}

static void read_roles(struct parser *p, struct policy *policy)
{
	const struct raw_section *s = &p->singles[SECTION_USERS];

	read_users(p, NULL, s, KEY_USERS_TOR, &policy->tor);
	read_users(p, NULL, s, KEY_USERS_DESKTOP, &policy->desktop);
	read_users(p, NULL, s, KEY_USERS_CLEARNET, &policy->clearnet);
	read_users(p, NULL, s, KEY_USERS_AUTOCONFIG, &policy->autoconfig);
}

static bool name_files(const struct sources *sources, struct policy *policy)
{
	policy->files = calloc(sources->n ? sources->n : 1, sizeof(*policy->files));
	for (size_t i = 0; policy->files && i < sources->n; i++) {
		policy->files[i] = strdup(sources->items[i].name);
		if (!policy->files[i])
			return false;
		policy->n_files++;
	}
	return policy->files;
}

static void read_sources(struct parser *p, const struct sources *sources)
{
	for (enum section s = 0; s < SECTION_N; s++)
		p->singles[s].kind = s;
	for (size_t i = 0; i < sources->n; i++) {
		const struct source *source = &sources->items[i];

		if (source->error)
			config_error(p, (struct origin){.file = (uint32_t)i}, "%s", source->error);
		else
			reader_read(p, source, (uint32_t)i);
	}
	if (!sources->n)
		config_error(p, (struct origin){0}, "there is no policy; install policy.conf");
}

int config_parse(const struct sources *sources, config_resolve_fn resolve_fn, void *userdata,
		 struct diagnostics *diags, struct policy **ret_policy)
{
	_cleanup_(policy_freep) struct policy *policy = policy_defaults();
	struct parser p = {.diags = diags, .resolve = resolve_fn, .userdata = userdata};

	*diags = (struct diagnostics){0};
	if (!policy || !name_files(sources, policy))
		return -ENOMEM;
	p.files = policy->files;
	p.n_files = policy->n_files;
	read_sources(&p, sources);
	read_roles(&p, policy);
	read_singles(&p, policy);
	read_named(&p, policy);
	if (!p.out_of_memory)
		check_policy(&p, policy);
	reader_clear(&p);
	free(p.resolved);
	if (p.out_of_memory)
		return -ENOMEM;
	if (diags->n_errors)
		return -EBADMSG;
	*ret_policy = TAKE_PTR(policy);
	return 0;
}
