#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""lease_bus.py: the endings of a door as programs on the bus bring them about, with the door in
use in every way at once; prints lines for report() of lab.sh. LEASE_ROUNDS rounds each."""
import os
import select
import signal
import subprocess
import sys
import time

sys.path.insert(0, __file__.rsplit('/', 2)[0] + '/lib')
# pylint: disable=wrong-import-position
from labpy import HELPERS, Mark, left, mark, note, pid_of, report, wait_until
from lease_end import (CLEARNET, KERNEL, ROUNDS, SOON, THERE, Complaint, Flows, demand,
                       everybody_knows, last_packet, others_are_refused, silence)


class Door:
    """A program of user amnesia that holds the door."""

    def __init__(self, seconds=60):
        self.program = subprocess.Popen(  # pylint: disable=consider-using-with
            ['setpriv', '--reuid=1000', '--regid=1000', '--clear-groups', f'{HELPERS}/door',
             'clearnet', str(seconds)], text=True, bufsize=0, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE)
        self.buffer = b''
        answer = self.line(30)
        demand(answer and answer.startswith('opened'), f'no door: {answer}')

    def line(self, seconds):
        """What it says next, or None."""
        end = time.monotonic() + seconds
        fd = self.program.stdout.fileno()
        while b'\n' not in self.buffer:
            if not select.select([fd], [], [], max(0, end - time.monotonic()))[0]:
                return None
            data = os.read(fd, 4096)
            if not data:
                return None
            self.buffer += data
        line, _, self.buffer = self.buffer.partition(b'\n')
        return line.decode()

    def say(self, command):
        os.write(self.program.stdin.fileno(), command.encode() + b'\n')

    def hears(self, wanted, seconds=5):
        end = time.monotonic() + seconds
        while (line := self.line(max(0, end - time.monotonic()))) is not None:
            if line.startswith(wanted):
                return line
        return None

    def kill(self):
        self.program.kill()
        self.program.wait()


def begin(flows):
    door = Door()
    since = mark()
    answer = flows.ask('go')
    demand(answer == 'running', answer)
    demand(flows.kept_knocking() and len(left(since, THERE)) > 100, 'the open door is not used')
    return door


def disabled(flows):
    """From the moment that the caller has its reply, silence."""
    door = begin(flows)
    prepared = Mark()
    cause = time.monotonic()
    door.say('disable clearnet')
    demand(door.hears('disabled'), 'DisableClearnetUser was refused')
    since = prepared.fire()
    silence(since, flows, 'after the reply')
    everybody_knows(flows, cause)
    others_are_refused()
    demand(door.hears('ended') or door.program.poll() is None, 'the holder was not told')
    door.kill()


def soon(cause_text, cause):
    def ending(flows):
        door = begin(flows)
        began = mark()
        at, at_ns = time.monotonic(), time.time_ns()
        cause(door)
        everybody_knows(flows, at)
        silence(mark(), flows, f'after {cause_text} and every program knew')
        late = last_packet(began, at_ns)
        demand(late < SOON, f'the last packet {late:.3f} s later')
        others_are_refused()
        door.kill()
    return ending


def rounds(text, ending, n=ROUNDS):
    flows = Flows()
    for i in range(n):
        try:
            ending(flows)
            flows.ask('stop')
        except Complaint as e:
            report(False, text, f'round {i + 1}: {e}')
            break
    else:
        report(True, f'{text} ({n} rounds)')
    flows.program.kill()


def service_hangs():
    """SIGSTOP of the bus process: the engine hears no heartbeat."""
    text = 'the bus process hangs: the door closes in time'
    flows = Flows()
    try:
        door = begin(flows)
        began, at_ns = mark(), time.time_ns()
        os.kill(pid_of('service'), signal.SIGSTOP)
        demand(wait_until(lambda: flows.state()['knock']['error'] in ('ECONNREFUSED', 'EPERM'),
                          KERNEL, 0.05), f'still open after {KERNEL} s')
        silence(mark(), flows, 'after the door had closed')
        note(f'{text}: the last packet {last_packet(began, at_ns):.1f} s later')
        since = mark()
        os.kill(pid_of('service'), signal.SIGCONT)
        demand(door.hears('ended') is not None, 'the holder was not told')
        silence(since, flows, 'after the bus process was woken')
        others_are_refused()
        door.kill()
        report(True, text)
    except Complaint as e:
        report(False, text, str(e))
    flows.program.kill()
    demand(wait_until(door_opens, 20, 0.2), 'after it was woken no door opens any more')
    report(True, 'and once woken, the service goes on')


def door_opens():
    try:
        Door(5).kill()
    except Complaint:
        return False
    return True


def main():
    assert CLEARNET
    if sys.argv[1:] == ['killed']:
        rounds('the bus process is killed', soon(
            'its death', lambda door: os.kill(pid_of('service'), signal.SIGKILL)), 1)
        return
    if sys.argv[1:] == ['bus-killed']:
        rounds('the bus is killed', soon(
            'its death', lambda door: os.kill(pid_of('dbus'), signal.SIGKILL)), 1)
        return
    rounds('DisableClearnetUser: silence from the reply on', disabled)
    rounds('the descriptor closed', soon('the close', lambda door: door.say('close')))
    rounds('the asker leaves the bus, keeps the descriptor',
           soon('it left', lambda door: door.say('leave')))
    rounds('the asker is killed', soon('its death', lambda door: door.kill()))
    service_hangs()


if __name__ == '__main__':
    main()
