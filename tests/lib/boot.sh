# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# A machine that really boots: systemd as PID 1 in a throw-away container over the root of this
# machine, for the private host that sources this after lab.sh and net.sh. Nothing of the machine is
# touched: writes go to an overlay in memory, which is the booted machine's disk. A boot takes about
# a second.
#
#   boot_disk                makes the disk: Debian without the units that this machine enables and
#                            without its data, with the private host's users. Once, before boot_up
#   boot_install             installs the build under test on it by `meson install`, enables it
#   boot_enable UNIT...      as systemctl enable
#   boot_packages [DIR]      unpacks the Debian packages of DIR on it ($SALLYPORT_DEBS, which
#                            tests/check fills; no maintainer script runs). 1 when there are none
#
#   boot_up [-n] [UNIT]      boots to UNIT (multi-user.target); ready when systemd has settled. With
#                            -n it only waits until there is a systemd that can be asked
#   boot_down                powers off; returns when the last process has gone. With -k the network
#                            is kept as it was then, for boot_ended to end
#   boot_crash               the power fails
#
#   in_boot COMMAND...       inside, as root, in no session
#   login_as USER SEAT COMMAND...    in a session of logind: on seat0 it is local and active, with
#                            "" it has no seat
#   login_remote USER HOST COMMAND   by login(1) from that host; COMMAND is one line for a shell
#   unit_is UNIT STATE       what systemctl is-active says
#   unit_has UNIT PROPERTY   the value of that property
#   boot_journal [OPTION...] the journal of this boot, as journalctl prints it
#   boot_console             what the console has shown
#
# Every boot has a network namespace of its own, as on a real machine: with nothing in it but eth0,
# and that is down. Between boots eth0 is the private host's again. Outside, in that network:
#
#   boot_net COMMAND...      any program
#   boot_link                eth0 comes up with its addresses and routes, as net_link of net.sh does
#   boot_link_up             whether it is up
#   boot_sees UID KIND ADDRESS:PORT  what the prober saw
#   boot_mark, boot_left FROM [FILTER...]   mark and left of net.sh
#
# $BOOT_ROOT is the disk as the booted machine sees it, $BOOT_DISK what was ever written to it.
# BOOT_OPTIONS is an array of further options of systemd-nspawn(1).

BOOT=$LAB/boot
BOOT_ROOT=$BOOT/root
BOOT_DISK=$BOOT/disk
BOOT_OPTIONS=()
BOOT_LEADER=
BOOT_NUMBER=0
export BOOT_ROOT BOOT_DISK

# Directories that begin empty: what this machine has there is its own, and not small.
BOOT_EMPTY=(
	boot home media mnt opt root srv tmp usr/local
	etc/cron.d etc/init.d etc/network etc/NetworkManager etc/polkit-1/rules.d etc/sallyport
	etc/systemd/network etc/systemd/system etc/rc{0,1,2,3,4,5,6,S}.d
	var/cache var/crash var/lib/NetworkManager var/lib/systemd var/log var/spool var/tmp
)

boot_disk()
{
	local dir
	mkdir -p "$BOOT"/{lower,disk,work,root}
	mount --bind / "$BOOT/lower" # without what is mounted below it
	for dir in "${BOOT_EMPTY[@]}"; do
		[ -d "$BOOT/lower/$dir" ] || continue
		mkdir -p "$BOOT_DISK/$dir"
		/usr/bin/python3 -c 'import os, sys
os.setxattr(sys.argv[1], "trusted.overlay.opaque", b"y")' "$BOOT_DISK/$dir"
	done
	# Directories that were made on the way there are as they are below.
	(cd "$BOOT_DISK" && find . -mindepth 1 -type d) | while read -r dir; do
		chmod --reference="$BOOT/lower/$dir" "$BOOT_DISK/$dir"
		chown --reference="$BOOT/lower/$dir" "$BOOT_DISK/$dir"
	done
	mount -t overlay -o "lowerdir=$BOOT/lower,upperdir=$BOOT_DISK,workdir=$BOOT/work" \
		booted "$BOOT_ROOT" || bail "no overlay for a disk"
	cp -a /etc/{passwd,group,shadow,gshadow,nsswitch.conf,hosts} "$BOOT_ROOT/etc/"
	install -d -o root -g polkitd -m 750 "$BOOT_ROOT/etc/polkit-1/rules.d"
	echo booted >"$BOOT_ROOT/etc/hostname"
	echo "0123456789abcdef0123456789abcdef" >"$BOOT_ROOT/etc/machine-id"
	rm -f "$BOOT_ROOT/etc/resolv.conf"
	echo 'nameserver 127.0.0.1' >"$BOOT_ROOT/etc/resolv.conf"
	mkdir -p "$BOOT_ROOT/var/log/journal" # as Debian has it: the journal is on the disk
}

