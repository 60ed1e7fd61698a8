# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# For tests of the bus process: clients that are told what to do, line by line.
#
#   peer NAME UID SESSION   starts one in that session ("-": in none); says "ready" when it listens
#   tell NAME WORDS...      a line for it
#   said NAME SECONDS REGEX waits until it has printed such a line since the last told()
#   told NAME               what it printed since then; forgets it
#   call INTERFACE.MEMBER ARG...   one call by gdbus; prints the result or "error NAME"
#   network                 a link with a default route: something that consent can be for
#   policy EXTRA-LINES      a policy with a door for clearnet and clearnet2

# shellcheck disable=SC2034
BUS_HELPERS=$LAB_BUILD/tests/bus

policy()
{
	{
		printf '[users]\ntor = debian-tor\ndesktop = 1000\nclearnet = clearnet clearnet2\n'
		printf 'autoconfig = _sallyport-probe\n'
		cat
	} | write_policy
}

told_from()
{
	cat "$LAB/tmp/$1.from" 2>/dev/null || echo 1
}

told()
{
	tail -n "+$(told_from "$1")" "$LAB/log/$1.log"
	echo $(($(wc -l <"$LAB/log/$1.log") + 1)) >"$LAB/tmp/$1.from"
}

has_said()
{
	tail -n "+$(told_from "$1")" "$LAB/log/$1.log" | grep -qE -- "$2"
}

said()
{
	wait_for "$2" has_said "$1" "$3" || {
		note "$1 did not say \"$3\" but:"
		note "$(tail -n "+$(told_from "$1")" "$LAB/log/$1.log")"
		return 1
	}
}

tell()
{
	local name=$1
	shift
	echo "$*" >"$LAB/tmp/$name.fifo"
}

# controlled NAME PROGRAM...: a program that reads commands from its FIFO
controlled()
{
	local name=$1
	shift
	rm -f "$LAB/tmp/$name.fifo" "$LAB/tmp/$name.from"
	mkfifo -m 666 "$LAB/tmp/$name.fifo"
	chmod 666 "$LAB/tmp/$name.fifo"
	: >"$LAB/log/$name.log"
	"$@" "$LAB/tmp/$name.fifo"
	said "$name" 10 '^ready$' || bail "$name is not ready"
	told "$name" >/dev/null
}

# The program itself has the pid that stop() and signal() know.
run_in_session()
{
	local name=$1 uid=$2 session=$3
	shift 3
	if [ "$session" = - ]; then
		start -u "$uid" "$name" "$@"
		return
	fi
	# shellcheck disable=SC2016,SC2046 # expanded by the inner shell; options, one a word
	start "$name" bash -c 'echo $$ >"$1"; shift; exec setpriv "$@"' - \
		"$LAB_CGROUP/user.slice/user-$uid.slice/session-$session.scope/cgroup.procs" \
		$(lab_ids "$uid") --inh-caps=-all --ambient-caps=-all "$@"
}

peer()
{
	controlled "$1" run_in_session "$1" "$2" "$3" "$BUS_HELPERS/bus-peer"
}

call()
{
	local member=$1 out
	shift
	if out=$(gdbus call --system -d org.sallyport1 -o /org/sallyport1 \
		-m "org.sallyport1.$member" "$@" 2>&1); then
		echo "$out"
	else
		sed -n 's/^Error: GDBus.Error:\([A-Za-z0-9.]*\):.*/error \1/p' <<<"$out" | head -n 1
	fi
}

network()
{
	ip -batch - <<-'EOF'
		link add name eth0 type veth peer name far
		link set far up
		link set eth0 up
		addr add 192.0.2.10/24 dev eth0
		route add default via 192.0.2.1 dev eth0
	EOF
}

# The polkit rule that lets alice (5001) and root's tests have doors without a question.
allow_alice()
{
	polkit_rules 10-test <<-'EOF'
		polkit.addRule(function(action, subject) {
			if (action.id == "org.sallyport1.enable-clearnet-user" && subject.user == "alice")
				return polkit.Result.YES;
		});
	EOF
}

# The kernel's elements of open doors: how many.
doors_in_kernel()
{
	nft list set inet sallyport live | grep -o '0x0[45][0-9a-f]*' | wc -l
}

no_doors()
{
	[ "$(doors_in_kernel)" = 0 ]
}
