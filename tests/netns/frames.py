# SPDX-License-Identifier: GPL-2.0-or-later
"""frames.py LINK TOKEN KIND: sends one frame past the output hook, as whoever runs it.

Each has a length of its own on the wire (LENGTH), whatever it says that it is. TOKEN is the packet
mark that the second wall lets through; to know it takes CAP_NET_ADMIN.
"""
import socket
import struct
import sys

IP, ARP, IPV6, VLAN, EAPOL, LOCAL = 0x0800, 0x0806, 0x86dd, 0x8100, 0x888e, 0x88b5
ALL = 3  # ETH_P_ALL
SOL_PACKET, PACKET_QDISC_BYPASS, SO_MARK = 263, 20, 36
LENGTH = 237


def checksum(data):
    total = sum(struct.unpack('!%dH' % (len(data) // 2), data))
    total = (total >> 16) + (total & 0xffff)
    return ~(total + (total >> 16)) & 0xffff


def packet(src, dst, sport, dport):
    size = LENGTH - 14
    head = struct.pack('!BBHHHBBH4s4s', 0x45, 0, size, 1, 0, 64, socket.IPPROTO_UDP, 0,
                       socket.inet_aton(src), socket.inet_aton(dst))
    head = head[:10] + struct.pack('!H', checksum(head)) + head[12:]
    return head + struct.pack('!HHHH', sport, dport, size - 20, 0) + bytes(size - 28)


def frame(ethertype, payload):
    return b'\xff' * 6 + b'\x02\0\0\0\0\x09' + struct.pack('!H', ethertype) + payload


OURS = packet('192.168.77.10', '198.51.100.7', 5555, 4000)
DHCP = packet('0.0.0.0', '255.255.255.255', 68, 67)
TAGGED = struct.pack('!HH', 5, IP) + OURS[:-4]

# name: (frame, protocol that the socket says, with the mark, past the queue)
KINDS = {
    'plain': (frame(IP, OURS), IP, False, False),
    'bypass': (frame(IP, OURS), IP, False, True),
    'forged': (frame(IP, OURS), IP, True, False),
    'forged-bypass': (frame(IP, OURS), IP, True, True),
    'ip-as-arp': (frame(IP, OURS), ARP, True, False),
    'arp-as-ip': (frame(ARP, OURS), IP, True, False),
    'arp-that-is-none': (frame(ARP, OURS), ARP, True, False),
    'ip-as-eapol': (frame(IP, OURS), EAPOL, True, False),
    'ip-as-all': (frame(IP, OURS), ALL, True, False),
    'ip-as-nothing': (frame(IP, OURS), 0, True, False),
    'vlan': (frame(VLAN, TAGGED), VLAN, True, False),
    'vlan-as-ip': (frame(VLAN, TAGGED), IP, True, False),
    'unknown': (frame(LOCAL, OURS), LOCAL, True, False),
    'ipv6': (frame(IPV6, OURS), IPV6, True, False),
    'dhcp-as-ipv6': (frame(IPV6, DHCP), IP, True, False),
    'dhcp': (frame(IP, DHCP), IP, False, False),
    'eapol': (frame(EAPOL, bytes(LENGTH - 14)), EAPOL, False, False),
}


def main():
    link, token, kind = sys.argv[1:]
    data, protocol, marked, bypass = KINDS[kind]
    assert len(data) == LENGTH
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    if marked:
        s.setsockopt(socket.SOL_SOCKET, SO_MARK, struct.pack('=I', int(token, 0)))
    if bypass:
        s.setsockopt(SOL_PACKET, PACKET_QDISC_BYPASS, 1)
    try:
        s.sendto(data, (link, protocol))
    except OSError:
        pass  # that the second wall drops it may show here; the wire says what is true


if __name__ == '__main__':
    main()
