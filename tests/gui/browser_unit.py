# SPDX-License-Identifier: GPL-2.0-or-later
"""
browser_unit.py USER RUNNER: what sallyport-browser@USER.socket and .service are to a launcher, where no
systemd runs: listens, starts the runner as that user with a /tmp of its own for the first connection,
kills what is left of that user when the runner has ended, and forgets who waits meanwhile. Prints
"ready", "started" and "ended".
"""
import os
import pwd
import select
import signal
import socket
import sys

DIR = "/run/sallyport-browser"
SHELL = 'mount -t tmpfs -o mode=1777 tmp /tmp; LISTEN_PID=$$ exec setpriv "$@"'


def kill_all(uid):
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if os.stat("/proc/" + pid).st_uid == uid:
                os.kill(int(pid), signal.SIGKILL)
        except (FileNotFoundError, ProcessLookupError):
            pass


def runner(listener, user, program):
    os.dup2(listener.fileno(), 3)
    os.set_inheritable(3, True)  # it may have been that one
    os.execvpe("unshare", ["unshare", "--mount", "sh", "-c", SHELL, "-", "--reuid", str(user.pw_uid),
                           "--regid", str(user.pw_gid), "--clear-groups", "--inh-caps=-all",
                           "--no-new-privs", program], {"PATH": os.environ["PATH"], "LISTEN_FDS": "1"})


def main():
    user = pwd.getpwnam(sys.argv[1])
    os.makedirs(DIR, exist_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    path = f"{DIR}/{user.pw_name}"
    if os.path.exists(path):
        os.unlink(path)
    listener.bind(path)
    os.chmod(path, 0o666)
    listener.listen()
    print("ready", flush=True)
    while True:
        select.select([listener], [], [])
        pid = os.fork()
        if not pid:
            runner(listener, user, sys.argv[2])
        print("started", flush=True)
        os.waitpid(pid, 0)
        kill_all(user.pw_uid)
        while select.select([listener], [], [], 0)[0]:
            listener.accept()[0].close()
        print("ended", flush=True)


main()
