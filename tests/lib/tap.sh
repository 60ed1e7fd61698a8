# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# A report in TAP, for whatever sources this; lab.sh does. The plan comes at the end by itself; the
# exit status is 0 only if nothing failed.
#
#   ok TEXT, not_ok TEXT [WHY], skip TEXT WHY one line of the report
#   check TEXT COMMAND...                     ok if COMMAND succeeds; its output is the diagnosis
#   refused TEXT COMMAND...                   ok if COMMAND fails
#   is TEXT GOT EXPECTED, like TEXT GOT REGEX
#   reports COMMAND...                        a program that prints such lines by itself
#   note TEXT...                              a comment
#   bail TEXT                                 give up: counts as a failure
#   wait_for SECONDS COMMAND...               until COMMAND succeeds; 1 when the time is up. On a slow
#                                             machine LAB_PATIENCE says how many times as long

tap_n=0
tap_failed=0

note()
{
	printf '%s\n' "$*" | sed 's/^/# /'
}

ok()
{
	tap_n=$((tap_n + 1))
	echo "ok $tap_n - $*"
}

# not_ok TEXT [DIAGNOSIS]
not_ok()
{
	tap_n=$((tap_n + 1))
	tap_failed=$((tap_failed + 1))
	echo "not ok $tap_n - $1"
	[ -z "${2:-}" ] || note "$2" | head -n 30
}

skip()
{
	tap_n=$((tap_n + 1))
	echo "ok $tap_n - $1 # SKIP $2"
}

check()
{
	local text=$1 out
	shift
	if out=$("$@" 2>&1); then
		ok "$text"
	else
		not_ok "$text" "status $? of: $*
$out"
	fi
}

refused()
{
	local text=$1 out
	shift
	if out=$("$@" 2>&1); then
		not_ok "$text" "this should have failed: $*
$out"
	else
		ok "$text"
	fi
}

is()
{
	if [ "$2" = "$3" ]; then
		ok "$1"
	else
		not_ok "$1" "got:      $2
expected: $3"
	fi
}

like()
{
	if [[ $2 =~ $3 ]]; then
		ok "$1"
	else
		not_ok "$1" "got:           $2
does not match: $3"
	fi
}

bail()
{
	not_ok "$@"
	exit 1
}

# Runs a program that prints lines "ok TEXT", "not ok TEXT", "skip TEXT # WHY" and "# ..."; each
# becomes a line of this report. That it ends well is one more.
reports()
{
	local line seen=0
	while IFS= read -r line; do
		case $line in
		'ok '*) ok "${line#ok }" ;;
		'not ok '*) not_ok "${line#not ok }" ;;
		'skip '*)
			line=${line#skip }
			skip "${line%% # *}" "${line#* # }"
			;;
		'status 0') [ $seen = 1 ] || not_ok "$1 says something" ;;
		'status '*) not_ok "$(basename "${!#}") ran to its end" "$line" ;;
		*) note "${line#\# }" ;;
		esac
		seen=1
	done < <(rc=0; "$@" 2>&1 || rc=$?; echo "status $rc")
}

# What to print when something failed; lab.sh has its logs to show.
tap_diagnose()
{
	:
}

tap_end()
{
	local status=$?
	trap - EXIT
	if [ $status != 0 ] && [ $tap_failed = 0 ]; then
		not_ok "ran to its end" "left with status $status"
	fi
	[ $tap_n -gt 0 ] || not_ok "tested anything"
	[ $tap_failed = 0 ] || tap_diagnose
	echo "1..$tap_n"
	[ $tap_failed = 0 ] || exit 1
	exit 0
}
trap tap_end EXIT
trap 'exit 143' TERM

# Asks at once, and then at intervals of a tenth of the time that it has waited: whatever it waits
# for wants the processor, too.
wait_for()
{
	local seconds=$1 start=${EPOCHREALTIME/[.,]/} waited=0 most pause
	shift
	printf -v most '%.0f' "${seconds}e6"
	most=$((most * ${LAB_PATIENCE:-1}))
	until "$@" >/dev/null 2>&1; do
		waited=$((${EPOCHREALTIME/[.,]/} - start))
		[ $waited -lt $most ] || return 1
		pause=$((waited < 100000 ? 10000 : waited > 500000 ? 50000 : waited / 10))
		printf -v pause '0.%06d' $pause
		sleep "$pause"
	done
}
