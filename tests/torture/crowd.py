#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""crowd.py: see tests/torture/crowd; prints lines for report() of lab.sh."""
import os
import re
import resource
import struct
import subprocess
import sys
import time

sys.path.insert(0, __file__.rsplit('/', 2)[0] + '/lib')
# pylint: disable=wrong-import-position
from kills import Door
from labpy import GET_LIMITS, HEADER, VERSION, Gone, Peer, note, report, uid_of, wait_until
from torture import LONG, Complaint, bus, demand, dice, program, ready_engine
from wall import Kernel, descriptors, memory

CROWD = f'{os.environ["LAB_BUILD"]}/tests/torture/crowd'
SYSTEM_BUS = '/run/dbus/system_bus_socket'
GARBAGE_SECONDS = 180 if LONG else 4
CALLS = 20 if LONG else 2
kernel = Kernel()


def crowd(uid, clients, calls, what):
    return program([CROWD, str(uid), str(clients), str(calls), what], text=True,
                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def figures(started):
    """What it counted: answers, errors, slowest, and perhaps unanswered."""
    out = started.communicate(timeout=60)[0]
    return {word: int(number) for word, number in re.findall(r'([a-z]+) (\d+)', out)} or out


class Host:
    def __init__(self):
        self.broker = self.start_broker()
        self.polkit = program(['/usr/lib/polkit-1/polkitd', '--no-debug'])
        self.engine = ready_engine()
        self.bus = self.start_bus()

    def start_broker(self):
        if os.path.exists(SYSTEM_BUS):
            os.unlink(SYSTEM_BUS)
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        broker = program(['dbus-daemon', '--system', '--nofork', '--nopidfile', '--nosyslog'],
                         stderr=subprocess.DEVNULL, preexec_fn=lambda: resource.setrlimit(
                             resource.RLIMIT_NOFILE, (hard, hard)))
        demand(wait_until(lambda: os.path.exists(SYSTEM_BUS), 5), 'no broker')
        return broker

    def start_bus(self):
        started = bus()
        outcome = started.outcome()
        demand(outcome == 'ready', f'the bus process is {outcome}: {started.said()}')
        return started

    def open_door(self, seconds=10):
        """As soon as polkit and engine are found."""
        end = time.monotonic() + seconds
        while True:
            door = Door()
            if door.hears(b'opened'):
                return door
            demand(time.monotonic() < end, f'no door: {door.said}')
            door.end()
            time.sleep(0.05)

    def kept(self):
        return descriptors(self.engine.pid), descriptors(self.bus.pid)

    def no_more_than(self, before):
        demand(wait_until(lambda: all(a <= b for a, b in zip(self.kept(), before)), 5),
               f'{before} descriptors, now {self.kept()}')

    def a_door_works(self):
        door = self.open_door()
        demand(len(kernel.doors()) == 3, 'a door that the kernel does not know')
        door.end()
        demand(wait_until(lambda: not kernel.doors(), 5), 'a door that does not close')


def a_thousand_clients(host):
    before = host.kept()
    users = [5001, 5002, 5003, 5010, 1000]
    crowds = [crowd(uid, 200, CALLS, 'reads') for uid in users]
    for started in crowds:
        saw = figures(started)
        # Of one user so many may wait at once; the others are told so.
        demand(isinstance(saw, dict) and saw['answers'] == 200 * CALLS and
               saw['errors'] < saw['answers'] // 2,
               f'200 clients of one user: {saw}')
        note(f'200 of 1000 clients, {CALLS} calls each: {saw}')
    host.a_door_works()
    host.no_more_than(before)


def ten_thousand_calls(host):
    """Of one client, each a question for polkit: whoever else asks is served meanwhile."""
    before, size = host.kept(), memory(host.bus.pid)
    greedy = crowd(5001, 1, 10000, 'doors')
    slowest = 0
    served = 0
    while greedy.poll() is None and served < 200:
        saw = figures(crowd(5002, 1, 1, 'reads'))
        demand(isinstance(saw, dict) and saw['answers'] == 1 and not saw['errors'],
               f'another client meanwhile: {saw}')
        slowest, served = max(slowest, saw['slowest']), served + 1
    saw = figures(greedy)
    demand(isinstance(saw, dict) and saw['answers'] == 10000, f'the greedy one: {saw}')
    note(f'10,000 calls: {saw}; {served} reads of another client meanwhile, the slowest {slowest} ms;'
         f' the bus process: {size} -> {memory(host.bus.pid)} kB')
    demand(not kernel.doors(), 'a door opened')
    host.no_more_than(before)
    host.a_door_works()


def the_broker_dies(host):
    """The bus process ends, as a failure, so that the service manager starts it again."""
    door = host.open_door()
    host.broker.kill()
    host.broker.wait()
    status = host.bus.process.wait(10)
    demand(wait_until(lambda: not kernel.doors(), 5), 'the door stays open')
    demand(status != 0, f'it ends with status {status}: nobody would start it again')
    demand('doors close' in host.bus.said() or 'door is closed' in host.bus.said(),
           f'it does not say so: {host.bus.said()}')
    door.end()
    host.polkit.kill()
    host.broker = host.start_broker()
    host.polkit = program(['/usr/lib/polkit-1/polkitd', '--no-debug'])
    host.bus = host.start_bus()
    host.a_door_works()


def garbage(chance):
    """Bytes that look more or less like a message."""
    body = chance.randbytes(chance.choice((0, 4, 8, 16, 24, 32, 300, 4000)))
    if chance.random() < 0.2:
        return chance.randbytes(7) + body
    kind = chance.randrange(0, 20)
    return struct.pack(HEADER, kind, VERSION, chance.randrange(1 << 32)) + body


def a_mad_bus_process(host):
    """As the bus process's user, for as long as it likes."""
    wall, before, chance = kernel.wall(), descriptors(host.engine.pid), dice()
    host.bus.end()
    end, sent, dropped = time.monotonic() + GARBAGE_SECONDS, 0, 0
    while time.monotonic() < end:
        try:
            peer = Peer(greet=False)
        except BlockingIOError:
            continue
        try:
            if chance.random() < 0.8:
                peer.send(GET_LIMITS, 1, b'')
            for _ in range(50):
                peer.sock.send(garbage(chance))
                sent += 1
        except (OSError, Gone):
            dropped += 1
        peer.close()
    demand(host.engine.alive() and kernel.wall() == wall, 'the wall is another')
    good = Peer()
    good.beat()
    good.open(uid_of('clearnet2'), 60).close()
    good.close()
    demand(wait_until(lambda: descriptors(host.engine.pid) <= before - 1, 5),
           f'{before} descriptors with a peer, {descriptors(host.engine.pid)} without')
    note(f'{sent} messages of garbage, let go {dropped} times')
    host.bus = host.start_bus()
    host.a_door_works()


TRIALS = {
    'a thousand clients at once are served': a_thousand_clients,
    'a client with ten thousand open calls keeps nobody waiting': ten_thousand_calls,
    'the broker dies and comes back': the_broker_dies,
    'a bus process that sends garbage': a_mad_bus_process,
}


def main():
    host = Host()
    host.a_door_works()
    sizes = memory(host.engine.pid), memory(host.bus.pid)
    for text, trial in TRIALS.items():
        try:
            trial(host)
            report(True, text)
        except (Complaint, OSError, subprocess.TimeoutExpired) as e:
            report(False, text, f'{type(e).__name__} {e}')
            return
    note(f'engine {sizes[0]} -> {memory(host.engine.pid)} kB, '
         f'bus process {sizes[1]} -> {memory(host.bus.pid)} kB')


if __name__ == '__main__':
    main()
