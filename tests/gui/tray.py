# SPDX-License-Identifier: GPL-2.0-or-later
"""
The trays of tests/gui/lamp, on the session bus:

  tray.py watcher FIFO               org.kde.StatusNotifierWatcher with a host: says each item
  tray.py plain FIFO [CAPABILITY...]  a notification server that can do that: says each notification

Each line is JSON. From the FIFO "watcher" reads "click LABEL", which presses that of the item's menu,
and "menu", which says its lines; "plain" reads "close": a person has clicked the notification away.
"""
import json
import os
import sys

import gi

gi.require_version("Dbusmenu", "0.4")
from gi.repository import Dbusmenu, Gio, GLib  # noqa: E402 (the version is to be said first)

WATCHER = """<node><interface name="org.kde.StatusNotifierWatcher">
<method name="RegisterStatusNotifierItem"><arg type="s" direction="in"/></method>
<method name="RegisterStatusNotifierHost"><arg type="s" direction="in"/></method>
<property name="RegisteredStatusNotifierItems" type="as" access="read"/>
<property name="IsStatusNotifierHostRegistered" type="b" access="read"/>
<property name="ProtocolVersion" type="i" access="read"/>
<signal name="StatusNotifierHostRegistered"/>
</interface></node>"""

SERVER = """<node><interface name="org.freedesktop.Notifications">
<method name="GetCapabilities"><arg type="as" direction="out"/></method>
<method name="Notify"><arg type="s" direction="in"/><arg type="u" direction="in"/>
<arg type="s" direction="in"/><arg type="s" direction="in"/><arg type="s" direction="in"/>
<arg type="as" direction="in"/><arg type="a{sv}" direction="in"/><arg type="i" direction="in"/>
<arg type="u" direction="out"/></method>
<method name="CloseNotification"><arg type="u" direction="in"/></method>
<signal name="NotificationClosed"><arg type="u"/><arg type="u"/></signal>
</interface></node>"""

BUS = Gio.bus_get_sync(Gio.BusType.SESSION)


def say(what, **more):
    print(json.dumps({"event": what, **more}), flush=True)


class Watcher:
    def __init__(self):
        self.items = {}
        info = Gio.DBusNodeInfo.new_for_xml(WATCHER).interfaces[0]
        BUS.register_object("/StatusNotifierWatcher", info, self.called, self.get, None)
        Gio.bus_own_name_on_connection(BUS, "org.kde.StatusNotifierWatcher", 0, self.ready, None)

    def ready(self, *_):
        say("ready")
        BUS.emit_signal(None, "/StatusNotifierWatcher", "org.kde.StatusNotifierWatcher",
                        "StatusNotifierHostRegistered", None)

    def get(self, _bus, _sender, _path, _interface, name):
        return {"RegisteredStatusNotifierItems": GLib.Variant("as", list(self.items)),
                "IsStatusNotifierHostRegistered": GLib.Variant("b", True),
                "ProtocolVersion": GLib.Variant("i", 0)}[name]

    def called(self, _bus, _sender, _path, _interface, method, values, invocation):
        if method == "RegisterStatusNotifierItem":
            self.add(values[0])
        invocation.return_value(None)

    def add(self, name):
        self.items[name] = item = {"menu": None, "layout": []}
        item["proxy"] = proxy = Gio.DBusProxy.new_sync(
            BUS, Gio.DBusProxyFlags.NONE, None, name, "/StatusNotifierItem",
            "org.kde.StatusNotifierItem", None)
        item["watch"] = Gio.bus_watch_name_on_connection(BUS, name, 0, None,
                                                         lambda *_: self.gone(name))
        proxy.connect("g-signal", lambda *_: self.tell(name, "item"))
        item["menu"] = Dbusmenu.Client.new(name, proxy.get_cached_property("Menu").unpack())
        self.tell(name, "registered")

    def gone(self, name):
        if self.items.pop(name, None):
            say("gone", name=name)

    # As trays do, which are told only that something is new.
    def tell(self, name, what):
        BUS.call(name, "/StatusNotifierItem", "org.freedesktop.DBus.Properties", "GetAll",
                 GLib.Variant("(s)", ("org.kde.StatusNotifierItem",)), None, 0, -1, None, self.told,
                 (name, what))

    def told(self, bus, result, data):
        try:
            (all_of,) = bus.call_finish(result).unpack()
        except GLib.Error:
            return  # it has gone meanwhile
        say(data[1], name=data[0], status=all_of["Status"], title=all_of["Title"],
            text=all_of["ToolTip"][3], icon=all_of["IconName"],
            attention=all_of["AttentionIconName"])

    def lines(self):
        for item in self.items.values():
            root = item["menu"].get_root()
            for child in root.get_children() if root else ():
                label = child.property_get("label")
                if label:
                    yield label, child

    def command(self, words):
        if words[0] == "menu":
            say("menu", labels=[label for label, _ in self.lines()])
        for label, child in list(self.lines()) if words[0] == "click" else ():
            if label == " ".join(words[1:]):
                child.handle_event("clicked", GLib.Variant("i", 0), 0)
                return


class Plain:
    def __init__(self, capabilities):
        self.capabilities = capabilities
        self.last = 0
        info = Gio.DBusNodeInfo.new_for_xml(SERVER).interfaces[0]
        BUS.register_object("/org/freedesktop/Notifications", info, self.called, None, None)
        Gio.bus_own_name_on_connection(BUS, "org.freedesktop.Notifications", 0,
                                       lambda *_: say("ready"), None)

    def called(self, _bus, _sender, _path, _interface, method, values, invocation):
        if method == "GetCapabilities":
            invocation.return_value(GLib.Variant("(as)", (self.capabilities,)))
        elif method == "Notify":
            _, replaces, _, title, text, actions, hints, timeout = values.unpack()
            if not replaces:
                self.last += 1
            shown = replaces or self.last
            say("new" if not replaces else "changed", id=shown, title=title, text=text,
                actions=actions, hints=hints, timeout=timeout)
            invocation.return_value(GLib.Variant("(u)", (shown,)))
        else:
            say("closed", id=values[0])
            invocation.return_value(None)

    def command(self, words):
        if words[0] == "close":
            BUS.emit_signal(None, "/org/freedesktop/Notifications", "org.freedesktop.Notifications",
                            "NotificationClosed", GLib.Variant("(uu)", (self.last, 2)))


def read(commands, _condition, it):
    for line in os.read(commands, 4096).decode().splitlines():
        it.command(line.split())
    return True


what = Watcher() if sys.argv[1] == "watcher" else Plain(sys.argv[3:])
# Opened for both, it never ends.
GLib.io_add_watch(os.open(sys.argv[2], os.O_RDWR), GLib.PRIORITY_DEFAULT, GLib.IO_IN, read, what)
GLib.MainLoop().run()
