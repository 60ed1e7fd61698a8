# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What a fresh Debian 12 needs, for tests/check and tests/demo.
#
#   install_packages LOG PACKAGE...     those that are missing, by apt-get
#   fetch_packages LOG DIR PACKAGE...   those that are missing, with what they need: only downloaded
#   fetch_kernel LOG DIR                Debian's own kernel for emulated machines: only downloaded

# To build, and to run private hosts.
# shellcheck disable=SC2034 # for whoever sources this
PACKAGES=(
	gcc libc6-dev meson ninja-build pkgconf libcap-ng-dev libseccomp-dev libmnl-dev libnftnl-dev
	libinih-dev nettle-dev libsystemd-dev libjson-c-dev libglib2.0-dev
	libcurl4-gnutls-dev
	dbus dbus-daemon polkitd systemd nftables iproute2 python3 curl procps passwd util-linux
	systemd-container libpam-systemd python3-gi iptables isc-dhcp-client dnsmasq-base
)

# To boot with: unpacked on the disk of a machine that a test boots, never installed on this one,
# whose network they would want to manage.
# shellcheck disable=SC2034
GUESTS=(network-manager ifupdown)

# A Tor network of its own: unpacked on private hosts, never installed, where it would start.
# shellcheck disable=SC2034
TOR=(tor obfs4proxy)

# To emulate a machine with a kernel of its own; without them that test is skipped.
# shellcheck disable=SC2034
EMULATOR=(qemu-system-x86 kmod cpio)

# To build the windows.
# shellcheck disable=SC2034
FACES=(libgtk-4-dev libadwaita-1-dev libdbusmenu-glib-dev libxau-dev gettext)

# A desktop with somebody in front of it. None of them starts anything where it is installed.
# shellcheck disable=SC2034
DESK=(
	xvfb xauth xdotool openbox at-spi2-core gir1.2-atspi-2.0 gir1.2-gtk-4.0 gir1.2-adw-1
	x11-utils
	imagemagick fonts-dejavu-core librsvg2-common adwaita-icon-theme firefox-esr
	dunst gir1.2-dbusmenu-glib-0.4
)

# To judge.
# shellcheck disable=SC2034
JUDGES=(
	clang clang-format clang-tidy libclang-rt-14-dev shellcheck mandoc libxml2-utils binutils
	bash-completion zsh debhelper dpkg-dev lintian
)

# The compilers' and meson's own python, not somebody's in a home directory.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8
unset CC CFLAGS LDFLAGS

install_packages()
{
	local log=$1 missing=()
	shift
	mapfile -t missing < <(dpkg-query -W -f '${Package} ${db:Status-Status}\n' "$@" 2>/dev/null |
		awk '$2 == "installed" { print $1 }' | grep -vxFf - <(printf '%s\n' "$@"))
	[ ${#missing[@]} -gt 0 ] || return 0
	echo "  installing: ${missing[*]}"
	export DEBIAN_FRONTEND=noninteractive
	apt-get -qq update >"$log" 2>&1
	apt-get -qq -y --no-install-recommends install "${missing[@]}" >>"$log" 2>&1 ||
		{ tail -n 20 "$log"; return 1; }
}

fetch_packages()
{
	local log=$1 dir=$2
	shift 2
	mkdir -p "$dir/partial"
	apt-get -qq -y --no-install-recommends --download-only -o Dir::Cache::archives="$dir" \
		install "$@" >>"$log" 2>&1 || { tail -n 20 "$log"; return 1; }
}

fetch_kernel()
{
	local log=$1 dir=$2 name
	name=$(apt-cache depends linux-image-cloud-amd64 2>>"$log" |
		awk '$1 == "Depends:" { print $2; exit }')
	[ -n "$name" ] || return 1
	mkdir -p "$dir"
	(cd "$dir" && apt-get -qq -o APT::Sandbox::User=root download "$name") >>"$log" 2>&1
}
