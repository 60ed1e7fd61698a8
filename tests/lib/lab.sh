# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2119,SC2120
#
# The laboratory: everything a test needs on its private host. To be sourced by bash.
#
# A test is an executable that begins
#
#	#!/bin/bash
#	# SPDX-License-Identifier: GPL-2.0-or-later
#	# What it shows, in a sentence.
#	. "$(dirname "$(readlink -f "$0")")/../lib/lab.sh"
#
# and is run as `SALLYPORT_BUILD=BUILD tests/netns/NAME`. Sourcing runs the test again inside
# private-host, where it is root, owns everything, and may break what it likes. It prints TAP; the
# plan comes at the end by itself, and the exit status is 0 only if nothing failed. When something
# failed, the logs of all that was started follow as comments.
#
#   ok, not_ok, skip, check, refused, is, like, reports, note, bail, wait_for: see tap.sh
#
#   as USER COMMAND...                        as that user (name or number), no privilege left
#   start [-u USER] NAME COMMAND...           in the background, log in $LAB/log/NAME.log
#   stop NAME [SIGNAL]                        TERM (or SIGNAL), and waits until it has gone
#   signal NAME SIGNAL, pid_of NAME, alive NAME, log_of NAME
#
#   start_bus, start_polkit                   the real ones, ready when the function returns
#   start_engine [OPTION...]                  as the service manager would; ready: it said so
#   start_service [OPTION...]                 the bus process, as _sallyport; ready: has its name
#   start_all                                 the four
#   sanitized                                 whether the build is one with sanitizers
#   write_policy <FILE                        /etc/sallyport/policy.conf of the private host
#   polkit_rules NAME <FILE                   adds a rules file and waits until polkitd has it
#   fake_session UID NAME ID [ACTIVE] [REMOTE], end_session ID, in_session UID ID COMMAND...
#
# net.sh beside this file adds the network. Of each helper program $HELPERS/NAME is the path.

if [ -z "${LAB:-}" ]; then
	: "${SALLYPORT_BUILD:?say which build to test: SALLYPORT_BUILD=DIR}"
	exec "$(dirname "${BASH_SOURCE[0]}")/private-host" --build "$SALLYPORT_BUILD" \
		"$(readlink -f "$0")" "$@"
fi

LIB=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
HELPERS=$LAB_BUILD/tests/lib
LIBEXEC=/usr/libexec/sallyport
export LIB HELPERS LIBEXEC

# shellcheck source=tests/lib/tap.sh
. "$LIB/tap.sh"

tap_diagnose()
{
	lab_diagnose
}

