#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""captive_web.py portal ADDRESS PORT SET | check ADDRESS PORT

portal: every request of somebody who has not logged in is redirected to the portal's page; its form
puts the client into SET of nftables, behind which the router forwards. check: what NetworkManager's
check expects. Each request is a line of the log."""
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PAGE = 'http://portal.example/welcome?from=here'
FORM = (b'<title>Log in to the cafe</title>'
        b'<form method="post" action="/login"><input type="submit" autofocus></form>\n')
WELCOME = b'<title>You are online</title>welcome\n'
ONLINE = b'NetworkManager is online\n'


class Handler(BaseHTTPRequestHandler):
    def say(self, status, body, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header('Content-Type', 'text/html')
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format, *args):  # pylint: disable=redefined-builtin
        print(self.client_address[0], self.headers.get('Host') if self.headers else None,
              format % args, flush=True)


class Check(Handler):
    def do_GET(self):
        self.say(200, ONLINE)


class Portal(Handler):
    def do_GET(self):
        if self.headers.get('Host') != 'portal.example':
            self.say(302, b'', Location=PAGE)
        else:
            self.say(200, FORM)

    def do_POST(self):
        family, table, name = sys.argv[4].split()
        subprocess.run(['nft', 'add', 'element', family, table, name,
                        '{', self.client_address[0], '}'], check=True)
        self.say(200, WELCOME)


def main():
    kind = {'portal': Portal, 'check': Check}[sys.argv[1]]
    with ThreadingHTTPServer((sys.argv[2], int(sys.argv[3])), kind) as server:
        print('ready', flush=True)
        server.serve_forever()


if __name__ == '__main__':
    main()
