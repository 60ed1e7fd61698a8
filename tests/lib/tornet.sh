# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# A small Tor network of its own, for the private host that sources this after lab.sh and net.sh:
# the real tor and obfs4proxy, in a namespace behind the router.
#
#   router (net.sh) onion ---- tor0, namespace tornet: 192.0.2.11 the directory authority, .12 a relay
#   192.0.2.1                  and obfs4 bridge, .13 and .14 relays, .19 an onion service
#
#   tor_here          whether they are to be had: where they are not installed they are unpacked from
#                     $SALLYPORT_DEBS/tor, into an overlay
#   tor_need          ends the test, as skipped, where they are not
#   tornet_start      after net_up; the network grows beside what follows
#   tornet_ready      until it is there: all relays in a consensus, the onion service published
#   tornet_client DIR LINE...   the configuration of one more tor of this network: DIR/torrc; DIR is
#                     its data directory. Whose it is the caller says with chown
#   tornet_onion      the name of the onion service, which answers on port 80: "through the onion"
#   tornet_bridge     the configuration for a client behind obfs4
#   tor_bootstrapped NAME   of one that was started

TORNET=$LAB/tornet
TORNET_RELAYS=3 # besides the authority: a circuit to an onion service has four different ones
TORNET_VOTE=4   # seconds from a vote to its consensus: the least that tor allows

