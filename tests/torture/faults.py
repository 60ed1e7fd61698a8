# SPDX-License-Identifier: GPL-2.0-or-later
"""The page that tests share with libfaults.so (tests/lib/faults.c)."""
import errno
import mmap
import os
import struct

from labpy import HELPERS, LAB

SEND, RECEIVE, MEMORY = range(3)
LOST, SHORT, GARBLED = 1000, 1001, 1002
NAMES = {LOST: 'answer lost', SHORT: 'short answer', GARBLED: 'garbled answer'}
CALL, CLOCKS = '=5I', '=2i'
SIZE = struct.calcsize(CALL)


def name(how):
    return NAMES.get(how) or errno.errorcode[how]


class Faults:
    """environment: for the program that is to have them."""

    def __init__(self):
        self.path = f'{LAB}/tmp/faults'
        with open(self.path, 'wb') as f:
            f.write(bytes(4096))
        with open(self.path, 'r+b') as f:
            self.page = mmap.mmap(f.fileno(), 4096)
        self.environment = {'LD_PRELOAD': f'{HELPERS}/libfaults.so', 'FAULTS': self.path}
        os.chmod(self.path, 0o666)

    def arm(self, call, at, how=errno.ENOMEM, times=1):
        """From now on the call of that number fails, counted from 1."""
        struct.pack_into(CALL, self.page, call * SIZE, 0, at, times, how, 0)

    def clear(self):
        for call in (SEND, RECEIVE, MEMORY):
            self.arm(call, 0)

    def seen(self, call):
        return struct.unpack_from(CALL, self.page, call * SIZE)[0]

    def hit(self, call):
        return struct.unpack_from(CALL, self.page, call * SIZE)[4]

    def clocks(self, realtime=0, boottime=0):
        """How many seconds they are wrong by."""
        struct.pack_into(CLOCKS, self.page, 3 * SIZE, realtime, boottime)
