#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""namespace_door.py: what comes to the router from this host. Prints of each IPv4 packet its source,
destination and TTL, and whether the header's checksum is right."""
import socket
import struct

ETH_P_IP = 0x0800
OUTGOING = 4


def is_right(header):
    total = sum(struct.unpack(f'!{len(header) // 2}H', header))
    return (total & 0xffff) + (total >> 16) == 0xffff


def main():
    with socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_IP)) as tap:
        tap.bind(('far', ETH_P_IP))
        print('ready', flush=True)
        while True:
            packet, (_, _, kind, _, _) = tap.recvfrom(65536)
            if kind == OUTGOING:
                continue
            header = packet[:(packet[0] & 0xf) * 4]
            print(socket.inet_ntoa(header[12:16]), socket.inet_ntoa(header[16:20]), header[8],
                  'right' if is_right(header) else 'WRONG', flush=True)


if __name__ == '__main__':
    main()
