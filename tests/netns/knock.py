#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Knocks at the host under test from the LAN; prints what was answered, one a line. To be run in
the namespace of the LAN. The last knock is a packet that the host is to pass on."""
import socket
import struct
import sys

sys.path.insert(0, __file__.rsplit('/', 2)[0] + '/lib')
# pylint: disable=wrong-import-position
from prober import run

HOST, HOST6 = '192.168.77.10', '2001:db8:77::10'
PROBES = {
    'tcp': {'kind': 'tcp', 'to': HOST, 'port': 8080},
    'tcp, closed port': {'kind': 'tcp', 'to': HOST, 'port': 4},
    'udp': {'kind': 'udp', 'to': HOST, 'port': 8080},
    'udp, closed port': {'kind': 'udp', 'to': HOST, 'port': 4, 'connected': True},
    'ping': {'kind': 'ping', 'to': HOST},
    'tcp6': {'kind': 'tcp', 'to': HOST6, 'port': 8080},
    'udp6': {'kind': 'udp', 'to': HOST6, 'port': 8080},
    'ping6': {'kind': 'ping', 'to': HOST6},
}


def main():
    for name, probe in PROBES.items():
        if run({**probe, 'patience': 0.2})['saw'] in ('answer', 'ECONNREFUSED'):
            print(name)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, 3)
        sock.sendto(b'pass this on', ('10.99.0.1', 4000))
    # out of the middle of a connection that never was
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_TCP) as sock:
        sock.sendto(struct.pack('!HHIIBBHHH', 4000, 8080, 1, 1, 5 << 4, 16, 1024, 0, 0), (HOST, 0))


if __name__ == '__main__':
    main()
