# SPDX-License-Identifier: GPL-2.0-or-later
"""stand_in.py SOCKET UID FIFO: stands where the engine does, and grants UID ("clearnet") any lease.

It is told, a line each, what the real one says only of packets that a network has sent:

  answer LEASE PACKET HEX   a DNS answer is held back
  link NAME...              these are up
  ended LEASE REASON        a lease has ended

and prints what it is asked: "open UID SECONDS SCOPE SERVER...", "extend LEASE SECONDS",
"end LEASE REASON", "addresses LEASE PACKET ADDRESS/TTL...".
"""
import array
import os
import selectors
import socket
import struct
import sys
import time

(GET_LIMITS, LIMITS, HEARTBEAT, ALIVE, OPEN, OPENED, EXTEND, EXTENDED, END, ENDED, _, GET_CONSENT,
 CONSENT) = range(1, 14)
CHECK_ADDRESS, ADDRESS, LINKS, DNS_ANSWER, DNS_ADDRESSES = range(28, 33)
HEADER = struct.Struct("=HHI")


def numeric(address):
    return socket.inet_ntoa(struct.pack(">I", address))


class Engine:
    def __init__(self, path, uid):
        self.uid = uid
        self.peer = None
        self.leases = {}
        self.last = 0
        self.links = ["eth0"]
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.listener.bind(path)
        os.chmod(path, 0o666)
        self.listener.listen(1)

    def send(self, kind, cookie, body, fd=None):
        extra = []
        if fd is not None:
            extra = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [fd]))]
        self.peer.sendmsg([HEADER.pack(kind, 1, cookie) + body], extra)

    def send_links(self):
        items = b"".join(struct.pack("=16sII", n.encode(), i + 2, 0) for i, n in enumerate(self.links))
        self.send(LINKS, 0, struct.pack("=IIII", 1, 1, len(self.links), 0) + items.ljust(80 * 24, b"\0"))

    def send_limits(self, cookie):
        door = struct.pack("=II36s", self.uid, 0, b"clearnet")
        self.send(LIMITS, cookie, struct.pack("=8I32s", 600, 1800, 8, 8, 1, 0, 1, 0, b"d" * 32)
                  + door.ljust(32 * 44, b"\0"))

    def end(self, lease, reason, cookie):
        os.close(self.leases.pop(lease, None) or os.open("/dev/null", os.O_RDONLY))
        self.send(ENDED, cookie, struct.pack("=QII", lease, reason, 0))

    def open(self, body, cookie):
        uid, seconds, _, scope, n, _, *servers = struct.unpack("=6I8I", body)
        print("open", uid, seconds, scope, *map(numeric, servers[:n]), flush=True)
        theirs, ours = os.pipe()
        self.last += 1
        self.leases[self.last] = ours
        now = time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1000
        self.send(OPENED, cookie, struct.pack("=QQQ", self.last, now, now + seconds * 1000000), theirs)
        os.close(theirs)

    def hear(self):
        data = self.peer.recv(4096)
        if not data:
            sys.exit("the bus process has gone")
        (kind, _, cookie), body = HEADER.unpack(data[:8]), data[8:]
        if kind == GET_LIMITS:
            self.send_limits(cookie)
            self.send_links()
        elif kind == HEARTBEAT:
            self.send(ALIVE, cookie, b"")
        elif kind == OPEN:
            self.open(body, cookie)
        elif kind == EXTEND:
            lease, seconds, _ = struct.unpack("=QII", body)
            print("extend", lease, seconds, flush=True)
            now = time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1000
            self.send(EXTENDED, cookie, struct.pack("=QQ", lease, now + seconds * 1000000))
        elif kind == END:
            lease, reason, _ = struct.unpack("=QII", body)
            print("end", lease, reason, flush=True)
            self.end(lease, reason, cookie)
        elif kind == GET_CONSENT:
            self.send(CONSENT, cookie, bytes(48))
        elif kind == CHECK_ADDRESS:
            self.send(ADDRESS, cookie, bytes(8))
        elif kind == DNS_ADDRESSES:
            lease, packet, n, *items = struct.unpack("=QII32I", body)
            print("addresses", lease, packet,
                  *("%s/%d" % (numeric(items[2 * i]), items[2 * i + 1]) for i in range(n)), flush=True)

    def obey(self, line):
        word, *rest = line.split()
        if word == "answer":
            text = bytes.fromhex("".join(rest[2:]))
            self.send(DNS_ANSWER, 0, struct.pack("=QII", int(rest[0]), int(rest[1]), len(text))
                      + text.ljust(1472, b"\0"))
        elif word == "link":
            self.links = rest
            self.send_links()
        elif word == "ended":
            self.end(int(rest[0]), int(rest[1]), 0)


def main():
    engine = Engine(sys.argv[1], int(sys.argv[2]))
    commands = os.open(sys.argv[3], os.O_RDWR)
    print("ready", flush=True)
    engine.peer = engine.listener.accept()[0]
    waiting = selectors.DefaultSelector()
    waiting.register(engine.peer, selectors.EVENT_READ)
    waiting.register(commands, selectors.EVENT_READ)
    text = b""
    while True:
        for key, _ in waiting.select():
            if key.fd != commands:
                engine.hear()
                continue
            text += os.read(commands, 65536)
            *lines, text = text.split(b"\n")
            for line in lines:
                engine.obey(line.decode())


main()
