"""Clients that vanish at any octet of dialogue or content: nothing undecided passes, and nothing is left open."""

from __future__ import annotations

import contextlib
import os
import random
import socket
import struct
import sys
from pathlib import Path

from tests.end_to_end.service import eventually
from tests.fakes.threaded import ThreadedSmarthost
from tests.faults.planted import CLASSES, SENDER, PlantedService, arrived, planted_message, recipients, smarthost

OFFSETS = 200


def wire(way: str, number: int) -> bytes:
    """A whole session up to the final dot, all in one flight."""
    rcpt = "".join(f"RCPT TO:<{each}>\r\n" for each in recipients(way, number))
    head = f"EHLO pc.elmroad.example\r\nMAIL FROM:<{SENDER}@elmroad.example>\r\n{rcpt}DATA\r\n"
    return head.encode() + planted_message(way, number).replace(b"\r\n.", b"\r\n..") + b".\r\n"


def vanish(port: int, octets: bytes, *, reset: bool) -> None:
    with socket.create_connection(("127.0.0.1", port), 20) as connection:
        connection.recv(100)
        connection.sendall(octets)
        if reset:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def descriptors(pid: int) -> list[str]:
    """What is open: connections and files, without what comes and goes by itself."""
    found = []
    for each in os.listdir(f"/proc/{pid}/fd"):
        with contextlib.suppress(OSError):
            found.append(os.readlink(f"/proc/{pid}/fd/{each}"))
    return found


def own_descriptors(service: PlantedService, sink: ThreadedSmarthost) -> int:
    """How many, less the idle connections to the smarthost, of which there are as many as were of use at once."""
    return len(descriptors(service.pid)) - sink.smarthost.open_sessions


def test_at_random_offsets(tmp_path: Path) -> None:
    """Half of them with RST, half with FIN; every tenth after the whole of it, which may be done or not."""
    seed = random.randrange(2**32)
    print(f"seed {seed}", file=sys.stderr)
    chance = random.Random(seed)
    with smarthost() as sink, PlantedService(tmp_path, sink.port) as service:
        assert [service.send(way, 10_000) for way in CLASSES] == [250, 250, 250]
        eventually(lambda: not service.rows("outbox", "list"))
        before = own_descriptors(service, sink)
        whole = set()
        for number in range(OFFSETS):
            way = chance.choice(list(CLASSES))
            octets = wire(way, number)
            offset = len(octets) if number % 10 == 0 else chance.randrange(len(octets))
            if offset == len(octets):
                whole.add((way, number))
            vanish(service.port, octets[:offset], reset=number % 2 == 1)
        assert [service.send(way, 20_000) for way in CLASSES] == [250, 250, 250]
        eventually(lambda: not service.rows("outbox", "list"), 60)
        entries = service.rows("audit", "list")
        allowed = {each for entry in entries if entry["kind"] == "message_decided" for each in entry["sent_sha256"]}
        for way in ("pass", "separate"):
            came = {number for number in range(OFFSETS) if arrived(sink, way, number)}
            assert came <= {number for each, number in whole if each == way}, "half a message went on"
        for number in range(OFFSETS):
            assert not arrived(sink, "hold", number)
        decided = sum(entry["kind"] == "message_decided" for entry in entries)
        assert decided <= 6 + len(whole) and allowed, "half a message was judged"
        eventually(lambda: own_descriptors(service, sink) <= before + 2, 60, "all connections and files are closed")
        assert not [each for each in descriptors(service.pid) if "spool" in each]
        assert service.run("audit", "verify", check=False).returncode == 0
        service.assert_nothing_told()
