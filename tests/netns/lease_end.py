#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""lease_end.py {quick|death}: an open door, used in every way at once, ends; prints lines for
report() of lab.sh.

quick  the endings that the engine carries out, LEASE_ROUNDS rounds each
death  the endings by a process that is dead or hung, down to the kernel's own timeout
"""
import json
import os
import re
import signal
import subprocess
import sys
import time

sys.path.insert(0, __file__.rsplit('/', 2)[0] + '/lib')
# pylint: disable=wrong-import-position
from labpy import (GET_CONSENT, LIB, Gone, Mark, Peer, Refused, kill_engine, left, log_of, mark, note,
                   pid_of, probe, process_state, records, report, start_engine, uid_of,
                   wait_until)

CLEARNET = uid_of('clearnet')
ROUNDS = int(os.environ.get('LEASE_ROUNDS', '5'))
NOTICED = 1.0        # seconds until every program knows
SOON = 0.5           # seconds from the cause to the last packet, where nobody waits for a reply
WORD = 20            # seconds for word of the end; what is judged is the wire, by SOON
KERNEL = 15 + 1      # seconds: the kernel's timeout and a margin
THERE = 'dst=198.51.100.5'
DEAD = ('up', 'down', 'half', 'idle', 'udp')  # what the program of an ended lease is told about


class Flows:
    """The program that uses the door."""

    def __init__(self):
        self.program = subprocess.Popen(  # pylint: disable=consider-using-with
            ['/usr/bin/python3', f'{LIB}/flows.py', str(CLEARNET)], text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, question):
        self.program.stdin.write(question + '\n')
        self.program.stdin.flush()
        return self.program.stdout.readline().strip()

    def state(self):
        return json.loads(self.ask('state'))

    def kept_knocking(self):
        """Waits until the program has tried ten times more."""
        before = self.state()['knock']['sent']
        return wait_until(lambda: self.state()['knock']['sent'] >= before + 10, 5)


class Complaint(Exception):
    pass


def demand(good, text):
    if not good:
        raise Complaint(text)


def silence(since, flows, what):
    """Not one packet of the lease's flows since then, though the program keeps trying."""
    demand(flows.kept_knocking(), 'the program hangs')
    seen = left(since, THERE)
    demand(not seen, f'{len(seen)} packets {what}; the first: {seen[0]["line"] if seen else ""}')


def everybody_knows(flows, cause):
    demand(wait_until(lambda: all(flows.state()[f]['error'] for f in DEAD), NOTICED, 0.01),
           f'not every program noticed: {flows.state()}')
    return max(flows.state()[f]['when'] for f in DEAD) - cause


def others_are_refused():
    """Whoever takes over the addresses and ports of the lease's datagrams."""
    table = [{'kind': 'udp', 'to': '198.51.100.5', 'port': 19, 'sport': 9753, 'say': 'go'}]
    since = mark()
    for uid in (65534, 1000, CLEARNET):
        saw = probe(uid, table)[0]['saw']
        demand(saw == 'EPERM', f'uid {uid} on the same ports: {saw}')
    demand(not left(since, THERE), 'datagrams of others on the same ports left')


def begin(peer, flows, seconds=60):
    lease = peer.open(CLEARNET, seconds)
    since = mark()
    answer = flows.ask('go')
    demand(answer == 'running', answer)
    # else silence afterwards would mean nothing
    demand(flows.kept_knocking() and len(left(since, THERE)) > 100, 'the open door is not used')
    return lease


def last_packet(since, until):
    seen = [r for r in records(since, THERE, 'dir=out') if r['t'] > until]
    return (seen[-1]['t'] - until) / 1e9 if seen else 0.0


def disabled(peer, flows):
    """Closed on request: from the reply on, silence."""
    lease = begin(peer, flows)
    prepared = Mark()
    cause = time.monotonic()
    peer.end(lease)
    since = prepared.fire()
    silence(since, flows, 'after the reply')
    known = everybody_knows(flows, cause)
    others_are_refused()
    lease.close()
    return known


def now_and_then(lease, is_deadline):
    """When the cause of an end is there, on the clocks of the programs and of the wire."""
    ahead = lease.expires * 1000 - time.clock_gettime_ns(time.CLOCK_BOOTTIME) if is_deadline else 0
    return time.monotonic() + ahead / 1e9, time.time_ns() + ahead


def by_event(why, end, seconds=60):
    """The engine ends it by itself, and says why."""
    def ending(peer, flows):
        lease = begin(peer, flows, seconds)
        began = mark()
        cause, cause_ns = now_and_then(lease, why == 'deadline')
        end(peer, lease)
        reason = peer.ended(lease, WORD)
        demand(reason == why, f'ended as {reason}; the engine: {process_state(pid_of("engine"))}')
        prepared = Mark()
        since = prepared.fire()
        silence(since, flows, 'after word of the end')
        soon = last_packet(began, cause_ns)
        demand(soon < SOON, f'the last packet {soon:.3f} s later')
        known = everybody_knows(flows, cause)
        others_are_refused()
        lease.close()
        return known
    return ending


