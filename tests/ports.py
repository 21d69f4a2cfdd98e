"""Ports of loopback for what has to be told its port before it starts.

The kernel gives ports of its own range to every connection and to every listener on port 0; between "this one is free"
and a program that opens it, any of them may be given away. These lie outside of that range, and a test process has its
own block of them for as long as it lives, so that runs side by side never take each other's.
"""

from __future__ import annotations

import fcntl
import os
import random
import socket
import tempfile
from collections.abc import Iterator
from functools import cache
from itertools import cycle
from pathlib import Path

BLOCK = 200
LOWEST = 10000
"""What people start by hand (1025, 2525, 8085) lies below."""
_claimed: list[int] = []


def free_port() -> int:
    """A port of this process that nothing listens on. RuntimeError where all are taken."""
    for _ in range(BLOCK):
        port = next(_own_ports())
        with socket.socket() as tried:
            try:
                tried.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
    raise RuntimeError(f"All of this process's {BLOCK} ports are in use.")


def _blocks() -> list[int]:
    """The first port of each block outside of the kernel's range (ip(7), ip_local_port_range)."""
    low, high = (int(each) for each in Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split())
    every = range(LOWEST, 65536 - BLOCK, BLOCK)
    return [first for first in every if first + BLOCK <= low or first > high]


def _claim() -> int:
    """The first port of a block whose lock no living process holds; it is ours until this process ends."""
    folder = Path(tempfile.gettempdir()) / f"mailguard-test-ports-{os.getuid()}"
    folder.mkdir(exist_ok=True)
    blocks = _blocks()
    random.shuffle(blocks)
    for first in blocks:
        lock = os.open(folder / str(first), os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            continue
        _claimed.append(lock)
        return first
    raise RuntimeError("Every block of ports outside of the kernel's range is claimed by another test process.")


@cache
def _own_ports() -> Iterator[int]:
    first = _claim()
    return cycle(range(first, first + BLOCK))
