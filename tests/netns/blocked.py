#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""blocked.py yes|no: makes a packet of every class that is reported, each until its report comes,
and compares what it says; destinations are not to be there, or are, for which a few classes are
enough. Prints lines for report()."""
import json
import os
import select
import socket
import subprocess
import sys
import time

sys.path.insert(0, __file__.rsplit('/', 2)[0] + '/lib')
# pylint: disable=wrong-import-position
from labpy import note, report

POLICY = '/etc/sallyport/policy.conf'
TOR, DOOR, DESKTOP, ALICE, ROOT = 901, 902, 1000, 5001, 0
PATIENCE = 10 * int(os.environ.get('LAB_PATIENCE', '1'))
WITH_DESTINATION = ('internet', 'ipv6', 'door_protocol', 'dns', 'local', 'not_unicast')
INTERNET, LAN, FAR6 = '198.51.100.77', '192.168.77.20', '2001:db8:1::beef:77'


def line_of(text):
    """Where the policy says that, as an origin has it."""
    with open(POLICY, encoding='ascii') as f:
        return f'{POLICY}:{f.read().splitlines().index(text) + 1}'


def as_user(uid, fn):
    """Runs fn as that user, who may send ICMP but has no capability."""
    pid = os.fork()
    if pid:
        os.waitpid(pid, 0)
        return
    try:
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
        fn()
    except OSError:
        pass
    finally:
        os._exit(0)


def tcp(to, port):
    def send():
        with socket.socket(socket.AF_INET6 if ':' in to else socket.AF_INET) as s:
            s.settimeout(0.2)
            s.connect((to, port))
    return send


def udp(to, port, sport=0):
    def send():
        family = socket.AF_INET6 if ':' in to else socket.AF_INET
        with socket.socket(family, socket.SOCK_DGRAM) as s:
            s.bind(('', sport))
            s.sendto(b'x', (to, port))
    return send


def ping(to):
    def send():
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_ICMP) as s:
            s.sendto(b'\x08\0\0\0\0\0\0\0', (to, 0))
    return send


def rides_on_tors_flow():
    """The same addresses and ports, once Tor's socket is gone."""
    as_user(TOR, udp('198.51.100.80', 53, 5555))
    as_user(DESKTOP, udp('198.51.100.80', 53, 5555))


def simply(uid, fn):
    return lambda: as_user(uid, fn)


def cases():
    """Class, uid, protocol, destination, port (None: whichever), origin, and what makes it."""
    built_in = 'built-in'
    door = line_of('clearnet = clearnet clearnet2')
    return [
        ('internet', DESKTOP, 'tcp', INTERNET, 443, built_in, simply(DESKTOP, tcp(INTERNET, 443))),
        ('internet', ALICE, 'udp', INTERNET, 444, built_in, simply(ALICE, udp(INTERNET, 444))),
        ('ipv6', DESKTOP, 'tcp', FAR6, 443, built_in, simply(DESKTOP, tcp(FAR6, 443))),
        ('door_local', DOOR, 'tcp', '127.0.0.1', 22, door,
         simply(DOOR, tcp('127.0.0.1', 22))),
        ('door_protocol', DOOR, 'icmp', INTERNET, None, door, simply(DOOR, ping(INTERNET))),
        ('door_closed', DOOR, 'tcp', INTERNET, 80, door, simply(DOOR, tcp(INTERNET, 80))),
        ('automap', ALICE, 'tcp', '127.192.1.2', 80, line_of('[automap]'),
         simply(ALICE, tcp('127.192.1.2', 80))),
        ('dns', ALICE, 'udp', '127.0.0.1', 53, line_of('[dns]'),
         simply(ALICE, udp('127.0.0.1', 53))),
        ('local', ALICE, 'tcp', '127.0.0.1', 9050, built_in,
         simply(ALICE, tcp('127.0.0.1', 9050))),
        # A squatter of the port of a service answers one of its users.
        ('answer', ALICE, 'udp', '127.0.0.1', None, built_in,
         simply(DESKTOP, udp('127.0.0.2', 7777))),
        # What the kernel answers a connection with is the listener's, but its report does not say.
        ('answer', None, 'tcp', '127.0.0.1', None, built_in,
         simply(ROOT, tcp('127.0.0.1', 9061))),
        ('tor', TOR, 'udp', INTERNET, 123, line_of('tor = debian-tor'),
         simply(TOR, udp(INTERNET, 123))),
        ('lan_port', DESKTOP, 'udp', LAN, 53, line_of('refuse = 53'),
         simply(DESKTOP, udp(LAN, 53))),
        ('not_unicast', DESKTOP, 'udp', '224.0.0.251', 5353, built_in,
         simply(DESKTOP, udp('224.0.0.251', 5353))),
        ('stale', DESKTOP, 'udp', '198.51.100.80', 53, built_in, rides_on_tors_flow),
    ]


class Follower:
    """sallyport blocked --follow, of everybody."""

    def __init__(self):
        self.since = time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1000
        self.program = subprocess.Popen(  # pylint: disable=consider-using-with
            ['sallyport', 'blocked', '--follow', '--all', '--json'], stdout=subprocess.PIPE)
        self.buffer = b''

    def next(self, seconds):
        """What it says next, but for what was there before, or None."""
        end = time.monotonic() + seconds
        while b'\n' not in self.buffer:
            rest = end - time.monotonic()
            if rest <= 0 or not select.select([self.program.stdout], [], [], rest)[0]:
                return None
            data = os.read(self.program.stdout.fileno(), 65536)
            if not data:
                return None
            self.buffer += data
        line, _, self.buffer = self.buffer.partition(b'\n')
        got = json.loads(line)
        return got if got['last'] >= self.since else self.next(end - time.monotonic())


def reported(follower, make, wanted, uid):
    """Sends again until there is room under the kernel's limit, and the report is the wanted one's.
    Never a second report for the same: the kernel remembers the first."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        make()
        pause = time.monotonic() + 0.3
        while (rest := pause - time.monotonic()) > 0:
            got = follower.next(rest)
            if got and got['class'] == wanted and got['uid'] == uid:
                return got
    return None


def main():
    kept = sys.argv[1] == 'yes'
    follower = Follower()
    for name, uid, protocol, destination, port, origin, make in cases():
        if kept and name not in WITH_DESTINATION:
            continue
        got = reported(follower, make, name, uid)
        text = f'{name}: {protocol} by {uid} is reported'
        if not got:
            report(False, text, 'no report')
            continue
        wanted = {'protocol': protocol, 'destination': destination if kept else None,
                  'origin': origin, 'family': 'ipv6' if ':' in destination else 'ipv4'}
        if port:
            wanted['port'] = port
        elif protocol == 'icmp':
            wanted['port'] = None
        seen = {key: got[key] for key in wanted}
        report(seen == wanted, text, f'{got}\nnot {wanted}')
    follower.program.terminate()
    report(follower.program.wait() == 0, 'an interrupt ends it well')
    note(f'destinations kept: {kept}')


if __name__ == '__main__':
    main()
