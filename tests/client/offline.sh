#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The command line where there is no bus and no privilege: usage, help, completions, the man page,
# check and ruleset. SALLYPORT_BUILD=BUILD tests/client/offline.sh
here=$(dirname "$(readlink -f "$0")")
top=$(readlink -f "$here/../..")
# shellcheck source=tests/lib/tap.sh
. "$here/../lib/tap.sh"

: "${SALLYPORT_BUILD:?say which build to test: SALLYPORT_BUILD=DIR}"
sallyport=$(readlink -f "$SALLYPORT_BUILD/client/sallyport")
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"; tap_end' EXIT
# Must never happen: that a test asks the machine's own service.
export DBUS_SYSTEM_BUS_ADDRESS=unix:path=$tmp/no-bus
# What a process leaves that is about to end anyway is no leak; to look for it takes most of its time.
export ASAN_OPTIONS=${ASAN_OPTIONS:-}:detect_leaks=0
cd "$tmp" || exit 1

# says STATUS REGEX ARG...: the exit status, and what is said on standard error.
says()
{
	local status=$1 regex=$2 err rc=0
	shift 2
	err=$("$sallyport" "$@" 2>&1 >"$tmp/out" </dev/null) || rc=$?
	if [ "$rc" = "$status" ] && [[ $err =~ $regex ]]; then
		ok "sallyport $*: $status"
	else
		not_ok "sallyport $*: $status, $regex" "status $rc, said: $err"
	fi
}

json()
{
	/usr/bin/python3 -m json.tool >/dev/null
}

# --- usage: each is refused with a sentence that says what to write instead

says 2 'clearnet on NAME'
says 2 'did you mean "status"' stauts
says 2 'did you mean "clearnet on"' clearnet onn
says 2 'there is no "frobnicate"; see sallyport help' frobnicate
says 2 'clearnet off NAME' clearnet
says 2 'there is no "stat"' stat
says 2 'did you mean --for' clearnet on --fr 10min clearnet
says 2 '"status" has no option --for' status --for 10min
says 2 'no span of time; write 90s' clearnet on clearnet --for tomorrow
says 2 'no span of time' clearnet on clearnet --for 0
says 2 'no span of time' clearnet on clearnet --for 99999999999
says 2 '--for needs a value' clearnet on clearnet --for
says 2 '"probe" is no scope of a door; write full or portal' clearnet on clearnet --scope probe
says 2 '--scope needs a value' clearnet run clearnet --scope
says 2 '"clearnet extend" has no option --scope' clearnet extend 1 --scope portal
says 2 '--json takes no value' status --json=yes
says 2 'there is no option -j' status -j
says 2 'something is missing: sallyport clearnet on NAME' clearnet on
says 2 '"b" is one word too many' clearnet on a b
says 2 'after two dashes: sallyport clearnet run USER -- COMMAND' clearnet run nobody true
says 2 'something is missing' clearnet run nobody --
says 2 'something is missing' dns save eth0
says 2 '"192.0.2.300" is no address' dns save eth0 192.0.2.1 192.0.2.300
says 2 'made of no file' ruleset --built-in x.conf
says 2 '--all may have to ask' status --all --no-ask-password
says 2 'did you mean "check"' help chek

# --- no bus, no service: a sentence and its own status

for verb in status 'clearnet on x' 'clearnet off x' 'clearnet extend 1' 'dns show' \
	'dns save eth0 192.0.2.1' 'dns forget eth0' 'consent grant x' 'consent withdraw' \
	'consent show' reload verify watch blocked 'blocked --follow'; do
	# shellcheck disable=SC2086 # words
	says 3 'the system bus cannot be reached' $verb
	# shellcheck disable=SC2086
	"$sallyport" $verb --json >"$tmp/out" 2>/dev/null </dev/null || true
	check "sallyport $verb --json: its error is JSON" json <"$tmp/out"
