#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""prober.py UID [CAPABILITY...] <TABLE: tries to reach things as that uid, and says what it saw.

TABLE is a JSON list of probes: objects with `kind` (a function below), `to` and whatever else the
kind wants (port, sport, ident, device, connected, proto, flags, source). Prints one JSON object a
probe: `saw` and `ms`. What was seen is

    answer        something came back (`data` says what)
    sent          no error, and nothing came back within `patience` (default 0.3) seconds
    timeout       a connection was neither made nor refused in time
    ERRNO         the error's name: ECONNREFUSED, EPERM, ...
    unsupported   this kernel has no such protocol

The capabilities (net_raw) are for probes that no ordinary program could send at all.
"""
import ctypes
import errno
import json
import os
import select
import socket
import struct
import sys
import time

SO_BINDTODEVICE = 25
IP_HDRINCL, IP_RECVERR, IPV6_RECVERR = 3, 11, 25
DCCP, SCTP, UDPLITE = 33, 132, 136
# what opens an association: no tag, no checksum, INIT with its tag, window, streams, number
SCTP_INIT = struct.pack('!IIBBHIIHHI', 0, 0, 1, 0, 20, 1, 65536, 1, 1, 1)
MPTCP = 262
UNSUPPORTED = (errno.EPROTONOSUPPORT, errno.ESOCKTNOSUPPORT, errno.EAFNOSUPPORT,
               errno.ENOPROTOOPT)
PR_SET_KEEPCAPS, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE = 8, 47, 2
CAPABILITIES = {'net_raw': 13, 'net_admin': 12}
CAP_VERSION_3 = 0x20080522


class Unsupported(Exception):
    pass


def become(uid, capabilities):
    """Uid and group, no other groups, and no capability but those named."""
    libc = ctypes.CDLL(None, use_errno=True)
    bits = sum(1 << CAPABILITIES[c] for c in capabilities)
    libc.prctl(PR_SET_KEEPCAPS, 1 if bits else 0, 0, 0, 0)
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
    header = struct.pack('II', CAP_VERSION_3, 0)
    data = struct.pack('IIIIII', bits, bits, 0, 0, 0, 0)
    if libc.capset(header, data) != 0:
        raise OSError(ctypes.get_errno(), 'capset')


def family(address):
    return socket.AF_INET6 if ':' in address else socket.AF_INET


def sockaddr(address, port):
    if ':' not in address:
        return (address, port)
    host, _, device = address.partition('%')
    return (host, port, 0, socket.if_nametoindex(device) if device else 0)


def make(fam, kind, proto, p):
    try:
        sock = socket.socket(fam, kind, proto)
    except OSError as e:
        if e.errno in UNSUPPORTED:
            raise Unsupported from e
        raise
    sock.setblocking(False)
    if 'device' in p:
        sock.setsockopt(socket.SOL_SOCKET, SO_BINDTODEVICE, p['device'].encode())
    if 'sport' in p and kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM) and not p.get('raw'):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(('', p['sport']))
    return sock


def wait(sock, what, p):
    poll = select.poll()
    poll.register(sock, what)
    return bool(poll.poll(p.get('patience', 0.3) * 1000))


def answer(sock, p):
    """What comes back, if anything; errors that come back are raised."""
    if not wait(sock, select.POLLIN, p):
        return 'sent', ''
    data = sock.recv(2048)
    return 'answer', data[:60].decode('latin-1')


def check_error(sock):
    error = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    if error:
        raise OSError(error, '')


def tcp(p, proto=0):
    with make(family(p['to']), socket.SOCK_STREAM, proto, p) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
        try:
            sock.connect(sockaddr(p['to'], p['port']))
        except BlockingIOError:
            if not wait(sock, select.POLLOUT, {'patience': p.get('patience', 1)}):
                return 'timeout', ''
            check_error(sock)
        sock.send(p.get('say', 'hello\n').encode('latin-1'))
        saw, data = answer(sock, {'patience': p.get('patience', 1)})
        return (saw, data) if saw == 'answer' else ('connected', '')


def mptcp(p):
    return tcp(p, MPTCP)


def udp(p, proto=0):
    with make(family(p['to']), socket.SOCK_DGRAM, proto, p) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        data = p.get('say', 'hello').encode('latin-1')
        to = sockaddr(p['to'], p['port'])
        if 'multicast' in p:
            if family(p['to']) == socket.AF_INET:
                sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF,
                                socket.inet_aton(p['multicast']))
        if p.get('connected'):
            sock.connect(to)
            sock.send(data)
        else:
            sock.sendto(data, to)
        return answer(sock, p)


def udplite(p):
    return udp(p, UDPLITE)


def checksum(data):
    if len(data) % 2:
        data += b'\0'
    total = sum(struct.unpack('!%dH' % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def echo_request(p):
    v6 = family(p['to']) == socket.AF_INET6
    head = struct.pack('!BBHHH', 128 if v6 else 8, 0, 0, p.get('ident', 1), 1)
    if v6:
        return head + b'hello'
    return head[:2] + struct.pack('!H', checksum(head + b'hello\0')) + head[4:] + b'hello\0'


def ping(p):
    """As ping(8) does it today: a datagram socket; its `port` is the identifier."""
    v6 = family(p['to']) == socket.AF_INET6
    proto = socket.IPPROTO_ICMPV6 if v6 else socket.IPPROTO_ICMP
    with make(family(p['to']), socket.SOCK_DGRAM, proto, {**p, 'raw': True}) as sock:
        # as ping does: a refusal comes as an ICMP error, which the kernel keeps to itself else
        if v6:
            sock.setsockopt(socket.IPPROTO_IPV6, IPV6_RECVERR, 1)
        else:
            sock.setsockopt(socket.IPPROTO_IP, IP_RECVERR, 1)
        if 'ident' in p:
            sock.bind(('', p['ident']))
        sock.sendto(echo_request(p), sockaddr(p['to'], 0))
        return answer(sock, p)


def raw_ping(p):
    v6 = family(p['to']) == socket.AF_INET6
    proto = socket.IPPROTO_ICMPV6 if v6 else socket.IPPROTO_ICMP
    with make(family(p['to']), socket.SOCK_RAW, proto, p) as sock:
        sock.sendto(echo_request(p), sockaddr(p['to'], 0))
        return 'sent', ''


def own_address(to):
    """The source address that the kernel would take; asking sends nothing."""
    with socket.socket(family(to), socket.SOCK_DGRAM) as sock:
        sock.connect(sockaddr(to, 9))
        return sock.getsockname()[0]


def tcp_segment(source, p):
    head = struct.pack('!HHIIBBHHH', p['sport'], p['port'], 1000, 2000, 5 << 4, p['flags'], 1024,
                       0, 0)
    pseudo = (socket.inet_aton(source) + socket.inet_aton(p['to']) +
              struct.pack('!BBH', 0, socket.IPPROTO_TCP, len(head)))
    return head[:16] + struct.pack('!H', checksum(pseudo + head)) + head[18:]


def segment(p):
    """One TCP segment that belongs to no connection."""
    with make(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_TCP, p) as sock:
        sock.sendto(tcp_segment(own_address(p['to']), p), (p['to'], 0))
        return 'sent', ''


def raw(p):
    """A datagram of IP protocol `proto`, with ports where that protocol has them."""
    with make(family(p['to']), socket.SOCK_RAW, p['proto'], p) as sock:
        body = bytes(16)
        if p['proto'] in (SCTP, DCCP):
            body = struct.pack('!HH', p['sport'], p['port']) + SCTP_INIT
        sock.sendto(body, sockaddr(p['to'], 0))
        return 'sent', ''


def hdrincl(p):
    """A whole IPv4 packet of the sender's own making: UDP, or TCP if there are flags."""
    source = p.get('source') or own_address(p['to'])
    if 'flags' in p:
        proto, body = socket.IPPROTO_TCP, tcp_segment(source, p)
    else:
        proto, body = socket.IPPROTO_UDP, struct.pack('!HHHH', p['sport'], p['port'], 13, 0)
        body += b'hello'
    head = struct.pack('!BBHHHBBH4s4s', 0x45, 0, 20 + len(body), 0, 0, 64, proto, 0,
                       socket.inet_aton(source), socket.inet_aton(p['to']))
    with make(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW, p) as sock:
        sock.setsockopt(socket.IPPROTO_IP, IP_HDRINCL, 1)
        sock.sendto(head + body, (p['to'], 0))
        return 'sent', ''


