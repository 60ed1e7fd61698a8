# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# A network that lets nobody out before a login, for the private host that sources this after lab.sh and
# net.sh: the router is resolver, DHCP server and portal.
#
#   portal_up         after net_up, ready when it returns. Who is to be let out posts a form to
#                     http://portal.example/login; what everybody asked is in the logs portal, dnsmasq
#                     and check-server
#   $PORTAL_CHECK     the address of http://check.example/nm, where a machine asks whether it is online

PORTAL_CHECK=198.51.100.80
export PORTAL_CHECK

portal_router()
{
	lan nft -f - <<-'EOF'
		table inet portal {
			set passed { type ipv4_addr; }
			chain prerouting {
				type nat hook prerouting priority dstnat - 10
				iifname far udp dport 53 redirect to :5354
				iifname far ip daddr 192.168.77.1 tcp dport 80 redirect to :8080
				iifname far ip saddr != @passed tcp dport 80 redirect to :8080
			}
			chain forward {
				type filter hook forward priority filter
				iifname far ip saddr != @passed reject with icmpx admin-prohibited
			}
		}
	EOF
	start portal ip netns exec router /usr/bin/python3 "$LIB/captive_web.py" portal 0.0.0.0 8080 \
		'inet portal passed'
	start dnsmasq ip netns exec router dnsmasq --conf-file=/dev/null --keep-in-foreground \
		--user=root --port=5354 --interface=far --bind-interfaces --no-resolv --no-hosts \
		--log-facility=- --log-queries --dhcp-range=192.168.77.150,192.168.77.150,1h \
		--dhcp-leasefile="$LAB/tmp/leases" --dhcp-option=option:dns-server,192.168.77.1 \
		--dhcp-option=option:router,192.168.77.1 --address=/portal.example/192.168.77.1 \
		--address=/check.example/$PORTAL_CHECK
	wait_for 10 grep -q '^ready$' "$LAB/log/portal.log" || bail "no portal"
	wait_for 10 grep -q 'DHCP, IP range' "$LAB/log/dnsmasq.log" || bail "no DHCP server"
}

# The check's server, beside those of net.sh that answer for everybody else.
portal_check_server()
{
	outside nft "table inet check { chain prerouting { type nat hook prerouting priority dstnat - 10
		ip daddr $PORTAL_CHECK tcp dport 80 redirect to :8081; }; }"
	start check-server ip netns exec inet /usr/bin/python3 "$LIB/captive_web.py" check 0.0.0.0 8081
	wait_for 10 grep -q '^ready$' "$LAB/log/check-server.log" || bail "no check server"
}

portal_up()
{
	portal_router
	portal_check_server
}
