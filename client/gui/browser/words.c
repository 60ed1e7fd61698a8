/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "words.h"

#include <glib/gi18n-lib.h>

#define ICON "org.sallyport.UnsafeBrowser-symbolic"

const struct words words_of_pages[BROWSER_PAGE_N] = {
	[BROWSER_PAGE_WAIT] = {ICON,
			       N_("One moment"),
			       N_("Looking whether the browser can be opened."),
			       {DEED_CANCEL},
			       .busy = TRUE},
	[BROWSER_PAGE_NO_SERVICE] =
		{"dialog-warning-symbolic", N_("The network service does not answer"),
		 N_("Until it does, nothing can be opened here. Wait a moment: this page goes on "
		    "by itself. If it stays so, restart the computer."),
		 .deeds = {DEED_CLOSE}},
	[BROWSER_PAGE_BUILT_IN] =
		{"dialog-warning-symbolic",
		 N_("This computer's rules have an error"),
		 N_("Until it is mended, nothing can be opened. An administrator can see with this "
		    "command what is wrong. This page then goes on by itself."),
		 {DEED_CLOSE},
		 .aid = AID_CHECK},
	[BROWSER_PAGE_DISABLED] =
		{"action-unavailable-symbolic",
		 N_("The Unsafe Browser is turned off"),
		 N_("This computer's rules do not allow it. An administrator can turn it on in "
		    "section [browser] of this file."),
		 {DEED_CLOSE},
		 .aid = AID_POLICY},
	[BROWSER_PAGE_NO_DOOR] =
		{"action-unavailable-symbolic",
		 N_("The Unsafe Browser has no way out"),
		 N_("This computer's rules let it be opened, but not reach the network. An "
		    "administrator can allow that in section [users] of this file."),
		 {DEED_CLOSE},
		 .aid = AID_POLICY},
	[BROWSER_PAGE_NO_UNIT] =
		{"dialog-warning-symbolic",
		 N_("The Unsafe Browser is not ready"),
		 N_("What starts it is not running. An administrator can start it with this "
		    "command. This page then goes on by itself."),
		 {DEED_CLOSE},
		 .aid = AID_UNIT},
	[BROWSER_PAGE_NO_NETWORK] =
		{"network-offline-symbolic", N_("There is no network"),
		 N_("Connect to one first: by cable, Wi-Fi or mobile. This page then goes on by "
		    "itself."),
		 .deeds = {DEED_CLOSE}},
	[BROWSER_PAGE_CONNECTING] = {"network-wireless-acquiring-symbolic",
				     N_("Connecting to the network"),
				     N_("Wait a moment. This page then goes on by itself."),
				     {DEED_CLOSE},
				     .busy = TRUE},
	[BROWSER_PAGE_NO_SERVERS] =
		{"network-error-symbolic", N_("The network is not ready"),
		 N_("It has not said whom to ask for the addresses of sites, so no page could be "
		    "found. Wait a moment: this page goes on by itself. If it stays so, disconnect "
		    "from the network and connect again."),
		 .deeds = {DEED_CLOSE}},
	[BROWSER_PAGE_ASK] =
		{ICON, N_("Open the Unsafe Browser?"),
		 N_("This opens a door past Tor, for one browser: the network and the sites that "
		    "you visit see this computer's address, and nothing hides you.\n\n"
		    "Use it only to log in to a network, then close it. All other programs stay "
		    "behind Tor."),
		 .deeds = {DEED_OPEN_PORTAL, DEED_WARN_FULL, DEED_CANCEL}},
	[BROWSER_PAGE_ASK_FULL] =
		{"dialog-warning-symbolic", N_("Open the whole network?"),
		 N_("The door then leads to every site, not only to the login page: each of them "
		    "sees this computer's address, and the network sees where you go.\n\n"
		    "Choose this only if you cannot log in otherwise. All other programs stay "
		    "behind Tor."),
		 .deeds = {DEED_BACK, DEED_OPEN_FULL}},
	[BROWSER_PAGE_OPENING] =
		{"dialog-password-symbolic",
		 N_("Waiting for permission"),
		 N_("If you are asked for a password, it is for opening the door past Tor."),
		 {DEED_ABORT},
		 .busy = TRUE},
	[BROWSER_PAGE_STARTING] = {ICON,
				   N_("The browser is starting"),
				   N_("Its window appears in a moment."),
				   {DEED_ABORT},
				   .busy = TRUE},
	[BROWSER_PAGE_RUNNING] =
		{ICON, N_("The Unsafe Browser is open"),
		 N_("It does not use Tor. Log in to the network, then close the browser: that "
		    "closes the door past Tor, too."),
		 .deeds = {DEED_MORE_TIME, DEED_STOP}},
};

