# SPDX-License-Identifier: GPL-2.0-or-later
"""
Somebody in front of a desktop: reads its windows as a screen reader does (AT-SPI), answers with real
keys and a real pointer (XTEST). Started by desktop.sh, which sends a line for each of these verbs:

  window NAME [SECONDS]     until a window of that title or program is there, and in front
  gone NAME [SECONDS]       until no such window is there
  sees TEXT [SECONDS]       until the window in front shows TEXT, in a name or as a text
  misses TEXT [SECONDS]     until it does not any more
  says                      what it shows: a line for each accessible, role, name, state
  press NAME                goes to what has that name by Tab, in lists by arrows, and presses it
  reach NAME                goes there only
  click NAME                presses it with the pointer
  key KEY...                keys, in the words of xdotool
  type TEXT                 into what has the keyboard; Tab, Enter and the like are for key
  fill NAME TEXT            reaches the entry of that name, replaces what is in it
  audit                     what a person without sight or pointer could not do here: a line for each
  shot FILE                 the window in front as a PNG of few colours, when it has come to rest
  text PERCENT              asks for text of that size, in windows that are opened from now on
  decisions                 how often something was pressed since the last time this was asked

All of them wait for 15 seconds at most unless told otherwise, and then say what is to be seen instead.
"""
import ctypes
import os
import subprocess
import sys

from reader import NAMELESS, Reader, squeezed

SECONDS = 15
# How many keys a person would spend on the way to something.
STEPS = 60
PRESSED = {"push button", "toggle button", "check box", "radio button", "link", "menu item",
           "list item", "page tab", "switch"}
# Within these, arrows move on, and Tab leaves.
ARROWS = {"list", "list box", "radio button", "menu", "page tab list", "grouping"}
# What the window manager has keys for.
FRAME_BUTTONS = {"Close", "Minimize", "Maximize", "Restore"}
# Atoms of Xatom.h.
RESOURCE_MANAGER = ctypes.c_ulong(23)
STRING = ctypes.c_ulong(31)


class Failed(Exception):
    pass


def run(*words):
    return subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                          check=False).stdout.strip()


