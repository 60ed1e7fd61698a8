# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# The real NetworkManager, for the private host that sources this after lab.sh. Where it is not
# installed it is unpacked from $SALLYPORT_DEBS, into what is an overlay here.
#
#   nm_need           ends the test, as skipped, where it is not to be had
#   nm_config LINE... /etc/NetworkManager anew, with these lines of its configuration alone
#   nm_connection NAME INTERFACE LINE...   a connection; the lines begin in its section [ipv4]
#   nm_start          ready when the function returns, but for its links
#   nm_connected INTERFACE

nm_need()
{
	local deb
	for deb in "${SALLYPORT_DEBS:-/nonexistent}"/*.deb; do
		[ -f "$deb" ] || continue
		dpkg-deb --fsys-tarfile "$deb" | tar --extract --keep-directory-symlink --directory=/ \
			--wildcards './usr/*' './lib/*' './etc/*' 2>/dev/null
	done
	command -v NetworkManager >/dev/null && return
	skip "NetworkManager" "its package is not here (SALLYPORT_DEBS)"
	exit 0
}

nm_config()
{
	rm -rf /etc/NetworkManager /var/lib/NetworkManager
	mkdir -p /etc/NetworkManager/{system-connections,conf.d,dispatcher.d} /var/lib/NetworkManager
	printf '%s\n' "$@" >/etc/NetworkManager/NetworkManager.conf
	mount -o remount,bind,ro /sys # else it waits for udev, which is not here
}

nm_connection()
{
	local file=/etc/NetworkManager/system-connections/$1.nmconnection
	(
		umask 077
		printf '[connection]\nid=%s\ntype=ethernet\ninterface-name=%s\n[ipv4]\n' "$1" "$2" >"$file"
		shift 2
		printf '%s\n' "$@" >>"$file"
	)
}

nm_start()
{
	start nm NetworkManager --debug --log-level=INFO
	wait_for 20 has_name org.freedesktop.NetworkManager || bail "no NetworkManager"
}

nm_connected()
{
	nmcli --terse --fields GENERAL.STATE device show "$1" | grep -q '^GENERAL.STATE:100'
}