done
is 'the error names its status' "$("$sallyport" status --json 2>/dev/null |
	/usr/bin/python3 -c 'import json, sys; print(json.load(sys.stdin)["error"]["exit"])')" 3

# --- becoming the user is looked at before anything else

as_nobody=()
[ "$(id -u)" != 0 ] || as_nobody=(setpriv --reuid=65534 --regid=65534 --clear-groups)
chmod 755 "$tmp"
install -m 755 "$sallyport" "$tmp/sallyport"
run_as_nobody()
{
	"${as_nobody[@]}" "$tmp/sallyport" clearnet run "$1" -- true 2>&1
}
out=$(run_as_nobody root)
is 'clearnet run as another user: 77' $? 77
like 'with a sentence' "$out" 'you may not become user "root", so no door was opened'
me=$("${as_nobody[@]}" id -u)
out=$(run_as_nobody "$me")
is 'as oneself it goes on to the bus' $? 3
says 7 'there is no user "no-such-user"' clearnet run no-such-user -- true

# --- the table of verbs, and everything that must agree with it

check 'help --json is JSON' json < <("$sallyport" help --json)
is '--help --json is the same' "$("$sallyport" --help --json)" "$("$sallyport" help --json)"
is 'VERB --help --json is of that verb' "$("$sallyport" clearnet on --help --json)" \
	"$("$sallyport" help clearnet on --json)"
for words in '0 --version --json' '0 --help --json' '0 status --help --json' '0 help clearnet --json' \
	'2 --json' '2 clearnet --json' '2 --frobnicate --json' '2 stauts --json' \
	'2 help --json nonsense' '2 -x status --json' '2 status --for --json'; do
	rc=0
	# shellcheck disable=SC2086 # words
	"$sallyport" ${words#* } >out 2>/dev/null </dev/null || rc=$?
	is "sallyport ${words#* }: ${words%% *}" $rc "${words%% *}"
	check "sallyport ${words#* }: JSON" json <out
done
"$sallyport" help --json | /usr/bin/python3 -c '
import json, sys
for v in json.load(sys.stdin)["verbs"]:
    print(v["verb"], "|", *v["options"])' >"$tmp/verbs"
check 'there are verbs' test "$(wc -l <"$tmp/verbs")" -ge 16

"$sallyport" --help >"$tmp/overview"
man=$(sed -n 's/^\.\(Cm\|It Cm\) \([a-z -]*[a-z]\).*/\2/p' "$top/docs/sallyport.1")
while IFS='|' read -r verb options; do
	verb=${verb% }
	# shellcheck disable=SC2086 # one or two words
	out=$("$sallyport" $verb --help)
	is "$verb --help: 0" $? 0
	for option in $options; do
		like "$verb --help names $option" "$out" "$option "
		grep -q -- "Fl -${option#--}" "$top/docs/sallyport.1" ||
			not_ok "the man page names $option"
	done
	# shellcheck disable=SC2086
	is "help $verb is the same" "$("$sallyport" help $verb)" "$out"
	check "the overview has $verb" grep -q "^  $verb " "$tmp/overview"
	check "the man page has $verb twice" test "$(grep -cx "$verb" <<<"$man")" -ge 2
done <"$tmp/verbs"
if command -v mandoc >/dev/null; then
	check 'the man page is well written' mandoc -Tlint -W warning "$top/docs/sallyport.1"
else
	skip 'the man page is well written' 'no mandoc'
fi
for status in 0 1 2 3 4 5 6 7 8 9 10 77 '126 , 127'; do
	check "the man page has exit status $status" grep -qx ".It $status" "$top/docs/sallyport.1"
done
is '--version' "$("$sallyport" --version)" \
	"sallyport $(sed -n "s/^    version: '\(.*\)',/\1/p" "$top/meson.build")"

# --- completions

# complete WORD...: what bash would offer for the last of them
complete_bash()
{
	bash -c '
		. "$1"
		shift
		COMP_WORDS=("$@")
		COMP_CWORD=$(($# - 1))
		_sallyport
		printf "%s\n" "${COMPREPLY[@]}"' _ "$top/client/completions/sallyport" "$@" |
		LC_ALL=C sort | tr '\n' ' '
}
sorted()
{
	tr ' ' '\n' | sed '/^$/d' | LC_ALL=C sort -u | tr '\n' ' '
}
is 'bash: the first words' "$(complete_bash sallyport '')" \
	"$(sed 's/ .*//' "$tmp/verbs" | sorted)"
for group in clearnet dns consent; do
	is "bash: the words after $group" "$(complete_bash sallyport $group '')" \
		"$(sed -n "s/^$group \([a-z]*\) .*/\1/p" "$tmp/verbs" | sorted)"
done
for group in clearnet dns consent; do
	is "bash: the words after help $group" "$(complete_bash sallyport help --json $group '')" \
		"$(complete_bash sallyport --json $group '')"
done
is 'bash: nothing after a whole verb' "$(complete_bash sallyport help clearnet on '')" ' '
is 'bash: the options of help' "$(complete_bash sallyport help clearnet --)" '--help --json '
while IFS='|' read -r verb options; do
	verb=${verb% }
	# shellcheck disable=SC2086
	is "bash: the options of $verb" "$(complete_bash sallyport $verb --)" \
		"$(sorted <<<"$options")"
done <"$tmp/verbs"
like 'bash: a user' "$(complete_bash sallyport clearnet on nobod)" '^nobody $'
like 'bash: a scope' "$(complete_bash sallyport clearnet run --scope por)" '^portal $'
like 'bash: a time' "$(complete_bash sallyport clearnet on --for 10)" '^10min $'
like 'bash: a command' "$(complete_bash sallyport clearnet run x -- pri)" 'printf '

zsh=$top/client/completions/_sallyport
while IFS='|' read -r verb options; do
	verb=${verb% }
	if [[ $verb == *' '* ]]; then
		label="^'$verb')"
		check "zsh: offers ${verb#* }" grep -q "'${verb#* }:" "$zsh"
	else
		label="^$verb)"
		check "zsh: offers $verb" grep -q "'$verb:" "$zsh"
	fi
	block=$(sed -n "/$label/,/;;/p" "$zsh")
	# shellcheck disable=SC2016 # it is zsh's
	for option in $options; do
		case $option in
		--help | --json) want='\$(asks|reads)' ;;
		--interactive | --no-ask-password) want='\$asks' ;;
		--for) want='\$span' ;;
		--scope) want='\$scope' ;;
		*) want="'$option\\[" ;;
		esac
		[[ $block =~ $want ]] || not_ok "zsh: $verb has $option" "$block"
	done
	check "zsh: $verb is there" test -n "$block"
