"""Clients under load that write down how far each message came and what was answered; and somebody who releases.

A mark names a message everywhere: its first letter is its way (p passes, s leaves as separate copies, h is held), it is
the mailbox of its sender and the domain of its recipients. A client never sends the same message twice.
"""

from __future__ import annotations

import hashlib
import queue
import random
import re
import smtplib
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from mailguard.core.errors import MailguardError
from mailguard.serve.control import call
from tests.end_to_end.mailing import message, people

RULES = """\
version: 1
rules:
  - id: visible-list
    describe: Eight or more people outside would see each other's addresses.
    when: {visible_external_recipients: {at_least: 8}}
    action: hold
    rewrite: separate
  - id: separate-three
    describe: Three to seven people outside get separate copies.
    when: {visible_external_recipients: {at_least: 3, at_most: 7}}
    action: rewrite
    rewrite: separate
"""
PEOPLE = {"p": 1, "s": 3, "h": 8}
BIG_BYTES = 12_000_000


@dataclass(slots=True)
class Sent:
    """stage: `opened`, `content` (354 was said), `dot` (all is sent), `answered`. dot_at: time.monotonic()."""

    mark: str
    life: int
    sha256: str
    stage: str = "opened"
    dot_at: float = 0.0
    code: int = 0
    text: str = ""

    @property
    def way(self) -> str:
        return self.mark[0]

    @property
    def taken(self) -> bool:
        return self.code == 250

    @property
    def to_release(self) -> bool:
        """Of about half of those that are held."""
        return self.way == "h" and self.taken and int(self.sha256, 16) % 2 == 1

    @property
    def ref(self) -> str:
        found = re.search(r"ref (MG-[-\w]+)", self.text)
        return found[1] if found else ""

    @property
    def recipients(self) -> list[str]:
        return people(PEOPLE[self.way], f"{self.mark}.example")


@dataclass(slots=True)
class Released:
    """A release that was asked for. done: the command was told that it happened."""

    mark: str
    ref: str
    life: int
    done: bool = False


class Load:
    """Clients of one life of the guard. pause: a client that is in the middle of its content waits for this event, and
    goes no further.
    reviewing: while it is set, what is held is released. big: messages that pass are larger than all buffers."""

    def __init__(self, port: int, life: int, *, control: Path, held: queue.SimpleQueue[Sent]) -> None:
        self.sent: list[Sent] = []
        self.releases: list[Released] = []
        self.pause: threading.Event | None = None
        self.big = False
        self.reviewing = threading.Event()
        self.reviewing.set()
        self._port, self._life, self._control, self._held = port, life, control, held
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._client, args=(number,)) for number in range(4)]
        self._threads.append(threading.Thread(target=self._reviewer))
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        self._stop.set()
        self.reviewing.set()
        if self.pause is not None:
            self.pause.set()
        for thread in self._threads:
            thread.join(60)

    def waiting(self, ways: str = "psh", seconds: float = 0.0) -> int:
        """How many have sent their final dot this long ago and heard nothing."""
        now = time.monotonic()
        return sum(each.stage == "dot" and each.way in ways and now - each.dot_at >= seconds for each in self.sent)

    def answered(self, ways: str = "psh") -> int:
        return sum(each.taken and each.way in ways for each in self.sent)

    def _client(self, number: int) -> None:
        for each in self._marks(number):
            try:
                with smtplib.SMTP("127.0.0.1", self._port, local_hostname="pc.elmroad.example", timeout=60) as client:
                    client.ehlo()
                    for mark in each:
                        self._send(client, mark)
            except (OSError, smtplib.SMTPException):
                if self._stop.wait(0.05):
                    return

    def _marks(self, number: int) -> Iterator[list[str]]:
        """Three for each connection, of all ways in turn."""
        count = 0
        while not self._stop.is_set():
            ways = random.sample("psh", 3)
            yield [f"{way}-{self._life}-{number}-{count + place}" for place, way in enumerate(ways)]
            count += 3

    def _send(self, client: smtplib.SMTP, mark: str) -> None:
        way = mark[0]
        big = way == "p" and self.big
        body = "Dear all\r\n.\r\n" + "x" * 78 + "\r\n"
        names = people(PEOPLE[way], f"{mark}.example")
        raw = message(names if way != "p" else None, subject=mark, body=body * (BIG_BYTES // 93 if big else 1))
        sent = Sent(mark, self._life, hashlib.sha256(raw).hexdigest())
        self.sent.append(sent)
        code, _ = client.mail(f"{mark}@elmroad.example")
        for name in names:
            if code < 400:
                code, _ = client.rcpt(name)
        if code < 400:
            code, _ = client.docmd("DATA")
        if code != 354:
            raise smtplib.SMTPException(f"{code} before the content")
        sent.stage = "content"
        stuffed = raw.replace(b"\r\n.", b"\r\n..") + b".\r\n"
        client.send(stuffed[:200])
        if self.pause is not None:
            self.pause.wait(30)
            raise smtplib.SMTPException("the guard was killed in the middle of the content")
        sent.dot_at = time.monotonic()
        client.send(stuffed[200:])
        sent.dot_at, sent.stage = time.monotonic(), "dot"
        code, text = client.getreply()
        sent.code, sent.text, sent.stage = code, text.decode(), "answered"
        if sent.to_release:
            self._held.put(sent)

    def _reviewer(self) -> None:
        """Releases what is to be released, as it comes, also of earlier lives."""
        while not self._stop.is_set():
            try:
                sent = self._held.get(timeout=0.1)
            except queue.Empty:
                continue
            self.reviewing.wait(30)
            asked = Released(sent.mark, sent.ref, self._life)
            self.releases.append(asked)
            values = {"ref": sent.ref, "form": "separate", "reason": "They know each other.", "by": "Sam"}
            try:
                list(call(self._control, "held_release", values))
                asked.done = True
            except (MailguardError, OSError):
                continue


def until(condition: Callable[[], object], seconds: float = 6.0) -> bool:
    """Whether it came to be. A kill that misses its aim is told by the traces, and counts where it fell."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.005)
    return False
