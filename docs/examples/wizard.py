#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""wizard.py [--consent NETWORK] [--door USER [--scope SCOPE]]

An example client of org.sallyport1: prints what a window would show, as it changes, and on demand
consents or holds a door. Nothing is polled. docs/wizards.md tells the order of steps."""
import argparse
import os

from gi.repository import Gio, GLib

NAME, PATH = 'org.sallyport1', '/org/sallyport1'
PERSON = 120000  # milliseconds: polkit may ask somebody
held = []        # descriptors: a door lives while its does


def say(*words):
    print(*words, flush=True)


def show(changed):
    for name, value in changed.items():
        say(name, value)


def on_owner(proxy, _=None):
    say('the service is there' if proxy.get_name_owner() else 'the service has gone')


def why(error):
    """What was refused, in a sentence for the user, without the name that Gio puts before it."""
    Gio.DBusError.strip_remote_error(error)
    return error.message


def follow(bus, interface):
    """A proxy knows all properties, and passes on only what the owner of the name has sent."""
    proxy = Gio.DBusProxy.new_sync(bus, Gio.DBusProxyFlags.NONE, None, NAME, PATH,
                                   f'{NAME}.{interface}', None)
    proxy.connect('g-properties-changed', lambda _, changed, gone: show(changed.unpack()))
    proxy.connect('g-signal', lambda _, sender, name, values: say(name, *values.unpack()))
    show({name: proxy.get_cached_property(name).unpack()
          for name in proxy.get_cached_property_names() or []})
    return proxy


def on_consent(proxy, result):
    try:
        proxy.call_finish(result)
        say('consent: yes')
    except GLib.Error as error:
        say('consent:', why(error))


def on_door(proxy, result):
    try:
        values, fds = proxy.call_with_unix_fd_list_finish(result)
    except GLib.Error as error:
        say('door:', why(error))
        return
    fd = fds.get(values[0])
    held.append(fd)
    say('door: yes')
    GLib.unix_fd_add_full(GLib.PRIORITY_DEFAULT, fd, GLib.IOCondition.HUP, on_closed)


def on_closed(fd, _):
    say('the door is closed')
    held.remove(fd)
    os.close(fd)
    return GLib.SOURCE_REMOVE


def main():
    parser = argparse.ArgumentParser()
    for option in '--consent', '--door', '--scope':
        parser.add_argument(option)
    args = parser.parse_args()
    bus = Gio.bus_get_sync(Gio.BusType.SYSTEM)
    proxies = {i: follow(bus, i) for i in ('Manager', 'Autoconfig', 'DNS', 'Clearnet')}
    on_owner(proxies['Manager'])
    proxies['Manager'].connect('notify::g-name-owner', on_owner)
    if args.consent:
        proxies['Autoconfig'].call('SetAutoconfigConsent',
                                   GLib.Variant('(bs)', (True, args.consent)),
                                   Gio.DBusCallFlags.NONE, PERSON, None, on_consent)
    if args.door:
        options = {'scope': GLib.Variant('s', args.scope)} if args.scope else {}
        proxies['Clearnet'].call_with_unix_fd_list(
            'EnableClearnetUser', GLib.Variant('(sua{sv})', (args.door, 0, options)),
            Gio.DBusCallFlags.ALLOW_INTERACTIVE_AUTHORIZATION, PERSON, None, None, on_door)
    GLib.MainLoop().run()


main()
