#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""starved.py {netlink|memory}: calls of the engine fail, one at a time, at every point of whatever it
does; prints lines for report() of lab.sh. See tests/torture/netlink and tests/torture/memory."""
import collections
import errno
import itertools
import re
import sys
import time

sys.path.insert(0, __file__.rsplit('/', 2)[0] + '/lib')
# pylint: disable=wrong-import-position
from faults import GARBLED, LOST, MEMORY, RECEIVE, SEND, SHORT, Faults, name
from labpy import GET_LIMITS, Gone, Peer, Refused, left, mark, note, report, uid_of, wait_until
from torture import (ELSEWHERE, LONG, Complaint, Knocker, budget, demand, dice, engine, read_policy,
                     write_policy)
from wall import LEASE_SETS, Kernel, lease_flows, overdue

SECONDS = 20
EXTRA = '[service extra]\nlisten = 127.0.0.9:1000/tcp\nusers = nobody\n'
ALWAYS = 1 << 30
# how a call may fail, and how many times in a row: an overrun is reported once by a real kernel
KINDS = {
    'netlink': [(SEND, errno.EINTR, 1), (SEND, errno.EPERM, 1), (SEND, errno.EPERM, ALWAYS),
                (SEND, errno.ENOBUFS, 1), (SEND, errno.ENOBUFS, ALWAYS),
                (RECEIVE, errno.EINTR, 1), (RECEIVE, errno.EPERM, 1), (RECEIVE, errno.ENOBUFS, 1),
                (RECEIVE, LOST, 1), (RECEIVE, SHORT, 1), (RECEIVE, GARBLED, 1)],
    'memory': [(MEMORY, errno.ENOMEM, 1), (MEMORY, errno.ENOMEM, ALWAYS)],
}
# the words by which the log names the state that is left
NAMED = re.compile(r'<[34]>sallyport-engine: .*(stays?\b|by itself|by themselves|time out|built-in wall|no LAN)')
CLEARNET = uid_of('clearnet')
PATIENCE = 6


class Trial:
    """An engine whose calls can be made to fail, and what it has to do."""

    def __init__(self):
        self.faults, self.kernel = Faults(), Kernel()
        self.base = read_policy()
        self.engine = self.peer = self.lease = None
        self.policy, self.seen, self.last = 0, collections.Counter(), None
        self.walls = []
        for self.policy in (1, 0):
            self.change_policy()
            self.revive()
            self.walls.append(self.kernel.wall())
            self.kill()
        write_policy(self.base + 'nonsense\n')
        self.revive()
        self.built_in = self.kernel.wall()
        self.kill()
        self.change_policy()
        self.change_policy()
        demand(len({*self.walls, self.built_in}) == 3, 'three policies, three walls')

    def change_policy(self):
        self.policy ^= 1
        write_policy(self.base + EXTRA * self.policy)

    # --- an engine in good health

    def kill(self):
        if self.peer:
            self.peer.close()
        self.engine.end()
        self.peer = self.lease = None

    def revive(self):
        self.faults.clear()
        if self.engine and self.engine.alive() and self.peer:
            return
        if self.engine:
            self.kill()
        self.engine = engine(self.faults.environment)
        outcome = self.engine.outcome()
        demand(outcome == 'ready', f'without a fault it is {outcome}: {self.engine.said()}')
        self.greet()

    def greet(self):
        self.peer = Peer()
        self.peer.sock.settimeout(PATIENCE)

    def open(self):
        if not self.lease:
            self.lease = self.peer.open(CLEARNET, 60)

    def close(self):
        if self.lease:
            self.lease.close()
            self.lease = None
            demand(wait_until(lambda: not self.kernel.doors(), 5), 'a lease that is not closed')
            self.peer.ask(GET_LIMITS, b'')  # its flows are cut now, too

    def ended_by_its_word(self):
        return wait_until(lambda: not self.engine.alive(), 2) and NAMED.search(self.engine.said())

    def healthy(self, what):
        """It answers, or has said why it ended."""
        if not self.engine.alive():
            demand(self.ended_by_its_word(), f'{what}: ended without saying what stays')
            return False
        try:
            self.peer.ask(GET_LIMITS, b'')
        except (Gone, ConnectionError):
            demand(self.ended_by_its_word(), f'{what}: has gone without saying what stays')
            return False
        except TimeoutError as e:
            raise Complaint(f'{what}: hangs') from e
        return True

    # --- what it does while a call fails; each says how it went

    def before_start(self):
        if self.engine.alive() and self.peer:
            self.open()
        self.kill()
        self.change_policy()

    def start(self):
        self.engine = engine(self.faults.environment)
        return self.engine.outcome(PATIENCE)

    def before_reload(self):
        self.revive()
        self.open()
        self.change_policy()

    def reload(self):
        return self.peer.reload()[0]

    def before_grant(self):
        self.revive()
        self.close()
        # what an earlier refusal left in the kernel would be the answer to this one
        demand(wait_until(lambda: not self.kernel.doors(), 17), 'elements that do not time out')

    def grant(self):
        self.lease = self.peer.open(CLEARNET, 60)
        return 'granted'

    def before_renewal(self):
        self.revive()
        self.open()

    def renewal(self):
        self.peer.extend(self.lease, 60)
        return 'extended'

    before_revocation = before_renewal

    def revocation(self):
        lease, self.lease = self.lease, None
        self.peer.end(lease)
        lease.close()
        return 'closed'

    # --- what must be true then

    def known_walls(self):
        return (*self.walls, self.built_in)

    def after_start(self, outcome):
        wall, said = self.kernel.wall(), self.engine.said()
        # libseccomp may lose rules with its memory, and be it the one for writing the log: then
        # less is allowed than was meant, after the last line that said what is in force
        lame = self.last[1] == MEMORY and said.endswith(' wall\n')
        if outcome != 'ready' and not lame:
            demand(outcome == 'ended' and NAMED.search(said),
                   f'{outcome}, and does not say what stays: {said}')
            return
        expected = self.built_in if 'with the built-in wall' in said else self.walls[self.policy]
        demand(wall == expected, f'{outcome}, but the wall is another than it says: {said}')
        doors = self.kernel.doors()
        demand(not doors, f'{outcome} with doors of an earlier engine: {doors}')
        demand('time out' in said or not lease_flows(), f'{outcome} with flows of an earlier engine')
        if lame or wall == self.built_in:
            self.kill()
        else:
            self.greet()

    def after_reload(self, outcome):
        wall, said = self.kernel.wall(), self.engine.said()
        if outcome == 'loaded':
            demand(wall == self.walls[self.policy], 'loaded, but the wall is another')
        elif outcome == 'refused':
            demand(NAMED.search(said), f'refused, and does not say what stays: {said}')
            old = self.walls[self.policy ^ 1]
            if 'trying again' in said:
                wait_until(lambda: self.kernel.wall() == old, 5)
                wall = self.kernel.wall()
            demand(wall == old, f'refused, but the wall is another: {said}')
        else:
            demand(not self.engine.alive(), f'a reload that is {outcome}')
            return
        self.faults.clear()
        if self.engine.alive():
            outcome = self.peer.reload()[0]
            wall = self.kernel.wall()
            demand(outcome != 'refused' and wall == self.walls[self.policy],
                   f'the reload after it: {outcome}, and the wall is another')

    def after_grant(self, outcome):
        doors, said = self.kernel.doors(), self.engine.said()
        if outcome == 'granted':
            demand({d[0] for d in doors} == set(LEASE_SETS), f'granted, but in the kernel: {doors}')
        elif doors and self.engine.alive():
            demand('by itself' in said, f'{outcome}, but in the kernel: {doors}, and it says {said}')

    def after_renewal(self, outcome):
        doors, said = self.kernel.doors(), self.engine.said()
        if outcome == 'extended':
            demand(len(doors) == 3 and all(d[1] > 10000 for d in doors),
                   f'renewed, but in the kernel: {doors}')
        else:
            self.lease = None
            demand(not doors or 'by itself' in said or not self.engine.alive(),
                   f'{outcome}, but in the kernel: {doors}')

    def after_revocation(self, outcome):
        doors, said = self.kernel.doors(), self.engine.said()
        if outcome == 'closed':
            demand(not doors, f'closed, but in the kernel: {doors}')
            demand('time out' in said or not lease_flows(), 'closed, but its flows are there')

    # --- one trial

    def run(self, what, call, how=errno.ENOMEM, times=1, at=0):
        try:
            getattr(self, 'before_' + what)()
        except Refused as e:
            raise Complaint(f'a good engine refuses: {e}, after {self.last}') from e
        self.last = (what, call, how, times, at)
        self.engine.forget()
        self.faults.clear()
        self.faults.arm(call, at, how, times)
        began = time.monotonic()
        try:
            outcome = getattr(self, what)()
        except Refused as e:
            outcome = f'refused: {e.args[0]}'
        except (Gone, ConnectionError):
            outcome = 'gone'
        except TimeoutError as e:
            raise Complaint('hangs') from e
        self.seen[what, call] = self.faults.seen(call)
        hit = self.faults.hit(call)
        self.faults.clear()
        if 'trying again' in self.engine.said(): # what was loaded could not be read back
            wait_until(lambda: self.kernel.wall() in self.known_walls(), 5)
        wall, doors = self.kernel.wall(), self.kernel.doors()
        demand(wall in self.known_walls(), f'{outcome}: a wall that nobody has asked for')
        demand(not overdue(doors), f'{outcome}: beyond the kernel\'s timeout: {doors}')
        getattr(self, 'after_' + what)(outcome)
        if self.peer and not self.healthy(outcome):
            self.kill()
        demand(time.monotonic() - began < PATIENCE, f'{outcome}: after {PATIENCE} s only')
        return outcome.split(':')[0] if hit else None


OPERATIONS = ('start', 'reload', 'grant', 'renewal', 'revocation')


def cases(trial, kinds):
    """Every call of every operation, in every way."""
    for what in OPERATIONS:
        for call in {kind[0] for kind in kinds}:
            trial.run(what, call)
            note(f'{what}: {trial.seen[what, call]} calls of kind {call}')
    return [[(what, call, how, times, at) for call, how, times in kinds
             for at in range(1, trial.seen[what, call] + 1)] for what in OPERATIONS]


def mixed(groups, random):
    """One of each group in turn, as long as there are any."""
    for group in groups:
        random.shuffle(group)
    return [c for turn in itertools.zip_longest(*groups) for c in turn if c]


def tell(outcomes, total):
    for what in OPERATIONS:
        of = {o: n for (w, o), n in sorted(outcomes.items()) if w == what}
        report(sum(of.values()) > 0, f'{what}: a known state that the log names, whatever failed')
        note(f'{what}: {of}')
    note(f'{sum(outcomes.values())} of {total}')


def main():
    kinds, random = KINDS[sys.argv[1]], dice()
    trial = Trial()
    began, knocker = mark(), Knocker(1000, ELSEWHERE)
    every, outcomes, failed = mixed(cases(trial, kinds), random), collections.Counter(), 0
    go_on = budget(SECONDS)
    for what, call, how, times, at in every:
        if not go_on() or failed == 10:
            break
        try:
            outcome = trial.run(what, call, how, times, at)
        except Complaint as e:
            failed += 1
            report(False, f'{what}: call {at} of kind {call}: {name(how)}'
                   f'{" from then on" if times == ALWAYS else ""}', str(e))
            note(trial.engine.said())
            trial.kill()
            trial.revive()
            continue
        if outcome:
            outcomes[what, outcome] += 1
    tell(outcomes, len(every))
    trial.kill()
    report(not left(began), 'and nothing left the host', str(left(began)[:1]))
    saw = knocker.end()
    report(set(saw) == {'udp EPERM', 'tcp ECONNREFUSED'}, 'a program that tries to get out all the '
           'time was refused each time', str(saw))
    if LONG:
        report(sum(outcomes.values()) > len(every) * 0.9, 'all of them')


if __name__ == '__main__':
    main()
