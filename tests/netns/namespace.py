#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""namespace.py open|closed|to-peer: who reaches what, between this host and its confined programs.

open: no wall; what it will refuse works. closed: with the wall. to-peer: only what is for the
program called browser.
"""
import json
import os
import subprocess
import sys

LIB = os.environ['LIB']
PATIENCE = 0.15
SILENT = ('timeout', 'sent')  # dropped
TOLD = ('ECONNREFUSED', 'EPERM')
THROUGH = ('answer',)


def tcp(to, port, **more):
    return {'kind': 'tcp', 'to': to, 'port': port, 'patience': PATIENCE, **more}


def udp(to, port, **more):
    return {'kind': 'udp', 'to': to, 'port': port, 'patience': PATIENCE, **more}


def ping(to):
    return {'kind': 'ping', 'to': to, 'patience': PATIENCE}


# What is named: it works with the wall, too.
NAMED = [
    ('browser: its SocksPort', 'browser', 1000, tcp('10.200.1.1', 9050)),
    ('browser: whoever asks there', 'browser', 0, tcp('10.200.1.1', 9050)),
    ('browser: a range of UDP ports', 'browser', 1000, udp('10.200.1.1', 9100)),
    ('mail: a port whose server is root', 'mail', 1000, tcp('10.200.2.1', 8000)),
    ('mail: another address of this host', 'mail', 1000, tcp('192.168.77.10', 8001)),
]

# From a confined program: dropped.
FROM = [
    ('another port of the same server', 'browser', 1000, tcp('10.200.1.1', 9051)),
    ('root is nobody special there', 'browser', 0, tcp('10.200.1.1', 22)),
    ('a port beside the range', 'browser', 1000, udp('10.200.1.1', 9300)),
    ('the other protocol', 'browser', 1000, udp('10.200.1.1', 5300)),
    ('a port of all addresses', 'browser', 1000, tcp('10.200.1.1', 6000)),
    ('the same port of another address', 'browser', 1000, tcp('192.168.77.10', 9050)),
    ('that address by another port', 'browser', 1000, tcp('192.168.77.10', 6000)),
    ('a ping', 'browser', 1000, ping('10.200.1.1')),
    ("another program's port", 'browser', 1000, tcp('10.200.2.1', 8000)),
    ('a program of which nothing is named', 'stranger', 1000, tcp('10.200.1.1', 9050)),
    ('its own address', 'stranger', 1000, tcp('10.200.3.1', 6000)),
]

# By another address of the same program, as it comes over the pair.
SPOOFED = ('another source address', 'browser', 0,
           {'kind': 'hdrincl', 'to': '10.200.1.1', 'port': 9100, 'sport': 4444,
            'source': '10.200.1.3'})
STOLEN = ("the peer's address, by another pair", 'stranger', 0,
          {'kind': 'hdrincl', 'to': '10.200.1.1', 'port': 9100, 'sport': 4445,
           'source': '10.200.1.2'})

# To it: told at once, whoever asks.
TO = [
    (f'{who}: {what}', None, uid, probe)
    for who, uid in (('root', 0), ('the desktop', 1000), ('Tor', 901))
    for what, probe in (('TCP', tcp('10.200.1.2', 80)), ('UDP', udp('10.200.1.2', 80)),
                        ('its other address', tcp('10.200.1.3', 80)))
] + [
    ('DNS by Tor', None, 901, tcp('10.200.1.2', 53)),
    ('the desktop: a ping', None, 1000, ping('10.200.1.2')),
]

TAKEN = ('a port whose server is another: its answers', 'browser', 1000, tcp('10.200.1.1', 7000))


def probe(rows):
    """What each saw; those of one place and user are asked together, the others meanwhile."""
    saw, asked = {}, []
    for place in sorted({row[1:3] for row in rows}, key=str):
        of = [row for row in rows if row[1:3] == place]
        where = ['ip', 'netns', 'exec', place[0]] if place[0] else []
        # pylint: disable=consider-using-with
        child = subprocess.Popen([*where, '/usr/bin/python3', f'{LIB}/prober.py', str(place[1]),
                                  'net_raw'], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                 text=True)
        child.stdin.write(json.dumps([row[3] for row in of]))
        child.stdin.close()
        asked.append((of, child))
    for of, child in asked:
        for row, line in zip(of, child.stdout):
            saw[row[0]] = json.loads(line)
        if child.wait() or len(saw) < len(of):
            sys.exit(f'the prober failed: {of}')
    return saw


def counted():
    out = subprocess.run(['nft', 'list', 'counter', 'inet', 'sallyport', 'namespace'],
                         stdout=subprocess.PIPE, check=True, text=True).stdout
    return int(out.split('packets ')[1].split()[0])


def report(rows, expected, word, saw=None):
    saw = saw or probe(rows)
    for row in rows:
        got = saw[row[0]]['saw']
        good = got in expected
        print(f'{"ok" if good else "not ok"} {row[0]}: {word}')
        if not good:
            print(f'# saw {saw[row[0]]}')


def report_spoofed():
    """Nobody would hear an answer: the wall says what it has dropped."""
    for row in (SPOOFED, STOLEN):
        before = counted()
        probe([row])
        print(f'{"ok" if counted() == before + 1 else "not ok"} {row[0]}: dropped and counted')


def main():
    if sys.argv[1] == 'open':
        report(NAMED + FROM + TO + [TAKEN], THROUGH, 'gets through without a wall')
    elif sys.argv[1] == 'closed':
        saw = probe(NAMED + FROM + [TAKEN])
        report(NAMED, THROUGH, 'answers', saw)
        report(FROM, SILENT, 'nothing comes of it', saw)
        report([TAKEN], SILENT + ('ECONNRESET',), 'do not come', saw)
        report_spoofed()
    else:
        report(TO, TOLD, 'is told at once')


if __name__ == '__main__':
    main()
