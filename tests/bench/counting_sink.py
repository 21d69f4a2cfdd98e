"""Postfix's smtp-sink as the receiver of all ways, and how many messages it has taken.

It throws away what it gets, so that the way to it is what is measured. Its own counter (-c) goes to a file in memory:
on the disk it would wait for the syncs of whatever is measured.
"""

from __future__ import annotations

import os
import re
import socket
import subprocess
import time

from tests.ports import free_port

SMTP_SINK = "/usr/sbin/smtp-sink"
START_SECONDS = 10.0
POLL_SECONDS = 0.001
LONGEST_COUNTER = 200


class CountingSink:
    """`port` is where it listens. FileNotFoundError where Debian's package postfix is missing."""

    def __init__(self) -> None:
        self.port = free_port()
        self._counter = -1
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def count(self) -> int:
        """Messages taken in full so far, over all connections."""
        size = os.fstat(self._counter).st_size
        tail = os.pread(self._counter, LONGEST_COUNTER, max(0, size - LONGEST_COUNTER))
        found = re.findall(rb"mesg=(\d+)\r", tail)
        return int(found[-1]) if found else 0

    def wait_for(self, count: int, seconds: float) -> float:
        """Until so many messages were taken since the start; the time of it (time.perf_counter). AssertionError where
        they do not come within these seconds, and where more came."""
        deadline = time.perf_counter() + seconds
        while (taken := self.count) < count and time.perf_counter() < deadline:
            time.sleep(POLL_SECONDS)
        assert taken == count, f"{count} messages expected at the sink, {taken} came within {seconds:.0f} s"
        return time.perf_counter()

    def settle(self, quiet_seconds: float, most_seconds: float) -> None:
        """Until nothing more comes, after a run that failed: what is late must not count for the next one."""
        deadline = time.monotonic() + most_seconds
        seen, since = self.count, time.monotonic()
        while time.monotonic() < min(since + quiet_seconds, deadline):
            time.sleep(0.1)
            if self.count != seen:
                seen, since = self.count, time.monotonic()

    def __enter__(self) -> CountingSink:
        self._counter = os.memfd_create("smtp-sink")
        try:
            self._process = subprocess.Popen(
                [SMTP_SINK, "-c", "-u", "nobody", f"127.0.0.1:{self.port}", "512"],
                stdin=subprocess.DEVNULL,
                stdout=self._counter,
                stderr=subprocess.DEVNULL,  # a warning for each connection that somebody keeps for 100 s
            )
            wait_for_port(self.port, START_SECONDS)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)
        os.close(self._counter)


def wait_for_port(port: int, seconds: float) -> None:
    """Until something greets on this port of the loopback address. AssertionError where nothing does."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=2.0) as connection:
                if connection.recv(4).startswith(b"220"):
                    return
        except OSError:
            pass
        time.sleep(0.05)
    raise AssertionError(f"nothing answers on port {port} within {seconds:.0f} s")
