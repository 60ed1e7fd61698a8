#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""scoped_dns.py PORT: a DNS server that answers what the question says: of 198-51-100-7.ttl5.x the
address 198.51.100.7 for 5 seconds; several such labels are several addresses."""
import re
import socket
import struct
import sys

sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.bind(('0.0.0.0', int(sys.argv[1])))
print('ready', flush=True)
while True:
    query, client = sock.recvfrom(2048)
    if len(query) < 17:
        continue
    labels, at = [], 12
    while at < len(query) and query[at]:
        labels.append(query[at + 1:at + 1 + query[at]].decode())
        at += query[at] + 1
    addresses = [label.replace('-', '.') for label in labels if re.fullmatch(r'(\d+-){3}\d+', label)]
    ttl = next((int(label[3:]) for label in labels if re.fullmatch(r'ttl\d+', label)), 60)
    answer = query[:2] + struct.pack('>HHHHH', 0x8180, 1, len(addresses), 0, 0) + query[12:at + 5]
    for address in addresses:
        answer += b'\xc0\x0c' + struct.pack('>HHIH', 1, 1, ttl, 4) + socket.inet_aton(address)
    sock.sendto(answer, client)
