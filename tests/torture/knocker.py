#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""knocker.py UID ADDRESS: tries to reach that address as that uid, by UDP and TCP in turn, a thousand
times a second; says "knocking" and, after SIGTERM, how often it saw what."""
import collections
import errno
import os
import select
import signal
import socket
import sys
import time

PORT, PATIENCE, PAUSE = 4000, 0.05, 0.001
saw = collections.Counter()


def name(number):
    return errno.errorcode.get(number, str(number)) if number else 'passed'


def udp(sock, there):
    """False when a program would take a new socket: this one was destroyed with its lease."""
    try:
        sock.sendto(b'knock', there)
        saw['udp passed'] += 1
    except OSError as e:
        saw['udp ' + name(e.errno)] += 1
        return e.errno == errno.EPERM
    return True


def tcp(there):
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK) as sock:
        result = sock.connect_ex(there)
        if result == errno.EINPROGRESS:
            answered = select.select([], [sock], [], PATIENCE)[1]
            result = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) if answered \
                else errno.ETIMEDOUT
        saw['tcp ' + name(result)] += 1


def datagrams():
    return socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)


def main():
    uid, there = int(sys.argv[1]), (sys.argv[2], PORT)
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
    over = []
    signal.signal(signal.SIGTERM, lambda *_: over.append(True))
    sock = datagrams()
    print('knocking', flush=True)
    while not over:
        if not udp(sock, there):
            sock.close()
            sock = datagrams()
        if saw.total() % 5 == 0:
            tcp(there)
        time.sleep(PAUSE)
    for what, times in sorted(saw.items()):
        print(what, times)


if __name__ == '__main__':
    main()