def bus_gone(peer, flows):
    """The bus process is killed: the engine sees the end of the connection."""
    lease = begin(peer, flows)
    began = mark()
    cause, cause_ns = time.monotonic(), time.time_ns()
    peer.close()
    known = everybody_knows(flows, cause)
    silence(mark(), flows, 'after every program knew')
    soon = last_packet(began, cause_ns)
    demand(soon < SOON, f'the last packet {soon:.3f} s later')
    others_are_refused()
    lease.close()
    return known


def rounds(text, ending, n):
    """A round in which the wiretap lost records shows nothing, and is done again."""
    flows, worst = Flows(), 0.0
    peer = None
    done = lost = 0
    while done < n:
        try:
            if ending is bus_gone or peer is None:
                peer = Peer()
            worst = max(worst, ending(peer, flows))
            done += 1
        except subprocess.CalledProcessError as e:
            lost += 1
            peer.close()
            peer = None
            if lost > n:
                report(False, text, f'{lost} rounds not seen: {e}')
                break
        except (Complaint, Gone) as e:
            report(False, text, f'round {done + 1}: {type(e).__name__} {e}')
            break
        flows.ask('stop')
    else:
        report(True, f'{text} ({n} rounds)')
        note(f'every program knew within {worst * 1000:.0f} ms; {lost} rounds not seen')
    flows.program.kill()
    if peer:
        peer.close()


def kernel_seconds():
    """How long the kernel would keep the only door open by itself."""
    out = subprocess.run(['nft', 'list', 'set', 'inet', 'sallyport', 'live'], check=True,
                         stdout=subprocess.PIPE, text=True).stdout
    left_over = re.search(r'0x04\w+ .*?expires (?:(\d+)s)?', out)
    return int(left_over.group(1) or 0) if left_over else -1


def heartbeats():
    """What counts is when it was sent, not when it was read; one from the future is a breach."""
    peer = Peer()
    peer.beating = False
    peer.open(CLEARNET, 60)
    time.sleep(6)
    peer.beat(5.5)
    peer.ask(GET_CONSENT, b'')  # answered after it, and after what it may have led to
    seconds = kernel_seconds()
    report(0 <= seconds < 10, 'an old heartbeat renews nothing', f'{seconds} s')
    peer.beat()
    report(wait_until(lambda: kernel_seconds() > 10, 2), 'a new one does', f'{kernel_seconds()} s')
    peer.beat(-5)
    try:
        while True:
            peer.receive()
    except Gone:
        report(True, 'whoever sends one from the future is let go')
    except TimeoutError:
        report(False, 'whoever sends one from the future is let go')
    peer.close()


def extended_at_the_end(n):
    """In the last milliseconds an extension comes in time, or there is no such lease any more."""
    text, peer, saw = 'extended as its time ends', Peer(), {}
    for i in range(n):
        lease = peer.open(CLEARNET, 1)
        at = lease.expires / 1e6 - (0.001, 0.002, 0.003, 0.004, 0.006)[i % 5]
        time.sleep(max(0, at - time.clock_gettime(time.CLOCK_BOOTTIME)))
        try:
            peer.extend(lease, 5)
            peer.end(lease)
            answer = 'extended'
        except Refused as e:
            answer = e.args[0]
            reason = peer.ended(lease, 5)
            if reason != 'deadline':
                answer += f', ended as {reason}'
        saw[answer] = saw.get(answer, 0) + 1
        lease.close()
    report(set(saw) <= {'extended', 'no-such-lease'}, text, saw)
    peer.close()