done <"$tmp/verbs"
if command -v zsh >/dev/null; then
	check 'zsh reads it' zsh -n "$zsh"
else
	skip 'zsh reads it' 'no zsh'
fi

# --- check

cat >good.conf <<'EOF'
[users]
tor = 901
desktop = 1000
clearnet = 902
EOF
cat >bad.conf <<'EOF'
[users]
tor = 901
desktp = 1000
[lease]
default = soon
EOF
cat >warned.conf <<'EOF'
[users]
tor = 901
clearnet = 902 not-there-yet
EOF
says 0 '^$' check good.conf
is 'a good policy: silence' "$(cat out)" ''
says 1 '^$' check bad.conf
like 'every error with its line' "$(cat out)" $'bad.conf:3: .*\nbad.conf:5: '
says 0 'warned.conf:3: warning: .*not-there-yet' check warned.conf
is 'a warning is not on standard output' "$(cat out)" ''
says 1 '' check no-such-file.conf
like 'a missing file is named' "$(cat out)" '^no-such-file.conf: .'
mkdir directory
says 1 '' check directory
says 1 '' check good.conf bad.conf
says 0 '^$' check --show good.conf
like 'the merged policy says where from' "$(cat out)" 'clearnet = 902 ; good.conf:4'
cp out shown.conf
says 0 '^$' check shown.conf
is 'the merged policy is the same policy' "$("$sallyport" ruleset --json shown.conf | grep digest)" \
	"$("$sallyport" ruleset --json good.conf | grep digest)"