def join(p):
    """Membership of a multicast group: the kernel itself tells the network."""
    index = socket.if_nametoindex('eth0')
    with make(family(p['to']), socket.SOCK_DGRAM, 0, p) as sock:
        if family(p['to']) == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP,
                            socket.inet_pton(socket.AF_INET6, p['to']) + struct.pack('@I', index))
        else:
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP,
                            socket.inet_aton(p['to']) + socket.inet_aton(p['multicast']))
        return 'sent', ''


def sctp(p):
    with make(family(p['to']), socket.SOCK_STREAM, SCTP, {k: p[k] for k in p if k != 'sport'}) \
            as sock:
        try:
            sock.connect(sockaddr(p['to'], p['port']))
        except BlockingIOError:
            if not wait(sock, select.POLLOUT, {'patience': 0.3}):
                return 'timeout', ''
            check_error(sock)
        return 'connected', ''


KINDS = {f.__name__: f for f in (tcp, mptcp, udp, udplite, ping, raw_ping, segment, raw, hdrincl,
                                 join, sctp)}


def run(p):
    started = time.monotonic()
    data = ''
    try:
        saw, data = KINDS[p['kind']](p)
    except Unsupported:
        saw = 'unsupported'
    except OSError as e:
        saw = errno.errorcode.get(e.errno, str(e))
    return {'saw': saw, 'ms': round((time.monotonic() - started) * 1000, 2), 'data': data}


def main():
    table = json.load(sys.stdin)
    uid = int(sys.argv[1])
    socket.getaddrinfo('127.0.0.1', 1)  # what is loaded on first use is loaded now
    become(uid, sys.argv[2:])
    for p in table:
        print(json.dumps(run(p)))


if __name__ == '__main__':
    main()
