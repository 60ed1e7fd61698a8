#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""resources.py: see tests/torture/resources; prints lines for report() of lab.sh."""
import contextlib
import os
import resource
import signal
import subprocess
import sys

sys.path.insert(0, __file__.rsplit('/', 2)[0] + '/lib')
# pylint: disable=wrong-import-position
from faults import Faults
from labpy import GET_LIMITS, Peer, Refused, note, pid_of, report, uid_of, wait_until
from starved import NAMED
from torture import Complaint, demand, engine, read_policy, ready_engine, write_policy
from wall import Kernel, descriptors

RUN = '/run/sallyport'
EXTRA = '[service extra]\nlisten = 127.0.0.9:1000/tcp\nusers = nobody\n'
CLEARNET, CLEARNET2 = uid_of('clearnet'), uid_of('clearnet2')
kernel = Kernel()


def closed(what, ask):
    """A refusal, by name."""
    try:
        ask()
    except Refused as e:
        return e.args[0]
    raise Complaint(f'{what} is not refused')


def no_descriptors_at_start():
    """Limits from too few to enough: ready, or an end that says what stays."""
    wall, outcomes = kernel.wall(), []
    for most in range(4, 20):
        started = engine(limits=lambda most=most: resource.setrlimit(resource.RLIMIT_NOFILE,
                                                                     (most, most)))
        outcome = started.outcome()
        started.end()
        demand(outcome == 'ready' or (outcome == 'ended' and NAMED.search(started.said())),
               f'with {most} descriptors: {outcome}: {started.said()}')
        demand(kernel.wall() == wall or 'sealed with' in started.said(), 'the wall is another')
        wall = kernel.wall()
        outcomes.append(outcome)
    note(f'4 to 19 descriptors: {outcomes}')


def limit_descriptors(process, most):
    """As the engine's own user: another's limits need a capability that a container may lack."""
    uid = uid_of('_sallyport-engine')
    subprocess.run(['setpriv', f'--reuid={uid}', f'--regid={uid}', '--clear-groups', 'prlimit',
                    f'--pid={process.pid}', f'--nofile={most}:128'], check=True)


def no_descriptors():
    running = ready_engine()
    peer = Peer()
    lease, wall, before = peer.open(CLEARNET, 60), kernel.wall(), descriptors(running.pid)
    used = {int(fd) for fd in os.listdir(f'/proc/{running.pid}/fd')}
    free = next(fd for fd in range(1024) if fd not in used)
    limit_descriptors(running, free)
    why = closed('a door without a descriptor for it', lambda: peer.open(CLEARNET2, 60))
    demand(len(kernel.doors()) == 3, 'the kernel has another door')
    base = read_policy()
    write_policy(base + EXTRA)
    outcome, _, text = peer.reload()
    write_policy(base)
    demand(outcome == 'refused' and kernel.wall() == wall, f'a reload is {outcome}')
    demand(NAMED.search(running.said()), f'it does not say what stays: {running.said()}')
    # Whose name it is now cannot be looked up: a lease that cannot be extended safely ends.
    closed('an extension', lambda: peer.extend(lease, 120))
    demand(not kernel.doors(), 'a door does not close')
    limit_descriptors(running, 128)
    peer.open(CLEARNET2, 60).close()
    lease.close()
    peer.close()
    note(f'refused: {why}; reload: {text}')
    demand(wait_until(lambda: descriptors(running.pid) == before - 2, 5),
           f'{descriptors(running.pid)} descriptors, with a peer and a lease {before}')
    running.end()


def mounted(*options):
    subprocess.run(['mount', *options, RUN], check=True)


def works(running):
    """Doors and reloads, whatever has become of the files in /run."""
    peer = Peer()
    lease = peer.open(CLEARNET, 60)
    peer.end(lease)
    demand(peer.reload()[0] == 'unchanged', 'no reload')
    lease.close()
    peer.close()
    demand(running.alive(), 'it ended')


def does_not_start():
    wall, started = kernel.wall(), engine()
    outcome = started.outcome()
    demand(outcome == 'ended' and NAMED.search(started.said()), f'{outcome}: {started.said()}')
    demand(wall and kernel.wall() == wall, 'the wall is another')
    note(started.said().strip())
    started.end()


def read_only_run():
    running = ready_engine()
    mounted('--bind', RUN)
    mounted('-o', 'remount,bind,ro')
    try:
        works(running)
        running.end()
        does_not_start()
    finally:
        subprocess.run(['umount', RUN], check=True)


def full_run():
    """Without a block left it starts: lock and socket need none. Without an inode it does not."""
    for options, outcome in (('size=64k,mode=755', 'starts'), ('nr_inodes=2,mode=755', 'not')):
        mounted('-t', 'tmpfs', '-o', options, 'full')
        try:
            with open(f'{RUN}/filler', 'wb', buffering=0) as f:
                while outcome == 'starts' and f.write(bytes(4096)) == 4096:
                    pass
        except OSError:
            pass
        try:
            if outcome == 'starts':
                running = ready_engine()
                works(running)
                running.end()
            else:
                does_not_start()
        finally:
            subprocess.run(['umount', RUN], check=True)


def clocks():
    """The wall clock means nothing; time asleep counts, though the kernel's timeouts stood still."""
    faults = Faults()
    running = ready_engine(faults.environment)
    peer = Peer()
    lease = peer.open(CLEARNET, 60)
    for years in (10, -10):
        faults.clocks(realtime=years * 365 * 86400)
        peer.ask(GET_LIMITS, b'')
        demand(peer.ended(lease, 1.5) is None and len(kernel.doors()) == 3,
               f'{years} years on the wall clock end a lease')
    faults.clocks(boottime=5)
    Peer.ahead = 5
    demand(peer.ended(lease, 2.5) is None, 'asleep for 5 of 60 s: it ended')
    faults.clocks(boottime=3600)
    Peer.ahead = 3600
    # Who has not been heard of for an hour is let go, too.
    demand(wait_until(lambda: not kernel.doors(), 5), 'asleep for an hour: the door is open')
    demand('ended: deadline' in running.said(), f'asleep for an hour: {running.said()}')
    peer.close()
    peer = Peer()
    peer.end(peer.open(CLEARNET, 60))
    peer.close()
    Peer.ahead = 0
    running.end()


def a_manager_that_does_not_listen():
    """It is told of each reload; once its socket is full, the engine goes on without it."""
    running = engine()
    running.says('sealed')
    peer = Peer()
    for _ in range(40):
        running.send(signal.SIGHUP)
        peer.ask(GET_LIMITS, b'')
    peer.end(peer.open(CLEARNET, 60))
    peer.close()
    running.end()


TRIALS = {
    'descriptors run out at a start': no_descriptors_at_start,
    'descriptors run out': no_descriptors,
    '/run/sallyport is read-only': read_only_run,
    '/run/sallyport is full': full_run,
    'clocks jump': clocks,
    'the service manager does not listen': a_manager_that_does_not_listen,
}


def main():
    ready_engine().end()
    for text, trial in TRIALS.items():
        try:
            trial()
            report(True, text)
        except (Complaint, OSError, Refused) as e:
            report(False, text, f'{type(e).__name__} {e}')
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid_of('engine'), signal.SIGKILL)


if __name__ == '__main__':
    main()
