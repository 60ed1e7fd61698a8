#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""running_flows.py PART [--open | POLICY]: flows that run while what admitted them goes away; prints
lines for report() of lab.sh.

becomes-local   the destination becomes an address of this machine; --open: there is no wall, and
                what is refused otherwise is seen to arrive
tor-loopback    Tor's flows to itself, when a reload takes them away
peers           what the other end of a UDP flow goes on sending, after a reload that took it away
on-link         what counts as on-link

push ADDRESS    not a part: the other end, which answers its first datagram for ever

A socket is its creator's, so all of them are made here, each with the uid that it stands for.
"""
import errno
import os
import select
import socket
import subprocess
import sys
import time

sys.path.insert(0, __file__.rsplit('/', 2)[0] + '/lib')
# pylint: disable=wrong-import-position
from labpy import Peer, mark, probe, records, report, uid_of, wait_until

CONF = '/etc/sallyport/policy.conf'
HOST, PRINTER, OUTSIDE = '192.168.77.10', '192.168.77.20', '203.0.113.2'
MOVING, SILENT = '192.168.77.40', '192.168.77.41'  # of the LAN at first; SILENT has no host
SERVED, PUSHED, TOR_SERVED = 8090, 7100, 45000
DESKTOP, CLEARNET, TOR, BOB = 1000, uid_of('clearnet'), uid_of('debian-tor'), 5002
PATIENCE = 20  # seconds for what must come; nothing that is judged depends on it
WHO = {'a clearnet user with a lease': CLEARNET, 'the desktop': DESKTOP, 'Tor': TOR}


def socket_of(uid, kind, address=('', 0)):
    os.seteuid(uid)
    try:
        sock = socket.socket(socket.AF_INET, kind)
    finally:
        os.seteuid(0)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind(address)
    sock.settimeout(PATIENCE)
    return sock


def tried(action, *args):
    """The name of the error, or what it returned."""
    try:
        return action(*args)
    except OSError as e:
        return errno.errorcode.get(e.errno, str(e))


def rewrite(text):
    with open(CONF + '.new', 'w', encoding='ascii') as f:
        f.write(text)
    os.rename(CONF + '.new', CONF)


def reload(peer, text):
    rewrite(text)
    outcome = peer.reload()
    assert outcome[0] == 'loaded', outcome


def ip(*words):
    subprocess.run(['ip', *words], check=True)


# --- the destination becomes an address of this machine

def datagram_flow(uid):
    """One that runs: the LAN's echo has answered."""
    sock = socket_of(uid, socket.SOCK_DGRAM, (HOST, 0))
    sock.sendto(b'out there', (MOVING, SERVED))
    assert sock.recv(100) == b'out there'
    return sock


def connecting(uid):
    """A connection under way: its SYN is lost, and sent again."""
    sock = socket_of(uid, socket.SOCK_STREAM, (HOST, 0))
    sock.setblocking(False)
    assert sock.connect_ex((SILENT, SERVED)) == errno.EINPROGRESS
    return sock


def outcome_of(sock):
    """How a connection under way ended, by its SYN's repetition at the latest."""
    if not select.select([], [sock], [], PATIENCE)[1]:
        return 'neither'
    error = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    return errno.errorcode[error] if error else 'connected'


def judge_datagram(who, sock, server, is_open):
    sent = tried(sock.sendto, b'here', (MOVING, SERVED))
    # What is refused has gone no further when it is refused; what is not does arrive.
    arrived = bool(select.select([server], [], [], 0 if sent == 'EPERM' else PATIENCE)[0])
    if arrived:
        server.recv(100)
    if is_open:
        report(arrived, f'with the wall open a datagram flow of {who} arrives here', sent)
    else:
        report(sent == 'EPERM' and not arrived, f'a datagram flow of {who} does not', sent)


def judge_connection(who, sock, server, is_open):
    ended = outcome_of(sock)
    arrived = bool(select.select([server], [], [], 0)[0])
    if arrived:
        server.accept()[0].close()
    if is_open:
        report(ended == 'connected' and arrived,
               f'with the wall open a connection under way of {who} arrives here', ended)
    else:
        report(ended == 'ECONNREFUSED' and not arrived,
               f'a connection under way of {who} does not', ended)


def becomes_local(option=''):
    is_open = option == '--open'
    if not is_open:
        peer = Peer()
        lease = peer.open(CLEARNET, 300)
    else:  # so that SYNs to nobody are lost, not given up
        ip('neigh', 'replace', SILENT, 'lladdr', '02:00:00:00:00:99', 'dev', 'eth0')
        ip('-n', 'router', 'addr', 'add', MOVING + '/24', 'dev', 'far')
    datagrams = {who: datagram_flow(uid) for who, uid in WHO.items() if is_open or uid != TOR}
    connections = {who: connecting(uid) for who, uid in WHO.items()}
    datagram_server = socket_of(0, socket.SOCK_DGRAM, ('', SERVED))
    server = socket_of(0, socket.SOCK_STREAM, ('', SERVED))
    server.listen()
    for address in (MOVING, SILENT):
        ip('addr', 'add', address + '/32', 'dev', 'eth0')
    for who, sock in datagrams.items():
        judge_datagram(who, sock, datagram_server, is_open)
    for who, sock in connections.items():
        judge_connection(who, sock, server, is_open)
    for address in (MOVING, SILENT):
        ip('addr', 'del', address + '/32', 'dev', 'eth0')
    if not is_open:
        peer.end(lease)
        peer.close()


# --- Tor's flows to itself

