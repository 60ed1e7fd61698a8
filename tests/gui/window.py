# SPDX-License-Identifier: GPL-2.0-or-later
"""
A window for tests/gui/person: with "good", one that everybody can use; with "bad", one in which each
thing below the first has one fault. Its label says what was done last.
"""
import sys

import gi

gi.require_version("Gtk", "4.0")
from gi.repository import Gtk  # noqa: E402 (the version is to be said first)


class Window:
    def __init__(self, program, bad):
        self.window = Gtk.ApplicationWindow(application=program, title="A window")
        self.box = Gtk.Box(orientation=Gtk.Orientation.VERTICAL, spacing=6)
        self.label = Gtk.Label(label="Nothing was done")
        self.box.append(self.label)
        self.button("One")
        self.stack()
        self.box.append(Gtk.Label(label="Beside it"))
        self.entry()
        for fault in (self.nameless, self.apart) if bad else ():
            fault()
        self.window.set_child(self.box)
        self.window.present()

    def done(self, what):
        self.label.set_label(f"{what} was done")

    def button(self, name):
        button = Gtk.Button(label=name)
        button.connect("clicked", lambda _: self.done(name))
        self.box.append(button)
        return button

    def stack(self):
        """Two pages: of the other one nothing is to be seen."""
        stack = Gtk.Stack()
        for name, other in (("First", "Second"), ("Second", "First")):
            button = Gtk.Button(label=f"{name} page")
            button.connect("clicked", lambda _, other=other: stack.set_visible_child_name(other))
            stack.add_named(button, name)
        self.box.append(stack)

    def entry(self):
        label = Gtk.Label(label="What to say:")
        entry = Gtk.Entry()
        label.set_mnemonic_widget(entry)
        entry.connect("activate", lambda _: self.done(entry.get_text()))
        self.box.append(label)
        self.box.append(entry)

    def nameless(self):
        self.box.append(Gtk.Button(child=Gtk.Image(icon_name="list-add-symbolic")))

    def apart(self):
        self.button("Out of reach").set_can_focus(False)


program = Gtk.Application(application_id="org.sallyport.tests.Window")
program.connect("activate", lambda it: Window(it, sys.argv[1] == "bad"))
program.run()
