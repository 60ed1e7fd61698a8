# SPDX-License-Identifier: GPL-2.0-or-later
"""What tests in Python need of the laboratory that lab.sh and net.sh made: the wiretap, the prober,
the processes that lab.sh started, and the bus process's side of the engine's socket."""
import json
import os
import pwd
import select
import signal
import socket
import struct
import subprocess
import threading
import time

LAB = os.environ['LAB']
LIB = os.environ['LIB']
HELPERS = os.environ['HELPERS']
SOCKET = '/run/sallyport/engine.sock'


def report(good, text, diagnosis=''):
    """A line for report() of lab.sh."""
    print(('ok ' if good else 'not ok ') + text, flush=True)
    if not good and diagnosis:
        note(diagnosis)
    return good


def skip(text, why):
    print(f'skip {text} # {why}', flush=True)


def note(text):
    for line in str(text).splitlines():
        print('# ' + line, flush=True)


def sanitized():
    """As of lab.sh: beside a sanitizer times say nothing."""
    with open('/usr/libexec/sallyport/sallyport-engine', 'rb') as program:
        return b'__asan_init' in program.read()


def uid_of(name):
    return pwd.getpwnam(name).pw_uid


def wait_until(condition, seconds, step=0.002):
    """Whether it came true in time. The longer it takes, the more seldom it asks."""
    start = time.monotonic()
    while not condition():
        waited = time.monotonic() - start
        if waited > seconds:
            return False
        time.sleep(max(step, min(waited / 10, 0.02)))
    return True


# --- processes that lab.sh started

def pid_of(name):
    with open(f'{LAB}/pid/{name}', encoding='ascii') as f:
        return int(f.read())


def log_of(name):
    with open(f'{LAB}/log/{name}.log', encoding='utf-8', errors='replace') as f:
        return f.read()


def send_signal(name, number):
    os.kill(pid_of(name), number)


def spawn_engine(*options, notify=''):
    """Starts it, and does not wait for anything."""
    binary = os.environ.get('LAB_ENGINE', '/usr/libexec/sallyport/sallyport-engine')
    with open(f'{LAB}/log/engine.log', 'ab') as log:
        return subprocess.Popen([binary, '--socket', SOCKET, *options], stdin=subprocess.DEVNULL,
                                stdout=log, stderr=log, env={**os.environ, 'NOTIFY_SOCKET': notify})


def start_engine(*options, seconds=20):
    """As start_engine of lab.sh does; whether it became ready."""
    notify = f'{LAB}/notify'
    if os.path.exists(notify):
        os.unlink(notify)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind(notify)
        os.chmod(notify, 0o777)
        sock.settimeout(0.05)
        engine = spawn_engine(*options, notify=notify)
        with open(f'{LAB}/pid/engine', 'w', encoding='ascii') as f:
            f.write(str(engine.pid))
        end = time.monotonic() + seconds
        while time.monotonic() < end and engine.poll() is None:
            try:
                if b'READY=1' in sock.recv(4096):
                    return True
            except TimeoutError:
                pass
    return False


def kill_engine(number=signal.SIGKILL):
    """Ends it, and waits until it has gone."""
    pid = pid_of('engine')
    os.kill(pid, number)
    return wait_until(lambda: process_state(pid) in 'ZX', 10)


def process_state(pid):
    try:
        with open(f'/proc/{pid}/stat', encoding='ascii', errors='replace') as f:
            return f.read().rsplit(') ', 1)[1][0]
    except OSError:
        return 'X'


# --- the wire

class Mark:
    """A mark on the wire, prepared beforehand: fire() sends its frames at once, from every CPU,
    and returns the number of the record that comes next."""

    def __init__(self, interface='eth0'):
        self.cpus = sorted(os.sched_getaffinity(0))
        self.id = int.from_bytes(os.urandom(8), 'little') | 1
        self.control = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.control.settimeout(10)
        self.control.connect(f'{LAB}/wiretap')
        self.control.send(b'mark %d %d\n' % (self.id, len(self.cpus)))
        self.control.recv(3)
        self.packet = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        self.packet.bind((interface, 0))
        # An ARP request about no address, with a trailer: wiretap.c has the other end of it.
        self.frame = (b'\xff' * 6 + bytes(6) + b'\x08\x06' + struct.pack('>HHBBH', 1, 0x800, 6, 4, 1)
                      + bytes(20) + struct.pack('=QQI', 0x73616c6c79706f72, self.id, 0))

    def fire(self):
        try:
            for cpu in self.cpus:
                os.sched_setaffinity(0, (cpu,))
                self.packet.send(self.frame)
        finally:
            os.sched_setaffinity(0, self.cpus)
        number = int(self.control.recv(32))
        self.control.close()
        self.packet.close()
        return number


