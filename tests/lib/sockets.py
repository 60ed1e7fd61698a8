#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""sockets.py UID ADDRESS [OPTION:PORT:N]...: a program of UID with N UDP sockets for each argument,
all bound to PORT (0: each to its own) with REUSEPORT, REUSEADDR or NONE set, each used once. Says
"ready"; then for each line on stdin how many of them live still."""
import os
import resource
import socket
import sys

limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
os.setgroups([])
os.setresgid(int(sys.argv[1]), int(sys.argv[1]), int(sys.argv[1]))
os.setresuid(int(sys.argv[1]), int(sys.argv[1]), int(sys.argv[1]))

sockets = []
for argument in sys.argv[3:]:
    option, port, n = argument.split(':')
    for _ in range(int(n)):
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        if option != 'NONE':
            sock.setsockopt(socket.SOL_SOCKET, getattr(socket, 'SO_' + option), 1)
        sock.bind(('0.0.0.0', int(port)))
        try:
            sock.sendto(b'x', (sys.argv[2], 9))
        except OSError:
            pass  # refused without a lease
        sockets.append(sock)
print('ready', flush=True)
for _ in sys.stdin:
    sockets = [s for s in sockets if not s.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)]
    print(len(sockets), flush=True)
