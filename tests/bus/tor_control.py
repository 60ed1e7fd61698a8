# SPDX-License-Identifier: GPL-2.0-or-later
"""tor_control.py FIFO: a control socket where Tor's is, which says what it reads from FIFO.

A line of it is sent as it is written, with the end of line of the protocol; "close" closes the
connection, "flood" sends a megabyte. Prints what it is sent, and "hung up".
"""
import os
import selectors
import socket
import sys

PATH = "/run/tor/control"
COOKIE = bytes(range(32))


def say(peer, line):
    try:
        peer.sendall(line + b"\r\n")
    except OSError:
        pass  # who hangs up does not hear the rest


def hear(peer):
    """False when that was the last."""
    try:
        said = peer.recv(65536)
    except OSError:
        said = b""
    for line in said.decode().splitlines() if said else ["hung up"]:
        print(line, flush=True)
    return bool(said)


def obey(peer, line):
    if line == b"close":
        peer.shutdown(socket.SHUT_RDWR)
    elif line == b"flood":
        say(peer, b"650 STATUS_CLIENT NOTICE BOOTSTRAP " + b"x" * (1 << 20))
    else:
        say(peer, line)


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
                    obey(peer, line)
            elif not hear(key.fileobj):
                waiting.unregister(key.fileobj)
                key.fileobj.close()


main()
