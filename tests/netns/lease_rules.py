#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""lease_rules.py POLICY: what a door is for, and what it is not; and the endings that are rules of
the policy or of consent, seen on the wire. Prints lines for report() of lab.sh."""
import os
import subprocess
import sys
import time

sys.path.insert(0, __file__.rsplit('/', 2)[0] + '/lib')
# pylint: disable=wrong-import-position
from labpy import (REFUSALS, Mark, Peer, Refused, left, mark, probe, records, report, uid_of,
                   wait_until)

CONF = '/etc/sallyport/policy.conf'
CLEARNET, SECOND, PROBE = uid_of('clearnet'), uid_of('clearnet2'), uid_of('_sallyport-probe')
THERE = '198.51.100.5'
TCP = [{'kind': 'tcp', 'to': THERE, 'port': 4000}]


def reaches(uid):
    return probe(uid, TCP, ())[0]['saw']


def refusal(ask, *args):
    """The name of the refusal, or what it returned."""
    try:
        return ask(*args)
    except Refused as e:
        assert e.args[0] in REFUSALS
        return e.args[0]


def as_uid(uid, code):
    """Runs python statements as that uid; what they print."""
    return subprocess.run(
        ['setpriv', f'--reuid={uid}', f'--regid={uid}', '--clear-groups', '/usr/bin/python3',
         '-c', code], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()


def one_user_alone(peer):
    lease = peer.open(CLEARNET)
    report(reaches(CLEARNET) == 'answer', 'a door is for its user')
    report(reaches(SECOND) == 'ECONNREFUSED', 'not for another clearnet user')
    report(refusal(peer.open, CLEARNET) == 'busy', 'one lease for a user')
    other = peer.open(SECOND)
    report(reaches(SECOND) == 'answer', 'another has its own')
    peer.end(lease)
    report(reaches(CLEARNET) == 'ECONNREFUSED', 'and closes for itself')
    report(reaches(SECOND) == 'answer', 'while the other stays open')
    peer.end(other)
    for held in (lease, other):
        held.close()


def nobody_rides_along(peer):
    """Another uid on the addresses and ports of a live flow."""
    lease = peer.open(CLEARNET)
    udp = f'''
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("", 9801))
s.sendto(b"mine", ("{THERE}", 4000))
s.settimeout(2)
print(s.recv(10).decode())'''
    report(as_uid(CLEARNET, udp) == 'mine', 'a datagram flow through the door')
    since = mark()
    for uid in (65534, 1000, 0):
        saw = probe(uid, [{'kind': 'udp', 'to': THERE, 'port': 4000, 'sport': 9801}], ())[0]['saw']
        report(saw == 'EPERM', f'uid {uid} does not ride along on its ports', saw)
    raw = {'kind': 'segment', 'to': THERE, 'port': 4000, 'sport': 9801, 'flags': 16}
    saw = probe(0, [raw])[0]['saw']
    report(saw == 'EPERM', 'nor does a segment of root', saw)
    report(not left(since, f'dst={THERE}'), 'nothing of that left',
           '\n'.join(r['line'] for r in records(since, f'dst={THERE}')))
    peer.end(lease)
    lease.close()


def old_flows_stay_dead(peer):
    """A flow of an ended lease does not come to life with the next one."""
    lease = peer.open(CLEARNET)
    code = f'''
import socket, sys
s = socket.create_connection(("{THERE}", 4000))
s.send(b"one"); s.recv(10)
print("up", flush=True)
sys.stdin.readline()
try:
    s.send(b"two")
    s.settimeout(1)
    print("again" if s.recv(10) else "end")
except OSError as e:
    print(e.strerror)'''
    program = subprocess.Popen(  # pylint: disable=consider-using-with
        ['setpriv', f'--reuid={CLEARNET}', f'--regid={CLEARNET}', '--clear-groups',
         '/usr/bin/python3', '-c', code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    report(program.stdout.readline() == 'up\n', 'a connection through the door')
    peer.end(lease)
    again = peer.open(CLEARNET)
    answer = program.communicate('go\n', timeout=10)[0].strip()
    report(answer not in ('again', ''), 'it stays dead under the next lease', answer)
    report(reaches(CLEARNET) == 'answer', 'where new ones live')
    peer.end(again)
    for held in (lease, again):
        held.close()


def open_probe(peer):
    return peer.open(PROBE, scope='probe', servers=(THERE,))


def asks():
    return probe(PROBE, [{'kind': 'udp', 'to': THERE, 'port': 53}], ())[0]['saw']


def consent(peer):
    report(refusal(open_probe, peer) == 'no-consent', 'no door for the probe without consent')
    peer.consent('granted')
    since = mark()
    report(asks() == 'EPERM' and not left(since, f'dst={THERE}'), 'consent alone opens nothing')
    report(refusal(peer.open, PROBE) == 'not-a-door', 'nor is there a door of full scope')
    lease = open_probe(peer)
    asks()
    report(left(since, f'dst={THERE}', 'dport=53'), 'with consent and a lease it asks its server')
    prepared = Mark()
    peer.consent('hidden')
    since = prepared.fire()
    report(peer.ended(lease, 5) == 'consent', 'withdrawn, the lease ends')
    report(asks() == 'EPERM' and not left(since, f'dst={THERE}'),
           'and not one packet leaves after it')
    report(refusal(open_probe, peer) == 'no-consent', 'nor is there a new one')
    lease.close()


def rewrite(text):
    with open(CONF + '.new', 'w', encoding='ascii') as f:
        f.write(text)
    os.rename(CONF + '.new', CONF)


def the_policy_changes(peer, base):
    first, second = peer.open(CLEARNET, 300), peer.open(SECOND, 300)
    prepared = Mark()
    rewrite(base.replace('clearnet = clearnet clearnet2', 'clearnet = clearnet2'))
    outcome = peer.reload()
    since = prepared.fire()
    report(outcome[0] == 'loaded', 'a reload that drops a user', str(outcome))
    report(peer.ended(first, 5) == 'policy', 'ends its lease')
    # it is a user like any other now
    report(reaches(CLEARNET) == 'ECONNREFUSED' and not left(since, f'dst={THERE}'),
           'and closes its door')
    report(reaches(SECOND) == 'answer', 'and leaves the other open')
    rewrite(base.replace('longest = 10min', 'longest = 2min'))
    peer.reload()
    report(peer.ended(second, 5) == 'policy', 'a lease that would be too long now ends')
    report(reaches(SECOND) == 'ECONNREFUSED', 'and closes its door')
    rewrite(base)
    peer.reload()
    for held in (first, second):
        held.close()


def limits(peer):
    report(refusal(peer.open, CLEARNET, 601) == 'too-long', 'not longer than the longest')
    report(refusal(peer.open, 4242) == 'not-a-door', 'not for a uid that the policy does not name')
    report(refusal(peer.open, 0) == 'not-a-door', 'not for root')
    lease = peer.open(CLEARNET, 1)
    end = peer.extend(lease, 5)
    report(abs(end - time.clock_gettime_ns(time.CLOCK_BOOTTIME) / 1000 - 5e6) < 5e5,
           'extended from now')
    time_of_old_end = lease.expires / 1e6 - time.clock_gettime(time.CLOCK_BOOTTIME)
    wait_until(lambda: False, max(0, time_of_old_end) + 0.3)
    report(reaches(CLEARNET) == 'answer', 'it outlives its first end')
    report(refusal(peer.extend, lease, 601) == 'too-long', 'not extended beyond the longest')
    report(peer.ended(lease, 6) == 'deadline', 'and ends at its second')
    report(refusal(peer.extend, lease, 5) == 'no-such-lease', 'an ended one is not extended')
    lease.close()


def main():
    with open(sys.argv[1], encoding='ascii') as f:
        base = f.read()
    peer = Peer()
    one_user_alone(peer)
    nobody_rides_along(peer)
    old_flows_stay_dead(peer)
    consent(peer)
    limits(peer)
    the_policy_changes(peer, base)
    peer.close()


if __name__ == '__main__':
    main()
