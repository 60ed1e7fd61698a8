# SPDX-License-Identifier: GPL-2.0-or-later
"""terminal.py STEP... -- COMMAND...

Runs COMMAND on a terminal of its own and does the steps in order:
  expect:REGEX   wait until what the terminal shows since the last step matches (20 s)
  silent:        wait until what is typed is not shown: a password is read
  send:TEXT      type it; \\x03 is Ctrl-C, \\n is Enter
  end:STATUS     wait until the command ends, with this status
Prints what the terminal showed, and ends with 0 if all went so.
"""

import os
import pty
import re
import select
import signal
import sys
import termios
import time

DEADLINE = 20


class Terminal:
    def __init__(self, command):
        self.text = ""
        self.mark = 0
        self.open = True
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execvp(command[0], command)

    def read(self, until):
        ready, _, _ = select.select([self.fd], [], [], max(0, until - time.monotonic()))
        if not ready:
            return
        try:
            data = os.read(self.fd, 65536)
        except OSError:  # the other end has gone
            data = b""
        self.open = bool(data)
        self.text += data.decode(errors="replace")

    def expect(self, regex):
        until = time.monotonic() + DEADLINE
        while True:
            found = re.compile(regex).search(self.text, self.mark)
            if found:
                self.mark = found.end()
                return
            if not self.open or time.monotonic() > until:
                raise SystemExit(f"did not show {regex!r}")
            self.read(until)

    def silent(self):
        until = time.monotonic() + DEADLINE
        while termios.tcgetattr(self.fd)[3] & termios.ECHO:
            if not self.open or time.monotonic() > until:
                raise SystemExit("did not stop to show what is typed")
            self.read(min(until, time.monotonic() + 0.01))

    def end(self, status):
        until = time.monotonic() + DEADLINE
        while self.open and time.monotonic() < until:
            self.read(until)
        if self.open:
            raise SystemExit("did not end")
        got = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        self.pid = 0
        if got != status:
            raise SystemExit(f"ended with {got}, not {status}")


def main():
    split = sys.argv.index("--")
    terminal = Terminal(sys.argv[split + 1 :])
    try:
        for step in sys.argv[1:split]:
            what, _, value = step.partition(":")
            if what == "expect":
                terminal.expect(value)
            elif what == "silent":
                terminal.silent()
            elif what == "send":
                os.write(terminal.fd, value.encode().decode("unicode_escape").encode())
            else:
                terminal.end(int(value))
    finally:
        if terminal.pid:
            os.kill(terminal.pid, signal.SIGKILL)
        print(repr(terminal.text))


main()
