#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""consent.py: consent and the network that it is for. The program that stands on it sends without
end; what counts is what is seen outside, by each way out. Prints lines for report() of lab.sh."""
import os
import signal
import subprocess
import sys
import time

sys.path.insert(0, __file__.rsplit('/', 2)[0] + '/lib')
# pylint: disable=wrong-import-position
from labpy import (CONSENT, HELPERS, LAB, Peer, Refused, kill_engine, note, pid_of, process_state,
                   read_consent, report, start_engine, uid_of, wait_until)

PROBE, ENGINE = uid_of('_sallyport-probe'), uid_of('_sallyport-engine')
# DNS servers that never answer. The probe's door lets one flow to each: a program that has to begin
# anew takes the next.
SERVERS = [f'203.0.113.{n}' for n in range(70, 78)]
RECORD = '/run/sallyport/consent'
ROUNDS = int(os.environ.get('CONSENT_ROUNDS', '1'))
SILENT = 0.010    # seconds from a change to the last packet
GOES_ON = 0.050   # seconds for which a flow that is not to end is watched
WORD = 10         # seconds for word of the end; what is judged is the wire
BEST_OF = 10      # a busy machine may hold up any process: the best of so many counts

SENDER = f'''
import itertools, os, socket, sys, time
os.setgroups([]); os.setresgid({PROBE}, {PROBE}, {PROBE}); os.setresuid({PROBE}, {PROBE}, {PROBE})
for server in itertools.cycle({SERVERS}):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        while True:
            sock.sendto(b'still here', (server, 53))
            time.sleep(0.0002)
    except OSError:
        time.sleep(0.0002)
    sock.close()
'''


GATEWAY, MAC, OTHER_MAC = '192.168.77.1', '02:00:00:00:77:01', '02:00:00:00:77:02'
# Table 77 leads nowhere else until a rule says so.
NETWORK = f"""
link set eth0 up
link set vpn0 up
addr flush dev eth0
addr flush dev vpn0
addr add 192.168.77.10/24 brd + dev eth0
addr add 10.9.0.2/24 dev vpn0
route add default via {GATEWAY} dev eth0 metric 100
neigh replace {GATEWAY} lladdr {MAC} dev eth0 nud reachable
route replace default via 10.9.0.1 dev vpn0 table 77
neigh replace 10.9.0.1 lladdr 02:00:00:00:09:01 dev vpn0 nud permanent
"""
VPN = 'default via 10.9.0.1 dev vpn0'


def ip(lines, *where):
    subprocess.run(['ip', *where, '-batch', '-'], input=lines, text=True, check=True)


class Complaint(Exception):
    pass


def demand(good, text):
    if not good:
        raise Complaint(text)


class Ip:
    """Waits for its lines, so that what is measured is not the start of a program."""

    def __init__(self, lines, *where):
        self.lines = lines
        self.program = subprocess.Popen(  # pylint: disable=consider-using-with
            ['ip', *where, '-oneline', '-batch', '-'], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True)
        self.say('link show lo')
        self.program.stdout.readline()

    def say(self, lines):
        self.program.stdin.write(lines + '\n')
        self.program.stdin.flush()

    def __call__(self):
        """When it began."""
        began = time.time_ns()
        self.say(self.lines)
        self.program.stdin.close()
        self.program.stdout.close()
        demand(self.program.wait(10) == 0, f'ip {self.lines}')
        return began


def carrier(name, there):
    def look():
        with open(f'/sys/class/net/{name}/carrier', encoding='ascii') as f:
            return f.read() == f'{there:d}\n'
    return wait_until(look, 5)


def reset():
    """The network as it was: one default route, a gateway that is known, and a second link."""
    ip(f'link set far address {MAC}\nlink set far up', '-n', 'router')
    ip('link set eth0 up\nrule flush\nrule add pref 32766 table main')
    carrier('eth0', True)
    ip(NETWORK)


def seen(after):
    """When packets of the program came out of either link, from that moment on."""
    times = []
    for tap in ('wiretap', 'wiretap-vpn'):
        out = subprocess.run([f'{HELPERS}/wiretap', 'list', f'{LAB}/{tap}', '0', 'dport=53',
                              'dir=out'], stdout=subprocess.PIPE, check=True, text=True).stdout
        times += [int(word[2:]) for line in out.splitlines() for word in line.split()
                  if word.startswith('t=')]
    return sorted(t for t in times if t >= after)


def open_probe(peer):
    return peer.open(PROBE, 12, scope='probe', servers=SERVERS)


def begin(peer):
    """Consent, and a lease that stands on it and is used."""
    reset()
    peer.consent('granted')
    peer.events.clear()
    lease = open_probe(peer)
    began = time.time_ns()
    demand(wait_until(lambda: len(seen(began)) > 20, 5, 0.02), 'the open door is not used')
    return lease


def ends_once(peer, prepare):
    """How long after the change the last packet came out."""
    lease = begin(peer)
    change = prepare()
    cause = change()
    if peer.ended(lease, WORD) != 'consent':
        peer.end(lease)
        raise Complaint('the lease does not end')
    known = time.time_ns()
    # The lease's end is told before that of what it stood on; this is answered after both.
    value, who, _, uses, why = peer.consented()
    demand((value, who, uses, why) == ('unknown', 1000, 1, 'network'), f'{value} {uses} {why}')
    told = [read_consent(body)[0] for kind, body in peer.events if kind == CONSENT]
    demand(told == ['unknown'], f'the bus process was told {told}')
    time.sleep(0.02)  # what would still come, comes
    times = seen(cause)
    lease.close()
    demand(not [t for t in times if t > known + 5e6], 'packets after word of the end')
    return (times[-1] - cause) / 1e9 if times else 0.0


def ends(peer, text, prepare):
    """On a machine that is busy with something else the best of some attempts counts."""
    worst = 0.0
    try:
        for _ in range(ROUNDS):
            took = []
            while not took or (min(took) > SILENT and len(took) < BEST_OF):
                took.append(ends_once(peer, prepare))
            worst = max(worst, min(took))
    except (Complaint, Refused) as e:
        report(False, f'{text}: over', e)
        return
    report(worst <= SILENT, f'{text}: over, and silent within 10 ms', f'{worst * 1000:.1f} ms')
    note(f'{text}: the last packet {worst * 1000:.2f} ms after the change')


def stays(peer, text, prepare):
    """The flow goes on, seen outside: without this, silence would mean nothing."""
    try:
        lease = begin(peer)
        prepare()()
        goes_on = time.time_ns() + int(GOES_ON * 1e9)
        demand(wait_until(lambda: seen(goes_on), 5, 0.02), 'the flow does not go on')
        demand(peer.consented()[0] == 'granted', 'the consent is over')
        peer.end(lease)
        lease.close()
        report(True, f'{text}: the same network')
    except (Complaint, Refused) as e:
        report(False, f'{text}: the same network', e)


def by_ip(lines, *where):
    return lambda: Ip(lines, *where)


def other_gateway_behind_the_address():
    """It asks for us, as a gateway does that has just come; what counts is when we have heard."""
    ip(f'link set far address {OTHER_MAC}\nneigh flush dev far', '-n', 'router')
    watch = subprocess.Popen(['ip', 'monitor', 'neigh', 'dev', 'eth0'],  # pylint: disable=consider-using-with
                             stdout=subprocess.PIPE, text=True)
    ping = subprocess.Popen(['ip', 'netns', 'exec', 'router', 'python3', '-c',  # pylint: disable=consider-using-with
                             'import socket\ns = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n'
                             f's.bind(("{GATEWAY}", 0))\ns.sendto(b"", ("192.168.77.10", 7))'])
    heard = 0
    for line in watch.stdout:
        if OTHER_MAC in line:
            heard = time.time_ns()
            break
    watch.kill()
    ping.wait(10)
    return heard


def carrier_blinks():
    """Gone and back before anybody looks: the engine stands still meanwhile."""
    pid = pid_of('engine')
    os.kill(pid, signal.SIGSTOP)
    wait_until(lambda: process_state(pid) == 'T', 5)
    ip('link set far down', '-n', 'router')
    carrier('eth0', False)
    ip('link set far up', '-n', 'router')
    carrier('eth0', True)
    cause = time.time_ns()
    os.kill(pid, signal.SIGCONT)
    return cause


def changes(peer):
    ends(peer, 'the default route replaced', by_ip(f'route replace {VPN} metric 100'))
    ends(peer, 'the default route deleted', by_ip('route del default'))
    ends(peer, 'another gateway',
         by_ip('route replace default via 192.168.77.20 dev eth0 metric 100'))
    ends(peer, 'the same gateway with another hardware address',
         lambda: other_gateway_behind_the_address)
    ends(peer, 'the link set down', by_ip('link set eth0 down'))
    ends(peer, 'the carrier lost', by_ip('link set far down', '-n', 'router'))
    ends(peer, 'the carrier lost and back unseen', lambda: carrier_blinks)
    ends(peer, 'a default route before it, as of a VPN', by_ip(f'route add {VPN} metric 50'))
    ends(peer, 'half of a default route before it', by_ip('route add 128.0.0.0/1 via 10.9.0.1'))
    ends(peer, 'a rule that leads elsewhere',
         by_ip('rule add pref 77 table 77'))


def no_changes(peer):
    stays(peer, 'nothing', lambda: time.time_ns)
    stays(peer, 'another address of ours',
          by_ip('addr add 192.168.77.11/24 brd + dev eth0\naddr del 192.168.77.10/24 dev eth0'))
    stays(peer, 'the same address and route once more, as DHCP renews them',
          by_ip('addr change 192.168.77.10/24 brd + dev eth0 valid_lft 600 preferred_lft 600\n'
                f'route replace default via {GATEWAY} dev eth0 metric 100'))
    stays(peer, 'a default route behind it', by_ip(f'route add {VPN} metric 200'))
    stays(peer, 'another link goes and comes', by_ip('link set vpn0 down\nlink set vpn0 up'))
    # The program asks for it at once, and the real gateway answers.
    stays(peer, 'the hardware address forgotten, and learnt again',
          by_ip(f'neigh del {GATEWAY} dev eth0'))


def learnt_late(peer):
    """Not known when consent was given, it is learnt, and then counts."""
    reset()
    ip(f'neigh del {GATEWAY} dev eth0')
    peer.consent('granted')
    ip(f'neigh replace {GATEWAY} lladdr {MAC} dev eth0 nud reachable')
    report(peer.consented()[0] == 'granted', 'a hardware address that becomes known is no change')
    time.sleep(0.05)  # the engine has seen it; nobody is told
    ip(f'neigh replace {GATEWAY} lladdr {OTHER_MAC} dev eth0 nud reachable')
    report(wait_until(lambda: peer.consented()[0] == 'unknown', 5), 'another one then is')


def refusal(ask, *args, **kwargs):
    try:
        ask(*args, **kwargs)
        return 'granted'
    except Refused as e:
        return e.args[0]


def needs_a_network(peer):
    reset()
    ip('route del default')
    report(refusal(peer.consent, 'granted') == 'no-network', 'no consent without a default route')
    reset()
    ip('link set far down', '-n', 'router')
    carrier('eth0', False)
    report(refusal(peer.consent, 'granted') == 'no-network', 'nor without a carrier')
    reset()
    ip('route replace blackhole default metric 1')
    report(refusal(peer.consent, 'granted') == 'no-network', 'nor with a route to nowhere')
    ip('route del blackhole default metric 1')


def unread_news(peer):
    """What has changed and nobody has read yet counts when a door is asked for."""
    reset()
    peer.consent('granted')
    ip('route replace default via 192.168.77.20 dev eth0 metric 100')
    report(refusal(open_probe, peer) == 'no-consent', 'no door after the change, however soon')


def link_deleted():
    """Last, since the second link does not come back."""
    peer = Peer()
    reset()
    ip(f'route replace {VPN} metric 100')
    peer.consent('granted', lift=1)
    lease = open_probe(peer)
    ip('link del vpn0')
    report(peer.ended(lease, WORD) == 'consent' and peer.consented()[4] == 'network',
           'the link deleted: over')
    lease.close()


def restarted():
    kill_engine()
    if not start_engine():
        raise RuntimeError('the new engine is not ready')
    return Peer()


def lifetimes(peer):
    """What is given ends with either process; what was withdrawn with neither."""
    reset()
    peer.consent('granted')
    peer.close()
    peer = Peer()
    report(peer.consented()[::4] == ('unknown', 'service-gone'),
           'it does not outlive the bus process')
    peer.consent('granted')
    peer.close()
    peer = restarted()
    report(peer.consented() == ('unknown', 0, 0, 0, ''), 'nor the engine')
    peer.consent('hidden', who=4711)
    hidden = peer.consented()
    report(hidden[:2] == ('hidden', 4711), 'withdrawn, by anybody')
    report(refusal(peer.consent, 'granted') == 'hidden', 'it is not given again')
    peer.close()
    peer = Peer()
    report(refusal(peer.consent, 'granted') == 'hidden', 'nor to a new bus process')
    peer.close()
    peer = restarted()
    report(peer.consented() == hidden, 'a new engine knows who has withdrawn it, and when')
    report(refusal(peer.consent, 'granted') == 'hidden', 'and does not give it again')
    st = os.stat(RECORD)
    report((st.st_mode & 0o7777, st.st_uid) == (0o600, ENGINE), 'the record is the engine\'s own')
    report(refusal(peer.consent, 'granted', lift=1) == 'granted', 'unless that was lifted')
    peer.close()
    peer = restarted()
    report(peer.consented()[0] == 'unknown', 'lifted is lifted, and given is over')
    peer.close()
    records_that_are_none()


def records_that_are_none():
    with open(RECORD, 'rb') as f:
        good = f.read()
    for text, record in (('cut', good[:-1]), ('of something else', b'granted 0 0'.ljust(63) + b'\n'),
                         ('long', good + b'-'), ('of the future', b'hidden 0 %d'.ljust(63) % (1 << 62))):
        with open(RECORD, 'wb') as f:
            f.write(record)
        peer = restarted()
        report(peer.consented()[0] == 'hidden', f'a record that is {text} counts as withdrawn')
        peer.close()


def main():
    with subprocess.Popen(['/usr/bin/python3', '-c', SENDER], stdout=subprocess.DEVNULL) as sender:
        peer = Peer()
        try:
            changes(peer)
            no_changes(peer)
            learnt_late(peer)
            needs_a_network(peer)
            unread_news(peer)
        finally:
            sender.kill()
        lifetimes(peer)
        link_deleted()


if __name__ == '__main__':
    main()
