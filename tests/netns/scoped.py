#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""scoped.py: doors of a smaller scope, with the test in the place of the bus process. Prints lines for
report() of lab.sh."""
import json
import os
import re
import select
import signal
import socket
import struct
import subprocess
import sys
import threading
import time

sys.path.insert(0, __file__.rsplit('/', 2)[0] + '/lib')
# pylint: disable=wrong-import-position
from labpy import (LAB, Gone, Peer, Refused, kill_engine, left, mark, note, records, report,
                   sanitized, start_engine, uid_of, wait_until)

CLEARNET, PROBE = uid_of('clearnet'), uid_of('_sallyport-probe')
SERVER, SECOND, STRANGER = '198.51.100.48', '198.51.100.49', '198.51.100.50'
ROUNDS = int(os.environ.get('SCOPED_ROUNDS', '200'))
SOON = 0.5      # a refusal takes no longer; a held packet takes twice as long
NOT_FORWARDED = '198.51.100.9'


# --- programs behind the door

PROGRAM = r'''
import json, os, socket, struct, sys, threading, time

uid = int(sys.argv[1])
os.setgroups([]); os.setresgid(uid, uid, uid); os.setresuid(uid, uid, uid)

def said(f, *args):
    began = time.monotonic()
    try:
        got = f(*args)
    except OSError as e:
        got = os.strerror(e.errno) if e.errno else 'timed out'
    return got, time.monotonic() - began

def tcp(address, port, sport=0, abort=0, keep=0):
    s = socket.socket()
    s.settimeout(3)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if sport:
        s.bind(('', sport))
    s.connect((address, port))
    if abort:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
    if keep:
        kept.append(s)
    else:
        s.close()
    return 'connected'

kept = []

def again():
    kept[-1].sendall(b'GET / HTTP/1.0\r\n\r\n')
    return 'answered' if kept[-1].recv(10) else 'closed'

def udp(address, port, data=b'x'):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.connect((address, port))
    s.send(data)
    kept.append(s)
    return 'sent'

def options(kind, address, port, late=0):
    """With an IP option that everybody may set: a record of the route."""
    s = socket.socket(socket.AF_INET, kind)
    s.settimeout(3)
    if late:
        s.connect((address, port))
        s.send(b'x')
    s.setsockopt(socket.IPPROTO_IP, socket.IP_OPTIONS, b'\x07\x07\x04\0\0\0\0\0')
    if not late:
        s.connect((address, port))
    s.send(b'x')
    return 'sent'

def dns(server, name, seconds=2.5):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.settimeout(seconds)
    s.connect((server, 53))
    query = os.urandom(2) + struct.pack('>HHHHH', 0x100, 1, 0, 0, 0)
    for label in name.split('.'):
        query += bytes([len(label)]) + label.encode()
    s.send(query + b'\0' + struct.pack('>HH', 1, 1))
    answer = s.recv(2048)
    return ['answer', struct.unpack('>H', answer[6:8])[0], time.time_ns()]

def then(server, name, address, port):
    return [said(dns, server, name)[0][0], said(tcp, address, port)[0]]

def both(what, *args):
    """From two threads at once."""
    gate, got = threading.Barrier(2), [None, None]
    def one(i):
        gate.wait()
        got[i] = said(globals()[what], *args)[0]
    threads = [threading.Thread(target=one, args=(i,)) for i in range(2)]
    for t in threads: t.start()
    for t in threads: t.join()
    return sorted(got)

for line in sys.stdin:
    what, *args = json.loads(line)
    print(json.dumps(said(globals()[what], *args)), flush=True)
'''


class Program:
    def __init__(self, uid):
        self.process = subprocess.Popen(  # pylint: disable=consider-using-with
            ['/usr/bin/python3', '-c', PROGRAM, str(uid)], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True)

    def begin(self, *what):
        self.process.stdin.write(json.dumps(what) + '\n')
        self.process.stdin.flush()

    def end(self):
        return json.loads(self.process.stdout.readline())

    def __call__(self, *what):
        self.begin(*what)
        return self.end()[0]

    def timed(self, *what):
        self.begin(*what)
        return self.end()


# --- the bus process's part

def addresses_in(answer):
    """(address, TTL) of its A records."""
    at, found = 12, []
    while answer[at]:
        at += answer[at] + 1
    at += 5
    for _ in range(struct.unpack_from('>H', answer, 6)[0]):
        kind, _, ttl, size = struct.unpack_from('>HHIH', answer, at + 2)
        at += 12
        if kind == 1 and size == 4:
            found.append((socket.inet_ntoa(answer[at:at + 4]), ttl))
        at += size
    return found


class Reader(threading.Thread):
    """Reads the answers that wait, until it is told to be silent, or to find nothing in them."""

    def __init__(self, peer):
        super().__init__(daemon=True)
        self.peer, self.mode, self.now = peer, 'read', ''
        self.start()

    def become(self, mode):
        self.mode = mode
        wait_until(lambda: self.now == mode or not self.is_alive(), 5)

    def run(self):
        try:
            while self.now != 'end':
                self.now = self.mode
                if self.now == 'silent':
                    time.sleep(0.005)
                    continue
                got = self.peer.dns_answer(0.02)
                if got:
                    lease, packet, answer = got
                    self.peer.dns_addresses(lease, packet,
                                            addresses_in(answer) if self.now == 'read' else [])
        except (OSError, Gone, ValueError):
            pass


def reach():
    """What the kernel's map has: (uid, address, protocol, port) -> seconds that are left."""
    out = subprocess.run(['nft', '-j', 'list', 'map', 'inet', 'sallyport', 'scoped'],
                         stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True, text=True)
    found = {}
    for item in json.loads(out.stdout)['nftables']:
        for element, _ in item.get('map', {}).get('elem', []):
            uid, address, protocol, port = element['elem']['val']['concat']
            found[uid, address, protocol, port] = element['elem']['expires']
    return found


