# SPDX-License-Identifier: GPL-2.0-or-later
"""
What a screen reader knows of the windows of a desktop: AT-SPI, spoken on its bus directly, so that a
look at a whole window is one question. For person.py.
"""
import re
import time

import gi

gi.require_version("Atspi", "2.0")
from gi.repository import Atspi, Gio, GLib  # noqa: E402 (the version is to be said first)

ROOT = "/org/a11y/atspi/accessible/root"
A11Y = "org.a11y.atspi."
WINDOW = 1  # coordinates within the window
# Roles that tell a person nothing of what they have in front of them.
NAMELESS = {"unknown", "invalid", "filler", "panel", "redundant object"}
ENTRIES = {"text", "password text", "entry"}
# What has no name is given that of its class.
CLASS = re.compile("(Gtk|Adw|Gdk|Sallyport)[A-Z][A-Za-z]+")
TOLD = ("focused", "checked", "pressed", "expanded", "selected")


def bits(words):
    """The names of the states that are set in two words of 32 bits."""
    value = words[0] | words[1] << 32 if len(words) == 2 else 0
    names = set()
    while value:
        lowest = value & -value
        names.add(Atspi.StateType(lowest.bit_length() - 1).value_nick)
        value ^= lowest
    return names


def squeezed(text):
    return " ".join(text.split())


class Thing:
    """An accessible, as it was when it was looked at."""

    def __init__(self, reader, item):
        ref, _, parent, self.index, self.count, self.interfaces, name, role, _, states = item
        self.reader = reader
        self.bus, self.path = self.key = tuple(ref)
        self.parent_key = tuple(parent)
        self.role = Atspi.role_get_name(Atspi.Role(role))
        self.states = bits(states)
        self.name = "" if CLASS.fullmatch(name) else squeezed(name)
        self.parent = None
        self.children = []

    def has(self, *states):
        return all(state in self.states for state in states)

    def ask(self, interface, member, arguments=None, default=None):
        return self.reader.ask(self.bus, self.path, interface, member, arguments, default)

    def text(self):
        if A11Y + "Text" not in self.interfaces:
            return ""
        return self.ask("Text", "GetText", GLib.Variant("(ii)", (0, -1)), ("",))[0]

    def place(self):
        """x, y, width, height; None when it has none."""
        return self.ask("Component", "GetExtents", GLib.Variant("(u)", (WINDOW,)), (None,))[0]

    def at(self, x, y):
        """The key of the deepest thing of this window that is there."""
        return tuple(self.ask("Component", "GetAccessibleAtPoint",
                              GLib.Variant("(iiu)", (x, y, WINDOW)), (("", ""),))[0])

    def seen(self):
        """It has room, and so has all that it is in."""
        for thing in (self, *self.above()):
            place = thing.place() if A11Y + "Component" in thing.interfaces else (0, 0, 1, 1)
            if place is None or place[2] < 1 or place[3] < 1:
                return False
        return True

    def shows(self, text):
        return text in self.name or (self.role in ENTRIES and text in squeezed(self.text()))

    def above(self):
        thing = self.parent
        while thing is not None:
            yield thing
            thing = thing.parent

    def inside(self):
        """It, and what is visible below it, as it is read."""
        yield self
        for child in sorted(self.children, key=lambda child: child.index):
            if child.has("visible"):
                yield from child.inside()

    def tells(self):
        """It says something, and not only what the thing that it is a part of has said."""
        return self.name and self.role not in NAMELESS and not (
            self.role == "label" and any(above.name == self.name for above in self.above()))

    def __str__(self):
        words = [state for state in TOLD if self.has(state)]
        if self.has("focusable") and not self.has("sensitive"):
            words.append("insensitive")
        text = f' = "{self.text()}"' if self.role in ENTRIES else ""
        return f'{self.role} "{self.name}"{text}' + "".join(f" ({word})" for word in words)


class Reader:
    def __init__(self, patience):
        self.patience = patience
        self.context = GLib.MainContext.default()
        session = Gio.bus_get_sync(Gio.BusType.SESSION)
        address = session.call_sync("org.a11y.Bus", "/org/a11y/bus", "org.a11y.Bus", "GetAddress",
                                    None, None, 0, -1, None).unpack()[0]
        flags = Gio.DBusConnectionFlags
        self.bus = Gio.DBusConnection.new_for_address_sync(
            address, flags.AUTHENTICATION_CLIENT | flags.MESSAGE_BUS_CONNECTION, None, None)
        self.happened = False
        self.focus = None
        for kind in ("Object", "Window"):
            self.bus.signal_subscribe(None, A11Y + "Event." + kind, None, None, None, 0, self.heard)
        for event in ("object:state-changed", "object:children-changed", "object:text-changed",
                      "object:property-change", "window"):
            self.ask(A11Y + "Registry", "/org/a11y/atspi/registry", "Registry", "RegisterEvent",
                     GLib.Variant("(sass)", (event, [], "")))

    def ask(self, bus, path, interface, member, arguments=None, default=None):
        """The answer; of a program that is about to end, default."""
        try:
            return self.bus.call_sync(bus, path, A11Y + interface, member, arguments, None, 0,
                                      int(3000 * self.patience), None).unpack()
        except GLib.Error:
            return default

    # --- what happens

    def heard(self, _bus, sender, path, _interface, signal, arguments):
        self.happened = True
        what = arguments.unpack()
        if signal == "StateChanged" and what[0] == "focused" and what[1]:
            self.focus = (sender, path)

    def pause(self, seconds):
        """Until something happens, at most so long."""
        alarm = GLib.timeout_add(max(1, int(seconds * 1000)), lambda: True)
        end = time.monotonic() + seconds
        self.happened = False
        while not self.happened and time.monotonic() < end:
            self.context.iteration(True)
        GLib.source_remove(alarm)

    def until(self, seconds, look):
        """The first result of look() that is one; the last when the time is up."""
        end = time.monotonic() + float(seconds) * self.patience
        while True:
            found = look()
            if found or time.monotonic() >= end:
                return found
            self.pause(0.1)

    # --- what is there

    def items(self, bus):
        return [Thing(self, item) for item in self.ask(
            bus, "/org/a11y/atspi/cache", "Cache", "GetItems", None, ([],))[0]]

    def tree(self, bus):
        """Of one program. It knows only of things that were asked for: so all are, once."""
        asked = set()
        while True:
            things = {thing.key: thing for thing in self.items(bus)}
            for thing in things.values():
                thing.parent = things.get(thing.parent_key)
                if thing.parent is not None:
                    thing.parent.children.append(thing)
            new = [thing for thing in things.values()
                   if len(thing.children) < thing.count and thing.key not in asked]
            if not new:
                return things
            for thing in new:
                asked.add(thing.key)
                thing.ask("Accessible", "GetChildren")

    def turn(self, things, window):
        """Leaves out the pages of a stack that are not its front one: GTK says that they are visible."""
        for thing in list(window.inside()):
            pages = [page for page in thing.children if A11Y + "Component" not in page.interfaces]
            place = thing.place() if pages else None
            if place is None:
                continue
            there = things.get(window.at(place[0] + place[2] // 2, place[1] + place[3] // 2))
            front = [page for page in pages if there and page in there.above()]
            if front:
                thing.children = front

    def windows(self):
        programs = self.ask(A11Y + "Registry", ROOT, "Accessible", "GetChildren", None, ([],))[0]
        for bus, path in programs:
            things = self.tree(bus)
            program = things.get((bus, path))
            for thing in things.values():
                if thing.parent is program and thing is not program and thing.has("showing"):
                    self.turn(things, thing)
                    yield thing
