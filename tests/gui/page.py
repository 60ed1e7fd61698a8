#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""page.py ADDRESS: stands for a browser, where a real one would take long: a window with that title."""
import signal
import sys

import gi

gi.require_version("Gtk", "4.0")
from gi.repository import GLib, Gtk  # noqa: E402 (the version is to be said first)

Gtk.init()
loop = GLib.MainLoop()
ends = []


def end(status):
    ends.append(status)
    loop.quit()


window = Gtk.Window(title=sys.argv[1], child=Gtk.Label(label=sys.argv[1]))
window.connect("close-request", lambda _: end(0))
window.present()
for number, status in ((signal.SIGTERM, 0), (signal.SIGUSR1, 1)):
    GLib.unix_signal_add(GLib.PRIORITY_DEFAULT, number, end, status)
loop.run()
sys.exit(ends[0])
