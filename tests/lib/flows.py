#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""flows.py UID: a program that uses an open door in every way at once, under the control of stdin.

go      opens everything; answers "running" as soon as data moves in all of it, or "failed WHY"
state   answers one JSON object: of each flow its error's name (null while it lives), the
        CLOCK_MONOTONIC second at which the program learnt of it, bytes sent (of knock: attempts) and
        received
stop    closes everything; answers "stopped"

up, down  bulk TCP; half  bulk TCP after shutdown of the own side; idle  TCP that was used once;
queued  TCP closed by the program while the kernel still has data to send for it; udp  datagrams
both ways; knock  new connections and datagrams, one after the other, for ever.
"""
import errno
import json
import os
import select
import socket
import sys
import threading
import time

THERE = '198.51.100.5'
ECHO, DISCARD, STREAM, SLOW = 4000, 9, 19, 22
UDP_PORT = 9753  # its own source port: somebody else will try to use it
CHUNK = b'x' * 65536


class Flow(threading.Thread):
    def __init__(self, name):
        super().__init__(daemon=True)
        self.flow = name
        self.sent = self.received = 0
        self.error = self.when = None
        self.moving = threading.Event()
        self.over = False
        self.sock = None

    def run(self):
        try:
            getattr(self, self.flow)()
        except OSError as e:
            self.error = errno.errorcode.get(e.errno, str(e))
            self.when = time.monotonic()

    def connect(self, port):
        self.sock = socket.create_connection((THERE, port), 5)
        self.sock.settimeout(None)

    def receive(self):
        data = self.sock.recv(65536)
        if not data:
            raise OSError(errno.ECONNRESET, '')
        self.received += len(data)
        self.moving.set()

    def up(self):
        self.connect(DISCARD)
        while not self.over:
            self.sent += self.sock.send(CHUNK)
            if self.sent > 1 << 20:
                self.moving.set()

    def down(self):
        self.connect(STREAM)
        while not self.over:
            self.receive()

    def half(self):
        self.connect(STREAM)
        self.sock.shutdown(socket.SHUT_WR)
        while not self.over:
            self.receive()

    def idle(self):
        self.connect(ECHO)
        self.sock.send(b'hello')
        self.receive()
        poll = select.poll()
        poll.register(self.sock, select.POLLIN)
        while not self.over:
            if poll.poll(100):
                self.receive()

    def queued(self):
        self.connect(SLOW)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 << 20)
        self.sock.setblocking(False)
        try:
            while self.sent < 4 << 20:
                self.sent += self.sock.send(CHUNK)
        except BlockingIOError:
            pass
        self.sock.close()
        self.moving.set()

    def udp(self):
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.sock.bind(('', UDP_PORT))
        self.sock.connect((THERE, STREAM))
        self.sock.setblocking(False)
        poll = select.poll()
        poll.register(self.sock, select.POLLIN)
        while not self.over:
            self.sent += self.sock.send(b'go')
            if poll.poll(2):
                self.receive()

    def knock(self):
        """Refusals are not its end: it is for ever hopeful, and only the wiretap judges it."""
        self.moving.set()
        while not self.over:
            for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                self.sent += 1
                with socket.socket(socket.AF_INET, kind) as sock:
                    sock.settimeout(0.05)
                    try:
                        sock.connect((THERE, ECHO))
                        sock.send(b'hello')
                        self.received += len(sock.recv(100))
                        self.error = None
                    except OSError as e:
                        self.error = errno.errorcode.get(e.errno, 'ETIMEDOUT')
                        self.when = time.monotonic()
            time.sleep(0.002)


NAMES = ('up', 'down', 'half', 'idle', 'queued', 'udp', 'knock')


def go(names):
    flows = [Flow(name) for name in names]
    for f in flows:
        f.start()
    for f in flows:
        if not f.moving.wait(5):
            return flows, f'failed {f.flow} {f.error}'
    return flows, 'running'


def stop(flows):
    for f in flows:
        f.over = True
        if f.sock:
            try:
                f.sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            f.sock.close()
    for f in flows:
        f.join(2)


def main():
    uid = int(sys.argv[1])
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
    flows = []
    for line in sys.stdin:
        words = line.split()
        if words[0] == 'go':
            flows, answer = go(words[1:] or NAMES)
        elif words[0] == 'state':
            answer = json.dumps({f.flow: {'error': f.error, 'when': f.when, 'sent': f.sent,
                                          'received': f.received} for f in flows})
        else:
            stop(flows)
            answer = 'stopped'
        print(answer, flush=True)


if __name__ == '__main__':
    main()