lab_diagnose()
{
	local log
	for log in "$LAB"/log/*.log; do
		[ -s "$log" ] || continue
		note "--- $(basename "$log")"
		tail -n 40 "$log" | sed 's/^/#   /'
	done
}

# --- processes

lab_ids()
{
	local gid
	gid=$(id -g "$1" 2>/dev/null) || gid=65534
	if getent passwd "$1" >/dev/null; then
		echo "--reuid=$(id -u "$1") --regid=$gid --init-groups"
	else
		echo "--reuid=$1 --regid=$gid --clear-groups"
	fi
}

as()
{
	local user=$1
	shift
	# shellcheck disable=SC2046 # options, one a word
	setpriv $(lab_ids "$user") --inh-caps=-all --ambient-caps=-all "$@"
}

start()
{
	local user=root name ids=
	if [ "$1" = -u ]; then
		user=$2
		shift 2
	fi
	name=$1
	shift
	! alive "$name" || bail "$name runs already"
	if [ "$user" != root ]; then
		ids=$(lab_ids "$user")
		# shellcheck disable=SC2086 # options, one a word
		setpriv $ids --inh-caps=-all --ambient-caps=-all "$@" </dev/null \
			>>"$LAB/log/$name.log" 2>&1 &
	else
		"$@" </dev/null >>"$LAB/log/$name.log" 2>&1 &
	fi
	echo $! >"$LAB/pid/$name"
	disown $! # its end is no news for the report
}

pid_of()
{
	cat "$LAB/pid/$1" 2>/dev/null
}

log_of()
{
	cat "$LAB/log/$1.log" 2>/dev/null
}

# Runs, and is not a zombie.
alive()
{
	local pid stat
	pid=$(pid_of "$1") || return 1
	read -r stat 2>/dev/null <"/proc/$pid/stat" || return 1
	[[ ${stat##*) } != [ZX]* ]]
}

gone()
{
	! alive "$1"
}

signal()
{
	kill "-$2" "$(pid_of "$1")"
}

stop()
{
	local pid
	alive "$1" || { rm -f "$LAB/pid/$1"; return 0; }
	pid=$(pid_of "$1")
	kill "-${2:-TERM}" "$pid"
	kill -CONT "$pid" 2>/dev/null || true
	if ! wait_for 10 gone "$1"; then
		note "$1 did not end within 10 s: killed"
		kill -KILL "$pid"
		wait_for 5 gone "$1" || true
	fi
	rm -f "$LAB/pid/$1"
}

# --- the bus, polkit, the two processes

has_name()
{
	busctl --system --no-pager status "$1"
}

start_bus()
{
	start dbus dbus-daemon --system --nofork --nopidfile --nosyslog
	wait_for 10 test -S /run/dbus/system_bus_socket || bail "no bus"
}

# As root: it becomes polkitd by itself. With its debug log, which says when it has read rules.
start_polkit()
{
	start polkit /usr/lib/polkit-1/polkitd
	wait_for 10 has_name org.freedesktop.PolicyKit1 || bail "no polkitd"
}

# start_engine [OPTION...]. With -n first: does not wait until it is ready.
start_engine()
{
	local wait=1 binary=${LAB_ENGINE:-$LIBEXEC/sallyport-engine}
	if [ "${1:-}" = -n ]; then
		wait=0
		shift
	fi
	if [ $wait = 0 ]; then
		start engine "$binary" --socket /run/sallyport/engine.sock "$@"
		return 0
	fi
	rm -f "$LAB/notify"
	"$HELPERS/notify-wait" "$LAB/notify" $((20000 * ${LAB_PATIENCE:-1})) &
	local waiter=$!
	wait_for 5 test -S "$LAB/notify" || bail "notify-wait does not listen"
	NOTIFY_SOCKET=$LAB/notify start engine "$binary" --socket /run/sallyport/engine.sock "$@"
	while kill -0 $waiter 2>/dev/null; do
		alive engine || { kill $waiter; break; }
		sleep 0.01
	done
	wait $waiter || { note "$(log_of engine)"; bail "the engine did not say READY=1"; }
}

start_service()
{
	start -u _sallyport service "$LIBEXEC/sallyport-bus" "$@"
	wait_for 20 has_name org.sallyport1 || bail "the bus process did not take its name"
}

start_all()
{
	start_bus
	start_polkit
	start_engine
	start_service
}

# Beside a sanitizer a library of ours cannot be, and times say nothing.
sanitized()
{
	grep -q __asan_init "$LIBEXEC/sallyport-engine"
}

write_policy()
{
	mkdir -p /etc/sallyport
	cat >/etc/sallyport/policy.conf.new
	chmod 644 /etc/sallyport/policy.conf.new
	mv /etc/sallyport/policy.conf.new /etc/sallyport/policy.conf
}

# polkit_rules NAME: polkitd says in its log when it has compiled them.
polkit_rules()
{
	local token=lab-$RANDOM-$RANDOM
	# The file says itself that it was read: a reload may be one for another file.
	{
		cat
		echo "polkit.log(\"$token\");"
	} >"$LAB/tmp/rules"
	# From another file system mv would copy, and polkitd read half of it, and not again.
	install -o polkitd -m 644 "$LAB/tmp/rules" "/etc/polkit-1/rules.d/$1.new"
	mv "/etc/polkit-1/rules.d/$1.new" "/etc/polkit-1/rules.d/$1.rules"
	! alive polkit || wait_for 10 grep -q "$token" "$LAB/log/polkit.log" ||
		bail "polkitd did not read rules"
}

polkit_rules_remove()
{
	local before
	before=$(log_of polkit | grep -c 'Finished loading, compiling and executing' || true)
	rm "/etc/polkit-1/rules.d/$1.rules"
	! alive polkit || wait_for 10 lab_rules_read "$before" || bail "polkitd did not read rules"
}

lab_rules_read()
{
	[ "$(log_of polkit | grep -c 'Finished loading, compiling and executing')" -gt "$1" ]
}

# --- sessions, as logind would have written them: polkit asks libsystemd, which reads these files

have_sessions()
{
	[ -n "$LAB_CGROUP" ]
}

# fake_session UID NAME ID [ACTIVE=1] [REMOTE=0]
fake_session()
{
	local uid=$1 name=$2 id=$3 active=${4:-1} remote=${5:-0} state=online
	[ "$active" != 1 ] || state=active
	mkdir -p "$LAB_CGROUP/user.slice/user-$uid.slice/session-$id.scope"
	{
		printf '%s\n' "UID=$uid" "USER=$name" "ACTIVE=$active" IS_DISPLAY=1 \
			"STATE=$state" "REMOTE=$remote" TYPE=x11 CLASS=user \
			"SCOPE=session-$id.scope" LEADER=1
		[ "$remote" = 1 ] || printf '%s\n' SEAT=seat0 VTNR=1
	} >"$LAB/tmp/session"
	mv "$LAB/tmp/session" "/run/systemd/sessions/$id"
	printf '%s\n' "NAME=$name" "STATE=$state" "DISPLAY=$id" "SESSIONS=$id" SEATS=seat0 \
		"ACTIVE_SESSIONS=$id" "ONLINE_SESSIONS=$id" >"/run/systemd/users/$uid"
	if [ "$active" = 1 ] && [ "$remote" != 1 ]; then
		printf '%s\n' IS_SEAT0=1 "ACTIVE=$id" "ACTIVE_UID=$uid" "SESSIONS=$id" \
			"UIDS=$uid" >/run/systemd/seats/seat0
	fi
}

end_session()
{
	rm -f "/run/systemd/sessions/$1"
}

in_session()
{
	local uid=$1 id=$2
	shift 2
	(
		echo "$BASHPID" >"$LAB_CGROUP/user.slice/user-$uid.slice/session-$id.scope/cgroup.procs"
		as "$uid" "$@"
	)
}
