#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""reload_flood.py N POLICY: N reloads with policies that differ in every part, with an open door
in use; prints lines for report() of lab.sh."""
import os
import subprocess
import sys
import time

sys.path.insert(0, __file__.rsplit('/', 2)[0] + '/lib')
# pylint: disable=wrong-import-position
from labpy import LIB, Peer, note, report, uid_of

CONF = '/etc/sallyport/policy.conf'
CHANGES = '''
[service more{n}]
listen = 127.0.0.1:{port}/tcp 127.0.0.4:20000-{port}/udp [::1]:{port}/tcp
users = {user}
[lan]
exclude = 192.168.{n}.0/24
[tor]
udp = {udp}
[clearnet-dns]
most = {most}
'''


def write_policy(text):
    with open(CONF + '.new', 'w', encoding='ascii') as f:
        f.write(text)
    os.rename(CONF + '.new', CONF)


def main():
    wanted = int(sys.argv[1])
    with open(sys.argv[2], encoding='ascii') as f:
        base = f.read()
    peer = Peer()
    clearnet = uid_of('clearnet')
    lease = peer.open(clearnet, 600)
    flow = subprocess.Popen(  # pylint: disable=consider-using-with
        ['/usr/bin/python3', f'{LIB}/steady.py', str(clearnet), 'tcp', '198.51.100.5', '4000'],
        stdout=subprocess.PIPE, text=True)
    report(flow.stdout.readline() == 'connected\n', 'a flow through the door begins')
    outcomes = {'loaded': 0, 'unchanged': 0, 'refused': 0}
    started = time.monotonic()
    for i in range(wanted):
        n = i % 7 + 1
        write_policy(base + CHANGES.format(n=n, port=20000 + n * 10, most=n,
                                           user='amnesia' if i % 2 else 'nobody',
                                           udp='no'))
        outcome, _, text = peer.reload()
        outcomes[outcome] += 1
        if outcome == 'refused':
            note(text)
    took = time.monotonic() - started
    report(outcomes == {'loaded': wanted, 'unchanged': 0, 'refused': 0},
           f'{wanted} reloads under a flood', str(outcomes))
    note(f'{took / wanted * 1000:.1f} ms a reload')
    outcome = peer.reload()[0]
    report(outcome == 'unchanged', 'a reload that changes nothing loads nothing', outcome)
    flow.terminate()
    last = flow.stdout.read().strip()
    report(' failed 0 ' in last and int(last.split()[1]) > 50,
           'the flow through the door goes on undisturbed', last)
    note(last)
    peer.end(lease)
    peer.close()


if __name__ == '__main__':
    main()
