#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""probe_servers.py HTTP-PORT DNS-PORT: a network that means no good. The host's name in a question
and the path in a request say what comes back. Prints "ready"."""
import gzip
import socket
import struct
import sys
import threading
import time

DATE = 'Wed, 25 Nov 2026 09:00:00 GMT'
OK = 'HTTP/1.1 200 OK\r\n'
HEAD = f'{OK}Date: {DATE}\r\n'
ONLINE = b'NetworkManager is online\n'
ADDRESSES = {'drop': '198.51.100.81', 'closed': '198.51.100.90', 'loopback': '127.0.0.1'}
RCODES = {'refused': 5, 'servfail': 2, 'nx': 3}


def whole(head, body=b''):
    return f'{head}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n'.encode() + body


def moved(where):
    return whole(f'HTTP/1.1 302 Found\r\nDate: {DATE}\r\nLocation: {where}\r\n', b'<html>')


# What is sent at once, by path; afterwards the connection is closed.
ANSWERS = {
    'nm': whole(HEAD, ONLINE),
    'chunked': f'{HEAD}Transfer-Encoding: chunked\r\n\r\n'.encode() + b'3\r\nNet\r\n16\r\n'
               b'workManager is online\n\r\n0\r\n\r\n',
    'status-header': whole(f'{HEAD}X-NetworkManager-Status: online\r\n', b'anything'),
    'no-content': f'HTTP/1.1 204 No Content\r\nDate: {DATE}\r\n\r\n'.encode(),
    'empty': whole(HEAD),
    'no-date': whole(OK, ONLINE),
    'bad-date': whole(f'{OK}Date: 25 November\r\n', ONLINE),
    'early-date': whole(f'{OK}Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n', ONLINE),
    'late-date': whole(f'{OK}Date: Fri, 31 Dec 9999 23:59:59 GMT\r\n', ONLINE),
    'redirect': moved('http://portal.example:8080/login?from=1'),
    'redirect-lan': moved('http://192.168.77.1/'),
    'redirect-loopback': moved('http://127.0.0.1:9051/'),
    'redirect-disguised': moved('http://2130706433/'),
    'redirect-script': moved('javascript:alert(1)'),
    'login': whole('HTTP/1.1 511 Network Authentication Required\r\n', b'log in'),
    'other': whole(HEAD, b'<html>log in</html>'),
    'short': whole(HEAD, b'Network'),
    'nul-body': whole(HEAD, b'\0' * 100),
    'error': whole('HTTP/1.1 500 No\r\n', b'oops'),
    'nul-header': f'{HEAD}X: a\0b\r\n\r\n'.encode() + ONLINE,
    'nul-status': b'HTTP/1.1 200 O\0K\r\n\r\n' + ONLINE,
    'no-http': b'SSH-2.0-OpenSSH_9.2\r\n',
    'http09': ONLINE,
    'headers': OK.encode() + b'X: y\r\n' * 10000 + b'\r\n' + ONLINE,
    'long-header': OK.encode() + b'X: ' + b'y' * 20000 + b'\r\n\r\n' + ONLINE,
    'endless-header': OK.encode() + b'X: ' + b'y' * 2000000 + b'\r\n\r\n' + ONLINE,
    'cut': f'{HEAD}Content-Length: 100\r\n\r\n'.encode() + b'Net',
    'cut-header': HEAD.encode(),
    'nothing': b'',
    'body': whole(HEAD, b'x' * (10 << 20)),
    'encoded': f'{HEAD}Content-Encoding: gzip\r\n\r\n'.encode() + ONLINE,
    'coded': f'{HEAD}Transfer-Encoding: gzip\r\n\r\n'.encode() + gzip.compress(ONLINE),
}


def drip(conn, data):
    for byte in data:
        conn.sendall(bytes([byte]))
        time.sleep(0.4)


def flood(conn):
    """A header line without an end, in small pieces, so that the peer has something to confirm."""
    conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    conn.sendall(f'{HEAD}X: '.encode())
    while True:
        conn.sendall(b'y')
        time.sleep(0.0005)


def silence(conn):
    while conn.recv(4096):
        pass


SLOW = {'drip': lambda c: drip(c, whole(HEAD, ONLINE)), 'silent': silence, 'flood': flood,
        'late-redirect': lambda c: (time.sleep(2), c.sendall(ANSWERS['redirect'])),
        'half': lambda c: (c.sendall(f'{HEAD}\r\nNet'.encode()), silence(c)),
        # Held until the peer closes, so that it is seen who ends it, and when.
        'held': lambda c: (c.sendall(f'{HEAD}\r\n'.encode() + ONLINE), silence(c))}


def serve(conn):
    with conn:
        request = b''
        while b'\r\n\r\n' not in request:
            data = conn.recv(4096)
            if not data:
                return
            request += data
        what = request.split(b' ')[1].split(b'?')[0].strip(b'/').decode()
        if what in SLOW:
            SLOW[what](conn)
            return
        conn.sendall(ANSWERS[what])
        conn.shutdown(socket.SHUT_WR)
        silence(conn)


def serve_quietly(conn):
    try:
        serve(conn)
    except OSError:
        pass  # whoever asked has closed


def dns(query):
    """The answer's bytes, or none."""
    name = query[13:13 + query[12]].decode()
    end = 12
    while query[end]:
        end += query[end] + 1
    question = query[12:end + 5]
    record = b'\xc0\x0c\0\1\0\1' + struct.pack('!IH', 60, 4)
    if name == 'timeout':
        return b''
    if name == 'garbage':
        return query[:2] + b'\x81\x80\0\1\0\1\0\0\0\0' + question + b'\xc0\xff' + record[2:] + b'\0'
    if name in RCODES or name == 'empty':
        return query[:2] + b'\x81' + bytes([0x80 | RCODES.get(name, 0)]) + \
            b'\0\1\0\0\0\0\0\0' + question
    address = socket.inet_aton(ADDRESSES.get(name, '198.51.100.80'))
    return query[:2] + b'\x81\x80\0\1\0\1\0\0\0\0' + question + record + address


def serve_dns(sock):
    while True:
        query, peer = sock.recvfrom(4096)
        answer = dns(query)
        if answer:
            sock.sendto(answer, peer)


def main():
    names = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    names.bind(('::', int(sys.argv[2])))
    threading.Thread(target=serve_dns, args=(names,), daemon=True).start()
    with socket.create_server(('::', int(sys.argv[1])), family=socket.AF_INET6, backlog=128,
                              dualstack_ipv6=True) as listener:
        print('ready', flush=True)
        while True:
            conn = listener.accept()[0]
            threading.Thread(target=serve_quietly, args=(conn,), daemon=True).start()


if __name__ == '__main__':
    main()