boot_install()
{
	mount -t tmpfs -o mode=755 logs "$LAB_BUILD/meson-logs"
	DESTDIR=$BOOT_ROOT meson install -C "$LAB_BUILD" --no-rebuild --quiet \
		>"$LAB/log/install.log" 2>&1 || bail "meson install" "$(log_of install)"
	umount "$LAB_BUILD/meson-logs"
	boot_enable sallyport-seal.service sallyport-engine.socket sallyport-engine.service \
		sallyport.service
}

boot_packages()
{
	local deb
	for deb in "${1:-${SALLYPORT_DEBS:-/nonexistent}}"/*.deb; do
		[ -f "$deb" ] || return 1
		[[ ${deb##*/} != udev_* ]] || continue # would wait for devices, of which it has none
		dpkg-deb --fsys-tarfile "$deb" |
			tar --extract --keep-directory-symlink --directory="$BOOT_ROOT" ||
			bail "unpack $deb"
	done
}

boot_enable()
{
	systemctl --quiet --root="$BOOT_ROOT" enable "$@" || bail "enable $*"
}

# --- up and down

tap_diagnose()
{
	[ -z "$BOOT_LEADER" ] || boot_journal --lines=200 >"$LAB/log/journal-$BOOT_NUMBER.log" 2>&1
	lab_diagnose
}

boot_name()
{
	echo "boot-$BOOT_NUMBER"
}

boot_console()
{
	log_of "$(boot_name)" | tr -d '\r' | sed 's/\x1b\[[0-9;]*[A-Za-z]//g'
}

# It answers, so that whoever asks next is answered, too.
boot_leader()
{
	BOOT_LEADER=$(pgrep -P "$(pid_of "$(boot_name)")" -x systemd) && in_boot systemctl show-environment
}

boot_settled()
{
	in_boot systemctl is-system-running | grep -qE '^(running|degraded|maintenance)$'
}

# As a kernel has it when it starts, but for duplicate address detection, which only takes time.
boot_network()
{
	ip netns add booted
	ip link set eth0 netns booted
	boot_net sh -c 'cd /proc/sys/net && echo 0 2147483647 >ipv4/ping_group_range
		echo 0 >ipv6/conf/eth0/accept_dad
		for where in all default; do
			echo 0 >ipv4/conf/$where/rp_filter
			echo 0 >ipv6/conf/$where/accept_dad
		done'
}

# /tmp is on the disk, as Debian has it. Of /proc/sys only the network's part can be written.
boot_up()
{
	local wait=1
	[ "${1:-}" != -n ] || { wait=0; shift; }
	[ -z "$BOOT_LEADER" ] || bail "it runs already"
	BOOT_NUMBER=$((BOOT_NUMBER + 1))
	boot_network
	export SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1 SYSTEMD_NSPAWN_TMPFS_TMP=0 \
		SYSTEMD_NSPAWN_API_VFS_WRITABLE=network
	start "$(boot_name)" systemd-nspawn --quiet --directory="$BOOT_ROOT" --machine=booted \
		--network-namespace-path=/run/netns/booted --register=no --keep-unit --link-journal=no \
		--resolv-conf=off --timezone=off --console=read-only \
		--capability=CAP_NET_ADMIN,CAP_NET_RAW --bind-ro="$LAB/src" --bind-ro="$LAB/build" \
		"${BOOT_OPTIONS[@]}" --boot systemd.unit="${1:-multi-user.target}"
	wait_for 20 boot_leader || bail "systemd does not start" "$(boot_console)"
	[ $wait = 0 ] || wait_for 60 boot_settled ||
		bail "systemd does not settle" "$(in_boot systemctl list-jobs --no-pager)"
}

