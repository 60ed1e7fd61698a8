#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A door that lives longer than its elements in the kernel do at first; prints lines for reports()
of tap.sh."""
import subprocess
import sys
import time

sys.path.insert(0, __file__.rsplit('/', 2)[0] + '/lib')
# pylint: disable=wrong-import-position
from labpy import Peer, probe, report, uid_of, wait_until

FIRST = 15  # seconds: LEASE_KERNEL_TIMEOUT of service/policy/lease.h
THERE = [{'kind': 'tcp', 'to': '198.51.100.7', 'port': 4000}]


def sees():
    return probe(uid_of('clearnet'), THERE, ())[0]['saw']


def marks():
    out = subprocess.run(['nft', 'list', 'set', 'inet', 'sallyport', 'live'],
                         stdout=subprocess.PIPE, check=True, text=True).stdout
    return out.count('expires')


def main():
    report(sees() == 'ECONNREFUSED', 'without a door its user is refused')
    peer = Peer()
    lease = peer.open(uid_of('clearnet'), 60)
    opened = time.monotonic()
    report(sees() == 'answer', 'with a door it is not')
    wait_until(lambda: time.monotonic() - opened > FIRST + 2, 60, 1)
    report(sees() == 'answer', 'renewed: not after the first timeout either')
    lease.close()
    report(peer.ended(lease, 20) == 'closed', 'closed: its end is told')
    report(sees() == 'ECONNREFUSED', 'and its user refused')
    report(marks() == 0, 'nothing of it is left')
    lease = peer.open(uid_of('clearnet'), 60)
    report(sees() == 'answer', 'another one')
    peer.close()
    report(wait_until(lambda: marks() == 0, 20, 0.1), 'ends with the bus process')
    report(sees() == 'ECONNREFUSED', 'and its user is refused')


if __name__ == '__main__':
    main()
