# SPDX-License-Identifier: GPL-2.0-or-later
"""What the tests of this folder share: processes that are started, die and are judged; programs that
try to get out all the time; and random numbers whose seed is printed."""
import atexit
import os
import pwd
import random
import select
import signal
import socket
import subprocess
import time

from labpy import LAB, SOCKET, note, process_state, wait_until

HERE = os.path.dirname(os.path.realpath(__file__))
CONF = '/etc/sallyport/policy.conf'
LIBEXEC = '/usr/libexec/sallyport'
LONG = int(os.environ.get('TORTURE_ROUNDS', '0'))
THERE = '198.51.100.5'      # where the knocker of the door's user knocks
ELSEWHERE = '198.51.100.66'  # where nobody may ever get


class Complaint(Exception):
    pass


def demand(good, text):
    if not good:
        raise Complaint(text)


def dice():
    """Random numbers; TORTURE_SEED repeats a run."""
    seed = int(os.environ.get('TORTURE_SEED') or int.from_bytes(os.urandom(4), 'little'))
    note(f'TORTURE_SEED={seed}')
    return random.Random(seed)


def write_policy(text):
    with open(CONF + '.new', 'w', encoding='ascii') as f:
        f.write(text)
    os.rename(CONF + '.new', CONF)


def read_policy():
    with open(CONF, encoding='ascii') as f:
        return f.read()


def program(command, **options):
    """Starts it; it does not outlive this test."""
    started = subprocess.Popen(command, **options)  # pylint: disable=consider-using-with
    atexit.register(started.kill)
    return started


class Process:
    """One of the two, started as the service manager would."""

    def __init__(self, name, command, environment=None, user=None, limits=None):
        self.name, self.log = name, f'{LAB}/log/{name}.log'
        with open(self.log, 'ab') as log:
            self.log_from = log.tell()
            path = f'{LAB}/tmp/notify-{name}'
            if os.path.exists(path):
                os.unlink(path)
            self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            self.notify.bind(path)
            os.chmod(path, 0o777)
            self.process = program(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, user=user, group=user,
                extra_groups=[] if user is None else groups(user), preexec_fn=limits,
                env={**os.environ, **(environment or {}), 'NOTIFY_SOCKET': path})
        self.pid = self.process.pid
        with open(f'{LAB}/pid/{name}', 'w', encoding='ascii') as f:
            f.write(str(self.pid))

    def outcome(self, seconds=20):
        """'ready' or 'ended', as soon as it is; 'hung' when neither comes."""
        if self.notify.fileno() < 0:
            return 'ready' if self.alive() else 'ended'
        pidfd = os.pidfd_open(self.pid)
        end = time.monotonic() + seconds
        try:
            while (left := end - time.monotonic()) > 0:
                there = select.select([self.notify, pidfd], [], [], left)[0]
                if self.notify in there and b'READY=1' in self.notify.recv(4096):
                    self.notify.close()  # nobody reads what it would say later
                    return 'ready'
                if pidfd in there:
                    return 'ended'
            return 'hung'
        finally:
            os.close(pidfd)

    def alive(self):
        return self.process.poll() is None

    def said(self):
        """What it has logged since it was started."""
        with open(self.log, 'rb') as f:
            f.seek(self.log_from)
            return f.read().decode(errors='replace')

    def forget(self):
        self.log_from = os.path.getsize(self.log)

    def says(self, text, seconds=5):
        return wait_until(lambda: text in self.said(), seconds)

    def send(self, number):
        if self.alive():
            self.process.send_signal(number)

    def end(self, number=signal.SIGKILL):
        """Its exit status."""
        self.send(number)
        try:
            status = self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = None
        self.notify.close()
        return status


def groups(uid):
    user = pwd.getpwuid(uid)
    return os.getgrouplist(user.pw_name, user.pw_gid)


def engine(environment=None, limits=None):
    binary = os.environ.get('LAB_ENGINE', f'{LIBEXEC}/sallyport-engine')
    return Process('engine', [binary, '--socket', SOCKET], environment, limits=limits)


def ready_engine(environment=None):
    started = engine(environment)
    outcome = started.outcome()
    demand(outcome == 'ready', f'the engine is not ready but {outcome}: {started.said()}')
    return started


def bus(environment=None):
    return Process('service', [f'{LIBEXEC}/sallyport-bus'], environment,
                   user=pwd.getpwnam('_sallyport').pw_uid)


class Knocker:
    """A program that tries to get out, over and over; see knocker.py."""

    def __init__(self, uid, address):
        self.program = program(
            ['/usr/bin/python3', f'{HERE}/knocker.py', str(uid), address], text=True,
            stdout=subprocess.PIPE)
        demand(self.program.stdout.readline() == 'knocking\n', 'the knocker does not begin')

    def end(self):
        """How often it saw what: {'tcp ECONNREFUSED': 17, ...}."""
        self.program.terminate()
        out = self.program.communicate()[0]
        return {' '.join(words[:-1]): int(words[-1])
                for words in (line.split() for line in out.splitlines())}


class Flood:
    """tests/lib/flood.c."""

    def __init__(self, uid, address, port=4000):
        self.program = program(
            [f'{os.environ["HELPERS"]}/flood', str(uid), address, str(port)], text=True,
            stdout=subprocess.PIPE)

    def end(self):
        self.program.terminate()
        words = self.program.communicate()[0].split()
        return {words[i]: int(words[i + 1]) for i in range(0, len(words), 2)}


def gone(pid):
    return process_state(pid) in 'ZX'


def budget(seconds):
    """True until the time is up; for ever in the long run."""
    end = time.monotonic() + seconds
    return lambda: LONG > 0 or time.monotonic() < end

