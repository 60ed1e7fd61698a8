#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""probe_wire.py LINK ADDRESS: a line for each packet from ADDRESS that asks for a name or speaks HTTP,
with all that is not random by nature: no ports, numbers and checksums, and no timestamps. Packets
that only confirm are left out, since how many there are is the scheduler's. Prints "ready" first."""
import socket
import sys

FLAGS = 'FSRPAUEC'
TIMESTAMPS = 8


def options(raw):
    """Kinds and values; of a timestamp only that it is there."""
    found = []
    while raw:
        kind = raw[0]
        if kind < 2:
            found.append(str(kind))
            raw = raw[1:]
            continue
        value = b'' if kind == TIMESTAMPS else raw[2:raw[1]]
        found.append(f'{kind}:{raw[1]}:{value.hex()}')
        raw = raw[raw[1]:]
    return ','.join(found)


def tcp(raw):
    size = raw[12] >> 4 << 2
    flags = ''.join(f for i, f in enumerate(FLAGS) if raw[13] & 1 << i)
    if raw[2:4] != (80).to_bytes(2, 'big') or (flags == 'A' and len(raw) == size):
        return ''
    # How much room there is when it ends depends on what has been read meanwhile.
    window = raw[14:16].hex() if 'S' in flags or len(raw) > size else '-'
    return f'tcp {flags} window={window} options={options(raw[20:size])} {raw[size:]!r}'


def udp(raw):
    if raw[2:4] != (53).to_bytes(2, 'big'):
        return ''
    return f'dns checksum={"yes" if raw[6:8] != bytes(2) else "no"} {raw[10:]!r}'


def describe(packet, source):
    if packet[0] >> 4 != 4 or packet[12:16] != source:
        return ''
    size = (packet[0] & 15) << 2
    whole = packet[:int.from_bytes(packet[2:4], 'big')]
    what = {6: tcp, 17: udp}.get(packet[9], lambda raw: '')(whole[size:])
    return what and (f'{what} to={socket.inet_ntoa(packet[16:20])} header={size} tos={packet[1]:02x} '
                     f'flags={packet[6]:02x}{packet[7]:02x} ttl={packet[8]}')


def main():
    source = socket.inet_aton(sys.argv[2])
    with socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x0800)) as tap:
        tap.bind((sys.argv[1], 0x0800))
        print('ready', flush=True)
        while True:
            line = describe(tap.recv(65536), source)
            if line:
                print(line, flush=True)


if __name__ == '__main__':
    main()
