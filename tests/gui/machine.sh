# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# The machine of the tests in this folder, for a private host that sources this after lab.sh: booted, with
# the service, NetworkManager, the real tor and the real browser, behind a portal; and amnesia at its
# desktop, who answers polkit's questions with the right password.
#
#   machine_need            ends the test, as skipped, where a part of it is not to be had
#   machine_window          a window of a few lines is the browser of its policy, instead of Firefox: where
#                           only its end matters
#   machine_boot            the machine, closed, without a link; with tor if tornet_start was called
#   machine_desk [LANGUAGE] and its desktop
#   machine_agent MODE      an agent of polkit, instead of the one before: see agent.c
#   machine_online          the link comes up; ready when the service knows the network
#   machine_policy <FILE    more of the policy, before machine_boot
#
#   allowed UID             what becomes of a connection of that user: answer, or an error
#   closed                  whether the browser's user is refused, and no door is in the kernel
#   property INTERFACE NAME of the service
#   browser_window TITLE    waits for a window of the browser with that in its title
#   browser_there, browser_away   whether anything runs in the browser's unit
#   browser_pid             the first process of the browser, there
#   question NAME           waits until polkit has asked for that action
#   seen FROM               which addresses and ports packets have left for since then, but for Tor's
#                           own network and what gets an address
#   picture NAME            of the window in front, if there are to be pictures: UPDATE_SCREENSHOTS=1

# shellcheck source=tests/lib/net.sh
. "$LIB/net.sh"
# shellcheck source=tests/lib/boot.sh
. "$LIB/boot.sh"
# shellcheck source=tests/lib/tornet.sh
. "$LIB/tornet.sh"
# shellcheck source=tests/lib/portal.sh
. "$LIB/portal.sh"
# shellcheck source=tests/lib/desktop.sh
. "$LIB/desktop.sh"

BROWSER_UID=902
BROWSER_UNIT=sallyport-browser@clearnet.service

machine_need()
{
	local program
	desktop_need
	tor_need
	for program in sallyport-unsafe-browser sallyport-wizard firefox-esr; do
		command -v "$program" >/dev/null && continue
		skip "the windows" "$program is not here"
		exit 0
	done
	[ -n "$(find "${SALLYPORT_DEBS:-/nonexistent}" -maxdepth 1 -name 'network-manager_*')" ] && return
	skip "NetworkManager" "its package is not here (SALLYPORT_DEBS)"
	exit 0
}

machine_policy()
{
	mkdir -p "$BOOT_ROOT/etc/sallyport/policy.d"
	cat >>"$BOOT_ROOT/etc/sallyport/policy.d/machine.conf"
}

# A network that gives an address by DHCP, named cafe.
machine_network()
{
	local file=$BOOT_ROOT/etc/NetworkManager/system-connections/cafe.nmconnection
	mkdir -p "${file%/*}"
	(umask 077 && printf '%s\n' '[connection]' id=cafe type=ethernet interface-name=eth0 \
		autoconnect=false '[ipv4]' method=auto >"$file")
	boot_enable NetworkManager.service
}

# Debian's tor as its own unit starts it, of the small network.
machine_tor()
{
	boot_packages "$SALLYPORT_DEBS/tor" || bail "no tor for it"
	tornet_client "$TORNET/desktop" "SocksPort 127.0.0.1:9050" \
		"ClientTransportPlugin obfs4 exec /usr/bin/obfs4proxy"
	grep -v '^DataDirectory\|^Log' "$TORNET/desktop/torrc" >"$BOOT_ROOT/etc/tor/torrc"
	install -d -o debian-tor -g debian-tor -m 2700 "$BOOT_ROOT/var/lib/tor"
	install -d -o debian-tor -g debian-tor -m 2755 "$BOOT_ROOT/var/log/tor"
	sed -i 's/^\(debian-tor:.*:\)$/\1amnesia/' "$BOOT_ROOT/etc/group"
	boot_enable tor.service
}

machine_boot()
{
	boot_install
	boot_packages || bail "no packages for it"
	[ ! -d "$TORNET" ] || machine_tor
	machine_network
	machine_policy <<-'EOF'
		[autoconfig]
		url =
		url = http://check.example/nm
		[lan]
		ranges =
	EOF
	boot_enable sallyport-browser@clearnet.socket
	boot_up
	in_boot chpasswd <<<"amnesia:right"
}

machine_window()
{
	install -D -m 644 "$LIB/../gui/window.py" "$BOOT_ROOT/usr/lib/window.py"
	machine_policy <<-'EOF'
		[browser]
		command = /usr/bin/env GSK_RENDERER=cairo /usr/bin/python3 /usr/lib/window.py good
	EOF
}

machine_agent()
{
	[ ! -s "$LAB/pid/agent" ] || desktop_stop agent KILL
	: >"$LAB/log/agent.log"
	desktop_run agent "$LAB_BUILD/tests/bus/bus-agent" "$DESKTOP_SESSION" "$1"
	wait_for 10 grep -q '^ready$' "$LAB/log/agent.log" || bail "no agent"
}

machine_desk()
{
	desktop_start amnesia "${1:-en}"
	machine_agent right
}

property()
{
	in_boot busctl --system get-property org.sallyport1 /org/sallyport1 "org.sallyport1.$1" "$2"
}

machine_is_online()
{
	property Autoconfig Network | grep -q '"up" "cafe"' &&
		property DNS ClearnetDNSAvailable | grep -q true
}

machine_online()
{
	in_boot nmcli --wait 30 connection up cafe >"$LAB/log/nmcli.log" 2>&1 || bail "no link"
	wait_for 20 machine_is_online || bail "the service does not know the network"
}

# --- what is so

allowed()
{
	boot_sees "$1" tcp 198.51.100.5:4000
}

closed()
{
	[ "$(boot_net nft list set inet sallyport live | grep -c '0x0[45]')" = 0 ] &&
		[ "$(allowed $BROWSER_UID)" = ECONNREFUSED ]
}

# The browser's own first process: the runner's child.
browser_pid()
{
	in_boot pgrep -P "$(unit_has $BROWSER_UNIT MainPID)"
}

browser_there()
{
	unit_is $BROWSER_UNIT active && browser_pid
}

browser_away()
{
	! in_boot pgrep -u $BROWSER_UID && ! unit_is $BROWSER_UNIT active
}

browser_titled()
{
	[ -n "$(desktop_as look xdotool search --onlyvisible --name "$1")" ]
}

browser_window()
{
	wait_for 120 browser_titled "$1"
}

question()
{
	wait_for 10 grep -q "^asked org.sallyport1.$1:" "$LAB/log/agent.log"
}

seen()
{
	boot_left "$1" '!dport=67' | grep -v ' dst=192\.0\.2\.' |
		sed -E 's/.* dst=([^ ]*) .* dport=([^ ]*) .*/\1 \2/' | sort -u
}

picture()
{
	[ -z "${UPDATE_SCREENSHOTS:-}" ] || person_shot "$LIB/../../docs/screenshots/$1.png"
}
