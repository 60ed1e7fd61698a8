#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""servers.py WHAT... : servers for tests. WHAT is PROTO:ADDRESS:PORT[=BEHAVIOUR].

PROTO is tcp or udp; ADDRESS as in URLs ([::] takes IPv4 too). Behaviours: echo (the default),
discard, slow (reads less than one wants to send), stream (sends without end), dns, http, by-port (echo, or what the port that the client
meant is known for), origin (first a line with the address that the client meant). Prints "ready"
once all listen.
"""
import socket
import struct
import sys
import threading
import time

SO_ORIGINAL_DST = 80
ANSWER = '198.51.100.80'
BY_PORT = {9: 'discard', 19: 'stream', 22: 'slow', 53: 'dns', 80: 'http', 443: 'http', 8080: 'http'}
STREAM_SECONDS = 3  # how long a datagram stream runs after it was last asked for
CHUNK = b'x' * 16384


def meant(conn):
    """The address and port that the client connected to, before any redirection."""
    for level, size in ((socket.IPPROTO_IP, 16), (socket.IPPROTO_IPV6, 28)):
        try:
            raw = conn.getsockopt(level, SO_ORIGINAL_DST, size)
        except OSError:
            continue
        port = struct.unpack('!H', raw[2:4])[0]
        if size == 16:
            return socket.inet_ntop(socket.AF_INET, raw[4:8]), port
        return socket.inet_ntop(socket.AF_INET6, raw[8:24]), port
    return conn.getsockname()[:2]


def dns_answer(query):
    """An A record for whatever was asked; nothing for other types."""
    if len(query) < 17:
        return b''
    end = 12
    while end < len(query) and query[end]:
        end += query[end] + 1
    question = query[12:end + 5]
    is_a = question[-4:-2] == b'\0\1'
    head = query[:2] + b'\x81\x80\0\1' + (b'\0\1' if is_a else b'\0\0') + b'\0\0\0\0'
    record = b'\xc0\x0c\0\1\0\1' + struct.pack('!IH', 60, 4) + socket.inet_aton(ANSWER)
    return head + question + (record if is_a else b'')


def do_echo(conn):
    while data := conn.recv(65536):
        conn.sendall(data)


def do_discard(conn):
    while conn.recv(1 << 20):
        pass


def do_slow(conn):
    while conn.recv(16384):
        time.sleep(0.02)


def do_stream(conn):
    while True:
        conn.sendall(CHUNK)
        time.sleep(0.0005)


def do_dns(conn):
    while len(head := conn.recv(2, socket.MSG_WAITALL)) == 2:
        query = conn.recv(struct.unpack('!H', head)[0], socket.MSG_WAITALL)
        answer = dns_answer(query)
        conn.sendall(struct.pack('!H', len(answer)) + answer)


def do_http(conn):
    """/ is a page, /bulk is 1 GiB at about 30 MB/s, /upload swallows."""
    request = b''
    while b'\r\n\r\n' not in request:
        data = conn.recv(65536)
        if not data:
            return
        request += data
    path = request.split(b' ')[1]
    if path == b'/bulk':
        conn.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n' %
                     (1 << 30))
        for _ in range((1 << 30) // len(CHUNK)):
            conn.sendall(CHUNK)
            time.sleep(0.0005)
        return
    page = b'<html><title>outside</title>This page came through the door.</html>\n'
    conn.sendall(b'HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n'
                 b'Connection: close\r\n\r\n%s' % (len(page), page))


def do_by_port(conn):
    STREAMS[BY_PORT.get(meant(conn)[1], 'echo')](conn)


def do_origin(conn):
    conn.sendall(b'%s %d\n' % ((lambda a: (a[0].encode(), a[1]))(meant(conn))))
    do_echo(conn)


STREAMS = {'echo': do_echo, 'discard': do_discard, 'slow': do_slow, 'stream': do_stream,
           'dns': do_dns, 'http': do_http, 'by-port': do_by_port, 'origin': do_origin}


def serve_connection(conn, behaviour):
    with conn:
        try:
            STREAMS[behaviour](conn)
        except OSError:
            pass


def serve_tcp(sock, behaviour):
    while True:
        try:
            conn = sock.accept()[0]
        except OSError:
            continue
        threading.Thread(target=serve_connection, args=(conn, behaviour), daemon=True).start()


def stream_to(sock, peer, until):
    number = 0
    while time.monotonic() < until[peer]:
        try:
            sock.sendto(b'%d' % number, peer)
        except OSError:
            pass
        number += 1
        time.sleep(0.001)
    del until[peer]


def serve_udp(sock, behaviour):
    until = {}
    while True:
        try:
            data, peer = sock.recvfrom(65536)
        except OSError:
            continue
        if behaviour == 'stream':
            fresh = peer not in until
            until[peer] = time.monotonic() + (STREAM_SECONDS if data != b'stop' else 0)
            if fresh and data != b'stop':
                threading.Thread(target=stream_to, args=(sock, peer, until),
                                 daemon=True).start()
            continue
        answer = dns_answer(data) if behaviour == 'dns' else data
        if behaviour != 'discard' and answer:
            try:
                sock.sendto(answer, peer)
            except OSError:
                pass


def listen(what):
    where, _, behaviour = what.partition('=')
    proto, _, rest = where.partition(':')
    address, _, port = rest.rpartition(':')
    v6 = address.startswith('[')
    sock = socket.socket(socket.AF_INET6 if v6 else socket.AF_INET,
                         socket.SOCK_STREAM if proto == 'tcp' else socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if v6:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0 if address == '[::]' else 1)
    sock.bind((address.strip('[]'), int(port)))
    if proto == 'tcp':
        sock.listen(256)
    threading.Thread(target=serve_tcp if proto == 'tcp' else serve_udp,
                     args=(sock, behaviour or 'echo'), daemon=True).start()


def main():
    for what in sys.argv[1:]:
        listen(what)
    print('ready', flush=True)
    threading.Event().wait()


if __name__ == '__main__':
    main()
