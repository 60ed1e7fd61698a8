/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "doors.h"

#include "texts.h"

#include <glib/gi18n-lib.h>

#define LAST_SECONDS 60
#define STEP_SECONDS 10
#define NAMESPACE "namespace:"

static void door_free(void *data)
{
	struct lamp_door *door = data;

	g_free(door->user);
	g_free(door);
}

static gint by_expiry(gconstpointer a, gconstpointer b)
{
	const struct lamp_door *x = *(const struct lamp_door *const *)a;
	const struct lamp_door *y = *(const struct lamp_door *const *)b;

	return x->expires < y->expires ? -1 : x->expires > y->expires;
}

GPtrArray *lamp_doors_read(GVariant *leases, uid_t uid)
{
	GPtrArray *own;
	const char *user, *scope;
	g_autoptr(GVariantIter) each = NULL;
	guint64 expires;
	guint32 holder;

	if (!g_variant_is_of_type(leases, G_VARIANT_TYPE("(a(ssutts))")))
		return NULL;
	own = g_ptr_array_new_with_free_func(door_free);
	g_variant_get(leases, "(a(ssutts))", &each);
	while (g_variant_iter_loop(each, "(&s&sutt&s)", NULL, &user, &holder, NULL, &expires,
				   &scope)) {
		struct lamp_door *door;

		if (holder != uid)
			continue;
		door = g_new(struct lamp_door, 1);
		*door = (struct lamp_door){g_strdup(user), g_str_equal(scope, "portal"), expires};
		g_ptr_array_add(own, door);
	}
	g_ptr_array_sort(own, by_expiry);
	return own;
}

guint lamp_door_left(const struct lamp_door *door, usec_t now)
{
	if (door->expires <= now)
		return 0;
	return (guint)((door->expires - now + USEC_PER_SEC - 1) / USEC_PER_SEC);
}

guint lamp_door_step(const struct lamp_door *door, usec_t now)
{
	guint left = lamp_door_left(door, now);
	guint step = left > LAST_SECONDS ? LAST_SECONDS : STEP_SECONDS;

	return (left + step - 1) / step * step;
}

enum lamp_light lamp_doors_light(const struct lamp_doors *d, usec_t now)
{
	if (!d->open)
		return LAMP_OFF;
	if (!d->own || !d->own->len)
		return LAMP_ON;
	return lamp_door_left(d->own->pdata[0], now) > LAST_SECONDS ? LAMP_ON : LAMP_LAST;
}

const char *lamp_door_namespace(const struct lamp_door *door)
{
	return g_str_has_prefix(door->user, NAMESPACE) ? door->user + strlen(NAMESPACE) : NULL;
}

char *lamp_door_text(const struct lamp_door *door, guint seconds)
{
	const char *confined = lamp_door_namespace(door);
	g_autofree char *span = gui_span_text(seconds);

	if (confined)
		return g_strdup_printf(
			/* Translators: a confined program's name, then a span of time. */
			_("What is confined as \"%s\" reaches the Internet without Tor. It closes "
			  "by itself within %s."),
			confined, span);
	if (door->portal)
		return g_strdup_printf(
			/* Translators: a user's name, then a span of time. */
			_("Programs of the user \"%s\" reach the network's login page without Tor. "
			  "It closes by itself within %s."),
			door->user, span);
	return g_strdup_printf(
		/* Translators: a user's name, then a span of time. */
		_("Programs of the user \"%s\" reach the Internet without Tor. It closes by itself "
		  "within %s."),
		door->user, span);
}

char *lamp_door_label(const struct lamp_door *door, usec_t now)
{
	const char *confined = lamp_door_namespace(door);
	g_autofree char *span = gui_span_text(lamp_door_left(door, now));

	/* Translators: a user's or a confined program's name, then a span of time. */
	return g_strdup_printf(_("%s: %s left"), confined ? confined : door->user, span);
}

char *lamp_doors_text(const struct lamp_doors *d, usec_t now, bool steps)
{
	g_autoptr(GString) text = g_string_new(NULL);

	if (!d->own)
		return g_strdup(
			_("The service has not said who opened it. If it was you, close the "
			  "program that you opened it with."));
	if (!d->own->len)
		return g_strdup(
			_("Somebody else has opened it; only they, or an administrator, can "
			  "close it."));
	for (guint i = 0; i < d->own->len; i++) {
		const struct lamp_door *door = d->own->pdata[i];
		g_autofree char *line = lamp_door_text(door, steps ? lamp_door_step(door, now)
								   : lamp_door_left(door, now));

		g_string_append_printf(text, "%s%s", i ? "\n" : "", line);
	}
	return g_string_free(g_steal_pointer(&text), FALSE);
}

const char *lamp_doors_title(const struct lamp_doors *d)
{
	if (!d->open)
		return _("No door is open");
	if (!d->own)
		return _("A door past Tor is open; whose it is is not known");
	if (!d->own->len)
		return _("A door past Tor is open; it is not yours");
	return g_dngettext(GETTEXT_PACKAGE, "A door past Tor is open", "Doors past Tor are open",
			   d->own->len);
}