tor_here()
{
	local deb
	for deb in "${SALLYPORT_DEBS:-/nonexistent}"/tor/*.deb; do
		[ -f "$deb" ] || continue
		dpkg-deb --fsys-tarfile "$deb" | tar --extract --keep-directory-symlink --directory=/ \
			--wildcards './usr/*' 2>/dev/null
	done
	command -v tor >/dev/null && command -v obfs4proxy >/dev/null
}

tor_need()
{
	! tor_here || return 0
	skip "Tor" "its package, or obfs4proxy's, is not here (SALLYPORT_DEBS)"
	exit 0
}

tornet_address()
{
	echo "192.0.2.1$1"
}

tornet_links()
{
	local n
	ip -batch - <<-'EOF'
		netns add tornet
		link add name onion netns router type veth peer name tor0 netns tornet
	EOF
	ip -n tornet link set lo up
	for n in 1 2 3 4 9; do
		ip -n tornet addr add "$(tornet_address $n)/24" dev tor0
	done
	ip -n tornet -batch - <<-'EOF'
		link set tor0 up
		route add default via 192.0.2.1
	EOF
	ip -n router -batch - <<-'EOF'
		addr add 192.0.2.1/24 dev onion
		link set onion up
	EOF
}

# What every tor of it has; of a vote only the first one is hurried.
tornet_client()
{
	local dir=$1
	shift
	mkdir -p "$dir"
	chmod 700 "$dir"
	printf '%s\n' "DataDirectory $dir" "Log notice stdout" "TestingTorNetwork 1" \
		"V3AuthVotingInterval 1800" "V3AuthVoteDelay $((TORNET_VOTE / 2))" \
		"V3AuthDistDelay $((TORNET_VOTE / 2))" "VanguardsLiteEnabled 0" \
		"$(cat "$TORNET/authority" 2>/dev/null)" "$@" >"$dir/torrc"
}

# tornet_relay N LINE...
tornet_relay()
{
	local n=$1 address
	address=$(tornet_address "$n")
	shift
	tornet_client "$TORNET/$n" "Nickname relay$n" 'ContactInfo nobody' "SocksPort 0" \
		"Address $address" "OrPort $address:9001" "OutboundBindAddress $address" \
		"AssumeReachable 1" "ExitRelay 1" "ExitPolicyRejectPrivate 0" "ExitPolicy accept *:*" "$@"
}

tornet_run()
{
	start "tor-$1" ip netns exec tornet tor -f "$TORNET/$1/torrc"
}

# The authority's keys, and the line by which all others know it. No vote for a long time.
tornet_authority()
{
	local keys=$TORNET/1/keys address fingerprint identity
	address=$(tornet_address 1)
	tornet_relay 1 "AuthoritativeDirectory 1" "V3AuthoritativeDirectory 1" "DirPort $address:7001" \
		"TestingV3AuthInitialVoteDelay $((TORNET_VOTE / 2))" \
		"TestingV3AuthInitialDistDelay $((TORNET_VOTE / 2))" \
		"TestingDirAuthVoteExit *" "TestingDirAuthVoteGuard *" "TestingDirAuthVoteHSDir *" \
		"TestingMinExitFlagThreshold 0"
	mkdir -m 700 "$keys"
	echo none | tor-gencert --create-identity-key -m 12 -a "$address:7001" --passphrase-fd 0 \
		-i "$keys/authority_identity_key" -s "$keys/authority_signing_key" \
		-c "$keys/authority_certificate" 2>"$LAB/log/gencert.log"
	identity=$(awk '$1 == "fingerprint" { print $2 }' "$keys/authority_certificate")
	fingerprint=$(tor -f "$TORNET/1/torrc" --list-fingerprint --quiet --DirAuthority \
		"x orport=1 v3ident=$identity $address:7001 $identity" | awk '{ $1 = ""; print }' | tr -d ' ')
	echo "DirAuthority relay1 orport=9001 v3ident=$identity $address:7001 $fingerprint" \
		>"$TORNET/authority"
	cat "$TORNET/authority" >>"$TORNET/1/torrc"
	cp "$TORNET/1/torrc" "$TORNET/1/torrc.rest"
	tornet_vote 1800 -60
}

# tornet_vote INTERVAL SECONDS: the first consensus comes in so many seconds, if no earlier one has.
tornet_vote()
{
	{
		cat "$TORNET/1/torrc.rest"
		echo "TestingV3AuthInitialVotingInterval $1"
		echo "TestingV3AuthVotingStartOffset $((($(date +%s) + $2 + $1) % $1))"
	} >"$TORNET/1/torrc.new"
	mv "$TORNET/1/torrc.new" "$TORNET/1/torrc"
}

# tornet_knows WHAT WORD: the authority serves a document with a line for each relay.
tornet_knows()
{
	[ "$(ip netns exec tornet curl -s "http://$(tornet_address 1):7001/tor/$1" | grep -c "^$2 ")" = \
		$((TORNET_RELAYS + 1)) ]
}

tor_bootstrapped()
{
	grep -q 'Bootstrapped 100%' "$LAB/log/$1.log"
}

# A consensus without a relay would be there for long: it is voted on when all have told of themselves.
tornet_grow()
{
	local n
	wait_for 60 tornet_knows server/all router || return 1
	tornet_vote 10 $((TORNET_VOTE + 2))
	signal tor-1 HUP
	wait_for 30 tornet_knows status-vote/current/consensus r || return 1
	# Who has asked in vain waits for longer and longer, unless it begins anew.
	for n in $(seq 2 $((TORNET_RELAYS + 1))); do
		signal "tor-$n" HUP
	done
	for n in $(seq 2 $((TORNET_RELAYS + 1))); do
		wait_for 60 tor_bootstrapped "tor-$n" || return 1
	done
	tornet_run hs
	wait_for 60 grep -q 'Uploaded hidden service descriptor (status 200' "$TORNET/hs/published" ||
		return 1
	touch "$TORNET/ready"
}

tornet_start()
{
	local n obfs4=("ServerTransportPlugin obfs4 exec $(command -v obfs4proxy)"
		"ServerTransportListenAddr obfs4 $(tornet_address 2):443" "ExtORPort auto")
	mkdir "$TORNET"
	tornet_links
	tornet_authority
	for n in $(seq 2 $((TORNET_RELAYS + 1))); do
		tornet_relay "$n"
		[ "$n" != 2 ] || printf '%s\n' "${obfs4[@]}" >>"$TORNET/2/torrc"
	done
	tornet_client "$TORNET/hs" "SocksPort 0" "HiddenServiceDir $TORNET/hs/service" \
		"HiddenServicePort 80 $(tornet_address 9):80" "Log [rend]info file $TORNET/hs/published"
	start onion-web ip netns exec tornet /usr/bin/python3 -c '
import socket, sys
with socket.create_server((sys.argv[1], 80)) as server:
    while True:
        with server.accept()[0] as peer:
            peer.recv(4096)
            peer.sendall(b"HTTP/1.0 200 OK\r\n\r\nthrough the onion")' "$(tornet_address 9)"
	for n in $(seq $((TORNET_RELAYS + 1))); do
		tornet_run "$n"
	done
	tornet_grow >"$LAB/log/tornet.log" 2>&1 &
	disown $!
}

tornet_ready()
{
	wait_for 120 test -e "$TORNET/ready" || bail "the Tor network did not grow"
}

tornet_onion()
{
	cat "$TORNET/hs/service/hostname"
}

tornet_bridge()
{
	echo "UseBridges 1"
	echo "ClientTransportPlugin obfs4 exec $(command -v obfs4proxy)"
	sed -n "s/^\(Bridge obfs4\) <IP ADDRESS>:<PORT> <FINGERPRINT>/\1 $(tornet_address 2):443 $(
		cut -d' ' -f2 "$TORNET/2/fingerprint")/p" "$TORNET/2/pt_state/obfs4_bridgeline.txt"
}