def name_of(*addresses, ttl=60):
    return '.'.join(a.replace('.', '-') for a in addresses) + f'.ttl{ttl}.x'


def refused_soon(timed):
    return timed[0] in ('Connection refused', 'Operation not permitted') and timed[1] < SOON


def refusal(ask, *args, **kwargs):
    try:
        ask(*args, **kwargs)
        return 'granted'
    except Refused as e:
        return e.args[0]


def counted(name):
    out = subprocess.run(['nft', 'list', 'counter', 'inet', 'sallyport', name], check=True,
                         stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
    return int(re.search(r'packets (\d+)', out)[1])


def portal(peer, seconds=60, servers=(SERVER,)):
    return peer.open(CLEARNET, seconds, scope='portal', servers=servers)


def close(peer, lease):
    peer.end(lease)
    lease.close()


# --- what a portal's door reaches

def only_what_is_named(peer, program, reader):
    before = mark()
    report(refused_soon(program.timed('dns', SERVER, name_of('198.51.100.7'))),
           'no lease: not one question')
    lease = portal(peer)
    scope = counted('door_scope')
    closed = [program.timed('tcp', '198.51.100.7', 80), program.timed('tcp', '198.51.100.7', 443),
              program.timed('tcp', SERVER, 53), program.timed('tcp', SERVER, 80),
              program.timed('udp', STRANGER, 53), program.timed('udp', SERVER, 80),
              program.timed('udp', '198.51.100.7', 443), program.timed('tcp', '192.168.77.1', 80)]
    report(all(refused_soon(c) for c in closed), 'without an answer nothing but its server', closed)
    report(not left(before), 'and nothing of it was seen outside', left(before))
    report(counted('door_scope') >= scope + len(closed), 'counted as beyond the scope')

    before = mark()
    got = program('dns', SERVER, name_of('198.51.100.7'))
    report(got[0] == 'answer', 'its server answers', got)
    say_delay(before, got[2])
    opened = [program('tcp', '198.51.100.7', p) for p in (80, 443)]
    report(opened == ['connected'] * 2, 'what was named is reached on 80 and 443', opened)
    closed = [program.timed('tcp', '198.51.100.7', 22), program.timed('udp', '198.51.100.7', 443),
              program.timed('tcp', '198.51.100.8', 80), program.timed('tcp', '198.51.100.7', 8080)]
    report(all(refused_soon(c) for c in closed), 'and nothing else', closed)
    seen = {(r['dst'], r['dport']) for r in left(before)}
    report(seen == {(SERVER, 53), ('198.51.100.7', 80), ('198.51.100.7', 443)},
           'as seen outside', seen)

    # A source route would take a packet from there to anywhere; some kernels let nobody set one.
    before, options = mark(), counted('options')
    closed = [program.timed('options', socket.SOCK_DGRAM, SERVER, 53),
              program.timed('options', socket.SOCK_STREAM, '198.51.100.7', 80)]
    report(all(refused_soon(c) for c in closed) and not left(before), 'nor anything with IP options',
           (closed, left(before)))
    closed = program.timed('options', socket.SOCK_DGRAM, SERVER, 53, 1)
    report(refused_soon(closed) and len(left(before)) == 1, 'though its flow runs',
           (closed, left(before)))
    report(counted('options') >= options + 3, 'counted as what has them')

    reader.become('nothing')
    got = program('then', SERVER, name_of(NOT_FORWARDED), NOT_FORWARDED, 80)
    report(got == ['answer', 'Connection refused'],
           'an answer in which nothing was found goes on and opens nothing', got)
    reader.become('read')
    report(program('tcp', '198.51.100.7', 443, 0, 0, 1) == 'connected', 'a connection that is kept')
    close(peer, lease)
    report(not reach(), 'an ended lease leaves nothing in the map', reach())
    report(program('again') not in ('answered', 'closed'), 'and its connection is cut')
    report(refused_soon(program.timed('tcp', '198.51.100.7', 80)), 'and what was named is closed')
    # Without this a door that never closes would look the same.
    lease = peer.open(CLEARNET, 60)
    report(program('tcp', '198.51.100.7', 22) == 'connected', 'a full scope reaches all')
    close(peer, lease)


def say_delay(before, received):
    mark()
    came = [r['t'] for r in records(before, 'dir=in') if r['sport'] == 53]
    if came:
        note(f'an answer waited {(received - came[0]) / 1e6:.2f} ms from the wire to its program')


def never_too_early(peer, program):
    """Each address is new to its lease: if the answer came before the map has it, one is refused."""
    refused = []
    for group in range(4):
        lease = portal(peer)
        for i in range(50):
            address = f'198.51.100.{100 + i}' if group % 2 else f'203.0.113.{130 + i}'
            got = program('then', SERVER, name_of(address), address, 80)
            if got != ['answer', 'connected']:
                refused.append((address, got))
        close(peer, lease)
    report(not refused, '200 names resolved and connected to, none refused', refused[:5])


def silent_peer(peer, program, reader):
    lease = portal(peer)
    reader.become('silent')
    program.begin('dns', SERVER, name_of('198.51.100.7'), 1.8)
    held = peer.dns_answer(1)
    report(held is not None, 'an answer waits')
    got, took = program.end()
    report(got == 'timed out' and took > 1.7, 'unread it never comes', (got, took))
    peer.dns_addresses(held[0], held[1], [('198.51.100.7', 60)])
    report(refused_soon(program.timed('tcp', '198.51.100.7', 80)) and len(reach()) == 1,
           'and read too late it opens nothing', reach())
    report(peer.ended(lease, 0) is None, 'the lease goes on')
    reader.become('read')
    got = program('then', SERVER, name_of('198.51.100.7'), '198.51.100.7', 80)
    report(got == ['answer', 'connected'], 'the next answer is read', got)
    close(peer, lease)


def never_named(peer, program):
    lease = portal(peer)
    bad = ['0.1.2.3', '127.0.0.1', '192.168.77.10', '169.254.1.1', '10.1.2.3', '172.16.0.1',
           '192.168.78.1', '100.64.0.1', '224.0.0.1', '240.0.0.1', '255.255.255.255',
           '192.168.77.255']
    for address in bad:
        program('dns', SERVER, name_of(address))
    there = {e[1] for e in reach()}
    report(there == {SERVER}, 'own, loopback, link-local, multicast and foreign private addresses '
           'are never reached', there)
    got = program('then', SERVER, name_of('192.168.77.20'), '192.168.77.20', 80)
    report(got == ['answer', 'connected'], "the gateway's own network is", got)
    close(peer, lease)


def bounds(peer, program):
    lease = portal(peer, 600)
    for i in range(5):
        program('dns', SERVER, name_of(*(f'198.51.100.{100 + 16 * i + k}' for k in range(16))))
    there = reach()
    report(len(there) == 2 * 64 + 1, '64 addresses at once, and no more', len(there))
    with open(f'{LAB}/log/engine.log', encoding='utf-8') as log:
        said = log.read().count('addresses at once')
    report(said == 1, 'which the network cannot make it say without end', said)
    report(program('tcp', '198.51.100.163', 80) == 'connected' and
           refused_soon(program.timed('tcp', '198.51.100.170', 80)), 'the first ones')
    report(max(there.values()) <= 15, 'none for longer than the kernel is told', max(there.values()))
    before = {e: t for e, t in there.items() if t < 14}
    wait_until(lambda: max(reach().values()) <= 13, 5, 0.1)
    peer.extend(lease, 500)
    after = reach()
    report(len(after) == len(there) and min(after.values()) >= 14, 'extended with the lease',
           (len(after), min(after.values()), len(before)))
    close(peer, lease)
    lease = portal(peer, 2)
    program('dns', SERVER, name_of('198.51.100.7', ttl=300))
    report(len(reach()) == 3 and max(reach().values()) <= 2, 'never for longer than the lease',
           reach())
    report(peer.ended(lease, 5) == 'deadline' and not reach(), 'with which it ends')
    lease.close()


def lifetimes(peer, program):
    lease = portal(peer, 600)
    program('dns', SERVER, name_of('198.51.100.7', ttl=5))
    began = time.monotonic()
    report(wait_until(lambda: (CLEARNET, '198.51.100.7', 'tcp', 80) not in reach(), 80, 1),
           'an address of five seconds ends')
    took = time.monotonic() - began
    report(59 < took < 65, 'after a minute', took)
    program('dns', SERVER, name_of('198.51.100.7', ttl=86400))
    began = time.monotonic()
    wait_until(lambda: (CLEARNET, '198.51.100.7', 'tcp', 80) not in reach(), 400, 1)
    took = time.monotonic() - began
    report(299 < took < 305, 'one of a day after five', took)
    close(peer, lease)


def asked_wrongly(peer):
    for servers in ((), ('127.0.0.1',), ('192.168.77.10',), (SERVER, '224.0.0.251'),
                    ('192.168.77.255',), ('255.255.255.255',), ('169.254.1.1',), ('0.0.0.0',)):
        report(refusal(portal, peer, servers=servers) == 'no-servers', f'servers: {servers}')
    report(refusal(portal, peer, servers=('192.168.77.1', SERVER)) == 'granted', 'servers on the LAN')
    report(refusal(portal, peer) == 'busy', 'one lease a user')
    peer.close()


def scopes(peer):
    for uid, scope in ((CLEARNET, 'probe'), (PROBE, 'full'), (PROBE, 'portal')):
        servers = () if scope == 'full' else (SERVER,)
        got = refusal(peer.open, uid, 5, scope=scope, servers=servers)
        report(got == 'not-a-door', f'uid {uid}: no scope {scope}', got)
    got = refusal(peer.open, PROBE, 5, scope='probe', servers=(SERVER,))
    report(got == 'no-consent', 'no probe without consent', got)


# --- the probe's budget

def probe(peer, servers=(SERVER,)):
    return peer.open(PROBE, 10, scope='probe', servers=servers)


def once(peer, program, reader):
    peer.consent('granted')
    lease = probe(peer, (SERVER, SECOND))
    report(refusal(peer.extend, lease, 5) == 'too-long', 'a probe is not extended')
    got = program('then', SERVER, name_of('198.51.100.7', '198.51.100.8'), '198.51.100.7', 443)
    report(got == ['answer', 'Connection refused'], 'a probe: not HTTPS', got)
    report(program('tcp', '198.51.100.7', 80, 40001, 1) == 'connected', 'one connection')
    before = mark()
    closed = [program.timed('tcp', '198.51.100.7', 80), program.timed('tcp', '198.51.100.8', 80),
              program.timed('tcp', '198.51.100.7', 80, 40001),
              program.timed('udp', SERVER, 53), program.timed('tcp', SERVER, 80)]
    report(all(refused_soon(c) for c in closed), 'not a second one, nor a second question', closed)
    report(not left(before), 'as seen outside', left(before))
    report(program('dns', SECOND, name_of('198.51.100.9'))[0] == 'answer', 'one at the next server')
    report(refused_soon(program.timed('udp', SECOND, 53)), 'once, too')
    close(peer, lease)
    lease = probe(peer)
    got = program('then', SERVER, name_of('198.51.100.7'), '198.51.100.7', 80)
    report(got == ['answer', 'connected'], 'another lease, another connection', got)
    close(peer, lease)

    wrong, late, before = [], 0, counted('door_scope')
    for i in range(ROUNDS):
        lease = probe(peer, (SERVER, SECOND))
        if program('dns', SERVER, name_of('198.51.100.7'))[0] != 'answer':
            late += 1  # whoever plays the bus process here was not in time: nothing is open
            close(peer, lease)
            continue
        got = program('both', 'udp', SECOND, 53), program('both', 'tcp', '198.51.100.7', 80)
        if got != (['Operation not permitted', 'sent'], ['Connection refused', 'connected']):
            wrong.append((i, got))
        close(peer, lease)
    report(not wrong, f'two threads at once, {ROUNDS} times: one of them', wrong[:3])
    report(late < ROUNDS / 2 and counted('door_scope') == before + 2 * (ROUNDS - late),
           'and the other is refused by the wall', f'{late} answers were late')
    reader.become('read')


# --- ends

def network_changes(peer, program):
    lease = portal(peer)
    report(program('then', SERVER, name_of('198.51.100.7'), '198.51.100.7', 80)[1] == 'connected',
           'a portal in use')
    began = time.monotonic()
    subprocess.run(['ip', 'route', 'replace', 'default', 'via', '192.168.77.20', 'dev', 'eth0'],
                   check=True)
    select.select([lease.fd], [], [], 5)
    took = time.monotonic() - began
    reason = peer.ended(lease, 5)
    report(reason == 'network' and not reach(), 'ends with the network', (reason, reach()))
    report(took < 0.1 or sanitized(), 'within 100 ms', took)
    lease.close()
    subprocess.run(['ip', 'route', 'del', 'default'], check=True)
    got = refusal(portal, peer)
    report(got == 'no-network', 'and none is opened without one', got)
    subprocess.run(['ip', 'route', 'add', 'default', 'via', '192.168.77.1'], check=True)
    lease = portal(peer)
    subprocess.run(['ip', 'addr', 'add', '192.168.77.11/24', 'dev', 'eth0'], check=True)
    report(peer.ended(lease, 0.1) is None, 'another address is no other network')
    subprocess.run(['ip', 'addr', 'del', '192.168.77.11/24', 'dev', 'eth0'], check=True)
    close(peer, lease)


def another_link(peer, program):
    """A second network is up: its servers are not asked, and what is behind it is not reached."""
    behind = '198.51.100.200'
    for command in ('link add second type veth peer name away', 'link set away up', 'addr add 10.9.0.1/24 dev second',
                    'link set second up', f'route add {behind} dev second'):
        subprocess.run(['ip'] + command.split(), check=True)
    got = refusal(portal, peer, servers=('10.9.0.53',))
    report(got == 'no-servers', 'the servers of another link are not for this network', got)
    lease = portal(peer, servers=('10.9.0.53', SERVER))
    report({key[1] for key in reach()} == {SERVER}, 'nor beside those that are', reach())
    program('dns', SERVER, name_of(behind, '198.51.100.7'))
    named = {key[1] for key in reach()}
    report(named == {SERVER, '198.51.100.7'}, 'what is behind another link is not reached', named)
    close(peer, lease)
    subprocess.run(['ip', 'link', 'del', 'second'], check=True)


def engine_dies(peer, program, reader):
    lease = portal(peer, 600)
    program('dns', SERVER, name_of('198.51.100.7'))
    kill_engine(signal.SIGKILL)
    before = mark()
    got, took = program.timed('dns', SERVER, name_of('198.51.100.8'), 0.5)
    asked = left(before, 'dport=53')
    report(got == 'timed out' and took > 0.4 and asked, 'no engine, no answer', (got, asked))
    reader.become('end')
    peer.close()
    report(start_engine(), 'another engine')
    report(not reach() and refused_soon(program.timed('tcp', '198.51.100.7', 80)),
           'ends what it finds', reach())
    lease.close()
    peer = Peer()
    lease = portal(peer, 2)
    Reader(peer)
    program('dns', SERVER, name_of('198.51.100.7'))
    report(program('tcp', '198.51.100.7', 80) == 'connected', 'a door for two seconds')
    kill_engine(signal.SIGKILL)
    report(wait_until(lambda: refused_soon(program.timed('tcp', '198.51.100.7', 80)), 4, 0.05)
           and not reach(), 'closes by itself when its engine is dead', reach())


def main():
    peer, program, prober = Peer(), Program(CLEARNET), Program(PROBE)
    reader = Reader(peer)
    scopes(peer)
    only_what_is_named(peer, program, reader)
    never_too_early(peer, program)
    silent_peer(peer, program, reader)
    never_named(peer, program)
    bounds(peer, program)
    if os.environ.get('SCOPED_LONG'):
        lifetimes(peer, program)
    once(peer, prober, reader)
    another_link(peer, program)
    network_changes(peer, program)
    engine_dies(peer, program, reader)
    start_engine()
    asked_wrongly(Peer())


main()
