# SPDX-License-Identifier: GPL-2.0-or-later
"""timedate.py FILE: stands where systemd-timedated does on the test's own bus, and sets no clock.

Prints what it is asked. While FILE is there, its text is the error."""
import os
import sys

import gi

gi.require_version("Gio", "2.0")
from gi.repository import Gio, GLib  # noqa: E402 (the version is to be said first)

NAME = "org.freedesktop.timedate1"
XML = f"""<node><interface name="{NAME}"><method name="SetTime">
 <arg type="x" direction="in"/><arg type="b" direction="in"/><arg type="b" direction="in"/>
</method></interface></node>"""


def on_call(_bus, _sender, _path, _interface, _method, values, call):
    usec, relative, interactive = values.unpack()
    print("set", usec // 1000000, relative, interactive, flush=True)
    if os.path.exists(sys.argv[1]):
        with open(sys.argv[1], encoding="utf-8") as file:
            call.return_dbus_error(NAME + ".AutomaticTimeSyncEnabled", file.read().strip())
    else:
        call.return_value(None)


def main():
    bus = Gio.bus_get_sync(Gio.BusType.SYSTEM)
    bus.register_object("/org/freedesktop/timedate1",
                        Gio.DBusNodeInfo.new_for_xml(XML).interfaces[0], on_call, None, None)
    Gio.bus_own_name_on_connection(bus, NAME, 0, lambda *_: print("ready", flush=True), None)
    GLib.MainLoop().run()


main()
