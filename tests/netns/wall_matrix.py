#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""wall_matrix.py: every kind of user tries everything; prints lines for report() of lab.sh.

The verdicts are written by hand from the specification of the wall, not derived from its code. Of
each: what the program saw, in how many milliseconds, and what a wiretap outside saw. With the wall
open (--open) the same probes must be seen outside: only then does silence mean something.

Verdicts:
  A  reaches: an answer comes back; and if the place is outside, it was seen on the wire
  S  is sent: no error, seen on the wire; nobody answers that protocol
  R  refused: the program has an error within 20 ms, nothing on the wire
  M  mute: no answer and nothing on the wire, but no error either: a SYN may be Tor's to Tor, only
     the answer shows whose listener it is
  N  nothing on the wire; what the program sees does not matter (the kernel sends by itself)
  -  not judged
"""
import sys

sys.path.insert(0, __file__.rsplit('/', 2)[0] + '/lib')
# pylint: disable=wrong-import-position
from labpy import Peer, left, mark, note, probe, report, skip, uid_of

USERS = ('tor', 'desktop', 'door', 'door open', 'root', '_apt', 'nobody', 'unknown', 'probe')
REFUSED_MS = 20
TRIES = 5  # of the timing alone, on a busy machine
RST, ACK, SYN, FIN = 4, 16, 2, 1

ALL_R = 'R R R R R R R R R'
DOOR = 'R R R A R R R R R'       # only through the door
TOR_DOOR = 'A R R A R R R R R'   # Tor, and through the door
TOR = 'A R R R R R R R R'
LAN = 'R A R A A A A A R'        # the LAN for datagrams: not Tor, not a closed door, not the probe
LAN_TCP = 'A A R A A A A A R'
LAN_ICMP = 'R A R R A A A A R'   # through a door go TCP and UDP alone
LAN_RAW = 'R S R R S S S S R'
TOR_MUTE = 'M R R R R R R R R'
NOTHING = 'N N N N N N N N N'
#        tor desktop door door+ root _apt nobody unknown probe
DESKTOP = 'R A R R R R R R R'
SOCKS = '- A R R R A R R R'      # Tor to Tor on 127.0.0.1 is another row of the specification
CONTROL = '- R R R A R R R R'
LOG = 'R A R R R R A R R'
RESOLVER = 'R A R R A R R R R'
QUERY = '\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x05there\x07example\x00\x00\x01\x00\x01'
QUERY_TCP = '\x00\x1f' + QUERY


def row(text, verdicts, when_open, kind, to, port=0, outside=True, **more):
    """when_open: what everybody sees with the wall open, in the same letters."""
    if when_open == 'S':
        more['patience'] = 0.05
    if when_open == '-' or 'M' in verdicts:
        more['patience'] = 0.1
    return {'text': text, 'verdicts': dict(zip(USERS, verdicts.split())), 'open': when_open,
            'outside': outside, 'probe': {'kind': kind, 'to': to, 'port': port, **more}}


def local(text, verdicts, when_open, kind, to, port=0, **more):
    return row(text, verdicts, when_open, kind, to, port, outside=False, **more)


def internet_rows():
    there, query = '198.51.100.5', {'say': QUERY}
    yield row('TCP to the Internet', TOR_DOOR, 'A', 'tcp', there, 4000)
    yield row('TCP to the Internet, port 80', TOR_DOOR, 'A', 'tcp', '203.0.113.2', 80,
              say='GET / HTTP/1.0\r\n\r\n')
    yield row('TCP to the Internet, bound to the device', TOR_DOOR, 'A', 'tcp', there, 4001,
              device='eth0')
    yield row('MPTCP to the Internet', TOR_DOOR, 'A', 'mptcp', there, 4002)
    yield row('TCP to the Internet, port 53', TOR_DOOR, 'A', 'tcp', there, 53, say=QUERY_TCP)
    yield row('UDP to the Internet', DOOR, 'A', 'udp', there, 4000)
    yield row('UDP to the Internet, connected', DOOR, 'A', 'udp', there, 4001, connected=True)
    yield row('UDP to the Internet, bound to the device', DOOR, 'A', 'udp', there, 4002,
              device='eth0')
    yield row('DNS to the Internet', TOR_DOOR, 'A', 'udp', there, 53, **query)
    yield row('QUIC to the Internet', DOOR, 'A', 'udp', there, 443)
    yield row('UDP-Lite to the Internet', ALL_R, 'S', 'udplite', there, 4000)
    yield row('ping to the Internet', ALL_R, 'A', 'ping', there)
    yield row('raw ICMP to the Internet', ALL_R, 'S', 'raw_ping', '198.51.100.6')
    yield row('SCTP to the Internet', ALL_R, 'S', 'sctp', there, 4000)
    yield row('raw SCTP to the Internet', ALL_R, 'S', 'raw', there, 4000, proto=132)
    yield row('raw DCCP to the Internet', ALL_R, 'S', 'raw', there, 4000, proto=33)
    yield row('GRE to the Internet', ALL_R, 'S', 'raw', '198.51.100.7', proto=47)
    yield row('ESP to the Internet', ALL_R, 'S', 'raw', '198.51.100.8', proto=50)
    yield row('IP in IP to the Internet', ALL_R, 'S', 'raw', '198.51.100.9', proto=4)
    yield row('6in4 to the Internet', ALL_R, 'S', 'raw', '198.51.100.10', proto=41)
    yield row('own IP header, UDP, to the Internet', 'R R R - R R R R R', 'S', 'hdrincl', there,
              4003)
    yield row('own IP header, TCP SYN, to the Internet', '- R R - R R R R R', 'S', 'hdrincl',
              there, 4004, flags=SYN)
    yield row('own IP header, a foreign source', 'R R R - R R R R R', 'S', 'hdrincl', there, 4005,
              source='192.168.77.99')
    yield row('TCP to 100.64/10', TOR_DOOR, 'A', 'tcp', '100.64.9.9', 4000)
    yield row('UDP to 100.64/10', DOOR, 'A', 'udp', '100.64.9.9', 4000)
    yield row('TCP to 169.254/16', TOR, 'A', 'tcp', '169.254.1.1', 4000)
    yield row('UDP to 169.254/16', ALL_R, 'A', 'udp', '169.254.1.1', 4000)


def stray_segment_rows():
    for name, flags in (('ACK', ACK), ('RST', RST), ('FIN and ACK', FIN | ACK),
                        ('SYN and ACK', SYN | ACK)):
        yield row(f'{name} out of nowhere to the Internet', '- R R R R R R R R', 'S', 'segment',
                  '198.51.100.5', 4000 + flags, flags=flags)
    yield row('ACK out of nowhere to the LAN', '- R R R R R R R R', 'S', 'segment',
              '192.168.77.20', 4000, flags=ACK)


def ipv6_rows():
    yield row('IPv6 TCP to the Internet', ALL_R, 'A', 'tcp', '2001:db8:1::5', 4000)
    yield row('IPv6 UDP to the Internet', ALL_R, 'A', 'udp', '2001:db8:1::5', 4000)
    yield row('IPv6 ping to the Internet', ALL_R, 'A', 'ping', '2001:db8:1::5')
    yield row('IPv6 raw ping to the Internet', ALL_R, 'S', 'raw_ping', '2001:db8:1::6')
    yield row('IPv6 raw SCTP to the Internet', ALL_R, 'S', 'raw', '2001:db8:1::5', 4000, proto=132)
    yield row('IPv6 TCP to the LAN', ALL_R, 'A', 'tcp', '2001:db8:77::20', 631)
    yield row('IPv6 UDP to the LAN', ALL_R, 'A', 'udp', '2001:db8:77::20', 4000)
    yield row('IPv6 DNS to the LAN', ALL_R, 'A', 'udp', '2001:db8:77::1', 53, say=QUERY)
    yield row('IPv6 TCP to a link-local address', ALL_R, 'A', 'tcp', 'fe80::1%eth0', 4000)
    yield row('IPv6 UDP to a link-local address', ALL_R, 'A', 'udp', 'fe80::1%eth0', 4000)
    yield row('IPv6 multicast, all nodes', ALL_R, 'S', 'udp', 'ff02::1%eth0', 4000)
    yield row('IPv6 multicast DNS', ALL_R, 'S', 'udp', 'ff02::fb%eth0', 5353)
    yield row('IPv6 multicast membership', NOTHING, 'S', 'join', 'ff02::4242')
    yield local('IPv6 TCP to the own address', ALL_R, 'A', 'tcp', '2001:db8:77::10', 8080)
    yield local('IPv6 UDP to the own address', ALL_R, 'A', 'udp', '2001:db8:77::10', 8080)
    yield local('a service on ::1', DESKTOP, 'A', 'tcp', '::1', 631)
    yield local('a UDP service on ::1', LOG, 'A', 'udp', '::1', 7777)
    yield local('an ungranted TCP port of ::1', ALL_R, 'A', 'tcp', '::1', 8080)
    yield local('an ungranted UDP port of ::1', ALL_R, 'A', 'udp', '::1', 8080)
    yield local('ping to ::1', ALL_R, 'A', 'ping', '::1')
    yield local('TCP to ::', ALL_R, 'A', 'tcp', '::', 8080)


def lan_rows():
    printer, router = '192.168.77.20', '192.168.77.1'
    yield row('TCP to a printer on the LAN', LAN_TCP, 'A', 'tcp', printer, 631)
    yield row('UDP to the LAN', LAN, 'A', 'udp', printer, 161)
    yield row('UDP to the LAN, connected', LAN, 'A', 'udp', printer, 162, connected=True)
    yield row('ping to the LAN', LAN_ICMP, 'A', 'ping', printer)
    yield row('UDP-Lite to the LAN', LAN_RAW, 'S', 'udplite', printer, 4000)
    yield row('UDP-Lite to the LAN, port 53', ALL_R, 'S', 'udplite', printer, 53)
    yield row('raw SCTP to the LAN', LAN_RAW, 'S', 'raw', printer, 4000, proto=132)
    yield row('raw SCTP to the LAN, port 53', ALL_R, 'S', 'raw', printer, 53, proto=132)
    yield row('GRE to the LAN', LAN_RAW, 'S', 'raw', printer, proto=47)
    yield row('DNS to the LAN', TOR_DOOR, 'A', 'udp', router, 53, say=QUERY)
    yield row('DNS over TCP to the LAN', TOR_DOOR, 'A', 'tcp', router, 53, say=QUERY_TCP)
    yield row('DNS over TLS to the LAN', TOR_DOOR, 'A', 'tcp', router, 853)
    yield row('DNS over QUIC to the LAN', DOOR, 'A', 'udp', router, 853)
    for name, port in (('NetBIOS names', 137), ('SSDP', 1900), ('NAT-PMP', 5351),
                       ('unicast mDNS', 5353), ('LLMNR', 5355)):
        yield row(f'{name} to the LAN', DOOR, 'A', 'udp', router, port)
    yield row('STUN over UDP to the LAN', DOOR, 'A', 'udp', router, 3478)
    yield row('STUN over TCP to the LAN', TOR_DOOR, 'A', 'tcp', router, 3478)
    yield row('own IP header, DNS, to the LAN', '- R R - R R R R R', 'S', 'hdrincl', router, 53)
    yield row("the LAN's broadcast address", ALL_R, 'S', 'udp', '192.168.77.255', 4000)
    yield row('broadcast', ALL_R, 'S', 'udp', '255.255.255.255', 4000)
    yield row('multicast DNS', ALL_R, 'S', 'udp', '224.0.0.251', 5353, multicast='192.168.77.10')
    yield row('multicast', ALL_R, 'S', 'udp', '239.1.2.3', 4000, multicast='192.168.77.10')
    yield row('multicast membership', NOTHING, 'S', 'join', '239.9.9.9', multicast='192.168.77.10')


def own_rows():
    for address in ('127.0.0.1', '127.0.0.2', '127.99.255.254', '0.0.0.0', '192.168.77.10',
                    '::ffff:127.0.0.1', '::ffff:192.168.77.10'):
        # 0.0.0.0 means 127.0.0.1
        verdicts = TOR_MUTE if address.endswith(('0.0.1', '0.0.0')) else ALL_R
        yield local(f'an ungranted TCP port of {address}', verdicts, 'A', 'tcp', address, 8080)
        yield local(f'an ungranted UDP port of {address}', ALL_R, 'A', 'udp', address, 8080)
    for address in ('127.0.0.1', '192.168.77.10'):
        yield local(f'ping to {address}', ALL_R, 'A', 'ping', address)
        yield local(f'UDP-Lite to {address}', ALL_R, '-', 'udplite', address, 8080)
        yield local(f'raw SCTP to {address}', ALL_R, '-', 'raw', address, 8080, proto=132)
    yield local('the own LAN address, bound to the device', ALL_R, 'A', 'tcp', '192.168.77.10',
                8080, device='eth0')
    yield local('the own LAN address, bound to lo', ALL_R, '-', 'tcp', '192.168.77.10', 8080,
                device='lo')
    yield row('the SOCKS service, bound to the uplink', NOTHING, '-', 'tcp', '127.0.0.1', 9050,
              device='eth0')
    yield row('a UDP service, bound to the uplink', NOTHING, '-', 'udp', '127.0.0.2', 7777,
              device='eth0')
    yield row('the resolver, bound to the uplink', NOTHING, '-', 'udp', '127.0.0.1', 53,
              device='eth0', say=QUERY)
    yield row('an automapped address, bound to the uplink', NOTHING, '-', 'tcp', '127.192.3.4',
              80, device='eth0')
    yield row('127.0.0.1, bound to the uplink, TCP', ALL_R, '-', 'tcp', '127.0.0.1', 8080,
              device='eth0')
    yield row('127.0.0.1, bound to the uplink, UDP', ALL_R, '-', 'udp', '127.0.0.1', 8080,
              device='eth0')
    yield local('a port where nobody listens', ALL_R, 'R', 'tcp', '127.0.0.1', 4)


def service_rows():
    yield local('the SOCKS service', SOCKS, 'A', 'tcp', '127.0.0.1', 9050)
    yield local('the SOCKS service by 0.0.0.0', SOCKS, 'A', 'tcp', '0.0.0.0', 9050)
    yield local('the SOCKS service by ::ffff:127.0.0.1', SOCKS, 'A', 'tcp', '::ffff:127.0.0.1',
                9050)
    yield local("the SOCKS service's port on 127.0.0.2", ALL_R, '-', 'tcp', '127.0.0.2', 9050)
    yield local("the SOCKS service's port, UDP", ALL_R, '-', 'udp', '127.0.0.1', 9050)
    yield local('the control port, one of a range', CONTROL, 'A', 'tcp', '127.0.0.1', 9065)
    yield local('a port beside the range', TOR_MUTE, 'A', 'tcp', '127.0.0.1', 9070)
    yield local('a UDP service on 127.0.0.2', LOG, 'A', 'udp', '127.0.0.2', 7777)
    yield local("the UDP service's port on 127.0.0.1", ALL_R, 'A', 'udp', '127.0.0.1', 7777)
    yield local("the UDP service's port, TCP", ALL_R, '-', 'tcp', '127.0.0.2', 7777)
    yield local('Tor to itself', TOR, 'A', 'tcp', '127.0.0.1', 45000)
    yield local('Tor to itself, not on 127.0.0.1', ALL_R, 'A', 'tcp', '127.0.0.3', 45000)
    yield local('an automapped address', DESKTOP, '-', 'tcp', '127.192.1.2', 80)
    yield local('the last automapped address', DESKTOP, '-', 'tcp', '127.255.1.2', 443)
    yield local('below the automapped addresses', ALL_R, '-', 'tcp', '127.191.0.1', 80)
    yield local('UDP to an automapped address', ALL_R, '-', 'udp', '127.192.1.2', 80)
    yield local('the TransPort itself', ALL_R, 'A', 'tcp', '127.0.0.1', 9040)
    yield local('the resolver', RESOLVER, '-', 'udp', '127.0.0.1', 53, say=QUERY)
    yield local('the resolver, TCP', RESOLVER, '-', 'tcp', '127.0.0.1', 53, say=QUERY_TCP)
    yield local('the resolver by another address', ALL_R, '-', 'udp', '127.0.0.2', 53, say=QUERY)
    yield local("Tor's DNSPort itself", ALL_R, 'A', 'udp', '127.0.0.1', 5353, say=QUERY)
    yield local("Tor's DNSPort itself, TCP", '- R R R R R R R R', 'A', 'tcp', '127.0.0.1', 5353,
                say=QUERY_TCP)


ROWS = [*internet_rows(), *stray_segment_rows(), *ipv6_rows(), *lan_rows(), *own_rows(),
        *service_rows()]
FIRST_PORT = 10000  # below the kernel's own choices; each probe has a port of its own, ever


def number(user_index):
    """The table with its own source ports and identifiers for this user."""
    table = []
    for i, r in enumerate(ROWS):
        ident = FIRST_PORT + user_index * 250 + i
        table.append({**r['probe'], 'sport': ident, 'ident': ident})
    return table


def belongs(record, p):
    """Is this record of that probe?"""
    to = p['to'].split('%')[0].removeprefix('::ffff:')
    classes = {'tcp': 'tcp', 'mptcp': 'tcp', 'segment': 'tcp', 'udp': 'udp', 'udplite': 'proto-136',
               'sctp': 'proto-132', 'hdrincl': 'tcp' if 'flags' in p else 'udp',
               'ping': 'icmp', 'raw_ping': 'icmp', 'join': 'igmp'}
    wanted = classes.get(p['kind']) or f"proto-{p['proto']}"
    if ':' in to:
        wanted = {'icmp': 'icmp6', 'igmp': 'icmp6'}.get(wanted, wanted)
    if record['class'] != wanted:
        return False
    if p['kind'] == 'join':
        # IGMPv3 and MLDv2 reports go to a group of their own
        return record['dst'] in ('224.0.0.22', 'ff02::16', to)
    if record['dst'] != to:
        return False
    if p['kind'] in ('udp', 'tcp', 'mptcp', 'segment', 'udplite', 'hdrincl') or \
            p.get('proto') in (33, 132):
        return record['sport'] == p['sport']
    if p['kind'] in ('ping', 'raw_ping'):
        return record['sport'] == p['ident']
    return True


def expected_error(p):
    if p['kind'] in ('tcp', 'mptcp'):
        return ('ECONNREFUSED',)
    # an IPv6 ping socket does not hear of it from send(), but from the ICMP error
    return ('EPERM', 'EACCES') if p['kind'] == 'ping' else ('EPERM',)


def judge(verdict, r, p, result, seen, opened):
    """Why this is not as it should be, or None."""
    saw = result['saw']
    if verdict == 'A':
        if saw != 'answer':
            return f'no answer: {saw}'
        if r['outside'] and not seen:
            return 'not seen outside'
    elif verdict == 'S':
        if saw not in ('sent', 'answer', 'timeout') and not opened:
            return f'not sent: {saw}'
        if not seen:
            return f'not seen outside ({saw})'
    elif verdict == 'R':
        if seen:
            return f'LEAKED: {seen[0]["line"]}'
        if saw not in expected_error(p):
            return f'not refused as expected: {saw} {result["data"]}'
        if result['ms'] > REFUSED_MS:
            return f'refused only after {result["ms"]} ms'
    elif verdict == 'M' and saw in ('answer', 'connected'):
        return f'got through: {saw} {result["data"]}'
    elif verdict in 'MN' and seen:
        return f'LEAKED: {seen[0]["line"]}'
    return None


def slow(complaint):
    return complaint is not None and complaint.startswith('refused only')


def stranger(record, table, rows, verdict_of):
    """A record that no probe explains which may be seen."""
    return not any(belongs(record, p) and verdict_of(r) in 'AS-' for r, p in zip(rows, table))


def one_user(user, index, uid, opened=False):
    table = number(index)
    verdict_of = (lambda r: r['open']) if opened else (lambda r: r['verdicts'][user])
    since = mark()
    results = probe(uid, table)
    seen = left(since)
    for r, p, result in zip(ROWS, table, results):
        verdict = verdict_of(r)
        text = f"{user}: {r['text']}: {'wall open, ' if opened else ''}{verdict}"
        if result['saw'] == 'unsupported':
            skip(text, 'this kernel does not have that protocol')
            continue
        if verdict == '-':
            continue
        mine = [s for s in seen if belongs(s, p)]
        complaint = judge(verdict, r, p, result, mine, opened)
        for _ in range(TRIES):
            if not slow(complaint):
                break
            complaint = judge(verdict, r, p, probe(uid, [p])[0], mine, opened)
        report(complaint is None, text, f'{complaint}\nprobe: {p}')
    if opened:
        return
    strangers = [s for s in seen if stranger(s, table, ROWS, verdict_of)]
    report(not strangers, f'{user}: nothing else on the wire',
           '\n'.join(s['line'] for s in strangers[:20]))
    worst = max((res['ms'] for r, res in zip(ROWS, results) if verdict_of(r) == 'R' and
                 res['saw'] != 'unsupported'), default=0)
    note(f'{user}: the slowest refusal took {worst} ms')


def answers_are_the_services(uid):
    """An automapped connection is Tor's, and for the address that was meant."""
    got = probe(uid, [{'kind': 'tcp', 'to': '127.192.7.8', 'port': 4711}], ())[0]
    report(got['data'].startswith('127.192.7.8 4711'),
           'the TransPort is told which address was meant', str(got))


def main():
    uids = {'tor': uid_of('debian-tor'), 'desktop': 1000, 'door': uid_of('clearnet2'),
            'door open': uid_of('clearnet'), 'root': 0, '_apt': uid_of('_apt'), 'nobody': 65534,
            'unknown': 4242, 'probe': uid_of('_sallyport-probe')}
    if sys.argv[1:] == ['--open']:
        for index, user in ((20, 'desktop'), (21, 'root')):
            one_user(user, index, uids[user], opened=True)
        return
    peer = lease = None
    if sys.argv[1:] != ['--no-lease']:
        peer = Peer()
        lease = peer.open(uids['door open'])
    for index, user in enumerate(USERS):
        if user == 'door open' and not lease:
            continue
        one_user(user, index, uids[user])
    answers_are_the_services(1000)


if __name__ == '__main__':
    main()
