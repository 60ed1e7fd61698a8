#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""seal_peer.py {greets|strangers|garbage|no-door|killed}: at the engine's socket; prints lines for
report() of lab.sh."""
import os
import random
import signal
import socket
import struct
import sys
import time

sys.path.insert(0, __file__.rsplit('/', 2)[0] + '/lib')
# pylint: disable=wrong-import-position
from labpy import (GET_LIMITS, HEADER, LEASE_OPEN, LEASE_OPENED, SET_CONSENT, VERSION,
                   Gone, Peer, Refused, kill_engine, probe, report, send_signal, spawn_engine,
                   start_engine, uid_of)

CONF = '/etc/sallyport/policy.conf'


def gone(peer):
    """Whether the engine closes this connection now."""
    try:
        while True:
            peer.receive()
    except (Gone, ConnectionError):
        return True
    except TimeoutError:
        return False


def greets():
    peer = Peer()
    default, longest, most, _, sealed, built_in, doors = struct.unpack_from('=7I', peer.limits)
    report((default, longest, most) == (60, 600, 4), 'the limits are the policy\'s',
           f'{default} {longest} {most}')
    report(sealed == 1 and built_in == 0, 'sealed, and not by the built-in wall')
    report(doors == 3, 'three doors: two clearnet users and the probe', str(doors))
    try:
        peer.open(1000)
        report(False, 'no door for a user without the role')
    except Refused as e:
        report(e.args[0] == 'not-a-door', 'no door for a user without the role', str(e))
    try:
        peer.open(uid_of('_sallyport-probe'), scope='probe', servers=('198.51.100.5',))
        report(False, 'no door for the probe without consent')
    except Refused as e:
        report(e.args[0] == 'no-consent', 'no door for the probe without consent', str(e))
    peer.close()


def strangers():
    """One peer at a time, and that is _sallyport."""
    for name in ('root', 'amnesia', '_sallyport-engine'):
        try:
            peer = Peer(greet=False, uid=uid_of(name))
        except PermissionError:
            report(True, f'{name} may not connect')
            continue
        try:
            peer.send(GET_LIMITS, 1, b'')
        except OSError:
            pass
        report(gone(peer), f'{name} is shown the door')
    first = Peer()
    second = Peer(greet=False)
    second.sock.settimeout(1)
    try:
        second.send(GET_LIMITS, 1, b'')
        answered = second.receive()
    except (OSError, Gone):
        answered = None
    report(answered is None, 'a second peer is not served', str(answered))
    second.close()
    first.open(uid_of('clearnet')).close()
    report(True, 'the first goes on')
    first.close()


def bad_messages():
    header = struct.pack(HEADER, GET_LIMITS, VERSION, 1)
    yield 'one byte', b'x'
    yield 'half a header', header[:5]
    yield 'an unknown type', struct.pack(HEADER, 999, VERSION, 1)
    yield 'type 0', struct.pack(HEADER, 0, VERSION, 1)
    yield 'another version', struct.pack(HEADER, GET_LIMITS, VERSION + 1, 1)
    yield 'a byte too many', header + b'\0'
    yield 'a message of the other direction', \
        struct.pack(HEADER, LEASE_OPENED, VERSION, 1) + bytes(24)
    yield 'garbage in the padding', \
        struct.pack(HEADER, LEASE_OPEN, VERSION, 1) + struct.pack('=IIIIII', 902, 1, 1000, 0, 0, 7) + bytes(32)
    yield 'a consent that is none', \
        struct.pack(HEADER, SET_CONSENT, VERSION, 1) + struct.pack('=II16sII', 77, 1000, b'', 0, 0)
    yield 'a huge one', struct.pack(HEADER, GET_LIMITS, VERSION, 1) + bytes(60000)


def garbage():
    """Each bad message ends the connection, and the leases with it."""
    uid = uid_of('clearnet')
    there = [{'kind': 'tcp', 'to': '203.0.113.130', 'port': 4000}]
    early = Peer(greet=False)
    early.beat()
    report(gone(early), 'dropped: a request before the greeting')
    for what, data in bad_messages():
        peer = Peer()
        lease = peer.open(uid)
        was = probe(uid, there, ())[0]['saw']
        peer.sock.send(data)
        good = gone(peer)
        now = probe(uid, there, ())[0]['saw']
        report(good and was == 'answer' and now == 'ECONNREFUSED', f'dropped, its lease too: {what}',
               f'dropped: {good}, before: {was}, after: {now}')
        peer.close()
        lease.close()
    peer = Peer()
    read, write = os.pipe()
    socket.send_fds(peer.sock, [struct.pack(HEADER, GET_LIMITS, VERSION, 9)], [read])
    os.close(read)
    try:
        os.write(write, b'x')
        kept = True
    except BrokenPipeError:
        kept = False
    report(not kept or gone(peer), 'a descriptor that nobody asked for is not kept')
    os.close(write)
    peer.close()


def no_door():
    peer = Peer()
    built_in = struct.unpack_from('=7I', peer.limits)[5]
    report(built_in == 1, 'the limits say that it is the built-in wall')
    try:
        peer.open(uid_of('clearnet'))
        report(False, 'the built-in wall has no door')
    except Refused as e:
        report(e.args[0] in ('no-policy', 'not-a-door'), 'the built-in wall has no door', str(e))
    peer.close()


def killed():
    """kill -9 at any moment of a start or a reload, under the flood of the caller."""
    refused = [{'kind': 'tcp', 'to': '198.51.100.5', 'port': 4000}]
    kill_engine()
    open_moments = 0
    for _ in range(40):
        engine = spawn_engine()
        time.sleep(random.random() * 0.03)
        engine.kill()
        engine.wait()
    open_moments += probe(1000, refused, ())[0]['saw'] != 'ECONNREFUSED'
    report(not open_moments, 'killed 40 times while it starts: sealed')
    with open(CONF, encoding='ascii') as f:
        base = f.read()
    for i in range(15):
        if not start_engine():
            report(False, 'the engine starts again')
            break
        with open(CONF, 'w', encoding='ascii') as f:
            f.write(base + f'[service extra]\nlisten = 127.0.0.9:{1000 + i}/tcp\nusers = nobody\n')
        send_signal('engine', signal.SIGHUP)
        time.sleep(random.random() * 0.004)
        kill_engine()
    with open(CONF, 'w', encoding='ascii') as f:
        f.write(base)
    report(probe(1000, refused, ())[0]['saw'] == 'ECONNREFUSED',
           'killed 15 times while it reloads: sealed')
    report(start_engine(), 'and it starts once more')


if __name__ == '__main__':
    {'greets': greets, 'strangers': strangers, 'garbage': garbage, 'no-door': no_door,
     'killed': killed}[sys.argv[1]]()
