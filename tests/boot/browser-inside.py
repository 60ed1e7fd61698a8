#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""In the browser's place: says what can be reached from there, a line each, and waits for its end."""
import ctypes
import fcntl
import os
import resource
import signal
import socket
import sys
import time

CLONE_NEWUSER = 0x10000000
XVFB = '/tmp/.X11-unix/X7'


def connects(family, kind, address):
    with socket.socket(family, kind) as s:
        s.settimeout(3)
        s.connect(address)


def tcp(address, port):
    return lambda: connects(socket.AF_INET, socket.SOCK_STREAM, (address, port))


def unix(path):
    return lambda: connects(socket.AF_UNIX, socket.SOCK_STREAM, path)


def datagram(path):
    return lambda: connects(socket.AF_UNIX, socket.SOCK_DGRAM, path)


def windows_of(path):
    """As a client that says nothing of a cookie: the first byte of the answer is 1 for yes."""
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(path)
        s.sendall(b'l\0\x0b\0' + bytes(8))
        if s.recv(1) != b'\1':
            raise PermissionError('the display says no')


def own_display(prefix=''):
    return prefix + '/tmp/.X11-unix/X' + os.environ.get('DISPLAY', ':none')[1:]


def reads(path):
    with open(path, encoding='utf-8') as f:
        f.read()


def writes(path):
    with open(path, 'w', encoding='utf-8') as f:
        f.write('x')


def user_namespace():
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWUSER) != 0:
        raise PermissionError('no namespace')


def sees_process_of(uid):
    if not any(os.stat(f'/proc/{pid}').st_uid == uid for pid in os.listdir('/proc')
               if pid.isdigit()):
        raise FileNotFoundError('none')


def owned_by(pid):
    """Its signals go to that process."""
    with socket.socket(socket.AF_UNIX) as s:
        fcntl.fcntl(s, fcntl.F_SETOWN, pid)


STARTER = os.getppid()
TRIES = {
    'outside': tcp('198.51.100.5', 80),
    'socks-port': tcp('127.0.0.1', 9050),
    'control-port': tcp('127.0.0.1', 9051),
    'own-address': tcp('192.168.77.10', 4000),
    'ipv6': lambda: socket.socket(socket.AF_INET6),
    'netlink': lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW),
    'system-bus': unix('/run/dbus/system_bus_socket'),
    'session-bus': unix('/run/user/1000/bus'),
    'desktops-display': unix(XVFB),
    'desktops-windows': lambda: windows_of('\0' + XVFB),
    'own-windows': lambda: windows_of(own_display()),
    'own-display-by-name': unix(own_display('\0')),
    'desktops-file': lambda: reads('/home/amnesia/letter'),
    'tors-file': lambda: reads('/var/lib/tor/state'),
    'tors-settings': lambda: reads('/etc/tor/torrc'),
    'log': datagram('/run/systemd/journal/socket'),
    'log-syslog': datagram('/run/systemd/journal/dev-log'),
    'log-stdout': unix('/run/systemd/journal/stdout'),
    'resolver': lambda: reads('/etc/resolv.conf'),
    'write-usr': lambda: writes('/usr/local/bin/mine'),
    'write-etc': lambda: writes('/etc/mine'),
    'write-tmp': lambda: writes('/tmp/mine'),
    'write-shm': lambda: writes('/dev/shm/mine'),
    'root-process': lambda: sees_process_of(0),
    'user-namespace': user_namespace,
    'signal-starter': lambda: os.kill(STARTER, 0),
    'starters-descriptor': lambda: os.close(os.pidfd_open(STARTER)),
    'starters-limits': lambda: resource.prlimit(STARTER, resource.RLIMIT_NOFILE),
    'starters-socket': lambda: owned_by(STARTER),
    'signal-starters-group': lambda: os.kill(-STARTER, 0),
    'signal-all': lambda: os.kill(-1, 0),
    'stop-starter': lambda: os.kill(STARTER, signal.SIGSTOP) if len(sys.argv) > 2 else None,
}

with open(sys.argv[1], 'w', encoding='utf-8') as out:
    for name, attempt in TRIES.items():
        try:
            attempt()
            print(name, 'yes', file=out)
        except OSError:
            print(name, 'no', file=out)
    print('done', file=out)
if len(sys.argv) > 2:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(3))
    time.sleep(600)