printf '[service x]\nlisten = 127.0.0.1:9999/tcp\nusers = 1000\n' >more.conf
says 0 '^$' check --show good.conf more.conf
like 'files are read as one' "$(cat out)" 'clearnet = 902 ; good.conf:4.*\[service x\]'
for file in good bad warned; do
	"$sallyport" check --json $file.conf >out 2>/dev/null
	is "check --json $file.conf: status" $? "$([ $file = bad ] && echo 1 || echo 0)"
	check "check --json $file.conf is JSON" json <out
done
says 0 '^$' check -- good.conf
for bad in $'no-such\xff.conf' $'no-such\x1b[31m.conf' $'no-such\xc2\x9b.conf'; do
	"$sallyport" check --json "$bad" >out 2>/dev/null || true
	check "check --json of a hostile name is JSON" json <out
	refused "and no such character is printed" grep -qP '\x1b|\xff|\xc2\x9b' <("$sallyport" check "$bad" 2>&1)
done

# --- ruleset

says 0 '^$' ruleset good.conf
like 'the ruleset is a table' "$(cat out)" '^table inet sallyport \{'
like 'with the origin of its elements' "$(cat out)" 'good.conf:4'
says 1 'bad.conf:3: .*with errors gives no wall' ruleset bad.conf
is 'a bad policy gives nothing' "$(cat out)" ''
says 0 '^$' ruleset --built-in
like 'the built-in wall' "$(cat out)" '^table inet sallyport \{'
check 'ruleset --json is JSON' json < <("$sallyport" ruleset --json good.conf)

# --- explain

cat >"$tmp/explain.conf" <<-'EOF'
	[users]
	tor = 101
	desktop = 4321
	clearnet = 900
	autoconfig = 905
	[service socks]
	listen = 127.0.0.1:9050/tcp
	users = 4321
	server = 101
	[dns]
	users = 4321
	[automap]
	users = 4321
	[tor]
	dns = yes
	[lan]
	exclude = 192.168.7.0/24
EOF
# explained VERDICT REGEX UID PROTOCOL DESTINATION
explained()
{
	local said
	said=$("$sallyport" explain --user "$3" "$4" "$5" explain.conf 2>&1)
	if [[ $said == "$1: "* && $said =~ $2 ]]; then
		ok "explain $3 $4 $5: $1"
	else
		not_ok "explain $3 $4 $5: $1" "$said"
	fi
}
explained accepted 'explain.conf:7, ' 4321 tcp 127.0.0.1:9050
explained refused 'users = 4321' 4321 tcp 127.0.0.1:9051
explained refused 'through Tor only' 4321 tcp 198.51.100.10:443
explained refused 'through Tor only' 4321 icmp 198.51.100.10
explained accepted 'redirected to port 5353' 4321 udp 127.0.0.1:53
explained refused '\[dns\] users' 4322 udp 127.0.0.1:53
explained accepted 'redirected to port 9040' 4321 tcp 127.192.0.1:80
explained refused '\[automap\] users' 4322 tcp 127.192.0.1:80
explained refused 'enable-clearnet-user' 900 tcp 198.51.100.10:443
explained refused 'with a door: accepted' 900 tcp 192.168.1.1:443
explained refused 'with a door: refused' 900 tcp 127.0.0.1:9050
explained refused 'with a door: refused' 900 132 198.51.100.10:443
explained refused 'consent grant' 905 tcp 198.51.100.10:80
explained accepted 'the LAN' 4321 tcp 192.168.1.1:80
explained refused 'not on the LAN' 4321 tcp 192.168.7.1:80
explained refused '\[lan\] refuse' 4321 udp 192.168.1.1:53
explained accepted 'explain.conf:2, ' 101 tcp 198.51.100.10:9001
explained accepted 'explain.conf:15, ' 101 udp 198.51.100.10:53
explained refused '\[tor\]' 101 udp 198.51.100.10:443
explained refused 'IPv6 is closed' 4321 tcp '[2001:db8::1]:443'
explained refused 'no \[service\]' 4321 tcp '[::1]:9050'
explained refused 'multicast' 4321 udp 224.0.0.251:5353
says 2 'no protocol' explain tpc 192.0.2.1:80
says 2 'which port' explain tcp 192.0.2.1
says 2 'has no ports' explain icmp 192.0.2.1:80
says 2 'is no port' explain tcp 192.0.2.1:0
says 2 'is no address' explain tcp example.org:80
says 2 'no files belong' explain --live tcp 192.0.2.1:80 explain.conf
says 3 'bus cannot be reached' explain --live tcp 192.0.2.1:80
says 7 'no user "no-such-user"' explain --user no-such-user tcp 192.0.2.1:80
check 'explain --json is JSON' json < <("$sallyport" explain --json tcp 192.0.2.1:80 explain.conf)