boot_ended()
{
	journalctl --no-pager --directory="$BOOT_ROOT/var/log/journal" --lines=200 \
		>"$LAB/log/journal-$BOOT_NUMBER.log" 2>&1
	BOOT_LEADER=
	rm -f "$LAB/pid/$(boot_name)"
	ip -n booted link set eth0 netns $$
	ip netns del booted
}

boot_down()
{
	in_boot systemctl --no-block poweroff 2>/dev/null # the answer may come too late
	wait_for 60 gone "$(boot_name)" || bail "it does not power off" "$(boot_console | tail -n 20)"
	[ "${1:-}" = -k ] || boot_ended
}

boot_crash()
{
	kill -KILL "$BOOT_LEADER" "$(pid_of "$(boot_name)")"
	wait_for 10 gone "$(boot_name)" || bail "it does not die"
	boot_ended
}

# --- inside

in_boot()
{
	nsenter --target "$BOOT_LEADER" --all env --ignore-environment \
		PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root \
		LC_ALL=C.UTF-8 TERM=dumb LAB="$LAB" LAB_BUILD="$LAB_BUILD" SYSTEMD_PAGER=cat "$@"
}

# A $ is the shell's that runs inside, not systemd's.
login_as()
{
	local user=$1 seat=$2
	shift 2
	in_boot systemd-run --quiet --wait --pipe --collect --service-type=exec \
		--property=User="$user" --property=PAMName=login \
		--property=Environment="${seat:+XDG_SEAT=$seat} XDG_SESSION_TYPE=x11 XDG_SESSION_CLASS=user" \
		"${@//\$/\$\$}"
}

# What the terminal shows before COMMAND's own output is left out.
login_remote()
{
	in_boot script --quiet --return --command "login -h $2 -f $1" /dev/null <<-EOT |
		stty -echo
		echo; echo output:; exec sh -c '$3'
	EOT
		tr -d '\r' | sed '1,/^output:$/d'
}

unit_is()
{
	[ "$(in_boot systemctl is-active "$1")" = "$2" ]
}

unit_has()
{
	in_boot systemctl show --value --property="$2" "$1"
}

boot_journal()
{
	in_boot journalctl --no-pager --boot "$@"
}

# --- its network, from outside

boot_net()
{
	ip netns exec booted "$@"
}

boot_link()
{
	ip -n booted -batch - <<-'EOT'
		link set eth0 up
		addr add 192.168.77.10/24 brd + dev eth0
		route add default via 192.168.77.1
	EOT
	# The installed sysctl file turns IPv6 off on it; without that file it is on.
	[ "$(boot_net cat /proc/sys/net/ipv6/conf/eth0/disable_ipv6)" = 1 ] ||
		ip -n booted -batch - <<-'EOT'
			addr add 2001:db8:77::10/64 dev eth0 nodad
			route add default via 2001:db8:77::1 dev eth0 onlink
		EOT
}

boot_link_up()
{
	ip -n booted link show eth0 | grep -q '[<,]UP[,>]'
}

boot_sees()
{
	echo "[{\"kind\": \"$2\", \"to\": \"${3%:*}\", \"port\": ${3##*:}}]" |
		boot_net /usr/bin/python3 "$LIB/prober.py" "$1" | sed 's/.*"saw": "\([^"]*\)".*/\1/'
}

boot_mark()
{
	boot_net "$HELPERS/wiretap" mark eth0 "$WIRETAP"
}

boot_left()
{
	boot_mark >/dev/null
	wire_list "$@" dir=out '!class=arp'
}
