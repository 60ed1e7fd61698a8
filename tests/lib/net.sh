# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# A small imitation of the Internet, for the private host that sources this after lab.sh.
#
#   this host             router (namespace)                       inet (namespace)
#   eth0 ------ far ------ 192.168.77.1, LAN DNS   wan ---- isp ----- 203.0.113.2
#   192.168.77.10          192.168.77.20, printer       203.0.113.1   198.51.100.0/24 and
#   2001:db8:77::10        2001:db8:77::1, ::20         2001:db8:99::  203.0.113.128/25 and
#   fe80::...              fe80::1, 169.254.1.1                        100.64.0.0/10, 2001:db8:1::/48
#
# Every port of every address out there answers: TCP and UDP echo, except 9 (discard), 19 (sends
# without end), 53 (DNS: everything is 198.51.100.80) and 80 (HTTP). A wiretap on `far` sees
# whatever leaves this host.
#
#   net_up            makes all of it, ready when the function returns
#   mark              prints the number of the next record on the wire (wiretap.c)
#   wire_list FROM [FILTER...], wire_count FROM [FILTER...]
#   left FROM [FILTER...]   what left this host since: records, without ARP
#   serve [-u USER] NAME WHAT...   servers on this host (servers.py says how), ready on return
#   outside COMMAND..., lan COMMAND...   in the namespace inet, router

WIRETAP=$LAB/wiretap
export WIRETAP

outside()
{
	ip netns exec inet "$@"
}

lan()
{
	ip netns exec router "$@"
}

# All ports of all addresses of a namespace lead to the few sockets of servers.py.
net_servers()
{
	ip netns exec "$1" nft -f - <<-'EOF'
		table inet world {
			chain prerouting {
				type nat hook prerouting priority dstnat
				fib daddr type != local accept
				meta l4proto tcp redirect to :5000
				udp dport 53 redirect to :5053
				udp dport 19 redirect to :5019
				meta l4proto udp redirect to :5000
			}
		}
	EOF
	start "net-$1" ip netns exec "$1" /usr/bin/python3 "$LIB/servers.py" \
		'tcp:[::]:5000=by-port' 'udp:[::]:5000' 'udp:[::]:5053=dns' 'udp:[::]:5019=stream'
}

net_servers_ready()
{
	log_of "$1" | grep -q '^ready$'
}

net_up()
{
	local ns
	ip -batch - <<-'EOF'
		netns add router
		netns add inet
		link add name eth0 type veth peer name far netns router
		link add name wan netns router type veth peer name isp netns inet
	EOF
	for ns in router inet; do
		ip netns exec $ns sh -c 'cd /proc/sys/net && echo 1 >ipv4/ip_forward &&
			echo 1 >ipv6/conf/all/forwarding && echo 0 >ipv4/conf/all/rp_filter &&
			echo 0 >ipv4/conf/default/rp_filter && echo 0 >ipv4/icmp_ratelimit &&
			echo 0 2147483647 >ipv4/ping_group_range &&
			echo 0 >ipv6/conf/default/accept_dad && echo 0 >ipv6/conf/all/accept_dad'
	done
	# Without duplicate detection addresses are there at once, the far end's included.
	for ns in all default eth0; do
		echo 0 >/proc/sys/net/ipv6/conf/$ns/accept_dad
	done
	ip netns exec router sh -c 'echo 0 >/proc/sys/net/ipv6/conf/far/accept_dad
		echo 0 >/proc/sys/net/ipv6/conf/wan/accept_dad'
	ip netns exec inet sh -c 'echo 0 >/proc/sys/net/ipv6/conf/isp/accept_dad'
	ip -n router -batch - <<-'EOF'
		link set lo up
		addr add 192.168.77.1/24 brd + dev far
		addr add 192.168.77.20/24 brd + dev far
		addr add 169.254.1.1/16 dev far
		addr add 2001:db8:77::1/64 dev far nodad
		addr add 2001:db8:77::20/64 dev far nodad
		addr add fe80::1/64 dev far nodad
		addr add 203.0.113.1/24 dev wan
		addr add 2001:db8:99::1/64 dev wan nodad
		link set far up
		link set wan up
		route add default via 203.0.113.2
		route add default via 2001:db8:99::2 dev wan onlink
	EOF
	ip -n inet -batch - <<-'EOF'
		link set lo up
		addr add 203.0.113.2/24 dev isp
		addr add 2001:db8:99::2/64 dev isp nodad
		link set isp up
		route add local 198.51.100.0/24 dev lo
		route add local 203.0.113.128/25 dev lo
		route add local 100.64.0.0/10 dev lo
		route add default via 203.0.113.1
		route add local 2001:db8:1::/48 dev lo
		route add default via 2001:db8:99::1 dev isp onlink
	EOF
	net_servers router
	net_servers inet
	start wiretap ip netns exec router "$HELPERS/wiretap" serve far "$WIRETAP"
	echo 0 2147483647 >/proc/sys/net/ipv4/ping_group_range
	for ns in all default; do
		echo 0 >/proc/sys/net/ipv4/conf/$ns/rp_filter
	done
	wait_for 10 test -S "$WIRETAP" || bail "no wiretap"
	[ "${1:-}" = down ] || net_link
	wait_for 10 net_servers_ready net-router || bail "no servers on the LAN"
	wait_for 10 net_servers_ready net-inet || bail "no servers on the Internet"
}

# The uplink comes up; separate, for tests that want their wall there first.
net_link()
{
	ip -batch - <<-'EOF'
		link set eth0 up
		addr add 192.168.77.10/24 brd + dev eth0
		addr add 2001:db8:77::10/64 dev eth0 nodad
		route add 169.254.0.0/16 dev eth0
		route add default via 192.168.77.1
		route add default via 2001:db8:77::1 dev eth0 onlink
	EOF
}

mark()
{
	"$HELPERS/wiretap" mark eth0 "$WIRETAP"
}

wire_list()
{
	"$HELPERS/wiretap" list "$WIRETAP" "$@"
}

wire_count()
{
	"$HELPERS/wiretap" count "$WIRETAP" "$@"
}

left()
{
	mark >/dev/null
	wire_list "$@" dir=out '!class=arp'
}

serve()
{
	local user=root name
	if [ "$1" = -u ]; then
		user=$2
		shift 2
	fi
	name=$1
	shift
	: >"$LAB/log/$name.log"
	start -u "$user" "$name" /usr/bin/python3 "$LIB/servers.py" "$@"
	wait_for 10 net_servers_ready "$name" || bail "$name does not serve"
}
