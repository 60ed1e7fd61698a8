# SPDX-License-Identifier: GPL-2.0-or-later
"""What the kernel really has of the wall, read from netlink: nothing in between that could be tired.
"""
import hashlib
import os
import socket
import struct

NETLINK_NETFILTER, NLM_F_REQUEST, NLM_F_ACK, NLM_F_DUMP = 12, 1, 4, 0x300
NLMSG_ERROR, NLMSG_DONE = 2, 3
NFPROTO_INET, SUBSYSTEM = 1, 10 << 8
GET_CHAIN, GET_RULE, GET_SET, GET_ELEMENTS = 4, 7, 10, 13
CHAIN_NAME, CHAIN_HOOK, CHAIN_POLICY = 3, 4, 5
RULE_CHAIN, RULE_EXPRESSIONS = 2, 4
SET_NAME, SET_FLAGS, SET_TIMEOUT = 2, 3, 0x10
ELEMENT_KEY, ELEMENT_DATA, ELEMENT_TIMEOUT, ELEMENT_EXPIRATION, ELEMENT_KEY_END = 1, 2, 4, 5, 10
TABLE = 'sallyport'
LEASE_SETS = ('grants', 'leases', 'live')
LEASE_KIND = 0x04
KERNEL_TIMEOUT_MS = 15000


def attribute(kind, data):
    size = 4 + len(data)
    return struct.pack('=HH', size, kind) + data + bytes(-size % 4)


def attributes(data):
    """The last of each kind, nested ones as bytes."""
    found, at = {}, 0
    while at + 4 <= len(data):
        size, kind = struct.unpack_from('=HH', data, at)
        if size < 4:
            break
        found[kind & 0x3fff] = data[at + 4:at + size]
        at += (size + 3) & ~3
    return found


def items(data):
    at = 0
    while at + 4 <= len(data):
        size = struct.unpack_from('=H', data, at)[0]
        if size < 4:
            break
        yield data[at + 4:at + size]
        at += (size + 3) & ~3


def admitted_mark(rules):
    """The packet mark of chain "admitted": random for each load, so no part of a digest."""
    immediate = struct.pack('=HHHH', 12, 2, 8, 1)  # data, value
    for r in rules:
        if r[RULE_CHAIN] == b'admitted\0' and immediate in r[RULE_EXPRESSIONS]:
            return r[RULE_EXPRESSIONS].split(immediate, 1)[1][:4]
    return b'mark'


class Kernel:
    def __init__(self):
        self.sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER)
        self.sock.settimeout(5)
        self.sock.bind((0, 0))
        self.seq = 0

    def dump(self, kind, *wanted):
        """The attributes of each object; nothing where there is no such table."""
        self.seq += 1
        body = struct.pack('=BBH', NFPROTO_INET, 0, 0) + b''.join(wanted)
        self.sock.send(struct.pack('=IHHII', 16 + len(body), SUBSYSTEM | kind,
                                   NLM_F_REQUEST | NLM_F_ACK | NLM_F_DUMP, self.seq, 0) + body)
        found = []
        while True:
            data = self.sock.recv(1 << 17)
            at = 0
            while at < len(data):
                size, its, _, seq, _ = struct.unpack_from('=IHHII', data, at)
                if seq == self.seq and its in (NLMSG_ERROR, NLMSG_DONE):
                    return found
                if seq == self.seq:
                    found.append(attributes(data[at + 20:at + size]))
                at += (size + 3) & ~3

    def elements(self, name):
        for part in self.dump(GET_ELEMENTS, attribute(1, TABLE.encode() + b'\0'),
                              attribute(2, name + b'\0')):
            for element in items(part.get(3, b'')):
                yield attributes(element)

    def wall(self):
        """A digest of chains, rules and lasting elements; None: there is no wall."""
        table = attribute(1, TABLE.encode() + b'\0')
        all_of_it = hashlib.sha256()
        chains = self.dump(GET_CHAIN, table)
        if not [c for c in chains if c.get(1) == TABLE.encode() + b'\0']:
            return None
        for c in chains:
            all_of_it.update(repr([c.get(k) for k in (CHAIN_NAME, CHAIN_HOOK, CHAIN_POLICY)])
                             .encode())
        rules = self.dump(GET_RULE, table)
        secret = admitted_mark(rules)
        for r in rules:
            all_of_it.update(r[RULE_CHAIN] + r[RULE_EXPRESSIONS].replace(secret, b'mark'))
        for s in self.dump(GET_SET, table):
            name = s[SET_NAME].rstrip(b'\0')
            flags = struct.unpack('!I', s.get(SET_FLAGS, bytes(4)))[0]
            all_of_it.update(name)
            if flags & SET_TIMEOUT:
                continue
            for e in sorted(repr([e.get(k) for k in (ELEMENT_KEY, ELEMENT_DATA, ELEMENT_KEY_END)])
                            for e in self.elements(name)):
                all_of_it.update(e.encode())
        return all_of_it.hexdigest()[:12]

    def doors(self):
        """The elements of leases: set, milliseconds that are left, or None if it never ends."""
        found = []
        for name in LEASE_SETS:
            for e in self.elements(name.encode()):
                left = e.get(ELEMENT_EXPIRATION)
                found.append((name, struct.unpack('!Q', left)[0]
                              if left and e.get(ELEMENT_TIMEOUT) else None))
        return found


def overdue(doors):
    """Elements that stay longer than the kernel may keep a lease without the engine."""
    return [d for d in doors if d[1] is None or d[1] > KERNEL_TIMEOUT_MS]


def lease_flows():
    """The conntrack entries that a lease admitted."""
    with open('/proc/net/nf_conntrack', encoding='ascii') as f:
        return [line for line in f
                if int(line.split(' mark=')[1].split()[0]) >> 24 == LEASE_KIND]


def descriptors(pid):
    return len(os.listdir(f'/proc/{pid}/fd'))


def memory(pid):
    """Kilobytes in memory."""
    with open(f'/proc/{pid}/status', encoding='ascii') as f:
        return next(int(line.split()[1]) for line in f if line.startswith('VmRSS'))