const struct words words_of_failures[BROWSER_FAILURE_N] = {
	[BROWSER_FAILED_NOT_ALLOWED] =
		{"changes-prevent-symbolic", N_("You are not allowed to open it"),
		 N_("Nothing was opened. Try again and answer the question for the password, or "
		    "ask whoever administers this computer."),
		 .deeds = {DEED_RETRY, DEED_CLOSE}},
	[BROWSER_FAILED_DOOR_BUSY] =
		{"dialog-information-symbolic", N_("The door is open already"),
		 N_("Another program has opened the door past Tor. Close that one, or wait until "
		    "its time is up; then try again."),
		 .deeds = {DEED_RETRY, DEED_CLOSE}},
	[BROWSER_FAILED_DOOR] = {"dialog-error-symbolic", N_("The door was not opened"), NULL,
				 .deeds = {DEED_RETRY, DEED_CLOSE}},
	[BROWSER_FAILED_DOOR_ENDED] =
		{"dialog-error-symbolic", N_("The door was closed again"),
		 N_("That happened before the browser had started. Nothing is open. Try again."),
		 .deeds = {DEED_RETRY, DEED_CLOSE}},
	[BROWSER_FAILED_UNIT] =
		{"dialog-error-symbolic", N_("The Unsafe Browser does not answer"),
		 N_("What starts it has not answered. Nothing is open. Try again; if it stays so, "
		    "restart the computer."),
		 .deeds = {DEED_RETRY, DEED_CLOSE}},
	[BROWSER_FAILED_BROWSER_BUSY] =
		{"dialog-information-symbolic", N_("An Unsafe Browser is open already"),
		 N_("There can be only one on this computer. Close that one, then try again."),
		 .deeds = {DEED_RETRY, DEED_CLOSE}},
	[BROWSER_FAILED_POLICY] =
		{"dialog-error-symbolic",
		 N_("The Unsafe Browser is not in the rules"),
		 N_("What starts it does not find it in this computer's rules. Nothing is open. An "
		    "administrator can see with this command what is wrong."),
		 {DEED_RETRY, DEED_CLOSE},
		 .aid = AID_CHECK},
	[BROWSER_FAILED_PERSON] =
		{"changes-prevent-symbolic", N_("The Unsafe Browser is not for you"),
		 N_("This computer's rules name another person who may use it. Nothing is open. "
		    "Ask whoever administers this computer."),
		 .deeds = {DEED_CLOSE}},
	[BROWSER_FAILED_PROGRAM] =
		{"dialog-error-symbolic",
		 N_("The browser is not installed"),
		 N_("The program that this computer's rules name cannot be started. Nothing is "
		    "open. An administrator can install it, or name another one in section "
		    "[browser] of this file."),
		 {DEED_RETRY, DEED_CLOSE},
		 .aid = AID_POLICY},
	[BROWSER_FAILED_START] =
		{"dialog-error-symbolic", N_("The browser did not start"),
		 N_("Nothing is open. Try again; if it stays so, restart the computer."),
		 .deeds = {DEED_RETRY, DEED_CLOSE}},
};

const struct words words_of_ends[BROWSER_OVER_N] = {
	[BROWSER_OVER_CLOSED] =
		{"emblem-ok-symbolic", N_("The Unsafe Browser is closed"),
		 N_("You closed its window. The door past Tor is closed, too, and what the browser "
		    "had stored is deleted."),
		 .deeds = {DEED_CLOSE, DEED_AGAIN}},
	[BROWSER_OVER_STOPPED] =
		{"emblem-ok-symbolic", N_("The Unsafe Browser is closed"),
		 N_("You ended it. The door past Tor is closed, too, and what the browser had "
		    "stored is deleted."),
		 .deeds = {DEED_CLOSE, DEED_AGAIN}},
	[BROWSER_OVER_ERROR] =
		{"dialog-error-symbolic", N_("The browser ended with an error"),
		 N_("The door past Tor is closed, and what the browser had stored is deleted. If "
		    "this happens again, tell whoever administers this computer."),
		 .deeds = {DEED_AGAIN, DEED_CLOSE}},
	[BROWSER_OVER_CRASHED] =
		{"dialog-error-symbolic", N_("The browser crashed"),
		 N_("The door past Tor is closed, and what the browser had stored is deleted. If "
		    "you had not logged in yet, open it again."),
		 .deeds = {DEED_AGAIN, DEED_CLOSE}},
	[BROWSER_OVER_GONE] =
		{"dialog-error-symbolic", N_("The browser was stopped"),
		 N_("The system ended it. The door past Tor is closed, and what the browser had "
		    "stored is deleted."),
		 .deeds = {DEED_AGAIN, DEED_CLOSE}},
	[BROWSER_OVER_DOOR] = {ICON, N_("The Unsafe Browser is closed"), NULL,
			       .deeds = {DEED_AGAIN, DEED_CLOSE}},
};
