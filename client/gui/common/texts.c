/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "texts.h"

#include <gio/gio.h>
#include <glib/gi18n-lib.h>

static const GDBusErrorEntry errors[] = {
#define X(NAME, name) {GUI_ERROR_##NAME, "org.sallyport1.Error." name},
	GUI_ERRORS(X)
#undef X
		{GUI_ERROR_MUST_ASK, "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired"},
};

static const char *const advice[GUI_ERROR_N] = {
	[GUI_ERROR_NOT_AUTHORIZED] = N_("Ask whoever administers this computer, or try again and "
					"answer the question for the password."),
	[GUI_ERROR_UNKNOWN_USER] = N_("An administrator must make the user that the policy names."),
	[GUI_ERROR_NOT_CLEARNET_USER] =
		N_("The policy has no such door. An administrator can give one in the file "
		   "/etc/sallyport/policy.conf."),
	[GUI_ERROR_BUSY] =
		N_("Close the door that is open, or wait until it ends; then try again."),
	[GUI_ERROR_TOO_LONG] = N_("Ask for less time."),
	[GUI_ERROR_TOO_MANY] = N_("Wait a moment, then try again."),
	[GUI_ERROR_NO_CONSENT] =
		N_("Go back and choose to connect automatically, if you want that."),
	[GUI_ERROR_NETWORK_CHANGED] =
		N_("The network is another one now. Decide anew for this one."),
	[GUI_ERROR_INVALID_ADDRESS] = N_("Check the address, then try again."),
	[GUI_ERROR_NO_SERVERS] =
		N_("Connect to a network first: cable, Wi-Fi or mobile. Then try again."),
	[GUI_ERROR_NO_SUCH_LEASE] = N_("The door has ended meanwhile. Open a new one."),
	[GUI_ERROR_ENGINE_FAILURE] =
		N_("Nothing was opened. Wait a moment and try again; if it stays so, restart the "
		   "computer."),
	[GUI_ERROR_NOT_REPORTED] = N_("Another program takes the kernel's reports. See \"sallyport "
				      "doctor\"."),
	[GUI_ERROR_BAD_POLICY] =
		N_("An administrator can see with \"sallyport check\" what is wrong."),
	[GUI_ERROR_NOT_CONFIGURED] = N_(
		"An administrator can choose whom to ask, in section [autoconfig] of the policy. "
		"You can log in to the network with the Unsafe Browser meanwhile."),
	[GUI_ERROR_TOO_OFTEN] = N_("Wait half a minute, then try again."),
	[GUI_ERROR_PROBE_FAILURE] =
		N_("Try again. If it stays so, log in to the network with the Unsafe Browser."),
	[GUI_ERROR_MUST_ASK] = N_("Try again and answer the question for the password."),
};

static const struct {
	const char *reason, *text;
} reasons[] = {
	{"closed", N_("The door was closed.")},
	{"left", N_("The window that had opened the door has gone.")},
	{"disabled", N_("You, or an administrator, closed the door.")},
	{"deadline", N_("The time was up.")},
	{"session", N_("You logged out, or another person uses the computer now.")},
	{"suspend", N_("The computer went to sleep.")},
	{"policy", N_("The policy was changed, and does not allow it any more.")},
	{"denied", N_("It is not allowed any more.")},
	{"consent", N_("The consent was withdrawn.")},
	{"network", N_("The network has changed.")},
	{"online", N_("You are logged in to the network, so the door is needed no more.")},
	{"bus-gone", N_("The service has ended.")},
	{"bus-silent", N_("The service did not answer in time.")},
	{"shutdown", N_("The service was stopped.")},
	{"failure", N_("Something went wrong, so the door was closed to be safe.")},
};

GQuark gui_error_quark(void)
{
	static gsize quark;

	g_dbus_error_register_error_domain("sallyport-error", &quark, errors, G_N_ELEMENTS(errors));
	return (GQuark)quark;
}

const char *gui_error_advice(const GError *error)
{
	if (error->domain == GUI_ERROR && error->code >= 0 && error->code < GUI_ERROR_N)
		return g_dgettext(GETTEXT_PACKAGE, advice[error->code]);
	return _(
		"The service does not answer. Wait a moment and try again; if it stays so, restart "
		"the computer.");
}

const char *gui_reason_text(const char *reason)
{
	for (gsize i = 0; reason && i < G_N_ELEMENTS(reasons); i++)
		if (g_str_equal(reasons[i].reason, reason))
			return g_dgettext(GETTEXT_PACKAGE, reasons[i].text);
	return _("The door has ended, and the service did not say why.");
}

char *gui_span_text(guint seconds)
{
	guint minutes = seconds / 60, rest = seconds % 60;
	g_autofree char *whole = g_strdup_printf(
		g_dngettext(GETTEXT_PACKAGE, "%u minute", "%u minutes", minutes), minutes);
	g_autofree char *part = g_strdup_printf(
		g_dngettext(GETTEXT_PACKAGE, "%u second", "%u seconds", rest), rest);

	if (minutes == 0)
		return g_steal_pointer(&part);
	if (rest == 0)
		return g_steal_pointer(&whole);
	/* Translators: minutes, then seconds. */
	return g_strdup_printf(_("%s %s"), whole, part);
}