class Person(Reader):
    pressed = 0

    # --- looking

    def front(self):
        """The window that keys go to: of several of a program it is the one above all others."""
        found = [window for window in self.windows() if window.has("active")]
        return found[-1] if found else None

    def here(self):
        front = self.front()
        return list(front.inside()) if front else []

    def shown(self, text):
        return [thing for thing in self.here()
                if thing.shows(squeezed(text)) and thing.seen()]

    def focused(self):
        here = self.here()
        return next((thing for thing in here if thing.has("focused")), None)

    def instead(self):
        return "instead there is:\n" + (self.do_says() or "no window")

    # --- moving

    def hit(self, *keys):
        """Keys, and what then has the keyboard."""
        self.focus = None
        run("xdotool", "key", "--clearmodifiers", *keys)
        self.until(0.5, lambda: self.focus)
        return self.focused()

    def walk(self, key, wanted, seen):
        """On with that key until it is there, or comes to where it was already."""
        thing = self.focused()
        for _ in range(STEPS):
            if thing is not None:
                if wanted(thing):
                    return thing
                if thing.key in seen:
                    return None
                seen[thing.key] = thing
            thing = self.hit(key)
        return None

    def go(self, wanted):
        """By Tab; then, from whatever Tab has met of lists, by arrows. What it met on the way, too."""
        seen = {}
        found = self.walk("Tab", wanted, seen)
        for key, thing in list(seen.items()):
            if found is not None:
                break
            if thing.role not in ARROWS and not any(above.role in ARROWS for above in thing.above()):
                continue
            self.walk("Tab", lambda now, key=key: now.key == key, {})
            within = {other: seen[other] for other in seen if other != key}
            found = self.walk("Down", wanted, within)
            seen.update(within)
        return found, seen

    def reached(self, name, roles=None):
        found, _ = self.go(lambda thing: thing.name == name and
                           (roles is None or thing.role in roles))
        if found is None:
            raise Failed(f'the keyboard does not reach "{name}"; {self.instead()}')
        return found

    def there(self, name, roles=None):
        """It is there and can be used; as it is now."""
        def look():
            return next((thing for thing in self.here() if thing.name == name and
                         (roles is None or thing.role in roles) and thing.has("sensitive") and
                         thing.seen()), None)
        found = self.until(SECONDS, look)
        if found is None:
            raise Failed(f'no "{name}" that could be used; {self.instead()}')
        return found

    # --- verbs

    def do_here(self):
        return ""

    def titled(self, name):
        """The windows of that title, or of that program: "PAGE – PROGRAM"."""
        return [window for window in self.windows()
                if window.name == name or window.name.endswith(" – " + name)]

    def do_window(self, name, seconds=SECONDS):
        if not self.until(seconds, lambda: self.titled(name)):
            raise Failed("no such window, but: " + ", ".join(w.name for w in self.windows()))
        def active():
            return any(window.has("active") for window in self.titled(name))
        if not self.until(2, active):
            for window in run("xdotool", "search", "--onlyvisible", "--name", name).split():
                run("xdotool", "windowactivate", window)
        if not self.until(seconds, active):
            raise Failed("it does not come to the front")
        return ""

    def do_gone(self, name, seconds=SECONDS):
        if not self.until(seconds, lambda: not self.titled(name)):
            raise Failed("it is still there; " + self.instead())
        return ""

    def do_sees(self, text, seconds=SECONDS):
        if not self.until(seconds, lambda: self.shown(text)):
            raise Failed(f'"{text}" is not to be seen; {self.instead()}')
        return ""

    def do_misses(self, text, seconds=SECONDS):
        if not self.until(seconds, lambda: self.front() and not self.shown(text)):
            raise Failed(f'"{text}" is still to be seen; {self.instead()}')
        return ""

    def do_says(self):
        return "\n".join(str(thing) for thing in self.here()
                         if thing.tells() and thing.seen())

    def do_reach(self, name):
        self.there(name)
        self.reached(name)
        return ""

    def do_press(self, name):
        self.there(name, PRESSED)
        thing = self.reached(name, PRESSED)
        self.pressed += 1
        run("xdotool", "key", "--clearmodifiers", "Return" if thing.role == "link" else "space")
        return ""

    def do_click(self, name):
        x, y, width, height = self.there(name, PRESSED).place()
        self.pressed += 1
        window = run("xdotool", "getactivewindow")
        run("xdotool", "mousemove", "--window", window, str(x + width // 2),
            str(y + height // 2), "click", "1")
        return ""

    def do_key(self, *keys):
        self.hit(*keys)
        return ""

    def do_type(self, text):
        run("xdotool", "type", "--delay", "2", text)
        return ""

    def do_fill(self, name, text):
        self.there(name)
        self.reached(name)
        run("xdotool", "key", "--clearmodifiers", "ctrl+a")
        return self.do_type(text)

    def do_text(self, percent):
        """As desktops do without a settings daemon: a resource of the display."""
        x = ctypes.CDLL("libX11.so.6")
        x.XOpenDisplay.restype = ctypes.c_void_p
        display = ctypes.c_void_p(x.XOpenDisplay(None))
        dpi = f"Xft.dpi: {96 * int(percent) // 100}\n".encode()
        x.XChangeProperty(display, ctypes.c_ulong(x.XDefaultRootWindow(display)),
                          RESOURCE_MANAGER, STRING, 8, 0, dpi, len(dpi))
        x.XCloseDisplay(display)
        return ""

    def do_decisions(self):
        count, self.pressed = self.pressed, 0
        return str(count)

    def do_audit(self):
        found = list(self.faults())
        if found:
            raise Failed("\n".join(found))
        return ""

    def faults(self):
        here = self.here()
        if not here:
            yield "there is no window"
            return
        _, met = self.go(lambda thing: False)
        if not met:
            yield "nothing has the keyboard"
        for thing in met.values():
            if not thing.seen():
                yield f"{thing}: has the keyboard, and is nowhere to be seen"
        for thing in here:
            if thing.role in ("list", "list box") or thing.name in FRAME_BUTTONS or not thing.seen():
                continue
            if thing.has("focusable", "sensitive"):
                yield from self.thing_faults(thing, here[0].place(), met)

    def thing_faults(self, thing, frame, met):
        if not thing.name:
            yield f"{thing}: has no name"
        if thing.role in NAMELESS:
            yield f"{thing}: does not say what it is"
        if thing.key not in met:
            yield f"{thing}: the keyboard does not reach it"
        x, _, width, _ = thing.place()
        if not 0 <= x <= x + width <= frame[2]:
            yield f"{thing}: is partly outside of its window"

    # --- pictures

    def pixels(self):
        with open(os.path.join(os.environ["DESKTOP"], "home", "Xvfb_screen0"), "rb") as screen:
            return screen.read()

    def rested(self):
        before = self.pixels()
        self.pause(0.15)
        after = self.pixels()
        return after == before

    def do_shot(self, path):
        run("xdotool", "mousemove", "1279", "1023")
        self.until(5, self.rested)
        subprocess.run(["/usr/bin/import", "-silent", "-window", run("xdotool", "getactivewindow"),
                        "+dither", "-colors", "64", "-strip", "-define", "png:compression-level=9",
                        "PNG8:" + path], check=True)
        return ""


def serve():
    person = Person(float(os.environ.get("LAB_PATIENCE", 1)))
    for line in sys.stdin:
        verb, *arguments = line.rstrip("\n").rstrip("\x1f").split("\x1f")
        try:
            answer, status = getattr(person, "do_" + verb)(*arguments), 0
        except Failed as why:
            answer, status = str(why), 1
        except Exception as why:  # whatever it is, whoever asked is to be told
            answer, status = f"{verb}: {why!r}", 2
        print(*([answer] if answer else []), f"\x04{status}", sep="\n", flush=True)


serve()
