#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""path_mtu.py {open|dead|probing}: 1 MB uploads by Tor's user and by a clearnet user with a lease,
side by side, through a router with a small MTU; prints lines for report() of lab.sh.

open     no wall: the router's ICMP is heard, both arrive at once
dead     the wall, and a kernel that does not probe: neither arrives
probing  the wall, and a kernel that probes: both arrive
"""
import fcntl
import os
import socket
import struct
import subprocess
import sys
import time

sys.path.insert(0, __file__.rsplit('/', 2)[0] + '/lib')
# pylint: disable=wrong-import-position
from labpy import Peer, note, report, uid_of

SECONDS = float(os.environ.get('MTU_SECONDS', '20'))
SIZE = 1 << 20
SIOCOUTQ = 0x5411
TCP_INFO_SND_MSS = 16
USERS = ('debian-tor', 'clearnet')
# Addresses that no other run has used: the kernel remembers what it has learnt of one.
ADDRESS = {'open': '198.51.100.1%d', 'dead': '198.51.100.2%d', 'probing': '198.51.100.3%d'}
DISCARD = 9


def upload(address):
    """Prints how long it took until the other end had all, or how much was never acknowledged."""
    begin = time.monotonic()
    sock = socket.socket()
    sock.settimeout(SECONDS)
    sock.connect((address, DISCARD))
    try:
        sock.sendall(b'z' * SIZE)
        sock.shutdown(socket.SHUT_WR)
        sock.settimeout(max(0.1, SECONDS - (time.monotonic() - begin)))
        arrived = sock.recv(1) == b''
    except OSError:
        arrived = False
    left = struct.unpack('i', fcntl.ioctl(sock, SIOCOUTQ, b'\0' * 4))[0]
    info = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256)
    mss = struct.unpack_from('I', info, TCP_INFO_SND_MSS)[0]
    print(int(arrived), f'{time.monotonic() - begin:.2f}', left, mss)


def start(user, address):
    uid = str(uid_of(user))
    return subprocess.Popen(
        ['setpriv', f'--reuid={uid}', f'--regid={uid}', '--clear-groups', '--inh-caps=-all',
         '/usr/bin/python3', __file__, 'upload', address], stdout=subprocess.PIPE, text=True)


def judge(mode, user, out):
    text = {'open': f'{user}, no wall: the upload arrives, for the router is heard',
            'dead': f'{user}, the wall, no probing: the upload is dead after {SECONDS:.0f} s',
            'probing': f'{user}, the wall and probing: the upload arrives'}[mode]
    if len(out.split()) != 4:
        return report(False, text, f'the upload said: {out}')
    arrived, seconds, left, mss = out.split()
    note(f'{user}: {"done" if arrived == "1" else "not done"} after {seconds} s, {left} bytes not '
         f'acknowledged, segments of {mss}')
    # Without probing not one full segment passes: all that was ever written is still there.
    good = arrived == '1' if mode != 'dead' else arrived == '0' and int(left) > 0
    return report(good, text, out)


def main(mode):
    lease = None
    if mode != 'open':
        peer = Peer()
        lease = peer.open(uid_of('clearnet'), 300)
    running = [(user, start(user, ADDRESS[mode] % i)) for i, user in enumerate(USERS)]
    for user, process in running:
        judge(mode, user, process.communicate(timeout=2 * SECONDS + 10)[0].strip())
    if lease:
        peer.end(lease)
        peer.close()


if __name__ == '__main__':
    if sys.argv[1] == 'upload':
        upload(sys.argv[2])
    else:
        main(sys.argv[1])