def said(sock, word):
    """What it is answered, or the error."""
    def exchange():
        sock.send(word)
        return sock.recv(100).decode()
    return tried(exchange)


def tor_loopback(policy):
    with open(policy, encoding='ascii') as f:
        base = f.read()
    others = ('[service others]\n'
              f'listen = 127.0.0.1:{TOR_SERVED}/tcp\nusers = amnesia\nserver = root\n')
    peer = Peer()
    for what, change in (('Tor may not reach itself', '[tor]\nloopback = no\n'),
                         ('the port became the service of others', others)):
        sock = socket_of(TOR, socket.SOCK_STREAM)
        sock.connect(('127.0.0.1', TOR_SERVED))
        reload(peer, base + '[lan]\nexclude = 10.1.1.0/24\n')
        report(said(sock, b'one') == 'one', "Tor's connection to itself lives through a reload")
        reload(peer, base + change)
        saw = said(sock, b'two')
        report(saw in ('ECONNREFUSED', 'ECONNRESET'), f'and is refused once {what}', saw)
        fresh = socket_of(TOR, socket.SOCK_STREAM)
        saw = tried(fresh.connect, ('127.0.0.1', TOR_SERVED))
        report(saw == 'ECONNREFUSED', f'as a new one is: {what}', saw)
        reload(peer, base)
    peer.close()


# --- what the peer goes on sending

def push(address):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind((address, PUSHED))
    print('ready', flush=True)
    to = sock.recvfrom(100)[1]
    while True:
        sock.sendto(b'push', to)
        time.sleep(0.002)


def pushing(namespace, address):
    process = subprocess.Popen(  # pylint: disable=consider-using-with
        ['ip', 'netns', 'exec', namespace, '/usr/bin/python3', __file__, 'push', address],
        stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == 'ready\n'
    return process


def goes_on(address, port):
    """The peer's datagrams still arrive at this host, a good number of them from now on."""
    since = mark()
    return wait_until(lambda: len(records(since, 'dir=in', f'src={address}', f'dport={port}')) > 20,
                      PATIENCE, 0.02)


def drain(sock):
    """How many datagrams were in its buffer, and the errors."""
    sock.setblocking(False)
    n, errors = 0, []
    while (saw := tried(sock.recv, 100)) != 'EAGAIN':
        if isinstance(saw, bytes):
            n += 1
        else:
            errors.append(saw)
    return n, errors


def peer_of(peer, what, uid, where, before, after):
    namespace, address = where
    reload(peer, before + '[lan]\nexclude = 10.1.1.0/24\n')  # something changes in any case
    pusher = pushing(namespace, address)
    sock = socket_of(uid, socket.SOCK_DGRAM)
    port = sock.getsockname()[1]
    sock.sendto(b'begin', (address, PUSHED))
    report(all(sock.recv(100) == b'push' for _ in range(20)), f'{what}: before, the peer is heard')
    reload(peer, after)
    mark()  # what was on the wire before has been received
    _, errors = drain(sock)
    report(goes_on(address, port), f'{what}: it goes on sending')
    n, later = drain(sock)
    report(n == 0, f'{what}: and is not heard any more', f'{n} datagrams, {errors} {later}')
    saw = tried(sock.sendto, b'again', (address, PUSHED))
    report(saw == 'EPERM', f'{what}: nor is it answered', saw)
    pusher.kill()
    pusher.wait()


def peers(policy):
    with open(policy, encoding='ascii') as f:
        base = f.read()
    doors = base.replace('clearnet = clearnet clearnet2', 'clearnet = clearnet clearnet2 bob')
    lan, internet = ('router', PRINTER), ('inet', OUTSIDE)
    peer = Peer()
    peer_of(peer, "Tor's UDP", TOR, internet, base + '[tor]\nudp = yes\n', base)
    peer_of(peer, 'a port of the LAN', BOB, lan, base, base + f'[lan]\nrefuse = {PUSHED}/udp\n')
    peer_of(peer, 'a user who becomes a clearnet user', BOB, lan, base, doors)
    reload(peer, base)
    peer.close()


# --- on-link

def open_to(address):
    table = [{'kind': 'udp', 'to': address, 'port': 4000, 'patience': 0}]
    return probe(DESKTOP, table, ())[0]['saw'] != 'EPERM'


def on_link(policy):
    there, later = '10.5.5.1', '10.6.6.1'
    with open(policy, encoding='ascii') as f:
        base = f.read()
    peer = Peer()
    reload(peer, base + '[lan]\non-link = yes\n')
    report(open_to(PRINTER), 'the network of the link is on-link')
    report(not open_to(there), 'one behind a router is not')
    ip('route', 'add', '10.5.5.0/24', 'dev', 'eth0', 'table', '77')
    ip('route', 'add', '10.6.6.0/24', 'dev', 'eth0')
    report(wait_until(lambda: open_to(later), PATIENCE), 'one that gets a route to the link is')
    # The engine has seen both: they came in this order.
    report(not open_to(there), 'one with such a route in a table that no rule uses is not')
    ip('route', 'add', '10.5.5.0/24', 'dev', 'eth0')
    report(wait_until(lambda: open_to(there), PATIENCE), 'until the main table has it')
    ip('route', 'del', '10.5.5.0/24', 'dev', 'eth0', 'table', 'main')
    report(wait_until(lambda: not open_to(there), PATIENCE), 'and as long as it has')
    reload(peer, base)
    peer.close()


PARTS = {'becomes-local': becomes_local, 'tor-loopback': tor_loopback, 'peers': peers,
         'on-link': on_link, 'push': push}

if __name__ == '__main__':
    PARTS[sys.argv[1]](*sys.argv[2:])
