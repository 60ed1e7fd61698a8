#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""steady.py UID PROTO ADDRESS PORT: a flow that is allowed, question and answer again and again
until SIGTERM. Then prints "rounds N failed M first ERROR". A datagram whose answer does not come
in a second failed; a connection fails once."""
import errno
import os
import signal
import socket
import sys
import time


def main():
    uid, kind = int(sys.argv[1]), sys.argv[2]
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
    over = []
    signal.signal(signal.SIGTERM, lambda *_: over.append(1))
    rounds = failed = 0
    first = '-'
    sock = socket.socket(socket.AF_INET,
                         socket.SOCK_STREAM if kind == 'tcp' else socket.SOCK_DGRAM)
    sock.settimeout(1 if kind == 'udp' else 5)
    try:
        sock.connect((sys.argv[3], int(sys.argv[4])))
        print('connected', flush=True)
    except OSError as e:
        print(f'rounds 0 failed 1 first {e}', flush=True)
        return
    while not over:
        rounds += 1
        try:
            question = b'%012d' % rounds
            sock.send(question)
            if sock.recv(100) != question:
                raise OSError(errno.EBADMSG, 'another answer')
            time.sleep(0.002)
        except OSError as e:
            failed += 1
            first = first if first != '-' else str(e)
            if kind == 'tcp':
                break
    print(f'rounds {rounds} failed {failed} first {first}', flush=True)


if __name__ == '__main__':
    main()