def mark():
    """The number of the next record; all that was sent before has been recorded."""
    return Mark().fire()


def records(since, *filters):
    out = subprocess.run([f'{HELPERS}/wiretap', 'list', f'{LAB}/wiretap', str(since), *filters],
                         stdout=subprocess.PIPE, check=True, text=True).stdout
    found = []
    for line in out.splitlines():
        r = dict(word.split('=', 1) for word in line.split())
        for key in ('n', 't', 'v', 'sport', 'dport', 'len'):
            r[key] = int(r[key])
        r['line'] = line
        found.append(r)
    return found


def left(since, *filters):
    """What left this host since that record, without ARP."""
    mark()
    return records(since, 'dir=out', '!class=arp', *filters)


# --- the prober

def probe(uid, table, capabilities=('net_raw',)):
    out = subprocess.run(['/usr/bin/python3', f'{LIB}/prober.py', str(uid), *capabilities],
                         input=json.dumps(table), stdout=subprocess.PIPE, check=True,
                         text=True).stdout
    return [json.loads(line) for line in out.splitlines()]


# --- the engine's socket, as service/common/wire.h has it, written once more by hand

GET_LIMITS, LIMITS, HEARTBEAT, ALIVE, LEASE_OPEN, LEASE_OPENED, LEASE_EXTEND, LEASE_EXTENDED, \
    LEASE_END, LEASE_ENDED, SET_CONSENT, GET_CONSENT, CONSENT, RELOAD, RELOADED, REFUSED, \
    POLICY_CHANGED = range(1, 18)
DNS_ANSWER, DNS_ADDRESSES = 31, 32
SCOPES = ('full', 'portal', 'probe')
REFUSALS = ('none', 'not-a-door', 'busy', 'too-long', 'too-many', 'no-consent', 'no-such-lease',
            'user-changed', 'no-policy', 'engine-failure', 'hidden', 'no-network',
            'no-servers')
REASONS = ('closed', 'left', 'disabled', 'deadline', 'session', 'suspend', 'policy', 'denied',
           'consent', 'network', 'online', 'bus-gone', 'bus-silent', 'shutdown', 'failure')
CONSENTS = ('unknown', 'granted', 'hidden')
ENDED = ('', 'network', 'service-gone')
HEADER = '=HHI'
VERSION = 1
HEARTBEAT_COOKIE = 0xbea70000


def read_consent(body):
    value, who, since, _, uses, ended, _ = struct.unpack('=IIQ16sQII', body)
    return CONSENTS[value], who, since, uses, ENDED[ended]


class Refused(Exception):
    """A refusal of the engine: its name, and the number that came with it."""


class Gone(Exception):
    """The engine closed the connection."""


class Lease:
    def __init__(self, lease_id, started, expires, fd):
        self.id, self.started, self.expires, self.fd = lease_id, started, expires, fd

    def close(self):
        if self.fd >= 0:
            os.close(self.fd)
        self.fd = -1


