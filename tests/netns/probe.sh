# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# For the tests of the connection check, after net.sh.
#
#   probe_network   the hosts that are checked, and the LAN's DNS server, are probe_servers.py

probe_network()
{
	local ns
	# Another host drops, one refuses; the rest of the world is as it was.
	ip netns exec inet nft -f - <<-'EOF'
		insert rule inet world prerouting ip daddr 198.51.100.80 tcp dport 80 redirect to :8080
		insert rule inet world prerouting ip daddr 198.51.100.81-198.51.100.83 drop
		insert rule inet world prerouting ip daddr 198.51.100.90 tcp dport 80 redirect to :1
	EOF
	ip netns exec router nft insert rule inet world prerouting ip daddr 192.168.77.1 \
		udp dport 53 redirect to :5354
	for ns in router inet; do
		start "probe-$ns" ip netns exec $ns /usr/bin/python3 \
			"$LIB/../netns/probe_servers.py" 8080 5354
		wait_for 10 net_servers_ready "probe-$ns" || bail "no servers in $ns"
	done
}
