#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""kills.py: the rounds of tests/torture/kills; prints lines for report() of lab.sh."""
import collections
import os
import select
import signal
import subprocess
import sys
import time

sys.path.insert(0, __file__.rsplit('/', 2)[0] + '/lib')
# pylint: disable=wrong-import-position
from labpy import HELPERS, Mark, left, mark, note, records, report, uid_of, wait_until
from torture import (ELSEWHERE, LONG, THERE, Complaint, Flood, Knocker, budget, bus, demand, dice,
                     engine, program, read_policy, ready_engine, write_policy)
from wall import Kernel, descriptors, lease_flows, memory, overdue

ROUNDS, SECONDS = LONG or 100, 40
LEASED = 'dst=' + THERE
EXTRA = '[service extra]\nlisten = 127.0.0.9:1000/tcp\nusers = nobody\n'
BIG = ''.join(f'[service s{i}]\nlisten = 127.1.{i // 250}.{i % 250 + 1}:80/tcp\nusers = nobody\n'
              for i in range(1500))
# until when after its beginning each is killed, in milliseconds: beyond its end, too
SPAN = {'start': 40, 'load': 120, 'grant': 25, 'renew': 8, 'revoke': 5, 'reload': 10,
        'shutdown': 8}


class Door:
    """Root's door for the clearnet user: no question is asked. door.c says what it prints."""

    def __init__(self):
        self.program = program(
            [f'{HELPERS}/door', 'clearnet', '60'], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.said = b''

    def hears(self, word, seconds=5):
        fd, end = self.program.stdout.fileno(), time.monotonic() + seconds
        while word not in self.said:
            if not select.select([fd], [], [], max(0, end - time.monotonic()))[0]:
                return False
            data = os.read(fd, 4096)
            if not data:
                return False
            self.said += data
        return True

    def say(self, line):
        try:
            os.write(self.program.stdin.fileno(), line)
        except BrokenPipeError:
            pass

    def end(self):
        self.program.kill()
        self.program.communicate()


class Rounds:
    def __init__(self):
        self.dice = dice()
        self.kernel = Kernel()
        self.base = read_policy()
        self.engine = self.bus = self.door = None
        self.opened, self.leaving = 0, ()
        self.began = mark()
        self.walls = self.known_walls()

    def known_walls(self):
        """What the kernel may have at any instant: the wall of one policy or the other."""
        walls = set()
        for text in (self.base, self.base + EXTRA, self.base + BIG):
            write_policy(text)
            self.engine = ready_engine()
            walls.add(self.kernel.wall())
            self.engine.end()
        write_policy(self.base)
        demand(len(walls) == 3, f'three policies, but the walls {walls}')
        return walls

    # --- both run, and nothing is open

    def revive(self):
        if self.engine.outcome() != 'ready':
            self.engine = ready_engine()
        if not self.bus or self.bus.outcome() != 'ready':
            self.bus = bus()
            outcome = self.bus.outcome()
            demand(outcome == 'ready', f'the bus process is {outcome}: {self.bus.said()}')

    def open_door(self):
        """As the bus process finds its engine again, which takes it a moment."""
        end = time.monotonic() + 10
        while True:
            self.door = Door()
            if self.door.hears(b'opened'):
                self.opened += 1
                return
            demand(time.monotonic() < end, f'no door: {self.door.said}')
            self.close_door()
            time.sleep(0.02)

    def close_door(self):
        if self.door:
            self.door.end()
        self.door = None

    # --- what is going on when the blow falls; each returns who may be hit

    def start(self):
        self.engine.end()
        self.bus.end()
        self.engine, self.bus = engine(), bus()

    def load(self):
        self.engine.end()
        write_policy(self.base + BIG)
        self.engine = engine()

    def grant(self):
        self.door = Door()

    def renew(self):
        self.open_door()
        self.door.say(b'extend 60\n')

    def revoke(self):
        self.open_door()
        self.door.say(self.dice.choice((b'close\n', b'disable clearnet\n', b'leave\n')))

    def reload(self):
        if self.dice.random() < 0.5:
            self.open_door()
        write_policy(self.base + EXTRA)
        self.engine.send(signal.SIGHUP)

    def shutdown(self):
        self.open_door()
        self.leaving = self.dice.choice(((self.engine,), (self.bus,), (self.engine, self.bus)))
        for process in self.leaving:
            process.send(signal.SIGTERM)

    # --- the round

    def blow(self, case):
        getattr(self, case)()
        victims = self.dice.choice((('engine',), ('bus',), ('engine', 'bus')))
        time.sleep(self.dice.random() * SPAN[case] / 1000)
        for name in victims:
            getattr(self, name).end()

    def the_wall_holds(self):
        wall = self.kernel.wall()
        demand(wall in self.walls, f'the wall {wall} is none of {self.walls}')
        late = overdue(self.kernel.doors())
        demand(not late, f'elements beyond the kernel\'s timeout: {late}')

    def nothing_is_left(self):
        """An engine that was not killed closes at once, a new one before it is ready."""
        wait_until(lambda: not self.engine.alive() or
                   not self.kernel.doors() and not lease_flows(), 5)
        if self.engine.outcome() != 'ready':
            self.engine = ready_engine()
        doors, flows = self.kernel.doors(), lease_flows()
        demand(not doors, f'still in the kernel\'s sets: {doors}')
        demand(not flows, f'still in conntrack: {flows[:2]}')

    def round(self, case):
        prepared = Mark()
        self.leaving = ()
        self.blow(case)
        self.the_wall_holds()
        for process in self.leaving:
            process.end(signal.SIGTERM)
        self.close_door()
        write_policy(self.base)
        self.nothing_is_left()
        since = prepared.fire()
        self.revive()
        seen = left(since)
        demand(not seen, f'{len(seen)} packets after it was closed: {seen[0]["line"] if seen else 0}')

    def run(self):
        cases = collections.Counter()
        go_on = budget(SECONDS)
        self.revive()
        while cases.total() < ROUNDS and go_on():
            case = self.dice.choice(list(SPAN))
            try:
                self.round(case)
            except Complaint as e:
                report(False, f'round {cases.total() + 1}, killed during {case}', str(e))
                return
            cases[case] += 1
        report(cases.total() >= min(ROUNDS, LONG or 5), f'{cases.total()} rounds of SIGKILL')
        note(dict(cases))

    def quiet(self):
        """Descriptors and kilobytes of both once all is done."""
        wait_until(lambda: not self.kernel.doors(), 5)
        return [f(p.pid) for p in (self.engine, self.bus) for f in (descriptors, memory)]


def use(rounds, times):
    for _ in range(times):
        rounds.open_door()
        rounds.door.say(b'extend 60\n')
        rounds.door.hears(b'extended')
        rounds.engine.send(signal.SIGHUP)
        rounds.close_door()


def keeps_nothing(rounds):
    """The survivors of many doors and reloads: as many descriptors and files as before."""
    files = sorted(os.listdir('/run/sallyport'))
    use(rounds, 5)
    before = rounds.quiet()
    use(rounds, 100 if LONG else 15)
    # Before, a file of the last reload may still have been open.
    kept = wait_until(lambda: all(a <= b for a, b in zip(rounds.quiet()[0::2], before[0::2])), 5, 0.1)
    after = rounds.quiet()
    report(kept, 'no more descriptors after many doors and reloads than before', f'{before} {after}')
    note(f'engine: {after[0]} descriptors, {before[1]} -> {after[1]} kB; '
         f'bus process: {after[2]} descriptors, {before[3]} -> {after[3]} kB')
    report(sorted(os.listdir('/run/sallyport')) == files, 'and as many files in /run/sallyport',
           f'{files} {os.listdir("/run/sallyport")}')


def anti_test(flood):
    """Before the wall: whoever tries to get out is seen."""
    since = mark()
    seen = wait_until(lambda: records(since, 'dst=' + ELSEWHERE)
                      and records(since, LEASED, 'class=udp')
                      and records(since, LEASED, 'class=tcp'), 5)
    report(seen, 'with the wall open, flood and knockers are seen')
    flood.end()


def verdict(rounds, knockers, flood):
    stray = left(rounds.began, '!' + LEASED)
    report(not stray, 'through all of it nothing but the open doors\' packets left',
           stray[0]['line'] if stray else '')
    sent = flood.end()
    report(sent['sent'] == sent['other'] == 0 and sent['refused'] > 1000,
           'the flood: each was refused', str(sent))
    saw = knockers[0].end()
    report(set(saw) == {'udp EPERM', 'tcp ECONNREFUSED'}, 'another user: refused each time',
           str(saw))
    saw = knockers[1].end()
    report(saw.get('tcp passed', 0) > 0 and saw['tcp ECONNREFUSED'] > 0,
           'the door\'s user: got through open doors, and was refused at closed ones', str(saw))
    note(f'{rounds.opened} doors; the door\'s user saw {saw}')


def main():
    anti_flood = Flood(1000, ELSEWHERE)
    clearnet = Knocker(uid_of('clearnet'), THERE)
    anti_test(anti_flood)
    ready_engine().end()
    flood, amnesia = Flood(1000, ELSEWHERE), Knocker(1000, ELSEWHERE)
    clearnet.end()
    clearnet = Knocker(uid_of('clearnet'), THERE)
    rounds = Rounds()
    rounds.run()
    rounds.close_door()
    try:
        rounds.revive()
        keeps_nothing(rounds)
    except Complaint as e:
        report(False, 'both are there afterwards', str(e))
    verdict(rounds, (amnesia, clearnet), flood)


if __name__ == '__main__':
    main()
