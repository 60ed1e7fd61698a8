#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""passed.py: what the engine does with what a service manager passes, and what it tells it; prints
lines for report() of lab.sh."""
import ctypes
import os
import signal
import socket
import struct
import subprocess
import sys
import time

sys.path.insert(0, __file__.rsplit('/', 2)[0] + '/lib')
# pylint: disable=wrong-import-position
from labpy import LAB, report, wait_until

ENGINE = os.environ.get('LAB_ENGINE', '/usr/libexec/sallyport/sallyport-engine')
NETLINK_NETFILTER, NETLINK_ROUTE = 12, 0
SO_ATTACH_FILTER = 26
NOTIFY = f'{LAB}/tmp/manager'


class Manager:
    """A service manager: passes descriptors, listens to what it is told, keeps what it is given."""

    def __init__(self):
        if os.path.exists(NOTIFY):
            os.unlink(NOTIFY)
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notify.bind(NOTIFY)
        os.chmod(NOTIFY, 0o777)
        self.notify.settimeout(10)
        self.kept = None
        self.pid = 0

    def start(self, passed, **environment):
        """What the engine says until it is ready, or until it has ended ("exit")."""
        log = os.open(f'{LAB}/log/engine.log', os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        self.pid = os.fork()
        if self.pid == 0:
            copies = [os.dup(fd) for fd in passed]
            for i, fd in enumerate(copies):
                os.dup2(fd, 3 + i)
            os.dup2(log, 2)
            for fd in range(3 + len(copies), 64):
                try:
                    os.close(fd)
                except OSError:
                    pass
            os.execve(ENGINE, [ENGINE, '--socket', '/run/sallyport/engine.sock'],
                      {**os.environ, **environment, 'NOTIFY_SOCKET': NOTIFY,
                       'LISTEN_PID': str(os.getpid()), 'LISTEN_FDS': str(len(passed))})
        os.close(log)
        said = []
        end = time.monotonic() + 10
        while time.monotonic() < end and 'READY=1' not in said:
            self.notify.settimeout(0.02)
            try:
                data, fds, _, _ = socket.recv_fds(self.notify, 4096, 4)
            except TimeoutError:
                if os.waitpid(self.pid, os.WNOHANG)[0]:
                    self.pid = 0
                    return said + ['exit']
                continue
            word = data.decode()
            said.append(word)
            if word.startswith('FDSTORE=1'):
                self.kept = fds.pop()
            if word.startswith('FDSTOREREMOVE=1') and self.kept is not None:
                os.close(self.kept)
                self.kept = None
            for fd in fds:
                os.close(fd)
        return said

    def end(self, number=signal.SIGKILL):
        if self.pid:
            os.kill(self.pid, number)
            os.waitpid(self.pid, 0)
            self.pid = 0


def nft(*words):
    return subprocess.run(['nft', *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                          check=False).returncode == 0


def listener():
    path = f'{LAB}/tmp/listener'
    if os.path.exists(path):
        os.unlink(path)
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    sock.bind(path)
    sock.listen()
    return sock


def netlink(protocol):
    return socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, protocol)


def deaf():
    """No answer of the kernel gets through its filter."""
    sock = netlink(NETLINK_NETFILTER)
    refuse = ctypes.create_string_buffer(struct.pack('HBBI', 6, 0, 0, 0))
    sock.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER,
                    struct.pack('HL', 1, ctypes.addressof(refuse)))
    return sock


STORE = ['FDSTORE=1\nFDNAME=owner\nFDPOLL=0', 'BARRIER=1']
REMOVE = ['FDSTOREREMOVE=1\nFDNAME=owner', 'BARRIER=1']


def main():
    manager = Manager()
    ears = listener()

    said = manager.start([ears.fileno()])
    report(said == STORE + ['READY=1'], 'a new owner is kept before it owns, and before the wall '
           'is called up', repr(said))
    report(not nft('delete', 'table', 'inet', 'sallyport'), 'it owns the table')
    manager.end()
    report(not nft('delete', 'table', 'inet', 'sallyport'), 'so does what was kept, after a kill')

    for order in ('the owner first', 'the listener first'):
        passed = [manager.kept, ears.fileno()]
        said = manager.start(passed if order.startswith('the owner') else passed[::-1])
        report(said == ['READY=1'], f'passed back, it is used again: {order}', repr(said))
        report(not nft('delete', 'table', 'inet', 'sallyport'), f'and owns the table: {order}')
        manager.end()

    # whatever waits in the socket when it comes back is not taken for an answer
    with socket.fromfd(manager.kept, socket.AF_NETLINK, socket.SOCK_RAW) as kept:
        for _ in range(100):
            kept.sendto(bytes.fromhex('10000000 ffff0500 01000000 00000000'), (0, 0))
        kept.setblocking(False)
    said = manager.start([ears.fileno(), manager.kept])
    report(said == ['READY=1'], 'answers that nobody read are thrown away', repr(said))
    manager.end()

    os.close(manager.kept)
    manager.kept = deaf().detach()
    said = manager.start([ears.fileno(), manager.kept])
    report(said == REMOVE + STORE + ['READY=1'], 'one that is of no use is given back, and another '
           'kept', repr(said))
    report(not nft('delete', 'table', 'inet', 'sallyport'), 'and that one owns the table')
    manager.end()

    for what, fd in (('a socket of another kind', netlink(NETLINK_ROUTE)),
                     ('a file', os.open('/dev/null', os.O_RDWR))):
        said = manager.start([ears.fileno(), fd if isinstance(fd, int) else fd.fileno()])
        report(said == ['exit'], f'refused: {what}', repr(said))
    report(not nft('delete', 'table', 'inet', 'sallyport'), 'and the wall stays')

    os.close(manager.kept)
    manager.kept = None
    report(wait_until(lambda: nft('delete', 'table', 'inet', 'sallyport'), 5),
           'without the kept socket, the same attempt succeeds')

    said = manager.start([ears.fileno()], LAB_KERNEL_LACKS='persist',
                         LD_PRELOAD=f'{os.environ["LAB_BUILD"]}/tests/boot/liblacks.so')
    report(said == ['READY=1'], 'on a kernel without persist nothing is kept', repr(said))
    manager.end()
    report(nft('list', 'chain', 'inet', 'sallyport', 'output'),
           'and the table outlives its engine: it has no owner')
    report(nft('delete', 'table', 'inet', 'sallyport'), 'as another root process can show')


if __name__ == '__main__':
    main()