class Sockets:
    """A program that holds many sockets; see sockets.py."""

    def __init__(self, uid, *sockets):
        self.program = subprocess.Popen(  # pylint: disable=consider-using-with
            ['/usr/bin/python3', f'{LIB}/sockets.py', str(uid), '198.51.100.5', *sockets],
            text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        demand(self.program.stdout.readline() == 'ready\n', 'no sockets')

    def alive(self):
        self.program.stdin.write('\n')
        self.program.stdin.flush()
        return int(self.program.stdout.readline())


def shared_ports():
    """Sockets that share a port are destroyed where the kernel can find them; one that it cannot,
    behind that of another uid, is told of."""
    peer = Peer()
    lease = peer.open(CLEARNET, 60)
    own = Sockets(CLEARNET, 'REUSEPORT:7777:6')
    peer.end(lease)
    report(wait_until(lambda: own.alive() == 0, 2, 0.05), 'sockets that share a port',
           f'{own.alive()} live still')
    own.program.kill()
    lease = peer.open(CLEARNET, 60)
    before = Sockets(1000, 'REUSEADDR:7779:1')
    own = Sockets(CLEARNET, 'REUSEADDR:7779:1', 'REUSEADDR:7780:1')
    after = Sockets(1000, 'REUSEADDR:7780:1')
    peer.end(lease)
    said = f'1 sockets of uid {CLEARNET} could not be reached'
    report(wait_until(lambda: said in log_of('engine'), 2, 0.05),
           'a socket behind that of another uid is told of')
    report((before.alive(), own.alive(), after.alive()) == (1, 1, 1),
           'and the other uid keeps its sockets')
    for s in (before, own, after):
        s.program.kill()
    peer.close()


def many_sockets():
    """They do not hold up the engine: the end, and the next request, are answered while most live
    still. (One round of three is enough: this program may be the slow one.)"""
    peer, alive = Peer(), 0
    for _ in range(3):
        lease = peer.open(CLEARNET, 60)
        own = Sockets(CLEARNET, 'NONE:0:8000')
        start = time.monotonic()
        peer.end(lease)
        answered = time.monotonic() - start
        peer.ask(GET_CONSENT, b'')
        alive = max(alive, own.alive())
        gone = wait_until(lambda: own.alive() == 0, 20, 0.05)
        note(f'8000 sockets: answered after {answered:.3f} s, all destroyed after '
             f'{time.monotonic() - start:.3f} s')
        own.program.kill()
        if alive or not gone:
            break
    report(alive and gone, 'the end of a lease does not wait for the sockets',
           f'{alive} lived when it was answered')
    peer.close()


def quick():
    rounds('disabled: silence from the reply on', disabled, ROUNDS)
    rounds('the descriptor closed: silence soon', by_event('closed', lambda p, l: l.close()),
           ROUNDS)
    rounds('the bus process gone: silence soon', bus_gone, ROUNDS)
    rounds('the deadline: silence at once', by_event('deadline', lambda p, l: None, seconds=3),
           min(ROUNDS, 20))
    extended_at_the_end(2 * ROUNDS)
    heartbeats()
    shared_ports()
    many_sockets()


def by_the_kernel(text, cause, afterwards):
    """Nobody ends it: its elements in the kernel expire."""
    flows, peer = Flows(), Peer()
    try:
        lease = begin(peer, flows)
        began, cause_ns = mark(), time.time_ns()
        cause(peer)
        demand(wait_until(lambda: flows.state()['knock']['error'] in ('ECONNREFUSED', 'EPERM'),
                          KERNEL, 0.05), f'still open after {KERNEL} s')
        since = mark()
        silence(since, flows, 'after the kernel had closed the door')
        try:
            note(f'{text}: the last packet {last_packet(began, cause_ns):.1f} s later')
        except subprocess.CalledProcessError:
            note(f'{text}: the wiretap lost records while the door was open')
        others_are_refused()
        afterwards(peer, lease, flows)
        report(True, text)
    except (Complaint, Gone) as e:
        report(False, text, f'{type(e).__name__} {e}')
    flows.program.kill()
    peer.close()


def woken(peer, lease, flows):
    """An engine that was hung and goes on does not open again what the kernel closed."""
    since = mark()
    os.kill(pid_of('engine'), signal.SIGCONT)
    demand(peer.ended(lease, 5), 'the woken engine does not say that the lease has ended')
    silence(since, flows, 'after the engine was woken')
    everybody_knows(flows, time.monotonic())


def reborn(_peer, _lease, flows):
    since = mark()
    demand(start_engine(), 'the new engine is not ready')
    silence(since, flows, 'after the new engine was ready')
    everybody_knows(flows, time.monotonic())


def heard_again(peer, lease, flows):
    """It is let go with its lease; whichever word of the two comes first, the door stays shut."""
    since = mark()
    try:
        reason = peer.ended(lease, 5)
    except Gone:
        reason = 'bus-gone'
    demand(reason in ('bus-silent', 'bus-gone'), f'ended as {reason}')
    peer.beating = True
    silence(since, flows, 'after the heartbeats came again')


def fall_silent(peer):
    peer.beating = False


def new_engine_ends_what_it_finds():
    text = 'a new engine ends what it finds before it is ready'
    flows, peer = Flows(), Peer()
    try:
        begin(peer, flows)
        kill_engine()
        demand(start_engine(), 'the new engine is not ready')
        silence(Mark().fire(), flows, 'after the new engine was ready')
        everybody_knows(flows, time.monotonic())
        others_are_refused()
        report(True, text)
    except Complaint as e:
        report(False, text, e)
    flows.program.kill()
    peer.close()


def death():
    new_engine_ends_what_it_finds()
    by_the_kernel('the bus process hangs: the door closes in time', fall_silent, heard_again)
    by_the_kernel('the engine hangs: the door closes in time',
                  lambda peer: os.kill(pid_of('engine'), signal.SIGSTOP), woken)
    by_the_kernel('the engine is killed: the door closes in time', lambda peer: kill_engine(),
                  reborn)


if __name__ == '__main__':
    {'quick': quick, 'death': death}[sys.argv[1]]()
