# SPDX-License-Identifier: GPL-2.0-or-later
"""tor_control.py FIFO: a control socket where Tor's is, which says what it reads from FIFO.

A line of it is sent as it is written, with the end of line of the protocol; "close" closes the
connection, "flood" sends a megabyte. Prints what it is sent.
"""
import os
import selectors
import socket
import sys

PATH = "/run/tor/control"
COOKIE = bytes(range(32))


def main():
    with open(PATH + ".authcookie", "wb") as f:
        f.write(COOKIE)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(PATH)
    os.chmod(PATH, 0o666)
    os.chmod(PATH + ".authcookie", 0o644)
    listener.listen(1)
    commands = os.open(sys.argv[1], os.O_RDWR)
    waiting = selectors.DefaultSelector()
    waiting.register(listener, selectors.EVENT_READ)
    waiting.register(commands, selectors.EVENT_READ)
    peer, text = None, b""
    print("ready", flush=True)
    while True:
        for key, _ in waiting.select():
            if key.fileobj is listener:
                peer = listener.accept()[0]
                waiting.register(peer, selectors.EVENT_READ)
            elif key.fd == commands:
                text += os.read(commands, 65536)
                *lines, text = text.split(b"\n")
                for line in lines:
                    if line == b"close":
                        waiting.unregister(peer)
                        peer.close()
                    elif line == b"flood":
                        flood(peer)
                    else:
                        peer.sendall(line + b"\r\n")
            else:
                said = peer.recv(65536)
                for line in said.decode().splitlines():
                    print(line, flush=True)
                if not said:
                    print("hung up", flush=True)
                    waiting.unregister(peer)
                    peer.close()


def flood(peer):
    try:
        peer.sendall(b"650 STATUS_CLIENT NOTICE BOOTSTRAP PROGRESS=10 " + b"x" * (1 << 20))
    except OSError:
        pass


main()
