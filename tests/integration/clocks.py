"""clocks.py - processes whose clocks a test puts where it likes, while they run (tests/hostile/clock.c).

Owns the file that a preload reads the shift from. Must not know what a clock is for. Without the preload beside the binaries a test says so.
"""
import mmap
import os
import struct
import tempfile

HOUR, DAY, YEAR = 3600000, 86400000, 31557600000
PRELOAD = os.path.join(os.path.abspath(os.environ.get("COUNCIL_BIN", ".")), "hostile-clock.so")


class Clock:
    """The shift of some processes' clocks, in milliseconds; `env` is what they need to follow it."""

    def __init__(self, wall=0, mono=0):
        assert os.path.exists(PRELOAD), PRELOAD
        self.file = tempfile.NamedTemporaryFile(prefix="council-clock-")
        self.file.write(bytes(16))
        self.file.flush()
        self.map = mmap.mmap(self.file.fileno(), 16)
        self.set(wall, mono)
        self.env = {"LD_PRELOAD": PRELOAD, "CLOCK_SHIFT": self.file.name,
                    "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"}

    def set(self, wall=None, mono=None):
        """Jumps. The monotonic clock only ever goes on."""
        if wall is not None:
            self.wall = wall
        if mono is not None:
            self.mono = mono
        self.map[0:16] = struct.pack("=qq", self.wall, self.mono)

    def pass_ms(self, ms):
        """So much time passes, on both clocks."""
        self.set(self.wall + ms, self.mono + ms)