class Peer:
    """A bus process as the engine sees it. Heartbeats go out by themselves while `beating`."""

    ahead = 0  # seconds that the engine's clock is wrong by, where a test has made it so

    def __init__(self, path=SOCKET, greet=True, uid=None):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.sock.settimeout(20)
        os.seteuid(uid_of('_sallyport') if uid is None else uid)
        try:
            self.sock.connect(path)  # the credentials are those of this moment
        finally:
            os.seteuid(0)
        self.cookie = 0
        self.events = []
        self.beating = True
        self.over = threading.Event()
        self.heart = None
        self.lock = threading.Lock()
        if greet:
            self.limits = self.ask(GET_LIMITS, b'')[1]
            self.heart = threading.Thread(target=self._beat, daemon=True)
            self.heart.start()

    def _beat(self):
        while True:
            if self.beating:
                try:
                    self.beat()
                except OSError:
                    return
            if self.over.wait(1):
                return

    def beat(self, age=0):
        """One heartbeat, as if sent so many seconds ago."""
        sent = int((time.clock_gettime(time.CLOCK_BOOTTIME) + Peer.ahead - age) * 1e6)
        self.send(HEARTBEAT, HEARTBEAT_COOKIE, struct.pack('=Q', sent))

    def send(self, kind, cookie, body):
        self.sock.send(struct.pack(HEADER, kind, VERSION, cookie) + body)

    def receive(self):
        """One message: its type, cookie, body, and the descriptor beside it or -1."""
        data, fds, _, _ = socket.recv_fds(self.sock, 4096, 4)
        if not data:
            raise Gone
        kind, _, cookie = struct.unpack_from(HEADER, data)
        return kind, cookie, data[8:], fds[0] if fds else -1

    def ask(self, kind, body):
        """The answer: its type, body, descriptor. Events that come before it are kept."""
        with self.lock:
            self.cookie += 1
            cookie = self.cookie
            self.send(kind, cookie, body)
            while True:
                got, its, data, fd = self.receive()
                if its == cookie:
                    break
                if got != ALIVE:
                    self.events.append((got, data))
        if got == REFUSED:
            refusal, detail = struct.unpack_from('=II', data)
            raise Refused(REFUSALS[refusal], detail)
        return got, data, fd

    def open(self, uid, seconds=0, holder=1000, scope='full', servers=()):
        numbers = [int.from_bytes(socket.inet_aton(s), 'big') for s in servers]
        _, data, fd = self.ask(LEASE_OPEN, struct.pack(
            '=IIIIII8I', uid, seconds, holder, SCOPES.index(scope), len(servers), 0,
            *numbers, *[0] * (8 - len(servers))))
        return Lease(*struct.unpack_from('=QQQ', data), fd)

    def dns_answer(self, seconds):
        """An answer that waits: its lease, its number, its bytes; None: there is none in time."""
        end = time.monotonic() + seconds
        while True:
            with self.lock:
                for i, (kind, data) in enumerate(self.events):
                    if kind == DNS_ANSWER:
                        del self.events[i]
                        lease, packet, size = struct.unpack_from('=QII', data)
                        return lease, packet, data[16:16 + size]
                if select.select([self.sock], [], [], 0)[0]:
                    got, _, data, _ = self.receive()
                    if got != ALIVE:
                        self.events.append((got, data))
                    continue
            rest = end - time.monotonic()
            if rest <= 0:
                return None
            select.select([self.sock], [], [], min(rest, 0.005))  # others may ask meanwhile

    def dns_addresses(self, lease, packet, addresses):
        """What was read in it: (address, TTL) pairs."""
        items = b''.join(struct.pack('=II', int.from_bytes(socket.inet_aton(a), 'big'), ttl)
                         for a, ttl in addresses)
        with self.lock:
            self.cookie += 1
            self.send(DNS_ADDRESSES, self.cookie,
                      struct.pack('=QII', lease, packet, len(addresses)) + items.ljust(128, b'\0'))

    def extend(self, lease, seconds):
        _, data, _ = self.ask(LEASE_EXTEND, struct.pack('=QII', lease.id, seconds, 0))
        return struct.unpack_from('=QQ', data)[1]

    def end(self, lease, reason='disabled'):
        self.ask(LEASE_END, struct.pack('=QII', lease.id, REASONS.index(reason), 0))

    def consent(self, value, who=1000, network=b'\1' * 16, lift=0):
        number = CONSENTS.index(value)
        self.ask(SET_CONSENT, struct.pack('=II16sII', number, who, network, lift, 0))

    def consented(self):
        """The value, who, since when, how often it was used, what ended it."""
        return read_consent(self.ask(GET_CONSENT, b'')[1])

    def reload(self):
        _, data, _ = self.ask(RELOAD, b'')
        outcome, errors = struct.unpack_from('=II', data)
        return ('loaded', 'unchanged', 'refused')[outcome], errors, \
            data[8:].split(b'\0')[0].decode()

    def ended(self, lease, seconds):
        """Why the lease ended, if word of that comes in time."""
        end = time.monotonic() + seconds
        while True:
            for kind, data in self.events:
                if kind == LEASE_ENDED:
                    its, reason = struct.unpack_from('=QI', data)
                    if its == lease.id:
                        return REASONS[reason]
            rest = end - time.monotonic()
            if rest <= 0:
                return None
            with self.lock:
                if not select.select([self.sock], [], [], rest)[0]:
                    return None
                got, _, data, _ = self.receive()
            if got != ALIVE:
                self.events.append((got, data))

    def close(self):
        # A thread that is left over ends python with it, where libgcc is not to be had.
        self.beating = False
        self.over.set()
        if self.heart:
            self.heart.join()
        self.sock.close()
