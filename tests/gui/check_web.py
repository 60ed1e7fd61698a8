#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""check_web.py ADDRESS PORT FILE: what a network says when it is checked, as FILE has it:

  full [SECONDS]   all is well, and what time it is since 1970
  portal URL       one is to log in there
  broken           the server has a fault
  silent           nothing comes back

Each request is a line of the log."""
import sys
import time
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Network(BaseHTTPRequestHandler):
    def say(self, status, body=b'', date=None, **headers):
        self.send_response_only(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header('Date', formatdate(date or time.time(), usegmt=True))
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        with open(sys.argv[3], encoding='ascii') as file:
            word, *rest = file.read().split()
        print(word, self.headers.get('Host'), self.path, flush=True)
        if word == 'full':
            self.say(200, b'NetworkManager is online\n', *map(float, rest))
        elif word == 'portal':
            self.say(302, Location=rest[0])
        elif word == 'broken':
            self.say(500)

    def log_message(self, format, *args):  # pylint: disable=redefined-builtin
        pass


with ThreadingHTTPServer((sys.argv[1], int(sys.argv[2])), Network) as server:
    print('ready', flush=True)
    server.serve_forever()