# What it says would allow it does: written into the policy, the same question has another answer.
allowed_then()
{
	local said remedy section
	said=$("$sallyport" explain --json --user "$1" "$2" "$3" explain.conf 2>/dev/null)
	remedy=$(/usr/bin/python3 -c 'import json, sys; print(json.load(sys.stdin)["remedy"])' <<<"$said")
	section=${remedy%%]*}]
	{
		cat explain.conf
		printf '%s\n' "${section/NAME/remedy}"
		sed 's/, \([a-z]*\) = /\n\1 = /g' <<<"${remedy#"$section" }"
	} >remedy.conf
	is "explain $1 $2 $3: then it passes: $remedy" "$("$sallyport" explain --json --user "$1" "$2" \
		"$3" remedy.conf 2>&1 | /usr/bin/python3 -c '
import json, sys; print(json.load(sys.stdin).get("verdict"))')" accepted
}
allowed_then 4321 tcp 127.0.0.1:9051
allowed_then 4321 udp 127.0.0.2:53
allowed_then 4321 tcp '[::1]:9050'
allowed_then 4322 udp 127.0.0.1:53
allowed_then 4321 tcp 127.0.0.1:53
allowed_then 4322 tcp 127.192.0.1:80
allowed_then 101 udp 198.51.100.10:443
explained refused 'redirection only' 4321 tcp 127.0.0.1:9040
explained refused 'redirection only' 4321 udp 127.0.0.1:5353
explained refused 'nobody' 4321 icmp 127.0.0.1
explained refused 'only TCP goes' 4321 udp 127.192.0.1:53
explained refused 'nobody' 101 132 198.51.100.10:443

# --- diff

sed 's/127.0.0.1:9050/127.0.0.1:9051/; s/^exclude.*/on-link = no/' explain.conf >changed.conf
sed 's/^server = 101/# a line\nserver = 101/' explain.conf >same.conf
says 0 '' diff explain.conf same.conf
is 'lines are no packets' "$(cat out)" 'no packet is treated differently'
says 1 '' diff explain.conf changed.conf
for line in 'TCP to 127.0.0.1, port 9050, by .*4321' 'was accepted (explain.conf:7), is refused' \
	'TCP to 127.0.0.1, port 9051, by .*4321' 'is accepted (changed.conf:7)' \
	'to 192.168.7.0/24, any port but'; do
	check "diff says: $line" grep -q "$line" out
done
says 1 '' diff --json explain.conf changed.conf
check 'diff --json is JSON' json <out
says 1 '' diff changed.conf explain.conf
says 2 'something is missing' diff explain.conf
says 1 'gives no wall' diff explain.conf <(echo '[nonsense]')

# --- output

rc=0
"$sallyport" help >/dev/full 2>err || rc=$?
is 'output that nobody gets is a failure' $rc 1
refused 'no colours where there is no terminal' grep -q $'\033' <("$sallyport" help; cat out)
